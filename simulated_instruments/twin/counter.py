"""The photon counter: what it misses while it is dead, and what it counts twice."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.sample import Sample

Real = NDArray[np.float64]
Photons = TypeVar("Photons", float, Real)


class Counter:
    """The avalanche diode and its pulses."""

    def __init__(self, sample: Sample, echoing: np.random.Generator) -> None:
        self._dead_s = sample.optics.dead_time_ns * 1e-9
        self._echo = sample.optics.afterpulsing
        self._echoing = echoing

    def seen(self, photons: Photons, duration_s: float) -> Photons:
        """Of the photons that reach it in this time at a constant rate: n / (1 + n tau), not paralysable."""
        return photons / (1.0 + photons * (self._dead_s / duration_s)) if self._dead_s else photons

    def counts(self, pulses: int) -> int:
        """Pulses and their after-pulses."""
        return int(pulses + self._echoing.binomial(int(pulses), self._echo)) if self._echo else int(pulses)
