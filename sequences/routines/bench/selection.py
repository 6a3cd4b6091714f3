"""Which NV the doughnut lets be pumped and read: what that means for the light of a program and for the null's place.

A beam says it by its role, `selects`. Experiments ask here, and know neither GSD nor STED.
"""

from dataclasses import replace
from typing import Literal

from sequences.core.lab import Lab
from sequences.pulses.program import Program

Side = Literal["left", "right"]


def selects_inside(lab: Lab) -> bool:
    """Whether the NV in the null is the one that is pumped and read, by the pump's light; else those around it are."""
    return lab.depletion_beam.selects == "inside"


def null_side(lab: Lab) -> Side:
    """On which NV the null belongs, so that the right one is pumped and read, and the left one is not."""
    return "right" if selects_inside(lab) else "left"


def as_lit(lab: Lab, program: Program) -> Program:
    """The program with all the light that it takes: a beam that only forbids goes on together with the pump's."""
    if not selects_inside(lab):
        return program
    lit = tuple(
        replace(interval, lines=interval.lines | {"pump"}) if "depletion" in interval.lines else interval
        for interval in program.intervals
    )
    return replace(program, intervals=lit)
