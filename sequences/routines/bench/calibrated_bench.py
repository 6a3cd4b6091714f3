"""The calibrated bench: what earlier runs found, asked for by name, and the instruments set accordingly."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.engine.balance import release_states
from sequences.analysis.engine.engine_model import EngineModel, best_times_us, homogeneous_rad_per_s
from sequences.analysis.engine.engine_rows import Surroundings, in_engine, preparation
from sequences.analysis.engine.prediction import signed
from sequences.analysis.engine.release import Release
from sequences.analysis.pair.calibration import NAMES, Beam, PairCalibration
from sequences.analysis.pair.calibration_fit import MODES
from sequences.analysis.pair.shot_classes import FrozenField, nitrogen_lines
from sequences.core.discovery import EXPERIMENTS
from sequences.core.lab import Lab
from sequences.pulses.library import Gates, Reading, hot_left_after_cooling
from sequences.results import SequenceError
from sequences.routines.bench import controls
from sequences.routines.bench.line_delays import remainders
from sequences.routines.bench.selection import null_side

Real = NDArray[np.float64]

_UNMEASURED_DELAY_NS: Final = 30.0
_LEAST_DELAY_ERR_NS: Final = 1.0
_LEAST_COLD: Final = 0.3
_USUAL_HOT, _USUAL_COLD = 0.06, 0.985
"""Polarisation of the hot bath, and of the cold one over that of the NV that cools it, where none was measured yet."""
_RELEASE: Final = (
    "bath.left",
    "bath.right",
    "bath.start_z_left",
    "bath.start_z_right",
    "bath.balance",
    "cr.rate_per_s",
)
_FROZEN: Final = (
    "calibrated.shift_step_rad_per_s",
    "calibrated.nitrogen_zero_line_rad_per_s",
    "calibrated.nitrogen_minus_line_rad_per_s",
)


def calibrated(lab: Lab, key: str) -> float:
    """A calibrated value. Raises SequenceError naming the run that measures it."""
    found = lab.calibration.get(key)
    if found is None:
        raise SequenceError(f"No calibration of {key} is stored", _remedy(key), missing=key)
    return found.value


def _remedy(key: str) -> str:
    measuring = EXPERIMENTS.measuring(key)
    if measuring is None:
        return "None of the experiments says that it measures it: run the one that does first"
    return f"Run `labctl run {measuring.name}` first, or `labctl run engine`"


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
    """The doughnut at this power, with its null where it makes the right NV alone be pumped and read."""
    controls.doughnut(lab, mw)
    side = null_side(lab)
    controls.steer(lab, calibrated(lab, f"pair.{side}_x_nm"), calibrated(lab, f"pair.{side}_y_nm"))


@dataclass(frozen=True)
class CalibratedBench:
    """What the calibrated bench is composed of, for programs."""

    gates: Gates
    reading: Reading


def ready(lab: Lab) -> CalibratedBench:
    """Everything as `calibrate` left it: field, pulses, gradient, both beams."""
    set_field(lab)
    set_pulses(lab)
    controls.pump(lab, calibrated(lab, "beams.pump_efficiency"))
    set_doughnut(lab, calibrated(lab, "beams.doughnut_mw"))
    controls.gradient_coils(lab, calibrated(lab, "gradient.a"), calibrated(lab, "gradient.compensation_a"))
    return bench(lab)


def bench(lab: Lab) -> CalibratedBench:
    """The calibrated durations; sets nothing."""
    tick_ns = lab.wiring.tick_ns
    return CalibratedBench(
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
    frozen = calibration.frozen
    for key, value in zip(_FROZEN, (frozen.shift_step_rad_per_s, *frozen.nitrogen_rad_per_s), strict=True):
        lab.calibration.put(key, value, 0.0)


def pair(lab: Lab) -> PairCalibration:
    """The numbers of the pair as `calibrate` stored them."""
    keys = [f"calibrated.{name}" for name in NAMES]
    values = tuple(calibrated(lab, key) for key in keys)
    step, zero, minus = (calibrated(lab, key) for key in _FROZEN)
    return PairCalibration(
        values, np.asarray(lab.calibration.covariance(keys)), frozen=FrozenField(step, (zero, minus))
    )


def put_wander(lab: Lab, wander: Real) -> None:
    """Store by how much each of MODES differed from round to round."""
    for (what, _, _), size in zip(MODES, wander, strict=True):
        lab.calibration.put(f"wander.{what}", float(size), 0.0)


def wander(lab: Lab) -> Real:
    """(d,): what `put_wander` stored."""
    return np.array([calibrated(lab, f"wander.{what}") for what, _, _ in MODES])


def microwave_late_ns(lab: Lab) -> tuple[float, float]:
    """By how much a pulse comes later than its tick once whole ticks are taken care of, and its error."""
    found = lab.calibration.get("delays.mw_ns")
    return (remainders(lab)["mw_x"], max(found.error, _LEAST_DELAY_ERR_NS)) if found else (0.0, _UNMEASURED_DELAY_NS)


def usual_light(lab: Lab, reading: Reading) -> dict[Beam, float]:
    """Photons a shot in the reference windows of each beam during the calibration: the unit of brightness."""
    beams: tuple[Beam, Beam] = ("pump", "depletion")
    return {beam: calibrated(lab, f"beams.{beam}_light_per_us") * reading.reference_ns(beam) * 1e-3 for beam in beams}


# ---- the engine ------------------------------------------------------------------------------------------------


def line_shift(lab: Lab) -> tuple[float, float]:
    """By how much the polarised baths move the left and the right line, rad/s, as `cool` saw it on the right one."""
    right = calibrated(lab, "bath.shift_rad_per_s")
    left_share, right_share = line_shift_shares(lab)
    return right * left_share, right * right_share


def line_shift_shares(lab: Lab) -> tuple[float, float]:
    """Shift of the left and of the right line over that of the right one: a bath moves its line as it is polarised."""
    return calibrated(lab, "bath.left") / max(calibrated(lab, "bath.right"), _LEAST_COLD), 1.0


def surroundings(lab: Lab) -> Surroundings:
    """What differs between the engine's pair and a pumped one."""
    return Surroundings((calibrated(lab, "bath.left"), calibrated(lab, "bath.right")), line_shift(lab))


