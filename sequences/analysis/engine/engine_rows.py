"""What an analysis program says of the engine's state, when shots are of many classes and some NVs have no charge.

The state that is sought is the mean over shots in which both NVs are negative. How the state of each class differs from
it is taken from the model, and so is what a single NV does; both with a margin that is an unknown of the fit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.paulis import INDEX
from sequences.analysis.engine.engine_model import EngineModel, Preparation
from sequences.analysis.pair.calibration import NAMES, SCALES, Listed, PairCalibration, averaged_rows
from sequences.analysis.pair.pair_model import PairModel, pumped_state
from sequences.analysis.pair.shot_classes import FrozenField
from sequences.pulses.program import Program

Real = NDArray[np.float64]
Two = tuple[float, float]

MARGINS: Final = (
    ("states of shots with other lines", 0.3),
    ("states of shots with another nucleus", 0.3),
    ("left NV alone", 0.1),
    ("right NV alone", 0.1),
)
"""What is believed of the classes: the share of their difference from the mean, or sigma_z of an NV, to 1 sigma."""
SHARES: Final = [NAMES.index(name) for name in ("nitrogen_zero", "nitrogen_minus", "neutral_left", "neutral_right")]
"""Numbers that say how many shots are of which class: what goes with the class changes with them."""
_STEP: Final = 0.02
_Z: Final = [INDEX["ZI"], INDEX["IZ"]]
_ALONE: Final[Real] = pumped_state((0.5, 0.95))
"""Roughly, for derivatives."""


@dataclass(frozen=True)
class Surroundings:
    """What differs between a pumped pair and the engine's: cold and warm baths, a field just switched."""

    polarisation: Two
    line_shift_rad_per_s: Two = (0.0, 0.0)
    """Of each frozen line, by its own polarised bath."""


@dataclass(frozen=True)
class ClassStates:
    """The engine's states by its model, just before the analysis."""

    deviation: Real
    """(c, 16): of each class from their mean."""
    alone: Real
    """(16,): mean Pauli vector of NVs whose partner has no charge; its terms of one NV are what counts."""


def class_states(model: EngineModel, time_s: float, polarisation: Two, start_z: Two) -> ClassStates:
    """After so long in contact. start_z: of most shots at release."""
    both = model.states_by_class(np.array([time_s]), polarisation, start_z)[0]
    alone = model.states_by_class(np.array([time_s]), polarisation, start_z, coupled=False)[0]
    weight = model.classes.weight
    return ClassStates(both - weight @ both, weight @ alone)


def preparation(calibration: PairCalibration, senses: Sequence[Program]) -> Preparation:
    """What the pulses make of a pumped pair, class by class. senses: the programs that are played in turn."""
    pumped = pumped_state(calibration.fidelity)
    both, alone = (
        np.mean([calibration.pair.propagators(p, coupled) @ pumped for p in senses], axis=0)
        for coupled in (True, False)
    )
    main = np.all(calibration.pair.classes.nucleus == 0, axis=1)
    weight = calibration.pair.classes.weight[main]
    usual = pumped_state(tuple(0.5 * (1.0 + z) for z in weight @ both[main][:, _Z] / weight.sum()))
    return Preparation(both - usual, alone - usual)


def in_engine(calibration: PairCalibration, around: Surroundings) -> PairCalibration:
    """The pair's numbers as they are behind an evolution."""
    narrow = calibration.pair.spread.narrowed(around.polarisation)
    v = calibration.named
    moved = {
        f"{which}_{side}_rad_per_s": v[f"{which}_{side}_rad_per_s"] + shift
        for which in ("detuning", "gradient")
        for side, shift in zip(("left", "right"), around.line_shift_rad_per_s, strict=True)
    }
    return calibration.with_values(**moved, spread_left_khz2=narrow.left_khz2, spread_right_khz2=narrow.right_khz2)


def engine_rows(
    calibration: PairCalibration, around: Surroundings, states: ClassStates, listed: Sequence[Listed]
) -> Real:
    """(n, 16): photons a shot = row . mean Pauli vector; everything that is not of that state stands in its first."""
    return _rows(calibration.values, calibration.frozen, around, listed, states)[0]


def margin_moves(
    calibration: PairCalibration, around: Surroundings, states: ClassStates, listed: Sequence[Listed]
) -> Real:
    """(n, 4): change of the photons with each of MARGINS, per its 1 sigma."""
    return _rows(calibration.values, calibration.frozen, around, listed, states)[1]


