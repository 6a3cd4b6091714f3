"""`labctl predict baths` and `check-paper`: the paper's other baths, and its formulas against its numbers."""

import json
from typing import Annotated, Any, Final

import typer

from labctl.cli.predictions.numbers import numbers

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else, on stdout.")]
_UNKNOWN: Final = "unknown"
_WEAK: Final = 0.1
"""Rate over the qubit's angular frequency up to which a Lindblad equation in its frame may be believed."""


def baths(
    c13_percent: Annotated[
        str, typer.Option("--c13-percent", help="13C contents: a,b,c or start:stop:count[:log].")
    ] = ("1.1,3,10,30,100"),
    as_json: Json = False,
) -> None:
    """The baths of Table I: 13C, 1H and 19F.

    Resonance field by the exact levels with 14N, qubit energy, rates, largest polarisation and its temperature, spin
    diffusion, and the signed concurrence of the steady state between such a bath and a hot one, at the best coupling.
    """
    contents = numbers("--c13-percent", c13_percent, 1e-3, 100.0)

    from labctl.predictions.paper import predict_baths

    prediction = predict_baths(contents)
    if as_json:
        typer.echo(json.dumps(prediction))
        return
    typer.echo(
        f"{'bath':14} {'fields (mT)':>18} {'energy (MHz)':>12} {'Gamma1 (/s)':>11} {'Gamma2 (/s)':>11} {'spins':>8} "
        f"{'largest p':>9} {'T (uK)':>8} {'D (nm2/s)':>9} {'steady C':>9}"
    )
    for bath in prediction["baths"]:
        typer.echo(_line(bath))
    typer.echo("fields: below the crossing, beyond it; with 14N some baths are met beyond it only")
    typer.echo("steady C: signed concurrence at the largest p, the other bath hot; negative: separable at any coupling")
    strong = [b["name"] for b in prediction["baths"] if (b["gamma1_over_energy"] or 0.0) > _WEAK]
    if strong:
        typer.echo(f"Gamma1 is more than {_WEAK:g} of the qubit energy, and eq. 2 doubtful: {'; '.join(strong)}")


def _line(b: dict[str, Any]) -> str:
    gamma1 = b["gamma1_says"] if b["gamma1_per_s"] is None else f"{b['gamma1_per_s']:.3g}"
    fields = ", ".join(f"{field:.4f}" for field in b["resonance_mt"])
    return (
        f"{b['name']:14} {fields:>18} {b['energy_mhz']:12.3f} {gamma1:>11} "
        f"{_known(b['gamma2_per_s'], '.3g'):>11} {_known(b['spins'], '.3g'):>8} {b['largest_polarisation_says']:>9} "
        f"{_known(b['temperature_uk'], '.3g'):>8} {b['diffusion_nm2_per_s']:9.3g} "
        f"{_known(b['steady_signed_concurrence'], '+.3f'):>9}"
    )


def _known(value: float | None, form: str) -> str:
    return _UNKNOWN if value is None else format(value, form)


def check_paper(as_json: Json = False) -> None:
    """The paper's formulas against its own numbers.

    Each with what the formula gives; those that disagree say why, as far as that is known.
    """
    from labctl.predictions.paper import check_paper as checked

    found = checked()
    if as_json:
        typer.echo(json.dumps(found))
        return
    typer.echo(f"{'':28} {'in':18} {'paper':>10} {'computed':>10}")
    for check in found["checks"]:
        verdict = "agrees" if check["agrees"] else "DISAGREES"
        typer.echo(
            f"{check['what']:28} {check['where']:18} {check['paper']:10.4g} {check['computed']:10.4g} "
            f"{check['unit']:6} {verdict}"
        )
        if check["note"]:
            typer.echo(f"    {check['note']}")
