"""Puts a data folder in order: side files into the database, and a damaged database out of the way."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from qcodes.dataset.sqlite.connection import atomic

from labctl.common.refusals import Refusal
from labctl.data.open_database import DATABASE
from labctl.data.writer_lock import writers
from labctl.data.writing.interrupted_runs import mark_interrupted
from labctl.data.writing.records import Entry, from_json, moved
from labctl.data.writing.run_writer import Store
from labctl.data.writing.spool_file import lines_of, mark_taken, side_files
from sequences.results import Column

_MALFORMED: Final = (ValueError, KeyError, TypeError, RuntimeError, sqlite3.Error, OSError)


@dataclass(frozen=True)
class Taken:
    """What became of a side file."""

    file: Path
    runs: tuple[int, ...] = ()
    """Those that it speaks of, as they are numbered in the database."""
    entries: int = 0
    """Points, blocks, estimates and outcomes in it."""
    fault: str = ""
    """Why it was left as it is; empty if the database holds all of it."""


@dataclass(frozen=True)
class Repaired:
    """What was done to a data folder."""

    damaged: Path | None
    """Where the damaged database is now; None if it was whole."""
    taken: tuple[Taken, ...]


def repair(folder: Path) -> Repaired:
    """Move a damaged database aside, and take all side files in; doing it again changes nothing.

    Raises Refusal while a program writes runs here, or if the database cannot be opened.
    """
    if alive := writers(folder):
        raise Refusal(f"{folder} is being written by process {', '.join(alive)}. Repair it when that has ended")
    aside = _moved_aside(folder) if (folder / DATABASE).exists() and not _is_whole(folder / DATABASE) else None
    return Repaired(aside, tuple(_taken(folder, file) for file in side_files(folder)))


def _is_whole(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=rw", uri=True)) as connection:
            return bool(connection.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except sqlite3.OperationalError as error:
        raise Refusal(f"{file} cannot be opened ({error})") from None
    except sqlite3.DatabaseError:
        return False


def _moved_aside(folder: Path) -> Path:
    aside = folder / f"{DATABASE}.damaged-{datetime.now():%Y%m%d-%H%M%S}"
    for ending in ("-wal", "-shm", ""):  # the log belongs to the database, under its name
        if (part := folder / (DATABASE + ending)).exists():
            part.rename(f"{aside}{ending}")
    return aside


def _taken(folder: Path, file: Path) -> Taken:
    try:
        contents = list(lines_of(file))
        headers = {int(line["run_id"]): line for line in contents if line["kind"] == "run"}
        entries = [from_json(line) for line in contents if line["kind"] not in ("folder", "run")]
        bench = next((str(header["record"].get("bench")) for header in headers.values()), "repaired")
        with closing(Store(folder, bench)) as store:
            runs = _written(store, headers, entries)
        mark_taken(file)
    except _MALFORMED as error:
        return Taken(file, fault=f"{type(error).__name__}: {error.__cause__ or error}")
    return Taken(file, tuple(sorted(runs)), len(entries))


def _written(store: Store, headers: Mapping[int, dict[str, Any]], entries: Iterable[Entry]) -> set[int]:
    """All of it or nothing; the runs concerned."""
    runs: dict[int, tuple[int, str]] = {}
    with atomic(store.connection):
        for old, header in sorted(headers.items()):
            runs[old] = _found(store.connection, header) or _begun(store, header, runs)
        for entry in entries:
            store.connection.execute(*moved(entry, runs).statement())
    concerned = {runs[run][0] for entry in entries for run in entry.runs}
    mark_interrupted(store.connection, store.folder, concerned)
    return concerned


def _found(connection: sqlite3.Connection, header: Mapping[str, Any]) -> tuple[int, str] | None:
    """Number and table of a run, if the database has it: from the beginning, or since an earlier repair."""
    query = "SELECT run_id, result_table_name FROM runs WHERE guid = ? OR json_extract(labctl_record, '$.guid') = ?"
    row = connection.execute(query, (str(header["guid"]),) * 2).fetchone()
    return (int(row[0]), str(row[1])) if row else None


def _begun(store: Store, header: Mapping[str, Any], runs: Mapping[int, tuple[int, str]]) -> tuple[int, str]:
    """The run begun anew, because its database is not there any more."""
    record = {**header["record"], "guid": str(header["guid"])}
    record["parent_id"] = runs[record["parent_id"]][0] if record.get("parent_id") in runs else None
    columns = [Column(c["name"], c["label"], c["unit"], tuple(c["setpoints"])) for c in header["columns"]]
    recording = store.begin(str(header["sequence"]), columns, record)
    return recording.run_id, recording.dataset.table_name
