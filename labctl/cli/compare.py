"""`labctl compare` and `explain`: runs of one sequence beside one another, and what the numbers of a run are."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labctl.cli.options import DATA, Data, Json, RunId

if TYPE_CHECKING:
    from labctl.data.reader import Run
    from labctl.stored_runs.comparison import Comparison, Difference
    from labctl.stored_runs.explanation import Explanation
    from labctl.stored_runs.result_rows import Cell, Row

Several = Annotated[
    list[str], typer.Argument(metavar="RUN...", help="Two numbers or more, as `labctl runs` shows them.")
]


def compare(
    runs: Several,
    figure: Annotated[
        Path | None, typer.Option("--figure", help="Save their curves over each other: .png, .pdf or .svg.")
    ] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Compare runs of one sequence with the first of them.

    What differs between their plans, benches and calibrations; their results, with pulls: the difference over the
    combined error.
    """
    from labctl.common.log import log_into
    from labctl.data.reader import one_run, run_number
    from labctl.data.serialise import plain
    from labctl.stored_runs.comparison import comparison

    log_into(data)
    found = [one_run(data, run_number(data, run)) for run in runs]
    compared = comparison(data, found)
    if figure is not None:
        _draw(data, found, figure)
    if as_json:
        rows = [{**plain(row), "pulls": list(row.pulls)} for row in compared.results]
        typer.echo(json.dumps({**plain(compared), "results": rows}))
        return
    _print(compared)
    if figure is not None:
        typer.echo(f"\nfigure: {figure}")


def explain(run: RunId, data: Data = DATA, as_json: Json = False) -> None:
    """Explain the result of a run.

    Of each number its unit, what it is and how it was found; which columns were recorded, and on which calibrations
    the run relied.
    """
    from labctl.common.log import log_into
    from labctl.data.reader import one_run, run_number
    from labctl.data.serialise import plain
    from labctl.stored_runs.explanation import explanation

    log_into(data)
    found = explanation(data, one_run(data, run_number(data, run)))
    if as_json:
        kept = {key: plain(value) for key, value in vars(found).items() if key != "run"}
        typer.echo(json.dumps({"run_id": found.run.run_id, "sequence": found.run.sequence, **kept}))
    else:
        _print_explanation(found)


def _draw(data: Path, runs: "Sequence[Run]", to: Path) -> None:
    from labctl.cli.runs import checked_figure, save_figure
    from labctl.common.refusals import Refusal
    from labctl.data.reader import points
    from labctl.figures.overlay import figure

    checked_figure(to)
    recorded = [(run.run_id, points(data, run.run_id)) for run in runs]
    names = ", ".join(str(number) for number, _ in recorded)
    drawn = figure([(f"run {n}", p.columns, p.values) for n, p in recorded], f"{runs[0].sequence}: runs {names}")
    if drawn is None:
        raise Refusal(f"Runs {names} have no curves that could be drawn over each other")
    save_figure(drawn, to)


def _print(compared: "Comparison") -> None:
    from labctl.report.tables import said

    numbers = ", ".join(map(str, compared.runs[1:]))
    typer.echo(f"{compared.sequence}: run {compared.runs[0]} compared with {numbers}")
    for title, differences in (
        ("plan", compared.plan),
        ("bench", compared.bench),
        ("calibration", compared.calibration),
    ):
        _print_differences(title, differences, compared.runs)
    _print_results(compared.results, compared.runs)
    for remark in compared.remarks:
        typer.echo(f"\n{said(remark)}")


def _print_differences(title: str, differences: "Sequence[Difference]", runs: Sequence[int]) -> None:
    from rich.table import Table

    from labctl.report.tables import console

    if not differences:
        typer.echo(f"\n{title}: the same")
        return
    typer.echo(f"\n{title}: what differs")
    table = Table(box=None, pad_edge=False)
    for heading in ("", *(f"run {run}" for run in runs)):
        table.add_column(heading)
    for one in differences:
        table.add_row(one.key, *("-" if value is None else value for value in one.values))
    console().print(table)


def _print_results(rows: "Sequence[Row]", runs: Sequence[int]) -> None:
    from rich.table import Table

    from labctl.report.tables import console

    if not rows:
        typer.echo("\nresult: none of these runs has one")
        return
    typer.echo(f"\nresult; pull: how many combined errors a run lies from run {runs[0]}")
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for k, run in enumerate(runs):
        table.add_column(f"run {run}", justify="right")
        if k:
            table.add_column("pull", justify="right")
    table.add_column("unit")
    for row in rows:
        cells = [_cell(value, error) for value, error in zip(row.values, row.errors, strict=True)]
        pulls = ["-" if pull is None else f"{pull:+.1f}" for pull in row.pulls]
        beside = [text for k, cell in enumerate(cells) for text in ((cell, pulls[k]) if k else (cell,))]
        table.add_row(row.key, *beside, row.unit)
    console().print(table)


def _cell(value: "Cell", error: float | None) -> str:
    from labctl.common.numbers import quoted

    if value is None or isinstance(value, bool | str):
        return "-" if value is None else str(value)
    return quoted(value, error) if error is not None else f"{value:.6g}"


def _print_explanation(found: "Explanation") -> None:
    from rich.table import Table

    from labctl.report.tables import console, said

    run = found.run
    typer.echo(f"run {run.run_id}: {run.sequence}, {run.status}{found.description and f': {found.description}'}")
    if not found.description:
        typer.echo(f"The experiment {run.sequence} is not installed here: only names and units are known")
    if found.how:
        typer.echo(said(found.how))
    if run.result is None:
        typer.echo("It has no result" + (": this is its last estimate" if found.numbers else ""))
    table = Table(box=None, pad_edge=False)
    for heading in ("", "value", "unit", "what it is"):
        table.add_column(heading)
    for one in found.numbers:
        table.add_row(one.key, one.value, one.unit or "-", one.meaning or "-")
    if found.numbers:
        typer.echo("\nresult")
        console().print(table)
    _print_origin(found)


def _print_origin(found: "Explanation") -> None:
    """What the numbers were found from."""
    if found.columns:
        typer.echo("\nfrom what was recorded, column by column")
    for column in found.columns:
        unit = f" in {column.unit}" if column.unit else ""
        against = f", against {', '.join(column.setpoints)}" if column.setpoints else ""
        typer.echo(f"  {column.name}: {column.label}{unit}{against}")
    if found.calibrations:
        typer.echo("\nand from what other runs had calibrated")
    for calibration in found.calibrations:
        typer.echo(f"  {calibration}")
