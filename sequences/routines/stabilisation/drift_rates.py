"""How fast the bench is believed to drift: rates that are tried, what earlier runs saw of them, and what matters."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.statistics.drift import FollowedDrift
from sequences.core.lab import Lab

Real = NDArray[np.float64]

FIELD_KEY: Final = "hold.field_walk_ut_per_sqrt_min"
NULL_KEY: Final = "hold.null_walk_nm_per_sqrt_min"
_SPREAD: Final = (1.0, 1.5)
"""Of the logarithm of a rate that an earlier run saw: another hour of the same bench may be another one."""
_SIGNIFICANT: Final = 3.0
_MATTERS: Final = 0.25
"""Of a tolerance: what a bench that stands still is corrected by at least."""
_MOVES: Final = 0.9
"""Probability of a rate that matters, from which on a bench is taken to move."""


def believed(lab: Lab, key: str, rates: Sequence[float]) -> Real:
    """(m,): logarithms of how likely these rates are, by what an earlier run saw; all alike if none did."""
    kept = lab.calibration.get(key)
    if kept is None or kept.value <= 0.0:
        return np.zeros(len(rates))
    spread = float(np.clip(np.log1p(kept.error / kept.value), *_SPREAD))
    return np.asarray(-0.5 * (np.log(np.array(rates) / kept.value) / spread) ** 2)


def keep_rate(lab: Lab, key: str, drift: FollowedDrift, component: int = 0) -> None:
    """Store how fast a component drifts, per root minute: the middle of the logarithm, and its spread as an error."""
    logs = 0.5 * np.log(60.0 * drift.rates[:, component])
    middle = float(drift.weights @ logs)
    spread = float(np.sqrt(drift.weights @ (logs - middle) ** 2))
    lab.calibration.put(key, float(np.exp(middle)), float(np.exp(middle) * np.expm1(spread)))


def moving(drift: FollowedDrift, from_rates: Sequence[float]) -> float:
    """Probability that any component drifts at least so fast, per root minute: (n,) rates."""
    fast = np.any(60.0 * drift.rates >= np.array(from_rates) ** 2 * (1.0 - 1e-9), axis=1)
    return float(drift.weights @ fast)


def is_moving(drift: FollowedDrift, from_rates: Sequence[float]) -> bool:
    """Whether that is as good as sure."""
    return moving(drift, from_rates) > _MOVES


def is_worth_it(missed: Real, errors: Real, tolerance: float, moves: bool, matters: float = _MATTERS) -> bool:
    """Whether to correct: what is not noise, and on a bench that stands still only what is surely wrong and matters.

    matters: share of the tolerance from which on it does.
    """
    least = errors if moves else np.maximum(_SIGNIFICANT * errors, matters * tolerance)
    return bool(np.any(np.abs(missed) > least))
