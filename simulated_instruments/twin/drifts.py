"""What drifts with laboratory time: field, steering and D as random walks; light and microwave as walks that return."""

from collections.abc import Sequence
from math import exp, sqrt

import numpy as np

from simulated_instruments.sample import Sample
from simulated_instruments.twin.surroundings import Drift


class Drifts:
    """Where everything stands now."""

    drift: Drift

    def __init__(self, sample: Sample, streams: Sequence[np.random.Generator]) -> None:
        """streams: of field and steering, of D, of what wanders, and of the red laser; each is drawn from whatever the
        others do."""
        self._walking, self._warming, self._wandering, self._reddening = streams
        optics = sample.optics
        self._wanders = (
            optics.brightness_drift,
            optics.green_drift,
            optics.doughnut_drift,
            sample.microwave.amplitude_drift,
        )
        start = self._wandering.standard_normal(len(self._wanders))
        wander = [w.rms * float(x) for w, x in zip(self._wanders, start, strict=True)]
        self._red = optics.sted.drift
        red = self._red.rms * float(self._reddening.standard_normal())
        self.drift = Drift(np.zeros(3), np.zeros(2), 0.0, (wander[0], wander[1], wander[2], wander[3], red))

    def advance(self, seconds: float, sample: Sample) -> None:
        """Let this time pass."""
        steps = np.sqrt(seconds / 60.0)
        walk = self._walking.standard_normal(5) * steps
        field_mt = walk[:3] * sample.field_drift_ut_per_sqrt_min * 1e-3
        steering_nm = walk[3:] * sample.optics.steering_drift_nm_per_sqrt_min
        zero_field_hz = float(self._warming.standard_normal() * steps) * sample.zero_field_drift_khz_per_sqrt_min * 1e3
        drift = self.drift
        self.drift = Drift(
            drift.field_mt + field_mt,
            drift.steering_nm + steering_nm,
            drift.zero_field_hz + zero_field_hz,
            self._wandered(seconds),
        )

    def _wandered(self, seconds: float) -> tuple[float, float, float, float, float]:
        """The exact step of each Ornstein-Uhlenbeck process."""
        new = []
        noise = [*self._wandering.standard_normal(len(self._wanders)), self._reddening.standard_normal()]
        for wander, old, fresh in zip((*self._wanders, self._red), self.drift.wander, noise, strict=True):
            kept = exp(-seconds / (3600.0 * wander.hours))
            new.append(kept * old + wander.rms * sqrt(1.0 - kept * kept) * float(fresh))
        return new[0], new[1], new[2], new[3], new[4]
