"""A pulse program: a name and intervals, each a whole number of ticks with some lines high."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

LINES: Final = ("pump", "depletion", "mw_x", "mw_y", "shift", "gradient", "gate_signal", "gate_reference")
"""The lines that a program may raise; station.yaml says where each of them is cabled."""


class PulseError(ValueError):
    """A pulse that cannot be played; `value_ns` and `tick_ns` say why."""

    def __init__(self, message: str, value_ns: float = 0.0, tick_ns: int = 0) -> None:
        self.value_ns, self.tick_ns = value_ns, tick_ns
        super().__init__(message)


@dataclass(frozen=True)
class Interval:
    """A stretch of time in which nothing changes."""

    duration_ns: int
    lines: frozenset[str]
    """Names of the lines that are high."""


@dataclass(frozen=True)
class Program:
    """An immutable pulse program; `then` returns a longer one."""

    name: str
    tick_ns: int
    """Of the pulse source: every interval is a whole number of them."""
    intervals: tuple[Interval, ...] = ()

    def then(self, duration_ns: int, *lines: str) -> "Program":
        """The program followed by an interval with these lines high.

        Raises PulseError if the duration is not a whole positive number of ticks, or for an unknown line.
        """
        if duration_ns <= 0 or duration_ns % self.tick_ns:
            raise PulseError(
                f"{duration_ns} ns is not a whole number of {self.tick_ns} ns ticks (program {self.name!r})",
                duration_ns,
                self.tick_ns,
            )
        unknown = sorted(set(lines) - set(LINES))
        if unknown:
            raise PulseError(f"unknown line {unknown[0]!r} (program {self.name!r}); the lines are {', '.join(LINES)}")
        return replace(self, intervals=(*self.intervals, Interval(int(duration_ns), frozenset(lines))))

    def __add__(self, other: "Program") -> "Program":
        """One program after the other, under the first one's name."""
        if other.tick_ns != self.tick_ns:
            raise PulseError(f"{self.name!r} has {self.tick_ns} ns ticks, {other.name!r} has {other.tick_ns} ns")
        return replace(self, intervals=self.intervals + other.intervals)

    def named(self, name: str) -> "Program":
        """The same program under another name."""
        return replace(self, name=name)

    def with_lines(self, *lines: str) -> "Program":
        """The same program with these lines high throughout."""
        more = frozenset(lines)
        return replace(self, intervals=tuple(replace(i, lines=i.lines | more) for i in self.intervals))

    @property
    def duration_ns(self) -> int:
        """Length of one repeat."""
        return sum(interval.duration_ns for interval in self.intervals)

    def time_high_ns(self, line: str) -> int:
        """How long a line is high within one repeat: the duty of a beam or of a gate."""
        return sum(i.duration_ns for i in self.intervals if line in i.lines)

    def merged(self) -> Iterator[Interval]:
        """The intervals with equal neighbours joined."""
        pending: Interval | None = None
        for interval in self.intervals:
            if pending and pending.lines == interval.lines:
                pending = replace(pending, duration_ns=pending.duration_ns + interval.duration_ns)
                continue
            if pending:
                yield pending
            pending = interval
        if pending:
            yield pending


def joined(name: str, programs: Iterable[Program]) -> Program:
    """Programs one after the other."""
    first, *rest = programs
    out = first.named(name)
    for program in rest:
        out = out + program
    return out
