"""Current sources for the coils: the two channels of a B2962A, and a GS200."""

from collections.abc import Sequence
from typing import Final

from simulated_instruments.unwired.box import Box, Refused, Unwatched
from simulated_instruments.unwired.parameter import Parameter

POWER_ON: Final = 128
"""Bit of *ESR?: power came on since it was asked last."""
WAS_OFF: Final = "it was switched off and on again"
_STEPS_OF_A_RANGE: Final = 1e6
_TRIM_RANGE_A: Final = 0.2
_TRIM_STEP_A: Final = 1e-6


class Supply(Unwatched):
    """A B2962A; connecting sets ranges and limits but neither currents nor outputs."""

    def __init__(
        self,
        box: Box,
        current_range_a: Sequence[float] = (1.0, 0.1),
        voltage_limit_v: Sequence[float] = (21.0, 6.0),
    ) -> None:
        """current_range_a, voltage_limit_v: of channel 1 and 2."""
        self.box = box
        each = zip((1, 2), current_range_a, voltage_limit_v, strict=True)
        self.ch1, self.ch2 = (CurrentChannel(self, number, range_a, limit_v) for number, range_a, limit_v in each)
        box.ask("*ESR?")  # forgets that it was switched on before

    def verify(self) -> None:
        """Raises the box's complaint if a channel is not as it was set last, or the supply was off meanwhile."""
        standing = self.ch1.standing() | self.ch2.standing()
        questions = tuple(standing)
        status, *seen = self.box.numbers("*ESR?", *questions)
        was_off = bool(int(status) & POWER_ON)
        try:
            self.box.compare(standing, seen, *((WAS_OFF,) if was_off else ()))
        except Exception:
            unprotected = any(q.endswith(":PROT?") and not now for q, now in zip(questions, seen, strict=True))
            self._forget(was_off or unprotected)
            raise

    def make_safe(self) -> str:
        """Both channels without current."""
        return self.ch1.make_safe() or self.ch2.make_safe()

    def check_power(self) -> None:
        """Raises the box's complaint if the supply was off meanwhile: limits and protections are set again."""
        if int(self.box.ask("*ESR?")) & POWER_ON:
            self._forget(was_off=True)
            raise self.box.changed(self.box.name, WAS_OFF)

    def _forget(self, was_off: bool) -> None:
        for channel in (self.ch1, self.ch2):
            channel.forget_standing()
            if was_off:
                channel.configure()


class CurrentChannel(Unwatched):
    """One channel as a current source in a fixed range."""

    def __init__(self, parent: Supply, number: int, current_range_a: float, voltage_limit_v: float) -> None:
        self.parent, self.limit_a = parent, current_range_a
        self.box, self._number = parent.box, number
        self._range_a, self._voltage_limit_v = current_range_a, voltage_limit_v
        self._standing: dict[str, float] = {}
        self.source_current = Parameter(
            lambda: float(self.box.ask(f":SOUR{number}:CURR?")),
            self._set_setpoint,
        )
        self.output = Parameter(lambda: bool(int(self.box.ask(f":OUTP{number}?"))), self._set_output)
        self.configure()

    def set_current(self, amps: float) -> None:
        """Set the current and read it back."""
        if not abs(amps) <= self.limit_a:
            raise Refused(f"{amps:g} A is beyond the limit of ±{self.limit_a:g} A of {self._name}")
        self._standing.pop("CURR", None)
        self.source_current(amps)
        seen_a = self.setpoint_a()
        if abs(seen_a - amps) > self._range_a / _STEPS_OF_A_RANGE:
            raise Refused(f"{self._name} did not take {amps:g} A: {self.box.ask(':SYST:ERR?')}")
        self._standing["CURR"] = seen_a

    def setpoint_a(self) -> float:
        """The setting, whether the output is on or off."""
        return float(self.source_current())

    def is_on(self) -> bool:
        """Whether the output is on."""
        return bool(self.output())

    def switch_on(self) -> None:
        """Output on in current mode; from 0 A if it was off."""
        if not self.is_on():
            self.set_current(0.0)
            self.output(True)
        self._standing["OUTP"] = 1.0

    def energise(self, amps: float) -> None:
        """Set the current, then the output on."""
        self.set_current(amps)
        self.output(True)

    def switch_off(self) -> None:
        """Current to 0 A, then the output off."""
        self.set_current(0.0)
        self.output(False)

    def asked_a(self) -> float:
        """The current as it was set or read last, 0 if the output is off."""
        return float(self.source_current.cache.get()) if self.output.cache.get() else 0.0

    @property
    def supply(self) -> Supply:
        """The instrument that both channels belong to."""
        return self.parent

    @property
    def full_name(self) -> str:
        """As errors name it."""
        return f"{self.box.name}_ch{self._number}"

    def make_safe(self) -> str:
        """No current and the output off."""
        self.switch_off()
        return "its output is still on" if self.output() else ""

    def verify(self) -> None:
        """As that of the whole supply."""
        self.parent.verify()

    def standing(self) -> dict[str, float]:
        """Question -> the answer to it, if this channel still is as it was set last, and its coil takes the current."""
        k = self._number
        questions = {"CURR": f":SOUR{k}:CURR?", "OUTP": f":OUTP{k}?"}
        found = {questions[setting]: value for setting, value in self._standing.items()}
        if self._standing.get("OUTP"):
            found[f":SENS{k}:VOLT:PROT:TRIP?"] = 0.0
        return found | {f":OUTP{k}:PROT?": 1.0}

    def forget_standing(self) -> None:
        """Forget what was set here: `verify` compares with nothing until it is set again."""
        self._standing.clear()

    def configure(self) -> None:
        """Range, limit and protection; neither current nor output is touched."""
        k = self._number
        for order in (
            f":OUTP{k}:ON:AUTO 0",
            f":SENS{k}:VOLT:PROT {self._voltage_limit_v:.8G}",
            f":SOUR{k}:CURR:RANG:AUTO 0",
            f":SOUR{k}:CURR:RANG {self._range_a:g}",
            f":OUTP{k}:PROT 1",
            f":OUTP{k}:OFF:MODE ZERO",
        ):
            self.box.tell(order)

    @property
    def _name(self) -> str:
        return f"{self.box.name}.ch{self._number}"

    def _set_setpoint(self, amps: float) -> None:
        self.box.tell(f":SOUR{self._number}:CURR {amps:.8G}")

    def _set_output(self, on: bool) -> None:
        k = self._number
        if on:
            self.parent.check_power()
            if self.box.ask(f":SOUR{k}:FUNC:MODE?") != "CURR":
                self.box.tell(f":SOUR{k}:FUNC:MODE CURR")
        self._standing.pop("OUTP", None)
        self.box.tell(f":OUTP{k} {on:d}")
        if int(self.box.ask(f":OUTP{k}?")) != on:
            raise Refused(f"the output of {self._name} did not go {'on' if on else 'off'}")
        self._standing["OUTP"] = float(on)


