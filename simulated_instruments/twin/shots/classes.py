"""The classes of a shot: nuclear states, charge and line shifts of both NVs, and how many shots are in each.

Everything here varies from shot to shot and is the same throughout one. A spread of the lines is averaged over few
points: the shifts of both NVs are x = A p + c (1, 1) + y (s_L^2, -s_R^2) / s with s^2 = s_L^2 + s_R^2, where y is a
Gaussian of sigma 1 and c what is common: a Gaussian of variance (s_L s_R / s)^2 and the mains. That has the variances
s_L^2 and s_R^2 and no correlation but that of the mains.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physics.constants import GAMMA_E_HZ_PER_MT, NATURAL_C13_PERCENT, TWO_PI
from simulated_instruments.sample import Sample
from simulated_instruments.twin.conditions import Shots
from simulated_instruments.twin.shots.quadrature import gaussian, gaussian_and_sine, points_for

Real = NDArray[np.float64]

_TOLERANCE = 4e-3
"""Of a coherence that gathers phase all the time. Against five times more classes, the counts of a play of a tomography
are off by 0.01 to 0.02 of their shot noise (rms), the frozen state's Pauli terms by 0.001; long ones know them to 0.01.
"""
_LEAST_COLD = 0.95
"""Share of its polarisation that a bath keeps in a program: points are enough for the spread that it has then."""
_MOST = 180
"""Classes of pairs: more would cost seconds a play. A long train of pulses, or a wide spread, is averaged less well."""
_COARSER = 0.85
_MET = 8.0
"""A Lorentzian of half width w takes as many points as a phase of this many times sigma / w."""


def has_classes(sample: Sample) -> bool:
    """Whether shots differ from one another, or an NV has more than two levels."""
    bath = sample.bath
    nucleus = sample.nitrogen == "14N" and sample.nitrogen_polarisation < 1
    spread = bath.overhauser_khz > 0 or bath.overhauser_shift_khz != 0 or sample.mains_ripple_ut > 0
    return nucleus or spread or sample.optics.nv_minus < 1 or sample.optics.singlet_ns > 0


@dataclass(frozen=True)
class Spread:
    """How the lines are shifted, for any polarisation of the baths; in Hz of f-."""

    sigma_hz: float
    """Of each NV beside a hot bath."""
    shift_hz: float
    """Beside a wholly polarised one."""
    mains_hz: float
    """Rms, of both alike."""

    def own_hz(self, p: Real) -> Real:
        """(2,): spread of each NV's own shift. A cold bath narrows it."""
        return self.sigma_hz * np.sqrt(1.0 - np.clip(p, -1.0, 1.0) ** 2)

    def total_hz(self, p: Real) -> Real:
        """(2,): spread of each line."""
        return np.hypot(self.own_hz(p), self.mains_hz)

    def common_hz(self, p: Real) -> tuple[float, float]:
        """Spread of what the NVs' own shifts have in common, and of all that is common."""
        left, right = self.own_hz(p).tolist()
        own = left * right / max(float(np.hypot(left, right)), 1e-30)
        return own, float(np.hypot(own, self.mains_hz))

    def apart_hz(self, p: Real) -> Real:
        """(2,): shift of each NV for one sigma of what they do not have in common."""
        own = self.own_hz(p)
        return np.asarray(own**2 * np.array([1.0, -1.0]) / max(float(np.hypot(own[0], own[1])), 1e-30))


def spread_of(sample: Sample) -> Spread:
    """Of this sample."""
    bath, dilution = sample.bath, sample.c13_percent / NATURAL_C13_PERCENT
    return Spread(
        bath.overhauser_khz * 1e3 * dilution,
        bath.overhauser_shift_khz * 1e3 * dilution,
        sample.mains_ripple_ut * 1e-3 * GAMMA_E_HZ_PER_MT,
    )


@dataclass(frozen=True)
class Classes:
    """All classes of a program's shots."""

    spread: Spread
    weight: Real
    """(C,): share of the shots; the sum is 1."""
    nucleus: NDArray[np.intp]
    """(C, 2)"""
    negative: NDArray[np.bool_]
    """(C, 2)"""
    common: Real
    """(C,): c in units of its spread; where one NV alone is negative, its shift in units of its spread."""
    apart: Real
    """(C,): y."""

    def shots(self, p: Real) -> Shots:
        """What tells the classes apart beside baths of these polarisations (2,)."""
        both = self.negative[:, 0] & self.negative[:, 1]
        paired = self.common[:, None] * self.spread.common_hz(p)[1] + self.apart[:, None] * self.spread.apart_hz(p)
        alone = self.common[:, None] * self.spread.total_hz(p)
        offset = self.spread.shift_hz * p + np.where(both[:, None], paired, alone)
        return Shots(self.nucleus, self.negative, offset * self.negative)


