"""What the bench is set to, as its drivers remember it: noted with every play, and set again after an interruption."""

from collections.abc import Mapping
from typing import Any, Final

from instruments.roles import CurrentSource
from sequences.lab import Lab
from sequences.routines import controls

_COILS: Final = ("shift", "gradient", "compensation")


def noted(lab: Lab) -> dict[str, Any]:
    """The settings of what is on, that a play depends on, the magnet's apart; asks no instrument."""
    found: dict[str, Any] = {}
    for part in (lab.microwave, lab.green_laser, lab.aom, lab.depletion_beam, lab.pulse_generator, lab.photon_counter):
        found |= part.settings()
    for coil in _COILS:
        if settings := _coil(lab, coil).settings():
            found |= {coil: settings["output"], f"{coil}_a": settings["current_a"]}
    return found


def restore(lab: Lab, settings: Mapping[str, Any]) -> None:
    """Set all of them again, and the beams' gates to the pulse lines; what was off stays off."""
    for coil in _COILS:
        if coil in settings:
            _coil(lab, coil).energise(settings[f"{coil}_a"])
    if settings.keys() >= {"green_emission", "pump_output"}:
        controls.pump(lab, settings["pump_efficiency"])
    if "doughnut_mw" in settings:
        controls.doughnut(lab, settings["doughnut_mw"])
        controls.steer(lab, settings["null_x_nm"], settings["null_y_nm"])
    if "carrier" in settings:
        controls.carrier(lab, settings["carrier_hz"], settings["carrier_dbm"])


def _coil(lab: Lab, name: str) -> CurrentSource:
    coil: CurrentSource = getattr(lab, f"{name}_coil")
    return coil
