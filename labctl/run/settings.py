"""What the bench is set to, as its drivers remember it: noted with every play."""

from typing import Any, Final

from instruments.interface.roles import CurrentSource
from sequences.core.lab import Lab

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


def _coil(lab: Lab, name: str) -> CurrentSource:
    coil: CurrentSource = getattr(lab, f"{name}_coil")
    return coil
