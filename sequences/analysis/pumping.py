"""How fast a beam pumps: the contrast that a read-out window of growing length collects."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import curve_fit

from sequences.pulses.grid import nearest_ns

Real = NDArray[np.float64]

BEST_WINDOW = 1.256
"""Window in pumping times where contrast over shot noise is largest: the maximum of (1 - exp(-x)) / sqrt(x)."""


@dataclass(frozen=True)
class Pumping:
    """One beam's pumping of the NVs that it reads."""

    rate_per_s: float
    rate_err_per_s: float
    contrast_photons: float
    """Photons a shot that a flipped NV pair lacks in a very long window."""

    def window_ns(self, tick_ns: int) -> int:
        """The best counting window, in whole ticks."""
        return nearest_ns(BEST_WINDOW / self.rate_per_s * 1e9, tick_ns)


def fit_pumping(window_s: Real, missing: Real, missing_err: Real) -> Pumping:
    """missing: photons a shot by which |1> reads less than |0> within each window: N (1 - exp(-rate window))."""
    start = (float(missing[-1]), 2.0 / float(window_s[-1]))

    def model(t: Real, photons: float, rate: float) -> Real:
        return np.asarray(photons * -np.expm1(-rate * t))

    values, covariance = curve_fit(model, window_s, missing, start, missing_err, absolute_sigma=True)
    return Pumping(float(values[1]), float(np.sqrt(covariance[1, 1])), float(values[0]))
