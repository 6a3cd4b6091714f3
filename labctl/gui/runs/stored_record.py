"""A run of the data folder as a record, with all its parts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from labctl.common.commands import About
from labctl.data.live_runs import LIVE
from labctl.data.reader import Run, all_runs, one_run, points
from labctl.gui.runs.record import ELSEWHERE, Record, Table

_WHEN: Final = "It is {run.status} in process {run.process}. This is what was stored when you opened it: open it again"


def stored(folder: Path, run_id: int) -> Record:
    """The record of a stored run. Raises Refusal if there is none."""
    return _record(folder, one_run(folder, run_id), all_runs(folder), 0)


def _record(folder: Path, run: Run, runs: Sequence[Run], depth: int) -> Record:
    recorded, outcome, about = points(folder, run.run_id), run.outcome, About.of_run(run.record, folder)
    table = Table(recorded.columns)
    table.fill(recorded.values)
    return Record(
        run.run_id,
        run.sequence,
        run.record.get("plan") or {},
        table,
        depth,
        status=ELSEWHERE if run.status in LIVE else run.status,
        message=_WHEN.format(run=run) if run.status in LIVE else about.in_words(outcome.get("message") or ""),
        started=run.started,
        estimate=outcome.get("estimate") or {},
        result=run.result,
        fraction=1.0 if run.status == "completed" else 0.0,
        lab_time_s=outcome.get("lab_time_s") or 0.0,
        wall_time_s=outcome.get("wall_time_s") or 0.0,
        photons=int(outcome.get("photons") or 0),
        counting_s=float(outcome.get("counting_s") or 0.0),
        parts=[_record(folder, part, runs, depth + 1) for part in runs if part.parent_id == run.run_id],
    )
