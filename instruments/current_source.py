"""Currents for the coils: Keysight B2962A channels with range, compliance and protection.

The supply's own measuring commands switch an output on unless told not to, and qcodes sends them for every snapshot:
the driver forbids it (:OUTP:ON:AUTO 0) before anything else.
"""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, cast

from pydantic import AfterValidator, Field
from qcodes.instrument_drivers.Keysight import KeysightB2962A, KeysightB2962AChannel
from qcodes.parameters import create_on_off_val_mapping

from instruments.causes import Cause
from instruments.errors import ChangedError, GarbledError
from instruments.readings import BEYOND_LIMIT, CURRENT_TOLERANCE_A, Reading, amount, differs, wrong_if
from instruments.safely import faults_of
from instruments.supply import POWER_ON, TRIES, WAS_OFF, CurrentLimitError, SupplyError, check_unchanged

if TYPE_CHECKING:
    from typing import Unpack

    from qcodes.instrument import VisaInstrumentKWArgs
    from qcodes.parameters import Parameter

    from instruments import roles

_RANGES_A: Final = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 1.5, 3.0)


def _has_range(amps: float) -> float:
    if amps not in _RANGES_A:
        raise ValueError(f"must be one of {', '.join(f'{one:g}' for one in _RANGES_A)} A, not {amps:g}")
    return amps


Range = Annotated[float, AfterValidator(_has_range)]
Limit = Annotated[float, Field(ge=0.2, le=210)]
_STEPS_OF_A_RANGE: Final = 1e6
_IDENTITY: Final = ("vendor", "model", "serial", "firmware")
_TOO_HOT: Final = 16
"""Bit of the questionable status: over-temperature of either channel."""
_OPENED: Final = {1: 4, 2: 8}
"""Channel -> its bit there: the output's relay was opened by the protection (command reference, table 4-4)."""
_EITHER_OPENED: Final = sum(_OPENED.values())
_PARTS: Final = ("ch1", "ch2")
_UNPROTECTED: Final = "the protection of {part} was off"
_MEANINGS: Final = {
    f":SENS{chan}:VOLT:PROT:TRIP?": f"{part} is at its compliance voltage: its coil may have come open"
    for chan, part in enumerate(_PARTS, start=1)
} | {f":OUTP{chan}:PROT?": _UNPROTECTED.format(part=part) for chan, part in enumerate(_PARTS, start=1)}
"""Question -> what it means if its answer is not as it stands."""


