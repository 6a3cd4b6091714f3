"""Where to measure next on an ODMR line: a cloud of guesses that the counts thin out, and the place they disagree on.

Sequential Bayesian design as in Dushenko et al., Phys. Rev. Applied 14, 054036 (2020), with one difference: a frequency
is chosen for what it tells about the centre alone, since nobody asks for contrast or width.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.odmr import shares

Real = NDArray[np.float64]

GUESSES: Final = 2000
_SLICES: Final = 24
"""Parts of the cloud by centre; a frequency tells much if their mean signals differ."""
_THINNED: Final = 0.5
"""The cloud is drawn anew when its effective number has fallen to this share."""
_SHRINK: Final = 0.98
"""Of a new cloud about its mean, so that the spread added to it leaves its variance as it was (Liu and West)."""


@dataclass(frozen=True)
class Line:
    """What is believed of a line before it is measured; errors are 1 sigma."""

    centre_hz: float
    centre_err_hz: float
    width_scale: float = 1.0
    """Its width over what its power is believed to make."""
    width_scale_err: float = 0.15
    contrast: float = 0.1
    contrast_err: float = 0.04
    level_err: float = 0.003
    """Of the ratio with over without microwave, far from the line; it is 1 but for the beam's drift."""


@dataclass(frozen=True)
class Seen:
    """One measured point."""

    frequency_hz: float
    width_hz: float
    """That the power is believed to make."""
    ratio: float
    ratio_err: float


@dataclass(frozen=True)
class Cloud:
    """Weighted guesses of (centre, log width scale, contrast, level): values (n, 4), weights (n,)."""

    values: Real
    weights: Real
    offsets_hz: Real
    """Nuclear components relative to the first one."""
    polarisation: float

    @property
    def centre_hz(self) -> float:
        """Mean."""
        return float(self.weights @ self.values[:, 0])

    @property
    def centre_err_hz(self) -> float:
        """Standard deviation."""
        return float(np.sqrt(self.weights @ (self.values[:, 0] - self.centre_hz) ** 2))

    def signal(self, frequency_hz: Real, width_hz: float) -> Real:
        """(points, n): the ratio that every guess expects at these frequencies."""
        centre, scale, contrast, level = self.values.T
        half = 0.5 * width_hz * np.exp(scale)
        weights = shares(len(self.offsets_hz), self.polarisation)
        away = np.asarray(frequency_hz)[:, None] - centre
        dip = np.zeros(away.shape)
        for offset, share in zip(self.offsets_hz, weights, strict=True):
            dip += share / (1.0 + ((away - offset) / half) ** 2)
        return np.asarray(level * (1.0 - contrast * dip))


def cloud_of(line: Line, offsets_hz: Real, polarisation: float, chance: np.random.Generator) -> Cloud:
    """The cloud before anything was measured. Centres are spread evenly, over three sigma either way."""
    rank = (np.arange(GUESSES) + 0.5) / GUESSES
    normal = chance.standard_normal((GUESSES, 3))
    values = np.column_stack(
        [
            line.centre_hz + line.centre_err_hz * 3.0 * (2.0 * rank - 1.0),
            np.log(line.width_scale) + line.width_scale_err * normal[:, 0],
            np.maximum(line.contrast + line.contrast_err * normal[:, 1], 0.1 * line.contrast),
            1.0 + line.level_err * normal[:, 2],
        ]
    )
    weights = np.exp(-0.5 * (3.0 * (2.0 * rank - 1.0)) ** 2)
    return Cloud(values, weights / weights.sum(), np.asarray(offsets_hz, dtype=float), polarisation)


def learned(cloud: Cloud, seen: Seen, chance: np.random.Generator) -> Cloud:
    """The cloud after one more point; drawn anew when few guesses carry all the weight."""
    expected = cloud.signal(np.array([seen.frequency_hz]), seen.width_hz)[0]
    log = -0.5 * ((seen.ratio - expected) / seen.ratio_err) ** 2
    weights = cloud.weights * np.exp(log - log.max())
    after = replace(cloud, weights=weights / weights.sum())
    effective = 1.0 / float(after.weights @ after.weights)
    return _drawn_anew(after, chance) if effective < _THINNED * len(weights) else after


def told_at(cloud: Cloud, frequencies_hz: Real, width_hz: float) -> Real:
    """(points,): variance of the signal that the centre alone explains, at each of these frequencies."""
    order = np.argsort(cloud.values[:, 0])
    signal, weights = cloud.signal(frequencies_hz, width_hz)[:, order], cloud.weights[order]
    edges = np.searchsorted(np.cumsum(weights), np.linspace(0.0, 1.0, _SLICES + 1)[1:-1])
    starts = np.unique(np.concatenate([[0], edges[edges < len(weights)]]))
    mass = np.add.reduceat(weights, starts)
    means = np.add.reduceat(signal * weights, starts, axis=1) / np.maximum(mass, 1e-300)
    middle = means @ mass
    return np.asarray(((means - middle[:, None]) ** 2) @ mass)


def best_frequency(cloud: Cloud, width_hz: float, chance: np.random.Generator) -> float:
    """Where the next point tells most about the centre; among equals, one at random."""
    reach = 3.0 * cloud.centre_err_hz + 1.2 * width_hz
    around = cloud.centre_hz + reach * np.linspace(-1.0, 1.0, 81)
    candidates = np.unique(np.concatenate([around + offset for offset in cloud.offsets_hz]))
    told = told_at(cloud, candidates, width_hz)
    good = np.flatnonzero(told > 0.9 * told.max())
    return float(candidates[chance.choice(good)])


def _drawn_anew(cloud: Cloud, chance: np.random.Generator) -> Cloud:
    """Systematic resampling, then a little spread along the cloud's own directions."""
    n = len(cloud.weights)
    place = (np.arange(n) + chance.random()) / n
    chosen = cloud.values[np.minimum(np.searchsorted(np.cumsum(cloud.weights), place), n - 1)]
    mean, covariance = chosen.mean(axis=0), np.cov(chosen.T) + 1e-18 * np.eye(4)
    spread = chance.multivariate_normal(np.zeros(4), (1.0 - _SHRINK**2) * covariance, size=n, method="eigh")
    values = mean + _SHRINK * (chosen - mean) + spread
    values[:, 2] = np.abs(values[:, 2])
    return replace(cloud, values=values, weights=np.full(n, 1.0 / n))
