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

_GUESSES: Final = 1000
_CANDIDATES: Final = 41
"""Frequencies that are weighed about each nuclear component."""
_NEGLIGIBLE: Final = 0.02
"""Share of a component below which nothing is looked for on it."""
_SLICES: Final = 16
"""Parts of the cloud by centre; a frequency tells much if their mean signals differ."""
_ALIKE: Final = 0.9
"""Frequencies that tell nearly as much as the best one are as good: one of them at random, so all slopes get a turn."""
_THINNED: Final = 0.5
"""The cloud is drawn anew when its effective number has fallen to this share."""
_SHRINK: Final = 0.98
"""Of a new cloud about its mean, so that the spread added to it leaves its variance as it was (Liu and West, 2001)."""
_REACH_SIGMA: Final = 3.0


@dataclass(frozen=True)
class Belief:
    """What is believed of a line before it is measured; errors are 1 sigma."""

    centre_hz: float
    """Of the first nuclear component."""
    centre_err_hz: float
    contrast: float
    """Of all components together."""
    contrast_err: float
    width_err: float = 0.2
    """Relative, of the width that a power is believed to make."""
    level_err: float = 0.003
    """Of the ratio with over without microwave far from the line, which is 1 but for the beam's drift."""


@dataclass(frozen=True)
class Cloud:
    """Weighted guesses of (centre in Hz, log of true over believed width, contrast, level): (n, 4), weights (n,)."""

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
        away = (np.asarray(frequency_hz)[:, None] - centre) / half
        dip = np.zeros(away.shape)
        for offset, share in zip(self.offsets_hz, self._shares(), strict=True):
            if share > 0.0:
                dip += share / (1.0 + (away - offset / half) ** 2)
        return np.asarray(level * (1.0 - contrast * dip))

    def told(self, frequency_hz: Real, width_hz: float) -> Real:
        """(points,): variance of the signal that the centre alone explains, at each of these frequencies."""
        order = np.argsort(self.values[:, 0])
        weights = self.weights[order]
        signal = self.signal(frequency_hz, width_hz)[:, order] * weights
        edges = np.searchsorted(np.cumsum(weights), np.arange(1, _SLICES) / _SLICES)
        starts = np.unique(np.concatenate([[0], edges[edges < len(weights)]]))
        mass = np.add.reduceat(weights, starts)
        means = np.add.reduceat(signal, starts, axis=1) / np.maximum(mass, 1e-300)
        return np.asarray((means - (means @ mass)[:, None]) ** 2 @ mass)

    def best_frequency(
        self, width_hz: float, chance: np.random.Generator, within_hz: tuple[float, float] = (-np.inf, np.inf)
    ) -> float:
        """Where the next point tells most about the centre; among those that tell as much, one at random.

        within_hz: what the source can make.
        """
        reach = _REACH_SIGMA * self.centre_err_hz + 1.2 * width_hz
        around = self.centre_hz + reach * np.linspace(-1.0, 1.0, _CANDIDATES)
        strong = self.offsets_hz[self._shares() > _NEGLIGIBLE]
        candidates = np.clip((around + strong[:, None]).ravel(), *within_hz)
        told = self.told(candidates, width_hz)
        return float(chance.choice(candidates[told > _ALIKE * told.max()]))

    def learned(
        self, frequency_hz: float, width_hz: float, ratio: float, ratio_err: float, chance: np.random.Generator
    ) -> "Cloud":
        """The cloud after one more point; drawn anew when few guesses carry all the weight."""
        expected = self.signal(np.array([frequency_hz]), width_hz)[0]
        log = -0.5 * ((ratio - expected) / ratio_err) ** 2
        weights = self.weights * np.exp(log - log.max())
        after = replace(self, weights=weights / weights.sum())
        effective = 1.0 / float(after.weights @ after.weights)
        return after._drawn_anew(chance) if effective < _THINNED * len(weights) else after

    def _drawn_anew(self, chance: np.random.Generator) -> "Cloud":
        """Systematic resampling, then a little spread along the cloud's own directions."""
        n = len(self.weights)
        place = (np.arange(n) + chance.random()) / n
        chosen = self.values[np.minimum(np.searchsorted(np.cumsum(self.weights), place), n - 1)]
        mean, scale = chosen.mean(axis=0), chosen.std(axis=0) + 1e-12
        correlation = np.cov(((chosen - mean) / scale).T)
        spread = chance.multivariate_normal(np.zeros(4), (1.0 - _SHRINK**2) * correlation, size=n, method="eigh")
        values = mean + _SHRINK * (chosen - mean) + spread * scale
        values[:, 2] = np.abs(values[:, 2])
        return replace(self, values=values, weights=np.full(n, 1.0 / n))

    def _shares(self) -> Real:
        return shares(len(self.offsets_hz), self.polarisation)


def cloud_of(belief: Belief, offsets_hz: Real, polarisation: float, chance: np.random.Generator) -> Cloud:
    """The cloud before anything was measured. Centres are spread evenly, over three sigma either way."""
    sigma = _REACH_SIGMA * np.linspace(-1.0, 1.0, _GUESSES)
    normal = chance.standard_normal((_GUESSES, 3))
    values = np.column_stack(
        [
            belief.centre_hz + belief.centre_err_hz * sigma,
            belief.width_err * normal[:, 0],
            np.maximum(belief.contrast + belief.contrast_err * normal[:, 1], 0.1 * belief.contrast),
            1.0 + belief.level_err * normal[:, 2],
        ]
    )
    weights = np.exp(-0.5 * sigma**2)
    return Cloud(values, weights / weights.sum(), np.asarray(offsets_hz, dtype=float), polarisation)
