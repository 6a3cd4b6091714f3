"""What every instrument does now, against its limits: asked over its wire while experiments go on.

It only reads, and nothing that a driver waits for: no queue of errors, no task of the card.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from labctl.station import OpenStation
from sequences.lab import Limits

LOG: Final = logging.getLogger(__name__)
Verdict = Literal["off", "on", "warning", "fault", "silent"]
_WORST_FIRST: Final[tuple[Verdict, ...]] = ("silent", "fault", "warning", "on", "off")

NEAR_LIMIT: Final = 0.95
"""Share of a limit from which on a value is worth a look."""
LIGHT_TOLERANCE: Final = 0.05
"""Of a laser's power about what was asked for: twice what a settled head wanders."""
CURRENT_TOLERANCE_A: Final = 1e-3
"""Of a measured current about its setting: well beyond the supplies' accuracy."""


@dataclass(frozen=True)
class Reading:
    """One quantity of an instrument."""

    name: str
    value: float | str | bool
    unit: str = ""
    asked_for: float | None = None
    """What it was set to, where that can differ from what it is."""
    limit: float | None = None
    """Of the station or of the instrument, whichever is stricter."""
    verdict: Verdict = "on"


@dataclass(frozen=True)
class Condition:
    """One instrument of station.yaml."""

    instrument: str
    model: str
    """The driver's class."""
    address: str
    verdict: Verdict
    """The worst of its readings."""
    words: str
    """One line: what it does, or why it does not answer."""
    readings: tuple[Reading, ...]


def conditions(station: OpenStation) -> tuple[Condition, ...]:
    """Every instrument of station.yaml, in its order. One that does not answer is silent; nothing is raised."""
    return tuple(condition(station, name) for name in station.file.instruments)


def condition(station: OpenStation, name: str) -> Condition:
    """One instrument."""
    entry = station.file.instruments[name]
    model, address = entry.type.rsplit(".", 1)[-1], entry.address or ""
    if name in station.silent:
        return Condition(name, model, address, "silent", station.silent[name].why, ())
    try:
        readings = tuple(_READERS.get(model, _nothing)(station.instruments[name], station.file.limits()))
    except Exception as error:
        LOG.info("Watching %s", name, exc_info=True)
        return Condition(name, model, address, "silent", f"does not answer ({type(error).__name__}: {error})", ())
    return Condition(name, model, address, _worst(readings), _words(readings), readings)


def _worst(readings: tuple[Reading, ...]) -> Verdict:
    found = {reading.verdict for reading in readings}
    return next((verdict for verdict in _WORST_FIRST if verdict in found), "on")


def _words(readings: tuple[Reading, ...]) -> str:
    """What is wrong, or else what it does."""
    wrong = [reading for reading in readings if reading.verdict in ("fault", "warning")]
    return ", ".join(said(reading) for reading in wrong or readings if reading.verdict != "off") or "off"


def said(reading: Reading) -> str:
    """'power 35.2 mW'."""
    return f"{reading.name} {value_words(reading.value)} {reading.unit}".rstrip()


