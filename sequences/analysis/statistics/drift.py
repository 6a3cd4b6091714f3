"""Follows a drift by a measurement now and then: Kalman filters of a random walk, for many diffusion rates at once.

How fast a bench drifts is not known beforehand. There is one filter for each rate that is possible, and all get the
same measurements. The weight of a filter is how well it predicted them (Bayes; Magill, IEEE Trans. Automat. Contr. 10,
434, 1965). The result is the mixture of all filters: while the rate is not well known, errors are larger and the next
measurement comes sooner.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Real = NDArray[np.float64]

_MEMORY: Final = 0.97
"""Of the weights from one measurement to the next: a drift that begins is noticed after thirty of them at most."""
_CHANGES: Final = 1e-4
"""Probability that a bench begins to drift at another rate between two measurements."""


@dataclass(frozen=True)
class FollowedDrift:
    """What is known of a random walk of n components, for each of m rates; times in laboratory seconds."""

    time_s: float
    means: Real
    """(m, n)"""
    covariances: Real
    """(m, n, n)"""
    rates: Real
    """(m, n): variance that each component gains a second."""
    log_weights: Real
    """(m,)"""

    @property
    def weights(self) -> Real:
        """(m,): probability of each rate."""
        w = np.exp(self.log_weights - self.log_weights.max())
        return np.asarray(w / w.sum())

    @property
    def mean(self) -> Real:
        """(n,): where the drift stands."""
        return np.asarray(self.weights @ self.means)

    @property
    def covariance(self) -> Real:
        """(n, n): of the mean, what is not known of the rate included."""
        away = self.means - self.mean
        spread = self.covariances + away[:, :, None] * away[:, None, :]
        return np.asarray(np.tensordot(self.weights, spread, axes=1))

    @property
    def rate(self) -> Real:
        """(n,): expected variance gained a second."""
        return np.asarray(self.weights @ self.rates)

    def at(self, time_s: float) -> "FollowedDrift":
        """The drift later on, unseen since."""
        waited_s = max(0.0, time_s - self.time_s)
        grown = self.covariances + waited_s * self.rates[:, :, None] * np.eye(self.means.shape[1])
        return replace(self, time_s=time_s, covariances=grown)

    def seen(self, rows: Real, values: Real, covariance: Real) -> "FollowedDrift":
        """After a look at rows (k, n) @ drift = values (k,), with the errors' covariance (k, k)."""
        missed = values - self.means @ rows.T
        foreseen = rows @ self.covariances @ rows.T + covariance
        gain = np.swapaxes(np.linalg.solve(foreseen, rows @ self.covariances), 1, 2)
        surprise = np.einsum("mk,mk->m", missed, np.linalg.solve(foreseen, missed[:, :, None])[:, :, 0])
        likelihood = -0.5 * (surprise + np.linalg.slogdet(foreseen)[1])
        means = self.means + np.einsum("mnk,mk->mn", gain, missed)
        keep = np.eye(self.means.shape[1]) - gain @ rows
        covariances = keep @ self.covariances @ np.swapaxes(keep, 1, 2) + gain @ covariance @ np.swapaxes(gain, 1, 2)
        log_weights = _MEMORY * np.log(np.maximum(self.weights, _CHANGES)) + likelihood
        return replace(self, means=means, covariances=covariances, log_weights=log_weights - log_weights.max())

    def surprise(self, rows: Real, values: Real, covariance: Real) -> float:
        """How unlikely a look is: chi-squared of as many degrees of freedom as it has values."""
        missed = values - rows @ self.mean
        return float(missed @ np.linalg.solve(rows @ self.covariance @ rows.T + covariance, missed))

    def seconds_until(self, direction: Real, sigma: float) -> float:
        """How long until direction (n,) . drift is no longer known to `sigma`; 0 if it is not known that well now."""
        known = float(direction @ self.covariance @ direction)
        gained = float(direction**2 @ self.rate)
        return max(0.0, sigma**2 - known) / max(gained, 1e-300)


def standing(
    mean: ArrayLike, covariance: Real, rates: Sequence[Sequence[float]], time_s: float, log_weights: Real | None = None
) -> FollowedDrift:
    """A drift that was seen once; rates (m, n): the variances a second thought possible.

    log_weights: (m,), how likely each is; None: none likelier than another.
    """
    tried = np.array(rates, dtype=float)
    count = len(tried)
    return FollowedDrift(
        time_s=time_s,
        means=np.tile(np.asarray(mean, dtype=float), (count, 1)),
        covariances=np.tile(covariance, (count, 1, 1)),
        rates=tried,
        log_weights=np.zeros(count) if log_weights is None else log_weights,
    )
