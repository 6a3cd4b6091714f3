"""Program -> bits, one word per tick, by the lab's wiring; and back, for tests and for showing what was played."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sequences.pulses.program import LINES, Program, PulseError


def compiled(program: Program, lines: Mapping[str, int], ahead: Mapping[str, int] | None = None) -> NDArray[np.uint32]:
    """Words for the digital port: (ticks,), bit `lines[role]` high while that role is. PulseError if there is none.

    ahead: role -> ticks by which its line is raised and lowered earlier than written, because what it drives acts so
    much later. A program is repeated, so what comes before its beginning is played at its end, for the next repeat: the
    first repeat lacks it, and what the last one plays of it acts only when all is over. PulseError if a line would be
    ahead by a whole repeat.
    """
    if not program.intervals:
        raise PulseError(f"program {program.name!r} is empty")
    words = [sum(1 << lines[role] for role in interval.lines) for interval in program.intervals]
    ticks = [interval.duration_ns // program.tick_ns for interval in program.intervals]
    written = np.repeat(np.array(words, dtype=np.uint32), ticks)
    played = written
    for role, early in (ahead or {}).items():
        if early and program.time_high_ns(role):
            _check_shorter(program, role, early)
            bit = np.uint32(1 << lines[role])
            played = (played & ~bit) | np.roll(written & bit, -early)
    return played


def _check_shorter(program: Program, role: str, early: int) -> None:
    early_ns = early * program.tick_ns
    if abs(early_ns) >= program.duration_ns:
        raise PulseError(
            f"program {program.name!r} lasts {program.duration_ns} ns: too short for the line {role}, which is played "
            f"{early_ns} ns ahead",
            early_ns,
            program.tick_ns,
        )


def decompiled(bits: NDArray[np.uint32], lines: Mapping[str, int], tick_ns: int, name: str = "played") -> Program:
    """The program that these words play, with equal neighbours joined."""
    edges = np.flatnonzero(np.diff(bits)) + 1
    starts = [0, *(int(e) for e in edges)]
    ends = [*starts[1:], len(bits)]
    program = Program(name, tick_ns)
    for start, end in zip(starts, ends, strict=True):
        high = [role for role in LINES if int(bits[start]) >> lines[role] & 1]
        program = program.then((end - start) * tick_ns, *high)
    return program