def classes_of(sample: Sample, nuclear: Sequence[float], coherent_s: Real, met: bool, polarisation: Real) -> Classes:
    """Classes of a program.

    nuclear: population of each nuclear state. coherent_s: (2,) for how long a coherence of each NV lives. met: whether
    a bath meets an NV.
    """
    spread = spread_of(sample)
    points = _Points(spread, coherent_s, _half_width_hz(sample) if met else np.inf, polarisation)
    states = [(k, float(w)) for k, w in enumerate(nuclear) if w > 0]
    share = sample.optics.nv_minus
    while sum(points.paired_count(share**2 * left * right) for _, left in states for _, right in states) > _MOST:
        points.coarsen()
    rows: list[tuple[float, int, int, bool, bool, float, float]] = []
    for left, w_left in states:
        for right, w_right in states:
            weight = share**2 * w_left * w_right
            rows += [(weight * w, left, right, True, True, c, y) for w, c, y in points.paired(weight)]
    alone = share * (1.0 - share)
    if alone > 0:
        for state, w_state in states:
            weight = alone * w_state
            rows += [(weight * w, state, 0, True, False, c, 0.0) for w, c in points.alone(0, weight)]
            rows += [(weight * w, 0, state, False, True, c, 0.0) for w, c in points.alone(1, weight)]
        rows.append(((1.0 - share) ** 2, 0, 0, False, False, 0.0, 0.0))
    columns = list(zip(*rows, strict=True))
    return Classes(
        spread,
        np.array(columns[0]),
        np.array(columns[1:3], dtype=np.intp).T,
        np.array(columns[3:5], dtype=bool).T,
        np.array(columns[5]),
        np.array(columns[6]),
    )


def _half_width_hz(sample: Sample) -> float:
    width = sample.bath.cr_half_width_khz
    return np.inf if width == "paper" else width * 1e3


class _Points:
    """Points for the shifts: the fewer, the less of the shots they stand for."""

    def __init__(self, spread: Spread, coherent_s: Real, half_width_hz: float, p: Real) -> None:
        warm = _LEAST_COLD * p
        both = spread.common_hz(warm)[1]
        apart = np.abs(spread.apart_hz(warm))
        total = spread.total_hz(warm)
        self._own, self._mains = spread.common_hz(p)[0], spread.mains_hz
        self._spreads = spread.own_hz(p)
        turns = TWO_PI * coherent_s
        self._common = both * float(turns.max())
        self._apart = max(float((apart * turns).max()), float(apart.sum() * turns.min()))
        self._common = max(self._common, _MET * both / half_width_hz)
        self._apart = max(self._apart, _MET * float(apart.max()) / half_width_hz)
        self._alone = np.maximum(total * turns, _MET * total / half_width_hz)

    def coarsen(self) -> None:
        """Fewer points, that average shorter stretches alone."""
        self._common *= _COARSER
        self._apart *= _COARSER
        self._alone = _COARSER * self._alone

    def paired_count(self, weight: float) -> int:
        """How many points pairs take."""
        return points_for(self._common, _TOLERANCE / weight) * points_for(self._apart, _TOLERANCE / weight)

    def paired(self, weight: float) -> Iterator[tuple[float, float, float]]:
        """(weight, c, y) for pairs."""
        tolerance = _TOLERANCE / weight
        c_at, c_weight = gaussian_and_sine(points_for(self._common, tolerance), self._own, self._mains)
        y_at, y_weight = gaussian(points_for(self._apart, tolerance))
        for c, w_c in zip(c_at.tolist(), c_weight.tolist(), strict=True):
            for y, w_y in zip(y_at.tolist(), y_weight.tolist(), strict=True):
                yield w_c * w_y, c, y

    def alone(self, k: int, weight: float) -> Iterator[tuple[float, float]]:
        """(weight, shift) for one NV beside an NV0."""
        points = points_for(float(self._alone[k]), _TOLERANCE / weight)
        at, share = gaussian_and_sine(points, float(self._spreads[k]), self._mains)
        yield from zip(share.tolist(), at.tolist(), strict=True)
