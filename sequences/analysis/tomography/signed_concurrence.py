"""Signed concurrence S = 2 (|rho_01,10| - sqrt(rho_00 rho_11)) of an estimated state, with an interval that covers.

S is the concurrence of an X state entangled by exchange, and negative by how far such a state is from it. Four numbers
of the estimate matter: the coherence's two parts and the two populations. One of these, called the thin one, may be
within its error of 0, where the square root is steepest: it is treated exactly, the others to second order.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2 as chi2_law
from scipy.stats import norm

from physics.paulis import PAULIS

Real = NDArray[np.float64]

_ELEMENTS: Final[Real] = (
    np.array(
        [PAULIS[:, 1, 2].real, PAULIS[:, 1, 2].imag, PAULIS[:, 0, 0].real, PAULIS[:, 3, 3].real],
    )
    / 4.0
)
"""(4, 16): real and imaginary part of rho_01,10, rho_00, rho_11 from the Pauli vector."""
_LEAST: Final = 0.5
"""An error is quoted as for a thin population of so many of its errors at least: a smaller one is not told from it."""
_FAR: Final = 8.0
"""From so many errors on a square root is as good as straight: its series is used."""
_SLICES: Final = 160
_TANGENTS: Final = 3


@dataclass(frozen=True)
class SignedConcurrence:
    """Estimate of S; not clipped, so that it may be negative, and its mean is the true one."""

    value: float
    error: float
    """1 sigma."""
    interval: tuple[float, float]
    """95 %: holds the true S in 95 of 100 measurements."""

    @property
    def concurrence(self) -> float:
        """What is quoted as concurrence: S, not below 0."""
        return max(self.value, 0.0)

    @property
    def concurrence_interval(self) -> tuple[float, float]:
        """Of the concurrence: S's, cut at 0. One that begins at 0 is an upper limit."""
        low, high = self.interval
        return max(low, 0.0), max(high, 0.0)


@dataclass(frozen=True)
class _Four:
    """The four numbers, with the thin population last."""

    mean: Real
    """(4,): real and imaginary part of the coherence, the other population, the thin one."""
    covariance: Real
    """(4, 4)."""

    @property
    def thin_err(self) -> float:
        """1 sigma of the thin population."""
        return float(np.sqrt(self.covariance[3, 3]))

    @property
    def thick(self) -> float:
        """The other population; never less than its error, for it stands beneath a root."""
        return float(max(self.mean[2], np.sqrt(self.covariance[2, 2])))


def signed_concurrence(vector: Real, covariance: Real, level: float = 0.95) -> SignedConcurrence:
    """Of an unconstrained estimate. vector: (16,), Pauli terms; covariance: (15, 15), of vector[1:].

    level: probability with which the interval holds the true S.
    """
    four = _four(vector, covariance)
    value, error = _estimate(four)
    return SignedConcurrence(value, error, _interval(four, level))


def _four(vector: Real, covariance: Real) -> _Four:
    mean, spread = _ELEMENTS @ vector, _ELEMENTS[:, 1:] @ covariance @ _ELEMENTS[:, 1:].T
    order = [0, 1, 2, 3] if mean[3] ** 2 * spread[2, 2] <= mean[2] ** 2 * spread[3, 3] else [0, 1, 3, 2]
    return _Four(mean[order], spread[np.ix_(order, order)])


# ---- the estimate -------------------------------------------------------------------------------------------------


def _estimate(four: _Four) -> tuple[float, float]:
    """S and its error.

    Noise makes |rho_01,10| too large, and the root of a population that is bent too small, by the mean over the noise:
    both are taken off.
    """
    size = float(np.hypot(*four.mean[:2]))
    along = four.mean[:2] / size if size else np.array([1.0, 0.0])
    across = np.array([-along[1], along[0]])
    coherence = float(np.sqrt(max(size**2 - across @ four.covariance[:2, :2] @ across, 0.0)))
    in_errors = float(four.mean[3]) / four.thin_err
    unit = float(np.sqrt(four.thick * four.thin_err))
    root, spread = root_of(in_errors)
    slope = unit * spread / four.thin_err
    product = unit * root - float(four.covariance[2, 3]) * slope / (2.0 * four.thick)
    gradient = np.array([*along, -0.5 * unit * root / four.thick, -slope])
    return 2.0 * (coherence - product), 2.0 * float(np.sqrt(gradient @ four.covariance @ gradient))


def root_of(x: float) -> tuple[float, float]:
    """Estimate of sqrt(m) from x = m + unit noise, and its error.

    The root of x, plus what noise would take from the mean of such roots if x were true, and not below 0. What is left
    of the bias is below 0.11 of the error from m = 1/4 on. At m = 0 every estimate that is never negative is too large.
    """
    if x > _FAR:
        return float(np.sqrt(x) + x**-1.5 / 8.0), float(0.5 / np.sqrt(x))
    places, roots, spreads = _roots()
    return float(np.interp(x, places, roots, left=0.0)), float(np.interp(max(x, _LEAST), places, spreads))


