"""What a sweep will do, before it runs, and what came of it: its points as a table, and its figure."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from labctl.common.refusals import Refusal
from labctl.plans.sweep import Sweep, few, short
from labctl.report.plan_overview import check_limits
from labctl.report.plan_overview import show_dry_run as show_one
from labctl.report.progress import clock_words
from labctl.report.tables import console
from labctl.stored_runs.summary import concluded
from labctl.stored_runs.sweep_data import NOT_BEGUN, figure
from labctl.stored_runs.sweeps import StoredSweep
from sequences.core.experiment import forecast_s

if TYPE_CHECKING:
    from labctl.config.station_file import StationFile
    from sequences.core.experiment import Experiment

LOG: Final = logging.getLogger(__name__)


def check_all(experiment: "Experiment", sweep: Sweep, plans: Sequence[Any], file: "StationFile") -> None:
    """Raises Refusal if the plan of any point asks for what station.yaml does not allow."""
    faults: dict[str, None] = {}
    for plan in plans:
        try:
            check_limits(experiment, plan, file)
        except Refusal as refusal:
            faults |= dict.fromkeys(refusal.faults)
    swept = tuple(f"--set {axis.key} =" for axis in sweep.axes)
    found = [fault.replace("--set", "--over", 1) if fault.startswith(swept) else fault for fault in faults]
    if found:
        raise Refusal(few(found))


def show_dry_run(
    experiment: "Experiment", sweep: Sweep, plans: Sequence[Any], file: "StationFile", as_json: bool
) -> None:
    """All points with their expected durations, and the first of them as `labctl run --dry-run` shows it."""
    from rich.table import Table

    durations_s = [forecast_s(plan) for plan in plans]
    whole_s = None if None in durations_s else sum(filter(None, durations_s))
    if as_json:
        points = [{"point": point, "duration_s": s} for point, s in zip(sweep.points, durations_s, strict=True)]
        shown = {"sequence": sweep.sequence, "settings": dict(sweep.settings), "over": list(sweep.overs)}
        typer.echo(json.dumps({**shown, "duration_s": whole_s, "points": points}))
        return
    typer.echo(f"sweep of {sweep.sequence} over {sweep.words}: {len(plans)} points")
    table = Table(box=None, pad_edge=False)
    for heading in ("point", *(axis.key for axis in sweep.axes), "expected"):
        table.add_column(heading, justify="right")
    for number, (point, s) in enumerate(zip(sweep.points, durations_s, strict=True), start=1):
        table.add_row(str(number), *map(short, point.values()), "-" if s is None else clock_words(s))
    console().print(table)
    typer.echo("expected duration: " + ("not known beforehand" if whole_s is None else clock_words(whole_s)))
    typer.echo("\npoint 1:")
    show_one(experiment, plans[0], file, as_json=False)


def print_points(found: StoredSweep) -> None:
    """A line for each point: the swept keys, its run, how it ended, what came out."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for axis in found.sweep.axes:
        table.add_column(axis.key, justify="right")
    for heading in ("run", "status", "result"):
        table.add_column(heading)
    for number, point in enumerate(found.sweep.points, start=1):
        run = found.runs.get(number)
        said = ("-", NOT_BEGUN, "-") if run is None else (str(run.run_id), run.status, concluded(run, found.folder))
        table.add_row(*map(short, point.values()), *said)
    console().print(table)


def report_of(found: StoredSweep, drawn: Path | None) -> dict[str, Any]:
    """The same as one object."""
    points = []
    for number, point in enumerate(found.sweep.points, start=1):
        run = found.runs.get(number)
        kept = {"run_id": run.run_id, "status": run.status, "result": run.result} if run else {"status": NOT_BEGUN}
        points.append({"point": point, **kept})
    report = {"sweep": found.first, "sequence": found.sweep.sequence, "over": list(found.sweep.overs)}
    report |= {"settings": dict(found.sweep.settings), "completed": len(found.completed), "left": len(found.left)}
    return {**report, "points": points} | ({"figure": str(drawn)} if drawn else {})


def figure_of(found: StoredSweep) -> Path | None:
    """The figure of the sweep, saved beside those of its runs; None if there is nothing to draw, or it cannot be."""
    file = found.folder / "figures" / f"sweep-{found.first:05d}-{found.sweep.sequence}.png"
    try:
        if (drawn := figure(found)) is None:
            return None
        file.parent.mkdir(parents=True, exist_ok=True)
        drawn.savefig(file)
    except Exception:  # whatever is wrong with a picture, the sweep is measured
        LOG.exception("The figure of the sweep could not be drawn")
        return None
    return file
