"""The file of the queue: read with suspicion, written as a whole, and kept elsewhere while the data folder is full."""

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from labctl.common.paths import state_folder
from labctl.plans.catalogue import EXPERIMENTS

LOG: Final = logging.getLogger(__name__)
FILE: Final = "queue.json"
_FAULTS_SHOWN: Final = 3
_QUOTED: Final = 80


@dataclass(frozen=True)
class QueuedRun:
    """A run in the file."""

    name: str
    """By it windows that share the queue know the run."""
    sequence: str
    settings: Mapping[str, str]
    overs: tuple[str, ...] = ()
    """Of a sweep what stands after each --over; empty for a single run."""
    begun: int = 0
    """How many points of the sweep have been started."""


class Unreadable(Exception):
    """The file cannot be read just now, and is left as it is."""


class QueueFile:
    """Where a queue is between two windows."""

    def __init__(self, folder: Path) -> None:
        """folder: of the data."""
        self.path = folder / FILE
        key = sha256(os.fsencode(self.path.absolute())).hexdigest()[:12]
        self._elsewhere = state_folder() / "queues"
        self._others = f"{key}-*.json"
        self._aside = self._elsewhere / f"{key}-{uuid4().hex}.json"
        """Of this process; used while the data folder cannot be written."""
        self._seen: tuple[int, int, int] | None = None
        self._taken_in: list[Path] = []
        """What others had to keep elsewhere, and what was read from there."""
        self._is_refused = False
        self.is_lost = False
        """Whether nothing could be written anywhere."""

    @property
    def is_there(self) -> bool:
        """Whether an earlier window left something."""
        return self.path.exists() or any(self._elsewhere.glob(self._others))

    @property
    def has_changed(self) -> bool:
        """Whether somebody else wrote it since it was read or written here. A file that was deleted is not a change."""
        return (now := _stamp(self.path)) is not None and now != self._seen

    @property
    def must_be_written(self) -> bool:
        """Whether more was read than is in the file."""
        return bool(self._taken_in)

    def read(self) -> tuple[list[QueuedRun], str]:
        """What is in it, and what went wrong. What is no run is left out, but kept in the file that is put aside.

        Raises Unreadable.
        """
        self._seen = _stamp(self.path)
        queued_runs, faults = self._parsed(self.path)
        trouble = self._put_aside(faults) if faults else ""
        kept_elsewhere = [file for file in sorted(self._elsewhere.glob(self._others)) if file != self._aside]
        for file in kept_elsewhere:
            there = {queued.name for queued in queued_runs}
            queued_runs += [queued for queued in self._parsed(file)[0] if queued.name not in there]
        self._taken_in = kept_elsewhere
        return queued_runs, trouble

    def write(self, queued_runs: Sequence[QueuedRun]) -> tuple[str, bool]:
        """Write all of it: what went wrong, and whether it is where it belongs."""
        self.is_lost = False
        try:
            _written(self.path, queued_runs)
        except OSError as error:
            if not self._is_refused:  # it is tried again every few seconds
                LOG.exception("The queue could not be stored")
            self._is_refused = True
            words = f"{self.path} cannot be written ({error.strerror or error})"
        else:
            self._seen, self._is_refused = _stamp(self.path), False
            self._forget(self._aside, *self._taken_in)
            return "", True
        try:
            _written(self._aside, queued_runs)
        except OSError:
            self.is_lost = True
            return (
                f"{words}: the queue is lost when this window closes. Free the disk or make the folder writable",
                False,
            )
        self._forget(*self._taken_in)
        return f"{words}. The queue is kept in {self._aside}, and the next window takes it from there", False

    def _forget(self, *files: Path) -> None:
        """What was in these is stored now."""
        self._taken_in = []
        for file in files:
            with suppress(OSError):
                file.unlink(missing_ok=True)

    def _parsed(self, file: Path) -> tuple[list[QueuedRun], list[str]]:
        queued_runs: list[QueuedRun] = []
        faults: list[str] = []
        try:
            found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
            if not isinstance(found, list):
                raise ValueError("not a list of runs")
        except PermissionError as error:
            raise Unreadable(f"{file} cannot be read ({error.strerror}). Make it readable for you") from error
        except (OSError, ValueError, RecursionError) as error:
            found, faults = [], [f"{type(error).__name__}: {error}"]
        for place, one in enumerate(found):
            try:
                queued_runs.append(_checked(one, place, {queued.name for queued in queued_runs}))
            except ValueError as error:
                faults.append(str(error))
        return queued_runs, faults

    def _put_aside(self, faults: Sequence[str]) -> str:
        aside = self.path.with_name(f"queue-damaged-{time.time_ns()}.json")
        try:
            self.path.replace(aside)
            kept = f"It is kept as {aside.name}"
        except OSError as worse:
            kept = f"It could not be moved aside ({worse.strerror or worse}); the next change overwrites it"
        trouble = f"{self.path} was damaged ({'; '.join(faults[:_FAULTS_SHOWN])}). {kept}; what was whole still waits"
        LOG.warning("%s", trouble)
        return trouble


def _written(file: Path, queued_runs: Sequence[QueuedRun]) -> None:
    """A new file in the old one's place, so that there is always a whole one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    content = [_as_dict(one) for one in queued_runs]
    new = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with new.open("w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        new.replace(file)
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise


def _as_dict(one: QueuedRun) -> dict[str, Any]:
    kept = {"name": one.name, "sequence": one.sequence, "settings": dict(one.settings)}
    return {**kept, "over": list(one.overs), "begun": one.begun} if one.overs else kept


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _checked(queued: Any, place: int, used: Set[str]) -> QueuedRun:
    """One entry of the file, with a name that every window gives it. Raises ValueError if it is anything else."""
    if not isinstance(queued, dict) or queued.keys() - {"name", "over", "begun"} != {"sequence", "settings"}:
        raise ValueError(f"not a run: {ascii(queued)[:_QUOTED]}")
    sequence, settings, name = queued["sequence"], queued["settings"], queued.get("name", "")
    if not isinstance(sequence, str) or sequence not in EXPERIMENTS:
        raise ValueError(f"there is no sequence {ascii(sequence)[:_QUOTED]}")
    if not isinstance(settings, dict) or not all(map(_is_text, (*settings, *settings.values()))):
        raise ValueError(f"settings of {sequence} are not texts")
    if not _is_text(name):
        raise ValueError(f"the name of {sequence} is no text")
    overs, begun = queued.get("over", []), queued.get("begun", 0)
    if not isinstance(overs, list) or not all(map(_is_text, overs)) or type(begun) is not int or begun < 0:
        raise ValueError(f"the sweep of {sequence} cannot be read")
    if not name or name in used:  # written or copied by hand
        name = sha256(f"{place} {sequence} {settings}".encode()).hexdigest()
    return QueuedRun(name, sequence, settings, tuple(overs), begun)


def _is_text(given: Any) -> bool:
    return isinstance(given, str) and given.isprintable()
