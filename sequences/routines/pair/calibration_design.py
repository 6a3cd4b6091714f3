"""How long to play each program of the calibration: what the engine's witness will rest on, and everything a little."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.engine.engine_rows import ClassStates, Surroundings, engine_rows, in_engine, moved_rows
from sequences.analysis.engine.prediction import signed
from sequences.analysis.pair.calibration import NAMES, SCALES, Listed, PairCalibration
from sequences.analysis.pair.pair_model import pumped_state
from sequences.analysis.tomography.design import Candidates, shares_for, shortest
from sequences.core.lab import Lab
from sequences.pulses.library import COOLING_US, Cycle, Gates, Reading, engine_shot
from sequences.routines.bench import calibrated_bench
from sequences.routines.pair.calibration_programs import programs
from sequences.routines.pair.shots import Shot
from sequences.routines.pair.tomography_programs import candidates, expectation

Real = NDArray[np.float64]

_FOR_THE_WITNESS, _FOR_THE_FIDELITIES = 0.4, 0.4
"""Shares of the time; the rest is spread over the programs of the calibration by their own weights. What the cold bath
can reach, and so what is expected, rests on the fidelities; the witness compares like programs and needs them less."""
_LEAST_SHARE: Final = 2e-3
"""Below it a program of the analysis is not worth a play in the calibration."""
_ENGINE_TIMES: Final = 1.5
"""Laboratory time of the tomography that is foreseen, in that of the calibration."""
_REFERENCE_NOISE: Final = 1.2
"""Variance of signal over reference in that of the signal alone, roughly."""
FAINT: Final = 0.01
"""Witness of a state whose entanglement is just worth finding: signed concurrence 0.02."""
_KNOWN: Final = 1e-3
"""1 sigma, in its scale, below which a number counts as known, so that the information on it stays a number."""
_PUMPED: Final = ("fidelity_left", "fidelity_right")
_SPREAD: Final = ("spread_left_khz2", "spread_right_khz2", "spread_common_khz2")
_AT_MOST_SIGMA: Final = 3.0
_REPLANNED, _ROUGHLY = 2, 200
"""How often, and with how many steps, shares are sought when only their sum is asked for."""
_NOTHING_KNOWN: Final = 1e-4
"""Information on a Pauli term beforehand."""
_TYPICAL: Final = {"spread": 25.0, "neutral": 0.05, "nitrogen": 0.01}


def designed(
    lab: Lab, rough: PairCalibration, known: Real, gates: Gates, reading: Reading, seconds: float
) -> list[Shot]:
    """Programs of the calibration with their times."""
    listed = programs(gates)
    asked = pumped_programs(gates)
    weight = np.array([w for _, _, w in listed])
    usual = np.zeros(len(asked))
    usual[: len(listed)] = weight / weight.sum()
    here = away_from_edges(rough)
    witness, fidelities = _optimal(lab, here, known, gates, reading, asked, seconds)
    rest = 1.0 - _FOR_THE_WITNESS - _FOR_THE_FIDELITIES
    shares = _FOR_THE_WITNESS * witness + _FOR_THE_FIDELITIES * fidelities + rest * usual
    shares[(usual == 0.0) & (shares < _LEAST_SHARE)] = 0.0
    shares /= shares.sum()
    return [Shot(p, b, float(share) * seconds) for (p, b), share in zip(asked, shares, strict=True) if share]


def worth_s(
    lab: Lab, c: PairCalibration, known: Real, gates: Gates, reading: Reading, significance: float, most_s: float
) -> float:
    """How much longer a calibration, with the covariance it has, is worth its laboratory time.

    Of the shortest time for both that lets the witness of the state that this pair should show reach so many sigma,
    the share of the calibration. Where little or nothing is to be seen, of the witness of a faint entanglement; where
    nothing can be seen, whatever the errors hide, nothing.
    """
    if signed(calibrated_bench.foreseen(lab, _at_best(c), gates)[1]) < 0.0:
        return 0.0
    here, asked = away_from_edges(c), pumped_programs(gates)
    evolution_us, vector = calibrated_bench.foreseen(lab, here, gates)
    both = joint(lab, here, known, gates, reading, asked, (evolution_us, vector))
    prior = both.prior.copy()
    prior[15:, 15:] = np.linalg.inv(c.covariance / np.outer(SCALES, SCALES) + _KNOWN**2 * np.eye(len(NAMES)))
    both = Candidates(both.information, prior)
    wanted = expectation(vector).target
    error = max(float(wanted @ vector), FAINT) / significance
    target = np.concatenate([wanted[1:], np.zeros(len(NAMES))])[None, :]
    total_s = most_s
    for _ in range(_REPLANNED):  # the best shares depend a little on the time that they share
        shares = shares_for(both, target, total_s, _ROUGHLY)
        total_s = shortest(partial(_error_after, both, shares, target[0]), error, most_s)
    return float(shares[: len(asked)].sum()) * total_s


def _at_best(c: PairCalibration) -> PairCalibration:
    """The pair as good for entanglement as its errors allow: pumped better, and its lines narrower."""
    better = {name: min(1.0, c.value(name)[0] + _AT_MOST_SIGMA * c.value(name)[1]) for name in _PUMPED}
    narrower = {name: max(0.0, c.value(name)[0] - _AT_MOST_SIGMA * c.value(name)[1]) for name in _SPREAD}
    return c.with_values(**better, **narrower)


def _error_after(candidates: Candidates, shares: Real, target: Real, seconds: float) -> float:
    return candidates.error(shares * seconds, target)


def pumped_programs(gates: Gates) -> list[Listed]:
    """Everything that may be played on the pumped pair: programs of the calibration, then those of a tomography."""
    asked: list[Listed] = [(program, beam) for program, beam, _ in programs(gates)]
    return asked + [entry for entry in candidates(gates) if entry not in set(asked)]


def away_from_edges(c: PairCalibration) -> PairCalibration:
    """Derivatives to numbers that cannot be negative are taken at typical values of theirs."""
    typical = {
        name: max(c.named[name], value) for name in NAMES for kind, value in _TYPICAL.items() if name.startswith(kind)
    }
    return c.with_values(**typical)


def _optimal(
    lab: Lab,
    c: PairCalibration,
    known: Real,
    gates: Gates,
    reading: Reading,
    asked: Sequence[Listed],
    seconds: float,
) -> tuple[Real, Real]:
    """(n,), (n,): shares that make the witness best known, with a tomography that follows; and both fidelities."""
    evolution_us, vector = calibrated_bench.foreseen(lab, c, gates)
    both = joint(lab, c, known, gates, reading, asked, (evolution_us, vector))
    pumped = Candidates(both.information[: len(asked), 15:], both.prior[15:, 15:])
    fidelities = np.eye(len(NAMES))[[NAMES.index(f"fidelity_{side}") for side in ("left", "right")]]
    alone = shares_for(pumped, fidelities, seconds)
    target = np.concatenate([expectation(vector).target[1:], np.zeros(len(NAMES))])[None, :]
    shares = shares_for(both, target, seconds * (1.0 + _ENGINE_TIMES))[: len(asked)]
    return shares / max(float(shares.sum()), _NOTHING_KNOWN), alone


def joint(
    lab: Lab,
    c: PairCalibration,
    known: Real,
    gates: Gates,
    reading: Reading,
    asked: Sequence[Listed],
    expected: tuple[float, Real],
) -> Candidates:
    """What programs on the pumped pair, and behind them all of a tomography, say of 15 Pauli terms and of the pair.

    known: (p,), 1 sigma beforehand. asked: those on the pumped pair. expected: evolution time in us, and the state
    there as a Pauli vector.
    """
    evolution_us, vector = expected
    cycle = Cycle(lab.whole_ticks(COOLING_US * 1e3), lab.whole_ticks(evolution_us * 1e3))
    of_engine = list(candidates(gates))
    around = Surroundings((0.05, 0.9))
    states = ClassStates(np.zeros((len(in_engine(c, around).pair.classes.weight), 16)), pumped_state((0.5, 0.95)))
    rows, moves = engine_rows(c, around, states, of_engine), moved_rows(c, around, of_engine)
    shots = [engine_shot(cycle, gates, p, reading, b) for p, b in of_engine]
    engine = np.concatenate([rows[:, 1:], np.einsum("nkp,k->np", moves, vector)], axis=1)
    engine = engine / _noise(rows @ vector, [0.5e-9 * shot.duration_ns for shot in shots])
    pumped = pumped_rows(c, reading, asked)
    both = np.concatenate([np.concatenate([np.zeros((len(asked), 15)), pumped], axis=1), engine])
    prior = np.zeros((15 + len(NAMES), 15 + len(NAMES)))
    prior[range(15), range(15)] = _NOTHING_KNOWN
    prior[15:, 15:] = np.diag((SCALES / known) ** 2)
    return Candidates(both, prior)


def pumped_rows(c: PairCalibration, reading: Reading, asked: Sequence[Listed]) -> Real:
    """(n, p): what a second of each program on the pumped pair tells of the pair: change with each number, per its
    scale, over its error."""
    return c.jacobian(asked) / _noise(c.expected(asked), [1e-9 * reading.shot(p, b).duration_ns for p, b in asked])


def _noise(photons: Real, durations_s: Sequence[float]) -> Real:
    """(n, 1): error of photons a shot after a second."""
    return np.asarray(np.sqrt(_REFERENCE_NOISE * np.maximum(photons, 1e-3) * np.array(durations_s))[:, None])
