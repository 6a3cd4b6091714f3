"""What `labctl check` says of every instrument: who answers, in which state, how fast. It only asks."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from instruments.interface.readings import Reading
from labctl.bench.station import OpenStation
from labctl.bench.status import readings_of, said
from labctl.bench.unreachable import Silent


@dataclass(frozen=True)
class Finding:
    """One line of the check."""

    role: str
    model: str
    """The driver's class."""
    address: str
    """Empty for what is put together from other instruments."""
    identification: str
    state: str
    answer_ms: float | None
    """Wall time that the identification took."""
    ok: bool


def findings(station: OpenStation) -> list[Finding]:
    """All instruments of station.yaml in its order."""
    return [
        _silent(station, name) if name in station.silent else _found(station, name) for name in station.file.instruments
    ]


def _silent(station: OpenStation, name: str) -> Finding:
    return Finding(name, _model(station, name), _address(station, name), "", "no answer", None, False)


def _found(station: OpenStation, name: str) -> Finding:
    instrument = station.instruments[name]
    began_s = time.perf_counter()
    try:
        identity = instrument.get_idn()
        answer_ms = 1e3 * (time.perf_counter() - began_s)
        state = _state(readings_of(station, name))
    except Exception as error:
        station.silent[name] = Silent.after(name, _address(station, name), error)
        return _silent(station, name)
    words = " ".join(str(part) for part in identity.values() if part)
    return Finding(name, _model(station, name), _address(station, name), words, state, answer_ms, True)


def _model(station: OpenStation, name: str) -> str:
    return station.file.instruments[name].type.rsplit(".", 1)[-1]


def _address(station: OpenStation, name: str) -> str:
    return station.file.instruments[name].address or ""


def _state(readings: Iterable[Reading]) -> str:
    """What it does and what it is set to; what is wrong first."""
    order: dict[str, int] = {"fault": 0, "warning": 1}
    return ", ".join(_words(r) for r in sorted(readings, key=lambda reading: order.get(reading.verdict, 2)))


def _words(reading: Reading) -> str:
    differs = reading.asked_for is not None and reading.asked_for != reading.value
    return f"{said(reading)} (set to {reading.asked_for:g} {reading.unit})" if differs else said(reading)
