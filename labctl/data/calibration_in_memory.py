"""A calibration store that is forgotten with the process: for benches that are thrown away after a run."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from instruments.common.clock import Clock
from sequences.core.lab import Calibrated


class Kept:
    """A calibration store in memory."""

    def __init__(self, clock: Clock | None = None) -> None:
        """clock: laboratory time; without it all counts as measured when the bench was switched on."""
        self._clock = clock
        self.values: dict[str, Calibrated] = {}
        self.correlated: dict[tuple[str, ...], NDArray[np.float64]] = {}

    def get(self, key: str) -> Calibrated | None:
        """The value, or None if it was never put."""
        return self.values.get(key)

    def put(self, key: str, value: float, error: float) -> None:
        """Keep a value, measured now."""
        now_s = self._clock.now() if self._clock else 0.0
        self.values[key] = Calibrated(float(value), float(error), "in memory", now_s)

    def put_covariance(self, keys: Sequence[str], covariance: NDArray[np.float64]) -> None:
        """Keep how these values vary together."""
        self.correlated[tuple(keys)] = np.array(covariance)

    def covariance(self, keys: Sequence[str]) -> NDArray[np.float64]:
        """(n, n) of values that were put together in this order; of others, the squares of their errors."""
        alone = np.diag([self.values[key].error ** 2 for key in keys])
        return self.correlated.get(tuple(keys), alone)
