"""What `labctl check` says of every instrument: who answers, in which state, how fast. It only asks."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from labctl.silence import Silent
from labctl.station import OpenStation


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
        state = _STATES.get(type(instrument).__name__, lambda _: "answers")(instrument)
    except Exception as error:
        station.silent[name] = Silent.after(name, _address(station, name), error)
        return _silent(station, name)
    words = " ".join(str(part) for part in identity.values() if part)
    return Finding(name, _model(station, name), _address(station, name), words, state, answer_ms, True)


def _model(station: OpenStation, name: str) -> str:
    return station.file.instruments[name].type.rsplit(".", 1)[-1]


def _address(station: OpenStation, name: str) -> str:
    return station.file.instruments[name].address or ""


def _on(is_on: Any) -> str:
    return "on" if is_on in (True, "on", "ON", 1) else "off"


def _supply(supply: Any) -> str:
    channels = {"ch1": supply.ch1, "ch2": supply.ch2}
    return ", ".join(f"{n} {_on(c.output())} {1e3 * c.setpoint_a():g} mA" for n, c in channels.items())


def _trim(source: Any) -> str:
    level = f" {1e3 * source.current():g} mA" if source.source_mode() == "CURR" else ", a voltage source"
    return _on(source.output()) + level


def _microwave(source: Any) -> str:
    return f"{_on(source.enable_RF())} {source.frequency() / 1e6:.3f} MHz {source.amplitude_RF():g} dBm"


def _green(laser: Any) -> str:
    interlock = ", INTERLOCK OPEN" if laser.interlock_open() else ""
    fault = "" if laser.fault() == "none" else f", fault: {laser.fault()}"
    return f"emission {_on(laser.emission())}, set to {laser.power_mw():g} mW{interlock}{fault}"


def _aom(aom: Any) -> str:
    channels = {"pump": aom.pump, "doughnut": aom.doughnut}
    return ", ".join(f"{n} {_on(c.output())} {c.power_dbm():g} dBm {c.gate()}" for n, c in channels.items())


_STATES: Final[Mapping[str, Callable[[Any], str]]] = {
    "B2962A": _supply,
    "YokogawaGS200": _trim,
    "SG386": _microwave,
    "Cobolt06": _green,
    "MPDS": _aom,
    "LighthousePhotonicsSproutG": lambda laser: f"{laser.output_mode()}, set to {1e3 * laser.output_setpoint():g} mW",
    "NICard": lambda card: f"patterns to {card.do_max_hz / 1e6:g} MS/s",
    "PulseGenerator": lambda pulses: f"{pulses.tick_ns()} ns ticks",
    "PhotonCounter": lambda counter: f"photons at {counter.photons_terminal()}",
    "Magnet": lambda magnet: " ".join(f"{axis} {a:g} A" for axis, a in zip("xyz", magnet.currents(), strict=True)),
    "DepletionBeam": lambda beam: f"{beam.mode()}, {beam.power_mw():g} mW",
}
"""Driver -> the words for what it does now."""
