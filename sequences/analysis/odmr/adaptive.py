"""What is known of an ODMR line while it is measured, and where to measure next.

Bayesian inference on cells of (centre, width), with level and depth, in which the ratio is linear, integrated out: no
random numbers, and errors that do not depend on when one stops. Sequential design as in Dushenko et al., Phys. Rev.
Applied 14, 054036 (2020), with one difference: a frequency is chosen for what it tells about the centre alone, since
nobody asks for contrast or width.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.odmr.line_fit import LineFit, shares
from sequences.analysis.statistics.significance import significance

Real = NDArray[np.float64]

_REACH_SIGMA: Final = 3.0
_CELLS: Final = (60, 121)
"""Of the centre: they are halved when fewer than the first number matter; in the beginning there is the second."""
_SCALES: Final = np.linspace(-2.4, 2.4, 7)
"""(7,): widths that are weighed, in standard errors of what is believed of it."""
_MATTERS: Final = 1e-5
"""Mass of a cell over the heaviest one's, below which it is dropped."""
_CANDIDATES: Final = 31
"""Frequencies that are weighed about each nuclear component."""
_NEGLIGIBLE: Final = 0.02
"""Share of a component below which nothing is looked for on it."""
_TRUSTED: Final = 0.5
"""Power of what a broader line told of the centre: its contrast and shape are another's."""


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
class Sight:
    """Everything known of a line: (n, 3) points of one width, and the cells of the centre that they leave possible."""

    belief: Belief
    width_hz: float
    """Full width of a component at the present power, as believed."""
    offsets_hz: Real
    """(k,): nuclear components relative to the first one."""
    polarisation: float
    cells_hz: Real
    """(c,): centres, evenly spaced but for gaps."""
    step_hz: float
    log_prior: Real
    """(c,)."""
    points: Real = field(default_factory=lambda: np.empty((0, 3)))
    """Frequency, ratio, its error."""

    @property
    def centre_hz(self) -> float:
        """Mean."""
        return float(self._mass.sum(axis=1) @ self.cells_hz)

    @property
    def centre_err_hz(self) -> float:
        """Standard deviation, that of a single cell included."""
        away = self.cells_hz - self.centre_hz
        return float(np.sqrt(self._mass.sum(axis=1) @ away**2 + self.step_hz**2 / 12.0))

    @property
    def chi2(self) -> float:
        """Of the likeliest line."""
        return float(self._solved[2].ravel()[np.argmax(self._log_mass)])

    @property
    def significance(self) -> float:
        """How surely there is a dip at all, in sigma."""
        _, ratio, error = self.points.T
        return significance((1.0 - ratio) / error, self.chi2)

    def learned(self, frequency_hz: float, ratio: float, ratio_err: float) -> "Sight":
        """After one more point: cells without mass are dropped, and the rest is halved when few are left."""
        points = np.vstack([self.points, (frequency_hz, ratio, ratio_err)])
        after = replace(self, points=points)
        mass = after._mass.sum(axis=1)
        matters = mass > _MATTERS * mass.max()
        matters[1:] |= matters[:-1].copy()
        matters[:-1] |= matters[1:].copy()
        if matters.all():
            return after
        after = replace(after, cells_hz=self.cells_hz[matters], log_prior=self.log_prior[matters])
        return after._halved() if len(after.cells_hz) < _CELLS[0] else after

    def under(self, width_hz: float, contrast: float) -> "Sight":
        """The same line under another power: what is known of its centre stays, as a guess, all else begins anew."""
        if width_hz == self.width_hz:
            return self
        mass, was = self._mass.sum(axis=1), self.belief
        log_prior = _TRUSTED * np.log(np.maximum(mass / mass.max(), 1e-30))
        belief = replace(was, contrast=contrast, contrast_err=contrast * was.contrast_err / was.contrast)
        return replace(self, belief=belief, width_hz=width_hz, log_prior=log_prior, points=np.empty((0, 3)))

    def around(self, centre_hz: float, half_hz: float | None = None) -> "Sight":
        """What the same points would tell if the line were known to be here, within half_hz: a width if not given."""
        cells = centre_hz + (half_hz or self.width_hz) * np.linspace(-1.0, 1.0, _CELLS[1])
        return replace(self, cells_hz=cells, step_hz=float(cells[1] - cells[0]), log_prior=np.zeros(len(cells)))

    def best_frequency(self, within_hz: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Where the next point tells most about the centre, and the variance of the ratio there that this explains.

        within_hz: what the source can make.
        """
        reach = _REACH_SIGMA * self.centre_err_hz + 1.2 * self.width_hz
        around = self.centre_hz + reach * np.linspace(-1.0, 1.0, _CANDIDATES)
        strong = self.offsets_hz[self._shares > _NEGLIGIBLE]
        candidates = np.clip((around + strong[:, None]).ravel(), *within_hz)
        told = self.told(candidates)
        best = int(np.argmax(told))
        return float(candidates[best]), float(told[best])

    def told(self, frequency_hz: Real) -> Real:
        """(points,): variance of the ratio that the centre alone explains, at each of these frequencies."""
        mass = self._mass.sum(axis=1)
        share = self._mass / np.maximum(mass, 1e-300)[:, None]
        (level, depth), _, _ = self._solved
        expected = (share * level).sum(axis=1) - np.einsum("pcs,cs->pc", self._dips(frequency_hz), share * depth)
        return np.asarray((expected - (expected @ mass)[:, None]) ** 2 @ mass)

    def fit(self) -> LineFit:
        """As a fit: means and standard deviations."""
        (level, depth), (_, depth_err), _ = self._solved
        width = self.width_hz * np.exp(self.belief.width_err * _SCALES)
        width_hz, width_err_hz = self._moments(np.broadcast_to(width, level.shape))
        contrast, spread = self._moments(depth / level)
        return LineFit(
            centre_hz=self.centre_hz,
            centre_err_hz=self.centre_err_hz,
            linewidth_hz=width_hz,
            linewidth_err_hz=width_err_hz,
            contrast=contrast,
            contrast_err=float(np.hypot(spread, self._moments(depth_err)[0])),
            nuclear_polarisation=self.polarisation,
            level=self._moments(level)[0],
            reduced_chi2=self.chi2 / max(1, len(self.points) - 2),
            significance=self.significance,
        )

    def _moments(self, values: Real) -> tuple[float, float]:
        mean = float(np.sum(self._mass * values))
        return mean, float(np.sqrt(np.sum(self._mass * (values - mean) ** 2)))

    def _halved(self) -> "Sight":
        """Each cell becomes two."""
        step = 0.5 * self.step_hz
        cells = (self.cells_hz[:, None] + 0.5 * step * np.array([-1.0, 1.0])).ravel()
        log_prior = np.interp(cells, self.cells_hz, self.log_prior)
        return replace(self, cells_hz=cells, step_hz=step, log_prior=log_prior)

    @cached_property
    def _shares(self) -> Real:
        return shares(len(self.offsets_hz), self.polarisation)

    @cached_property
    def _mass(self) -> Real:
        """(c, s): of each cell, normalised."""
        mass = np.exp(self._log_mass - self._log_mass.max())
        return np.asarray(mass / mass.sum())

    @cached_property
    def _log_mass(self) -> Real:
        return self._solved_with_mass[3]

    @cached_property
    def _solved(self) -> tuple[Real, Real, Real]:
        return self._solved_with_mass[:3]

    @cached_property
    def _solved_with_mass(self) -> tuple[Real, Real, Real, Real]:
        """(2, c, s) level and depth, their errors, (c, s) chi-squared and log mass, of every cell."""
        known, frequency, (ratio, error) = self.belief, self.points[:, 0], self.points[:, 1:].T
        by_level, by_depth = known.level_err**-2.0, known.contrast_err**-2.0
        weight, dip = error**-2.0, self._dips(frequency)
        weighted = np.tensordot(weight, dip, 1)
        a, b, d = by_level + weight.sum(), -weighted, by_depth + np.tensordot(weight, dip**2, 1)
        u = by_level + weight @ ratio
        v = by_depth * known.contrast - np.tensordot(weight * ratio, dip, 1)
        determinant = a * d - b**2
        level, depth = (d * u - b * v) / determinant, (a * v - b * u) / determinant
        rest = by_level + by_depth * known.contrast**2 + weight @ ratio**2 - u * level - v * depth
        chi2 = rest - by_level * (level - 1.0) ** 2 - by_depth * (depth - known.contrast) ** 2
        log = self.log_prior[:, None] - 0.5 * _SCALES**2 - 0.5 * rest - 0.5 * np.log(determinant)
        return np.array([level, depth]), np.sqrt(np.array([d, a * np.ones_like(d)]) / determinant), chi2, log

    def _dips(self, frequency_hz: Real) -> Real:
        """(points, c, s): Lorentzians of unit total depth."""
        half = 0.5 * self.width_hz * np.exp(self.belief.width_err * _SCALES)
        dip = np.zeros((len(frequency_hz), len(self.cells_hz), len(_SCALES)))
        for offset, share in zip(self.offsets_hz, self._shares, strict=True):
            if share > 0.0:
                away = frequency_hz[:, None] - self.cells_hz - offset
                dip += share / (1.0 + (away[..., None] / half) ** 2)
        return dip


def first_sight(belief: Belief, width_hz: float, offsets_hz: Real, polarisation: float) -> Sight:
    """Before anything was measured: centres over three sigma either way."""
    sigma = _REACH_SIGMA * np.linspace(-1.0, 1.0, _CELLS[1])
    cells = belief.centre_hz + belief.centre_err_hz * sigma
    step = float(cells[1] - cells[0])
    return Sight(belief, width_hz, np.asarray(offsets_hz, dtype=float), polarisation, cells, step, -0.5 * sigma**2)
