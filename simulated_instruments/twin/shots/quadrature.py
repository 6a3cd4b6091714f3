"""Few points in place of a distribution of line shifts: what turns by any of them is averaged exactly enough."""

from functools import lru_cache
from math import ceil, factorial, pi

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Rule = tuple[Real, Real]
"""Points and weights; the points have mean 0 and variance 1, the weights the sum 1."""

_MOST_GAUSS = 9
_MOST = 31
_REACH = 4.8
"""In units of sigma: beyond lie 2e-6 of a Gaussian."""
_ALIAS = 4.8
"""A sum over even steps is wrong from 2 pi / step less this, in rad per sigma."""
_FINE = (61, 64)
"""Points that stand for a Gaussian and for a sine's distribution while their sum is found."""


def points_for(phase_rad: float, tolerance: float) -> int:
    """How many points average exp(i phase x) over a Gaussian x of sigma 1, for every phase up to this."""
    for n in range(1, _MOST_GAUSS + 1):
        if phase_rad ** (2 * n) * factorial(n) / factorial(2 * n) < tolerance:
            return n
    return min(_MOST, max(_MOST_GAUSS + 2, ceil(2.0 * _REACH / (2.0 * pi) * (phase_rad + _ALIAS))))


@lru_cache(maxsize=64)
def gaussian(points: int) -> Rule:
    """Gauss and Hermite's, or even steps where those reach further."""
    if points > _MOST_GAUSS:
        return _even_steps(points, _REACH)
    at, weight = np.polynomial.hermite_e.hermegauss(points)
    return np.asarray(at), np.asarray(weight / weight.sum())


def _even_steps(points: int, reach: float) -> Rule:
    at = np.linspace(-reach, reach, points)
    weight = np.exp(-0.5 * at**2)
    return at, weight / weight.sum()


@lru_cache(maxsize=64)
def sine(points: int) -> Rule:
    """A sine's values at phases that are all as likely."""
    at = np.sqrt(2.0) * np.cos((np.arange(points) + 0.5) * pi / points)
    return np.asarray(at), np.full(points, 1.0 / points)


def gaussian_and_sine(points: int, sigma: float, rms: float) -> Rule:
    """Of the sum of a Gaussian and a sine of random phase: Gauss' points from a fine table of it (Golub, Welsch)."""
    if rms == 0.0 or points == 1:
        return gaussian(points)
    if sigma < 1e-3 * rms:
        return sine(points)
    (wide, likely), (swing, alike) = _even_steps(_FINE[0], 1.5 * _REACH), sine(_FINE[1])
    table = (sigma * wide[:, None] + rms * swing[None, :]).ravel() / np.hypot(sigma, rms)
    return _gauss(table, np.outer(likely, alike).ravel(), points)


def _gauss(table: Real, weight: Real, points: int) -> Rule:
    """Lanczos on the table, each new polynomial made orthogonal to all before."""
    basis = np.zeros((points, len(table)))
    basis[0] = np.sqrt(weight)
    diagonal, beside = np.zeros(points), np.zeros(points)
    for k in range(points):
        new = table * basis[k]
        diagonal[k] = new @ basis[k]
        if k + 1 < points:
            for _ in range(2):
                new = new - basis[: k + 1].T @ (basis[: k + 1] @ new)
            beside[k] = np.linalg.norm(new)
            basis[k + 1] = new / beside[k]
    at, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1))
    return np.asarray(at), np.asarray(vectors[0] ** 2)
