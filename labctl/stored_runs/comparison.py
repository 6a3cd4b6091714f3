"""Stored runs beside one another: what differs between their plans, benches and calibrations, and their results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from labctl.common.numbers import quoted
from labctl.common.refusals import Refusal
from labctl.data.reader import FOREIGN, Run, outermost
from labctl.plans.parse import texts_of
from labctl.stored_runs.bench_snapshot import bench_then
from labctl.stored_runs.result_rows import Row, rows

MOST: Final = 6
"""Runs beside one another."""
Calibration = Mapping[str, Mapping[str, Any]]
"""Key -> value, error, run_id."""


@dataclass(frozen=True)
class Difference:
    """A value that is not the same in all runs."""

    key: str
    values: tuple[str | None, ...]
    """For each run; None where a run has no such value."""


@dataclass(frozen=True)
class Comparison:
    """What differs, each in the order of the runs; the first run is what the others are compared with."""

    runs: tuple[int, ...]
    sequence: str
    plan: tuple[Difference, ...]
    bench: tuple[Difference, ...]
    calibration: tuple[Difference, ...]
    """What a run used, or, where that is not kept, what it found stored."""
    results: tuple[Row, ...]
    remarks: tuple[str, ...]
    """What one has to know to read the pulls: errors that are shared, estimates instead of results."""


def comparison(folder: Path, runs: Sequence[Run]) -> Comparison:
    """Compare stored runs of one sequence. Raises Refusal if they cannot be compared."""
    _check(runs)
    plans = [texts_of(run.record.get("plan") or {}) for run in runs]
    used = [_used(folder, run) for run in runs]
    return Comparison(
        tuple(run.run_id for run in runs),
        runs[0].sequence,
        tuple(_differences(plans)),
        tuple(_differences([{key: _text(v) for key, v in bench_then(folder, run).items()} for run in runs])),
        tuple(_calibrations(used)),
        tuple(rows([_result(run) for run in runs])),
        tuple(_remarks(folder, runs, used)),
    )


def _check(runs: Sequence[Run]) -> None:
    numbers = [run.run_id for run in runs]
    if len(runs) < 2 or len(set(numbers)) < len(numbers):
        raise Refusal("Name two different runs or more: `labctl compare 3 5`. `labctl runs` lists them")
    if len(runs) > MOST:
        raise Refusal(f"{len(runs)} runs are too many to stand beside one another: name at most {MOST}")
    for run in runs:
        if run.status == FOREIGN:
            raise Refusal(f"Run {run.run_id} was stored by QCoDeS without labctl: it has no plan and no result here")
    if len({run.sequence for run in runs}) > 1:
        said = ", ".join(f"run {run.run_id} is {run.sequence}" for run in runs)
        raise Refusal(
            f"Only runs of one sequence can be compared: {said}. `labctl runs --sequence NAME` lists its runs"
        )


def _differences(tables: Sequence[Mapping[str, str]]) -> Iterator[Difference]:
    for key in {key: None for table in tables for key in table}:
        values = tuple(table.get(key) for table in tables)
        if len(set(values)) > 1:
            yield Difference(key, values)


def _text(value: Any) -> str:
    return f"{value:.8g}" if isinstance(value, float) else str(value)


def _result(run: Run) -> Mapping[str, Any]:
    return run.result or run.outcome.get("estimate") or {}


def _used(folder: Path, run: Run) -> dict[str, Mapping[str, Any]]:
    """The calibration that a run used, as it was when the run began; a part of a run keeps only what was stored."""
    stored = {k: v for k, v in (run.record.get("calibration") or {}).items() if isinstance(v, Mapping)}
    used = outermost(folder, run).outcome.get("calibration_used")
    return {key: entry for key, entry in stored.items() if key in used} if isinstance(used, Mapping) else stored


def _calibrations(used: Sequence[Calibration]) -> Iterator[Difference]:
    """Those whose value or error is another one; a value that was stored again as it was is none."""
    for one in _differences([{key: _calibrated(entry) for key, entry in its.items()} for its in used]):
        entries = [its.get(one.key) for its in used]
        pairs = zip(one.values, entries, strict=True)
        values = (None if entry is None else f"{text} (run {entry.get('run_id')})" for text, entry in pairs)
        yield Difference(one.key, tuple(values))


def _calibrated(entry: Mapping[str, Any]) -> str:
    value, error = entry.get("value"), entry.get("error")
    if not isinstance(value, int | float) or not isinstance(error, int | float):
        return str(value)
    return quoted(value, error)


def _remarks(folder: Path, runs: Sequence[Run], used: Sequence[Calibration]) -> Iterator[str]:
    for run in runs:
        if run.result is None:
            has = "its last estimate stands here" if _result(run) else "it has no result"
            yield f"Run {run.run_id} is {run.status}: {has}."
    first = runs[0]
    for run, its in zip(runs[1:], used[1:], strict=True):
        both = f"Runs {first.run_id} and {run.run_id}"
        if same := sorted(key for key in its if key in used[0] and _is_same(its[key], used[0][key])):
            named = ", ".join(same[:4]) + (f" and {len(same) - 4} more" if len(same) > 4 else "")
            yield (
                f"{both} used the same calibration ({named}). Its errors are in both results and cancel in part in "
                "their difference: there the pull is smaller than it should be."
            )
        yield from _counted_twice(folder, first, run, both)


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """To every digit: then it was measured once, whichever run stored it again."""
    return bool(one.get("error")) and all(one.get(key) == other.get(key) for key in ("value", "error"))


def _counted_twice(folder: Path, first: Run, run: Run, both: str) -> Iterator[str]:
    """Photons that are in both results."""
    whole = [outermost(folder, one) for one in (first, run)]
    if first.run_id in (run.record.get("resumes"), run.parent_id) or run.run_id in (
        first.record.get("resumes"),
        first.parent_id,
    ):
        yield f"{both} share photons: one continues the other or is a part of it. The pull says nothing there."
    seeds = [(one.record.get("sample"), one.record.get("seed")) for one in whole]
    if seeds[0] == seeds[1] and seeds[0][1] is not None and whole[0].run_id != whole[1].run_id:
        yield (
            f"{both} were simulated with the same seed: as far as they played the same, they counted the same "
            "photons, and their errors are shared."
        )
