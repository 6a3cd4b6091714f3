"""Where the doughnut's null stands on a pair whose geometry is known: two unknowns, from counts at a few places.

The light of each NV goes with s = crest x doughnut profile as in `doughnut_images`; but the pair moves as one, and
after a first image crest, brightness, null and background are known too.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from physics.optics import doughnut_profile
from sequences.analysis.imaging.doughnut_images import emission

Real = NDArray[np.float64]

_START_NULL: Final = 5e-4
_NULL_SPREAD: Final = 1.0
"""Of the logarithm of the null's depth, which a small image hardly tells from background."""
_BRIGHTNESS_SPREAD: Final = 0.03
"""Of the logarithm of the brightness from one look to the next: the laser's power."""
_STEPS_NM: Final = np.arange(-18.0, 18.1, 6.0)
_TRIED_CRESTS: Final = (50.0, 200.0)
_TRIED_IF_BRIGHT: Final = (200.0, 1000.0)
"""Beside light that is weak the doughnut of other light is the stronger."""
_TRIED: Final = 4


@dataclass(frozen=True)
class Shine:
    """How the pair shines under this doughnut."""

    pair_nm: Real
    """(2, 2): left and right NV."""
    radius_nm: float
    crest: float
    """Intensity at the crest, in units of saturation."""
    null_depth: float
    brightness_cps: float
    """Of each NV, saturated."""
    background_cps: float
    bright_null: bool = False
    """As in an `Image`."""

    def expected_cps(self, null_nm: Real) -> Real:
        """(k, 2) places of the null -> (k,) counts a second."""
        away = np.linalg.norm(self.pair_nm[:, None, :] - null_nm[None, :, :], axis=-1)
        s = self.crest * doughnut_profile(away, self.radius_nm, self.null_depth)
        return np.asarray(self.brightness_cps * emission(s, self.bright_null).sum(axis=0) + self.background_cps)


@dataclass(frozen=True)
class NullFit:
    """By how much the null stands from where it was steered to."""

    offset_nm: Real
    """(2,)"""
    covariance_nm2: Real
    """(2, 2)"""
    shine: Shine
    reduced_chi2: float


def fit_shine(
    pair_nm: Real,
    radius_nm: float,
    steered_nm: Real,
    counts: Real,
    seconds: float,
    about_nm: Real,
    bright_null: bool = False,
) -> NullFit:
    """Everything from an image: offset, crest, brightness, null, background. steered_nm (k, 2), counts (k,).

    about_nm: (2,), the offset believed; the fit starts from places about it.
    """
    low, high = float(counts.min()) / seconds, float(counts.max()) / seconds

    def shine(p: Real) -> Shine:
        crest, null, brightness, background = np.exp(p[2:])
        return Shine(pair_nm, radius_nm, float(crest), float(null), float(brightness), float(background), bright_null)

    def residual(p: Real) -> Real:
        missed = _missed(shine(p), steered_nm + p[:2], counts, seconds)
        return np.append(missed, (p[3] - np.log(_START_NULL)) / _NULL_SPREAD)

    level = [np.log(_START_NULL), np.log(0.6 * high), np.log(max(0.5 * low, 10.0))]
    crests = _TRIED_IF_BRIGHT if bright_null else _TRIED_CRESTS
    steps = [about_nm + np.array([x, y]) for x in _STEPS_NM for y in _STEPS_NM]
    starts = [np.array([*step, np.log(crest), *level]) for step in steps for crest in crests]
    starts.sort(key=lambda p: float(np.sum(residual(p) ** 2)))
    scale = [2.0, 2.0, 0.3, 0.5, 0.2, 0.5]
    fits = [least_squares(residual, p, x_scale=scale, max_nfev=40) for p in starts[:_TRIED]]
    best = min(fits, key=lambda fit: float(fit.cost))
    covariance = np.linalg.pinv(best.jac.T @ best.jac)[:2, :2]
    return NullFit(best.x[:2], covariance, shine(best.x), 2.0 * float(best.cost) / max(1, len(counts) - 6))


def fit_null(shine: Shine, steered_nm: Real, counts: Real, seconds: float, about_nm: Real) -> NullFit:
    """The offset alone, and a brightness that may have changed a little."""

    def residual(p: Real) -> Real:
        expected = np.exp(p[2]) * shine.expected_cps(steered_nm + p[:2]) * seconds
        return np.append(_anscombe(expected, counts), p[2] / _BRIGHTNESS_SPREAD)

    fit = least_squares(residual, [*about_nm, 0.0], x_scale=[1.0, 1.0, 0.02], max_nfev=40)
    covariance = np.linalg.pinv(fit.jac.T @ fit.jac)[:2, :2]
    return NullFit(fit.x[:2], covariance, shine, 2.0 * float(fit.cost) / max(1, len(counts) - 2))


def _missed(shine: Shine, null_nm: Real, counts: Real, seconds: float) -> Real:
    return _anscombe(shine.expected_cps(null_nm) * seconds, counts)


def _anscombe(expected: Real, counts: Real) -> Real:
    """Poisson residuals of unit variance."""
    return np.asarray(2.0 * (np.sqrt(expected + 0.375) - np.sqrt(counts + 0.375)))
