"""What the bench is set to, as its drivers remember it: noted with every play."""

from collections.abc import Mapping
from typing import Any, Final

from sequences.lab import Lab

_MATTER: Final[Mapping[str, tuple[str, ...]]] = {
    "green_emission": (),
    "carrier": ("carrier_hz", "carrier_dbm"),
    "pump_output": ("pump_efficiency",),
    "doughnut_mw": ("null_x_nm", "null_y_nm"),
    "shift": ("shift_a",),
    "gradient": ("gradient_a",),
    "compensation": ("compensation_a",),
}
"""Of what is on, its settings; those of what is off are whatever an earlier run has left."""


def noted(lab: Lab) -> dict[str, Any]:
    """The settings of what is on, that a play depends on, the magnet's apart; asks no instrument."""
    found = {name: parameter.cache.get(get_if_invalid=False) for name, parameter in _parameters(lab).items()}
    x_nm, y_nm = lab.depletion_beam.position()
    found |= {"null_x_nm": float(x_nm), "null_y_nm": float(y_nm), "carrier": found["carrier"] in ("ON", True, 1)}
    return {name: found[name] for source, more in _MATTER.items() if found[source] for name in (source, *more)}


def _parameters(lab: Lab) -> dict[str, Any]:
    return {
        "carrier_hz": lab.microwave.frequency,
        "carrier_dbm": lab.microwave.amplitude_RF,
        "carrier": lab.microwave.enable_RF,
        "green_emission": lab.green_laser.emission,
        "pump_efficiency": lab.aom.pump.efficiency,
        "pump_output": lab.aom.pump.output,
        "doughnut_mw": lab.depletion_beam.power_mw,
        "shift_a": lab.shift_coil.source_current,
        "shift": lab.shift_coil.output,
        "gradient_a": lab.gradient_coil.source_current,
        "gradient": lab.gradient_coil.output,
        "compensation_a": lab.compensation_coil.source_current,
        "compensation": lab.compensation_coil.output,
    }
