"""The state from counts: a linear estimate of all fifteen Pauli terms, then the most likely physical state.

What the calibrations leave uncertain is estimated along with the state, under their covariance as a prior; so it is in
every error. With some 1e8 photons a program, Poisson is Gauss to all digits that matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import chi2 as chi2_law

from physics.entanglement import concurrence
from physics.paulis import PAULIS, Complex, density_matrix, pauli_vector
from sequences.analysis.pair.calibration import NAMES, SCALES, CountedProgram, PairCalibration
from sequences.analysis.pair.misfit import Candidate
from sequences.analysis.statistics.drifting_fit import Drifting, Round, flickered, solve

Real = NDArray[np.float64]

_ROUNDS: Final = 3
_SAMPLES: Final = 500
_THINNING: Final = 6
_BURN_IN: Final = 200
_MIXED: Final = 1e-3


@dataclass(frozen=True)
class Reconstruction:
    """A reconstructed state."""

    vector: Real
    """(16,): unconstrained estimate of the Pauli terms; unbiased, may be slightly unphysical."""
    covariance: Real
    """(15, 15): of vector[1:], calibration included."""
    rho: Complex
    """(4, 4): the most likely physical state."""
    fit: Drifting
    """Of the counts: residuals, derivatives and drift from round to round."""

    candidates: tuple[Candidate, ...] = ()
    """Single numbers of the calibration that may be otherwise than believed."""

    @property
    def chi2(self) -> float:
        """Of the counts against the estimate."""
        return self.fit.chi2

    @property
    def freedom(self) -> float:
        """Degrees of freedom of `chi2`."""
        return self.fit.freedom

    @property
    def physical_p(self) -> float:
        """Probability of an estimate so far from the most likely state, if that is the true one.

        At the edge of what is physical the distance is less often large than chi-squared with 15 degrees of freedom.
        """
        off = self.vector[1:] - pauli_vector(self.rho)[1:]
        return float(chi2_law.sf(off @ np.linalg.solve(self.covariance, off), len(off)))

    def widened(self, factor: float) -> "Reconstruction":
        """The same estimate with errors so much larger."""
        return replace(self, covariance=self.covariance * factor**2)

    @cached_property
    def errors(self) -> Real:
        """(15,): 1 sigma of vector[1:]."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    def linear(self, target: Real) -> tuple[float, float]:
        """Value and 1 sigma of target . vector, target: (16,)."""
        return float(target @ self.vector), float(np.sqrt(target[1:] @ self.covariance @ target[1:]))

    def populations(self) -> list[tuple[float, float]]:
        """Of |00>, |01>, |10>, |11>, each with its 1 sigma: unconstrained, so they may be a little negative."""
        return [self.linear(np.real(PAULIS[:, k, k]) / 4.0) for k in range(4)]


@dataclass(frozen=True)
class Asked:
    """Programs of a tomography as the calibration knows them."""

    rows: Real
    """(n, 16): photons a shot = row . Pauli vector."""
    moves: Real
    """(n, 16, p): change of the rows with each number of the calibration, per its scale."""
    margins: Real
    """(n, k): change of the photons with each belief about the classes of shots, per its 1 sigma."""

    def only(self, index: Sequence[int]) -> "Asked":
        """Of some of the programs."""
        at = list(index)
        return Asked(self.rows[at], self.moves[at], self.margins[at])


@dataclass(frozen=True)
class Beliefs:
    """What is known of the calibration's numbers beforehand, in units of their scales."""

    root: Real
    """(p, m): L with covariance = L L^T."""
    modes: Real
    """(d, p): in what rounds may differ."""
    wander: Real
    """(d,): by how much, to begin with."""
    most: Real | None = None
    """(d,): by how much at most; None: no limit. A read-out that has lost contrast since it was calibrated makes all
    rounds deviate to the same side. That is no drift, and must not be taken for one."""


def calibration_root(calibration: PairCalibration) -> Real:
    """(p, m): L with covariance = L L^T in units of SCALES, without the numbers that are held fixed."""
    scaled = calibration.covariance / np.outer(SCALES, SCALES)
    values, vectors = np.linalg.eigh(scaled)
    kept = values > 1e-12 * max(float(values.max()), 1e-300)
    return np.asarray(vectors[:, kept] * np.sqrt(values[kept]))


