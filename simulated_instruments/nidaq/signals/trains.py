"""Signals that repeat: the timebases, the pulses of the counters, the sample clocks. They are known at any time."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

_ROUNDING_S = 1e-9
"""By which a clock that was slept up to an edge may miss it."""


@dataclass(frozen=True)
class Train:
    """Rising edges at equal times."""

    rate_hz: float
    first_s: float = 0.0
    """When the first edge comes."""
    most: int | None = None
    """Edges after which there are no more."""
    tail_s: float = 0.0
    """From the last edge until it is over."""

    def edges(self, now_s: float) -> int:
        """That have come by now."""
        come = max(int(np.floor((now_s - self.first_s + _ROUNDING_S) * self.rate_hz)) + 1, 0)
        return come if self.most is None else min(come, self.most)

    def edge_s(self, number: int) -> float:
        """When this one comes, counted from 0; infinite for one that never does."""
        return np.inf if self.most is not None and number >= self.most else self.first_s + number / self.rate_hz

    def times(self, first: int, count: int) -> NDArray[np.float64]:
        """(count,): when edges come."""
        return self.first_s + (first + np.arange(count)) / self.rate_hz

    @property
    def ends_s(self) -> float:
        """When its last period is over."""
        return np.inf if self.most is None else self.first_s + (self.most - 1) / self.rate_hz + self.tail_s

    def stopped(self, now_s: float) -> "Train":
        """The same, without what would come later."""
        return replace(self, most=self.edges(now_s))
