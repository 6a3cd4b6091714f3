"""Runs being read: the list of them, one of them, and its points."""

import json
import math
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from labctl.refusals import Refusal
from sequences.results import Column

if TYPE_CHECKING:
    from qcodes.dataset.data_set import DataSet

DATABASE: Final = "runs.db"
_RECORD: Final[dict[str, Any]] = {"sequence": str, "started": str, "parent_id": int, "bench": str, "plan": dict}
_RECORD.update({"versions": dict, "git": dict, "calibration": dict})
_OUTCOME: Final[dict[str, Any]] = {"status": str, "message": str, "result": dict, "estimate": dict, "notes": list}
_OUTCOME.update({"figure": str, **dict.fromkeys(("lab_time_s", "wall_time_s", "photons", "counting_s"), int | float)})
_COLUMNS: Final = ("run_id", "name", "run_timestamp", "labctl_record", "labctl_outcome")


@dataclass(frozen=True)
class Run:
    """A stored run."""

    run_id: int
    sequence: str
    status: str
    """completed, aborted, failed; suspended if another run goes on with it; interrupted if its process died;
    unfinished while it runs or nobody has noticed."""
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
            yield _run(row)


def one_run(folder: Path, run_id: int) -> Run:
    """The run of this number. Raises Refusal if there is none."""
    if (folder / DATABASE).exists():
        with reading(folder) as connection:
            row = connection.execute(_query(connection, "WHERE run_id = ?"), (run_id,)).fetchone()
        if row is not None:
            return _run(row)
    raise Refusal(f"There is no run {run_id} in {folder}. `labctl runs` lists them; --data chooses another folder")


def run_number(text: str) -> int:
    """The number of a run as a user gives it. Raises Refusal if it is none."""
    if not text.isdecimal():
        raise Refusal(f"{text!r} is no run: give its number, as `labctl runs` shows it")
    return int(text)


def children(folder: Path, run_id: int) -> list[Run]:
    """The runs that were parts of this one, in their order."""
    return [run for run in all_runs(folder) if run.parent_id == run_id]


def points(folder: Path, run_id: int) -> Points:
    """What a run recorded, read back through QCoDeS. Raises Refusal if there is no such run."""
    from qcodes.dataset.data_set import DataSet
    from qcodes.dataset.sqlite.database import connect

    one_run(folder, run_id)
    with reading(folder), closing(connect(folder / DATABASE, read_only=True)) as connection:
        try:
            return _points(connection, DataSet(run_id=run_id, conn=connection))
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
    """Changes nothing; it may write only so that the last one to leave can tidy SQLite's side files away."""
    file = (folder / DATABASE).resolve()
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)) as connection:
            connection.execute("PRAGMA query_only = ON")
            yield connection
    except sqlite3.DatabaseError as error:
        raise Refusal(f"{file}: not a database of runs ({error}). Choose another folder with --data") from None


def _query(connection: sqlite3.Connection, rest: str) -> str:
    """QCoDeS adds a column of metadata with the first run that has it."""
    there = {row[1] for row in connection.execute("PRAGMA table_info(runs)")}
    return f"SELECT {', '.join(c if c in there else 'NULL' for c in _COLUMNS)} FROM runs {rest}"


def _run(row: tuple[Any, ...]) -> Run:
    run_id, name, _, record_text, outcome_text = row
    record, outcome = _typed(record_text, _RECORD), _typed(outcome_text, _OUTCOME)
    return Run(
        run_id,
        record.get("sequence", str(name)),
        outcome.get("status", "unreadable" if outcome_text else "unfinished"),
        record.get("started", ""),
        record.get("parent_id"),
        outcome.get("result"),
        record,
        outcome,
    )


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
