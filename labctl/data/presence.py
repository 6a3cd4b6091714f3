"""Which process writes which run, so that a run whose process died can be told from one that goes on."""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

FOLDER: Final = ".writing"
"""In the data folder; it holds a file for every process that writes runs."""


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

    def close(self) -> None:
        """All runs of this process have ended."""
        self._lock.release()
        with suppress(OSError):
            self._file.unlink(missing_ok=True)


def writers(folder: Path) -> list[str]:
    """Numbers of the processes that write runs in this data folder now."""
    names = [file.stem for file in sorted((folder / FOLDER).glob("*.lock"))]
    return [name.partition("-")[0] for name in names if is_writing(folder, name)]


def is_writing(folder: Path, name: object) -> bool:
    """Whether the process of this presence is still there. Removes the file that a dead one left."""
    file = folder / FOLDER / f"{name}.lock"
    if not isinstance(name, str) or Path(name).name != name or not file.exists():
        return False
    try:
        with FileLock(file, timeout=0):
            pass
    except Timeout:
        return True
    with suppress(OSError):
        file.unlink(missing_ok=True)
    return False
