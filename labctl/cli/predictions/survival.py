"""`labctl predict survival`: whether a pair would entangle, against its separation and the 13C around it."""

from enum import StrEnum
from typing import Annotated, Any

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
from labctl.cli.predictions.numbers import numbers, within

_ROWS, _COLUMNS = 9, 6
"""Of the table: a larger map is shown at so many of its values."""


class HeatingName(StrEnum):
    """How the hot NV gets to the middle of its Bloch sphere."""

    turned = "turned"
    doughnut = "doughnut"


class BeamName(StrEnum):
    """How one NV alone is pumped."""

    gsd = "gsd"
    sted = "sted"


_Heating = Annotated[
    HeatingName, typer.Option(help="How the hot NV is heated: turned by itself, or both and pumped again.")
]
_Beam = Annotated[
    BeamName, typer.Option(help="gsd: a green doughnut pumps around its null. sted: a red one spares its null.")
]


def survival(
    separation_nm: Separations = "5:20:61",
    c13_percent: Contents = "0.05:3:41:log",
    t2star_us: Annotated[float, typer.Option("--t2star-us", help="T2* at 1.1 % 13C; longer with less of it.")] = 3.0,
    pump_fidelity: Annotated[float, typer.Option(help="P(0) after pumping: no bath gets colder than that.")] = 0.95,
    doughnut_null: Annotated[float, typer.Option(help="Intensity in the null over crest: --heating doughnut.")] = 3e-4,
    heating: _Heating = HeatingName.turned,
    beam: _Beam = BeamName.gsd,
    cooling_us: Annotated[float, typer.Option(help="Pumping of the cold NV in each cycle.")] = 75.0,
    bath_spins: BathSpins = 20.0,
    line_shift_khz: LineShift = 50.0,
    gradient_ut_per_nm: Annotated[float, typer.Option(help="Holds the hot NV off its bath while cooling.")] = 20.0,
    data: Found = None,
    figure: FigureFile = None,
    netcdf: NetcdfFile = None,
    scheduler: Scheduler = None,
    workers: Workers = None,
    keep: Keep = None,
    as_json: Json = False,
) -> None:
    """What a real diamond leaves of the entanglement.

    Signed concurrence 2 (|rho_01,10| - sqrt(rho_00 rho_11)) at the best evolution time, against separation and 13C
    content: averaged over the spread of the lines, with finite baths in steady cycles. Negative: not entangled.
    """
    apart = numbers("--separation-nm", separation_nm, 1.0, 100.0)
    c13 = numbers("--c13-percent", c13_percent, 0.01, 100.0)
    values = {
        "t2star_us": within("--t2star-us", t2star_us, 0.05, 1e6),
        "pump_fidelity": within("--pump-fidelity", pump_fidelity, 0.5, 1.0),
        "doughnut_null": within("--doughnut-null", doughnut_null, 0.0, 0.5),
        "heating": heating.value,
        "beam": beam.value,
        "cooling_us": within("--cooling-us", cooling_us, 1.0, 10_000.0),
        "bath_spins": within("--bath-spins", bath_spins, 1.0, 1e6),
        "line_shift_khz": within("--line-shift-khz", line_shift_khz, -1e3, 1e3),
        "gradient_ut_per_nm": within("--gradient-ut-per-nm", gradient_ut_per_nm, 0.0, 1e3),
    }
    check_files(figure, netcdf)
    found = None if data is None else found_pair(data)
    how = computing(scheduler, workers, keep)

    from labctl.predictions.survival import Surroundings, as_dataset, predict_survival

    around = Surroundings(**values)  # type: ignore[arg-type]
    prediction = map_of(lambda: predict_survival(apart, c13, around, progress(), how))
    publish(prediction | {"found": found}, (figure, _draw), (netcdf, as_dataset), None if as_json else _say)


def _draw(p: dict[str, Any]) -> Any:
    from labctl.figures.survival import draw_survival

    return draw_survival(p)


def _say(p: dict[str, Any]) -> None:
    from labctl.predictions.survival import widest_nm

    rows, columns = some(len(p["c13_percent"]), _ROWS), some(len(p["separation_nm"]), _COLUMNS)
    typer.echo(
        f"signed concurrence at the best time; F = {p['pump_fidelity']:g}, T2* = {p['t2star_us']:g} us at 1.1 % 13C, "
        f"{p['beam'].upper()}"
    )
    typer.echo(f"{'13C (%)':>8}" + "".join(f"{p['separation_nm'][k]:8.3g} nm" for k in columns) + "   entangled up to")
    widest = widest_nm(p)
    for row in rows:
        values = "".join(f"{p['signed_concurrence'][row][k]:+11.3f}" for k in columns)
        up_to = "nowhere" if widest[row] is None else f"{widest[row]:.1f} nm"
        typer.echo(f"{p['c13_percent'][row]:8.3g}{values}   {up_to:>15}")
    best = p["best"]
    typer.echo(
        f"best: {best['signed_concurrence']:+.3f} at {best['separation_nm']:.3g} nm, {best['c13_percent']:.3g} % 13C"
    )
    told = ", ".join(f"{p['cross_talk'][k]:.2g} at {p['separation_nm'][k]:.3g} nm" for k in columns)
    typer.echo(f"cross-talk of the doughnut's light: {told}")
