"""How far the doughnut's null stands from where it was sent: steps of its outputs, and a slow drift of the beam.

Both displace pixels along the slopes of the image. The drift grows as the root of time, with a strength that the images
themselves tell; it is counted from their end, so that positions are those to steer to after the last pixel.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

Real = NDArray[np.float64]

STRENGTHS: Final[Real] = np.geomspace(0.01, 20.0, 24)
"""nm per root minute that are tried; the least one is no drift at all within a run."""
_SMALLEST: Final = 1e-9  # of a number that the images do not tell


@dataclass(frozen=True)
class Steering:
    """How the null strays."""

    step_nm: float
    """1 sigma of what every pixel misses by itself."""
    drift_nm: float
    """1 sigma of each coordinate after a minute."""


def unit_covariance(times_s: Real, end_s: float) -> Real:
    """(pixels, pixels): covariance of the drift at these times, counted back from its end, for 1 nm a root minute."""
    ago_min = (end_s - times_s) / 60.0
    return np.minimum(ago_min[:, None], ago_min)


def covariance(slopes: Real, drift: Real, steering: Steering) -> Real:
    """(pixels, pixels): of the counts' roots, shot noise included. slopes, (pixels, 2): change of a root per nm."""
    along = slopes @ slopes.T
    own = 1.0 + steering.step_nm**2 * np.diag(along)
    return np.diag(own) + steering.drift_nm**2 * along * drift


def whitened(root: Real, *columns: Real) -> tuple[Real, ...]:
    """Columns in units of a noise whose covariance has this lower root."""
    return tuple(solve_triangular(root, column, lower=True) for column in columns)


def displaced(slopes: Real, drift: Real, steering: Steering, residual: Real) -> Real:
    """(pixels, 2): the drift that these residuals, (pixels,), tell of."""
    pulls = cho_solve(cho_factor(covariance(slopes, drift, steering), lower=True), residual)
    return np.asarray(steering.drift_nm**2 * drift @ (slopes * pulls[:, None]))


@dataclass(frozen=True)
class SteeringDrift:
    """Strength of a drift, in nm per root minute."""

    mean_nm: float
    err_nm: float

    @property
    def rms_nm(self) -> float:
        """Root of the mean square: with it a covariance is the mean over all strengths."""
        return float(np.hypot(self.mean_nm, self.err_nm))


NO_DRIFT: Final = SteeringDrift(0.0, 0.0)


def strength(residual: Real, jacobian: Real, slopes: Real, drift: Real, step_nm: float) -> SteeringDrift:
    """The strength by restricted likelihood (Patterson and Thompson, Biometrika 58, 545).

    Beforehand every order of magnitude is taken to be as likely, as befits a scale that nothing is known of.
    residual: (pixels,); jacobian: (pixels, numbers) of the model whose numbers are fitted along with it.
    """
    logs = np.array(
        [_restricted(residual, jacobian, covariance(slopes, drift, Steering(step_nm, s))) for s in STRENGTHS]
    )
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    mean = float(weights @ STRENGTHS)
    return SteeringDrift(mean, float(np.sqrt(weights @ (STRENGTHS - mean) ** 2)))


def _restricted(residual: Real, jacobian: Real, of: Real) -> float:
    """Logarithm of the likelihood of a covariance, the model's numbers integrated out."""
    root = np.asarray(np.linalg.cholesky(of))
    r, j = whitened(root, residual, jacobian)
    known, upper = np.linalg.qr(j)
    left = r - known @ (known.T @ r)
    sizes = np.concatenate([np.diag(root), np.maximum(np.abs(np.diag(upper)), _SMALLEST)])
    return float(-0.5 * left @ left - np.log(sizes).sum())
