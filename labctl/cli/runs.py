"""`labctl runs`, `show` and `export`: what has been measured. Opens no instrument; only --repair changes anything."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from labctl.cli.options import DATA, Data, Json, RunId
from labctl.common.commands import About

if TYPE_CHECKING:
    from datetime import datetime

    from matplotlib.figure import Figure

    from labctl.data.reader import Run
    from labctl.data.writing.repair import Repaired
    from labctl.stored_runs.search import Listed

Repair = Annotated[bool, typer.Option("--repair", help="Take in what could not be stored, and nothing else.")]
Excel = Annotated[
    Literal["point", "comma"] | None,
    typer.Option(help="CSV that Excel opens by itself; comma: where it writes decimal commas."),
]
_FIGURES = (".png", ".pdf", ".svg")
_MOST_LETTERS = 60
"""Of a result or a plan in the list."""
OfSequence = Annotated[list[str], typer.Option("--sequence", metavar="NAME", help="Of this sequence; may be repeated.")]
OfStatus = Annotated[
    list[str], typer.Option("--status", metavar="STATUS", help="Completed, failed and so on; may be repeated.")
]
OfTag = Annotated[list[str], typer.Option("--tag", metavar="TAG", help="With this tag; may be repeated: with all.")]
Text = Annotated[str, typer.Option("--text", metavar="WORDS", help="With these words in result, plan, notes or tags.")]
Since = Annotated[
    str, typer.Option("--since", metavar="WHEN", help="Begun since: today, yesterday, 2026-11-24, '… 21:00', 12h, 7d.")
]
Until = Annotated[str, typer.Option("--until", metavar="WHEN", help="Begun until then; a day is meant as a whole.")]
OfSweep = Annotated[bool, typer.Option("--sweep", help="The whole sweep that the run is of.")]
Starred = Annotated[bool, typer.Option("--starred", help="With a star.")]


def runs(
    data: Data = DATA,
    as_json: Json = False,
    repair: Repair = False,
    sequences: OfSequence = [],  # noqa: B006  # typer copies it
    statuses: OfStatus = [],  # noqa: B006
    tags: OfTag = [],  # noqa: B006
    text: Text = "",
    since: Since = "",
    until: Until = "",
    starred: Starred = False,
) -> None:
    """List the stored runs, oldest first.

    Parts of a run are indented. Options choose some of the runs, as in
    `labctl runs --sequence odmr --since yesterday --starred`.
    """
    from labctl.common.log import log_into
    from labctl.common.refusals import Refusal
    from labctl.data.reader import nothing_in
    from labctl.data.writing.spool_file import spool_files
    from labctl.stored_runs.search import Wanted, check_names, listed

    log_into(data)
    wanted = Wanted(tuple(sequences), tuple(statuses), tuple(tags), text, *between(since, until), starred)
    if repair and wanted != Wanted():
        raise Refusal("--repair takes in all that there is: leave out the options that choose runs")
    if repair:
        return _repair(data, as_json)
    check_names(wanted, data)
    if waiting := spool_files(data):
        typer.echo(
            f"labctl: {_count(waiting, 'spool file')} not in the database yet: {_repair_command(data)}", err=True
        )
    found = list(listed(data, wanted))
    if not found:
        typer.echo(nothing_in(data) if wanted == Wanted() else f"No run in {data} fits.", err=as_json)
    if as_json:
        typer.echo(json.dumps([{**_listed(one.run), **one.as_dict()} for one in found]))
    elif found:
        _print_list(found)


def show(
    run: RunId,
    figure: Annotated[Path | None, typer.Option("--figure", help="Save its figure here: .png, .pdf or .svg.")] = None,
    whole: OfSweep = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show a run: its plan, its result, how it ended.

    Also what it was measured with, and its figure.
    """
    from labctl.common.log import log_into
    from labctl.data.reader import children, one_run, run_number
    from labctl.data.remarks import remarks_of
    from labctl.stored_runs.summary import changes_of

    log_into(data)
    if whole:
        return _show_sweep(data, run, figure, as_json)
    found = one_run(data, run_number(data, run))
    parts = children(data, found.run_id)
    if figure is not None:
        _draw(data, found, parts, figure)
    if as_json:
        said = {"remarks": remarks_of(data, found).as_dict(), "changed": changes_of(found)}
        typer.echo(
            json.dumps({**_listed(found), **found.record, "outcome": found.outcome, "children": _ids(parts)} | said)
        )
    else:
        _print_run(data, found, parts)
        if figure is not None:
            typer.echo(f"figure: {figure}")


