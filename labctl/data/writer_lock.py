"""Which process writes which run, so that a run whose process died can be told from one that goes on."""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

FOLDER: Final = ".writing"
"""In the data folder; it holds a file for every process that writes runs."""
STATE, ORDER = ".json", ".order"
"""Endings beside the lock: what the process does, and what it is asked to do."""


class Presence:
    """A locked file: the system unlocks it when its process dies, however it does."""

    def __init__(self, folder: Path) -> None:
        """folder: of the data. Raises OSError if nothing can be written there."""
        self.name = f"{os.getpid()}-{time.time_ns()}"
        """Kept with every run that this process writes."""
        self._file = folder / FOLDER / f"{self.name}.lock"
        self._file.parent.mkdir(exist_ok=True)
        self._lock = FileLock(self._file, timeout=0)
        self._lock.acquire()

    def tell(self, state: Mapping[str, Any]) -> None:
        """Say to who reads the folder what this process does; a folder that takes nothing is told nothing."""
        write(self._file.with_suffix(STATE), state)

    def asked(self) -> dict[str, Any]:
        """What another process has asked for since the last call; empty if nothing."""
        file = self._file.with_suffix(ORDER)
        if not file.exists():
            return {}
        asked = read(file)
        with suppress(OSError):
            file.unlink(missing_ok=True)
        return asked

    def close(self) -> None:
        """All runs of this process have ended."""
        self._lock.release()
        _tidy(self._file)


def writers(folder: Path) -> list[str]:
    """Numbers of the processes that write runs in this data folder now."""
    names = [file.stem for file in sorted((folder / FOLDER).glob("*.lock"))]
    return [process_of(name) for name in names if is_writing(folder, name)]


def process_of(name: object) -> str:
    """The number of a process, from the name of its presence; '?' if that is none."""
    number = str(name).partition("-")[0]
    return number if number.isdecimal() else "?"


def is_writing(folder: Path, name: object) -> bool:
    """Whether the process of this presence is still there. Removes the files that a dead one left.

    Raises OSError in a folder that cannot be written: there nobody can tell.
    """
    if (file := file_of(folder, name)) is None or not file.exists():
        return False
    try:
        with FileLock(file, timeout=0):
            pass
    except Timeout:
        return True
    _tidy(file)
    return False


def file_of(folder: Path, name: object) -> Path | None:
    """The locked file of this presence; None if that is no name of one."""
    return folder / FOLDER / f"{name}.lock" if isinstance(name, str) and name and Path(name).name == name else None


def write(file: Path, content: Mapping[str, Any]) -> bool:
    """A new file in the old one's place; whether it could be written."""
    new = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        new.write_text(json.dumps(content), encoding="utf-8")
        new.replace(file)
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        return False
    return True


def read(file: Path) -> dict[str, Any]:
    """The object in a file; empty if there is none."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _tidy(file: Path) -> None:
    for ending in (STATE, ORDER, file.suffix):
        with suppress(OSError):
            file.with_suffix(ending).unlink(missing_ok=True)
