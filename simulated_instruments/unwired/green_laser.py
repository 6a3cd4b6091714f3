"""A Cobolt 06: it starts through its warm-up, and wants 100 ms of peace between commands; both take laboratory time."""

from typing import Any, Final

from simulated_instruments.setpoints import Clock
from simulated_instruments.unwired.box import Box, Refused, Unwatched
from simulated_instruments.unwired.parameter import Parameter

MAX_POWER_MW: Final = 100.0
PAUSE_S: Final = 0.1
"""Between two commands."""
POLL_S: Final = 1.0
START_LIMIT_S: Final = 300.0
_STEADY: Final = (4, 7)
"""Stages of `gom?`: completed, modulation."""
_NEVER: Final = (0, 1, 5, 6)
"""Stages in which no light will come: off, waiting for key, fault, aborted."""
_READINGS: Final = 3
"""Now and then it answers `pa?` with a bare 1; a fresh question gets the power."""
_LOOKS: Final = 3
"""At a power that differs from what was set; it is set again behind each."""
_SAME_MW: Final = 0.05


class GreenLaser(Unwatched):
    """power_mw: set power; measured_power_mw: what its photodiode sees; emission: True waits for steady light."""

    def __init__(self, box: Box, clock: Clock) -> None:
        self.box, self._clock = box, clock
        self._spoke_s = float("-inf")
        self._is_lit = False
        self.power_mw = Parameter(
            lambda: _milli(self._ask("p?")), lambda mw: self._order(f"p {mw / 1e3:.4f}"), 0.0, MAX_POWER_MW
        )
        self.emission = Parameter(lambda: int(self._ask("l?")) == 1, self._set_emission)
        self.measured_power_mw = Parameter(self._measured_power_mw)

    @property
    def limit_mw(self) -> float:
        """Largest power."""
        return self.power_mw.most

    @limit_mw.setter
    def limit_mw(self, mw: float) -> None:
        self.power_mw.most = mw

    def set_power(self, mw: float) -> None:
        """Set the power at the head."""
        self.power_mw(mw)

    def asked_mw(self) -> float:
        """The power as it was set or read last, 0 if it is dark."""
        return float(self.power_mw.cache.get()) if self.emission.cache.get() else 0.0

    def is_on(self) -> bool:
        """Whether it emits."""
        return bool(self.emission())

    def switch_on(self) -> None:
        """Returns when the light is steady."""
        self.emission(True)

    def switch_off(self) -> None:
        """Dark at once."""
        self.emission(False)

    def make_safe(self) -> str:
        """Dark."""
        self.switch_off()
        return "it still emits" if self.emission() else ""

    def verify(self) -> None:
        """Raises the box's complaint if it was lit and its light is no longer steady."""
        if self._is_lit and (stage := self._stage()) not in _STEADY:
            self._is_lit = False
            raise self.box.changed(self.box.name, f"it is no longer lit: stage {stage}, fault {self._ask('f?')}")

    def _ask(self, question: str) -> str:
        since_s = self._clock.now() - self._spoke_s
        if since_s < PAUSE_S:
            self._clock.sleep(PAUSE_S - since_s)
        try:
            return self.box.ask(question)
        finally:
            self._spoke_s = self._clock.now()

    def _order(self, order: str) -> None:
        if (reply := self._ask(order)) != "OK":
            raise Refused(f"{self.box.name} refused {order!r}: it answered {reply!r}")

    def _stage(self) -> int:
        return int(self._ask("gom?"))

    def _set_emission(self, on: bool) -> None:
        self._is_lit = False
        if not on:
            self._order("l0")
            return
        if not (self.emission() and self._stage() in _STEADY):
            wanted_mw = self.power_mw.cache.get(get_if_invalid=False)
            self._order("@cob1" if int(self._ask("@cobas?")) == 1 else "l1")
            self._wait_for_light()
            if wanted_mw is not None:
                self._keep_power(wanted_mw)
        self._is_lit = True

    def _keep_power(self, wanted_mw: Any) -> None:
        for _ in range(_LOOKS):
            if abs(self.power_mw() - wanted_mw) < _SAME_MW:
                return
            self.power_mw(wanted_mw)
        raise Refused(f"{self.box.name} does not take {wanted_mw:g} mW")

    def _wait_for_light(self) -> None:
        deadline_s = self._clock.now() + START_LIMIT_S
        while (stage := self._stage()) not in _STEADY:
            if stage in _NEVER or self._clock.now() > deadline_s:
                raise Refused(f"{self.box.name} does not start: stage {stage}")
            self._clock.sleep(POLL_S)

    def _measured_power_mw(self) -> float:
        for _ in range(_READINGS):
            if (reply := self._ask("pa?")) != "1":
                return _milli(reply)
        raise Refused(f"{self.box.name} answered 'pa?' with '1' {_READINGS} times")


def _milli(reply: str) -> float:
    return round(float(reply) * 1e3, 4)
