"""Program -> bits, one word per tick, by the lab's wiring; and back, for tests and for showing what was played."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sequences.pulses.program import LINES, Program, PulseError


def compiled(program: Program, lines: Mapping[str, int]) -> NDArray[np.uint32]:
    """Words for the digital port: (ticks,), bit `lines[role]` high while that role is. PulseError if there is none."""
    if not program.intervals:
        raise PulseError(f"program {program.name!r} is empty")
    words = [sum(1 << lines[role] for role in interval.lines) for interval in program.intervals]
    ticks = [interval.duration_ns // program.tick_ns for interval in program.intervals]
    return np.repeat(np.array(words, dtype=np.uint32), ticks)


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
