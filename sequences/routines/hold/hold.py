"""When to look, and plays in blocks between looks: what a long run asks of a hold."""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from sequences.lab import Lab
from sequences.pulses.program import Program
from sequences.results import Column, Event, Point, Stream
from sequences.routines import dip, spectroscopy
from sequences.routines.hold.across_lock import AcrossLock
from sequences.routines.hold.bench import HeldField, as_before, held_field
from sequences.routines.hold.field_lock import FieldLock
from sequences.routines.hold.null_tracker import NullTracker
from sequences.routines.measure import Counts, measure, repeats_for

COLUMNS: Final = (
    *spectroscopy.COLUMNS,
    *(column for column in dip.COLUMNS if column.name.startswith("lock_")),
    Column("lock_d_khz", "shift of D", "kHz", ("lock_s",)),
    Column("lock_d_err_khz", "its error", "kHz", ("lock_s",)),
    Column("lock_main_a", "main current after the correction", "A", ("lock_s",)),
    Column("lock_b_ut", "deviation of the field across the axis, one way", "µT", ("lock_s",)),
    Column("lock_b_err_ut", "its error", "µT", ("lock_s",)),
    Column("lock_c_ut", "and square to it", "µT", ("lock_s",)),
    Column("lock_c_err_ut", "its error", "µT", ("lock_s",)),
    Column("null_x_nm", "deviation of the null from the left NV, x", "nm", ("lock_s",)),
    Column("null_x_err_nm", "its error", "nm", ("lock_s",)),
    Column("null_y_nm", "the same, y", "nm", ("lock_s",)),
    Column("null_y_err_nm", "its error", "nm", ("lock_s",)),
)
_SHORTEST_BLOCK_S: Final = 3.0
_KEEP_S: Final = 600.0


class Watch(Protocol):
    """Something that drifts and is looked at now and then."""

    name: str
    shortest_s: float
    longest_s: float

    def begin(self) -> Stream[None]: ...

    def look(self) -> Stream[None]: ...

    def seconds_left(self) -> float:
        """How long until a look is due."""


@dataclass
class _Due:
    """A watch, and when it is to be looked at next."""

    watch: Watch
    at_s: float = 0.0


class Holding(Protocol):
    """What a long run plays through."""

    def between(self) -> Stream[None]:
        """Look and correct, if it is time."""

    def measure(self, program: Program, repeats: int) -> Stream[Counts]:
        """Play so often, in blocks, looking between them."""

    def keep(self) -> None:
        """Store field and null for the runs that follow."""


class Unheld:
    """No hold: plays at once."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def between(self) -> Stream[None]:
        """Nothing to look at."""
        yield from ()

    def measure(self, program: Program, repeats: int) -> Stream[Counts]:
        """One play."""
        yield from ()
        return measure(self.lab, program, repeats)

    def keep(self) -> None:
        """Nothing was learned."""


class Hold:
    """Field and null, held while a run plays."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.field: HeldField = held_field(lab)
        self.lock, self.across, self.null = FieldLock(lab, self.field), AcrossLock(lab, self.field), NullTracker(lab)
        self._due = [_Due(watch) for watch in (self.null, self.across, self.lock)]
        self.looks, self.spent_s = 0, 0.0
        """Looks so far, and the laboratory time that they took."""
        self._kept_s = lab.clock.now()

    def begin(self) -> Stream[None]:
        """The first look at everything; the lock comes last, for the field across bends its lines a little."""
        with as_before(self.lab):
            for due in self._due:
                yield from self._looked(due, due.watch.begin())
        self.keep()

    def between(self) -> Stream[None]:
        """Whatever is due; everything else is afterwards as it was."""
        now = self.lab.clock.now()
        late = [due for due in self._due if due.at_s <= now]
        if not late:
            return
        with as_before(self.lab):
            for due in late:
                yield from self._looked(due, due.watch.look())
        if self.lab.clock.now() > self._kept_s + _KEEP_S:
            self.keep()

    def measure(self, program: Program, repeats: int) -> Stream[Counts]:
        """Play so often, in blocks no longer than until the next look."""
        signal = reference = done = 0
        while done < repeats:
            yield from self.between()
            block_s = max(_SHORTEST_BLOCK_S, min(due.at_s for due in self._due) - self.lab.clock.now())
            blocks = int(np.ceil((repeats - done) / repeats_for(program, block_s)))
            counts = measure(self.lab, program, -(-(repeats - done) // blocks))
            signal, reference = signal + counts.signal, reference + counts.reference
            done += counts.repeats
        return Counts(signal, reference, repeats, repeats * program.duration_ns * 1e-9)

    def keep(self) -> None:
        """Store field and null for the runs that follow."""
        self.field.keep()
        self.null.keep()
        self._kept_s = self.lab.clock.now()

    def _looked(self, due: _Due, look: Stream[None]) -> Stream[None]:
        began_s = self.lab.clock.now()
        yield from points_of(look)
        now = self.lab.clock.now()
        watch = due.watch
        due.at_s = now + float(np.clip(watch.seconds_left(), watch.shortest_s, watch.longest_s))
        self.looks, self.spent_s = self.looks + 1, self.spent_s + now - began_s


def begin(lab: Lab, hold: bool) -> Stream[Holding]:
    """Start to hold the bench as it stands ready, or not."""
    if not hold:
        return Unheld(lab)
    held = Hold(lab)
    yield from held.begin()
    return held


def points_of(stream: Stream[None]) -> Stream[None]:
    """Only what was measured: progress and estimates belong to the run that is held."""
    event: Event
    for event in stream:
        if isinstance(event, Point):
            yield event
