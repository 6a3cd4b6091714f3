"""How to spend shots: weights of programs that make one figure, or all Pauli terms, as precise as a given time allows.

Optimal design by the multiplicative algorithm. What the calibrations leave uncertain counts as unknowns with a prior,
so that programs whose common errors cancel are preferred.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Real = NDArray[np.float64]

_ITERATIONS: Final = 800
_NEGLIGIBLE: Final = 2e-3
_RIDGE: Final = 1e-9
_LEAST: Final = 3e-3
"""Of the most time: the shortest that is told."""
_CLOSE: Final = 0.02
"""Relative error of a time that is good enough."""


@dataclass(frozen=True)
class Candidates:
    """Programs that may be played."""

    information: Real
    """(n, k): gradient of each program's expected counts to the unknowns, over the root of counts, per root second."""
    prior: Real
    """(k, k): information on the unknowns before the first shot."""

    def total(self, seconds: Real) -> Real:
        """(k, k): information after these laboratory times (n,)."""
        out = self.prior + (self.information * seconds[:, None]).T @ self.information
        return np.asarray(out + _RIDGE * np.trace(out) / len(out) * np.eye(len(out)))

    def error(self, seconds: Real, target: Real) -> float:
        """1 sigma of target . unknowns."""
        return float(np.sqrt(target @ np.linalg.solve(self.total(seconds), target)))


def shortest(error_after: Callable[[float], float], wanted: float, most: float) -> float:
    """Shortest time after which an error, which falls with it, is as small as wanted; `most` if none is enough."""
    least = _LEAST * most
    if error_after(most) >= wanted:
        return most
    if error_after(least) <= wanted:
        return least
    return float(brentq(lambda time: error_after(time) - wanted, least, most, rtol=_CLOSE))


def shares_for(candidates: Candidates, targets: Real, seconds: float, steps: int = _ITERATIONS) -> Real:
    """Shares (n,) of so many seconds that make the sum of the variances of targets . unknowns least.

    targets: (m, k), one row for a single figure, the identity for all unknowns. Negligible shares are left out.
    """
    n = len(candidates.information)
    shares = np.full(n, 1.0 / n)
    for _ in range(steps):
        solved = np.linalg.solve(candidates.total(shares * seconds), targets.T)
        gain = np.sum((candidates.information @ solved) ** 2, axis=1)
        shares = shares * np.sqrt(gain)
        shares /= shares.sum()
    shares[shares < _NEGLIGIBLE] = 0.0
    return np.asarray(shares / shares.sum())
