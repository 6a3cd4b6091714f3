"""The programs of a tomography: what can be asked of a frozen state, and how much time each question deserves."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.paulis import density_matrix
from sequences.analysis.calibration import Beam, PairCalibration
from sequences.analysis.design import Candidates, shares_for
from sequences.analysis.tomography import calibration_root, derivatives, witness_target
from sequences.pulses.library import Gates
from sequences.pulses.program import Program

Real = NDArray[np.float64]

_ROUND_S: Final = 4500.0
_FEWEST_ROUNDS, _MOST_ROUNDS = 4, 16
_EVERY_ROUND: Final = 0.03
"""Share of the time from which on a program is played in every round: a play takes time beside its counting."""
_GOLDEN: Final = 0.6180339887498949


@dataclass(frozen=True)
class Expectation:
    """What the programs are designed for; it decides how precise the answer is, never what it is."""

    vector: Real
    """(16,)."""
    witness_share: float
    witness_phase: float

    @property
    def target(self) -> Real:
        """(16,): the witness as a linear functional."""
        return witness_target(self.witness_share, self.witness_phase)

    @property
    def merit(self) -> float:
        """The expected witness in units of what its error goes by: the larger, the sooner entanglement is certain."""
        return float(self.target @ self.vector) * self.witness_share


def expectation(vector: Real, phase: float | None = None) -> Expectation:
    """Design for a state, with the witness that is most significant while rho_11 is the hardest to know.

    With a - share rho_00 / 2 - rho_11 / (2 share) over an error that falls as 1 / share, the best share is a / rho_00.
    """
    rho = density_matrix(vector)
    coherence = abs(rho[1, 2])
    share = float(np.clip(coherence / max(rho[0, 0].real, 1e-3), 0.05, 1.0))
    return Expectation(vector, share, float(np.angle(rho[1, 2])) if phase is None else phase)


def candidates(gates: Gates) -> Iterator[tuple[Program, Beam]]:
    """Analysis programs: a global turn, a turn of the right NV alone, perhaps gate and turn; under either beam."""
    none = Program("-", gates.tick_ns)
    turns = [(axis, quarters) for axis in "xy" for quarters in (1, 2, 3)]
    first = [none.named("-"), *(gates.turn(a, q).named(f"{a}{q}") for a, q in turns)]
    second = [none.named(""), *(gates.turn_right(a, q).named(f" right {a}{q}") for a, q in turns)]
    last = [none.named(""), *((gates.entangle() + gates.turn(a)).named(f" gate {a}1") for a in "xy")]
    beams: tuple[Beam, Beam] = ("pump", "depletion")
    for one in first:
        for two in second:
            for three in last:
                program = (one + two + three).named(one.name + two.name + three.name)
                yield from ((program, beam) for beam in beams)


@dataclass(frozen=True)
class Choice:
    """A program that is worth its time."""

    program: Program
    beam: Beam
    shot: Program
    """What is played: two cycles of the engine with this program at their ends."""
    seconds: float
    """Laboratory time to spend on it."""
    row: Real
    """(16,): photons a cycle expected of it = row . Pauli vector."""
    moves: Real
    """(16, m): change of the row along each direction in which the calibration may err."""

    @property
    def repeats(self) -> int:
        """Shots in this time, at least one."""
        return max(1, round(self.seconds / (self.shot.duration_ns * 1e-9)))


def choose(
    listed: list[tuple[Program, Beam]],
    shot: Callable[[Program, Beam], Program],
    calibration: PairCalibration,
    wanted: Expectation,
    seconds: float,
    focus: float,
) -> list[Choice]:
    """Weights by optimal design for the witness and for all Pauli terms, mixed by `focus`."""
    rows = np.array([calibration.row(p, b) for p, b in listed])
    moves = derivatives(calibration, listed) @ calibration_root(calibration)
    shots = [shot(p, b) for p, b in listed]
    duration_s = np.array([s.duration_ns * 0.5e-9 for s in shots])
    gradient = np.concatenate([rows[:, 1:], np.einsum("nki,k->ni", moves, wanted.vector)], axis=1)
    counts = np.maximum(rows @ wanted.vector, 1e-3)
    unknown = gradient.shape[1]
    prior = np.diag(np.concatenate([np.full(15, 1e-2), np.ones(unknown - 15)]))
    design = Candidates(gradient / np.sqrt(counts * duration_s)[:, None], prior)
    witness_only = np.concatenate([wanted.target[1:], np.zeros(unknown - 15)])[None, :]
    every_pauli = np.eye(15, unknown)
    shares = (1.0 - focus) * shares_for(design, every_pauli, seconds)
    if focus:
        shares = shares + focus * shares_for(design, witness_only, seconds)
    return [
        Choice(listed[k][0], listed[k][1], shots[k], float(shares[k]) * seconds, rows[k], moves[k])
        for k in np.argsort(-shares, kind="stable")
        if shares[k]
    ]


@dataclass(frozen=True)
class Turn:
    """One play of a round."""

    choice: int
    """Which of the choices."""
    repeats: int


def in_rounds(choices: Sequence[Choice]) -> list[list[Turn]]:
    """Share the time among rounds that are alike: an estimate sharpens with each, and slow drifts average out.

    What is given much time is played in every round; what is given little, in fewer of them, spread evenly.
    """
    total_s = sum(choice.seconds for choice in choices)
    count = int(np.clip(round(total_s / _ROUND_S), _FEWEST_ROUNDS, _MOST_ROUNDS))
    rounds: list[list[Turn]] = [[] for _ in range(count)]
    for k, choice in enumerate(choices):
        plays = min(count, choice.repeats, int(np.ceil(count * choice.seconds / total_s / _EVERY_ROUND)))
        first = (k * _GOLDEN) % 1.0
        for n in range(plays):
            repeats = choice.repeats * (n + 1) // plays - choice.repeats * n // plays
            rounds[int((n + first) * count / plays)].append(Turn(k, repeats))
    return [turns for turns in rounds if turns]
