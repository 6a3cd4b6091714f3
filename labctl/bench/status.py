"""What every instrument does now, against its limits: asked over its wire while experiments go on.

It only reads, and nothing that a driver waits for: no queue of errors, no task of the card. A laser whose head wants
peace between commands is asked little each time.
"""

import logging
from dataclasses import dataclass
from typing import Any, Final

from instruments.common.errors import InstrumentError
from instruments.interface.readings import Reading, Verdict, on
from labctl.bench.station import OpenStation
from labctl.config.station_file import StationFile

__all__ = ["Condition", "Reading", "Verdict", "condition", "conditions", "readings_of", "said", "value_words"]

LOG: Final = logging.getLogger(__name__)
_PULSES: Final = "pulse_generator"
_WORST_FIRST: Final[tuple[Verdict, ...]] = ("silent", "fault", "warning", "on", "off")


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
        readings = readings_of(station, name)
    except Exception as error:
        LOG.debug("Watching %s", name, exc_info=True)
        return Condition(name, model, address, "silent", f"does not answer ({_why(error)})", ())
    return Condition(name, model, address, _worst(readings), _words(readings), readings)


def readings_of(station: OpenStation, name: str) -> tuple[Reading, ...]:
    """What an instrument that is open says of itself, and what station.yaml says of its lines."""
    found: Any = station.instruments[name]
    readings = tuple(found.readings()) if hasattr(found, "readings") else (Reading("driver", "open"),)
    return readings + (_lines(station.file, found.levels()) if name == _PULSES else ())


def _lines(file: StationFile, levels: int | None) -> tuple[Reading, ...]:
    """What hangs on the pulse lines, and which of them rest high. levels: bit k for line k; None: not known."""
    lines = sorted(file.wiring().lines.items(), key=lambda pair: pair[1])
    high = {role for role, line in lines if (levels or 0) >> line & 1}
    return tuple(
        Reading(f"line {line}", f"{role}, rests high" if role in high else role, verdict=on(role in high))
        for role, line in lines
    )


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