class CurrentChannel(KeysightB2962AChannel):
    """One channel as a current source in a fixed range.

    current: measured, in ampere; 0 while the output is off. output: on or off, on always in current mode.
    tripped: the protection has switched the output off since it was switched on last. in_compliance: the output is on,
    and the voltage is at its limit now: less current flows than is set.
    """

    def __init__(self, parent: "B2962A", name: str, chan: int, current_range_a: float, voltage_limit_v: float) -> None:
        super().__init__(parent, name, chan)
        self.limit_a = current_range_a
        self._resolution_a = current_range_a / _STEPS_OF_A_RANGE
        self._chan = chan
        self._standing: dict[str, float] = {}
        self._add_settings(chan)
        self._replace_measurements(chan)
        self._voltage_limit_v = voltage_limit_v
        self.configure()

    def set_current(self, amps: float) -> None:
        """Set the current and verify the setting by reading it back."""
        if not abs(amps) <= self.limit_a:
            raise CurrentLimitError(self.full_name, amps, self.limit_a)
        self._standing.pop("CURR", None)
        for _ in range(TRIES):
            self.source_current(amps)
            if abs((seen_a := self.setpoint_a()) - amps) <= self._resolution_a:
                self._standing["CURR"] = seen_a
                return
            complaint = self._complaint()
        raise SupplyError(self.full_name, f"a current of {amps:g} A", complaint)

    def setpoint_a(self) -> float:
        """The setting, whether the output is on or off."""
        return float(self.source_current())

    def is_on(self) -> bool:
        """True if the output is on."""
        return bool(self.output())

    def switch_on(self) -> None:
        """Output on in current mode; from 0 A if it was off."""
        if not self.is_on():
            self.set_current(0.0)
            self.output(True)
        self._standing["OUTP"] = 1.0

    def energise(self, amps: float) -> None:
        """Set the current, then the output on: for a coil that a pulse line switches."""
        self.set_current(amps)
        self.output(True)

    def switch_off(self) -> None:
        """Current to 0 A, then the output off."""
        self.set_current(0.0)
        self.output(False)

    def asked_a(self) -> float:
        """The current as it was set or read last, 0 if the output is off; asks for what is not known yet."""
        return float(self.source_current.cache.get()) if self.output.cache.get() else 0.0

    @property
    def supply(self) -> "B2962A":
        """The instrument that both channels belong to: it trips, heats and answers as one."""
        return cast("B2962A", self.parent)

    def verify(self) -> None:
        """As that of the whole supply."""
        self.parent.verify()

    def make_safe(self) -> str:
        """No current and the output off."""
        self.switch_off()
        return "its output is still on" if self.output() else ""

    def readings(self) -> Iterator[Reading]:
        """Current and voltage of this channel, and what its protection says."""
        name = self.short_name
        if self.output():
            yield from self._driven()
            return
        yield Reading(f"{name} current", 0.0, "A", float(self.setpoint_a()), self.limit_a, "off")
        if self.tripped():
            yield Reading(f"{name} protection", "TRIPPED: it has switched the output off", verdict="fault")

    def _driven(self) -> Iterator[Reading]:
        """While it is on. One that the run has just changed is not said to be wrong."""
        name, set_a, seen_a = self.short_name, float(self.setpoint_a()), float(self.current())
        away = differs(seen_a, set_a, CURRENT_TOLERANCE_A) and self.output() and float(self.setpoint_a()) == set_a
        beyond = abs(seen_a) > BEYOND_LIMIT * self.limit_a
        yield Reading(f"{name} current", seen_a, "A", set_a, self.limit_a, wrong_if(away or beyond, "warning", True))
        yield amount(f"{name} voltage", float(self.voltage()), "V", float(self.voltage_limit()), is_on=True)
        if self.in_compliance():
            yield Reading(f"{name} voltage limit", "REACHED: its coil may have come open", verdict="fault")

    def causes(self) -> Iterator[Cause]:
        """As those of the whole supply."""
        yield from self.parent.causes()

    def settings(self) -> dict[str, Any]:
        """Its current, if it is on."""
        if not self.output.cache.get(get_if_invalid=False):
            return {}
        return {"output": True, "current_a": self.source_current.cache.get(get_if_invalid=False)}

    def standing(self) -> dict[str, float]:
        """Question -> the answer to it, if this channel still is as it was set last, and its coil takes the current."""
        chan = self._chan
        questions = {"CURR": f":SOUR{chan}:CURR?", "OUTP": f":OUTP{chan}?"}
        found = {questions[setting]: value for setting, value in self._standing.items()}
        if self._standing.get("OUTP"):
            found[f":SENS{chan}:VOLT:PROT:TRIP?"] = 0.0
        return found | {f":OUTP{chan}:PROT?": 1.0}

    def forget_standing(self) -> None:
        """It is as it is."""
        self._standing.clear()

    def _add_settings(self, chan: int) -> None:
        on_off = create_on_off_val_mapping(on_val=1, off_val=0)
        self.current_range: Parameter[float, Self] = self.add_parameter(
            "current_range",
            unit="A",
            get_cmd=f":SOUR{chan}:CURR:RANG?",
            set_cmd=f":SOUR{chan}:CURR:RANG {{:g}}",
            get_parser=float,
        )
        self.current_auto_range: Parameter[bool, Self] = self.add_parameter(
            "current_auto_range",
            get_cmd=f":SOUR{chan}:CURR:RANG:AUTO?",
            set_cmd=f":SOUR{chan}:CURR:RANG:AUTO {{:d}}",
            val_mapping=on_off,
        )
        self.protection: Parameter[bool, Self] = self.add_parameter(
            "protection",
            get_cmd=f":OUTP{chan}:PROT?",
            set_cmd=f":OUTP{chan}:PROT {{:d}}",
            val_mapping=on_off,
            docstring="On compliance the output goes to 0 V and off at once. A coil needs a diode across it for that.",
        )
        self.off_mode: Parameter[str, Self] = self.add_parameter(
            "off_mode",
            get_cmd=f":OUTP{chan}:OFF:MODE?",
            set_cmd=f":OUTP{chan}:OFF:MODE {{}}",
            val_mapping={"normal": "NORM", "high impedance": "HIZ", "zero": "ZERO"},
        )
        self.measuring_switches_on: Parameter[bool, Self] = self.add_parameter(
            "measuring_switches_on",
            get_cmd=f":OUTP{chan}:ON:AUTO?",
            set_cmd=f":OUTP{chan}:ON:AUTO {{:d}}",
            val_mapping=on_off,
        )
        self.output: Parameter[bool, Self] = self.add_parameter(
            "output", get_cmd=lambda: self.enable(), set_cmd=self._set_output
        )
        self.tripped: Parameter[bool, Self] = self.add_parameter(
            "tripped", get_cmd=lambda: bool(self.parent.openings() & _OPENED[chan])
        )
        self.in_compliance: Parameter[bool, Self] = self.add_parameter(
            "in_compliance", get_cmd=f":SENS{chan}:VOLT:PROT:TRIP?", get_parser=lambda reply: bool(int(reply))
        )

    def _replace_measurements(self, chan: int) -> None:
        """With the output off the supply answers 9.91e37, which is no current."""
        for quantity, short, unit in (("voltage", "VOLT", "V"), ("current", "CURR", "A"), ("resistance", "RES", "ohm")):
            self.remove_parameter(quantity)
            self.add_parameter(
                quantity,
                unit=unit,
                get_cmd=partial(self._measured, f"MEAS:{short}? (@{chan})"),
                metadata={"nan": "nothing is measured, like a resistance without current"},
            )

    def _measured(self, command: str) -> float:
        if not self.is_on():
            return 0.0
        value = float(self.ask(command))
        return value if abs(value) < 9e37 else float("nan")

    def configure(self) -> None:
        """Range, limit and protection as station.yaml has them; neither current nor output is touched."""
        self._put(self.measuring_switches_on, False)
        self._put(self.voltage_limit, self._voltage_limit_v)
        self._put(self.current_auto_range, False)
        self._put(self.current_range, self.limit_a)
        self._put(self.protection, True)
        self._put(self.off_mode, "zero")

    def _put(self, setting: "Parameter[Any, Any]", value: float | bool | str) -> None:
        """Set it and verify it by reading it back: a coil without its protection looks like one that has it."""
        for _ in range(TRIES):
            setting(value)
            if setting() == value:
                return
        raise SupplyError(self.full_name, f"{setting.name.replace('_', ' ')} {value}", self._complaint())

    def _set_output(self, on: bool) -> None:
        if on:
            self.parent.check_power()
            self.parent.forget_trip(self._chan)
            if self.source_mode() != "current":
                self._put(self.source_mode, "current")
        self._standing.pop("OUTP", None)
        for _ in range(TRIES):
            self.enable(bool(on))
            if self.enable() == bool(on):
                self._standing["OUTP"] = float(on)
                return
            if self.tripped():
                raise SupplyError(self.full_name, "output on", "its protection: the compliance voltage was reached")
        raise SupplyError(self.full_name, f"output {'on' if on else 'off'}", self._complaint())

    def _complaint(self) -> str:
        return str(self.ask(":SYST:ERR?"))


