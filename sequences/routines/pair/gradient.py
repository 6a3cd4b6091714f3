"""The gradient and its compensation: which current puts which NV on resonance; does the doughnut tell them apart?"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.constants import GAMMA_E_HZ_PER_MT, TWO_PI
from sequences.analysis.pair.calibration import Beam, CountedProgram
from sequences.analysis.pair.resonances import TwoResonances, fit_two
from sequences.core.lab import Lab
from sequences.pulses.library import Reading, pulse
from sequences.results import SequenceError, Stream
from sequences.routines.bench import calibrated_bench, controls
from sequences.routines.pair.shots import Shot, count, in_own_light
from sequences.routines.stabilisation import Holding

Real = NDArray[np.float64]

_LEAST_SPLITTING_HZ: Final = 3e6
_LEAST_SIGNIFICANCE: Final = 8.0
_POINT_S: Final = 4.0
_FARTHEST_NM: Final = 70.0
"""From where the gradient is zero to the pair, at the most: the compensation is swept for so much."""


def find_resonances(lab: Lab, holding: Holding, reading: Reading, gradient_a: float) -> Stream[TwoResonances]:
    """Sweep the compensation with the gradient on: each NV dips where the two fields cancel at its place.

    The sweep takes a quarter of an hour, in which a null that is not followed leaves its NV.
    """
    quarter_ns, tick_ns = round(calibrated_bench.calibrated(lab, "microwave.pi_half_ns")), lab.wiring.tick_ns
    flip = pulse(2 * quarter_ns, "x", "gradient", tick_ns=tick_ns)
    slope = TWO_PI * GAMMA_E_HZ_PER_MT * lab.guesses.compensation_mt_per_a
    rabi = TWO_PI / (4.0 * quarter_ns * 1e-9)
    step_a = 0.5 * rabi / slope
    field_mt = 1e-3 * lab.guesses.gradient_ut_per_nm_per_a * gradient_a * _FARTHEST_NM
    half = min(lab.limits.pulsed_a, field_mt / lab.guesses.compensation_mt_per_a)
    currents = np.arange(-half, half, step_a)
    seen: dict[Beam, list[CountedProgram]] = {"pump": [], "depletion": []}
    for current_a in currents:
        yield from holding.between()
        controls.gradient_coils(lab, gradient_a, float(current_a))
        for beam, counted in seen.items():
            counted.append(count(lab, reading, Shot(flip, beam, _POINT_S)))
    common, selective = (_curve(in_own_light(counted)) for counted in seen.values())
    return fit_two(currents, common, selective, rabi, 2 * quarter_ns * 1e-9, slope)


def _curve(counted: Sequence[CountedProgram]) -> tuple[Real, Real]:
    return np.array([c.per_shot for c in counted]), np.array([c.error for c in counted])


def check_selective(found: TwoResonances, largest_cross_talk: float) -> None:
    """Raises SequenceError unless the gradient separates the NVs and the doughnut selects one of them."""
    if found.significance < _LEAST_SIGNIFICANCE:
        raise SequenceError(
            "No NV comes onto resonance while the compensation current is swept",
            "Check the line `gradient`, the pulsed coils' supply, and guesses.gradient_ut_per_nm_per_a",
            significance=found.significance,
        )
    splitting_hz = abs(found.left_a - found.right_a) * found.slope_rad_per_s_per_a / TWO_PI
    if splitting_hz < _LEAST_SPLITTING_HZ:
        raise SequenceError(
            f"The gradient separates the NVs by {splitting_hz / 1e6:.2f} MHz, below {_LEAST_SPLITTING_HZ / 1e6:g} MHz",
            "Raise gradient_a, or choose a pair that lies along the gradient",
            splitting_hz=splitting_hz,
        )
    if found.cross_talk > largest_cross_talk:
        raise SequenceError(
            f"The doughnut does not select one NV: its cross-talk is {found.cross_talk:.2f}"
            f"(±{found.cross_talk_err:.2f}), above {largest_cross_talk:g}; neither cooling nor read-out is selective",
            "Deepen the doughnut's null (vortex plate, polarisation, steering: labctl run locate) and repeat",
            cross_talk=found.cross_talk,
        )
