"""A program as it acts: the microwave a little late, the fields of switched coils settling for a while."""

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from sequences.pulses.program import Program

_MICROWAVE: Final = frozenset({"mw_x", "mw_y"})
_READ: Final = frozenset({"gradient"})
"""High while NVs are read."""
_PARTS: Final = (0.0, 0.35, 0.8, 1.4, 2.2, 3.4, 5.0)
"""Of the settling time: in each part the field is taken at its mean."""
_NS: Final = 1e-9
_SLIVER_NS: Final = 1e-6


@dataclass(frozen=True)
class Segment:
    """A stretch of time in which nothing changes."""

    lines: frozenset[str]
    """Of those that act on the pair: mw_x, mw_y, gradient."""
    duration_s: float
    gradient_late: float = 0.0
    """Part of the gradient's step that is still to come (negative), or still to go."""
    shift_late: float = 0.0

    def goes_on(self, before: "Segment") -> bool:
        """Whether nothing has changed since the segment before."""
        return replace(before, duration_s=self.duration_s) == self


@lru_cache(maxsize=4096)
def segments(
    program: Program, microwave_late_ns: float, settling: tuple[float, float], freshly_frozen: bool = False
) -> tuple[Segment, ...]:
    """The program's segments in their order. settling: share that comes late, and its time constant in us.

    freshly_frozen: whether `shift` has risen just before. A late pulse may end after the program, an early one begin
    before it.
    """
    edges, times = [], [0.0]
    for interval in program.merged():
        edges.append((times[-1], times[-1] + interval.duration_ns, interval.lines - {"shift"}))
        times.append(edges[-1][1])
    total = times[-1]
    if microwave_late_ns:
        times += [t + microwave_late_ns for t in times]
    share, constant_us = settling
    switched = _switched(edges, freshly_frozen) if share else []
    for at, _, _ in switched:
        times += [at + part * constant_us * 1e3 for part in _PARTS]
    last = total + max(0.0, microwave_late_ns)
    cuts = sorted({round(t, 6) for t in times if min(0.0, microwave_late_ns) <= t <= last})
    out: list[Segment] = []
    for begin, end in pairwise(cuts):
        if end - begin < _SLIVER_NS:
            continue
        middle = 0.5 * (begin + end)
        lines = (_at(edges, middle) - _MICROWAVE) | (_at(edges, middle - microwave_late_ns) & _MICROWAVE)
        if middle > total:
            if not lines:
                continue
            lines |= _READ
        gradient, shift = (_late(switched, which, begin, end, share, constant_us) for which in ("gradient", "shift"))
        here = Segment(lines, round(end - begin, 6) * _NS, round(gradient, 12), round(shift, 12))
        if out and here.goes_on(out[-1]):  # an edge of a pulse elsewhere is none here
            here = replace(here, duration_s=round((out.pop().duration_s + here.duration_s) / _NS, 6) * _NS)
        out.append(here)
    return tuple(out)


Edges = list[tuple[float, float, frozenset[str]]]
Switched = list[tuple[float, str, float]]
"""When, which coil, +1 on or -1 off."""


def _at(edges: Edges, time_ns: float) -> frozenset[str]:
    return next((lines for begin, end, lines in edges if begin <= time_ns < end), frozenset())


def _switched(edges: Edges, freshly_frozen: bool) -> Switched:
    out: Switched = [(0.0, "shift", 1.0)] if freshly_frozen else []
    before = False
    for begin, _, lines in edges:
        now = "gradient" in lines
        if now != before:
            out.append((begin, "gradient", 1.0 if now else -1.0))
        before = now
    return out


def _late(switched: Switched, which: str, begin: float, end: float, share: float, constant_us: float) -> float:
    """Mean, between two times, of what the coil lags behind: in units of its step."""
    constant = constant_us * 1e3
    lag = 0.0
    for at, coil, step in switched:
        if coil == which and at < end:
            a, b = (max(begin, at) - at) / constant, (end - at) / constant
            lag -= step * share * (np.exp(-a) - np.exp(-b)) / max(b - a, 1e-12)
    return float(lag)
