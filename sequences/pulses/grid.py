"""The grid of the pulse source: a duration that somebody writes is a whole number of ticks, or is refused.

What is stored, plotted and analysed as a time is so the time that was played. What a program chooses itself it takes
from the grid before it uses it.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar

from sequences.results import SequenceError

P = TypeVar("P")

UNITS_NS: Final = {"_ns": 1.0, "_us": 1e3, "_ms": 1e6}
"""Ends of the names of durations that are played, and their units. What ends in _s is laboratory time of counting: it
is played in whole repeats, and no number is derived from it."""
_SAME_TICKS: Final = 1e-6
"""Share of a tick by which a number may miss the grid for being a binary fraction."""
_LATE_NS: Final = 100
"""What lines switch has come, or gone, so long after what was expected."""


def nearest_ns(duration_ns: float, tick_ns: int) -> int:
    """The nearest duration that the grid can play, at least one tick."""
    return max(1, round(duration_ns / tick_ns)) * tick_ns


def at_least_ns(duration_ns: int, tick_ns: int) -> int:
    """The shortest duration that the grid can play and that lasts so long."""
    return max(1, -(-duration_ns // tick_ns)) * tick_ns


def guard_ns(tick_ns: int) -> int:
    """What is left between two things that must not overlap, for what comes late of the first: one tick of 100 ns."""
    return at_least_ns(_LATE_NS, tick_ns)


def off_grid(plan: Any, tick_ns: int) -> list[str]:
    """The durations of a plan, and of plans within it, that are no whole number of ticks; a sentence each.

    Every sentence begins with 'key = value' and names the two nearest durations that are.
    """
    return [
        f"{name} = {value:.12g} is not a whole number of the pulse source's {tick_ns} ns ticks: choose "
        f"{_neighbours(value, unit_ns, tick_ns)}"
        for name, value, unit_ns in _durations(plan)
        if not _is_whole(value * unit_ns / tick_ns)
    ]


def refuse_off_grid(plan: Any, tick_ns: int) -> None:
    """Raises SequenceError if a duration of the plan cannot be played."""
    if faults := off_grid(plan, tick_ns):
        raise SequenceError("; ".join(faults), "A tick is wiring.tick_ns of station.yaml")


def on_grid(plan: P, tick_ns: int) -> P:
    """The plan of a part as another experiment chooses it: its durations are the nearest that can be played."""
    moved: dict[str, Any] = {}
    for field, unit_ns in _fields(plan):
        value = getattr(plan, field)
        many = [nearest_ns(one * unit_ns, tick_ns) / unit_ns for one in _numbers(value)]
        kind = type(value) if isinstance(value, int) else float
        moved[field] = tuple(many) if isinstance(value, tuple) else kind(many[0])
    return replace(plan, **moved) if moved else plan  # type: ignore[type-var]


def _is_whole(ticks: float) -> bool:
    return round(ticks) >= 1 and abs(ticks - round(ticks)) < _SAME_TICKS


def _neighbours(value: float, unit_ns: float, tick_ns: int) -> str:
    below = int(value * unit_ns // tick_ns)
    return " or ".join(f"{ticks * tick_ns / unit_ns:.12g}" for ticks in (below, below + 1) if ticks >= 1)


def _fields(plan: Any) -> Iterator[tuple[str, float]]:
    for field in fields(plan):
        unit_ns = next((unit for ending, unit in UNITS_NS.items() if field.name.endswith(ending)), None)
        if unit_ns is not None:
            yield field.name, unit_ns


def _durations(plan: Any, prefix: str = "") -> Iterator[tuple[str, float, float]]:
    """Name, value and unit of each duration; of a list, each of its values."""
    for name, unit_ns in _fields(plan):
        for value in _numbers(getattr(plan, name)):
            yield prefix + name, value, unit_ns
    for field in fields(plan):
        if is_dataclass(inner := getattr(plan, field.name)):
            yield from _durations(inner, f"{prefix}{field.name}.")


def _numbers(value: Any) -> list[float]:
    many = value if isinstance(value, tuple | list) else [value]
    return [one for one in many if isinstance(one, int | float)]
