"""A channel of a Keysight B2962A as a current source, with range, compliance and protection.

The supply's own measuring commands switch an output on unless told not to, and qcodes sends them for every snapshot:
the driver forbids it (:OUTP:ON:AUTO 0) before anything else.
"""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, cast

from qcodes.instrument_drivers.Keysight import KeysightB2962AChannel
from qcodes.parameters import create_on_off_val_mapping

from instruments.common.supply import TRIES, CurrentLimitError, SupplyError
from instruments.interface.causes import Cause
from instruments.interface.readings import BEYOND_LIMIT, CURRENT_TOLERANCE_A, Reading, amount, differs, wrong_if

if TYPE_CHECKING:
    from qcodes.parameters import Parameter

    from instruments.current_source import B2962A
    from instruments.interface import roles

OPENED: Final = {1: 4, 2: 8}
"""Channel -> its bit in the questionable status: the output's relay was opened by the protection (command reference,
table 4-4)."""
_STEPS_OF_A_RANGE: Final = 1e6


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
            "tripped", get_cmd=lambda: bool(self.parent.openings() & OPENED[chan])
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


if TYPE_CHECKING:
    _PLAYS: type[roles.CurrentSource] = CurrentChannel
