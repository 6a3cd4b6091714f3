"""Runs being read: the list of them, one of them, and its points."""

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from labctl.common.refusals import Refusal
from labctl.data.live_runs import status_of
from labctl.data.open_database import DATABASE, MISSING, readable
from labctl.data.writer_lock import process_of
from sequences.results import Column

if TYPE_CHECKING:
    from qcodes.dataset.data_set import DataSet

_RECORD: Final[dict[str, Any]] = {"sequence": str, "started": str, "parent_id": int, "bench": str, "plan": dict}
_RECORD.update({"versions": dict, "git": dict, "calibration": dict, "guid": str})
_OUTCOME: Final[dict[str, Any]] = {"status": str, "message": str, "result": dict, "estimate": dict, "notes": list}
_OUTCOME.update({"figure": str, **dict.fromkeys(("lab_time_s", "wall_time_s", "photons", "counting_s"), int | float)})
_COLUMNS: Final = ("run_id", "guid", "name", "run_timestamp", "labctl_record", "labctl_outcome")
FOREIGN: Final = "foreign"
LATEST: Final = "latest"
_MOST_DIGITS: Final = 18
"""SQLite counts no further."""


@dataclass(frozen=True)
class Run:
    """A stored run."""

    run_id: int
    sequence: str
    status: str
    """completed, aborted, failed; suspended if another run goes on with it; running, pausing, paused while it goes on
    in some process; interrupted if its process died; unfinished while nobody has noticed that, or nobody can tell;
    foreign if QCoDeS stored it without labctl."""
    started: str
    """ISO 8601 with time zone."""
    parent_id: int | None
    """The run that it is a part of."""
    result: dict[str, Any] | None
    record: dict[str, Any] = field(repr=False)
    """What was known when it began: plan, bench, calibration, versions, commit."""
    outcome: dict[str, Any] = field(repr=False)
    """What was known when it ended: status, message, result, times, figure; empty if it has not.

    Of an interrupted run what is on disk of it: points, blocks, photons."""
    guid: str = field(default="", repr=False)
    """QCoDeS's name of the run, one in the world; a repair that begins the run anew keeps it."""

    @property
    def process(self) -> str:
        """The number of the process that measures it, or measured it."""
        return process_of(self.record.get("writer", ""))


@dataclass(frozen=True)
class Points:
    """What a run recorded: one value for every column and point, nan where a point lacks the column."""

    columns: tuple[Column, ...]
    values: dict[str, NDArray[np.float64]]
    """Column name -> (points,)."""


def all_runs(folder: Path) -> list[Run]:
    """Every run of a data folder, oldest first; none if nothing was ever stored there."""
    return list(each_run(folder))


def each_run(folder: Path) -> Iterator[Run]:
    """The same, one after the other: thousands need not be in memory at once."""
    if not (folder / DATABASE).exists():
        return
    with reading(folder) as connection:
        for row in connection.execute(_query(connection, "ORDER BY run_id")):
            yield _run(row, folder)


def one_run(folder: Path, run_id: int) -> Run:
    """The run of this number. Raises Refusal if there is none."""
    if (folder / DATABASE).exists():
        with reading(folder) as connection:
            row = connection.execute(_query(connection, "WHERE run_id = ?"), (run_id,)).fetchone()
        if row is not None:
            return _run(row, folder)
    raise Refusal(f"There is no run {run_id} in {folder}. `labctl runs` lists them; --data chooses another folder")


def footprint(folder: Path) -> tuple[object, ...]:
    """Another one after a run has begun, paused or ended in this folder, in whichever process. Quick."""
    if not (folder / DATABASE).exists():
        return ()
    with reading(folder) as connection:
        newest, ended = connection.execute("SELECT max(run_id), sum(is_completed) FROM runs").fetchone()
        rows = connection.execute(_query(connection, "WHERE is_completed = 0")).fetchall()
    return newest, ended, tuple((row[0], _run(row, folder).status) for row in rows)


def run_number(folder: Path, text: str) -> int:
    """The number of a run as a user gives it: digits, or 'latest' for the last one that is no part of another.

    Raises Refusal if it is none.
    """
    if text == LATEST:
        whole = [run.run_id for run in each_run(folder) if run.parent_id is None]
        if not whole:
            raise Refusal(nothing_in(folder))
        return whole[-1]
    if not text.isdecimal():
        raise Refusal(f"{text!r} is no run: give its number, as `labctl runs` shows it, or `{LATEST}`")
    if len(text) > _MOST_DIGITS:
        raise Refusal(f"There is no run {text[:_MOST_DIGITS]}…: no number of a run has {len(text)} digits")
    return int(text)


def children(folder: Path, run_id: int) -> list[Run]:
    """The runs that were parts of this one, in their order."""
    return [run for run in all_runs(folder) if run.parent_id == run_id]


def points(folder: Path, run_id: int) -> Points:
    """What a run recorded, read back through QCoDeS. Raises Refusal if there is no such run, or it is foreign."""
    if one_run(folder, run_id).status == FOREIGN:
        raise Refusal(
            f"Run {run_id} in {folder} was stored by QCoDeS without labctl: it has no points as labctl knows them. "
            f"labctl export {run_id} --to FILE.nc writes all of it"
        )
    with stored(folder, run_id) as (connection, dataset):
        return _points(connection, dataset)


def outermost(folder: Path, run: Run) -> Run:
    """The run that this one is a part of, or it itself: that one knows the bench."""
    while run.parent_id is not None and run.parent_id < run.run_id:
        run = one_run(folder, run.parent_id)
    return run


