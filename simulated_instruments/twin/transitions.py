"""Lines of one NV of the sample in a field: f- (signed), f+ and weight of |0>, for each state of its 14N nucleus."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from physics.levels import nv_lines

Real = NDArray[np.float64]

_POLARISED_NEAR_MT = (51.2, 102.5)
_POLARISED_WITHIN_MT = 8.0
_UNPOLARISED_BEYOND_MT = 40.0


@dataclass(frozen=True)
class Lines:
    """One entry per nuclear state: m_I +1, 0, -1 of 14N, or a single one without nitrogen."""

    minus_hz: Real
    """|0> -> |-1>; negative where |-1> lies below |0>."""
    plus_hz: Real
    weight_0: Real
    """Weight of m_s 0 in the state that pumping prepares."""
    minus_slope_hz_per_mt: Real
    """d(minus_hz) / d(B along)."""
    plus_slope_hz_per_mt: Real

    def moved(self, by_mt: float) -> "Lines":
        """In a field that is a little larger along the axis."""
        return replace(
            self,
            minus_hz=self.minus_hz + self.minus_slope_hz_per_mt * by_mt,
            plus_hz=self.plus_hz + self.plus_slope_hz_per_mt * by_mt,
        )


def nuclear_weights(along_mt: float, at_best: float = 1.0) -> Real:
    """Populations of m_I = +1, 0, -1: equal at low field, pumped into +1 near the level crossings at 51 and 102 mT.

    at_best: population of +1 at the crossings.
    """
    away = min(abs(along_mt - centre) for centre in _POLARISED_NEAR_MT)
    polarised = np.clip((_UNPOLARISED_BEYOND_MT - away) / (_UNPOLARISED_BEYOND_MT - _POLARISED_WITHIN_MT), 0.0, 1.0)
    return np.asarray(
        np.array([at_best, 0.5 * (1.0 - at_best), 0.5 * (1.0 - at_best)]) * polarised + (1.0 - polarised) / 3.0
    )


@lru_cache(maxsize=4096)
def lines_at(along_mt: float, across_mt: float, nitrogen: bool) -> Lines:
    """Lines of one NV in a field along and across its axis."""
    exact = nv_lines(along_mt, across_mt, nitrogen)
    return Lines(exact.minus_hz, exact.plus_hz, exact.weight_0, exact.minus_slope_hz_per_mt, exact.plus_slope_hz_per_mt)
