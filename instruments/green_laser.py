"""Cobolt 06-DPL, 532 nm: the pump's laser.

A head sold to the CDRH rules starts through its autostart sequence (temperature, key, warm-up), so `emission(True)`
returns only when the light is steady; it waits in laboratory time. The head wants 100 ms of peace between commands.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Final

from pyvisa.resources import SerialInstrument
from qcodes.instrument import VisaInstrument
from qcodes.validators import Bool, Enum, Numbers

from instruments.common.clock import Clock, WallClock
from instruments.common.errors import ChangedError, GarbledError, InstrumentError
from instruments.common.retry import Habits
from instruments.interface.causes import Cause
from instruments.interface.readings import LIGHT_TOLERANCE, Reading, differs, on, wrong_if

if TYPE_CHECKING:
    from typing import Unpack

    from qcodes.instrument import VisaInstrumentKWArgs
    from qcodes.parameters import Parameter

    from instruments.interface import roles

MAX_POWER_MW: Final = 100.0
PAUSE_S: Final = 0.1
"""Between two commands."""
POLL_S: Final = 1.0
START_LIMIT_S: Final = 300.0
"""A cold head may settle its temperature for minutes."""

_FAULTS: Final = {0: "none", 1: "temperature", 3: "interlock", 4: "constant power time-out"}
_STAGES: Final = {
    0: "off",
    1: "waiting for key",
    2: "waiting for temperature",
    3: "warm-up",
    4: "completed",
    5: "fault",
    6: "aborted",
    7: "modulation",
}
_STEADY: Final = ("completed", "modulation")
_CONTROL: Final = {"current": ("ci", 0), "power": ("cp", 1), "modulation": ("em", 2)}
_REFUSAL: Final = "Syntax error"
_LEAST_MW: Final = 0.2
"""Two steps of the power: no tolerance is finer."""
_LOOKS: Final = 3
"""At a power that differs from what was set; it is set again behind each."""
_SAME_MW: Final = 0.05
_READINGS: Final = 3
"""Some heads now and then answer `pa?` with a bare 1; a fresh question gets the power."""


class CoboltError(InstrumentError):
    """The head refused a command, or did not come to light."""

    def __init__(self, message: str, *, instrument: str, command: str, reply: str, remedy: str = "") -> None:
        super().__init__(message, instrument=instrument, remedy=remedy)
        self.command, self.reply = command, reply


class Cobolt06(VisaInstrument):
    """Power, emission and health of one head.

    power_mw: set power, 0 to 100 mW, 0.1 mW steps; measured_power_mw: what its photodiode sees.
    emission: True starts the head and waits for steady light, False is dark at once.
    control: what is held constant; start-up sets nothing, the head remembers.
    """

    habits: ClassVar = Habits("gsn?", once=re.compile(r"@cob[01]|l1"))

    def __init__(self, name: str, address: str, **kwargs: "Unpack[VisaInstrumentKWArgs]") -> None:
        super().__init__(name, address, **kwargs)
        self.clock: Clock = WallClock()
        self._spoke_s = float("-inf")
        self._is_lit = False
        self._limit_mw = MAX_POWER_MW
        handle = self.visa_handle
        handle.write_termination, handle.read_termination = "\r", "\r\n"
        if isinstance(handle, SerialInstrument):
            handle.baud_rate = 115_200
        self._add_settings()
        self._add_readings()

    def _add_settings(self) -> None:
        self.power_mw: Parameter = self.add_parameter(
            "power_mw",
            unit="mW",
            vals=Numbers(0.0, MAX_POWER_MW),
            get_cmd="p?",
            set_cmd=lambda mw: self._order(f"p {mw / 1e3:.4f}"),
            get_parser=_milli,
        )
        self.emission: Parameter = self.add_parameter(
            "emission", vals=Bool(), get_cmd="l?", set_cmd=self._set_emission, get_parser=_yes
        )
        self.autostart: Parameter = self.add_parameter(
            "autostart",
            vals=Bool(),
            get_cmd="@cobas?",
            set_cmd=lambda on: self._order(f"@cobas {on:d}"),
            get_parser=_yes,
            docstring="Start through the CDRH sequence; without it the head lights at once and unsteadily.",
        )
        self.control: Parameter = self.add_parameter(
            "control",
            vals=Enum(*_CONTROL),
            get_cmd="gam?",
            set_cmd=lambda control: self._order(_CONTROL[control][0]),
            get_parser=_control_name,
        )
        self.current_ma: Parameter = self.add_parameter(
            "current_ma",
            unit="mA",
            vals=Numbers(0.0, 2000.0),
            get_cmd="glc?",
            set_cmd=lambda ma: self._order(f"slc {ma:.1f}"),
            get_parser=float,
            docstring="Set diode current; it governs while `control` is 'current'.",
        )

    def _add_readings(self) -> None:
        self.measured_power_mw: Parameter = self.add_parameter(
            "measured_power_mw", unit="mW", get_cmd=self._measured_power_mw
        )
        self.measured_current_ma: Parameter = self.add_parameter(
            "measured_current_ma", unit="mA", get_cmd="i?", get_parser=float
        )
        self.interlock_open: Parameter = self.add_parameter("interlock_open", get_cmd="ilk?", get_parser=_yes)
        self.key_on: Parameter = self.add_parameter("key_on", get_cmd="gkses?", get_parser=_yes)
        self.fault: Parameter = self.add_parameter("fault", get_cmd="f?", get_parser=_named(_FAULTS))
        self.operating_mode: Parameter = self.add_parameter(
            "operating_mode", get_cmd="gom?", get_parser=_named(_STAGES), docstring="Where the autostart sequence is."
        )
        self.hours: Parameter = self.add_parameter("hours", unit="h", get_cmd="hrs?", get_parser=float)
        self.max_power_mw: Parameter = self.add_parameter("max_power_mw", unit="mW", get_cmd="gmlp?", get_parser=float)
        self.serial: Parameter = self.add_parameter("serial", get_cmd="gsn?")
        self.model: Parameter = self.add_parameter("model", get_cmd="glm?")
        self.firmware: Parameter = self.add_parameter("firmware", get_cmd="gfv?")

    def get_idn(self) -> dict[str, str | None]:
        """Who answers."""
        return {"vendor": "Cobolt", "model": self.model(), "serial": self.serial(), "firmware": self.firmware()}

    def clear_fault(self) -> None:
        """Forget a fault whose cause is gone; the head stays dark until it is started again."""
        self._order("cf")

    @property
    def limit_mw(self) -> float:
        """Largest power; the station may lower it."""
        return self._limit_mw

    @limit_mw.setter
    def limit_mw(self, mw: float) -> None:
        self._limit_mw = mw
        self.power_mw.vals = Numbers(0.0, mw)

    def set_power(self, mw: float) -> None:
        """Set the power at the head."""
        self.power_mw(mw)

    def asked_mw(self) -> float:
        """The power as it was set or read last, 0 if it is dark; asks for what is not known yet."""
        return float(self.power_mw.cache.get()) if self.emission.cache.get() else 0.0

    def is_on(self) -> bool:
        """Whether it emits."""
        return bool(self.emission())

    def switch_on(self) -> None:
        """Start the head; returns when the light is steady."""
        self.emission(True)

    def switch_off(self) -> None:
        """Dark at once."""
        self.emission(False)

    def make_safe(self) -> str:
        """Dark."""
        self.switch_off()
        return "it still emits" if self.emission() else ""

    def readings(self) -> Iterator[Reading]:
        """Interlock, fault, key, stage and light. Each question costs the head 100 ms of peace: few are asked."""
        interlock_open = bool(self.interlock_open())
        _ask_longest_unasked(self.fault, self.key_on, self.operating_mode, self.emission, self.power_mw)
        fault, key_on, emits = str(self.fault.cache()), bool(self.key_on.cache()), bool(self.emission.cache())
        yield Reading("emission", emits, verdict=on(emits))
        set_mw = float(self.power_mw.cache())
        seen_mw = float(self.measured_power_mw()) if emits else 0.0
        away = emits and differs(seen_mw, set_mw, max(LIGHT_TOLERANCE * set_mw, _LEAST_MW))
        wrong = away or seen_mw > self.limit_mw
        yield Reading("power", seen_mw, "mW", set_mw, self.limit_mw, wrong_if(wrong, "warning", emits))
        is_open = wrong_if(interlock_open, "fault", False)
        yield Reading("interlock", "OPEN" if interlock_open else "closed", verdict=is_open)
        yield Reading("fault", fault, verdict=wrong_if(fault != "none", "fault", False))
        yield Reading("key", key_on, verdict=wrong_if(not key_on, "warning", False))
        stage = str(self.operating_mode.cache())
        yield Reading("stage", stage, verdict=on(stage not in ("off", "completed")))

    def causes(self) -> Iterator[Cause]:
        """An open interlock, or another fault."""
        if self.interlock_open():
            yield Cause(f"{self.name}: its interlock is open", "close it", self._is_well)
        elif (fault := str(self.fault())) != "none":
            yield Cause(f"{self.name}: fault {fault}", "remove its cause", self._is_well)

    def _is_well(self) -> bool:
        """Interlock closed, and no fault that outlives being cleared. It stays dark."""
        if self.interlock_open():
            return False
        if str(self.fault()) != "none":
            self.clear_fault()
        return str(self.fault()) == "none"

    def settings(self) -> dict[str, Any]:
        """That it emits, if it does; its power is the same for all experiments."""
        return {"green_emission": True} if self.emission.cache.get(get_if_invalid=False) else {}

    def verify(self) -> None:
        """Raises ChangedError if it was lit and its light is no longer steady. One question: the head is slow."""
        if self._is_lit and (stage := self.operating_mode()) not in _STEADY:
            self._is_lit = False
            raise ChangedError(self.name, f"it is no longer lit: {stage}, fault: {self.fault()}")

    def rest(self) -> None:
        """Leave the head the peace that it wants before the next command."""
        since_s = self.clock.now() - self._spoke_s
        if 0.0 <= since_s < PAUSE_S:  # negative: the clock was replaced meanwhile
            self.clock.sleep(PAUSE_S - since_s)

    def ask_raw(self, cmd: str) -> str:
        """One command and its line, after the pause that the head wants."""
        self.rest()
        try:
            return super().ask_raw(cmd)
        finally:
            self._spoke_s = self.clock.now()

    def _order(self, command: str) -> None:
        reply = self.ask(command)
        if reply.startswith(_REFUSAL):
            raise self._error(f"refused {command!r}: it answered {reply!r}", command, reply)
        if reply != "OK":
            raise GarbledError(self.name, repr(command), reply)

    def _error(self, what: str, command: str, reply: str) -> CoboltError:
        stage, fault = str(self.operating_mode()), str(self.fault())
        is_open, key_on = bool(self.interlock_open()), bool(self.key_on())
        return CoboltError(
            f"Green laser {self.name!r} {what}. State: {stage}, fault: {fault}, "
            f"interlock {'open' if is_open else 'closed'}, key {'on' if key_on else 'off'}",
            instrument=self.name,
            command=command,
            reply=reply,
            remedy=_advice(fault, is_open, key_on),
        )

    def _set_emission(self, on: bool) -> None:
        self._is_lit = False
        if not on:
            self._order("l0")
            return
        if not (self.emission() and self.operating_mode() in _STEADY):
            wanted_mw = self.power_mw.cache.get(get_if_invalid=False)
            self._order("@cob1" if self.autostart() else "l1")
            self._wait_for_light()
            if wanted_mw is not None:
                self._keep_power(float(wanted_mw))
        self._is_lit = True

    def _keep_power(self, wanted_mw: float) -> None:
        """A head that was without power since it was set may have started with another one."""
        for _ in range(_LOOKS):
            if abs((seen_mw := self.power_mw()) - wanted_mw) < _SAME_MW:
                return
            self.log.warning("it shines with %g mW instead of %g mW", seen_mw, wanted_mw)
            self.power_mw(wanted_mw)
        raise self._error(f"does not take {wanted_mw:g} mW, it stands at {seen_mw:g} mW", "p", str(seen_mw))

    def _wait_for_light(self) -> None:
        deadline_s = self.clock.now() + START_LIMIT_S
        while (stage := self.operating_mode()) not in _STEADY:
            if stage in ("off", "waiting for key", "fault", "aborted"):
                raise self._error(f"does not start: {stage}", "gom?", stage)
            if self.clock.now() > deadline_s:
                raise self._error(f"is not ready after {START_LIMIT_S:.0f} s", "gom?", stage)
            self.clock.sleep(POLL_S)

    def _measured_power_mw(self) -> float:
        for _ in range(_READINGS):
            reply = self.ask("pa?")
            if reply != "1":
                return _milli(reply)
        raise self._error(f"answered 'pa?' with '1' {_READINGS} times", "pa?", "1")


def _advice(fault: str, interlock_open: bool, key_on: bool) -> str:
    """The first thing to see to."""
    if interlock_open:
        return "Close the interlock, then clear_fault(): the head stays dark until it is started again"
    if fault != "none":
        return "Remove the cause of the fault, then clear_fault()"
    return "Look at the head and its supply" if key_on else "Turn the key on"


def _ask_longest_unasked(*parameters: Any) -> None:
    """Ask those that never were asked, or else the one whose answer is oldest; what is set is known anyway."""
    unasked = [parameter for parameter in parameters if parameter.cache.timestamp is None]
    for parameter in unasked or [min(parameters, key=lambda parameter: parameter.cache.timestamp)]:
        parameter.get()


def _milli(reply: str) -> float:
    return round(float(reply) * 1e3, 4)


def _yes(reply: str) -> bool:
    return int(reply) == 1


def _control_name(reply: str) -> str:
    return {code: name for name, (_, code) in _CONTROL.items()}[int(reply)]  # KeyError: no answer, asked again


def _named(names: dict[int, str]) -> Any:
    """Parser from a code of the head to our word for it."""
    return lambda reply: names.get(int(reply), f"unknown ({reply})")


if TYPE_CHECKING:
    _PLAYS: type[roles.PumpLaser] = Cobolt06
