"""What every sequence yields while it runs: points, progress, estimates, and the begin and end of a child run."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from numpy.typing import NDArray

R = TypeVar("R")


@dataclass(frozen=True)
class Column:
    """One column of a run's data. A column without setpoints is a setpoint itself."""

    name: str
    """Identifier with the unit in it, e.g. frequency_hz."""
    label: str
    """What an axis would say, without the unit."""
    unit: str
    setpoints: tuple[str, ...] = ()
    """Names of the columns this one was measured against."""


@dataclass(frozen=True)
class Point:
    """One measured point: column name -> number. All setpoints of the columns given are given too."""

    values: Mapping[str, float]


@dataclass(frozen=True)
class Progress:
    """Where a run stands."""

    fraction: float
    """0 to 1 of the run's expected laboratory time."""
    note: str = ""
    """The present estimate, in words that a physicist reads: 'f+ 5737.153(4) MHz'."""


@dataclass(frozen=True)
class Estimate:
    """What the run would conclude if it ended now; the next one replaces it."""

    values: Mapping[str, Any]
    """Keys as in the sequence's result, as far as they are known, each with its `_err`; and what a picture needs."""


@dataclass(frozen=True)
class Begin:
    """A child run begins; what follows belongs to it until its End."""

    sequence: str
    plan: Any


@dataclass(frozen=True)
class End:
    """The child run that began last has ended well; its result is a frozen dataclass."""

    result: Any


Event = Point | Progress | Estimate | Begin | End
Stream = Generator[Event, None, R]


def child(sequence: str, plan: Any, stream: Stream[R]) -> Stream[R]:
    """Run a sequence inside another one, as a run of its own: `yield from child("align", plan, align(lab, plan))`."""
    yield Begin(sequence, plan)
    result = yield from stream
    yield End(result)
    return result


class SequenceError(Exception):
    """An experiment cannot go on: says what was seen, at which value or instrument, and what to try.

    `what`, `remedy` and `seen` are kept as fields so that programs can read them too.
    """

    def __init__(self, what: str, remedy: str = "", **seen: float | str | NDArray[Any]) -> None:
        self.what, self.remedy, self.seen = what, remedy, seen
        super().__init__(f"{what}. {remedy}".strip() if remedy else what)
