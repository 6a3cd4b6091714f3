"""What every instrument does now, against its limits: asked over its wire while experiments go on.

It only reads, and nothing that a driver waits for: no queue of errors, no task of the card. A laser whose head wants
peace between commands is asked little each time.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from instruments.aom import MAX_DBM
from instruments.errors import InstrumentError
from instruments.green_laser import MAX_POWER_MW
from instruments.ni_card import ANALOGUE_OUTPUTS, LARGEST_V
from labctl.station import OpenStation
from labctl.station_file import StationFile

LOG: Final = logging.getLogger(__name__)
Verdict = Literal["off", "on", "warning", "fault", "silent"]
_WORST_FIRST: Final[tuple[Verdict, ...]] = ("silent", "fault", "warning", "on", "off")

BEYOND_LIMIT: Final = 1.002
"""Share of a limit from which on a value is wrong. At the limit a bench may well run for a night."""
LIGHT_TOLERANCE: Final = 0.05
"""Of a laser's power about what was asked for: twice what a settled head wanders."""
CURRENT_TOLERANCE_A: Final = 1e-3
"""Of a measured current about its setting: well beyond the supplies' accuracy."""
LEAST_GREEN_MW: Final = 0.2
"""Two steps of the green laser: no tolerance is finer."""
LEAST_SPROUT_MW: Final = 10.0
"""A step of the Sprout: no tolerance is finer."""


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
        readings = tuple(_READERS.get(model, _nothing)(station.instruments[name], station.file))
    except Exception as error:
        LOG.debug("Watching %s", name, exc_info=True)
        return Condition(name, model, address, "silent", f"does not answer ({_why(error)})", ())
    return Condition(name, model, address, _worst(readings), _words(readings), readings)


def _why(error: Exception) -> str:
    """Without what QCoDeS adds to it."""
    if isinstance(error, InstrumentError):
        return error.what
    return f"{type(error).__name__}: {error.args[0] if error.args else error}"


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


def _on(is_on: bool) -> Verdict:
    return "on" if is_on else "off"


def _if(wrong: bool, verdict: Verdict, is_on: bool) -> Verdict:
    return verdict if wrong else _on(is_on)


def _differs(seen: float, wanted: float, tolerance: float) -> bool:
    """Also if what was seen is not a number."""
    return not abs(seen - wanted) <= tolerance


def _amount(name: str, value: float, unit: str, limit: float, is_on: bool) -> Reading:
    """A quantity that has a limit either way."""
    return Reading(name, value, unit, limit=limit, verdict=_if(abs(value) > BEYOND_LIMIT * limit, "warning", is_on))


def _supply(supply: Any, _file: StationFile) -> Iterator[Reading]:
    for name, channel in (("ch1", supply.ch1), ("ch2", supply.ch2)):
        if channel.output():
            yield from _driven(name, channel)
            continue
        yield Reading(f"{name} current", 0.0, "A", float(channel.setpoint_a()), channel.limit_a, "off")
        if channel.tripped():
            yield Reading(f"{name} protection", "TRIPPED: it has switched the output off", verdict="fault")


def _driven(name: str, channel: Any) -> Iterator[Reading]:
    """A channel that is on. One that the run has just changed is not said to be wrong."""
    set_a, seen_a = float(channel.setpoint_a()), float(channel.current())
    away = _differs(seen_a, set_a, CURRENT_TOLERANCE_A) and channel.output() and float(channel.setpoint_a()) == set_a
    beyond = abs(seen_a) > BEYOND_LIMIT * channel.limit_a
    yield Reading(f"{name} current", seen_a, "A", set_a, channel.limit_a, _if(away or beyond, "warning", True))
    yield _amount(f"{name} voltage", float(channel.voltage()), "V", float(channel.voltage_limit()), is_on=True)
    if channel.in_compliance():
        yield Reading(f"{name} voltage limit", "REACHED: its coil may have come open", verdict="fault")