@lru_cache(maxsize=1)
def _roots() -> tuple[Real, Real, Real]:
    """Places, estimate of the root at each, and its standard deviation if the true value lies there."""
    places, step = np.linspace(-6.0, _FAR + 6.0, 801, retstep=True)
    noise = norm.pdf(places[:, None] - places) * step
    plain = np.sqrt(np.clip(places, 0.0, None))
    fine = np.linspace(-6.0, 6.0, 2401)
    weight = norm.pdf(fine) / norm.pdf(fine).sum()
    roots = np.maximum(2.0 * plain - np.sqrt(np.clip(places[:, None] + fine, 0.0, None)) @ weight, 0.0)
    mean = noise @ roots
    return places, roots, np.sqrt(np.maximum(noise @ roots**2 - mean**2, 0.0))


# ---- the interval -------------------------------------------------------------------------------------------------


def _interval(four: _Four, level: float) -> tuple[float, float]:
    """Least and largest S among the states that the estimate allows, slice by slice of the thin population.

    Allowed is what lies nearer to the estimate than `critical` says, nearer than the best with no negative population.
    """
    thin, error = float(four.mean[3]), four.thin_err
    reach = float(norm.isf(0.5 - 0.5 * level)) * error
    least, most = max(thin - reach, 0.0), max(thin, 0.0) + reach
    slices = np.linspace(np.sqrt(least), np.sqrt(most), _SLICES) ** 2
    carried = four.covariance[:3, 3] / error**2
    centres = four.mean[:3] + (slices - thin)[:, None] * carried
    spread = four.covariance[:3, :3] - np.outer(carried, carried) * error**2
    gradients = _gradients(centres, slices)
    left = critical(_in_errors(four, gradients, slices), level) + (min(thin, 0.0) / error) ** 2
    left = left - ((slices - thin) / error) ** 2
    kept = left >= 0.0
    radius, centres, slices = np.sqrt(left[kept]), centres[kept], slices[kept]
    lows, highs = (_furthest(centres, spread, sign * radius, slices) for sign in (-1.0, 1.0))
    return float(lows.min()), float(highs.max())


def _gradients(points: Real, slices: Real) -> Real:
    """(n, 3): of S / 2 with respect to coherence and thick population. points: (n, 3), slices: (n,)."""
    size = np.maximum(np.hypot(points[:, 0], points[:, 1]), 1e-300)
    thick = np.maximum(points[:, 2], 1e-12)
    return np.stack([points[:, 0] / size, points[:, 1] / size, -0.5 * np.sqrt(slices / thick)], axis=-1)


def _in_errors(four: _Four, gradients: Real, slices: Real) -> Real:
    """(n,): how far the bound of the thin population is, in errors, along the direction in which S grows fastest."""
    thick = np.maximum(four.thick, 1e-12)
    whole = np.column_stack([gradients, -0.5 * np.sqrt(thick / np.maximum(slices, 1e-300))])
    moved = whole @ four.covariance
    share = np.abs(moved[:, 3]) / np.sqrt(np.einsum("nk,nk->n", moved, whole)) / four.thin_err
    return np.asarray(slices / four.thin_err / np.maximum(share, 1e-12))


def _furthest(centres: Real, spread: Real, radius: Real, slices: Real) -> Real:
    """(n,): S at the ends of the ellipsoids about the centres, by tangents retaken there. radius < 0: the least S."""
    points = centres
    for _ in range(_TANGENTS):
        gradients = _gradients(points, slices)
        moved = gradients @ spread
        sizes = np.sqrt(np.maximum(np.einsum("nk,nk->n", moved, gradients), 1e-300))
        points = centres + (radius / sizes)[:, None] * moved
    towards = np.maximum(np.einsum("nk,nk->n", gradients[:, :2], points[:, :2]), 0.0)
    return np.asarray(2.0 * (towards - np.sqrt(np.maximum(points[:, 2], 0.0) * slices)))


def critical(in_errors: Real, level: float) -> Real:
    """(n,): by how much chi-squared may exceed its least, for a true value so many errors above a bound.

    Far from the bound it is that of chi-squared with one degree of freedom; near it, the value for which such intervals
    still cover: Feldman and Cousins, Phys. Rev. D 57, 3873 (1998).
    """
    places, values = _criticals(level)
    return np.interp(in_errors, places, values)


@lru_cache(maxsize=8)
def _criticals(level: float) -> tuple[Real, Real]:
    """Distances from the bound, and the critical value at each, by bisection of the coverage."""
    usual = float(chi2_law.isf(1.0 - level, 1))
    places = np.linspace(0.0, np.sqrt(usual), 101)
    low, high = np.full(101, float(norm.isf(1.0 - level)) ** 2 if level > 0.5 else 0.0), np.full(101, usual)
    for _ in range(60):
        middle = 0.5 * (low + high)
        below = -(places**2 + middle) / (2.0 * np.maximum(places, 1e-12))
        is_enough = norm.cdf(np.sqrt(middle)) - norm.cdf(below) >= level
        low, high = np.where(is_enough, low, middle), np.where(is_enough, middle, high)
    return places, high
