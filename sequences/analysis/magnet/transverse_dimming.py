"""B across the axis from photoluminescence: near the level crossing it dims the light, so light is a bowl about zero.

In a field across the axis the state that pumping prepares, and the one that is bright, is |0> only in part: w of it. A
pumped NV then emits 1 - kappa (1 - (2w - 1)^2) of its light on the axis. w is that of the exact Hamiltonian; kappa is
learned. Near 102.5 mT a field of 16 uT dims by 3 %, and 1 uT more or less of it by 0.3 %: a second of light tells what
a minute of ODMR does, whose line bends by 9 kHz per uT there.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from physics.levels import nv_lines

Real = NDArray[np.float64]

_GRID_UT: Final = np.linspace(0.0, 60.0, 121)
_START_KAPPA: Final = 0.15
_FEWEST_COUNTS: Final = 1.0


@dataclass(frozen=True)
class Bowl:
    """Light against B across: brightness (1 - kappa mixing(B))."""

    along_mt: float
    nitrogen: bool
    kappa: float = _START_KAPPA
    kappa_err: float = 10.0

    def mixing(self, across_ut: Real) -> Real:
        """1 - (2w - 1)^2 at these fields across, in uT."""
        return np.asarray(np.interp(across_ut, _GRID_UT, _mixing(self.along_mt, self.nitrogen)))


@lru_cache(maxsize=8)
def _mixing(along_mt: float, nitrogen: bool) -> Real:
    """On the grid."""
    weight = nv_lines(along_mt, 1e-3 * _GRID_UT, nitrogen).weight_0[:, 0]
    return np.asarray(1.0 - (2.0 * weight - 1.0) ** 2)


@dataclass(frozen=True)
class AcrossFit:
    """The field across where no dither is."""

    across_ut: Real
    """(2,)"""
    covariance_ut2: Real
    """(2, 2)"""
    bowl: Bowl
    chi2: float
    freedom: int


def fit_across(bowl: Bowl, dither_ut: Real, counts: Real, about_ut: Real) -> AcrossFit:
    """Fit (b, c) and brightness to photons (k,) counted for equal times under dithers (k, 2) of known size.

    kappa is fitted too, as well as the bowl knows it.
    """
    noise = np.sqrt(np.maximum(counts, _FEWEST_COUNTS))
    brightest = float(counts.max())

    def residual(p: Real) -> Real:
        across = np.hypot(dither_ut[:, 0] + p[0], dither_ut[:, 1] + p[1])
        light = brightest * np.exp(p[2]) * (1.0 - p[3] * bowl.mixing(across))
        return np.append((light - counts) / noise, (p[3] - bowl.kappa) / bowl.kappa_err)

    fit = least_squares(residual, [*about_ut, 0.0, bowl.kappa], x_scale=[1.0, 1.0, 1e-3, 0.01], diff_step=1e-4)
    covariance = np.linalg.pinv(fit.jac.T @ fit.jac)
    return AcrossFit(
        across_ut=fit.x[:2],
        covariance_ut2=covariance[:2, :2],
        bowl=Bowl(bowl.along_mt, bowl.nitrogen, float(fit.x[3]), float(np.sqrt(covariance[3, 3]))),
        chi2=float(2.0 * fit.cost),
        freedom=max(1, len(counts) - 3),
    )
