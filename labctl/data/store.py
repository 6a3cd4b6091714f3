"""Runs being written: one QCoDeS dataset each, in runs.db of the data folder.

One row of the results table is one point, so that what was measured together stays together; QCoDeS's DataSaver would
write a row for every measured column. Rows are kept back for at most a second, and written before a run ends.
"""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from qcodes import config as qcodes_config
from qcodes.dataset.data_set import DataSet
from qcodes.dataset.descriptions.dependencies import InterDependencies_
from qcodes.dataset.experiment_container import Experiment, load_or_create_experiment
from qcodes.dataset.linked_datasets.links import Link
from qcodes.dataset.sqlite.database import connect, initialise_or_create_database_at
from qcodes.parameters import ParamSpecBase
from qcodes.utils import NumpyJSONEncoder

from labctl.data.history import DATABASE
from labctl.refusals import Refusal
from sequences.results import Column

RECORD: Final = "labctl_record"
"""Metadata written when a run begins: sequence, plan, started, parent_id, bench, calibration, versions, commit."""
OUTCOME: Final = "labctl_outcome"
"""Metadata written when it ends: status, message, result, times, figure."""
HELD_BACK_S: Final = 1.0
"""A point is on disk after this time at the latest, if the run goes on."""


class Store:
    """The data folder, open for writing. Belongs to the thread that opened it."""

    def __init__(self, folder: Path, label: str) -> None:
        """Makes the folder if need be. label: of the bench, kept with every run as QCoDeS's sample name."""
        self.folder, self.label = folder, label
        try:
            folder.mkdir(parents=True, exist_ok=True)
            initialise_or_create_database_at(folder / DATABASE)
            self._connection = connect(folder / DATABASE)
        except Exception as error:
            raise Refusal(f"{folder}: no runs can be stored here ({error}). Choose a folder with --data") from error
        qcodes_config.core.db_location = str(folder / DATABASE)
        self._experiment: Experiment = load_or_create_experiment("labctl", label, conn=self._connection)

    def begin(
        self,
        sequence: str,
        columns: Sequence[Column],
        record: Mapping[str, Any],
        snapshot: Mapping[str, Any] | None = None,
        parent: "Recording | None" = None,
    ) -> "Recording":
        """A new run; it is in the database from now on."""
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        kept = {"sequence": sequence, "started": started, "parent_id": parent.run_id if parent else None, **record}
        dataset = DataSet(
            conn=self._connection,
            exp_id=self._experiment.exp_id,
            name=sequence,
            in_memory_cache=False,
            metadata={RECORD: json.dumps(kept, allow_nan=False)},
        )
        dataset.add_snapshot(json.dumps(snapshot or {}, cls=NumpyJSONEncoder))
        dataset.set_interdependencies(dependencies(columns))
        if parent:
            dataset.parent_dataset_links = [Link(dataset.guid, parent.dataset.guid, "child", sequence)]
        dataset.mark_started()
        return Recording(dataset, columns)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


class Recording:
    """A run while it is being measured."""

    def __init__(self, dataset: DataSet, columns: Sequence[Column]) -> None:
        self.dataset = dataset
        self.points: list[dict[str, float]] = []
        """All points so far, as written."""
        self._names = frozenset(column.name for column in columns)
        self._written = 0
        self._last_write_s = time.monotonic()

    @property
    def run_id(self) -> int:
        """As `labctl runs` shows it."""
        return self.dataset.run_id

    def add(self, values: Mapping[str, float]) -> None:
        """Record a point. Raises ValueError for a column that the sequence has not declared."""
        if unknown := sorted(values.keys() - self._names):
            raise ValueError(f"{self.dataset.name} gave a column that its COLUMNS lack: {unknown[0]!r}")
        self.points.append({name: float(value) for name, value in values.items()})
        if time.monotonic() - self._last_write_s >= HELD_BACK_S:
            self.flush()

    def flush(self) -> None:
        """Write what is held back. After an error the points are still held, and written the next time."""
        if waiting := self.points[self._written :]:
            self.dataset.add_results(waiting)
            self._written += len(waiting)
        self._last_write_s = time.monotonic()

    def end(self, outcome: Mapping[str, Any]) -> None:
        """Write the last points and the outcome; the run is then complete."""
        self.flush()
        self.annotate(outcome)
        self.dataset.mark_completed()

    def annotate(self, outcome: Mapping[str, Any]) -> None:
        """Write the outcome again, with something that became known later."""
        self.dataset.add_metadata(OUTCOME, json.dumps(outcome, allow_nan=False))


def dependencies(columns: Sequence[Column]) -> InterDependencies_:
    """Columns as QCoDeS wants them declared."""
    specs = {c.name: ParamSpecBase(c.name, "numeric", c.label, c.unit) for c in columns}
    measured = {specs[c.name]: tuple(specs[name] for name in c.setpoints) for c in columns if c.setpoints}
    related = {spec for tree in measured.items() for spec in (tree[0], *tree[1])}
    return InterDependencies_(
        dependencies=measured, standalones=tuple(spec for spec in specs.values() if spec not in related)
    )
