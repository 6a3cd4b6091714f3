"""What a run writes while it goes on: points, acquisitions, estimates, outcomes; one transaction or one line each.

Writing a record twice is the same as writing it once: what may or may not have reached the disk is written again.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from labctl.data.acquisitions import COLUMNS, Acquisition


@dataclass(frozen=True)
class PointRecord:
    """A point of a run."""

    run_id: int
    table: str
    """The results table of the run."""
    number: int
    """1 for the first point of the run: its key in the table."""
    values: Mapping[str, float]

    @property
    def runs(self) -> tuple[int, ...]:
        """All runs that it speaks of."""
        return (self.run_id,)

    def statement(self) -> tuple[str, tuple[Any, ...]]:
        """SQL and its parameters."""
        names = ", ".join(_quoted(name) for name in ("id", *self.values))
        marks = ", ".join("?" * (1 + len(self.values)))
        into = f"INSERT OR IGNORE INTO {_quoted(self.table)} ({names})"
        return f"{into} VALUES ({marks})", (self.number, *self.values.values())


@dataclass(frozen=True)
class AcquisitionRecord:
    """A program that was played and counted."""

    acquisition: Acquisition

    @property
    def runs(self) -> tuple[int, ...]:
        """All runs that it speaks of."""
        return (self.acquisition.run_id, self.acquisition.measuring_run_id)

    def statement(self) -> tuple[str, tuple[Any, ...]]:
        """SQL and its parameters."""
        marks = ", ".join("?" * len(COLUMNS))
        return f"INSERT OR IGNORE INTO labctl_blocks ({', '.join(COLUMNS)}) VALUES ({marks})", self.acquisition.row()


@dataclass(frozen=True)
class EstimateRecord:
    """What a run would conclude if it ended now."""

    run_id: int
    estimate: Mapping[str, Any]

    @property
    def runs(self) -> tuple[int, ...]:
        """All runs that it speaks of."""
        return (self.run_id,)

    def statement(self) -> tuple[str, tuple[Any, ...]]:
        """SQL and its parameters."""
        text = json.dumps(self.estimate, allow_nan=False)
        return "UPDATE runs SET labctl_estimate = ? WHERE run_id = ?", (text, self.run_id)


@dataclass(frozen=True)
class OutcomeRecord:
    """How a run ended, and that it has."""

    run_id: int
    outcome: Mapping[str, Any]
    unix_s: float = field(default_factory=time.time)

    @property
    def runs(self) -> tuple[int, ...]:
        """All runs that it speaks of."""
        return (self.run_id,)

    def statement(self) -> tuple[str, tuple[Any, ...]]:
        """SQL and its parameters."""
        text = json.dumps(self.outcome, allow_nan=False)
        ended = "is_completed = 1, completed_timestamp = coalesce(completed_timestamp, ?)"
        return f"UPDATE runs SET labctl_outcome = ?, {ended} WHERE run_id = ?", (text, self.unix_s, self.run_id)


WrittenRecord = PointRecord | AcquisitionRecord | EstimateRecord | OutcomeRecord
_KINDS: Final = {
    PointRecord: "point",
    AcquisitionRecord: "acquisition",
    EstimateRecord: "estimate",
    OutcomeRecord: "outcome",
}


def as_json(record: WrittenRecord) -> str:
    """One line of text that `from_json` reads back."""
    return json.dumps({"kind": _KINDS[type(record)], **asdict(record)})


def _quoted(name: str) -> str:
    """A name in SQL: a spool file may say anything."""
    return '"' + name.replace('"', '""') + '"'


def from_json(content: Mapping[str, Any]) -> WrittenRecord:
    """The record of a line that has been parsed. Raises KeyError, TypeError or ValueError if it is none."""
    match content["kind"]:
        case "point":
            values = {str(name): float(value) for name, value in content["values"].items()}
            return PointRecord(int(content["run_id"]), str(content["table"]), int(content["number"]), values)
        case "acquisition":
            return AcquisitionRecord(Acquisition(**content["acquisition"]))
        case "block":  # spool files of before 0.1.0
            older = dict(content["block"])
            return AcquisitionRecord(Acquisition(measuring_run_id=older.pop("part_id"), **older))
        case "estimate":
            return EstimateRecord(int(content["run_id"]), dict(content["estimate"]))
        case "outcome":
            return OutcomeRecord(int(content["run_id"]), dict(content["outcome"]), float(content["unix_s"]))
    raise ValueError(f"{content['kind']!r} is no kind of record")


def moved(record: WrittenRecord, runs: Mapping[int, tuple[int, str]]) -> WrittenRecord:
    """The same record for runs that have other numbers, or tables, now: number -> (number, results table)."""
    match record:
        case PointRecord():
            run_id, table = runs[record.run_id]
            return replace(record, run_id=run_id, table=table)
        case AcquisitionRecord(acquisition):
            run_id, measuring_run_id = runs[acquisition.run_id][0], runs[acquisition.measuring_run_id][0]
            return AcquisitionRecord(replace(acquisition, run_id=run_id, measuring_run_id=measuring_run_id))
        case EstimateRecord() | OutcomeRecord():
            return replace(record, run_id=runs[record.run_id][0])
