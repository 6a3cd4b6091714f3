"""The doughnut of a VFL at 775 nm: the same AOM channel and steering, another laser."""

from typing import Final, Literal

from simulated_instruments.unwired.box import Refused
from simulated_instruments.unwired.doughnut import DepletionBeam
from simulated_instruments.visa.vfl import State

STARTUP_LIMIT_S: Final = 600.0
POLL_S: Final = 1.0
_HELD: Final = (State.KEY_LOCK, State.INTERLOCK, State.FAULT)


class RedDoughnut(DepletionBeam):
    """power_mw: behind the AOM while its gate is open; 0 closes the AOM and switches the laser's diodes off."""

    selects: Literal["outside", "inside"] = "inside"
    powers_mw = (100.0, 1500.0, 1.0)

    def _ask(self, key: str) -> str:
        said, _, verdict = self.box.ask(key).rpartition("\r")
        if verdict != "D ":
            raise Refused(f"{self.box.name} refused {key!r}: {said}")
        return said

    def _tell(self, order: str) -> None:
        self._ask(order)

    def _state(self) -> State:
        return State(int(self._ask("getlaserstate")))

    def _is_on(self) -> bool:
        return self._state() not in _HELD and self._ask("getldenable") == "1"

    def _laser_now_mw(self) -> float:
        return float(self._ask("power 0"))

    def _standing_mw(self) -> float:
        return round(float(self._ask("getpower 0")), 3) if self._is_on() else 0.0

    def _idle(self) -> None:
        self._tell("setldenable 0")

    def _light(self, laser_mw: float) -> None:
        self._tell(f"setpower 0 {laser_mw:.1f}")
        deadline_s = self._clock.now() + STARTUP_LIMIT_S
        while self._state() is State.STARTUP:
            if self._clock.now() > deadline_s:
                raise Refused(f"{self.box.name} has been starting up for {STARTUP_LIMIT_S:.0f} s")
            self._clock.sleep(POLL_S)
        if (state := self._state()) in _HELD:
            raise Refused(f"{self.box.name} cannot be switched on: {state.name}")
        if self._ask("getldenable") != "1":
            if self._ask("getpowerenable") != "1":
                self._tell("powerenable 1")
            self._tell("setldenable 1")