def export(
    run: RunId,
    to: Annotated[Path, typer.Option("--to", help="File to write: .nc (netCDF) or .csv.", show_default=False)],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
    excel: Excel = None,
    whole: OfSweep = False,
    data: Data = DATA,
) -> None:
    """Write the points of a run for other programs.

    netCDF is one file with plan and result, CSV one for each kind of rows.
    """
    from labctl.common.log import log_into
    from labctl.data.export import export as write
    from labctl.data.reader import one_run, run_number

    log_into(data)
    if whole:
        return _export_sweep(data, run, to, overwrite)
    found = one_run(data, run_number(data, run))
    for file in write(data, found, to, overwrite, excel):
        typer.echo(f"run {found.run_id}: {file}")


def _show_sweep(data: Path, run: str, figure: Path | None, as_json: bool) -> None:
    from labctl.common.refusals import Refusal
    from labctl.report.sweep_overview import print_points, report_of
    from labctl.stored_runs.sweep_data import figure as drawn_of
    from labctl.stored_runs.sweeps import sweep_with

    found = sweep_with(data, run)
    if figure is not None:
        checked_figure(figure)
        if (drawn := drawn_of(found)) is None:
            raise Refusal(f"The {found.words}: there is nothing to draw yet")
        save_figure(drawn, figure)
    if as_json:
        typer.echo(json.dumps(report_of(found, figure), allow_nan=False))
        return
    print_points(found)
    typer.echo(found.words)
    if figure is not None:
        typer.echo(f"figure: {figure}")


def _export_sweep(data: Path, run: str, to: Path, overwrite: bool) -> None:
    from labctl.common.refusals import Refusal
    from labctl.data.export import write_file
    from labctl.stored_runs.sweep_data import dataset
    from labctl.stored_runs.sweeps import sweep_with

    if to.suffix.lower() != ".nc":
        raise Refusal(f"--to {to}: a sweep is written as one netCDF file. Say .nc, or export its runs one by one")
    found = sweep_with(data, run)
    made = dataset(found)
    write_file(to, lambda new: made.to_netcdf(new, engine="h5netcdf"), overwrite)
    typer.echo(f"sweep of run {found.first}: {to}")


def between(since: str, until: str) -> "tuple[datetime | None, datetime | None]":
    """What --since and --until say. Raises Refusal if one is no moment."""
    from labctl.common.refusals import gathered
    from labctl.stored_runs.search import moment

    began, ended = gathered(
        lambda: moment(since, "--since") if since else None,
        lambda: moment(until, "--until", is_end=True) if until else None,
    )
    return began, ended


def _repair_command(data: Path) -> str:
    return About.given({"data": data}).command("runs", "--repair")


def _repair(data: Path, as_json: bool) -> None:
    from labctl.data.serialise import serialisable
    from labctl.data.writing.repair import repair

    done = repair(data)
    if as_json:
        typer.echo(json.dumps(serialisable(done)))
    elif not done.taken and done.damaged is None:
        typer.echo(f"{data}: nothing to repair.")
    else:
        _print_repair(done)
    if any(one.fault for one in done.taken):
        raise typer.Exit(1)


def _print_repair(done: "Repaired") -> None:
    if done.damaged is not None:
        typer.echo(f"The database was damaged. It is kept as {done.damaged}; a new one is begun with the next run.")
    for one in done.taken:
        if one.fault:
            typer.echo(f"labctl: {one.file} could not be taken in and is left as it is ({one.fault})", err=True)
        else:
            runs = ", ".join(str(run) for run in one.runs)
            typer.echo(f"{one.file}: {one.records} records are in the database now (run {runs})")


