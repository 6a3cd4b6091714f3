"""Writes what a run yields into the database at once, and into a side file whenever the database refuses."""

import json
import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from labctl.common.refusals import BenchFault
from labctl.data.open_database import DATABASE
from labctl.data.writing.lost_database import Rescue
from labctl.data.writing.records import Entry, as_json
from labctl.data.writing.spool_file import SideFile
from sequences.results import Column

LOG: Final = logging.getLogger(__name__)


class Unstored(BenchFault):
    """What was measured cannot be stored in the database. The message says why, where it is instead, what to do."""


class NotBegun(BenchFault):
    """A run that was asked for has not begun, and is not stored. The message says why."""


@dataclass(frozen=True)
class Header:
    """What a side file says of a run, so that it could be begun anew in another database."""

    run_id: int
    guid: str
    sequence: str
    columns: tuple[Column, ...]
    record: Mapping[str, Any]

    def as_json(self) -> str:
        """One line of text."""
        return json.dumps({"kind": "run", **asdict(self)})


class Ledger:
    """Entries on their way to the disk. None of them waits for the next."""

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        """folder: of the data."""
        self._connection, self._folder = connection, folder
        self._rescue = Rescue(connection, folder / DATABASE)
        self._waiting: list[Entry] = []
        self._headers: dict[int, Header] = {}
        self._side: SideFile | None = None
        self._aside = 0
        """How many of those that wait are in the side file."""
        self.trouble = ""
        """Why the database did not take what waits; empty if nothing waits."""

    @property
    def side_file(self) -> Path | None:
        """Where that which waits is kept meanwhile."""
        return self._side.path if self._side else None

    def begin(self, header: Header) -> None:
        """A run has begun; its entries may follow."""
        self._headers[header.run_id] = header

    def write(self, entry: Entry) -> None:
        """Put an entry on disk, with all that waits before it. Never raises for a database that cannot be written."""
        self._waiting.append(entry)
        self.flush()

    def flush(self) -> bool:
        """Write what waits, as a whole or not at all; whether all is in the database, and that where it belongs."""
        is_more = bool(self._waiting)
        if self._waiting:
            try:
                with self._connection:
                    for entry in self._waiting:
                        self._connection.execute(*entry.statement())
            except (sqlite3.Error, OSError) as error:
                self._keep_aside(error)
                return False
            self._waiting.clear()
        if self._rescue.is_needed:
            self._lose(is_more)
            return False
        self._taken()
        return True

    @property
    def is_gone(self) -> bool:
        """Whether the database's file was deleted or moved away."""
        return self._rescue.is_needed

    def forget(self) -> None:
        """The outermost run is over: its side file, if there is one, is left to whoever repairs the folder."""
        self._headers.clear()
        self._waiting.clear()
        self._side, self._aside, self.trouble = None, 0, ""

    def complaint(self) -> str:
        """What is wrong, where the data are meanwhile, and what to do."""
        if self._rescue.is_needed:
            return self._rescue.complaint()
        where = f"What was measured is kept in {self.side_file}" if self.side_file else "It is kept in memory only"
        return (
            f"{self._folder} cannot be written ({self.trouble}). {where}. "
            "Free the disk, make the folder writable or close what locks its database"
        )

    def _lose(self, is_more: bool) -> None:
        """The open file has taken all of it, but nobody will find it there."""
        if not self.trouble:
            LOG.error("%s is gone", self._folder / DATABASE)
        self.trouble = f"{DATABASE} is gone"
        if is_more or self._rescue.copy is None:
            self._rescue.save()

    def _keep_aside(self, error: Exception) -> None:
        if not self.trouble:
            LOG.error("%s cannot be written (%s)", self._folder, error)
        self.trouble = str(error)
        try:
            if self._side is None:
                self._side = SideFile.begun(self._folder, min(self._headers))
            self._side.head({run: header.as_json() for run, header in self._headers.items()})
            self._side.add([as_json(entry) for entry in self._waiting[self._aside :]])
            self._aside = len(self._waiting)
        except OSError:
            LOG.exception("No side file can be written either")

    def _taken(self) -> None:
        if self._side is not None:
            LOG.info("%s can be written again; all that was in %s is in the database", self._folder, self._side.path)
            self._side.taken()
        self._rescue.done()
        self._side, self._aside, self.trouble = None, 0, ""
