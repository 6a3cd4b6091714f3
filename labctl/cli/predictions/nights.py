"""`labctl predict nights`: how long the experiment would take, against any two properties of a sample and its bench."""

from typing import Annotated, Any, Final

import typer

from labctl.cli.predictions.maps import (
    BathSpins,
    Contents,
    FigureFile,
    Found,
    Json,
    Keep,
    LineShift,
    NetcdfFile,
    Scheduler,
    Separations,
    Workers,
    check_files,
    computing,
    found_pair,
    map_of,
    progress,
    publish,
    some,
)
from labctl.cli.predictions.numbers import numbers, refuse, within

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
_T2stars = Annotated[str, typer.Option("--t2star-us", help="T2* at 1.1 % 13C, one or several; longer with less of it.")]
_ROWS, _COLUMNS = 9, 7
"""Of the table: a larger map is shown at so many of its values."""


def nights(
    separation_nm: Separations = "7:13:7",
    c13_percent: Contents = "0.1:1.1:5:log",
    t2star_us: _T2stars = "3",
    pump_fidelity: Annotated[str, typer.Option(help="P(0) after pumping, one or several.")] = "0.95",
    doughnut_null: Annotated[str, typer.Option(help="Intensity in the null over crest, one or several.")] = "3e-4",
    doughnut_mw: Annotated[str, typer.Option(help="Power of the doughnut, one or several.")] = "1000",
    bath_spins: BathSpins = 20.0,
    line_shift_khz: LineShift = 50.0,
    data: Found = None,
    figure: FigureFile = None,
    netcdf: NetcdfFile = None,
    scheduler: Scheduler = None,
    workers: Workers = None,
    keep: Keep = None,
    as_json: Json = False,
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
    check_files(figure, netcdf)
    found = None if data is None else found_pair(data)
    how = computing(scheduler, workers, keep)

    from labctl.predictions.assumed_bench import Assumed
    from labctl.predictions.nights import as_dataset, predict_nights

    assumed = Assumed(**{name: each[0] for name, each in values.items() if name not in axes}, **others)
    grid = {name: values[name] for name in axes}
    prediction = map_of(lambda: predict_nights(grid, assumed, progress(), how))
    publish(prediction | {"found": found}, (figure, _draw), (netcdf, as_dataset), None if as_json else _say)


def _axes(values: dict[str, list[float]]) -> tuple[str, str]:
    """Columns and rows: what has several values, and what else comes first."""
    several = [name for name, each in values.items() if len(each) > 1]
    if len(several) > 2:
        told = ", ".join(f"--{name.replace('_', '-')}" for name in several)
        raise refuse(f"{told} have several values each: a map has two axes, give one value of the others.")
    first, second, *_ = [*several, *(name for name in values if name not in several)]
    return first, second


def _draw(p: dict[str, Any]) -> Any:
    from labctl.figures.nights import draw_nights

    return draw_nights(p)


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


def _cell(p: dict[str, Any], row: int, column: int) -> str:
    hours = p["hours"][row][column]
    if hours is not None:
        return f"{hours:.1f}"
    return "more" if p["signed_concurrence"][row][column] > 0.0 else "-"