Counted = tuple[int, CountedProgram]
"""Number of the program, and its counts in one round."""


def reconstruct(asked: Asked, beliefs: Beliefs, rounds: Sequence[Sequence[Counted]]) -> Reconstruction:
    """Estimate the state at the beginning of the programs from their counts in rounds.

    Unknowns are the fifteen Pauli terms, the calibration's deviations along each direction of its covariance, the
    beliefs about classes, and each round's own drift.
    """
    m, k = beliefs.root.shape[1], asked.margins.shape[1]
    vector, deviation, margin = np.eye(16)[0], np.zeros(m), np.zeros(k)
    moves = asked.moves @ beliefs.root  # (n, 16, m)
    along, *_ = np.linalg.lstsq(beliefs.root, beliefs.modes.T, rcond=None)  # (m, d)
    modes = np.concatenate([np.zeros((len(beliefs.modes), 15)), along.T, np.zeros((len(beliefs.modes), k))], axis=1)
    believed = np.concatenate([np.full(15, np.inf), np.ones(m + k)])
    wander: Real | None = beliefs.wander
    for _ in range(_ROUNDS):
        rows = asked.rows + moves @ deviation
        slopes = np.concatenate([rows[:, 1:], np.einsum("nki,k->ni", moves, _pure(vector)), asked.margins], axis=1)
        expected = rows @ vector + asked.margins @ margin
        here = np.concatenate([np.zeros(15), deviation, margin])
        parts = [_round(data, expected, slopes) for data in rounds if data]
        first = solve(parts, modes, believed, here, wander)
        allowed = first.wander if beliefs.most is None else np.minimum(first.wander, beliefs.most)
        found = solve(flickered(parts, first, modes), modes, believed, here, allowed, learns=False)
        vector = vector + np.concatenate([[0.0], found.change[:15]])
        deviation, margin = deviation + found.change[15 : 15 + m], margin + found.change[15 + m :]
        wander = found.wander
    covariance = found.covariance[:15, :15]
    rho = most_likely(vector, covariance)
    return Reconstruction(vector, covariance, rho, found, _candidates(asked, vector, rounds))


def _pure(vector: Real) -> Real:
    """(16,): the vector, shortened to the length of a pure state if it is longer.

    The squares of a pure state's terms add up to 4. Wrong counts can ask for a vector that is far longer; slopes taken
    there would be so large that a small error of the calibration could explain any counts.
    """
    length = float(np.linalg.norm(vector[1:]))
    return np.concatenate([vector[:1], vector[1:] * min(1.0, np.sqrt(3.0) / max(length, 1e-30))])


def _candidates(asked: Asked, vector: Real, rounds: Sequence[Sequence[Counted]]) -> tuple[Candidate, ...]:
    """What each number of the calibration would do to the counts, were it free."""
    slopes = np.einsum("nkp,k->np", asked.moves, _pure(vector)) / SCALES
    at = [k for data in rounds for k, _ in data]
    errors = np.array([d.error for data in rounds for _, d in data])
    columns = slopes[at] / errors[:, None]
    return tuple(Candidate(name, columns[:, k]) for k, name in enumerate(NAMES))


def _round(data: Sequence[Counted], expected: Real, slopes: Real) -> Round:
    at = [k for k, _ in data]
    counts, errors = np.array([d.per_shot for _, d in data]), np.array([d.error for _, d in data])
    return Round((counts - expected[at]) / errors, slopes[at] / errors[:, None])


def most_likely(vector: Real, covariance: Real) -> Complex:
    """The physical state nearest to the estimate in the metric of its errors: maximum likelihood for normal ones."""
    rho = density_matrix(vector)
    values, vectors = np.linalg.eigh(rho)
    if values[0] >= 0.0:
        return rho
    information = np.linalg.inv(covariance)
    clipped = np.clip(values, _MIXED, None)
    root = (vectors * np.sqrt(clipped / clipped.sum())) @ vectors.conj().T

    def cost(x: Real) -> tuple[float, Real]:
        t = _matrix(x)
        norm = float(np.sum(np.abs(t) ** 2))
        state = t @ t.conj().T / norm
        off = pauli_vector(state)[1:] - vector[1:]
        pull = information @ off
        slope = np.einsum("k,kij->ij", 2.0 * pull, PAULIS[1:])
        gradient = 2.0 / norm * (slope - np.real(np.trace(slope @ state)) * np.eye(4)) @ t
        return float(off @ pull), np.concatenate([gradient.real.ravel(), gradient.imag.ravel()])

    start = np.concatenate([root.real.ravel(), root.imag.ravel()])
    fit = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 400, "ftol": 1e-12})
    t = _matrix(np.asarray(fit.x))
    return np.asarray(t @ t.conj().T / np.sum(np.abs(t) ** 2))