def engine_model(
    lab: Lab,
    calibration: PairCalibration | None = None,
    around: Surroundings | None = None,
    gates: Gates | None = None,
) -> EngineModel:
    """The engine as the calibrations know it. around, gates: instead of the baths and gate times found."""
    c = calibration or pair(lab)
    there = around or surroundings(lab)
    apart = c.named["detuning_left_rad_per_s"] - c.named["detuning_right_rad_per_s"]  # the field stands between them
    left, right = there.line_shift_rad_per_s
    lines = nitrogen_lines(calibrated(lab, "field.resonance_mt"))
    return EngineModel(
        g_rad_per_s=c.pair.g_rad_per_s,
        zz_rad_per_s=c.pair.zz_rad_per_s,
        gamma1_per_s=calibrated(lab, "cr.rate_per_s"),
        relaxation_per_s=c.pair.relaxation_per_s,
        dephasing_per_s=c.pair.dephasing_per_s,
        spins=lab.guesses.bath_spins,
        spread=replace(c.pair.spread.narrowed(there.polarisation), nitrogen_rad_per_s=lines),
        off_rad_per_s=(left + 0.5 * apart, right - 0.5 * apart),
        half_width_rad_per_s=homogeneous_rad_per_s(calibrated(lab, "cr.half_width_khz"), c.pair.spread),
        preparation=preparation(in_engine(c, there), hot_left_after_cooling(gates or bench(lab).gates)),
        charged=c.charged,
    )


def foreseen(lab: Lab, calibration: PairCalibration, gates: Gates) -> tuple[float, Real]:
    """Evolution time in us and Pauli vector (16,) that this pair should show best, before its baths were looked at.

    For a design, which takes the time to the grid itself: it is neither stored nor told.
    """
    cold = 2.0 * calibration.fidelity[1] - 1.0
    model = engine_model(lab, calibration, Surroundings((_USUAL_HOT, _USUAL_COLD * cold)), gates)
    times_us = best_times_us(model.g_rad_per_s, model.gamma1_per_s)
    vectors = model.states(times_us * 1e-6, (_USUAL_HOT, _USUAL_COLD * cold), (0.0, cold))
    best = int(np.argmax(signed(vectors)))
    return float(times_us[best]), vectors[best]


def foreseen_us(lab: Lab) -> float:
    """That evolution time for the pair as it was calibrated."""
    return foreseen(lab, pair(lab), bench(lab).gates)[0]


def put_release(lab: Lab, release: Release) -> None:
    """Store both baths and both NVs at release with their covariance."""
    for key, value, error in zip(_RELEASE, release.values, release.errors, strict=True):
        lab.calibration.put(key, value, float(error))
    lab.calibration.put_covariance(_RELEASE, release.covariance)
    lab.calibration.put("bath.evolution_us", release.evolution_us, 0.0)
    lab.calibration.put("bath.cooling_us", release.cooling_us, 0.0)


def release(lab: Lab) -> Release:
    """Both baths and both NVs at release, as `cool` measured them."""
    values = tuple(calibrated(lab, key) for key in _RELEASE)
    cycle_us = (calibrated(lab, "bath.evolution_us"), calibrated(lab, "bath.cooling_us"))
    return Release(*cycle_us, values, np.asarray(lab.calibration.covariance(_RELEASE)))


def predicted(lab: Lab, times_us: Real) -> Real:
    """(n, 16): the calibrated model's Pauli vectors after these evolution times, in cycles as `cool` measured them."""
    return release_states(engine_model(lab), release(lab), times_us)