def _count(things: "list[Any]", name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _listed(run: "Run") -> dict[str, Any]:
    keys = ("run_id", "sequence", "status", "started", "parent_id", "result")
    return {key: getattr(run, key) for key in keys}


def _ids(parts: "list[Run]") -> list[dict[str, Any]]:
    return [{"run_id": part.run_id, "sequence": part.sequence, "result": part.result} for part in parts]


def _print_list(found: "list[Listed]") -> None:
    from rich.table import Table

    from labctl.report.progress import clock_words
    from labctl.report.tables import console

    table = Table(box=None, pad_edge=False)
    for heading in ("run", "sequence", "status", "started", "lab time", "bench", "result", "not by default", "tags"):
        table.add_column(heading)
    for one in found:
        run = one.run
        lab = clock_words(run.outcome["lab_time_s"]) if "lab_time_s" in run.outcome else "-"
        name, marks = "· " * one.depth + run.sequence, [*(["★"] if one.remarks.is_starred else []), *one.remarks.tags]
        table.add_row(
            *(str(run.run_id), name, _status(run), run.started, lab, run.record.get("bench", "-")),
            *(_short(one.conclusion), _short(one.changed), " ".join(marks)),
        )
    console().print(table)


def _short(words: str) -> str:
    """So much of it that a list can be read; `labctl show RUN` tells the rest."""
    return words if len(words) <= _MOST_LETTERS else f"{words[: _MOST_LETTERS - 1].rstrip()}…"


def _status(run: "Run") -> str:
    """Of one that goes on, with its process; of one that was interrupted, with what is on disk of it."""
    from labctl.data.live_runs import LIVE

    if run.status in LIVE:
        return f"{run.status} (process {run.process})"
    if run.status == "foreign":
        return "foreign (QCoDeS without labctl)"
    if run.status != "interrupted":
        return run.status
    acquisitions = run.outcome.get("acquisitions", run.outcome.get("blocks", 0))  # "blocks" before 0.1.0
    return f"{run.status} ({run.outcome.get('points', 0)} points, {acquisitions} acquisitions)"


def _print_run(data: Path, run: "Run", parts: "list[Run]") -> None:
    from labctl.data.remarks import remarks_of
    from labctl.report.plan_overview import flat, value_words
    from labctl.report.tables import print_result, said
    from labctl.stored_runs.summary import changes_of
    from labctl.stored_runs.sweeps import point_words

    remarks, changed = remarks_of(data, run), changes_of(run)
    star = "★ " if remarks.is_starred else ""
    typer.echo(f"{star}run {run.run_id}: {run.sequence}, {_status(run)}, started {run.started}")
    about = _about(data, run)
    lines = {
        "why": about.in_words(run.outcome.get("message") or ""),
        "child of run": run.parent_id,
        "bench": run.record.get("bench"),
    }
    lines |= {"seed": run.record.get("seed"), "commit": (run.record.get("git") or {}).get("commit")}
    lines |= {"versions": ", ".join(f"{k} {v}" for k, v in run.record.get("versions", {}).items())}
    lines |= {"sweep": point_words(run), "parts": ", ".join(f"{part.run_id} {part.sequence}" for part in parts)}
    stored = run.outcome.get("figure")
    lines |= {"figure": str(data / stored) if stored else None, "tags": ", ".join(remarks.tags)}
    for name, value in lines.items():
        if value not in (None, ""):
            typer.echo(f"{name}: {value}")
    for note in remarks.notes:
        typer.echo(f"noted {note.time}:\n{said(note.text)}")
    if notes := [note for note in map(str, run.outcome.get("notes", [])) if note not in (run.result or {}).values()]:
        typer.echo("notes:\n" + "\n".join(map(said, map(about.in_words, notes))))
    if run.status == "foreign":
        export = About.given({"data": data}).command("export", str(run.run_id), "--to", "FILE.nc")
        typer.echo(f"QCoDeS stored it without labctl: there is no plan and no result. All of it: {export}")
        return
    typer.echo("plan:")
    for key, value in flat(run.record.get("plan", {})):
        typer.echo(f"  {key} = {value_words(value)}{'  (not by default)' if key in changed else ''}")
    if run.result:
        typer.echo("result:")
        print_result(about.within(run.result))


def _about(data: Path, run: "Run") -> About:
    """The bench of a run, which its outermost one knows."""
    from labctl.data.reader import outermost

    return About.of_run(outermost(data, run).record, data)


def _draw(data: Path, run: "Run", parts: "list[Run]", to: Path) -> None:
    from labctl.common.refusals import Refusal
    from labctl.data.reader import points
    from labctl.figures import draw

    checked_figure(to)
    recorded, result = points(data, run.run_id), {**(run.result or {}), "children": _ids(parts)}
    drawn = draw(run.sequence, recorded.values, result, recorded.columns)
    if drawn is None:
        raise Refusal(f"Run {run.run_id} ({run.sequence}) has nothing to draw")
    save_figure(drawn, to)


def checked_figure(to: Path) -> None:
    """Raises Refusal if no figure can be saved under this name."""
    from labctl.common.refusals import Refusal

    if to.suffix.lower() not in _FIGURES:
        raise Refusal(f"--figure {to} has no known ending: use {', '.join(_FIGURES)}")
    if not to.parent.is_dir():
        raise Refusal(f"--figure {to}: the folder {to.parent} does not exist. Make it first")


def save_figure(drawn: "Figure", to: Path) -> None:
    """Raises Refusal if the file cannot be written."""
    from labctl.common.refusals import Refusal

    try:
        drawn.savefig(to)
    except OSError as error:
        raise Refusal(f"--figure {to} cannot be written ({error.strerror or error})") from None
