"""The estimators of a tomography by themselves, at the level of the model: benchmarks/honest_estimators.py [RUNS].

One bench without wires is calibrated and cooled. Each run then draws what is true: the calibration from its covariance,
the classes from what is believed of them, the drift of each round, and a state of signed concurrence -0.005 to 0, as
near to a claim as its witness allows. Counts are Poisson, and are reconstructed as `tomography` does. Exit code 1 if
a pull is not 0.9 to 1.1 wide, or claims above 3 sigma are more frequent than the normal law has them.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy
    os.environ.setdefault(_threads, "1")

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy.stats import norm, poisson  # noqa: E402

HOME: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))

from labctl.unwired import Unwired, unwired  # noqa: E402
from physics.paulis import density_matrix, pauli_vector  # noqa: E402
from sequences.analysis.engine.balance import polarisation_after  # noqa: E402
from sequences.analysis.engine.engine_rows import ClassStates, class_states, engine_rows  # noqa: E402
from sequences.analysis.pair.calibration import SCALES, CountedProgram, PairCalibration  # noqa: E402
from sequences.analysis.tomography.reconstruction import reconstruct  # noqa: E402
from sequences.engine import EnginePlan, engine  # noqa: E402
from sequences.pulses.library import Cycle  # noqa: E402
from sequences.results import End  # noqa: E402
from sequences.routines.bench import calibrated_bench as state  # noqa: E402
from sequences.routines.engine.engine_offer import beliefs, offered  # noqa: E402
from sequences.routines.engine.forecast import times_us  # noqa: E402
from sequences.routines.pair.tomography_programs import choose, expectation  # noqa: E402
from simulated_instruments.sample import load_sample  # noqa: E402

Real = NDArray[np.float64]

CLAIM_SIGMA: Final = 3.0
WIDTH: Final = (0.9, 1.1)
SIGNED: Final = (-0.005, 0.0)
_ROUNDS: Final = 12
_FOCUS: Final = 0.85
_UNLIKELY: Final = 0.01
"""Chance by which as many claims may be luck."""


@dataclass(frozen=True)
class Tested:
    """One run: pulls of the witness and the four populations, the significance, and what chance gave it for a claim."""

    pulls: Real
    significance: float
    chance: float
    reduced_chi2: float


def calibrated_bench(name: str, seed: int) -> Unwired:
    """A bench whose engine run stands just before its tomographies."""
    bench = unwired(load_sample(Path(name) if name else None), seed)
    for event in engine(bench.lab, EnginePlan(regardless=True)):
        if isinstance(event, End) and hasattr(event.result, "start_z_left"):
            return bench
    raise SystemExit("The bench was not cooled")


class Estimator:
    """A tomography of this bench at its best time: its programs, and what is believed of them."""

    def __init__(self, bench: Unwired, hours: float, linear: bool) -> None:
        lab = bench.lab
        self.calibration = state.pair(lab)
        self.around, self.known = state.surroundings(lab), beliefs(lab)
        times = times_us(lab, ())
        vectors = state.predicted(lab, times)
        best = int(np.argmax([expectation(vector).merit for vector in vectors]))
        self.time_us, self.wanted = float(times[best]), expectation(vectors[best])
        cycle = Cycle(lab.whole_ticks(EnginePlan().cooling_us * 1e3), lab.whole_ticks(self.time_us * 1e3))
        offer = offered(lab, state.ready(lab), cycle)
        self.chosen, self.asked = choose(offer, self.wanted, hours * 3600.0, _FOCUS)
        self._bench, self._lab, self._linear = state.bench(lab), lab, linear
        self._usual = state.usual_light(lab, self._bench.reading)

    def runs(self, count: int, seed: int) -> Iterator[Tested]:
        """Draw, count, reconstruct."""
        for number in range(count):
            yield self._run(np.random.default_rng([seed, number]))

    def _run(self, chance: np.random.Generator) -> Tested:
        vector = self._state(chance)
        root, modes = self.known.root, self.known.modes
        drawn = root @ chance.standard_normal(root.shape[1])
        margins = self.asked.margins @ chance.standard_normal(self.asked.margins.shape[1])
        expected = self._rows(drawn) @ vector + margins
        slopes = np.einsum("nkp,k->np", self.asked.moves, vector)
        rounds = []
        for _ in range(_ROUNDS):
            drift = modes.T @ (self.known.wander * chance.standard_normal(len(modes)))
            rounds.append(self._counted(expected + slopes @ drift, chance))
        found = reconstruct(self.asked, self.known, rounds)
        target = self.wanted.target
        witness, error = found.linear(target)
        true = float(target @ vector)
        rho = density_matrix(vector)
        pulls = [(witness - true) / error]
        pulls += [(v - rho[k, k].real) / e for k, (v, e) in enumerate(found.populations())]
        claim = float(norm.sf(CLAIM_SIGMA - true / error))
        return Tested(np.array(pulls), witness / error, claim, found.fit.reduced_chi2)

    def _state(self, chance: np.random.Generator) -> Real:
        """(16,): near the model's, of a signed concurrence just below 0, balanced so that its witness is half of it."""
        model, share = density_matrix(self.wanted.vector), self.wanted.witness_share
        signed = float(chance.uniform(*SIGNED))
        zero = float(chance.uniform(0.6, 1.0)) * model[0, 0].real
        while True:
            rho = model.copy()
            rho[0, 0], rho[3, 3] = zero, share**2 * zero
            coherence = max(0.5 * signed + share * zero, 0.0) * np.exp(1j * self.wanted.witness_phase)
            rho[1, 2], rho[2, 1] = coherence, np.conj(coherence)
            left = 1.0 - zero - share**2 * zero
            rho[1, 1], rho[2, 2] = np.array([rho[1, 1], rho[2, 2]]) * left / (rho[1, 1] + rho[2, 2])
            if np.linalg.eigvalsh(rho)[0] >= 0.0:
                return np.asarray(pauli_vector(rho))
            zero *= 0.9

    def _class_states(self, calibration: PairCalibration) -> ClassStates:
        lab, release = self._lab, state.release(self._lab)
        model = state.engine_model(lab, calibration, self.around)
        baths = polarisation_after(model, release, self.time_us)
        return class_states(model, self.time_us * 1e-6, baths, release.start_z)

    def _rows(self, drawn: Real) -> Real:
        """(n, 16): of a calibration so far from the believed one, in SCALES; exact, unless all is to be linear."""
        if self._linear:
            return np.asarray(self.asked.rows + self.asked.moves @ drawn)
        values = tuple(float(v) for v in np.array(self.calibration.values) + drawn * SCALES)
        true = replace(self.calibration, values=values)
        return engine_rows(true, self.around, self._class_states(true), [(c.program, c.beam) for c in self.chosen])

    def _counted(self, expected: Real, chance: np.random.Generator) -> list[tuple[int, CountedProgram]]:
        out = []
        for k, choice in enumerate(self.chosen):
            shots = max(1, 2 * choice.repeats // _ROUNDS)
            usual = self._usual[choice.beam]
            counts = int(chance.poisson(max(float(expected[k]), 0.0) * shots))
            seen = int(chance.poisson(usual * shots))
            out.append((k, CountedProgram(choice.program, choice.beam, counts, shots, seen, usual)))
        return out


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="?", type=int, default=1000)
    parser.add_argument("--sample", default="", help="a sample, as for labctl")
    parser.add_argument("--seed", type=int, default=1, help="of the bench")
    parser.add_argument("--first", type=int, default=1, help="seed of the runs")
    parser.add_argument("--hours", type=float, default=16.0, help="of the tomography")
    parser.add_argument(
        "--linear", action="store_true", help="a truth that is linear in the calibration, as the estimator"
    )
    asked = parser.parse_args()
    estimator = Estimator(calibrated_bench(asked.sample, asked.seed), asked.hours, asked.linear)
    print(f"{len(estimator.chosen)} programs at {estimator.time_us:g} us", flush=True)
    return int(_said(list(estimator.runs(asked.runs, asked.first))))


def _said(found: list[Tested]) -> bool:
    pulls = np.array([one.pulls for one in found])
    print("pull        mean   standard deviation   largest")
    missed = False
    for name, values in zip(("witness", "rho_00", "rho_01", "rho_10", "rho_11"), pulls.T, strict=True):
        width, largest = float(np.std(values, ddof=1)), float(values[np.argmax(np.abs(values))])
        is_wrong = not WIDTH[0] <= width <= WIDTH[1]
        missed |= is_wrong
        print(f"{name:9} {np.mean(values):+6.2f} {width:20.3f} {largest:+9.2f}{'   MISSED' if is_wrong else ''}")
    claims = sum(one.significance > CLAIM_SIGMA for one in found)
    chance = sum(one.chance for one in found)
    too_many = float(poisson.sf(claims - 1, chance)) < _UNLIKELY
    print(f"claims above {CLAIM_SIGMA:g} sigma: {claims} of {len(found)}; by the normal law {chance:.2f}")
    chi2 = np.array([one.reduced_chi2 for one in found])
    print(f"reduced chi2: mean {chi2.mean():.3f}, largest {chi2.max():.2f}")
    return missed or too_many


if __name__ == "__main__":
    sys.exit(main())