def _trim(source: Any, file: StationFile) -> Iterator[Reading]:
    is_on = source.output() == "on"
    if source.source_mode() != "CURR":
        yield Reading("mode", "voltage source", verdict=_if(is_on, "warning", is_on))
        return
    set_a = float(source.current())
    given = _amount("current", set_a if is_on else 0.0, "A", file.limits().trim_a, is_on)
    yield replace(given, asked_for=set_a)


def _microwave(source: Any, file: StationFile) -> Iterator[Reading]:
    is_on, limit_dbm = source.enable_RF() in ("ON", True, 1), file.limits().microwave_dbm
    power_dbm = float(source.amplitude_RF())
    yield Reading("output", is_on, verdict=_on(is_on))
    yield Reading(
        "power", power_dbm, "dBm", limit=limit_dbm, verdict=_if(is_on and power_dbm > limit_dbm, "fault", is_on)
    )
    yield Reading("frequency", float(source.frequency()) / 1e6, "MHz", verdict=_on(is_on))


def _green(laser: Any, file: StationFile) -> Iterator[Reading]:
    interlock_open = bool(laser.interlock_open())
    _ask_longest_unasked(laser.fault, laser.key_on, laser.operating_mode, laser.emission, laser.power_mw)
    fault, key_on, emits = str(laser.fault.cache()), bool(laser.key_on.cache()), bool(laser.emission.cache())
    yield Reading("interlock", "OPEN" if interlock_open else "closed", verdict=_if(interlock_open, "fault", False))
    yield Reading("fault", fault, verdict=_if(fault != "none", "fault", False))
    yield Reading("key", key_on, verdict=_if(not key_on, "warning", False))
    stage = str(laser.operating_mode.cache())
    yield Reading("stage", stage, verdict=_on(stage not in ("off", "completed")))
    yield Reading("emission", emits, verdict=_on(emits))
    set_mw = float(laser.power_mw.cache())
    seen_mw = float(laser.measured_power_mw()) if emits else 0.0
    away = emits and _differs(seen_mw, set_mw, max(LIGHT_TOLERANCE * set_mw, LEAST_GREEN_MW))
    limit_mw = min(file.limits().green_mw, MAX_POWER_MW)
    yield Reading("power", seen_mw, "mW", set_mw, limit_mw, _if(away or seen_mw > limit_mw, "warning", emits))


def _ask_longest_unasked(*parameters: Any) -> None:
    """Ask those that never were asked, or else the one whose answer is oldest; what is set is known anyway.

    Each question costs the head 100 ms of peace: to a run that wants the laser meanwhile, and to laboratory time.
    """
    for parameter in [p for p in parameters if p.cache.timestamp is None] or [_oldest(parameters)]:
        parameter.get()


def _oldest(parameters: tuple[Any, ...]) -> Any:
    return min(parameters, key=lambda parameter: parameter.cache.timestamp)


def _aom(aom: Any, _file: StationFile) -> Iterator[Reading]:
    status = aom.status()
    for name, number in (("pump", 1), ("doughnut", 2)):
        channel = status[number]
        is_open = channel.is_on and not channel.is_external
        gate = "external" if channel.is_external else "internal: always open"
        yield Reading(f"{name} output", channel.is_on, verdict=_on(channel.is_on))
        yield Reading(f"{name} RF", channel.power_dbm, "dBm", limit=MAX_DBM, verdict=_on(channel.is_on))
        yield Reading(f"{name} frequency", channel.frequency_mhz, "MHz", verdict="off")
        yield Reading(f"{name} gate", gate, verdict=_if(is_open, "warning", False))


