"""Writes what a run yields into the database at once, and into a spool file whenever the database refuses."""

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
from labctl.data.writing.records import WrittenRecord, as_json
from labctl.data.writing.spool_file import SpoolFile
from sequences.results import Column

LOG: Final = logging.getLogger(__name__)


class Unstored(BenchFault):
    """What was measured cannot be stored in the database. The message says why, where it is instead, what to do."""


class NotBegun(BenchFault):
    """A run that was asked for has not begun, and is not stored. The message says why."""


@dataclass(frozen=True)
class Header:
    """What a spool file says of a run, so that it could be begun anew in another database."""

    run_id: int
    guid: str
    sequence: str
    columns: tuple[Column, ...]
    record: Mapping[str, Any]

    def as_json(self) -> str:
        """One line of text."""
        return json.dumps({"kind": "run", **asdict(self)})


class DatabaseWriter:
    """Writes each record at once. What the database refuses waits here, and in a spool file."""

    def __init__(self, connection: sqlite3.Connection, folder: Path) -> None:
        """folder: of the data."""
        self._connection, self._folder = connection, folder
        self._rescue = Rescue(connection, folder / DATABASE)
        self._waiting: list[WrittenRecord] = []
        self._headers: dict[int, Header] = {}
        self._spool: SpoolFile | None = None
        self._aside = 0
        """How many of the records that wait are in the spool file."""
        self.trouble = ""
        """Why the database did not take what waits; empty if nothing waits."""

    @property
    def spool_file(self) -> Path | None:
        """Where that which waits is kept meanwhile."""
        return self._spool.path if self._spool else None

    def begin(self, header: Header) -> None:
        """A run has begun; its records may follow."""
        self._headers[header.run_id] = header

    def write(self, record: WrittenRecord) -> None:
        """Put a record on disk, with all that waits before it. Never raises for a database that cannot be written."""
        self._waiting.append(record)
        self.flush()

    def flush(self) -> bool:
        """Write what waits, as a whole or not at all; whether all is in the database, and that where it belongs."""
        is_more = bool(self._waiting)
        if self._waiting:
            try:
                with self._connection:
                    for record in self._waiting:
                        self._connection.execute(*record.statement())
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
        """The outermost run is over: its spool file, if there is one, is left to whoever repairs the folder."""
        self._headers.clear()
        self._waiting.clear()
        self._spool, self._aside, self.trouble = None, 0, ""

    def complaint(self) -> str:
        """What is wrong, where the data are meanwhile, and what to do."""
        if self._rescue.is_needed:
            return self._rescue.complaint()
        where = f"What was measured is kept in {self.spool_file}" if self.spool_file else "It is kept in memory only"
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
            if self._spool is None:
                self._spool = SpoolFile.begun(self._folder, min(self._headers))
            self._spool.head({run: header.as_json() for run, header in self._headers.items()})
            self._spool.add([as_json(record) for record in self._waiting[self._aside :]])
            self._aside = len(self._waiting)
        except OSError:
            LOG.exception("No spool file can be written either")

    def _taken(self) -> None:
        if self._spool is not None:
            LOG.info("%s can be written again; all that was in %s is in the database", self._folder, self._spool.path)
            self._spool.taken()
        self._rescue.done()
        self._spool, self._aside, self.trouble = None, 0, ""
