"""Runs being written: one QCoDeS dataset each, in runs.db of the data folder.

One row of the results table is one point, so that what was measured together stays together; QCoDeS's DataSaver would
write a row for every measured column. Every point is a transaction of its own, and survives the process that wrote it:
SQLite appends it to its log (0.1 ms), and waits for the disk only when the log is taken in.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from qcodes import config as qcodes_config
from qcodes.dataset.data_set import DataSet
from qcodes.dataset.descriptions.dependencies import InterDependencies_
from qcodes.dataset.experiment_container import Experiment, load_or_create_experiment
from qcodes.dataset.linked_datasets.links import Link
from qcodes.dataset.sqlite.connection import AtomicConnection, atomic
from qcodes.dataset.sqlite.database import connect, initialise_or_create_database_at
from qcodes.parameters import ParamSpecBase
from qcodes.utils import NumpyJSONEncoder

from labctl.common.commands import About
from labctl.common.refusals import Refusal
from labctl.data.acquisitions import TABLE
from labctl.data.open_database import DATABASE
from labctl.data.writer_lock import Presence
from labctl.data.writing.database_writer import Header, Ledger, NotBegun, Unstored
from labctl.data.writing.interrupted_runs import mark_interrupted
from labctl.data.writing.records import EstimateEntry, OutcomeEntry, PointEntry
from sequences.results import Column

RECORD: Final = "labctl_record"
"""Metadata written when a run begins: sequence, plan, started, parent_id, bench, calibration, versions, commit."""
OUTCOME: Final = "labctl_outcome"
"""Metadata written when it ends: status, message, result, times, figure."""
ESTIMATE: Final = "labctl_estimate"
"""Metadata written while it goes on: what it would conclude."""
BUSY_MS: Final = 1000
"""So long a write waits for another process that writes; a write takes a fraction of a millisecond."""


class Store:
    """The data folder, open for writing. Belongs to the thread that opened it."""

    def __init__(self, folder: Path, label: str) -> None:
        """Makes the folder if need be. label: of the bench, kept with every run as QCoDeS's sample name."""
        self.folder, self.label = folder, label
        with ExitStack() as opened:
            try:
                self._open(opened)
            except Exception as error:
                raise Refusal(_unusable(folder, root_of(error))) from error
            self._opened = opened.pop_all()
        qcodes_config.core.db_location = str(folder / DATABASE)
        self.ledger = Ledger(self.connection, folder)

    def _open(self, opened: ExitStack) -> None:
        """opened: closes what has been opened, if the rest cannot be."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.presence = opened.enter_context(closing(Presence(self.folder)))
        initialise_or_create_database_at(self.folder / DATABASE)
        self.connection = opened.enter_context(closing(connect(self.folder / DATABASE)))
        _prepare(self.connection)
        mark_interrupted(self.connection, self.folder)
        self._experiment: Experiment = load_or_create_experiment("labctl", self.label, conn=self.connection)

    def ready(self) -> None:
        """Look whether a run could begin now. Raises NotBegun if the database cannot be written, or is gone."""
        if self.ledger.is_gone:
            raise NotBegun(
                f"Nothing has begun: {self.folder / DATABASE} was deleted, moved or replaced since labctl opened it. "
                "Put it back, or open the bench again: then a new one is made"
            )
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.rollback()
        except sqlite3.Error as error:
            raise NotBegun(_not_begun(self.folder, error)) from error

    def begin(
        self,
        sequence: str,
        columns: Sequence[Column],
        record: Mapping[str, Any],
        snapshot: Mapping[str, Any] | None = None,
        parent: "Recording | None" = None,
    ) -> "Recording":
        """A new run; it is in the database from now on, or not at all.

        Raises NotBegun, or Unstored for a part of a run, if the database cannot be written.
        """
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        kept = {"sequence": sequence, "started": started, "parent_id": parent.run_id if parent else None}
        kept |= {"writer": self.presence.name, **record}
        try:
            with atomic(self.connection):
                dataset = self._dataset(sequence, columns, kept, snapshot)
                if parent:
                    dataset.parent_dataset_links = [Link(dataset.guid, parent.dataset.guid, "child", sequence)]
                dataset.mark_started()
        except (RuntimeError, sqlite3.Error) as error:  # QCoDeS makes a RuntimeError of whatever ends a transaction
            if not isinstance(fault := root_of(error), sqlite3.Error | OSError):
                raise
            if parent is None:
                raise NotBegun(_not_begun(self.folder, fault)) from error
            self.ledger.trouble = self.ledger.trouble or str(fault)
            raise Unstored(self.ledger.complaint()) from error
        self.ledger.flush()
        self.ledger.begin(Header(dataset.run_id, dataset.guid, sequence, tuple(columns), kept))
        return Recording(dataset, columns, self.ledger)

    def _dataset(
        self, sequence: str, columns: Sequence[Column], record: Mapping[str, Any], snapshot: Mapping[str, Any] | None
    ) -> DataSet:
        dataset = DataSet(
            conn=self.connection,
            exp_id=self._experiment.exp_id,
            name=sequence,
            in_memory_cache=False,
            metadata={RECORD: json.dumps(record, allow_nan=False)},
        )
        dataset.add_snapshot(json.dumps(snapshot or {}, cls=NumpyJSONEncoder))
        dataset.set_interdependencies(dependencies(columns))
        return dataset

    def settle(self) -> None:
        """Take SQLite's log into the database, as far as nobody reads it just now: the file by itself is then whole."""
        with suppress(sqlite3.Error):
            self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def close(self) -> None:
        """Close the database."""
        self.ledger.flush()
        self._opened.close()


