"""What is known of the pair before its joint calibration: values to start from, and how far each may be off."""

import numpy as np
from numpy.typing import NDArray

from physics.constants import TWO_PI
from physics.coupling import dipolar_rad_per_s
from sequences.analysis.pair.calibration import NAMES, Beam, PairCalibration
from sequences.analysis.pair.resonances import TwoResonances
from sequences.analysis.pair.shot_classes import frozen_field
from sequences.core.lab import Lab
from sequences.pulses.library import Reading, pulse
from sequences.pulses.program import Program
from sequences.routines.bench import calibrated_bench
from sequences.routines.pair.shots import Shot, count, in_own_light

Real = NDArray[np.float64]

_LEVEL_S = 30.0


def first(lab: Lab, reading: Reading, found: TwoResonances) -> tuple[PairCalibration, Real]:
    """Values to start from, and 1 sigma of each (p,); infinite where nothing is known."""
    zz = float(dipolar_rad_per_s(_separation_nm(lab)))
    rabi = TWO_PI / (4.0 * calibrated_bench.calibrated(lab, "microwave.pi_half_ns") * 1e-9)
    values = {**_light(lab, reading, found, rabi), **_spins(lab, found, zz, rabi)}
    sigma = known(lab, zz, rabi)
    start = tuple(float(values.get(name, 0.0)) for name in NAMES)
    shift_mt = lab.guesses.shift_mt_per_a * calibrated_bench.calibrated(lab, "shift.a")
    frozen = frozen_field(calibrated_bench.calibrated(lab, "field.resonance_mt"), shift_mt)
    return PairCalibration(start, np.zeros((len(NAMES), len(NAMES))), frozen=frozen), sigma


def _spins(lab: Lab, found: TwoResonances, zz: float, rabi: float) -> dict[str, float]:
    return {
        "g_rad_per_s": zz / 2.0,
        "zz_rad_per_s": zz,
        "rabi_x_rad_per_s": rabi,
        "rabi_y_rad_per_s": rabi,
        "gradient_left_rad_per_s": (found.left_a - found.right_a) * found.slope_rad_per_s_per_a,  # f- falls with B
        "leak_left_per_s": 200.0,
        "leak_right_per_s": 300.0,
        "relaxation_per_s": 200.0,
        "dephasing_per_s": 1.5e3 * lab.guesses.c13_percent / 1.1,
        "spread_left_khz2": 25.0,
        "spread_right_khz2": 25.0,
        "nitrogen_zero": 0.01,
        "nitrogen_minus": 0.01,
        "neutral_left": 0.05,
        "neutral_right": 0.05,
        "microwave_late_ns": calibrated_bench.microwave_late_ns(lab)[0],
        "fidelity_left": lab.guesses.pump_fidelity,
        "fidelity_right": lab.guesses.pump_fidelity,
    }


def _light(lab: Lab, reading: Reading, found: TwoResonances, rabi: float) -> dict[str, float]:
    """Both read-outs from bright and dark, taken as if pumping were as good as guessed."""
    tick_ns = lab.wiring.tick_ns
    quarter_ns = lab.whole_ticks(float(np.pi / 2 / rabi * 1e9))
    bright, dark = Program("bright", tick_ns), pulse(2 * quarter_ns, "x", tick_ns=tick_ns)
    pumped = 2.0 * lab.guesses.pump_fidelity - 1.0
    (pump, pump_half), (ring, ring_half) = (
        _levels(lab, reading, beam, (bright, dark)) for beam in ("pump", "depletion")
    )
    left = ring_half * found.cross_talk / (1 + found.cross_talk)
    return {
        "pump_level": pump,
        "pump_left": 0.5 * pump_half / pumped,
        "pump_right": 0.5 * pump_half / pumped,
        "doughnut_level": ring,
        "doughnut_left": left / pumped,
        "doughnut_right": (ring_half - left) / pumped,
    }


def known(lab: Lab, zz: float, rabi: float) -> Real:
    """(p,): 1 sigma of each number beforehand, for couplings about these; infinite where nothing is known."""
    _, late_err = calibrated_bench.microwave_late_ns(lab)
    sigma = {
        "g_rad_per_s": 0.3 * zz,
        "zz_rad_per_s": 0.3 * zz,
        "rabi_x_rad_per_s": 0.05 * rabi,
        "rabi_y_rad_per_s": 0.05 * rabi,
        "quadrature_rad": 0.06,
        "detuning_left_rad_per_s": TWO_PI * 150e3,
        "detuning_right_rad_per_s": TWO_PI * 150e3,
        "leak_left_per_s": 1e3,
        "leak_right_per_s": 1e3,
        "relaxation_per_s": 300.0,
        "dephasing_per_s": 3e3,
        "spread_left_khz2": 1e5,
        "spread_right_khz2": 1e5,
        "spread_common_khz2": 2e3,
        "nitrogen_zero": 0.05,
        "nitrogen_minus": 0.05,
        "neutral_left": 0.2,
        "neutral_right": 0.2,
        "microwave_late_ns": late_err,
        "settling_share": 2e-3,
        "fidelity_left": lab.guesses.pump_fidelity_err,
        "fidelity_right": lab.guesses.pump_fidelity_err,
    }
    return np.array([sigma.get(name, np.inf) for name in NAMES])


def _levels(lab: Lab, reading: Reading, beam: Beam, programs: tuple[Program, Program]) -> tuple[float, float]:
    """Mean and half difference of the photons a shot after two programs."""
    counted = [count(lab, reading, Shot(program, beam, _LEVEL_S)) for program in programs]
    high, low = (told.per_shot for told in in_own_light(counted))
    return 0.5 * (high + low), 0.5 * (high - low)


def _separation_nm(lab: Lab) -> float:
    x, y = (
        calibrated_bench.calibrated(lab, f"pair.right_{axis}_nm")
        - calibrated_bench.calibrated(lab, f"pair.left_{axis}_nm")
        for axis in "xy"
    )
    return float(np.hypot(x, y))
