"""`labctl predict`: the paper's Fig. 3 as numbers and as a figure. Physics is imported only when a command runs."""

import json
import math
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="Predict the engine from the paper's equations: no lab, no data.")

_FIGURES = (".png", ".pdf", ".svg")
_C13_PERCENT = (1e-3, 100.0)
_G_RAD_PER_S = (1.0, 1e9)
_POLARISATION = (-1.0, 1.0)
_UNTIL_US = (1e-3, 1e6)
_MOST_NUMBERS = 1001


class CouplingName(StrEnum):
    """How g follows from the distance of the NVs, and whether C n_L n_R is there."""

    paper = "paper"
    spin1 = "spin1"


Coupling = Annotated[CouplingName, typer.Option(help="paper: eq. 11, C = 0; spin1: spin-1 matrix elements, C = 2 g.")]
Left = Annotated[float, typer.Option("--polarisation-left", help="Of the hot bath, -1 to 1.")]
Losses = Annotated[bool, typer.Option("--losses", help="Add dephasing (eq. 19) and 200/s of spin-lattice relaxation.")]
FigureFile = Annotated[Path | None, typer.Option("--figure", help="Save a figure here: .png, .pdf or .svg.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else, on stdout.")]
Percents = Annotated[str, typer.Option("--c13-percent", help="13C contents: a,b,c or start:stop:count.")]
Polarisation = Annotated[float, typer.Option(help="Of the cold bath, -1 to 1.")]


