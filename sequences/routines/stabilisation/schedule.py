"""When to look, and plays in blocks between looks: what a long run asks of a hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np

from sequences.analysis.statistics.drift import FollowedDrift
from sequences.core.lab import Lab
from sequences.pulses.program import Program
from sequences.results import Column, Event, Point, SequenceError, Stream
from sequences.routines.bench.measure import Counts, measure, repeats_for
from sequences.routines.odmr import spectroscopy
from sequences.routines.relaxation import dip
from sequences.routines.stabilisation.drift_rates import FIELD_KEY, keep_rate
from sequences.routines.stabilisation.field_lock import FieldLock
from sequences.routines.stabilisation.null_tracker import NullTracker
from sequences.routines.stabilisation.outputs import HeldField, as_before, held_field
from sequences.routines.stabilisation.transverse_lock import TransverseLock

HoldChoice = bool | Literal["auto"]
"""Of a plan: hold the bench from the beginning (true), never (false), or as often as it is seen to move."""

PROBE_COLUMNS: Final = (
    *(column for column in dip.COLUMNS if column.name.startswith("lock_")),
    Column("lock_d_khz", "shift of D", "kHz", ("lock_s",)),
    Column("lock_d_err_khz", "its error", "kHz", ("lock_s",)),
    Column("lock_main_a", "main current after the correction", "A", ("lock_s",)),
    Column("lock_b_ut", "deviation of the field across the axis, one way", "µT", ("lock_s",)),
    Column("lock_b_err_ut", "its error", "µT", ("lock_s",)),
    Column("lock_c_ut", "and square to it", "µT", ("lock_s",)),
    Column("lock_c_err_ut", "its error", "µT", ("lock_s",)),
    Column("null_x_nm", "deviation of the null from its NV, x", "nm", ("lock_s",)),
    Column("null_x_err_nm", "its error", "nm", ("lock_s",)),
    Column("null_y_nm", "the same, y", "nm", ("lock_s",)),
    Column("null_y_err_nm", "its error", "nm", ("lock_s",)),
)
"""What each look says."""
COLUMNS: Final = (*spectroscopy.COLUMNS, *PROBE_COLUMNS)
_FIELD_KEYS: Final = ("field.f_plus_hz", "field.resonance_mt", "field.nitrogen", "field.x_a", "magnet.a_x")
_LINE_KEYS: Final = ("odmr.width_0dbm_hz", "odmr.contrast")
_PULSE_KEYS: Final = ("microwave.frozen_hz", "microwave.pi_half_ns", "shift.a")
_PAIR_KEYS: Final = ("pair.left_x_nm", "pair.right_x_nm")
_SHORTEST_BLOCK_S, _LONGEST_BLOCK_S = 3.0, 3600.0
_KEEP_S: Final = 600.0


class Watch(Protocol):
    """Something that drifts and is looked at now and then."""

    name: str
    shortest_s: float
    drift: FollowedDrift | None
    """What is known of it; None before it was looked at."""

    @property
    def longest_s(self) -> float:
        """Between two looks."""

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
    """How a long run plays its programs, with field and null held meanwhile."""

    probes: int
    """How often the lines and the null were measured so far."""
    spent_s: float
    """Laboratory time that they took."""

    @property
    def share(self) -> float:
        """Of the laboratory time since the hold began, that looks took."""

    @property
    def line_moves(self) -> bool:
        """Whether the field is seen to drift, so that each look corrects it."""

    def now_s(self) -> float:
        """Laboratory time."""

    def between(self) -> Stream[None]:
        """Look and correct, if it is time."""

    def measure(self, program: Program, repeats: int) -> Stream[Counts]:
        """Play so often, in blocks, looking between them."""

    def stray_khz(self, seconds: float) -> float:
        """By how much, 1 sigma, the line that is held may stand elsewhere on the average of so many seconds."""

    def line_has_moved(self) -> None:
        """The run has seen its line move: look at the field soon, and as on a bench that moves."""

    def keep(self) -> None:
        """Store field and null for the runs that follow, and say in the run's notes what the looks took."""


class Unheld:
    """No hold: plays at once."""

    probes, spent_s, share = 0, 0.0, 0.0
    line_moves = False

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def now_s(self) -> float:
        """Laboratory time."""
        return self.lab.clock.now()

    def between(self) -> Stream[None]:
        """Nothing to look at."""
        yield from ()

    def measure(self, program: Program, repeats: int) -> Stream[Counts]:
        """One play."""
        yield from ()
        return measure(self.lab, program, repeats)

    def stray_khz(self, seconds: float) -> float:  # noqa: ARG002
        """Nothing is known of it: it is believed to stand still."""
        return 0.0

    def line_has_moved(self) -> None:
        """Nobody looks."""

    def keep(self) -> None:
        """Nothing was learned."""


