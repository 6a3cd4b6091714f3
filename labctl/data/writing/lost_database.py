"""A database whose file is deleted or moved while a run writes into it: it is noticed, and copied to where it is found.

The system keeps a deleted file for as long as a program has it open, and SQLite goes on writing into it without a word:
all of it would be lost when the program ends.
"""

import logging
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from labctl.common.paths import state_folder

LOG: Final = logging.getLogger(__name__)


class Rescue:
    """Watches over one open database."""

    def __init__(self, connection: sqlite3.Connection, file: Path) -> None:
        """file: the one that is open."""
        self._connection, self._file = connection, file.absolute()
        self._number = _number_of(self._file)
        self.copy: Path | None = None
        """Where all of it is, since its file is gone."""

    @property
    def is_needed(self) -> bool:
        """Whether the open file is not, or no longer, the one under its name."""
        return self._number is not None and _number_of(self._file) != self._number

    def save(self) -> None:
        """Copy all of it into the user's state folder; once more, over the first copy, if there is more of it now."""
        to = self.copy or state_folder() / "rescued" / f"{datetime.now():%Y%m%d-%H%M%S}-{self._file.name}"
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(to)) as copy:
                self._connection.backup(copy)
        except (sqlite3.Error, OSError):
            LOG.exception("%s is gone, and cannot be copied to %s", self._file, to)
        else:
            self.copy = to

    def done(self) -> None:
        """The file is there again."""
        if self.copy is not None:
            with suppress(OSError):
                self.copy.unlink(missing_ok=True)
            self.copy = None

    def complaint(self) -> str:
        """What is wrong, where the data are, and what to do."""
        where = f"All that it holds is copied to {self.copy}" if self.copy else "It could not be copied elsewhere"
        return (
            f"{self._file} is gone: it was deleted, moved or replaced while a run writes into it. {where}. Put the "
            "file back that was there, if it was moved; if it was deleted, put the copy in its place when labctl has "
            "ended, and continue the run"
        )


def _number_of(file: Path) -> int | None:
    """By it the system knows a file under any name; None if there is no file, or no such number."""
    try:
        return file.stat().st_ino or None
    except OSError:
        return None
