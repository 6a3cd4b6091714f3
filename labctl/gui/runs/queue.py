"""What is to be run after what runs now, kept in the data folder: it outlives the window, and windows share it."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Final
from uuid import uuid4

from filelock import FileLock, Timeout

from labctl.gui.runs.queue_file import FILE, QueuedRun, QueueFile, Unreadable

LOG: Final = logging.getLogger(__name__)
_BUSY_S: Final = 2.0
"""Another window has the file for milliseconds."""
_RETRY_S: Final = 2.0
"""So often it is tried again to store what could not be stored."""


@dataclass(frozen=True)
class Wanted:
    """A run that waits for its turn."""

    ticket: int
    """1, 2, …: by it the run is found, wherever it moves. Each process has tickets of its own."""
    sequence: str
    settings: Mapping[str, str]
    """Dotted key of its plan -> text, as after --set; the other keys are at their defaults."""
    name: str = ""
    """By it all windows know the run."""
    overs: tuple[str, ...] = ()
    """Of a sweep what stands after each --over: it waits as one group. Empty for a single run."""
    begun: int = 0
    """How many points of the sweep have been started."""


class Queue:
    """Runs in the order in which they will start. Every change is on disk at once, on top of what others changed."""

    def __init__(self, folder: Path) -> None:
        """folder: of the data. Reads what an earlier window left; what cannot be read is put aside, see `trouble`."""
        self.folder = folder
        self._file = QueueFile(folder)
        self._lock = FileLock(folder / f"{FILE}.lock", timeout=_BUSY_S)
        self.trouble = ""
        """What went wrong with the file, for the user; empty if nothing did."""
        self.is_stored = True
        """Whether all of it is on disk where it belongs."""
        self.version = 0
        """Grows with every change."""
        self.faults: dict[int, str] = {}
        """Ticket -> why it could not be started; it stays, and is tried again once the queue is let go anew."""
        self._tickets = count(1)
        self._known: dict[str, int] = {}
        """Name -> ticket, of all that ever waited: what is gone from the file was taken, not lost."""
        self._items: list[Wanted] = []
        self._tried_s = -_RETRY_S
        if self._file.is_there:
            with self._locked():
                self._read()

    @property
    def items(self) -> tuple[Wanted, ...]:
        """All of them, the next one first."""
        return tuple(self._items)

    @property
    def is_lost(self) -> bool:
        """Whether nothing is left of it once this process ends."""
        return bool(self._items) and not self.is_stored and self._file.is_lost

    def follow(self) -> None:
        """Take in what another window changed; and store what could not be stored before."""
        if not self.is_stored and time.monotonic() - self._tried_s > _RETRY_S:
            with self._changing():
                pass
        elif self._file.has_changed:
            with self._locked():
                self._read()

    def add(self, sequence: str, settings: Mapping[str, str], overs: Sequence[str] = ()) -> Wanted:
        """Put a run at the end; with overs a sweep, as one group."""
        with self._changing():
            self._items.append(self._named(QueuedRun(uuid4().hex, sequence, dict(settings), tuple(overs))))
            return self._items[-1]

    def edit(self, ticket: int, sequence: str, settings: Mapping[str, str], overs: Sequence[str] = ()) -> None:
        """Want something else in this place. Nothing happens if the run, or a point of the sweep, has started."""
        with self._changing(ticket) as place:
            if place is not None and not self._items[place].begun:
                item = replace(self._items[place], sequence=sequence, settings=dict(settings), overs=tuple(overs))
                self._items[place] = item
                self.faults.pop(ticket, None)

    def remove(self, ticket: int) -> None:
        """Want it no longer."""
        self.take(ticket)

    def move(self, ticket: int, to: int) -> None:
        """Move it to this place, 0 is the next to run; beyond an end it goes to the end."""
        with self._changing(ticket) as place:
            if place is not None:
                self._items.insert(max(to, 0), self._items.pop(place))

    def take(self, ticket: int) -> Wanted | None:
        """This one, taken out; None if another window was quicker."""
        with self._changing(ticket) as place:
            self.faults.pop(ticket, None)
            return None if place is None else self._items.pop(place)

    def take_point(self, ticket: int, points: int) -> Wanted | None:
        """A sweep whose next point starts: number `begun` of it, counted from 0. It stays until its last one starts.

        points: how many it has. None if another window was quicker to take it as a whole.
        """
        with self._changing(ticket) as place:
            if place is None:
                return None
            now = self._items.pop(place)
            if now.begun + 1 < points:
                self._items.insert(place, replace(now, begun=now.begun + 1))
            return now if now.begun < points else None

    def put_back(self, wanted: Wanted, why: str = "") -> None:
        """It was taken and has not begun: it is the next one again. why: it could not be started."""
        with self._changing(wanted.ticket) as place:
            if place is not None:  # a sweep, whose other points wait
                del self._items[place]
        with self._changing():
            self._items.insert(0, wanted)
            if why:
                self.faults[wanted.ticket] = why

    def refuse(self, ticket: int, why: str) -> None:
        """It cannot be started as it is: it stays, and whoever looks at the queue is told why."""
        self.faults[ticket] = why
        self.version += 1

    def try_all(self) -> None:
        """What could not be started may be tried again."""
        if self.faults:
            self.faults.clear()
            self.version += 1

    # ---- within

    def _place(self, ticket: int | None) -> int | None:
        return next((place for place, item in enumerate(self._items) if item.ticket == ticket), None)

    @contextmanager
    def _changing(self, ticket: int | None = None) -> Iterator[int | None]:
        """Change what is there now, whoever wrote it; gives the place of a ticket, None if it is not there."""
        with self._locked():
            if self._file.has_changed:
                self._read()
            place = self._place(ticket)
            yield place
            if ticket is None or place is not None:
                self.version += 1
                self._stored()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """No other window changes the file meanwhile. A folder in which nothing can be locked cannot be written either.

        What is wrong is said by whoever writes.
        """
        try:
            self._lock.acquire()
        except (OSError, Timeout) as error:
            LOG.warning("%s cannot be locked: %s", self._file.path, error)
        try:
            yield
        finally:
            self._lock.release()

    def _named(self, queued: QueuedRun) -> Wanted:
        if queued.name not in self._known:
            self._known[queued.name] = next(self._tickets)
        ticket = self._known[queued.name]
        return Wanted(ticket, queued.sequence, queued.settings, queued.name, queued.overs, queued.begun)

    def _read(self) -> None:
        """What the file holds; what could not be stored here stays behind it."""
        try:
            queued_runs, trouble = self._file.read()
        except Unreadable as error:
            self.trouble = str(error)
            return
        unstored = self._items if trouble or not self.is_stored else []
        there = {queued.name for queued in queued_runs}
        self._items = [self._named(queued) for queued in queued_runs] + [
            one for one in unstored if one.name not in there
        ]
        self.version += 1
        if trouble or self._file.must_be_written:
            self._stored()
        self.trouble = trouble or self.trouble

    def _stored(self) -> None:
        """What cannot be written is still wanted: the runs go on, and the user is told."""
        self._tried_s = time.monotonic()
        queued_runs = [QueuedRun(one.name, one.sequence, one.settings, one.overs, one.begun) for one in self._items]
        self.trouble, self.is_stored = self._file.write(queued_runs)