def value_words(value: float | str | bool) -> str:
    """As it is read: six digits of a number, on or off."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return value if isinstance(value, str) else f"{value:.6g}"


def _amount(name: str, value: float, unit: str, limit: float, is_on: bool = True) -> Reading:
    """A quantity that has a limit either way."""
    near: Verdict = "warning" if is_on and abs(value) > NEAR_LIMIT * limit else "on"
    return Reading(name, value, unit, limit=limit, verdict=near if is_on and value else "off")


def _switch(name: str, is_on: bool) -> Reading:
    return Reading(name, is_on, verdict="on" if is_on else "off")


def _supply(supply: Any, _limits: Limits) -> Iterator[Reading]:
    most_a = {"ch1": supply.ch1.limit_a, "ch2": supply.ch2.limit_a}
    for name, channel in (("ch1", supply.ch1), ("ch2", supply.ch2)):
        is_on, set_a = bool(channel.output()), float(channel.setpoint_a())
        if not is_on:
            yield Reading(f"{name} current", 0.0, "A", set_a, most_a[name], "off")
            continue
        seen_a = float(channel.current())
        away = abs(seen_a - set_a) > CURRENT_TOLERANCE_A
        near = abs(seen_a) > NEAR_LIMIT * most_a[name]
        yield Reading(f"{name} current", seen_a, "A", set_a, most_a[name], "warning" if away or near else "on")


def _trim(source: Any, limits: Limits) -> Iterator[Reading]:
    is_on = source.output() == "on"
    if source.source_mode() != "CURR":
        yield Reading("mode", "voltage source", verdict="warning" if is_on else "off")
        return
    set_a = float(source.current())
    yield _amount("current", set_a if is_on else 0.0, "A", limits.trim_a, is_on)


def _microwave(source: Any, limits: Limits) -> Iterator[Reading]:
    is_on = source.enable_RF() in ("ON", True, 1)
    yield _switch("output", is_on)
    power_dbm = float(source.amplitude_RF())
    too_much = is_on and power_dbm > limits.microwave_dbm
    yield Reading("power", power_dbm, "dBm", limit=limits.microwave_dbm, verdict=_if(too_much, "fault", is_on))
    yield Reading("frequency", float(source.frequency()) / 1e6, "MHz", verdict="on" if is_on else "off")


def _if(wrong: bool, verdict: Verdict, is_on: bool) -> Verdict:
    return verdict if wrong else "on" if is_on else "off"


def _green(laser: Any, limits: Limits) -> Iterator[Reading]:
    emits, interlock_open, fault = bool(laser.emission()), bool(laser.interlock_open()), str(laser.fault())
    yield Reading("interlock", "OPEN" if interlock_open else "closed", verdict="fault" if interlock_open else "off")
    yield Reading("fault", fault, verdict="off" if fault == "none" else "fault")
    yield _switch("emission", emits)
    set_mw, seen_mw = float(laser.power_mw()), float(laser.measured_power_mw())
    away = emits and abs(seen_mw - set_mw) > max(LIGHT_TOLERANCE * set_mw, 0.2)
    yield Reading("power", seen_mw, "mW", set_mw, limits.green_mw, _if(away, "warning", emits))


def _aom(aom: Any, _limits: Limits) -> Iterator[Reading]:
    status = aom.status()
    for name, number in (("pump", 1), ("doughnut", 2)):
        if number in status:
            channel = status[number]
            verdict: Verdict = "on" if channel.is_on else "off"
            yield Reading(f"{name} RF", channel.power_dbm if channel.is_on else "off", "dBm", verdict=verdict)
            open_gate = channel.is_on and not channel.is_external
            gate = "external" if channel.is_external else "internal: always open"
            yield Reading(f"{name} gate", gate, verdict="warning" if open_gate else "off")


def _sprout(laser: Any, _limits: Limits) -> Iterator[Reading]:
    mode = str(laser.output_mode())
    yield Reading("mode", mode, verdict="on" if mode == "on" else "off")
    set_mw, seen_mw = 1e3 * float(laser.output_setpoint()), 1e3 * float(laser.output_power())
    away = mode == "on" and abs(seen_mw - set_mw) > max(LIGHT_TOLERANCE * set_mw, 10.0)
    yield Reading("power", seen_mw, "mW", set_mw, verdict=_if(away, "warning", mode == "on"))


def _beam(beam: Any, limits: Limits) -> Iterator[Reading]:
    power_mw, (x_nm, y_nm) = float(beam.power_mw()), beam.position()
    yield _amount("power before its gate", power_mw, "mW", limits.depletion_mw, power_mw > 0)
    yield Reading("null at", f"({x_nm:.1f}, {y_nm:.1f})", "nm", verdict="off")


def _magnet(magnet: Any, _limits: Limits) -> Iterator[Reading]:
    currents = [float(amps) for amps in magnet.currents()]
    for axis, amps, limit_a in zip(("x", "y", "main"), currents, magnet.limits_a, strict=True):
        yield _amount(axis, amps, "A", limit_a)
    field_mt = sum((row @ currents) ** 2 for row in magnet.coil_matrix_mt_per_a) ** 0.5
    yield Reading("nominal field", float(field_mt), "mT", verdict="on" if field_mt else "off")


def _nothing(_instrument: Any, _limits: Limits) -> Iterator[Reading]:
    """The card and what is built on it: tasks of theirs belong to the run."""
    yield Reading("card", "open")


_READERS: Final[Mapping[str, Callable[[Any, Limits], Iterator[Reading]]]] = {
    "B2962A": _supply,
    "YokogawaGS200": _trim,
    "SG386": _microwave,
    "Cobolt06": _green,
    "MPDS": _aom,
    "LighthousePhotonicsSproutG": _sprout,
    "DepletionBeam": _beam,
    "Magnet": _magnet,
}
"""Driver -> what is asked of it."""
