"""A random walk that was looked at a few times: where it stood in between, and how well that is known."""

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


def between(times_s: Real, seen_s: Real, seen: Real, errors: Real, drift_per_sqrt_s: float) -> tuple[Real, Real]:
    """(n,), (n, n): mean and covariance of the drift at these times, by m looks at it with independent errors.

    drift_per_sqrt_s: 1 sigma of its step in a second. Nothing is assumed of where it began, so the looks' mean is free.
    Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), equations 2.25, 2.26 and 2.41.
    """
    begin_s = min(float(np.min(times_s)), float(np.min(seen_s)))

    def shared(a: Real, b: Real) -> Real:
        return np.asarray(drift_per_sqrt_s**2 * np.minimum.outer(a - begin_s, b - begin_s))

    by_looks = np.linalg.inv(shared(seen_s, seen_s) + np.diag(errors**2))
    gain = shared(times_s, seen_s) @ by_looks
    weight = by_looks.sum(axis=0) / by_looks.sum()  # of each look in where it all began
    start = float(weight @ seen)
    left = 1.0 - gain.sum(axis=1)
    covariance = shared(times_s, times_s) - gain @ shared(seen_s, times_s) + np.outer(left, left) / by_looks.sum()
    return start + gain @ (seen - start), covariance
