"""The programs of a tomography: what can be asked of a frozen state, and how much time each question deserves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from physics.paulis import density_matrix
from sequences.analysis.pair.calibration import Beam, Listed
from sequences.analysis.tomography.design import Candidates, shares_for
from sequences.analysis.tomography.reconstruction import Asked, witness_target
from sequences.pulses.grid import guard_ns
from sequences.pulses.library import Gates, wait
from sequences.pulses.program import Program

Real = NDArray[np.float64]


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
    """Analysis programs: a global turn, a turn of the right NV alone, perhaps gate and turn; under either beam.

    They begin with a moment in which the pair is frozen, for a pulse may come a part of a tick early.
    """
    frozen = wait(guard_ns(gates.tick_ns), "shift", tick_ns=gates.tick_ns)
    none = Program("-", gates.tick_ns)
    turns = [(axis, quarters) for axis in "xy" for quarters in (1, 2, 3)]
    first = [none.named("-"), *(gates.turn(a, q).named(f"{a}{q}") for a, q in turns)]
    second = [none.named(""), *(gates.turn_right(a, q).named(f" right {a}{q}") for a, q in turns)]
    last = [none.named(""), *((gates.entangle() + gates.turn(a)).named(f" gate {a}1") for a in "xy")]
    beams: tuple[Beam, Beam] = ("pump", "depletion")
    for one in first:
        for two in second:
            for three in last:
                program = (frozen + one + two + three).named(one.name + two.name + three.name)
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

    @property
    def repeats(self) -> int:
        """Shots in this time, at least one."""
        return max(1, round(self.seconds / (self.shot.duration_ns * 1e-9)))


@dataclass(frozen=True)
class Offer:
    """What may be played, and all that is known of it."""

    listed: Sequence[Listed]
    shots: Sequence[Program]
    asked: Asked
    root: Real
    """(p, m): of the calibration's covariance."""


def choose(offer: Offer, wanted: Expectation, seconds: float, focus: float) -> tuple[list[Choice], Asked]:
    """Weights by optimal design for the witness and for all Pauli terms, mixed by `focus`, and what they ask."""
    rows, moves = offer.asked.rows, offer.asked.moves @ offer.root
    duration_s = np.array([0.5e-9 * shot.duration_ns for shot in offer.shots])
    gradient = np.concatenate([rows[:, 1:], np.einsum("nki,k->ni", moves, wanted.vector), offer.asked.margins], axis=1)
    counts = np.maximum(rows @ wanted.vector, 1e-3)
    unknown = gradient.shape[1]
    prior = np.diag(np.concatenate([np.full(15, 1e-2), np.ones(unknown - 15)]))
    design = Candidates(gradient / np.sqrt(counts * duration_s)[:, None], prior)
    witness_only = np.concatenate([wanted.target[1:], np.zeros(unknown - 15)])[None, :]
    every_pauli = np.eye(15, unknown)
    shares = (1.0 - focus) * shares_for(design, every_pauli, seconds)
    if focus:
        shares = shares + focus * shares_for(design, witness_only, seconds)
    order = [int(k) for k in np.argsort(-shares, kind="stable") if shares[k]]
    chosen = [Choice(*offer.listed[k], offer.shots[k], float(shares[k]) * seconds) for k in order]
    return chosen, offer.asked.only(order)
