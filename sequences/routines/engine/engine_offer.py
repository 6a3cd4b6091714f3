"""What a tomography may play, and what the calibrations and the model say of it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.engine.balance import polarisation_after
from sequences.analysis.engine.engine_rows import (
    SHARES,
    ClassStates,
    class_states,
    engine_rows,
    margin_moves,
    moved_rows,
    share_moves,
)
from sequences.analysis.pair.calibration import NAMES, SCALES, PairCalibration
from sequences.analysis.pair.calibration_fit import is_of_light, modes
from sequences.analysis.tomography.reconstruction import Asked, Beliefs, calibration_root
from sequences.core.lab import Lab
from sequences.pulses.library import Cycle, engine_shot
from sequences.routines.bench import calibrated_bench
from sequences.routines.bench.calibrated_bench import Bench
from sequences.routines.pair.tomography_programs import Offer, candidates

Real = NDArray[np.float64]

_MOST_WANDER: Final = 3.0
"""Of light, in what the calibration has seen of it."""
_UNSEEN_WANDER: Final = 0.3
"""Of light, in 1e-2 of its size, that a calibration may not have seen."""


def offered(lab: Lab, bench: Bench, cycle: Cycle) -> Offer:
    """All candidates in this cycle."""
    calibration, around, release = (
        calibrated_bench.pair(lab),
        calibrated_bench.surroundings(lab),
        calibrated_bench.release(lab),
    )
    time_us = cycle.evolution_ns * 1e-3

    def states_of(pair: PairCalibration) -> ClassStates:
        model = calibrated_bench.engine_model(lab, pair, around)
        return class_states(model, time_us * 1e-6, polarisation_after(model, release, time_us), release.start_z)

    states = states_of(calibration)
    listed = list(candidates(bench.gates))
    rows = engine_rows(calibration, around, states, listed)
    moves = moved_rows(calibration, around, listed).copy()
    moves[..., SHARES] = share_moves(calibration, around, rows, listed, states_of)
    asked = Asked(rows, moves, margin_moves(calibration, around, states, listed))
    shots = [engine_shot(cycle, bench.gates, program, bench.reading, beam) for program, beam in listed]
    return Offer(listed, shots, asked, _root(lab, calibration))


def _root(lab: Lab, calibration: PairCalibration) -> Real:
    """(p, m): everything in which the numbers of the engine's pair may err; by the shift of its lines as well."""
    error = calibrated_bench.calibrated_err(lab, "bath.shift_rad_per_s")
    column = np.zeros((len(NAMES), 1))
    for side, share in zip(("left", "right"), calibrated_bench.line_shift_shares(lab), strict=True):
        for which in ("detuning", "gradient"):
            k = NAMES.index(f"{which}_{side}_rad_per_s")
            column[k] = share * error / SCALES[k]
    return np.concatenate([calibration_root(calibration), column], axis=1)


def beliefs(lab: Lab) -> Beliefs:
    """What is known of the calibration's numbers, and by how much rounds differ."""
    calibration, wander = calibrated_bench.pair(lab), calibrated_bench.wander(lab)
    most = np.where(is_of_light(), _MOST_WANDER * wander + _UNSEEN_WANDER, np.inf)
    return Beliefs(_root(lab, calibration), modes(calibration), wander, most)