class Recording:
    """A run while it is being measured."""

    def __init__(self, dataset: DataSet, columns: Sequence[Column], ledger: Ledger) -> None:
        self.dataset = dataset
        self.points: list[dict[str, float]] = []
        """All points so far."""
        self._table, self._names = dataset.table_name, frozenset(column.name for column in columns)
        self._ledger = ledger

    @property
    def run_id(self) -> int:
        """As `labctl runs` shows it."""
        return self.dataset.run_id

    def add(self, values: Mapping[str, float]) -> None:
        """Record a point: on disk at once. Raises ValueError for a column that the sequence has not declared."""
        if unknown := sorted(values.keys() - self._names):
            raise ValueError(f"{self.dataset.name} gave a column that its COLUMNS lack: {unknown[0]!r}")
        self.points.append({name: float(value) for name, value in values.items()})
        self._ledger.write(PointEntry(self.run_id, self._table, len(self.points), self.points[-1]))

    def estimate(self, values: Mapping[str, Any]) -> None:
        """Write what the run would conclude if it ended now, in place of what was written before."""
        self._ledger.write(EstimateEntry(self.run_id, values))

    def end(self, outcome: Mapping[str, Any]) -> None:
        """Write how the run ended; it is then complete. What the database does not take is in a side file."""
        self._ledger.write(OutcomeEntry(self.run_id, outcome))

    def annotate(self, outcome: Mapping[str, Any]) -> None:
        """Write the outcome again, with something that became known later; not while the database takes nothing."""
        if not self._ledger.trouble:
            self.end(outcome)


def _not_begun(folder: Path, error: BaseException) -> str:
    return (
        f"Nothing has begun: {folder / DATABASE} cannot be written ({error}). Close what locks it, free the disk or "
        "make the folder writable, then run it again"
    )


def _unusable(folder: Path, error: BaseException) -> str:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return _not_begun(folder, error)
    words = f"{folder}: no runs can be stored here ({error}). Choose a folder with --data"
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        command = About.given({"data": folder}).command("runs", "--repair")
        words += f", or have the damaged database moved aside: {command}"
    return words


def root_of(error: BaseException) -> BaseException:
    """What was raised first."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def dependencies(columns: Sequence[Column]) -> InterDependencies_:
    """Columns as QCoDeS wants them declared."""
    specs = {c.name: ParamSpecBase(c.name, "numeric", c.label, c.unit) for c in columns}
    measured = {specs[c.name]: tuple(specs[name] for name in c.setpoints) for c in columns if c.setpoints}
    related = {spec for tree in measured.items() for spec in (tree[0], *tree[1])}
    return InterDependencies_(
        dependencies=measured, standalones=tuple(spec for spec in specs.values() if spec not in related)
    )


def _prepare(connection: AtomicConnection) -> None:
    """What our own entries need; NORMAL: a commit is not lost with the process, and costs no wait for the disk."""
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    connection.execute("PRAGMA synchronous = NORMAL")
    with atomic(connection):
        connection.execute(TABLE)
        there = {row[1] for row in connection.execute("PRAGMA table_info(runs)")}
        for column in sorted({RECORD, OUTCOME, ESTIMATE} - there):
            connection.execute(f"ALTER TABLE runs ADD COLUMN {column} TEXT")
