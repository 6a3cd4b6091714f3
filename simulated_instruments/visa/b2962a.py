"""Keysight B2962A: two bipolar current sources in one box, with range, resolution, compliance and protection."""

from collections.abc import Callable
from dataclasses import dataclass
from math import copysign, inf
from typing import Final

from simulated_instruments.setpoints import World
from simulated_instruments.visa.languages.readings import ELEMENTS, NOT_A_NUMBER, Reading, Readings
from simulated_instruments.visa.languages.scpi import (
    Refusal,
    Value,
    boolean,
    channel_list,
    choice,
    number,
    show_exponent,
    show_integer,
)
from simulated_instruments.visa.languages.scpi_instrument import Ask, Command, ScpiInstrument, Setting, asked

_RANGES: Final = {
    "amps": (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 1.5, 3.0),
    "volts": (0.2, 2.0, 20.0, 200.0),
}
_OVERRANGE: Final = 1.05
"""A range reaches this far beyond its name."""
_STEPS: Final = {1.5: 1e-6, 3.0: 1e-5}
"""Resolution of the ranges in which it is not a millionth."""
_ENVELOPE: Final = ((6.0, 3.03), (21.0, 1.515), (210.0, 0.105))
"""Up to this voltage (V) the channel gives at most this current (A)."""
_BOTH_CHANNELS_A: Final = 2.5
"""Sum of both currents while both compliance voltages lie between 6 and 21 V."""
_OPENED: Final = (4, 8)
"""Output protection of channel 1 and 2 in the questionable status, table 4-4 of the command reference."""
_HOT: Final = 16


def _show_name(value: Value) -> str:
    return str(value)


def _limits(header: str, key: str, initial: float, parse: Callable[[str], Value]) -> tuple[Setting, ...]:
    """A compliance, which may be set for both signs at once or for each."""
    return (
        Setting(f"{header}[:BOTH]", key, initial, parse, show_exponent),
        Setting(f"{header}:POSitive", f"{key}_pos", initial, parse, show_exponent),
        Setting(f"{header}:NEGative", f"{key}_neg", initial, parse, show_exponent),
    )


_SETTINGS: Final = (
    Setting("[:SOURce#]:FUNCtion:MODE", "mode", "VOLT", choice("CURRent", "VOLTage"), _show_name),
    Setting("[:SOURce#]:CURRent[:LEVel][:IMMediate][:AMPLitude]", "amps", 0.0, number(-3.03, 3.03, 0.0), show_exponent),
    Setting("[:SOURce#]:VOLTage[:LEVel][:IMMediate][:AMPLitude]", "volts", 0.0, number(-210, 210, 0.0), show_exponent),
    Setting("[:SOURce#]:CURRent:RANGe", "amps_range", 1e-4, number(1e-8, 3.03, 1e-4), show_exponent),
    Setting("[:SOURce#]:VOLTage:RANGe", "volts_range", 2.0, number(0.2, 210, 2.0), show_exponent),
    Setting("[:SOURce#]:CURRent:RANGe:AUTO", "amps_auto", True, boolean, show_integer),
    Setting("[:SOURce#]:VOLTage:RANGe:AUTO", "volts_auto", True, boolean, show_integer),
    *_limits(":SENSe#:VOLTage[:DC]:PROTection[:LEVel]", "volts_limit", 2.0, number(0.2, 210, 2.0)),
    *_limits(":SENSe#:CURRent[:DC]:PROTection[:LEVel]", "amps_limit", 1e-4, number(1e-8, 3.03, 1e-4)),
    Setting(":SENSe#:REMote", "remote", False, boolean, show_integer),
    Setting(":OUTPut#[:STATe]", "on", False, boolean, show_integer),
    Setting(":OUTPut#:ON:AUTO", "auto_on", True, boolean, show_integer),
    Setting(":OUTPut#:OFF:MODE", "off_mode", "NORM", choice("NORMal", "HIZ", "ZERO"), _show_name),
    Setting(":OUTPut#:PROTection[:STATe]", "protect", False, boolean, show_integer),
)


@dataclass(frozen=True)
class Terminals:
    """What a channel's terminals carry."""

    volts: float
    amps: float
    limited: bool
    """The channel is at its compliance: what TRIPped? asks for, and nothing that is remembered."""