class Hold:
    """Field and null, held while a run plays."""

    def __init__(self, lab: Lab, quiet: bool = False, field_only: bool = False) -> None:
        """quiet: the bench may stand still, looks become rare if it does. field_only: no null, no frozen line, and of
        what looks measure only what they concluded is data of the run."""
        self.lab, self._quiet, self._field_only = lab, quiet, field_only
        self.field: HeldField = held_field(lab)
        self.lock = FieldLock(lab, self.field, quiet, frozen=not field_only)
        self.across = TransverseLock(lab, self.field, quiet)
        watches: list[Watch] = [self.across, self.lock]
        self.null: NullTracker | None = None
        if not field_only:
            self.null = NullTracker(lab, quiet)
            watches.insert(0, self.null)
        self._due = [_Due(watch) for watch in watches]
        self.probes, self.spent_s = 0, 0.0
        self._began_s = self._kept_s = lab.clock.now()

    @property
    def share(self) -> float:
        """Of the laboratory time since the hold began, that looks took."""
        return self.spent_s / max(self.lab.clock.now() - self._began_s, 1e-9)

    @property
    def line_moves(self) -> bool:
        """Whether the field is seen to drift, so that each look corrects it."""
        return self.lock.drift is not None and self.lock.moves

    def begin(self) -> Stream[None]:
        """The first look at everything; the lock comes last, for the field across bends its lines a little.

        What cannot be seen is not held if the hold was not asked for: the run may say better what is wrong.
        """
        with as_before(self.lab):
            for due in list(self._due):
                wanted_ut = self.field.wanted_ut.copy()
                try:
                    yield from self._looked(due, due.watch.begin())
                except SequenceError as unseen:
                    if not self._quiet:
                        raise
                    self.field.wanted_ut = wanted_ut
                    self.field.set()
                    due.watch.drift = None
                    self._due.remove(due)
                    self.lab.notes.append(f"Goes on without the {due.watch.name}: {unseen.what}")
        self._store()

    def now_s(self) -> float:
        """Laboratory time."""
        return self.lab.clock.now()

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
            self._store()

    def measure(self, program: Program, repeats: int) -> Stream[Counts]:
        """Play so often, in blocks no longer than until the next look."""
        signal = reference = done = 0
        while done < repeats:
            yield from self.between()
            next_s = min((due.at_s for due in self._due), default=np.inf)
            block_s = float(np.clip(next_s - self.lab.clock.now(), _SHORTEST_BLOCK_S, _LONGEST_BLOCK_S))
            blocks = int(np.ceil((repeats - done) / repeats_for(program, block_s)))
            counts = measure(self.lab, program, -(-(repeats - done) // blocks))
            signal, reference = signal + counts.signal, reference + counts.reference
            done += counts.repeats
        return Counts(signal, reference, repeats, repeats * program.duration_ns * 1e-9)

    def stray_khz(self, seconds: float) -> float:
        """By how much, 1 sigma, the line that is held may stand elsewhere on the average of so many seconds."""
        return self.lock.stray_khz(seconds) if self.lock.drift is not None else 0.0

    def line_has_moved(self) -> None:
        """The run has seen its line move: look at the field soon, and as on a bench that moves."""
        self.lock.seen_to_move = True
        for due in self._due:
            if due.watch is self.lock:
                due.at_s = self.lab.clock.now()

    def keep(self) -> None:
        """Store field and null for the runs that follow, and say in the run's notes what the looks took."""
        self._store()
        what = "The field was" if self.null is None else "Field and null were"
        self.lab.notes.append(f"{what} looked at {self.probes} times, {100 * self.share:.1f} % of the laboratory time")

    def _store(self) -> None:
        along, across = self.lock.drift, self.across.drift
        if along is not None and across is not None:
            self.field.keep(np.array([along.mean[0], *across.mean]))
            keep_rate(self.lab, FIELD_KEY, along)
        if self.null is not None and self.null.drift is not None:
            self.null.keep()
        self._kept_s = self.lab.clock.now()

    def _looked(self, due: _Due, look: Stream[None]) -> Stream[None]:
        began_s = self.lab.clock.now()
        yield from points_of(look, concluded=self._field_only)
        now = self.lab.clock.now()
        watch = due.watch
        due.at_s = now + float(np.clip(watch.seconds_left(), watch.shortest_s, watch.longest_s))
        self.probes, self.spent_s = self.probes + 1, self.spent_s + now - began_s


def begin(lab: Lab, hold: HoldChoice = "auto") -> Stream[Holding]:
    """Start to hold the bench as it stands ready, or not; auto: as often as it is seen to need."""
    if hold is False or (hold == "auto" and not _known(lab, (*_FIELD_KEYS, *_PULSE_KEYS, *_PAIR_KEYS))):
        return Unheld(lab)
    held = Hold(lab, quiet=hold == "auto")
    yield from held.begin()
    return held


def begin_field(lab: Lab, hold: HoldChoice = "auto") -> Stream[Holding]:
    """The field alone, by f+ and the light, for runs that come before pulses or the pair are known."""
    if hold is False or (hold == "auto" and not _known(lab, (*_FIELD_KEYS, *_LINE_KEYS))):
        return Unheld(lab)
    held = Hold(lab, quiet=hold == "auto", field_only=True)
    yield from held.begin()
    return held


def _known(lab: Lab, keys: Sequence[str]) -> bool:
    """Whether earlier runs left what looks build on; a run that does without holds nothing."""
    return all(lab.calibration.get(key) is not None for key in keys)


def points_of(stream: Stream[None], concluded: bool = False) -> Stream[None]:
    """Only what was measured: progress and estimates belong to the run that is held.

    concluded: only what each look says of field and null, none of the spectra.
    """
    event: Event
    for event in stream:
        if isinstance(event, Point) and (not concluded or "lock_s" in event.values):
            yield event
