"""`labctl predict`: the paper's Fig. 3 as numbers and as a figure, and what survives in a real diamond.

Physics is imported only when a command runs.
"""

import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from labctl.cli.predictions.nights import nights
from labctl.cli.predictions.numbers import FIGURES, numbers, refuse, to_write, within
from labctl.cli.predictions.paper import baths, check_paper
from labctl.cli.predictions.survival import survival
from labctl.common.ranges import MOST_NUMBERS

app = typer.Typer(no_args_is_help=True, help="Predict the engine from the paper's equations: no lab, no data.")

_C13_PERCENT = (1e-3, 100.0)
_G_RAD_PER_S = (1.0, 1e9)
_POLARISATION = (-1.0, 1.0)
_UNTIL_US = (1e-3, 1e6)


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
    p = numbers("--polarisation", polarisation, *_POLARISATION)
    g = numbers("--g-rad-per-s", g_rad_per_s, *_G_RAD_PER_S)
    within("--c13-percent", c13_percent, *_C13_PERCENT)
    setting = _setting(coupling, polarisation_left, losses, figure)

    from labctl.predictions.engine import predict_steady_state

    prediction = predict_steady_state(p, g, c13_percent, setting)
    _publish(prediction, figure, as_json, _say_steady_state)


@app.command("polarisations")
def polarisations(
    left: Annotated[str, typer.Option("--left", help="Of one bath: a,b,c or start:stop:count, -1 to 1.")] = "-1:1:81",
    right: Annotated[str, typer.Option("--right", help="Of the other one.")] = "-1:1:81",
    detuning_khz: Annotated[
        float, typer.Option("--detuning-khz", help="Difference of the qubits' energies, each on its own bath's line.")
    ] = 0.0,
    c13_percent: Annotated[float, typer.Option(help="13C content.")] = 1.1,
    g_rad_per_s: Annotated[float | None, typer.Option(help="Default: the best one at each point.")] = None,
    losses: Losses = False,
    figure: FigureFile = None,
    as_json: Json = False,
) -> None:
    """Any two baths, negative temperatures among them.

    Signed concurrence of the steady state and of the transient against both polarisations; with --detuning-khz for
    qubits of different energy, the paper's first cooling scheme.
    """
    lefts, rights = (numbers(f"--{k}", text, *_POLARISATION) for k, text in (("left", left), ("right", right)))
    within("--detuning-khz", detuning_khz, -1e5, 1e5)
    within("--c13-percent", c13_percent, *_C13_PERCENT)
    if g_rad_per_s is not None:
        within("--g-rad-per-s", g_rad_per_s, *_G_RAD_PER_S)
    setting = _setting(CouplingName.spin1, 0.0, losses, figure)

    from labctl.predictions.two_baths import predict_polarisations

    prediction = predict_polarisations(lefts, rights, c13_percent, setting, detuning_khz, g_rad_per_s)
    _publish(prediction, figure, as_json, _say_polarisations)


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
    within("--polarisation", polarisation, *_POLARISATION)
    c13 = numbers("--c13-percent", c13_percent, *_C13_PERCENT)
    setting = _setting(coupling, polarisation_left, losses, figure)

    from labctl.predictions.engine import predict_optimal_coupling

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
    within("--polarisation", polarisation, *_POLARISATION)
    within("--until-us", until_us, *_UNTIL_US)
    within("--points", points, 2, MOST_NUMBERS)
    if g_rad_per_s is not None:
        within("--g-rad-per-s", g_rad_per_s, *_G_RAD_PER_S)
    c13 = numbers("--c13-percent", c13_percent, *_C13_PERCENT)
    setting = _setting(coupling, polarisation_left, losses, figure)

    from labctl.predictions.engine import predict_transient

    times = [until_us * k / (points - 1) for k in range(points)]
    _publish(predict_transient(polarisation, c13, times, setting, g_rad_per_s), figure, as_json, _say_transient)


app.command("survival")(survival)
app.command("nights")(nights)
app.command("baths")(baths)
app.command("check-paper")(check_paper)


# ---- what is asked ---------------------------------------------------------------------------------------------


def _setting(coupling: CouplingName, polarisation_left: float, losses: bool, figure: Path | None) -> Any:
    within("--polarisation-left", polarisation_left, *_POLARISATION)
    to_write("--figure", figure, FIGURES)

    from labctl.predictions.engine import Setting

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
            raise refuse(f"--figure {figure} cannot be written ({error.strerror}).") from None
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


def _say_polarisations(p: dict[str, Any]) -> None:
    for name in ("steady", "transient"):
        values = p[f"{name}_signed_concurrence"]
        best, row, column = max((value, i, k) for i, line in enumerate(values) for k, value in enumerate(line))
        typer.echo(
            f"{name:9} best {best:+.4f} at p = {p['polarisation_left'][row]:+.3g} and "
            f"{p['polarisation_right'][column]:+.3g}, g = {p['g_rad_per_s'][row][column]:.4g} rad/s"
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
