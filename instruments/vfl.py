"""The MPB VFL of 775 nm behind the depletion beam: what a STED beam asks of its laser, over the plain driver.

A laser that has just been powered starts up for minutes; `output_mode("on")` waits for that, in laboratory time.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Final, NoReturn

from instruments.common.clock import Clock, WallClock
from instruments.common.errors import GarbledError, InstrumentError
from instruments.common.retry import Habits
from instruments.interface.causes import Cause
from instruments.interface.readings import LIGHT_TOLERANCE, Reading, differs, wrong_if
from instruments.mpb_vfl import MPBVFL

if TYPE_CHECKING:
    from typing import Unpack

    from qcodes.instrument import VisaInstrumentKWArgs
    from qcodes.parameters import Parameter

_LEAST_MW: Final = 5.0
"""No tolerance is finer."""
STARTUP_LIMIT_S: Final = 600.0
POLL_S: Final = 1.0
_HELD: Final = {
    "key locked": ("its key is locked", "unlock it"),
    "interlock open": ("its interlock is open", "close it"),
    "fault": ("it has a fault", "remove its cause, then turn its key off and on"),
}
"""State -> why it stays dark, and what to do."""


class RefusedError(InstrumentError):
    """The laser did not take a command."""


class VFL(MPBVFL):
    """The plain driver with the parameters that the depletion beam uses, in W, and what it says of itself."""

    habits: ClassVar = Habits("getmodel", once=re.compile(r"set(ldenable|shgcmd) 1"), form=re.compile(r".*", re.DOTALL))
    """The prompt, which every answer has, is looked at where it is taken off."""
    wavelength_nm: ClassVar = 775.0
    powers_mw: ClassVar = (100.0, 1500.0, 1.0)
    """Least, most, and its step, as the beam uses them."""

    def __init__(self, name: str, address: str, **kwargs: "Unpack[VisaInstrumentKWArgs]") -> None:
        super().__init__(name, address, **kwargs)
        self.clock: Clock = WallClock()
        self.output_mode: Parameter = self.add_parameter(
            "output_mode",
            get_cmd=self._mode,
            set_cmd=self._set_mode,
            docstring="on, idle, or off while something holds it dark.",
        )
        self.output_power: Parameter = self.add_parameter(
            "output_power",
            unit="W",
            get_cmd=lambda: 1e-3 * float(self.power_mw()),
            set_cmd=lambda watts: self.power_setpoint_mw(1e3 * watts),
        )
        self.output_setpoint: Parameter = self.add_parameter(
            "output_setpoint", unit="W", get_cmd=lambda: 1e-3 * float(self.power_setpoint_mw())
        )
        self.interlock_status: Parameter = self.add_parameter(
            "interlock_status", get_cmd=lambda: "OPEN" if self.state() == "interlock open" else "OK"
        )

    def readings(self) -> Iterator[Reading]:
        """State and power, and what could keep it dark."""
        state = str(self.state())
        is_on = state.startswith("on ")
        yield Reading("state", state, verdict=wrong_if(state in _HELD, "fault", is_on))
        set_mw, seen_mw = float(self.power_setpoint_mw()), float(self.power_mw())
        away = is_on and differs(seen_mw, set_mw, max(LIGHT_TOLERANCE * set_mw, _LEAST_MW))
        yield Reading("power", seen_mw, "mW", set_mw, verdict=wrong_if(away, "warning", is_on))
        control = str(self.control())
        yield Reading("constant", control, verdict=wrong_if(control != "power", "warning", False))

    def hindrances(self) -> Iterator[Cause]:
        """Why it cannot shine, for the time being."""
        if (state := str(self.state())) in _HELD:
            what, remedy = _HELD[state]
            yield Cause(f"{self.name}: {what}", remedy, self._is_free)

    def _is_free(self) -> bool:
        return str(self.state()) not in _HELD

    def _mode(self) -> str:
        """As the beam asks for it: 'on' from the moment on in which the diodes are enabled, as the Sprout says it."""
        if str(self.state()) in _HELD:
            return "off"
        return "on" if self.emission() else "idle"

    def _set_mode(self, mode: str) -> None:
        if mode != "on":
            self.emission(False)
            return
        self._await_startup()
        self._refuse_held()
        if not self.emission():
            if self.control() != "power":
                self.control("power")
            self.emission(True)

    def _await_startup(self) -> None:
        deadline_s = self.clock.now() + STARTUP_LIMIT_S
        while self.state() == "starting up":
            if self.clock.now() > deadline_s:
                raise RefusedError(
                    f"{self.name} has been starting up for {STARTUP_LIMIT_S:.0f} s",
                    instrument=self.name,
                    remedy="Look at its display and at the temperature of its crystal",
                )
            self.clock.sleep(POLL_S)

    def _refuse_held(self) -> None:
        if (state := str(self.state())) in _HELD:
            what, remedy = _HELD[state]
            raise RefusedError(f"{self.name} cannot be switched on: {what}", instrument=self.name, remedy=remedy)

    def _refused(self, command: str, reason: str) -> NoReturn:
        state = "not asked" if command == "getlaserstate" else str(self.state())
        raise RefusedError(
            f"{self.name} refused {command!r}: {reason}. State: {state}",
            instrument=self.name,
            remedy=_HELD[state][1].capitalize() if state in _HELD else "Look at its display",
        )

    def _garbled(self, command: str, answer: str) -> NoReturn:
        raise GarbledError(self.name, repr(command), answer)
