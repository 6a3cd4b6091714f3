"""Shots on the calibrated bench: pump, manipulate, count; many programs in a row with progress."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sequences.analysis.calibration import Beam, CountedProgram
from sequences.lab import Lab
from sequences.pulses.library import Reading
from sequences.pulses.program import Program
from sequences.results import Column, Point, Progress, Stream
from sequences.routines.hold import COLUMNS as HOLD_COLUMNS
from sequences.routines.hold import Holding
from sequences.routines.measure import measure, repeats_for

COLUMNS: Final = (
    Column("program", "number of the program", ""),
    Column("beam", "read-out: 0 Gaussian, 1 doughnut", ""),
    Column("repeats", "shots", "", ("program", "beam")),
    Column("counts", "photons counted", "", ("program", "beam")),
    *HOLD_COLUMNS,
)


@dataclass(frozen=True)
class Shot:
    """A frozen program to be played on the pumped pair, and how long."""

    program: Program
    beam: Beam
    seconds: float
    """Laboratory time to spend on it."""


def count(lab: Lab, reading: Reading, shot: Shot) -> CountedProgram:
    """Play one program and count."""
    program = reading.shot(shot.program, shot.beam)
    counts = measure(lab, program, repeats_for(program, shot.seconds))
    return CountedProgram(shot.program, shot.beam, counts.signal, counts.repeats)


def count_all(
    holding: Holding, reading: Reading, shots: Sequence[Shot], span: tuple[float, float], note: str
) -> Stream[list[CountedProgram]]:
    """Play programs in turn, held; span: the part of the run's progress that they are."""
    out: list[CountedProgram] = []
    for k, shot in enumerate(shots):
        program = reading.shot(shot.program, shot.beam)
        counts = yield from holding.measure(program, repeats_for(program, shot.seconds))
        done = CountedProgram(shot.program, shot.beam, counts.signal, counts.repeats)
        out.append(done)
        yield Point(
            {
                "program": float(k),
                "beam": float(shot.beam == "depletion"),
                "repeats": float(done.repeats),
                "counts": float(done.counts),
            }
        )
        yield Progress(span[0] + (span[1] - span[0]) * (k + 1) / len(shots), note)
    return out