class B2962A(KeysightB2962A):
    """Two current sources; connecting sets ranges and limits but neither currents nor outputs."""

    ch1: CurrentChannel
    ch2: CurrentChannel

    def __init__(
        self,
        name: str,
        address: str,
        current_range_a: tuple[Range, Range] = (1.0, 0.1),
        voltage_limit_v: tuple[Limit, Limit] = (21.0, 6.0),
        **kwargs: "Unpack[VisaInstrumentKWArgs]",
    ) -> None:
        """current_range_a, voltage_limit_v: of channel 1 and 2. A current's range is one that the supply has."""
        super().__init__(name, address, **kwargs)
        self._opened = 0
        for chan, (range_a, limit_v) in enumerate(zip(current_range_a, voltage_limit_v, strict=True), start=1):
            channel_name = _PARTS[chan - 1]
            del self.submodules[channel_name], self.instrument_modules[channel_name]
            self.add_submodule(channel_name, CurrentChannel(self, channel_name, chan, range_a, limit_v))
        self.ask("*ESR?")  # forgets that it was switched on before
        self.ask(":STAT:QUES:EVEN?")  # and what befell it before

    def get_idn(self) -> dict[str, str | None]:
        """Vendor, model, serial, firmware. Raises GarbledError if the answer is not these four."""
        reply = self.ask("*IDN?")
        words = [word.strip() for word in reply.split(",")]
        if len(words) != len(_IDENTITY):
            raise GarbledError(self.name, "'*IDN?'", reply)
        return dict(zip(_IDENTITY, words, strict=True))

    def is_too_hot(self) -> bool:
        """Whether its protection keeps both outputs off until it has cooled down (command reference, table 4-4)."""
        return bool(int(self.ask(":STAT:QUES:COND?")) & _TOO_HOT)

    def openings(self) -> int:
        """Bits of the channels whose protection has switched the output off since it was switched on last.

        The supply forgets an event once it is told, so it is remembered here. Raises GarbledError.
        """
        now, since = self._questionable(":STAT:QUES:COND?", ":STAT:QUES:EVEN?")
        self._opened |= since
        return self._opened | now

    def forget_trip(self, chan: int) -> None:
        """What the protection of a channel has done so far is past. Raises GarbledError."""
        (since,) = self._questionable(":STAT:QUES:EVEN?")
        self._opened = (self._opened | since) & ~_OPENED[chan]

    def _questionable(self, *questions: str) -> list[int]:
        message = ";".join(questions)
        reply = self.ask(message)
        try:
            found = [int(number) & _EITHER_OPENED for number in reply.split(";")]
        except ValueError:
            found = []
        if len(found) != len(questions):
            raise GarbledError(self.name, repr(message), reply)
        return found

    def make_safe(self) -> str:
        """Both channels without current."""
        return faults_of({part: channel.make_safe for part, channel in zip(_PARTS, self._channels, strict=True)})

    def readings(self) -> Iterator[Reading]:
        """Of both channels."""
        for channel in self._channels:
            yield from channel.readings()

    def causes(self) -> Iterator[Cause]:
        """Too hot, or the protection of a channel has switched its output off."""
        if self.is_too_hot():
            what = f"{self.name}: it is too hot, and keeps its outputs off"
            yield Cause(what, "see to its fan and its air", lambda: not self.is_too_hot(), is_trip=True)
        if tripped := [part for part, channel in zip(_PARTS, self._channels, strict=True) if channel.tripped()]:
            yield Cause(
                f"{self.name}: the protection of {' and '.join(tripped)} has tripped",
                "let the coil cool down, and see that it is connected",
                self._forgotten,
                is_trip=True,
                needs_rest=True,
            )

    def _forgotten(self) -> bool:
        """Its trips are past then, so that a later failure is not taken for one."""
        for number in _OPENED:
            self.forget_trip(number)
        return True

    def settings(self) -> dict[str, Any]:
        """Those of each channel that is on."""
        found = {part: channel.settings() for part, channel in zip(_PARTS, self._channels, strict=True)}
        return {part: settings for part, settings in found.items() if settings}

    @property
    def _channels(self) -> tuple[CurrentChannel, CurrentChannel]:
        return self.ch1, self.ch2

    def verify(self) -> None:
        """Raises ChangedError if a channel is not as it was set last, cannot drive its current, or was off meanwhile.

        A protection that was off is set again, as all is after the supply was: a coil that is open trips it then.
        """
        standing = self.ch1.standing() | self.ch2.standing()
        try:
            check_unchanged(self, standing, _MEANINGS)
        except ChangedError as error:
            unprotected = any(_UNPROTECTED.format(part=part) in error.changes for part in _PARTS)
            self._forget(unprotected or WAS_OFF in error.changes)
            raise ChangedError(self.name, f"{error.changes}{self._trips()}") from None

    def _trips(self) -> str:
        """What its protection has done, for a sentence; nothing if it does not answer."""
        with suppress(Exception):
            opened = self.openings()
            return "".join(
                f", the protection of {part} has switched its output off"
                for part, bit in zip(_PARTS, _OPENED.values(), strict=True)
                if opened & bit
            )
        return ""

    def check_power(self) -> None:
        """Raises ChangedError if the supply was off meanwhile: limits and protections were gone, and are set again."""
        if int(self.ask("*ESR?")) & POWER_ON:
            self._forget(was_off=True)
            raise ChangedError(self.name, WAS_OFF)

    def _forget(self, was_off: bool) -> None:
        for channel in self._channels:
            channel.forget_standing()
            if was_off:
                channel.configure()


if TYPE_CHECKING:
    _PLAYS: type[roles.CurrentSource] = CurrentChannel
    _STANDS_BEHIND: type[roles.Role] = B2962A
