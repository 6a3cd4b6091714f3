"""Shots on the calibrated bench: pump, manipulate, count; many programs in rounds with progress."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sequences.analysis.pair.calibration import Beam, CountedProgram
from sequences.core.lab import Lab
from sequences.pulses.library import Reading
from sequences.pulses.program import Program
from sequences.results import Column, Point, Progress, Stream
from sequences.routines.bench.measure import measure, repeats_for
from sequences.routines.bench.rounds import Turn, in_rounds
from sequences.routines.stabilisation import COLUMNS as HOLD_COLUMNS
from sequences.routines.stabilisation import Holding

STRETCH_S: Final = 600.0
"""Laboratory time in which nothing drifts that matters."""
_SETPOINTS: Final = ("program", "beam", "round")
COLUMNS: Final = (
    Column("program", "number of the program", ""),
    Column("beam", "read-out: 0 Gaussian, 1 doughnut", ""),
    Column("round", "number of the round", ""),
    Column("repeats", "shots", "", _SETPOINTS),
    Column("counts", "photons counted", "", _SETPOINTS),
    Column("reference", "photons of the pumped pair in the same shots", "", _SETPOINTS),
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
    return CountedProgram(shot.program, shot.beam, counts.signal, counts.repeats, counts.reference)


def count_rounds(
    holding: Holding, reading: Reading, shots: Sequence[Shot], rounds: int, span: tuple[float, float], note: str
) -> Stream[list[list[CountedProgram]]]:
    """Play programs in rounds that are alike, held; span: the part of the run's progress that they are.

    Returns them in stretches that are short against what drifts in an hour.
    """
    played = [reading.shot(shot.program, shot.beam) for shot in shots]
    turns = in_rounds([(s.seconds, repeats_for(p, s.seconds)) for s, p in zip(shots, played, strict=True)], rounds)
    out: list[list[CountedProgram]] = []
    for number, listed in enumerate(turns, start=1):
        out.append([])
        began_s = holding.now_s()
        for k, turn in enumerate(listed, start=1):
            if holding.now_s() - began_s > STRETCH_S:
                out.append([])
                began_s = holding.now_s()
            shot = shots[turn.choice]
            counts = yield from holding.measure(played[turn.choice], turn.repeats)
            done = CountedProgram(shot.program, shot.beam, counts.signal, counts.repeats, counts.reference)
            out[-1].append(done)
            yield _point(turn, number, done)
            share = (number - 1 + k / len(listed)) / len(turns)
            yield Progress(span[0] + (span[1] - span[0]) * share, f"round {number} of {len(turns)}, {note}")
    return [part for part in out if part]


def _point(turn: Turn, number: int, done: CountedProgram) -> Point:
    return Point(
        {
            "program": float(turn.choice),
            "beam": float(done.beam == "depletion"),
            "round": float(number),
            "repeats": float(done.repeats),
            "counts": float(done.counts),
            "reference": float(done.reference),
        }
    )


def usual_light(data: Iterable[CountedProgram]) -> dict[Beam, float]:
    """Photons a shot in the reference windows of either beam, averaged over all shots: the unit of brightness."""
    listed = list(data)
    out: dict[Beam, float] = {}
    for beam in ("pump", "depletion"):
        seen = [d for d in listed if d.beam == beam]
        if seen:
            out[beam] = sum(d.reference for d in seen) / sum(d.repeats for d in seen)
    return out


def compared(rounds: Iterable[Iterable[CountedProgram]], usual: Mapping[Beam, float]) -> list[list[CountedProgram]]:
    """The same counts, told by the light of their own shots."""
    return [[replace(d, usual=usual[d.beam]) for d in data] for data in rounds]


def in_own_light(data: Sequence[CountedProgram]) -> list[CountedProgram]:
    """The same for programs that were counted one after the other: light that wanders meanwhile is no signal."""
    return compared([data], usual_light(data))[0]
