"""Linear least squares for what stands still, from rounds in which some of it wanders.

Every round is given its own deviation along a few modes. How large these are is estimated from the rounds themselves,
by restricted maximum likelihood (MacKay's fixed point): so a drift is noise, in every error, not bias.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2 as chi2_law

Real = NDArray[np.float64]

_ITERATIONS: Final = 40
_START: Final = 0.1
"""Of every mode, in its unit."""
_LEAST_TOLD: Final = 1e-9
_FAINT: Final = 1e-6
"""Least standard deviation of a mode, in its unit: below it nothing wanders."""


@dataclass(frozen=True)
class Round:
    """What one round has measured, against the model at some point."""

    excess: Real
    """(n,): measured less expected, over its error."""
    jacobian: Real
    """(n, p): change of the expected values with each number, over the errors."""


@dataclass(frozen=True)
class Drifting:
    """The estimate."""

    change: Real
    """(p,): best values less those of the point, averaged over the rounds."""
    covariance: Real
    """(p, p)."""
    wander: Real
    """(m,): standard deviation of each mode from round to round."""
    excess: Real
    """(N,): what remains of all measurements, over their errors."""
    design: Real
    """(N, p): whitened columns of the numbers."""
    chi2: float
    """Of the measurements and of the rounds' deviations."""
    freedom: float
    believed: Real
    """(p,): 1 sigma of what was believed beforehand; infinite where nothing was."""

    @property
    def reduced_chi2(self) -> float:
        return self.chi2 / max(self.freedom, 1.0)

    @property
    def p_value(self) -> float:
        """Probability of a chi-squared as large, if the model holds."""
        return float(chi2_law.sf(self.chi2, max(self.freedom, 1.0)))

    @cached_property
    def beliefs(self) -> Real:
        """(p, p): change of each estimate with what was believed of each number, in units of that belief's sigma."""
        known = np.isfinite(self.believed)
        inverse = np.where(known, 1.0 / np.where(known, self.believed, 1.0), 0.0)
        return self.covariance * inverse[None, :]


def solve(
    rounds: Sequence[Round],
    modes: Real,
    believed: Real,
    offset: Real | None = None,
    wander: Real | None = None,
    learns: bool = True,
) -> Drifting:
    """Estimate the numbers.

    modes: (m, p), each a direction in which rounds may differ, in the numbers' units. believed: (p,), 1 sigma of prior
    knowledge. offset: (p,), where the point stands from the middle of that knowledge. wander: (m,), to start from.
    learns: whether it is estimated; a single round says nothing of it, and it is kept then.
    """
    m, r = len(modes), len(rounds)
    known = np.isfinite(believed)
    precision = np.where(known, 1.0 / np.where(known, believed, 1.0) ** 2, 0.0)
    off = np.zeros(len(believed)) if offset is None else offset
    sums = _Sums.of(rounds, modes, precision, off)
    spread = np.full(m, _START) if wander is None else np.maximum(np.array(wander, dtype=float), _FAINT)
    learns = learns and m > 0 and r > 1
    if learns:
        spread = np.maximum(spread, _START)
    for step in range(_ITERATIONS if learns else 1):
        change, covariance, each, variance = sums.solved(spread)
        if learns and step < _ITERATIONS - 1:
            told = np.sum(1.0 - variance / spread**2, axis=0)  # how many rounds' deviations the counts tell
            spread = np.asarray(np.sqrt(np.sum(each**2, axis=0) / np.maximum(told, _LEAST_TOLD)), dtype=float)
            spread = np.maximum(spread, _FAINT)
    return _concluded(rounds, modes, (change, covariance, each), spread, (believed, off))


def flickered(rounds: Sequence[Round], found: Drifting, modes: Real) -> list[Round]:
    """The same rounds with larger errors where the modes also differ from play to play, as a corrected field does.

    found: the estimate from these rounds. How large that is, is estimated from its residuals by the same
    fixed point; where they say nothing of it, it vanishes.
    """
    columns = np.concatenate([part.jacobian @ modes.T for part in rounds]) ** 2
    variance = np.full(len(modes), _START**2)
    for _ in range(_ITERATIONS):
        total = 1.0 + columns @ variance
        asked = np.maximum(columns.T @ (1.0 / total), 1e-12)
        variance = np.maximum(variance * (columns.T @ (found.excess / total) ** 2) / asked, _FAINT**2)
    factor = 1.0 / np.sqrt(1.0 + columns @ variance)
    out, at = [], 0
    for part in rounds:
        own = factor[at : at + len(part.excess)]
        out.append(Round(part.excess * own, part.jacobian * own[:, None]))
        at += len(own)
    return out


@dataclass(frozen=True)
class _Sums:
    """Normal equations of the numbers and of all rounds' deviations; rounds know of each other by the numbers only."""

    normal: Real
    """(p, p): of the numbers."""
    wanted: Real
    """(p,)."""
    crossed: Real
    """(r, p, m): numbers with a round's deviations."""
    own: Real
    """(r, m, m): deviations of a round."""
    own_wanted: Real
    """(r, m)."""

    @classmethod
    def of(cls, rounds: Sequence[Round], modes: Real, precision: Real, off: Real) -> "_Sums":
        p, m, r = len(precision), len(modes), len(rounds)
        normal, wanted = np.diag(precision), -precision * off
        crossed, own, own_wanted = np.empty((r, p, m)), np.empty((r, m, m)), np.empty((r, m))
        for k, part in enumerate(rounds):
            column = part.jacobian @ modes.T
            normal = normal + part.jacobian.T @ part.jacobian
            wanted = wanted + part.jacobian.T @ part.excess
            crossed[k], own[k], own_wanted[k] = part.jacobian.T @ column, column.T @ column, column.T @ part.excess
        return cls(normal, wanted, crossed, own, own_wanted)

    def solved(self, spread: Real) -> tuple[Real, Real, Real, Real]:
        """(p,) numbers, (p, p) covariance, (r, m) deviations, (r, m) variance of these: each round is eliminated."""
        inverse = np.linalg.inv(self.own + np.diag(1.0 / spread**2))
        told = self.crossed @ inverse  # (r, p, m)
        reduced = self.normal - np.einsum("kpm,kqm->pq", told, self.crossed)
        covariance = np.linalg.inv(0.5 * (reduced + reduced.T))
        change = covariance @ (self.wanted - np.einsum("kpm,km->p", told, self.own_wanted))
        each = np.einsum("kmn,kn->km", inverse, self.own_wanted) - np.einsum("kpm,p->km", told, change)
        variance = np.einsum("kmm->km", inverse) + np.einsum("kpm,pq,kqm->km", told, covariance, told, optimize=True)
        return change, np.asarray(covariance), each, variance


def _concluded(
    rounds: Sequence[Round], modes: Real, found: tuple[Real, Real, Real], spread: Real, belief: tuple[Real, Real]
) -> Drifting:
    change, covariance, each = found
    believed, offset = belief
    design = np.concatenate([part.jacobian for part in rounds])
    moved = [part.jacobian @ (change + modes.T @ own) for part, own in zip(rounds, each, strict=True)]
    left = np.concatenate([part.excess - m for part, m in zip(rounds, moved, strict=True)])
    deviations = (each / spread).ravel()
    known = np.isfinite(believed)
    surprise = ((change + offset) / np.where(known, believed, 1.0))[known]
    chi2 = float(left @ left + deviations @ deviations + surprise @ surprise)
    freedom = float(len(left) - len(change) + np.count_nonzero(known))
    return Drifting(change, covariance, spread, left, design, chi2, freedom, believed)
