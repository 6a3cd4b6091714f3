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
    """One beam's pumping of the NV that it shines on most."""

    rate_per_s: float
    rate_err_per_s: float
    contrast_photons: float
    """Photons a shot that a flipped NV pair lacks in a very long window."""

    def window_ns(self, tick_ns: int) -> int:
        """The best counting window, in whole ticks."""
        return nearest_ns(BEST_WINDOW / self.rate_per_s * 1e9, tick_ns)


def fit_pumping(window_s: Real, missing: Real, missing_err: Real, alike: bool) -> Pumping:
    """missing: photons a shot by which |1> reads less than |0> within each window, when both NVs were flipped.

    Either NV adds N/2 (1 - exp(-rate window)). alike: the beam shines alike on both. Else one of them is pumped more
    slowly, and gives its photons in a longer time: the faster one's rate is found.
    """

    def model(t: Real, photons: float, rate: float, slower: float = 1.0) -> Real:
        return -0.5 * photons * (np.expm1(-rate * t) + np.expm1(-slower * rate * t))

    start, most = (float(missing[-1]), 2.0 / float(window_s[-1]), 0.3), (np.inf, np.inf, 1.0)
    free = 2 if alike else 3
    values, covariance = curve_fit(
        model, window_s, missing, start[:free], missing_err, absolute_sigma=True, bounds=([0.0] * free, most[:free])
    )
    return Pumping(float(values[1]), float(np.sqrt(covariance[1, 1])), float(values[0]))
