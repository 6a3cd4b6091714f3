"""The calibrated bench: what earlier runs found, asked for by name, and the instruments set accordingly."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.calibration import NAMES, PairCalibration
from sequences.analysis.engine_model import EngineModel
from sequences.analysis.release import Release, release_states
from sequences.lab import Lab
from sequences.pulses.library import Gates, Reading
from sequences.results import SequenceError
from sequences.routines import controls

_MEASURED_BY: Final = {
    "field": "align",
    "magnet": "align",
    "cr": "relaxometry",
    "bath": "cool",
    "microwave": "rabi",
    "shift": "rabi",
    "pair": "locate",
    "beams": "calibrate",
    "gradient": "calibrate",
    "gates": "calibrate",
    "calibrated": "calibrate",
    "delays": "delays",
}
"""First part of a calibration's key -> the sequence that measures it."""


def calibrated(lab: Lab, key: str) -> float:
    """A calibrated value. Raises SequenceError naming the run that measures it."""
    found = lab.calibration.get(key)
    if found is None:
        run = _MEASURED_BY[key.split(".")[0]]
        raise SequenceError(
            f"No calibration of {key} is stored", f"Run `labctl run {run}` first, or `labctl run engine`", missing=key
        )
    return found.value


def calibrated_err(lab: Lab, key: str) -> float:
    """1 sigma of a calibrated value."""
    calibrated(lab, key)
    found = lab.calibration.get(key)
    return found.error if found else float("inf")


def set_field(lab: Lab) -> None:
    """The magnet on the 13C resonance; ramps only if it is not there."""
    lab.magnet.switch_on()
    lab.magnet.ramp_to((calibrated(lab, "field.x_a"), calibrated(lab, "field.y_a"), calibrated(lab, "field.main_a")))


def set_pulses(lab: Lab) -> None:
    """Freezing current and the microwave on the frozen line, at the power of a pi/2 pulse."""
    controls.shift_coil(lab, calibrated(lab, "shift.a"))
    controls.carrier(lab, calibrated(lab, "microwave.frozen_hz"), calibrated(lab, "microwave.pi_half_dbm"))


def set_doughnut(lab: Lab, mw: float) -> None:
    """The doughnut at this power, with its null on the left NV."""
    controls.doughnut(lab, mw)
    controls.steer(lab, calibrated(lab, "pair.left_x_nm"), calibrated(lab, "pair.left_y_nm"))


@dataclass(frozen=True)
class Bench:
    """What the calibrated bench is composed of, for programs."""

    gates: Gates
    reading: Reading


def ready(lab: Lab) -> Bench:
    """Everything as `calibrate` left it: field, pulses, gradient, both beams."""
    set_field(lab)
    set_pulses(lab)
    controls.pump(lab, calibrated(lab, "beams.pump_efficiency"))
    set_doughnut(lab, calibrated(lab, "beams.doughnut_mw"))
    controls.gradient_coils(lab, calibrated(lab, "gradient.a"), calibrated(lab, "gradient.compensation_a"))
    tick_ns = lab.wiring.tick_ns
    return Bench(
        Gates(
            quarter_ns=round(calibrated(lab, "microwave.pi_half_ns")),
            gate_ns=round(calibrated(lab, "gates.gate_ns")),
            tick_ns=tick_ns,
        ),
        Reading(
            pumping_ns=round(calibrated(lab, "beams.pumping_ns")),
            pump_ns=round(calibrated(lab, "beams.pump_window_ns")),
            doughnut_ns=round(calibrated(lab, "beams.doughnut_window_ns")),
            tick_ns=tick_ns,
        ),
    )


def put_pair(lab: Lab, calibration: PairCalibration) -> None:
    """Store the numbers of the pair with their covariance."""
    keys = [f"calibrated.{name}" for name in NAMES]
    for key, value, error in zip(keys, calibration.values, calibration.errors, strict=True):
        lab.calibration.put(key, value, float(error))
    lab.calibration.put_covariance(keys, calibration.covariance)


def pair(lab: Lab) -> PairCalibration:
    """The numbers of the pair as `calibrate` stored them."""
    keys = [f"calibrated.{name}" for name in NAMES]
    values = tuple(calibrated(lab, key) for key in keys)
    return PairCalibration(values, np.asarray(lab.calibration.covariance(keys)))


def engine_model(lab: Lab) -> EngineModel:
    """The engine as the calibrations know it."""
    found = pair(lab).pair
    return EngineModel(
        g_rad_per_s=found.g_rad_per_s,
        zz_rad_per_s=found.zz_rad_per_s,
        gamma1_per_s=calibrated(lab, "cr.rate_per_s"),
        relaxation_per_s=found.relaxation_per_s,
        dephasing_per_s=found.dephasing_per_s,
        spins=lab.guesses.bath_spins,
    )


def release(lab: Lab) -> Release:
    """Both baths and both NVs at release, as `cool` measured them."""

    def both(pattern: str) -> tuple[float, float]:
        return calibrated(lab, pattern.format("left")), calibrated(lab, pattern.format("right"))

    def errors(pattern: str) -> tuple[float, float]:
        return calibrated_err(lab, pattern.format("left")), calibrated_err(lab, pattern.format("right"))

    return Release(
        evolution_us=calibrated(lab, "bath.evolution_us"),
        polarisation=both("bath.{}"),
        polarisation_err=errors("bath.{}"),
        slope_per_us=both("bath.{}_slope_per_us"),
        start_z=both("bath.start_z_{}"),
        start_z_err=errors("bath.start_z_{}"),
        gamma1_per_s=calibrated(lab, "cr.rate_per_s"),
        gamma1_err_per_s=calibrated_err(lab, "cr.rate_per_s"),
        reduced_chi2=1.0,
    )


def predicted(lab: Lab, times_us: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 16): the calibrated model's Pauli vectors after these evolution times, in cycles as `cool` measured them."""
    return release_states(engine_model(lab), release(lab), times_us)
