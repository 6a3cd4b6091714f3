"""What a tomography may play, and what the calibrations and the model say of it."""

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.calibration_fit import modes
from sequences.analysis.engine_rows import class_states, engine_rows, in_engine, margin_moves, moved_rows, prepared_z
from sequences.analysis.tomography import Asked, Beliefs, calibration_root
from sequences.lab import Lab
from sequences.pulses.library import Cycle, engine_shot, hot_left
from sequences.routines import state
from sequences.routines.state import Bench
from sequences.routines.tomography_programs import Offer, candidates

Real = NDArray[np.float64]


def offered(lab: Lab, bench: Bench, cycle: Cycle) -> Offer:
    """All candidates in this cycle."""
    calibration, around, release = state.pair(lab), state.surroundings(lab), state.release(lab)
    model = state.engine_model(lab, calibration, around)
    senses = [hot_left(bench.gates, sense) for sense in (1, -1)]
    start_z = prepared_z(in_engine(calibration, around), senses, release.start_z)
    time_us = cycle.evolution_ns * 1e-3
    states = class_states(model, time_us * 1e-6, release.polarisation_after(time_us), start_z)
    listed = list(candidates(bench.gates))
    asked = Asked(
        engine_rows(calibration, around, states, listed),
        moved_rows(calibration, around, listed),
        margin_moves(calibration, around, states, listed),
    )
    shots = [engine_shot(cycle, bench.gates, program, bench.reading, beam) for program, beam in listed]
    return Offer(listed, shots, asked, calibration_root(calibration))


def beliefs(lab: Lab) -> Beliefs:
    """What is known of the calibration's numbers, and by how much rounds differ."""
    calibration = state.pair(lab)
    return Beliefs(calibration_root(calibration), modes(calibration), state.wander(lab))
