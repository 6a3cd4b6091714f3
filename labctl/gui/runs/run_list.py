"""The stored runs as lines to choose from: newest first, parts beneath their run, each with its conclusion."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from labctl.common.commands import DATA
from labctl.data.reader import Run, each_run
from labctl.report.progress import clock_words
from labctl.stored_runs.summary import concluded


@dataclass(frozen=True)
class Line:
    """A run in the list."""

    run_id: int
    sequence: str
    status: str
    """As `labctl.data.reader.Run` has it."""
    started: str
    """'2026-11-24 09:14', local time."""
    duration: str
    """Of the laboratory: '2 h 05 min'."""
    conclusion: str
    """What came out, or why nothing did, in one line."""
    plan: Mapping[str, Any] = field(repr=False)
    """As stored."""
    searched: str = field(repr=False)
    """All of it in small letters, for the filter."""
    parts: tuple["Line", ...] = field(default=(), repr=False)


def read_lines(folder: Path) -> tuple[Line, ...]:
    """Those of a data folder. Takes a while; raises Refusal if it is none."""
    return lines_of(each_run(folder), folder)


def lines_of(runs: Iterable[Run], folder: Path = DATA) -> tuple[Line, ...]:
    """runs: in the order in which they began; folder: of the data. The newest comes first; parts keep their order."""
    # what was stored is let go run by run: Python's search for garbage would stop the window for a moment if it had
    # to go through the records of thousands of runs
    lines = [(run.run_id, run.parent_id, _line(run, folder)) for run in runs]
    known = {run_id for run_id, _, _ in lines}
    parts: dict[int, list[Line]] = {}
    outermost: list[Line] = []
    for run_id, parent, line in reversed(lines):
        whole = replace(line, parts=tuple(reversed(parts.pop(run_id)))) if run_id in parts else line
        is_part = parent is not None and parent in known and parent < run_id
        (parts.setdefault(parent or 0, []) if is_part else outermost).append(whole)
    return tuple(outermost)


def matching(lines: Sequence[Line], words: str) -> list[tuple[Line, tuple[Line, ...]]]:
    """Lines that contain all these words, with their parts; of others only the parts that do, if there are any."""
    wanted = words.lower().split()
    found = []
    for line in lines:
        if _has(line, wanted):
            found.append((line, line.parts))
        elif parts := tuple(part for part in line.parts if _has_within(part, wanted)):
            found.append((line, parts))
    return found


def _line(run: Run, folder: Path) -> Line:
    lab_s = run.outcome.get("lab_time_s")
    duration = clock_words(lab_s) if isinstance(lab_s, int | float) else ""
    said = concluded(run, folder)
    started = _local(run.started)
    searched = f"{run.run_id} {run.sequence} {run.status} {started} {said}".lower()
    plan = run.record.get("plan") or {}
    return Line(run.run_id, run.sequence, run.status, started, duration, said, plan, searched)


def _local(started: str) -> str:
    try:
        return datetime.fromisoformat(started).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return started


def _has(line: Line, wanted: Sequence[str]) -> bool:
    return all(word in line.searched for word in wanted)


def _has_within(line: Line, wanted: Sequence[str]) -> bool:
    return _has(line, wanted) or any(_has_within(part, wanted) for part in line.parts)
