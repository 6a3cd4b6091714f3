"""`labctl predict nights`: how long the experiment would take, against any two properties of a sample and its bench."""

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from labctl.cli.predictions.maps import (
    Keep,
    Scheduler,
    Workers,
    computing,
    found_pair,
    map_of,
    progress,
    some,
    write,
)
from labctl.cli.predictions.numbers import FIGURES, numbers, refuse, to_write, within

_RANGES: Final = {
    "separation_nm": (2.0, 30.0),
    "c13_percent": (0.02, 10.0),
    "t2star_us": (0.3, 1e6),
    "pump_fidelity": (0.55, 0.9999),
    "doughnut_null": (0.0, 0.1),
    "doughnut_mw": (10.0, 2000.0),
}
_HEADINGS: Final = {
    "separation_nm": "apart (nm)",
    "c13_percent": "13C (%)",
    "t2star_us": "T2* (us)",
    "pump_fidelity": "F",
    "doughnut_null": "null",
    "doughnut_mw": "doughnut (mW)",
}
_ROWS, _COLUMNS = 9, 7
"""Of the table: a larger map is shown at so many of its values."""


def nights(
    separation_nm: Annotated[
        str, typer.Option(help="Of NVs side by side: a,b,c or start:stop:count[:log].")
    ] = "7:13:7",
    c13_percent: Annotated[
        str, typer.Option("--c13-percent", help="13C contents: a,b,c or start:stop:count[:log].")
    ] = "0.1:1.1:5:log",
    t2star_us: Annotated[
        str, typer.Option("--t2star-us", help="T2* at 1.1 % 13C, one or several; longer with less of it.")
    ] = "3",
    pump_fidelity: Annotated[str, typer.Option(help="P(0) after pumping, one or several.")] = "0.95",
    doughnut_null: Annotated[str, typer.Option(help="Intensity in the null over crest, one or several.")] = "3e-4",
    doughnut_mw: Annotated[str, typer.Option(help="Power of the doughnut, one or several.")] = "1000",
    bath_spins: Annotated[float, typer.Option(help="13C spins of a bath at 1.1 %; fewer with less of it.")] = 20.0,
    line_shift_khz: Annotated[float, typer.Option(help="Of a line by its polarised bath, at 1.1 % 13C.")] = 50.0,
    data: Annotated[
        Path | None, typer.Option("--data", help="Mark the pair that was found in this data folder.")
    ] = None,
    figure: Annotated[Path | None, typer.Option("--figure", help="Save a figure here: .png, .pdf or .svg.")] = None,
    netcdf: Annotated[Path | None, typer.Option("--netcdf", help="Save all maps here: .nc.")] = None,
    scheduler: Scheduler = None,
    workers: Workers = None,
    keep: Keep = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, and nothing else, on stdout.")
    ] = False,
) -> None:
    """Laboratory hours to a sure answer.

    Of a whole engine run until its witness is at 5 sigma, by the functions that plan and forecast that run, against any
    two properties: give several values of at most two. A point takes some seconds.
    """
    given = {
        "separation_nm": separation_nm,
        "c13_percent": c13_percent,
        "t2star_us": t2star_us,
        "pump_fidelity": pump_fidelity,
        "doughnut_null": doughnut_null,
        "doughnut_mw": doughnut_mw,
    }
    values = {name: numbers(f"--{name.replace('_', '-')}", text, *_RANGES[name]) for name, text in given.items()}
    axes = _axes(values)
    others = {
        "bath_spins": within("--bath-spins", bath_spins, 1.0, 1e6),
        "line_shift_khz": within("--line-shift-khz", line_shift_khz, -1e3, 1e3),
    }
    to_write("--figure", figure, FIGURES)
    to_write("--netcdf", netcdf, (".nc",))
    found = None if data is None else found_pair(data)
    how = computing(scheduler, workers, keep)

    from labctl.predictions.assumed_bench import Assumed
    from labctl.predictions.nights import predict_nights

    assumed = Assumed(**{name: each[0] for name, each in values.items() if name not in axes}, **others)
    grid = {name: values[name] for name in axes}
    prediction = map_of(lambda: predict_nights(grid, assumed, progress(), how))
    _publish(prediction | {"found": found}, figure, netcdf, as_json)


def _axes(values: dict[str, list[float]]) -> tuple[str, str]:
    """Columns and rows: what has several values, and what else comes first."""
    several = [name for name, each in values.items() if len(each) > 1]
    if len(several) > 2:
        told = ", ".join(f"--{name.replace('_', '-')}" for name in several)
        raise refuse(f"{told} have several values each: a map has two axes, give one value of the others.")
    first, second, *_ = [*several, *(name for name in values if name not in several)]
    return first, second


def _publish(prediction: dict[str, Any], figure: Path | None, netcdf: Path | None, as_json: bool) -> None:
    if figure is not None:
        from labctl.figures.nights import draw_nights

        write("--figure", figure, draw_nights(prediction).savefig)
    if netcdf is not None:
        from labctl.predictions.nights import as_dataset

        dataset = as_dataset(prediction)
        write("--netcdf", netcdf, lambda to: dataset.to_netcdf(to, engine="h5netcdf"))
    if as_json:
        typer.echo(json.dumps(prediction))
    else:
        _say(prediction)


def _say(p: dict[str, Any]) -> None:
    x, y = p["axes"]
    rows, columns = some(len(p[y]), _ROWS), some(len(p[x]), _COLUMNS)
    fixed = ", ".join(f"{words} {p[name]:g}" for name, words in _HEADINGS.items() if name not in p["axes"])
    typer.echo(f"laboratory hours to {p['wanted_significance']:g} sigma; {fixed}")
    corner = f"{_HEADINGS[y]} | {_HEADINGS[x]}"
    typer.echo(f"{corner:>24}" + "".join(f"{p[x][k]:>9.3g}" for k in columns))
    for row in rows:
        typer.echo(f"{p[y][row]:24.3g}" + "".join(f"{_cell(p, row, k):>9}" for k in columns))
    typer.echo("-: not entangled; more: not to be expected within the hours that a run may take")
    reached = [(h, p[x][k], p[y][i]) for i, line in enumerate(p["hours"]) for k, h in enumerate(line) if h is not None]
    if reached:
        hours, at_x, at_y = min(reached)
        typer.echo(f"shortest: {hours:.1f} h at {_HEADINGS[x]} {at_x:.3g}, {_HEADINGS[y]} {at_y:.3g}")
    if (found := p["found"]) is not None:
        content = "" if found["c13_percent"] is None else f", {found['c13_percent']:.2g} % 13C by its relaxation"
        typer.echo(f"found: {found['separation_nm']:.2f} nm{content}")


def _cell(p: dict[str, Any], row: int, column: int) -> str:
    hours = p["hours"][row][column]
    if hours is not None:
        return f"{hours:.1f}"
    return "more" if p["signed_concurrence"][row][column] > 0.0 else "-"
