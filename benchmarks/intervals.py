"""Whether the signed concurrence is what a tomography says: benchmarks/intervals.py [RUNS].

One bench without wires is calibrated and cooled. For each truth the engine's model gives a state: the pump fidelity,
and with it both NVs and the cold bath at release, is lowered until the signed concurrence at its best time is the one
that is wanted; where the bench's own pair does not reach it, a closer pair does. A tomography is designed for it, and
runs are drawn: the state's fifteen terms with the covariance of that tomography, calibration included. With --counted
that many runs of each truth are drawn whole: true calibration, drifts, Poisson counts, reconstruction.

Exit code 1 if, beyond what chance does once in a hundred tables, an interval of 95 % does not cover 94 to 96 %, the
bias is not below 0.15 of the error, or a truth that is not entangled is claimed above 3 sigma more often than promised.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy
    os.environ.setdefault(_threads, "1")

import numpy as np  # noqa: E402
from honest_estimators import CLAIM_SIGMA, Estimator, calibrated_bench  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy.optimize import brentq  # noqa: E402
from scipy.stats import binom, norm  # noqa: E402

from sequences.analysis.engine.balance import release_states  # noqa: E402
from sequences.analysis.engine.prediction import signed  # noqa: E402
from sequences.analysis.tomography.interim import SHARES_OF_TIME, corrected  # noqa: E402
from sequences.analysis.tomography.signed_concurrence import SignedConcurrence, signed_concurrence  # noqa: E402
from sequences.core.lab import Lab  # noqa: E402
from sequences.routines.bench import calibrated_bench as state  # noqa: E402
from sequences.routines.pair.tomography_programs import expectation  # noqa: E402

Real = NDArray[np.float64]

SIGNED: Final = (-0.05, -0.005, 0.0, 0.0135, 0.046, 0.1)
COVERS: Final = (0.94, 0.96)
BIAS: Final = 0.15
ALPHA: Final = float(norm.sf(CLAIM_SIGMA))
_UNLIKELY: Final = 0.01 / (3 * len(SIGNED))
_LEAST_FIDELITY: Final = 0.55
_CLOSER: Final = 1.1
"""Factor of the coupling from one closer pair to the next."""
_CHUNK: Final = 500


@dataclass(frozen=True)
class Truth:
    """A state that the engine leaves, and how it came about."""

    signed: float
    time_us: float
    vector: Real
    """(16,)."""
    cold: float
    """Polarisation of the cold bath at release."""
    coupling: float
    """In that of the bench's own pair."""


@dataclass(frozen=True)
class Answer:
    """What one run ended with."""

    vector: Real
    """(16,): unconstrained estimate."""
    covariance: Real
    """(15, 15)."""
    look: int | None = None
    """At which it ended; None where it could end nowhere else."""


Ending = Callable[[Real, np.random.Generator], Answer]
"""A run of this true state, (16,), to its end: all of the plan's time, or until a rule stops it."""


def truths(lab: Lab, wanted: tuple[float, ...]) -> Iterator[Truth]:
    """States of these signed concurrences, by the model of this bench."""
    model, release = state.engine_model(lab), state.release(lab)
    times = np.array(sorted({lab.whole_ticks_us(float(t)) for t in np.arange(1.0, 12.0, 0.4)}))
    usual = release.polarisation[1]

    def best(cold: float, coupling: float) -> tuple[float, float, Real]:
        closer = replace(model, g_rad_per_s=model.g_rad_per_s * coupling, zz_rad_per_s=model.zz_rad_per_s * coupling)
        values = list(release.values)
        values[1], values[3] = (values[k] * cold / usual for k in (1, 3))
        vectors = release_states(closer, replace(release, values=tuple(values)), times)
        at = int(np.argmax(signed(vectors)))
        return float(signed(vectors)[at]), float(times[at]), vectors[at]

    for target in wanted:
        coupling = 1.0
        while best(usual, coupling)[0] < target:
            coupling *= _CLOSER
        lowest = _LEAST_FIDELITY * usual
        cold = float(brentq(lambda x, c=coupling, t=target: best(x, c)[0] - t, lowest, usual, xtol=1e-6))
        found, time_us, vector = best(cold, coupling)
        yield Truth(found, time_us, vector, cold, coupling)


def after_all_time(estimator: Estimator, truth: Truth) -> Ending:
    """The plan's time is spent; estimates have the covariance of that tomography."""
    covariance = estimator.covariance(truth.vector)
    root = np.linalg.cholesky(covariance)

    def ending(vector: Real, chance: np.random.Generator) -> Answer:
        terms = vector[1:] + root @ chance.standard_normal(len(root))
        return Answer(np.concatenate([vector[:1], terms]), covariance)

    return ending


def at_looks(estimators: Sequence[Estimator], truth: Truth, enough_sigma: float) -> Ending:
    """The run ends at the first look at which its witness, corrected, is significant enough.

    estimators: of tomographies as long as until each look. What one look knows beyond the next is noise of its own:
    estimates of least variance are independent of what they lose by forgetting counts.
    """
    covariances = [estimator.covariance(truth.vector) for estimator in estimators]
    last = np.linalg.cholesky(covariances[-1])
    added = [_root(sooner - later) for sooner, later in pairwise(covariances)]
    target = expectation(truth.vector).target

    def ending(vector: Real, chance: np.random.Generator) -> Answer:
        terms = [vector[1:] + last @ chance.standard_normal(15)]
        for root in reversed(added):
            terms.insert(0, terms[0] + root @ chance.standard_normal(15))
        for look, (found, covariance) in enumerate(zip(terms, covariances, strict=True)):
            sigma = (target[0] + target[1:] @ found) / np.sqrt(target[1:] @ covariance @ target[1:])
            if corrected(float(sigma), look) >= enough_sigma:
                break
        return Answer(np.concatenate([vector[:1], found]), covariance, look)

    return ending