class TrimSource(Unwatched):
    """A GS200 in its 200 mA range."""

    def __init__(self, box: Box) -> None:
        self.box, self.limit_a = box, _TRIM_RANGE_A
        self._standing: dict[str, float] = {}
        box.ask("*ESR?")  # forgets that it was switched on before

    def set_current(self, amps: float) -> None:
        """Set the current and read it back."""
        if not abs(amps) <= self.limit_a:
            raise Refused(f"{amps:g} A is beyond the limit of ±{self.limit_a:g} A of {self.box.name}")
        self._require_current_mode()
        self._standing.pop(":SOUR:LEV?", None)
        self.box.tell(f":SOUR:LEV {amps:.5e}")
        seen_a = self.setpoint_a()
        if abs(seen_a - amps) > _TRIM_STEP_A:
            raise Refused(f"{self.box.name} did not take {amps:g} A: {self.box.ask(':SYST:ERR?')}")
        self._standing[":SOUR:LEV?"] = seen_a

    def setpoint_a(self) -> float:
        """The setting."""
        self._require_current_mode()
        return float(self.box.ask(":SOUR:LEV?"))

    def is_on(self) -> bool:
        """Whether the output is on."""
        return bool(int(self.box.ask(":OUTP?")))

    def switch_on(self) -> None:
        """Output on in current mode and full range; from 0 A if it was off or a voltage source."""
        if not (self.is_on() and self._is_current_source()):
            self.box.tell(":OUTP 0")
            self.box.tell(":SOUR:FUNC CURR")
            self.box.tell(f":SOUR:RANG {_TRIM_RANGE_A:g}")
            self.set_current(0.0)
            self.box.tell(":OUTP 1")
            if not self.is_on():
                raise Refused(f"the output of {self.box.name} did not go on")
        self._standing[":OUTP?"] = 1.0

    def energise(self, amps: float) -> None:
        """Output on with this current."""
        self.switch_on()
        self.set_current(amps)

    def switch_off(self) -> None:
        """Current to 0 A, then the output off."""
        self.set_current(0.0)
        self._standing.pop(":OUTP?", None)
        self.box.tell(":OUTP 0")

    def asked_a(self) -> float:
        """The current, 0 if the output is off."""
        return self.setpoint_a() if self.is_on() else 0.0

    @property
    def supply(self) -> "TrimSource":
        """It has one channel."""
        return self

    @property
    def full_name(self) -> str:
        """As errors name it."""
        return self.box.name

    def make_safe(self) -> str:
        """No current and the output off."""
        self.switch_off()
        return "its output is still on" if self.is_on() else ""

    def verify(self) -> None:
        """Raises the box's complaint if current or output are not as they were set last, or it was off meanwhile."""
        status, *seen = self.box.numbers("*ESR?", *self._standing)
        self.box.compare(self._standing, seen, *((WAS_OFF,) if int(status) & POWER_ON else ()))

    def _is_current_source(self) -> bool:
        return self.box.ask(":SOUR:FUNC?") == "CURR"

    def _require_current_mode(self) -> None:
        if not self._is_current_source():
            raise Refused(f"{self.box.name} is a voltage source")


Source = CurrentChannel | TrimSource
"""What drives a coil."""
