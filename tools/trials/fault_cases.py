"""The cases of a sweep: one fault at one call."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulated_instruments.faults.kinds import Call, applicable
from simulated_instruments.faults.script import Fault
from tools.trials.faulted_run import one_fault

_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Case:
    """One fault at one call."""

    call: Call
    kind: str
    for_s: float | None = None

    @property
    def fault(self) -> Fault:
        """As the twin is told it."""
        return one_fault(self.kind, self.call.instrument, self.call.number, self.for_s)

    def __str__(self) -> str:
        return f"{self.call.instrument} {self.call.number}, {self.kind} at {self.call.text[:60]!r}"


def cases_of(calls: Sequence[Call], for_s: float | None = None) -> Iterator[Case]:
    """Every fault that fits a call, at every call."""
    return (Case(call, kind, for_s) for call in calls for kind in applicable(call))


def one_of_each(calls: Sequence[Call], seed: int) -> list[Call]:
    """A call of every form that an instrument was spoken to in; the calls of a form differ in numbers only."""
    forms: dict[tuple[str, str], list[Call]] = {}
    for call in calls:
        forms.setdefault((call.instrument, _NUMBER.sub("0", call.text)), []).append(call)
    draw = np.random.default_rng(seed)
    return [alike[int(draw.integers(len(alike)))] for alike in forms.values()]