@app.command("steady-state")
def steady_state(
    polarisation: Annotated[str, typer.Option(help="Of the cold bath: a,b,c or start:stop:count.")] = "0.97:1:61",
    g_rad_per_s: Annotated[str, typer.Option(help="Couplings: a,b,c or start:stop:count.")] = "2e3:150e3:149",
    c13_percent: Annotated[float, typer.Option(help="13C content.")] = 1.1,
    coupling: Coupling = CouplingName.spin1,
    polarisation_left: Left = 0.0,
    losses: Losses = False,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Entanglement of the steady state: Figure 3a.

    Its concurrence against polarisation and coupling.
    """
    p = _numbers("--polarisation", polarisation, *_POLARISATION)
    g = _numbers("--g-rad-per-s", g_rad_per_s, *_G_RAD_PER_S)
    _within("--c13-percent", c13_percent, *_C13_PERCENT)
    setting = _setting(coupling, polarisation_left, losses, figure)

    from labctl.predict import predict_steady_state

    prediction = predict_steady_state(p, g, c13_percent, setting)
    _publish(prediction, figure, as_json, _say_steady_state)


@app.command("optimal-coupling")
def optimal_coupling(
    polarisation: Polarisation = 1.0,
    c13_percent: Percents = "0.1,0.2,0.5,1.1,2,5,10,20,50,100",
    coupling: Coupling = CouplingName.spin1,
    polarisation_left: Left = 0.0,
    losses: Losses = False,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Best distance of the pair: Figure 3b.

    Against 13C content, the coupling with the most entangled steady state.
    """
    _within("--polarisation", polarisation, *_POLARISATION)
    c13 = _numbers("--c13-percent", c13_percent, *_C13_PERCENT)
    setting = _setting(coupling, polarisation_left, losses, figure)

    from labctl.predict import predict_optimal_coupling

    _publish(predict_optimal_coupling(polarisation, c13, setting), figure, as_json, _say_optimal_coupling)


@app.command("transient")
def transient(
    polarisation: Polarisation = 1.0,
    c13_percent: Percents = "0.3,0.6,1.1,2.2",
    g_rad_per_s: Annotated[
        float | None, typer.Option(help="Default: each content's best for the steady state.")
    ] = None,
    until_us: Annotated[float, typer.Option(help="End of the evolution.")] = 30.0,
    points: Annotated[int, typer.Option(help="Times from 0 to the end.")] = 301,
    coupling: Coupling = CouplingName.spin1,
    polarisation_left: Left = 0.0,
    losses: Losses = False,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Entanglement in the course of time: Figure 3c.

    Its concurrence, from the thermal product state on.
    """
    _within("--polarisation", polarisation, *_POLARISATION)
    _within("--until-us", until_us, *_UNTIL_US)
    _within("--points", points, 2, _MOST_NUMBERS)
    if g_rad_per_s is not None:
        _within("--g-rad-per-s", g_rad_per_s, *_G_RAD_PER_S)
    c13 = _numbers("--c13-percent", c13_percent, *_C13_PERCENT)
    setting = _setting(coupling, polarisation_left, losses, figure)

    from labctl.predict import predict_transient

    times = [until_us * k / (points - 1) for k in range(points)]
    _publish(predict_transient(polarisation, c13, times, setting, g_rad_per_s), figure, as_json, _say_transient)


# ---- what is asked ---------------------------------------------------------------------------------------------


def _refuse(message: str) -> typer.Exit:
    typer.echo(f"labctl predict: {message}", err=True)
    return typer.Exit(2)


def _within(option: str, value: float, low: float, high: float) -> float:
    if not (math.isfinite(value) and low <= value <= high):
        raise _refuse(f"{option} {value:g} is out of range: give a number from {low:g} to {high:g}.")
    return value


def _numbers(option: str, text: str, low: float, high: float) -> list[float]:
    """'a,b,c' or 'start:stop:count' -> numbers, each within the range."""
    try:
        if ":" in text:
            start, stop, count = text.split(":")
            values = _spread(float(start), float(stop), int(count))
        else:
            values = [float(part) for part in text.split(",")]
    except ValueError:
        raise _refuse(f"{option} {text!r} cannot be read: give numbers a,b,c or a range start:stop:count.") from None
    if not 1 <= len(values) <= _MOST_NUMBERS:
        raise _refuse(f"{option} {text!r} has {len(values)} values: give 1 to {_MOST_NUMBERS}.")
    return [_within(option, value, low, high) for value in values]


def _spread(start: float, stop: float, count: int) -> list[float]:
    if not 2 <= count <= _MOST_NUMBERS:
        raise ValueError(count)
    return [start + (stop - start) * k / (count - 1) for k in range(count)]


def _setting(coupling: CouplingName, polarisation_left: float, losses: bool, figure: Path | None) -> Any:
    _within("--polarisation-left", polarisation_left, *_POLARISATION)
    if figure is not None:
        if figure.suffix.lower() not in _FIGURES:
            raise _refuse(f"--figure {figure} has no known ending: use {', '.join(_FIGURES)}.")
        if not figure.parent.is_dir():
            raise _refuse(f"--figure {figure}: the folder {figure.parent} does not exist. Make it first.")

    from labctl.predict import Setting

    return Setting(coupling.value, polarisation_left, losses)


# ---- what is told ----------------------------------------------------------------------------------------------


def _publish(
    prediction: dict[str, Any], figure: Path | None, as_json: bool, say: Callable[[dict[str, Any]], None]
) -> None:
    if figure is not None:
        from labctl.figures.predictions import draw_prediction

        try:
            draw_prediction(prediction).savefig(figure)
        except OSError as error:
            raise _refuse(f"--figure {figure} cannot be written ({error.strerror}).") from None
        typer.echo(f"figure: {figure}", err=True)
    if as_json:
        typer.echo(json.dumps(prediction))
    else:
        say(prediction)


def _say_steady_state(p: dict[str, Any]) -> None:
    best = p["best"]
    if best["concurrence"] == 0.0:
        typer.echo("separable everywhere on this grid")
        return
    typer.echo(
        f"best concurrence {best['concurrence']:.4f} at polarisation {best['polarisation']:g}, "
        f"g = {best['g_rad_per_s']:.4g} rad/s"
    )


def _say_optimal_coupling(p: dict[str, Any]) -> None:
    typer.echo(f"{'13C (%)':>9} {'g (rad/s)':>12} {'distance (nm)':>14} {'steady-state concurrence':>25}")
    columns = p["c13_percent"], p["g_rad_per_s"], p["separation_nm"], p["steady_state_concurrence"]
    for c13, g, distance, value in zip(*columns, strict=True):
        typer.echo(f"{c13:9.3g} {g:12.4g} {distance:14.2f} {value:25.4f}")


def _say_transient(p: dict[str, Any]) -> None:
    typer.echo(f"{'13C (%)':>9} {'g (rad/s)':>12} {'best':>8} {'at (us)':>8} {'steady state':>13}")
    for c in p["curves"]:
        typer.echo(
            f"{c['c13_percent']:9.3g} {c['g_rad_per_s']:12.4g} {c['best_concurrence']:8.4f} "
            f"{c['best_us']:8.2f} {c['steady_state_concurrence']:13.4f}"
        )