def _sprout(laser: Any, _file: StationFile) -> Iterator[Reading]:
    mode, interlock, shutter = str(laser.output_mode()), str(laser.interlock_status()), str(laser.shutter_status())
    warned, is_on = str(laser.warning_status()), mode == "on"
    yield Reading("mode", mode, verdict=_on(is_on))
    set_mw, seen_mw = 1e3 * float(laser.output_setpoint()), 1e3 * float(laser.output_power())
    away = is_on and _differs(seen_mw, set_mw, max(LIGHT_TOLERANCE * set_mw, LEAST_SPROUT_MW))
    yield Reading("power", seen_mw, "mW", set_mw, verdict=_if(away, "warning", is_on))
    yield Reading("its interlock", interlock, verdict=_if(interlock == "OPEN", "fault", False))
    yield Reading("shutter", shutter.lower(), verdict=_if(is_on and shutter == "CLOSED", "warning", False))
    yield Reading("warning", warned.lower(), verdict=_if(warned != "NONE", "warning", False))


def _beam(beam: Any, file: StationFile) -> Iterator[Reading]:
    power_mw, (x_nm, y_nm) = float(beam.power_mw()), beam.position()
    yield _amount("power before its gate", power_mw, "mW", file.limits().depletion_mw, power_mw > 0)
    yield Reading("kind", str(beam.mode()), verdict="off")
    for axis, nm in (("x", x_nm), ("y", y_nm)):
        yield Reading(f"null at {axis}", float(nm), "nm", verdict="off")


def _magnet(magnet: Any, file: StationFile) -> Iterator[Reading]:
    currents = [float(amps) for amps in magnet.currents()]
    most_a = (file.limits().trim_a, file.limits().trim_a, file.limits().main_a)
    for axis, amps, limits in zip(("x", "y", "main"), currents, zip(most_a, magnet.limits_a, strict=True), strict=True):
        yield _amount(axis, amps, "A", min(limits), amps != 0)
    field_mt = float(sum((row @ currents) ** 2 for row in magnet.coil_matrix_mt_per_a) ** 0.5)
    yield Reading("nominal field", field_mt, "mT", verdict=_on(field_mt > 0))


def _card(card: Any, _file: StationFile) -> Iterator[Reading]:
    """What was written last: the card cannot read its outputs back, and its tasks belong to the run."""
    yield Reading("card", "open")
    for output in ANALOGUE_OUTPUTS:
        if (volts := card.parameters[output].cache.get(get_if_invalid=False)) is not None:
            yield Reading(output, float(volts), "V", limit=LARGEST_V, verdict="off")


def _pulses(pulses: Any, file: StationFile) -> Iterator[Reading]:
    """What the driver remembers, and what hangs on the lines."""
    yield Reading("pattern", float(pulses.ticks()), "ticks", verdict=_on(pulses.ticks() > 0))
    yield Reading("repeats", float(pulses.repeats.cache()), verdict=_on(pulses.repeats.cache() > 0))
    for role, line in sorted(file.wiring().lines.items(), key=lambda pair: pair[1]):
        yield Reading(f"line {line}", role, verdict="off")


def _counter(counter: Any, _file: StationFile) -> Iterator[Reading]:
    for role in ("photons", "gate_signal", "gate_reference"):
        terminal = counter.parameters[f"{role}_terminal"].cache()
        yield Reading(role.replace("_", " of "), f"at {terminal}", verdict=_on(role == "photons"))


def _nothing(_instrument: Any, _file: StationFile) -> Iterator[Reading]:
    """A driver that nothing is known of."""
    yield Reading("driver", "open")


_READERS: Final[Mapping[str, Callable[[Any, StationFile], Iterator[Reading]]]] = {
    "B2962A": _supply,
    "YokogawaGS200": _trim,
    "SG386": _microwave,
    "Cobolt06": _green,
    "MPDS": _aom,
    "LighthousePhotonicsSproutG": _sprout,
    "NICard": _card,
    "PulseGenerator": _pulses,
    "PhotonCounter": _counter,
    "DepletionBeam": _beam,
    "Magnet": _magnet,
}
"""Driver -> what is asked of it."""
