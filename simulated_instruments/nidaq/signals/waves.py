"""Voltages that a sample clock puts out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ROUNDING_TICKS = 0.1


@dataclass(frozen=True)
class Wave:
    """A generation on analogue outputs; the last voltages stay when it is over."""

    outputs: tuple[str, ...]
    buffer_v: NDArray[np.float64]
    """(outputs, ticks)."""
    tick_s: float
    samples: int | None
    """None: until it is stopped."""
    started_s: float

    @property
    def ends_s(self) -> float:
        """When the last sample has had its time."""
        return np.inf if self.samples is None else self.started_s + self.samples * self.tick_s

    def ticks_out(self, now_s: float) -> int:
        """Samples that have had their time by now."""
        out = max(int(np.floor((now_s - self.started_s) / self.tick_s + _ROUNDING_TICKS)), 0)
        return out if self.samples is None else min(out, self.samples)

    def volts(self, now_s: float) -> dict[str, float]:
        """Of its outputs now; none before it begins."""
        ticks = int(np.floor((now_s - self.started_s) / self.tick_s + _ROUNDING_TICKS))
        if ticks < 0:
            return {}
        last = ticks if self.samples is None else min(ticks, self.samples - 1)
        return dict(zip(self.outputs, map(float, self.buffer_v[:, last % self.buffer_v.shape[1]]), strict=True))
