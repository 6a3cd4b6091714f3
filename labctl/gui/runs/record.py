"""A run as the views see it, measured now or read from the data folder: growing columns, estimate, result, parts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labctl.run.events import Playing
from sequences.results import Column

Real = NDArray[np.float64]

ELSEWHERE: Final = "elsewhere"
MOST_ROWS: Final = 131_072
"""Points that a table holds; beyond it every second one of the older half is let go. All of them are on disk."""
_FIRST_ROWS: Final = 256


class Table(Mapping[str, Real]):
    """Columns of points, each (rows,), nan where a point lacks the column; `table[name]` is a view, not a copy."""

    def __init__(self, columns: Sequence[Column], most_rows: int = MOST_ROWS) -> None:
        self.columns = {column.name: column for column in columns}
        self.rows = 0
        self.thinned = False
        """Whether older points were let go."""
        self.dropped = 0
        """How many."""
        self._place = {name: k for k, name in enumerate(self.columns)}
        self._most = most_rows
        self._cells = np.full((len(self.columns), min(_FIRST_ROWS, most_rows)), np.nan)

    def add(self, values: Mapping[str, float]) -> None:
        """One more point; columns that the table does not know are left out."""
        if self.rows == self._cells.shape[1]:
            self._make_room()
        for name, value in values.items():
            if (place := self._place.get(name)) is not None:
                self._cells[place, self.rows] = value
        self.rows += 1

    def fill(self, values: Mapping[str, Real]) -> None:
        """All points at once."""
        for row in range(len(next(iter(values.values()), ()))):
            self.add({name: float(column[row]) for name, column in values.items()})

    def __getitem__(self, name: str) -> Real:
        return self._cells[self._place[name], : self.rows]

    def __iter__(self) -> Iterator[str]:
        return iter(self._place)

    def __len__(self) -> int:
        return len(self._place)

    def _make_room(self) -> None:
        held = self._cells.shape[1]
        if held < self._most:
            wider = np.full((len(self._place), min(2 * held, self._most)), np.nan)
            wider[:, :held] = self._cells
            self._cells = wider
            return
        old = held // 2
        kept = np.hstack([self._cells[:, :old:2], self._cells[:, old:]])
        self._cells.fill(np.nan)
        self.rows, self.thinned = kept.shape[1], True
        self.dropped += held - self.rows
        self._cells[:, : self.rows] = kept


@dataclass
class Record:
    """One run with its parts."""

    run_id: int
    sequence: str
    plan: Mapping[str, Any]
    table: Table
    depth: int = 0
    """0 for the run that was asked for, 1 for its parts."""
    status: str = "running"
    """running, completed, aborted, failed, interrupted, unfinished; elsewhere: it goes on, nothing is heard of it."""
    held: str = ""
    """suspended or waiting: what a running one does that stands still by itself; its note says why and since when."""
    message: str = ""
    started: str = ""
    """ISO 8601."""
    estimate: Mapping[str, Any] = field(default_factory=dict)
    """What it would conclude if it ended now."""
    result: Mapping[str, Any] | None = None
    fraction: float = 0.0
    """Of the expected laboratory time, as the sequence says it from time to time."""
    fraction_at_s: float = 0.0
    """Its own laboratory time when it said so."""
    expected_s: float | None = None
    """Laboratory time that its plan foresees."""
    note: str = ""
    began_lab_s: float = 0.0
    """Laboratory time since the outermost run began."""
    lab_time_s: float = 0.0
    """Its own, so far."""
    wall_time_s: float = 0.0
    photons: int = 0
    """Counted so far, parts included."""
    counting_s: float = 0.0
    """Laboratory time in which they were counted."""
    playing: Playing | None = None
    """The program that plays now, or that played last."""
    parts: list["Record"] = field(default_factory=list)
    version: int = 0
    """Grows with every change of this run or of its parts."""

    @property
    def known(self) -> dict[str, Any]:
        """The result as far as it is known."""
        return {**self.estimate, **(self.result or {})}

    @property
    def done(self) -> float:
        """0 to 1: as the sequence said last, or by the clock where that is farther."""
        if self.status != "running" or not self.expected_s:
            return self.fraction
        return max(self.fraction, min(0.99, self.lab_time_s / self.expected_s))

    @property
    def left_s(self) -> float | None:
        """Laboratory time until its end: of what its plan foresees, less what has passed since it said how far it is.

        None if its plan foresees nothing.
        """
        if not self.expected_s:
            return None
        since_s = self.lab_time_s - self.fraction_at_s
        return max(0.0, self.expected_s * (1.0 - min(1.0, self.fraction)) - since_s)

    def all(self) -> Iterator["Record"]:
        """This run and its parts, in the order in which they began."""
        yield self
        for part in self.parts:
            yield from part.all()

    @property
    def innermost(self) -> "Record":
        """The part that measures now, or this run itself."""
        return next((part for part in reversed(list(self.all())) if part.status == "running"), self)

    def newest(self, *sequences: str) -> "Record | None":
        """Of this run and its parts, the one of these sequences that began last."""
        return next((record for record in reversed(list(self.all())) if record.sequence in sequences), None)
