"""`labctl sweep`: one experiment at many values of its keys, as one group. All plans are checked before anything opens.

The runs keep which point of the sweep they are, so that it can be gone on with after whatever ended it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labctl.cli.options import (
    DATA,
    STATION,
    At,
    BenchFile,
    Data,
    DryRun,
    Faults,
    Json,
    LogEvery,
    Overs,
    Pace,
    Sample,
    Seed,
    Sequence,
    Settings,
    Simulated,
    Station,
)

if TYPE_CHECKING:
    from labctl.bench.connect import Choice
    from labctl.bench.sweep import Ended
    from labctl.common.commands import About
    from labctl.config.station_file import StationFile
    from labctl.plans.sweep import Sweep
    from labctl.stored_runs.sweeps import StoredSweep
    from sequences.core.experiment import Experiment

Resume = Annotated[
    str | None,
    typer.Option("--resume", metavar="RUN", help="Go on with the sweep of this run, or latest.", show_default=False),
]
Queued = Annotated[bool, typer.Option("--queue", help="Put it into the queue of the window, and run nothing here.")]


@dataclass(frozen=True)
class _Wanted:
    """What shall be measured, and what has been."""

    experiment: "Experiment"
    sweep: "Sweep"
    plans: list[Any]
    stored: "StoredSweep | None"


def sweep(
    sequence: Sequence = "",
    overs: Overs = [],  # noqa: B006  # typer copies it
    settings: Settings = [],  # noqa: B006
    simulated: Simulated = False,
    sample: Sample = None,
    seed: Seed = None,
    pace: Pace = None,
    served: BenchFile = None,
    script: Faults = None,
    station: Station = STATION,
    data: Data = DATA,
    dry_run: DryRun = False,
    resume: Resume = None,
    queued: Queued = False,
    at: At = "",
    log_every_s: LogEvery = None,
    as_json: Json = False,
) -> None:
    """Run an experiment at many values of its keys.

    `labctl sweep odmr --over field_mt=1:10:10 --over power_dbm=-20,-10`: the key that is named first changes slowest.
    """
    from labctl.bench.connect import Choice
    from labctl.cli.run import started
    from labctl.common.log import log_into
    from labctl.common.refusals import gathered
    from labctl.common.start_time import start_time
    from labctl.config.station_file import read_station
    from labctl.report.sweep_overview import check_all, show_dry_run

    wanted = _wanted(data, sequence, overs, settings, resume)
    log_into(data)
    if wanted.stored is not None and simulated and seed is None:
        seed = _another_seed(wanted.stored)
    choice = Choice(simulated, sample, seed, pace, served, script)
    file, _, start = gathered(lambda: read_station(station), choice.check, lambda: start_time(at) if at else None)
    check_all(wanted.experiment, wanted.sweep, wanted.plans, file)
    if dry_run:
        return show_dry_run(wanted.experiment, wanted.sweep, wanted.plans, file, as_json)
    if queued:
        return _enqueue(data, wanted)
    with started(start, f"the sweep of {wanted.sweep.sequence}"):
        _carry_out(wanted, file, choice, data, as_json, log_every_s)


def _wanted(data: Path, sequence: str, overs: list[str], settings: list[str], resume: str | None) -> _Wanted:
    from labctl.common.refusals import Refusal
    from labctl.plans.catalogue import experiment_named
    from labctl.plans.sweep import plans_of, sweep_of
    from labctl.stored_runs.sweeps import sweep_with

    if resume is not None:
        if sequence or overs or settings:
            raise Refusal("--resume goes on with a sweep as it was begun: leave SEQUENCE, --over and --set out")
        stored = sweep_with(data, resume)
        if not stored.left:
            raise Refusal(f"The {stored.words}: there is nothing left. `labctl show {stored.first} --sweep` shows it")
        experiment = experiment_named(stored.sweep.sequence)
        return _Wanted(experiment, stored.sweep, plans_of(experiment, stored.sweep), stored)
    if not sequence:
        raise Refusal("Say what to run: labctl sweep SEQUENCE --over KEY=START:STOP:COUNT")
    experiment = experiment_named(sequence)
    return _Wanted(experiment, *sweep_of(experiment, overs, settings), None)


def _another_seed(stored: "StoredSweep") -> int | None:
    """A twin that is switched on anew shall not count the same photons again."""
    seeds = [run.record["seed"] for run in stored.runs.values() if isinstance(run.record.get("seed"), int)]
    return max(seeds) + 1 if seeds else None


def _enqueue(data: Path, wanted: _Wanted) -> None:
    from labctl.common.refusals import Refusal
    from labctl.gui.runs.queue import Queue

    if wanted.stored is not None:
        raise Refusal("--queue begins a sweep, and --resume goes on with one here: leave one of them out")
    queue = Queue(data)
    queue.add(wanted.sweep.sequence, wanted.sweep.settings, wanted.sweep.overs)
    if queue.trouble:
        raise Refusal(queue.trouble)
    place, count = len(queue.items), len(wanted.plans)
    where = f"is number {place} of the queue: the window runs it when its turn comes"
    typer.echo(f"sweep of {wanted.sweep.sequence}, {count} points, {where}")


def _carry_out(
    wanted: _Wanted, file: "StationFile", choice: "Choice", data: Path, as_json: bool, log_every_s: float | None
) -> None:
    """Measure what is left, tell what came of it, and end the program with the code of its end."""
    from uuid import uuid4

    name = wanted.stored.name if wanted.stored else uuid4().hex
    ended: list[Ended] = []
    try:
        _measure(wanted, name, file, choice, data, ended, log_every_s)
    finally:
        if any(one.run is not None for one in ended):
            _tell(name, ended, choice.about(file.path, data), data, as_json)
    statuses = {one.status for one in ended}
    raise typer.Exit(130 if "aborted" in statuses else 1 if "failed" in statuses else 0)


def _measure(
    wanted: _Wanted,
    name: str,
    file: "StationFile",
    choice: "Choice",
    data: Path,
    ended: "list[Ended]",
    log_every_s: float | None,
) -> None:
    """From the bench's opening to its safe end; each point that has ended is put into the list at once."""
    from labctl.bench.connect import opened_bench
    from labctl.bench.controlled_run import obeying
    from labctl.bench.sweep import measured, what_is_left
    from labctl.cli.run import say_aside
    from labctl.report.progress import progress
    from labctl.report.sweep_progress import SweepProgress

    about = choice.about(file.path, data)
    with opened_bench(choice, file, data, say_aside, log_every_s) as bench, progress() as listener:
        bench.interrupts.patient = True
        left = what_is_left(bench, name, wanted.sweep, wanted.plans)
        goes = SweepProgress(listener, wanted.sweep, wanted.plans, [point.number for point in left])
        with obeying(bench, about, say_aside) as (pause, orders):
            for one in measured(bench, wanted.experiment, left, (orders.on_event, goes.on_event), pause, goes.begin):
                ended.append(one)


def _tell(name: str, ended: "list[Ended]", about: "About", data: Path, as_json: bool) -> None:
    from labctl.report.sweep_overview import figure_of, print_points, report_of
    from labctl.stored_runs.sweeps import sweep_named

    found = sweep_named(data, name)
    figure = figure_of(found)
    if as_json:
        typer.echo(json.dumps(report_of(found, figure), allow_nan=False))
    else:
        print_points(found)
        for line in _lines(found, figure, about):
            typer.echo(line)
    for one in ended:
        if one.status != "completed":
            typer.echo(f"labctl: {one.words(about)}", err=True)
    if found.left:
        go_on: Mapping[str, Any] = {name: value for name, value in about.options.items() if name != "seed"}
        again = type(about)(go_on).command("sweep", "--resume", str(found.first))
        typer.echo(f"labctl: {len(found.left)} points are left; to measure them: {again}", err=True)


def _lines(found: "StoredSweep", figure: Path | None, about: "About") -> list[str]:
    export = about.command("export", str(found.first), "--sweep", "--to", "sweep.nc")
    lines = [found.words, f"as one file: {export}"]
    return [*lines, f"figure: {figure}"] if figure else lines
