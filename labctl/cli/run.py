"""`labctl run` and `labctl resume`: one experiment, from its plan, or from where it was interrupted, to the result.

All is checked before anything is opened.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from labctl.cli.options import (
    DATA,
    STATION,
    At,
    BenchFile,
    Data,
    DryRun,
    Faults,
    Json,
    Keys,
    Like,
    List,
    LogEvery,
    Pace,
    Reveal,
    RunId,
    Sample,
    Seed,
    Sequence,
    Settings,
    Simulated,
    Station,
)

if TYPE_CHECKING:
    from labctl.bench.connect import Choice
    from labctl.bench.continuation import Continuation
    from labctl.common.commands import About
    from labctl.config.station_file import StationFile
    from labctl.plans.from_stored_run import Likeness
    from labctl.run.runner import Outcome
    from sequences.core.experiment import Experiment

_WORDS = "labctl.words"
_EXIT = {"completed": 0, "failed": 1, "aborted": 130}


class WithKeys(TyperCommand):
    """Its help ends with the keys of the plan, once a sequence is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Remember the words: help is asked for before they are understood."""
        ctx.meta[_WORDS] = list(args)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The keys, as wide as the screen is."""
        from labctl.plans.catalogue import EXPERIMENTS
        from labctl.report.plan_overview import keys_text

        super().format_epilog(ctx, formatter)
        if named := next((EXPERIMENTS[word] for word in ctx.meta.get(_WORDS, ()) if word in EXPERIMENTS), None):
            formatter.write(f"\nKeys of {named.name}, for --set KEY=VALUE:\n{keys_text(named)}")


def run(
    sequence: Sequence = "",
    simulated: Simulated = False,
    sample: Sample = None,
    seed: Seed = None,
    pace: Pace = None,
    served: BenchFile = None,
    script: Faults = None,
    settings: Settings = [],  # noqa: B006  # typer copies it
    station: Station = STATION,
    data: Data = DATA,
    dry_run: DryRun = False,
    keys: Keys = False,
    list_all: List = False,
    as_json: Json = False,
    reveal: Reveal = False,
    like: Like = None,
    at: At = "",
    log_every_s: LogEvery = None,
) -> None:
    """Run an experiment and keep what it finds.

    `run SEQUENCE --help` lists the keys of its plan too. `run --like RUN --set KEY=VALUE` runs again what was run
    before, with changes.
    """
    from labctl.bench.connect import Choice
    from labctl.common.log import log_into
    from labctl.common.refusals import Refusal
    from labctl.plans import catalogue
    from labctl.plans.from_stored_run import likeness
    from labctl.report.plan_overview import show_dry_run, show_keys, show_list

    if list_all:
        return show_list(as_json)
    if not sequence and like is None:
        raise Refusal("Say what to run: labctl run SEQUENCE. `labctl run --list` shows what there is")
    before = None if like is None else likeness(data, like, sequence)
    experiment = before.experiment if before else catalogue.experiment_named(sequence)
    if keys:
        return show_keys(experiment, as_json)
    log_into(data)
    choice = Choice(simulated, sample, seed, pace, served, script)
    plan, file, start = _checked(experiment, before, settings, station, lambda: choice.check(reveal), at)
    if before:
        typer.echo(f"labctl: {before.words(plan)}", err=True)
    if dry_run:
        return show_dry_run(experiment, plan, file, as_json)
    with started(start, experiment.name):
        _carry_out(experiment, plan, file, choice, data, as_json, reveal, log_every_s=log_every_s)


def _checked(
    experiment: "Experiment",
    before: "Likeness | None",
    settings: list[str],
    station: Path,
    check_choice: Callable[[], object],
    at: str,
) -> "tuple[Any, StationFile, datetime | None]":
    """Plan, station and start. Raises Refusal with all that is wrong, before anything is opened."""
    from labctl.common.refusals import gathered
    from labctl.common.start_time import start_time
    from labctl.config.station_file import read_station
    from labctl.plans.parse import make_plan
    from labctl.report.plan_overview import check_limits

    plan, file, _, start = gathered(
        lambda: before.plan(settings) if before else make_plan(experiment.plan, settings),
        lambda: read_station(station),
        check_choice,
        lambda: start_time(at) if at else None,
    )
    check_limits(experiment, plan, file)
    return plan, file, start


@contextmanager
def started(at: "datetime | None", what: str) -> Iterator[None]:
    """What is in the block begins then, at once if no time is given; that it cannot begin is told, as nobody is there.

    what: shall begin, for the line that says when.
    """
    if at is None:
        yield
        return
    from labctl.common.start_time import wait_until
    from labctl.config.user_settings import user_settings
    from labctl.messages.messenger import unattended
    from labctl.report.progress import clock_words

    settings = user_settings()
    left_s = (at - datetime.now().astimezone()).total_seconds()
    say_aside(
        f"{what} starts at {at:%Y-%m-%d %H:%M:%S}, in {clock_words(max(left_s, 0.0))}. Nothing is switched on before, "
        "and the bench is not held; Ctrl-C ends the wait"
    )
    wait_until(at)
    with unattended(settings.messages, what):
        yield