def _matrix(x: Real) -> Complex:
    return (x[:16] + 1j * x[16:]).reshape(4, 4)


@dataclass(frozen=True)
class ConcurrenceEstimate:
    """Concurrence over all physical states that the counts allow; never negative, so no measure of significance."""

    value: float
    """Mean."""
    error: float
    """Standard deviation."""
    interval: tuple[float, float]
    """95 %: from the 2.5th to the 97.5th percentile."""


def estimated_concurrence(found: Reconstruction, seed: int, samples: int = _SAMPLES) -> ConcurrenceEstimate:
    """Mean, spread and interval of the concurrence over the posterior of the state, flat over physical states.

    A most likely state on the edge of what is physical has hardly any |00> or |11> in it, and a concurrence far too
    large: the square root of rho_11 is steepest where it vanishes. The mean over what the counts allow has not.
    """
    states = density_matrix(physical_samples(found, np.random.default_rng(seed), samples))
    values = concurrence(states)
    low, high = np.percentile(values, [2.5, 97.5])
    return ConcurrenceEstimate(float(np.mean(values)), float(np.std(values)), (float(low), float(high)))


def physical_samples(found: Reconstruction, rng: np.random.Generator, samples: int = _SAMPLES) -> Real:
    """(samples, 16): states drawn from the Gaussian of the estimate, cut off where a state would not be physical.

    Elliptical slice sampling (Murray, Adams and MacKay 2010): every step stays on an ellipse through the present state
    and a fresh draw, and shrinks towards the present state until it is physical.
    """
    root = np.linalg.cholesky(found.covariance)
    mean, state = found.vector[1:], (1.0 - _MIXED) * pauli_vector(found.rho)[1:]
    kept = np.empty((samples, 16))
    kept[:, 0] = 1.0
    for step in range(-_BURN_IN, samples * _THINNING):
        state = mean + _slice(state - mean, root @ rng.standard_normal(15), mean, rng)
        if step >= 0 and step % _THINNING == 0:
            kept[step // _THINNING, 1:] = state
    return kept


def _slice(present: Real, fresh: Real, mean: Real, rng: np.random.Generator) -> Real:
    angle = rng.uniform(0.0, 2.0 * np.pi)
    low, high = angle - 2.0 * np.pi, angle
    while True:
        proposed = np.cos(angle) * present + np.sin(angle) * fresh
        if _is_physical(mean + proposed):
            return np.asarray(proposed)
        low, high = (angle, high) if angle < 0.0 else (low, angle)
        angle = rng.uniform(low, high)


def _is_physical(terms: Real) -> bool:
    """Whether these fifteen terms are a state: all leading minors of a Cholesky factorisation exist."""
    try:
        np.linalg.cholesky(density_matrix(np.concatenate([[1.0], terms])))
    except np.linalg.LinAlgError:
        return False
    return True


def witness_target(share: float, phase: float) -> Real:
    """(16,): t with t . vector = Re(rho_01,10 e^(-i phase)) - (share rho_00 + rho_11 / share) / 2.

    For every share and phase it bounds |rho_01,10| - sqrt(rho_00 rho_11), and so half the concurrence, from below.
    Fixed beforehand, it is linear in the counts: unbiased, Gaussian, and negative on average for separable states.
    """
    coherence = np.real(PAULIS[:, 1, 2] * np.exp(-1j * phase)) / 4.0
    populations = (share * np.real(PAULIS[:, 0, 0]) + np.real(PAULIS[:, 3, 3]) / share) / 8.0
    return np.asarray(coherence - populations)
