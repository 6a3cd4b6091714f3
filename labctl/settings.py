"""What the bench is set to, as its drivers remember it: noted with every play, and set again after an interruption."""

from collections.abc import Mapping
from typing import Any

from sequences.lab import Lab
from sequences.routines import controls


def noted(lab: Lab) -> dict[str, Any]:
    """The settings that a play depends on, the magnet's apart; asks no instrument. None: never set."""
    remembered = {name: parameter.cache.get(get_if_invalid=False) for name, parameter in _parameters(lab).items()}
    x_nm, y_nm = lab.depletion_beam.position()
    return {**remembered, "null_x_nm": float(x_nm), "null_y_nm": float(y_nm)}


def restore(lab: Lab, settings: Mapping[str, Any]) -> None:
    """Set all of them again, and the beams' gates to the pulse lines; what was off stays off."""
    for coil, name in (
        (lab.shift_coil, "shift"),
        (lab.gradient_coil, "gradient"),
        (lab.compensation_coil, "compensation"),
    ):
        if settings[f"{name}_a"] is not None:
            coil.set_current(settings[f"{name}_a"])
            coil.output(bool(settings[name]))
    if settings["green_emission"] and settings["pump_output"]:
        controls.pump(lab, settings["pump_efficiency"])
    if settings["doughnut_mw"]:
        controls.doughnut(lab, settings["doughnut_mw"])
    controls.steer(lab, settings["null_x_nm"], settings["null_y_nm"])
    if settings["carrier"] in ("ON", True, 1):
        controls.carrier(lab, settings["carrier_hz"], settings["carrier_dbm"])


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
