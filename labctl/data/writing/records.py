"""What a run writes while it goes on, one transaction or one line of text each: points, blocks, estimates, outcomes.

Writing an entry twice is the same as writing it once: what may or may not have reached the disk is written again.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from labctl.data.acquisitions import COLUMNS, Block


@dataclass(frozen=True)
class PointEntry:
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
class BlockEntry:
    """A play that was counted."""

    block: Block

    @property
    def runs(self) -> tuple[int, ...]:
        """All runs that it speaks of."""
        return (self.block.run_id, self.block.part_id)

    def statement(self) -> tuple[str, tuple[Any, ...]]:
        """SQL and its parameters."""
        marks = ", ".join("?" * len(COLUMNS))
        return f"INSERT OR IGNORE INTO labctl_blocks ({', '.join(COLUMNS)}) VALUES ({marks})", self.block.row()


@dataclass(frozen=True)
class EstimateEntry:
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
class OutcomeEntry:
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


Entry = PointEntry | BlockEntry | EstimateEntry | OutcomeEntry
_KINDS: Final = {PointEntry: "point", BlockEntry: "block", EstimateEntry: "estimate", OutcomeEntry: "outcome"}


def as_json(entry: Entry) -> str:
    """One line of text that `from_json` reads back."""
    return json.dumps({"kind": _KINDS[type(entry)], **asdict(entry)})


def _quoted(name: str) -> str:
    """A name in SQL: a side file may say anything."""
    return '"' + name.replace('"', '""') + '"'


def from_json(content: Mapping[str, Any]) -> Entry:
    """The entry of a line that has been parsed. Raises KeyError, TypeError or ValueError if it is none."""
    match content["kind"]:
        case "point":
            values = {str(name): float(value) for name, value in content["values"].items()}
            return PointEntry(int(content["run_id"]), str(content["table"]), int(content["number"]), values)
        case "block":
            return BlockEntry(Block(**content["block"]))
        case "estimate":
            return EstimateEntry(int(content["run_id"]), dict(content["estimate"]))
        case "outcome":
            return OutcomeEntry(int(content["run_id"]), dict(content["outcome"]), float(content["unix_s"]))
    raise ValueError(f"{content['kind']!r} is no kind of entry")


def moved(entry: Entry, runs: Mapping[int, tuple[int, str]]) -> Entry:
    """The same entry for runs that have other numbers, or tables, now: number -> (number, results table)."""
    match entry:
        case PointEntry():
            run_id, table = runs[entry.run_id]
            return replace(entry, run_id=run_id, table=table)
        case BlockEntry(block):
            run_id, part_id = runs[block.run_id][0], runs[block.part_id][0]
            return BlockEntry(replace(block, run_id=run_id, part_id=part_id))
        case EstimateEntry() | OutcomeEntry():
            return replace(entry, run_id=runs[entry.run_id][0])