class B2962A(ScpiInstrument):
    """Drives two coils; a current that its compliance voltage cannot push through the coil is not delivered."""

    def __init__(self, world: World, knobs: tuple[str, str], serial: str, loads_ohm: tuple[float, float]) -> None:
        """knobs: the world's currents that channel 1 and 2 feed; loads_ohm: resistance of what hangs on each."""
        self._world = world
        self._knobs = knobs
        self._loads_ohm = loads_ohm
        self._connected_ohm = loads_ohm
        self._opened = [False, False]
        """Whether the protection has opened the output's relay; until the output is switched by a command."""
        self._events = 0
        """Questionable events since they were read last."""
        self._is_hot = False
        self._readings = Readings()
        super().__init__(f"Keysight Technologies,B2962A,{serial},6.3", _SETTINGS, channels=2, positive_sign="+")

    def commands(self) -> tuple[Command, ...]:
        """Read-back of limits reached and of what the terminals carry."""
        return (
            Command(":SENSe#:VOLTage[:DC]:PROTection:TRIPped", lambda channel, _: self._limited(channel, "CURR")),
            Command(":SENSe#:CURRent[:DC]:PROTection:TRIPped", lambda channel, _: self._limited(channel, "VOLT")),
            Command(":STATus:QUEStionable:CONDition", asked(lambda: str(self._condition()))),
            Command(":STATus:QUEStionable[:EVENt]", asked(self._read_questionable)),
            Command(":FORMat:ELEMents:SENSe", asked(self._readings.chosen), self._choose),
            Command(":INITiate[:IMMediate][:ALL]", tell=lambda _, arguments: self._measure_all(arguments)),
            Command(":MEASure", self._told(self._measure_all)),
            Command(":READ[:SCALar]", self._told(self._measure_all)),
            Command(":FETCh[:SCALar]", self._told(self._listed)),
            *(self._measured_alone(f":MEASure:{name}[:DC]", name) for name in ("CURRent", "VOLTage")),
            self._measured_alone(":MEASure:RESistance", "RESistance"),
            *(self._measured_alone(f":READ[:SCALar]:{name}", name) for name in ELEMENTS),
            *(Command(f":FETCh[:SCALar]:{name}", self._told(self._listed, name)) for name in ELEMENTS),
            Command(":SYSTem:ERRor:ALL", asked(lambda: ",".join(self._all_errors()))),
            Command(":SYSTem:ERRor:CODE[:NEXT]", asked(lambda: _code(self._next_error()))),
            Command(":SYSTem:ERRor:CODE:ALL", asked(lambda: ",".join(map(_code, self._all_errors())))),
            Command(":SYSTem:ERRor:COUNt", asked(lambda: str(len(self._errors)))),
        )

    def check(self, channel: int, key: str, value: Value) -> Value:
        """Ranges, resolution, and the envelope of voltage and current."""
        match key:
            case "amps" | "volts":
                value = self._level(channel, key, float(value))
            case "amps_range" | "volts_range":
                value = self._range(channel, key.removesuffix("_range"), float(value))
        self._check_envelope(channel, {**self.values[channel], **_spread(key, value)}, key)
        return value

    def changed(self, channel: int, key: str) -> None:
        """Hand the new current to the world."""
        values = self.values[channel]
        quantity, _, aspect = key.partition("_")
        if aspect == "range":
            values[f"{quantity}_auto"] = False
        if quantity in _RANGES and aspect in ("", "auto") and values[f"{quantity}_auto"]:
            values[f"{quantity}_range"] = _range_for(float(values[quantity]), _RANGES[quantity])
        if aspect.startswith("limit"):
            values |= _spread(key, values[key])
            values[f"{quantity}_limit"] = values[f"{quantity}_limit_pos"]
        if key == "mode":
            values["on"] = False
        if key in ("on", ""):
            self._opened[channel - 1] = False
        self._drive(channel)

    def clear(self) -> None:
        """*CLS."""
        super().clear()
        self._events = 0

    def trip(self) -> None:
        """The protection of every channel that is on acts, where it is enabled."""
        for channel in range(1, self.channels + 1):
            if self.values[channel]["on"] and self.values[channel]["protect"]:
                self._open(channel)
            self._drive(channel)

    def open_coil(self, channel: int, is_open: bool) -> None:
        """The coil of a channel loses its connection, or has it again."""
        loads = list(self._loads_ohm)
        loads[channel - 1] = inf if is_open else self._connected_ohm[channel - 1]
        self._loads_ohm = (loads[0], loads[1])
        self._drive(channel)

    def overheat(self, is_hot: bool) -> None:
        """While it is too hot no output stays on."""
        self._events |= _HOT * (is_hot and not self._is_hot)
        self._is_hot = is_hot
        for channel in range(1, self.channels + 1):
            self._drive(channel)

    def _condition(self) -> int:
        opened = sum(bit for bit, has in zip(_OPENED, self._opened, strict=True) if has)
        return opened + _HOT * self._is_hot

    def _read_questionable(self) -> str:
        events, self._events = self._events, 0
        return str(events)

    def _open(self, channel: int) -> None:
        """The protection switches the output off."""
        self.values[channel]["on"] = False
        self._opened[channel - 1] = True
        self._events |= _OPENED[channel - 1]

    def _drive(self, channel: int) -> None:
        values = self.values[channel]
        values["on"] = values["on"] and not self._is_hot
        if values["on"] and values["protect"] and self._terminals(channel).limited:
            self._open(channel)
        self._world.turn(**{self._knobs[channel - 1]: self._terminals(channel).amps})

    def _terminals(self, channel: int) -> Terminals:
        values, load_ohm = self.values[channel], self._loads_ohm[channel - 1]
        if not values["on"]:
            return Terminals(0.0, 0.0, False)
        if values["mode"] == "CURR":
            amps = float(values["amps"])
            limit_v = float(values["volts_limit_neg" if amps < 0 else "volts_limit_pos"])
            if abs(amps) > limit_v / load_ohm:
                return Terminals(copysign(limit_v, amps), copysign(limit_v / load_ohm, amps), True)
            return Terminals(amps * load_ohm if amps else 0.0, amps, False)
        volts = float(values["volts"])
        limit_a = float(values["amps_limit_neg" if volts < 0 else "amps_limit_pos"])
        if abs(volts) / load_ohm > limit_a:
            return Terminals(copysign(limit_a * load_ohm, volts), copysign(limit_a, volts), True)
        return Terminals(volts, volts / load_ohm, False)

    def _range(self, channel: int, quantity: str, value: float) -> float:
        span = _range_for(value, _RANGES[quantity])
        if abs(float(self.values[channel][quantity])) > span * _OVERRANGE:
            raise Refusal(-221)
        return span

    def _level(self, channel: int, quantity: str, value: float) -> float:
        values = self.values[channel]
        automatic = values[f"{quantity}_auto"]
        span = _range_for(value, _RANGES[quantity]) if automatic else float(values[f"{quantity}_range"])
        if abs(value) > span * _OVERRANGE:
            raise Refusal(-222)
        step = _STEPS.get(span, span * 1e-6)
        return round(round(value / step) * step, 12)

    def _check_envelope(self, channel: int, values: dict[str, Value], key: str) -> None:
        """Refuses a current that the voltage does not allow, in this channel or in both together."""
        amps, volts = _reach(values)
        if amps > next(most for limit, most in _ENVELOPE if volts <= limit):
            raise Refusal(-222 if key in ("amps", "volts") else -221)
        both = (values, self.values[3 - channel])
        reaches = [_reach(v) for v in both if v["on"]]
        shared = len(reaches) == 2 and all(6.0 < volts <= 21.0 for _, volts in reaches)
        if shared and sum(amps for amps, _ in reaches) > _BOTH_CHANNELS_A:
            raise Refusal(-221)

    def _limited(self, channel: int, mode: str) -> str:
        return str(int(self._terminals(channel).limited and self.values[channel]["mode"] == mode))

    # ---- readings ----------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """*RST."""
        self._readings.choose(ELEMENTS)
        super().reset()

    def _choose(self, _: int, arguments: tuple[str, ...]) -> None:
        if not arguments:
            raise Refusal(-109)
        self._readings.choose(arguments)

    def _told(self, channels: Callable[[tuple[str, ...]], list[int]], element: str = "") -> Ask:
        """A question that names channels, and hears one element of their newest readings or all that are chosen."""

        def ask(_: int, arguments: tuple[str, ...]) -> str:
            return ",".join(self._readings.show(channel, element) for channel in channels(arguments))

        return ask

    def _measured_alone(self, header: str, element: str) -> Command:
        return Command(header, self._told(self._measure_all, element))

    def _listed(self, arguments: tuple[str, ...]) -> list[int]:
        channels = channel_list(arguments)
        if not all(1 <= channel <= self.channels for channel in channels):
            raise Refusal(-222)
        return channels

    def _measure_all(self, arguments: tuple[str, ...]) -> list[int]:
        """Measure the channels that are named; they are returned in their order."""
        channels = self._listed(arguments)
        for channel in channels:
            self._readings.keep(channel, self._reading(channel))
        return channels

    def _reading(self, channel: int) -> Reading:
        """As the real one does, a measurement switches the output on unless :OUTP:ON:AUTO is 0."""
        values = self.values[channel]
        if not values["on"] and values["auto_on"]:
            values["on"] = self.check(channel, "on", True)
            self.changed(channel, "on")
        if not values["on"]:
            return Reading()
        terminals = self._terminals(channel)
        source = float(values["amps" if values["mode"] == "CURR" else "volts"])
        ohms = terminals.volts / terminals.amps if terminals.amps else NOT_A_NUMBER
        return Reading(terminals.volts, terminals.amps, ohms, self._world.clock.now(), 0.0, source)

    def _all_errors(self) -> list[str]:
        errors = list(self._errors) or [self._no_error]
        self._errors.clear()
        return errors


def _code(error: str) -> str:
    return error.partition(",")[0]


def _range_for(value: float, ranges: tuple[float, ...]) -> float:
    """The smallest range that holds a value."""
    return next((r for r in ranges if abs(value) <= r * _OVERRANGE), ranges[-1])


def _reach(values: dict[str, Value]) -> tuple[float, float]:
    """Largest current and voltage that a channel may come to, as it is set."""
    if values["mode"] == "CURR":
        return abs(float(values["amps"])), _widest(values, "volts_limit")
    return _widest(values, "amps_limit"), abs(float(values["volts"]))


def _spread(key: str, value: Value) -> dict[str, Value]:
    """A setting; a compliance without a sign is one for both signs."""
    return {f"{key}_pos": value, f"{key}_neg": value} if key.endswith("_limit") else {key: value}


def _widest(values: dict[str, Value], key: str) -> float:
    return max(float(values[f"{key}_pos"]), float(values[f"{key}_neg"]))
