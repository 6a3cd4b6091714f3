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
    """(N, p + m rounds): whitened columns of all unknowns, those of the rounds behind."""
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
    p, m, r = len(believed), len(modes), len(rounds)
    known = np.isfinite(believed)
    precision = np.where(known, 1.0 / np.where(known, believed, 1.0) ** 2, 0.0)
    off = np.zeros(p) if offset is None else offset
    columns = [part.jacobian @ modes.T for part in rounds]
    normal = np.asarray(sum(part.jacobian.T @ part.jacobian for part in rounds) + np.diag(precision), dtype=float)
    right = sum(part.jacobian.T @ part.excess for part in rounds) - precision * off
    spread = np.full(m, _START) if wander is None else np.maximum(np.array(wander, dtype=float), _FAINT)
    learns = learns and m > 0 and r > 1
    if learns:
        spread = np.maximum(spread, _START)
    for step in range(_ITERATIONS if learns else 1):
        full, wanted = _assembled(rounds, columns, normal, right, spread)
        inverse = np.linalg.inv(full)
        solution = inverse @ wanted
        each = solution[p:].reshape(r, m)
        variance = np.diag(inverse)[p:].reshape(r, m)
        if learns and step < _ITERATIONS - 1:
            told = np.sum(1.0 - variance / spread**2, axis=0)  # how many rounds' deviations the counts tell
            spread = np.asarray(np.sqrt(np.sum(each**2, axis=0) / np.maximum(told, _LEAST_TOLD)), dtype=float)
            spread = np.maximum(spread, _FAINT)
    return _concluded(rounds, columns, solution, np.asarray(inverse, dtype=float), spread, (believed, off))


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


def _assembled(
    rounds: Sequence[Round], columns: Sequence[Real], normal: Real, right: Real, spread: Real
) -> tuple[Real, Real]:
    """Normal equations of the numbers and of all rounds' deviations."""
    p, m = len(normal), len(spread)
    size = p + m * len(rounds)
    full, wanted = np.zeros((size, size)), np.zeros(size)
    full[:p, :p], wanted[:p] = normal, right
    for k, (part, column) in enumerate(zip(rounds, columns, strict=True)):
        at = slice(p + m * k, p + m * (k + 1))
        full[:p, at] = part.jacobian.T @ column
        full[at, :p] = full[:p, at].T
        full[at, at] = column.T @ column + np.diag(1.0 / spread**2)
        wanted[at] = column.T @ part.excess
    return full, wanted


def _concluded(
    rounds: Sequence[Round],
    columns: Sequence[Real],
    solution: Real,
    inverse: Real,
    spread: Real,
    belief: tuple[Real, Real],
) -> Drifting:
    believed, offset = belief
    p, m = len(believed), len(spread)
    sizes = [len(part.excess) for part in rounds]
    design = np.zeros((sum(sizes), len(solution)))
    row = 0
    for k, (part, column) in enumerate(zip(rounds, columns, strict=True)):
        design[row : row + sizes[k], :p] = part.jacobian
        design[row : row + sizes[k], p + m * k : p + m * (k + 1)] = column
        row += sizes[k]
    left = np.concatenate([part.excess for part in rounds]) - design @ solution
    deviations = solution[p:] / np.tile(spread, len(rounds)) if m else np.zeros(0)
    known = np.isfinite(believed)
    surprise = ((solution[:p] + offset) / np.where(known, believed, 1.0))[known]
    chi2 = float(left @ left + deviations @ deviations + surprise @ surprise)
    freedom = float(len(left) - p + np.count_nonzero(known))
    return Drifting(solution[:p], inverse[:p, :p], spread, left, design, chi2, freedom, believed)