def snapshot(folder: Path, run_id: int) -> dict[str, Any]:
    """QCoDeS's snapshot of the station when the run began; empty if there is none, as for a part of a run."""
    with reading(folder) as connection:
        if "snapshot" not in {row[1] for row in connection.execute("PRAGMA table_info(runs)")}:
            return {}
        row = connection.execute("SELECT snapshot FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    return _typed(row[0], {}) if row else {}


@contextmanager
def stored(folder: Path, run_id: int) -> Iterator[tuple[sqlite3.Connection, "DataSet"]]:
    """A run as QCoDeS's own dataset, to be read. Raises Refusal for whatever goes wrong with it."""
    from qcodes.dataset.data_set import DataSet
    from qcodes.dataset.sqlite.database import connect

    with _reached(folder) as uri, closing(sqlite3.connect(uri, uri=True)) as holder:
        holder.execute("SELECT 1 FROM runs").fetchone()  # SQLite's side files are there for who may make none
        try:
            with closing(connect(uri.removeprefix("file:").replace("mode=rw", "mode=ro"))) as connection:
                yield connection, DataSet(run_id=run_id, conn=connection)
        except Exception as error:  # whatever QCoDeS stumbles over in a database that something else has written
            raise Refusal(f"Run {run_id} in {folder} has no points that can be read ({error})") from error


def _points(connection: sqlite3.Connection, dataset: "DataSet") -> Points:
    columns = tuple(
        Column(spec.name, spec.label, spec.unit, tuple(spec.depends_on_)) for spec in dataset.get_parameters()
    )
    rows: Any = connection.execute(f'SELECT * FROM "{dataset.table_name}" ORDER BY id')
    names = [description[0] for description in rows.description]
    table = np.array([[np.nan if cell is None else cell for cell in row] for row in rows], dtype=float)
    by_name = dict(zip(names, table.reshape(-1, len(names)).T, strict=True))
    return Points(columns, {column.name: by_name[column.name] for column in columns})


@contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database, to be read: nothing of it is changed. Raises Refusal if it cannot be read, saying why."""
    with _reached(folder) as uri, closing(sqlite3.connect(uri, uri=True)) as connection:
        connection.execute("PRAGMA query_only = ON")
        yield connection


@contextmanager
def _reached(folder: Path) -> Iterator[str]:
    file = (folder / DATABASE).resolve()
    try:
        with readable(file) as uri:
            yield uri
    except (sqlite3.DatabaseError, OSError) as error:
        raise Refusal(_unreadable(file, error)) from None


def nothing_in(folder: Path) -> str:
    """Why a folder's list of runs is empty: what was copied without its log looks so too."""
    words = f"No runs in {folder}."
    return f"{words} {MISSING}." if (folder / DATABASE).exists() else words


def _unreadable(file: Path, error: Exception) -> str:
    if "no such table" in str(error):
        return f"{file}: there is nothing of labctl in it ({error}). {MISSING}, or choose another folder with --data"
    if isinstance(error, OSError) or getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CANTOPEN:
        return f"{file} cannot be opened ({error}). Make it readable for you, or choose another folder with --data"
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"{file} is locked by another program ({error}). Close what holds it, or try again later"
    return f"{file}: not a database of runs ({error}). Choose another folder with --data"


def _query(connection: sqlite3.Connection, rest: str) -> str:
    """QCoDeS adds a column of metadata with the first run that has it."""
    there = {row[1] for row in connection.execute("PRAGMA table_info(runs)")}
    return f"SELECT {', '.join(c if c in there else 'NULL' for c in _COLUMNS)} FROM runs {rest}"


def _run(row: tuple[Any, ...], folder: Path) -> Run:
    run_id, guid, name, began_s, record_text, outcome_text = row
    if record_text is None:
        return Run(run_id, _printable(str(name)), FOREIGN, _iso(began_s), None, None, {}, {}, str(guid or ""))
    record, outcome = _typed(record_text, _RECORD), _typed(outcome_text, _OUTCOME)
    return Run(
        run_id,
        record.get("sequence", str(name)),
        outcome.get("status", "unreadable") if outcome_text else status_of(folder, record.get("writer"), run_id),
        record.get("started", ""),
        record.get("parent_id"),
        outcome.get("result"),
        record,
        outcome,
        str(record.get("guid") or guid or ""),
    )


def _iso(unix_s: Any) -> str:
    try:
        return datetime.fromtimestamp(unix_s).astimezone().isoformat(timespec="seconds")
    except (TypeError, ValueError, OverflowError, OSError):
        return ""


def _typed(text: Any, types: Mapping[str, Any]) -> dict[str, Any]:
    """The object that a text holds, without the keys whose values are of another type than ours; empty if it is none.

    A database may come from anywhere.
    """
    try:
        found = json.loads(text or "{}", parse_constant=lambda _: None, parse_float=_finite, parse_int=_finite_int)
    except (ValueError, TypeError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    kept = {key: value for key, value in found.items() if key not in types or isinstance(value, types[key])}
    return {key: _printable(value) if isinstance(value, str) and key in types else value for key, value in kept.items()}


def _finite(text: str) -> float | None:
    return value if math.isfinite(value := float(text)) else None


def _finite_int(text: str) -> int | None:
    return int(text) if len(text) < 19 else None  # as SQLite's own


def _printable(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)