def _root(covariance: Real) -> Real:
    """Of a difference of covariances: designs for other times differ a little, so an eigenvalue may be below 0."""
    sizes, directions = np.linalg.eigh(covariance)
    return np.asarray(directions * np.sqrt(np.maximum(sizes, 0.0)))


def counted(estimator: Estimator) -> Ending:
    """The plan's time is spent; everything is drawn, and the counts are reconstructed."""

    def ending(vector: Real, chance: np.random.Generator) -> Answer:
        found = estimator.reconstructed(vector, chance)
        return Answer(found.vector, found.covariance)

    return ending


class Table:
    """Runs of one truth against what is promised of them."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self._target = expectation(truth.vector).target
        self._found: list[SignedConcurrence] = []
        self._significance: list[float] = []
        self._errors: list[float] = []
        self._looks = [0] * len(SHARES_OF_TIME)
        """Runs that ended at each look."""

    def add(self, answer: Answer) -> None:
        """One more run."""
        self._found.append(signed_concurrence(answer.vector, answer.covariance))
        error = float(np.sqrt(self._target[1:] @ answer.covariance @ self._target[1:]))
        sigma = float(self._target @ answer.vector) / error
        self._significance.append(sigma if answer.look is None else corrected(sigma, answer.look))
        self._looks[-1 if answer.look is None else answer.look] += 1
        self._errors.append(error)

    def row(self) -> tuple[str, bool]:
        """The line of the table, and whether something is not as promised."""
        true, count = self.truth.signed, len(self._found)
        values, errors = np.array([[one.value, one.error] for one in self._found]).T
        covering = sum(one.interval[0] <= true <= one.interval[1] for one in self._found)
        off = values - true
        bias = float(off.mean() / errors.mean())
        bias_err = float(off.std(ddof=1) / errors.mean() / np.sqrt(count))
        by_value = int(np.sum(values > CLAIM_SIGMA * errors))
        by_witness = int(np.sum(np.array(self._significance) > CLAIM_SIGMA))
        expected = float(self._target @ self.truth.vector) / np.array(self._errors)
        by_normal_law = float(np.sum(norm.sf(CLAIM_SIGMA - expected)))
        missed = _outside(covering, count) or abs(bias) - BIAS > float(norm.isf(_UNLIKELY)) * bias_err
        if true <= 1e-6:
            missed |= max(by_value, by_witness) > binom.isf(_UNLIKELY, count, ALPHA)
        share = covering / count
        at = self.truth
        text = (
            f"{true:+7.4f} {at.time_us:5.1f} {at.cold:6.3f} {at.coupling:5.2f} {errors.mean():8.4f}"
            f" {100 * share:7.1f} ±{100 * np.sqrt(share * (1 - share) / count):3.1f} {bias:+8.3f} ±{bias_err:5.3f}"
            f" {np.sqrt(np.mean((off / errors) ** 2)):6.2f} {by_value:8d} {by_witness:8d} {by_normal_law:9.1f}"
            f"   {'/'.join(map(str, self._looks))}"
        )
        return text + ("   MISSED" if missed else ""), bool(missed)


def _outside(covering: int, count: int) -> bool:
    """Whether so many cannot well come of a coverage within COVERS."""
    low, high = COVERS
    return bool(binom.cdf(covering, count, low) < _UNLIKELY or binom.sf(covering - 1, count, high) < _UNLIKELY)


def tabled(truth: Truth, ending: Ending, runs: int, seed: tuple[int, ...]) -> bool:
    """Draw the runs of one truth and print their line; whether something was missed."""
    table = Table(truth)
    for first, past in pairwise([*range(0, runs, _CHUNK), runs]):
        for number in range(first, past):
            table.add(ending(truth.vector, np.random.default_rng([*seed, number])))
    text, missed = table.row()
    print(text, flush=True)
    return missed


HEAD: Final = (
    "   true  at us   cold     g    error  covered, %      bias/error    rms  claims above 3 sigma by\n"
    "                                                                  pull  S/error  witness  its normal law   ends"
)


def main() -> int:
    """Print a table for each duration."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="?", type=int, default=4000)
    parser.add_argument("--sample", default="", help="a sample, as for labctl")
    parser.add_argument("--seed", type=int, default=1, help="of the bench")
    parser.add_argument("--first", type=int, default=1, help="seed of the runs")
    parser.add_argument("--hours", type=float, nargs="+", default=[20.0, 2.0], help="of the tomography")
    parser.add_argument("--counted", type=int, default=0, help="runs of each truth that are drawn whole, instead")
    parser.add_argument("--looks", type=float, default=0.0, help="significance at which a run ends at a look; 0: never")
    asked = parser.parse_args()
    bench = calibrated_bench(asked.sample, asked.seed)
    states, missed = list(truths(bench.lab, SIGNED)), False
    for hours in asked.hours:
        how = f"{asked.counted} runs from counts" if asked.counted else f"{asked.runs} runs"
        print(f"\ntomography of {hours:g} h, {how} each\n{HEAD}", flush=True)
        for place, truth in enumerate(states):
            estimator = Estimator(bench, hours, False, (truth.time_us, truth.vector))
            ending = counted(estimator) if asked.counted else after_all_time(estimator, truth)
            if asked.looks:
                sooner = [
                    Estimator(bench, hours * share, False, (truth.time_us, truth.vector)) for share in SHARES_OF_TIME
                ]
                ending = at_looks(sooner, truth, asked.looks)
            missed |= tabled(truth, ending, asked.counted or asked.runs, (asked.first, place))
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
