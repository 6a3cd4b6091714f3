"""What is to be run after what runs now, kept in the data folder so that it outlives the window."""

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from labctl.catalogue import ENTRIES

LOG: Final = logging.getLogger(__name__)
FILE: Final = "queue.json"
_FAULTS_SHOWN: Final = 3
_QUOTED: Final = 80


@dataclass(frozen=True)
class Wanted:
    """A run that waits for its turn."""

    ticket: int
    """1, 2, …: by it the run is found, wherever it moves."""
    sequence: str
    settings: Mapping[str, str]
    """Dotted key of its plan -> text, as after --set; the other keys are at their defaults."""


class Queue:
    """Runs in the order in which they will start. Every change is on disk at once; belongs to one process."""

    def __init__(self, folder: Path) -> None:
        """folder: of the data. Reads what an earlier window left; what cannot be read is put aside, see `trouble`."""
        self.file = folder / FILE
        self.trouble = ""
        """What went wrong with the file, for the user; empty if nothing did."""
        self.version = 0
        """Grows with every change."""
        self._items = self._read()
        self._last = len(self._items)
        if self.trouble and self._items:
            self._stored()

    @property
    def items(self) -> tuple[Wanted, ...]:
        """All of them, the next one first."""
        return tuple(self._items)

    def add(self, sequence: str, settings: Mapping[str, str]) -> Wanted:
        """Put a run at the end."""
        self._last += 1
        self._items.append(Wanted(self._last, sequence, dict(settings)))
        self._changed()
        return self._items[-1]

    def edit(self, ticket: int, sequence: str, settings: Mapping[str, str]) -> None:
        """Want something else in this place. Nothing happens if the run has started meanwhile."""
        if (place := self._place(ticket)) is not None:
            self._items[place] = replace(self._items[place], sequence=sequence, settings=dict(settings))
            self._changed()

    def remove(self, ticket: int) -> None:
        """Want it no longer."""
        if (place := self._place(ticket)) is not None:
            del self._items[place]
            self._changed()

    def move(self, ticket: int, to: int) -> None:
        """Move it to this place, 0 is the next to run; beyond an end it goes to the end."""
        if (place := self._place(ticket)) is not None:
            self._items.insert(max(to, 0), self._items.pop(place))
            self._changed()

    def take_next(self) -> Wanted | None:
        """The next one, taken out; None if there is none."""
        if not self._items:
            return None
        item = self._items.pop(0)
        self._changed()
        return item

    def _place(self, ticket: int) -> int | None:
        return next((place for place, item in enumerate(self._items) if item.ticket == ticket), None)

    def _changed(self) -> None:
        self.version += 1
        self.trouble = ""
        self._stored()

    def _stored(self) -> None:
        """What cannot be written is still wanted: the runs go on, and the user is told."""
        try:
            self._write()
        except OSError as error:
            LOG.exception("The queue could not be stored")
            self.trouble = f"{self.file} cannot be written ({error.strerror or error}): the queue is lost at exit"

    def _write(self) -> None:
        """A new file in the old one's place, so that there is always a whole one."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        content = [{"sequence": item.sequence, "settings": dict(item.settings)} for item in self._items]
        new = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        with new.open("w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(self.file)

    def _read(self) -> list[Wanted]:
        """What is no run is left out, but kept in the file that is put aside."""
        items: list[Wanted] = []
        faults: list[str] = []
        try:
            entries = json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else []
            if not isinstance(entries, list):
                raise ValueError("not a list of runs")
        except (OSError, ValueError, RecursionError) as error:
            entries, faults = [], [f"{type(error).__name__}: {error}"]
        for entry in entries:
            try:
                items.append(Wanted(len(items) + 1, *_checked(entry)))
            except ValueError as error:
                faults.append(str(error))
        if faults:
            self._put_aside(faults)
        return items

    def _put_aside(self, faults: Sequence[str]) -> None:
        aside = self.file.with_name(f"queue-damaged-{time.time_ns()}.json")
        try:
            self.file.replace(aside)
            kept = f"It is kept as {aside.name}"
        except OSError as worse:
            kept = f"It could not be moved aside ({worse.strerror or worse}); the next change overwrites it"
        self.trouble = (
            f"{self.file} was damaged ({'; '.join(faults[:_FAULTS_SHOWN])}). {kept}; what was whole still waits"
        )
        LOG.warning("%s", self.trouble)


def _checked(entry: Any) -> tuple[str, dict[str, str]]:
    """Sequence and settings of one entry of the file. Raises ValueError if it is anything else."""
    if not isinstance(entry, dict) or entry.keys() != {"sequence", "settings"}:
        raise ValueError(f"not a run: {ascii(entry)[:_QUOTED]}")
    sequence, settings = entry["sequence"], entry["settings"]
    if not isinstance(sequence, str) or sequence not in ENTRIES:
        raise ValueError(f"there is no sequence {ascii(sequence)[:_QUOTED]}")
    if not isinstance(settings, dict) or not all(map(_is_text, (*settings, *settings.values()))):
        raise ValueError(f"settings of {sequence} are not texts")
    return sequence, settings


def _is_text(given: Any) -> bool:
    return isinstance(given, str) and given.isprintable()
