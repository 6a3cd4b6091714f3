"""Yokogawa GS200 as a current source: in its 200 mA range, verified by reading back."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from qcodes.instrument_drivers.yokogawa import YokogawaGS200

from instruments.common.errors import ChangedError
from instruments.common.retry import Habits, each
from instruments.common.supply import TRIES, CurrentLimitError, SupplyError, check_unchanged
from instruments.interface.causes import Cause
from instruments.interface.readings import Reading, amount, wrong_if

if TYPE_CHECKING:
    from typing import Self, Unpack

    from qcodes.instrument import VisaInstrumentKWArgs

    from instruments.interface import roles

_RANGE_A: Final = 0.2
_STEP_A: Final = 1e-6


class GS200(YokogawaGS200):
    """QCoDeS's driver, with the verbs of a current source."""

    habits: ClassVar = Habits(
        once=re.compile(r"\*(TRG|RST|SAV|RCL|CAL).*|\*ESR\?|.*:?SYST:ERR.*|:?PROG.*|:?STAT:EVEN.*", re.IGNORECASE),
        form=each(r"[+-]?\d+\.?\d*E[+-]?\d+|\d+|\d+\.\d|\"?[A-Z]+\"?|\"\""),  # a program's times, and its name
    )

    def __init__(self, name: str, address: str, **kwargs: "Unpack[VisaInstrumentKWArgs]") -> None:
        super().__init__(name, address, **kwargs)
        self.limit_a = _RANGE_A
        self._standing: dict[str, float] = {}
        self.ask("*ESR?")  # forgets that it was switched on before

    @property
    def supply(self) -> "Self":
        """It has one channel."""
        return self

    def set_current(self, amps: float) -> None:
        """Set the current and verify the setting by reading it back."""
        if not abs(amps) <= self.limit_a:
            raise CurrentLimitError(self.full_name, amps, self.limit_a)
        self._require_current_mode()
        self._standing.pop(":SOUR:LEV?", None)
        for _ in range(TRIES):
            self.current(amps)
            if abs((seen_a := self.setpoint_a()) - amps) <= _STEP_A:
                self._standing[":SOUR:LEV?"] = seen_a
                return
        raise SupplyError(self.full_name, f"a current of {amps:g} A", str(self.system_errors()))

    def setpoint_a(self) -> float:
        """The setting."""
        self._require_current_mode()
        return float(self.current())

    def asked_a(self) -> float:
        """The current as it was set or read last, 0 if the output is off; asks for what is not known yet."""
        return float(self.current.cache.get()) if self.output.cache.get() == "on" else 0.0

    def is_on(self) -> bool:
        """True if the output is on."""
        return bool(self.output() == "on")

    def switch_on(self) -> None:
        """Output on in current mode and full range; from 0 A if it was off or a voltage source."""
        if self.is_on() and self.source_mode() == "CURR":
            self._standing[":OUTP?"] = 1.0
            return
        self._prepare()
        self.set_current(0.0)
        self._let_out()

    def energise(self, amps: float) -> None:
        """Set the current, then the output on; a voltage source becomes a current source first."""
        if self.source_mode() != "CURR":
            self._prepare()
        self.set_current(amps)
        self._let_out()

    def switch_off(self) -> None:
        """Current to 0 A, then the output off."""
        if self.source_mode() == "CURR":
            self.set_current(0.0)
        self._standing.pop(":OUTP?", None)
        self.output("off")

    def verify(self) -> None:
        """Raises ChangedError if current or output are not as they were set last, or the source was off meanwhile."""
        try:
            check_unchanged(self, self._standing)
        except ChangedError:
            self._standing.clear()
            raise

    def make_safe(self) -> str:
        """No current and the output off."""
        self.switch_off()
        return "its output is still on" if self.is_on() else ""

    def readings(self) -> Iterator[Reading]:
        """Its current, if it is a current source."""
        is_on = self.is_on()
        if self.source_mode() != "CURR":
            yield Reading("mode", "voltage source", verdict=wrong_if(is_on, "warning", is_on))
            return
        set_a = float(self.current())
        given = amount("current", set_a if is_on else 0.0, "A", self.limit_a, is_on)
        yield replace(given, asked_for=set_a)

    def causes(self) -> tuple[Cause, ...]:
        """It tells of no interlock and no trip."""
        return ()

    def settings(self) -> dict[str, Any]:
        """Its current, if it is on."""
        if self.output.cache.get(get_if_invalid=False) != "on":
            return {}
        return {"output": True, "current_a": self.current.cache.get(get_if_invalid=False)}

    def _prepare(self) -> None:
        self.output("off")
        self.source_mode("CURR")
        self.current_range(_RANGE_A)

    def _let_out(self) -> None:
        for _ in range(TRIES):
            self.output("on")
            if self.is_on():
                self._standing[":OUTP?"] = 1.0
                return
        raise SupplyError(self.full_name, "output on", str(self.system_errors()))

    def _require_current_mode(self) -> None:
        if self.source_mode() != "CURR":
            raise SupplyError(self.full_name, "a current", "that it is a voltage source")


if TYPE_CHECKING:
    _PLAYS: type[roles.CurrentSource] = GS200