def resume(
    run_id: RunId,
    simulated: Simulated = False,
    sample: Sample = None,
    seed: Seed = None,
    pace: Pace = None,
    served: BenchFile = None,
    station: Station = STATION,
    data: Data = DATA,
    as_json: Json = False,
    reveal: Reveal = False,
) -> None:
    """Continue a run that was interrupted, or that is paused.

    What it counted is kept, and the rest is measured: of an interrupted one as a run of its own, of a paused one by
    the process that holds it.
    """
    from labctl.bench.connect import Choice
    from labctl.bench.continuation import continuation
    from labctl.cli.pause_stop import went_on
    from labctl.common.log import log_into
    from labctl.common.refusals import gathered
    from labctl.config.station_file import read_station
    from labctl.report.plan_overview import check_limits

    log_into(data)
    if went_on(data, run_id):
        return
    found = continuation(data, run_id)
    seed = found.another_seed if seed is None and simulated else seed
    choice = Choice(simulated, sample, seed, pace, served)
    file, _ = gathered(lambda: read_station(station), lambda: choice.check(reveal))
    check_limits(found.experiment, found.plan, file)
    _carry_out(found.experiment, found.plan, file, choice, data, as_json, reveal, found)


def _carry_out(
    experiment: "Experiment",
    plan: Any,
    file: "StationFile",
    choice: "Choice",
    data: Path,
    as_json: bool,
    reveal: bool,
    interrupted: "Continuation | None" = None,
    log_every_s: float | None = None,
) -> None:
    """Run it, print what it found, and end the program with the code of its end."""
    report: dict[str, Any] = {}
    try:
        _measure(experiment, plan, file, choice, data, reveal, report, interrupted, log_every_s)
    finally:
        if report:
            _tell(report, choice.about(file.path, data), data, as_json)
    raise typer.Exit(_EXIT[report["status"]])


def _measure(
    experiment: "Experiment",
    plan: Any,
    file: "StationFile",
    choice: "Choice",
    data: Path,
    reveal: bool,
    report: dict[str, Any],
    interrupted: "Continuation | None",
    log_every_s: float | None,
) -> None:
    """From the bench's opening to its safe end; the report is filled as soon as there is one."""
    from labctl.bench.connect import opened_bench
    from labctl.bench.controlled_run import obeying
    from labctl.data.serialise import serialisable
    from labctl.report.progress import progress

    with opened_bench(choice, file, data, say_aside, log_every_s) as bench, progress() as listener:
        bench.interrupts.patient = True
        before = interrupted.on(bench.store.label, bench.record) if interrupted else None
        with obeying(bench, choice.about(file.path, data), say_aside) as (pause, orders):
            kept = interrupted.sweep if interrupted else {}
            report |= _report(bench.run(experiment, plan, (orders.on_event, listener), pause, before, kept))
        if before:
            replay = before.replay
            taken, of = replay.taken, len(replay.acquisitions)
            report["resumes"] = {"run_id": before.run_id, "acquisitions": taken, "of": of}
        if reveal and bench.truth is not None:
            report["truth"] = serialisable(bench.truth(report["result"] or {}))


def say_aside(what: str) -> None:
    """Through Python's own stream, which a progress bar takes in: past it, the bar would write over the words."""
    try:
        print(f"labctl: {what}", file=sys.stderr, flush=True)
    except RuntimeError:  # the signal came in the middle of another line
        os.write(2, f"\nlabctl: {what}\n".encode("ascii", "replace"))


def _report(outcome: "Outcome") -> dict[str, Any]:
    run = outcome.run
    report = {"run_id": run.run_id, "sequence": run.sequence, "status": run.status}
    report |= {"lab_time_s": run.lab_time_s, "wall_time_s": run.wall_time_s, "photons": run.photons}
    report |= {"counting_s": run.counting_s, "result": run.result}
    report |= {"children": [child.as_dict() for child in run.children]}
    report |= {"message": run.message} if run.message else {}
    report |= {"continues": outcome.continues} if outcome.continues is not None else {}
    return report | ({"figure": str(figure)} if (figure := outcome.figures.get(run.run_id)) else {})


def _tell(report: dict[str, Any], about: "About", data: Path, as_json: bool) -> None:
    from labctl.common.refusals import printable

    if as_json:
        typer.echo(json.dumps(report, allow_nan=False))
    else:
        _print(report, about)
    number, why = report["run_id"], about.in_words(printable(report.get("message", "")))
    if report["status"] == "failed":
        typer.echo(f"labctl: {report['sequence']} failed: {why} (run {number} in {data})", err=True)
    if report["status"] == "aborted":
        typer.echo(f"labctl: aborted; run {number} keeps what was measured", err=True)
    if report["status"] in ("failed", "aborted") and _can_go_on(data, number):
        typer.echo(f"labctl: to go on with it: {about.command('resume', str(number))}", err=True)


def _can_go_on(data: Path, number: int) -> bool:
    from labctl.bench.continuation import continuation
    from labctl.common.refusals import Refusal

    try:
        continuation(data, str(number))
    except Refusal:
        return False
    return True


def _print(report: dict[str, Any], about: "About") -> None:
    from labctl.report.progress import clock_words
    from labctl.report.tables import print_result

    if report["result"]:
        print_result(about.within(report["result"]))
        typer.echo()
    if "truth" in report:
        typer.echo("truth of the twin:")
        print_result(report["truth"])
        typer.echo()
    times = f"{clock_words(report['lab_time_s'])} of laboratory time in {clock_words(report['wall_time_s'])}"
    counted = f"{report['photons']:.3g} photons in {clock_words(report['counting_s'])} of counting"
    typer.echo(f"run {report['run_id']} ({report['sequence']}) {report['status']}: {times}; {counted}")
    if "continues" in report:
        typer.echo(f"continues run {report['continues']}, which was suspended")
    if "resumes" in report:
        before = report["resumes"]
        typer.echo(
            f"continues run {before['run_id']}: {before['acquisitions']} of its {before['of']} acquisitions were taken"
        )
    if "figure" in report:
        typer.echo(f"figure: {report['figure']}")