def moved_rows(calibration: PairCalibration, around: Surroundings, listed: Sequence[Listed]) -> Real:
    """(n, 16, p): change of the rows with each calibrated number, per its scale (SCALES), beside usual states."""
    return _moves(calibration.values, calibration.frozen, around, tuple(listed))


def share_moves(
    calibration: PairCalibration,
    around: Surroundings,
    rows: Real,
    listed: Sequence[Listed],
    states_of: Callable[[PairCalibration], ClassStates],
) -> Real:
    """(n, 16, 4): change of the rows with each of SHARES, per its scale; also by how the states of classes differ.

    rows: of this calibration, beside its own states. states_of: the states of a pair that is calibrated otherwise.
    """
    moved = [calibration.moved(k, _STEP * SCALES[k]) for k in SHARES]
    columns = [(engine_rows(there, around, states_of(there), listed) - rows) / _STEP for there in moved]
    return np.stack(columns, axis=-1)


def _rows(
    values: tuple[float, ...], frozen: FrozenField, around: Surroundings, listed: Sequence[Listed], states: ClassStates
) -> tuple[Real, Real]:
    c = in_engine(PairCalibration(values, np.empty((0, 0)), frozen=frozen), around)
    programs = tuple(dict.fromkeys(program for program, _ in listed))
    by_class = _class_rows(c.pair, programs, True)
    weight, nucleus = c.pair.classes.weight, c.pair.classes.nucleus
    main = np.all(nucleus == 0, axis=1)
    deviating = np.einsum("c,cnsk,ck->cns", weight, by_class, states.deviation)
    parts = np.stack([deviating[main].sum(axis=0), deviating[~main].sum(axis=0)])  # (2, programs, side)
    alone_rows = _mean(_class_rows(c.pair, programs, False), weight)
    out = _composed(c, listed, programs, _mean(by_class, weight), alone_rows, states.alone)
    both = c.charged[0] * c.charged[1]
    place = {program: k for k, program in enumerate(programs)}
    margins = np.zeros((len(listed), len(MARGINS)))
    sizes = [size for _, size in MARGINS]
    for n, (program, beam) in enumerate(listed):
        seen, k = c.readout(beam), place[program]
        coefficient = np.array([seen.left, seen.right])
        correlated = both * parts[:, k] @ coefficient
        out[n, 0] += correlated.sum()
        margins[n, :2] = correlated
        margins[n, 2:] = _lone(c) * coefficient * alone_rows[k, [0, 1], _Z]
    return out, margins * sizes


@lru_cache(maxsize=12)
def _class_rows(pair: PairModel, programs: tuple[Program, ...], coupled: bool) -> Real:
    """(c, programs, 2, 16): remembered, for the states change from one time to another and the programs do not."""
    return pair.rows(programs, coupled, freshly_frozen=True)


@lru_cache(maxsize=4)
def _moves(values: tuple[float, ...], frozen: FrozenField, around: Surroundings, listed: tuple[Listed, ...]) -> Real:
    """Remembered, for one tomography after the other asks for those of the same programs."""
    here = PairCalibration(values, np.empty((0, 0)), frozen=frozen)
    programs = tuple(dict.fromkeys(program for program, _ in listed))

    def rows(c: PairCalibration) -> Real:
        moved = in_engine(c, around)
        both, alone = (averaged_rows(moved.pair, programs, coupled, True) for coupled in (True, False))
        return _composed(moved, listed, programs, both, alone, _ALONE)

    base = rows(here)
    columns = [(rows(here.moved(k, _STEP * float(scale))) - base) / _STEP for k, scale in enumerate(SCALES)]
    out = np.stack(columns, axis=-1)
    out.setflags(write=False)
    return out


def _mean(rows: Real, weight: Real) -> Real:
    return np.asarray(np.tensordot(weight, rows, axes=1))


def _lone(c: PairCalibration) -> Real:
    """(2,): share of shots with the left, the right NV alone."""
    left, right = c.charged
    return np.array([left * (1.0 - right), right * (1.0 - left)])


def _composed(
    c: PairCalibration, listed: Sequence[Listed], programs: Sequence[Program], both: Real, alone: Real, vector: Real
) -> Real:
    """(n, 16)."""
    place = {program: k for k, program in enumerate(programs)}
    share, lone = c.charged[0] * c.charged[1], _lone(c)
    lone_z = alone @ vector  # (programs, 2)
    out = np.empty((len(listed), 16))
    for n, (program, beam) in enumerate(listed):
        seen, k = c.readout(beam), place[program]
        coefficient = np.array([seen.left, seen.right])
        out[n] = share * coefficient @ both[k]
        out[n, 0] += seen.level + float(coefficient @ (lone * lone_z[k]))
    return out
