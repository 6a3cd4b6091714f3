"""How long to play each program of the calibration: what the engine's witness will rest on, and everything a little."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.calibration import NAMES, SCALES, Beam, PairCalibration
from sequences.analysis.design import Candidates, shares_for
from sequences.analysis.engine_rows import ClassStates, Surroundings, engine_rows, in_engine, moved_rows
from sequences.lab import Lab
from sequences.pulses.library import COOLING_US, Cycle, Gates, Reading, engine_shot
from sequences.pulses.program import Program
from sequences.routines import state
from sequences.routines.calibration_programs import programs
from sequences.routines.shots import Shot
from sequences.routines.tomography_programs import candidates, expectation

Real = NDArray[np.float64]

_FOR_THE_WITNESS: Final = 0.6
"""Share of the time; the rest is spread over all programs by their own weights."""
_ENGINE_TIMES: Final = 1.5
"""Laboratory time of the tomography that is foreseen, in that of the calibration."""
_REFERENCE_NOISE: Final = 1.2
"""Variance of signal over reference in that of the signal alone, roughly."""
_TYPICAL: Final = {"spread": 100.0, "neutral": 0.05, "nitrogen": 0.01}


def designed(
    lab: Lab, rough: PairCalibration, known: Real, gates: Gates, reading: Reading, seconds: float
) -> list[Shot]:
    """Programs of the calibration with their times."""
    listed = programs(gates)
    here = _away_from_edges(rough)
    weight = np.array([w for _, _, w in listed])
    usual = weight / weight.sum()
    asked = [(program, beam) for program, beam, _ in listed]
    of_witness = _for_the_witness(lab, here, known, gates, reading, asked, seconds)
    shares = _FOR_THE_WITNESS * of_witness + (1.0 - _FOR_THE_WITNESS) * usual
    return [Shot(p, b, float(share) * seconds) for (p, b), share in zip(asked, shares, strict=True)]


def _away_from_edges(c: PairCalibration) -> PairCalibration:
    """Derivatives to numbers that cannot be negative are taken at typical values of theirs."""
    typical = {
        name: max(c.named[name], value) for name in NAMES for kind, value in _TYPICAL.items() if name.startswith(kind)
    }
    return c.with_values(**typical)


def _for_the_witness(
    lab: Lab,
    c: PairCalibration,
    known: Real,
    gates: Gates,
    reading: Reading,
    asked: Sequence[tuple[Program, Beam]],
    seconds: float,
) -> Real:
    """(n,): shares of the programs that make the witness best known, tomography and calibration taken together."""
    evolution_us, vector = state.foreseen(lab, c)
    cycle = Cycle(lab.whole_ticks(COOLING_US * 1e3), lab.whole_ticks(evolution_us * 1e3))
    of_engine = list(candidates(gates))
    around = Surroundings((0.05, 0.9))
    states = ClassStates(np.zeros((len(in_engine(c, around).pair.classes.weight), 16)), (0.0, 0.9))
    rows, moves = engine_rows(c, around, states, of_engine), moved_rows(c, around, of_engine)
    shots = [engine_shot(cycle, gates, p, reading, b) for p, b in of_engine]
    engine = np.concatenate([rows[:, 1:], np.einsum("nkp,k->np", moves, vector)], axis=1)
    engine = engine / _noise(rows @ vector, [0.5e-9 * shot.duration_ns for shot in shots])
    pumped = np.concatenate([np.zeros((len(asked), 15)), c.jacobian(asked)], axis=1)
    pumped = pumped / _noise(c.expected(asked), [1e-9 * reading.shot(p, b).duration_ns for p, b in asked])
    prior = np.diag(np.concatenate([np.full(15, 1e-4), (SCALES / known) ** 2]))
    design = Candidates(np.concatenate([pumped, engine]), prior)
    target = np.concatenate([expectation(vector).target[1:], np.zeros(len(NAMES))])[None, :]
    shares = shares_for(design, target, seconds * (1.0 + _ENGINE_TIMES))[: len(asked)]
    return shares / max(float(shares.sum()), 1e-9)


def _noise(photons: Real, durations_s: Sequence[float]) -> Real:
    """(n, 1): error of photons a shot after a second."""
    return np.sqrt(_REFERENCE_NOISE * np.maximum(photons, 1e-3) * np.array(durations_s))[:, None]
