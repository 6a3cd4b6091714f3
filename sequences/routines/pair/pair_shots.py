"""Shots that end in a read-out of the pair: played one after the other, and what they say of either NV."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.engine.baths import BEAMS, sigma_z
from sequences.analysis.pair.calibration import Beam, CountedProgram, PairCalibration
from sequences.core.lab import Lab
from sequences.pulses.program import Program
from sequences.results import Stream
from sequences.routines.bench import calibrated_bench
from sequences.routines.bench.calibrated_bench import Bench
from sequences.routines.bench.measure import repeats_for
from sequences.routines.stabilisation import Holding

Real = NDArray[np.float64]


def counted_shots(
    lab: Lab, holding: Holding, bench: Bench, shots: Sequence[tuple[Program, Beam, Program]], seconds: float
) -> Stream[list[CountedProgram]]:
    """Play (shot, beam, what it is known by) for so long each, told by the light of their own shots."""
    usual = calibrated_bench.usual_light(lab, bench.reading)
    out = []
    for shot, beam, program in shots:
        counts = yield from holding.measure(shot, repeats_for(shot, seconds))
        looks = round(shot.time_high_ns("gate_reference") / bench.reading.reference_ns(beam))
        out.append(CountedProgram(program, beam, counts.signal, counts.repeats * looks, counts.reference, usual[beam]))
    return out


def read_both(
    lab: Lab,
    holding: Holding,
    bench: Bench,
    calibration: PairCalibration,
    shots: Sequence[Callable[[Beam], Program]],
    seconds: float,
) -> Stream[tuple[Real, Real]]:
    """sigma_z of both NVs, (n, 2), after each of these programs, each played with either read-out."""
    nothing = Program("-", bench.gates.tick_ns)
    counted = yield from counted_shots(
        lab, holding, bench, [(shot(beam), beam, nothing) for beam in BEAMS for shot in shots], seconds
    )
    seen = np.array([[d.per_shot, d.error] for d in counted]).reshape(2, len(shots), 2)
    return sigma_z(calibration, (seen[0, :, 0], seen[0, :, 1]), (seen[1, :, 0], seen[1, :, 1]))
