"""What the maps of `labctl predict` share: options, the pair that was found, progress, files, and rows of a table."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from labctl.cli.predictions.numbers import FIGURES, refuse, to_write

if TYPE_CHECKING:
    from labctl.predictions.tiles import Computing

_SAY_EVERY_S: Final = 5.0
Separations = Annotated[str, typer.Option(help="Of NVs side by side: a,b,c or start:stop:count[:log].")]
Contents = Annotated[str, typer.Option("--c13-percent", help="13C contents: a,b,c or start:stop:count[:log].")]
BathSpins = Annotated[float, typer.Option(help="13C spins of a bath at 1.1 %; fewer with less of it.")]
LineShift = Annotated[float, typer.Option(help="Of a line by its polarised bath, at 1.1 % 13C.")]
Found = Annotated[Path | None, typer.Option("--data", help="Mark the pair that was found in this data folder.")]
FigureFile = Annotated[Path | None, typer.Option("--figure", help="Save a figure here: .png, .pdf or .svg.")]
NetcdfFile = Annotated[Path | None, typer.Option("--netcdf", help="Save all maps here: .nc.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else, on stdout.")]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", help="Compute on the Dask cluster of this address (host:port).")
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Local processes; default: one a processor for a long map.")
]
Keep = Annotated[
    Path | None,
    typer.Option("--keep", help="Folder for tiles that are done: a map that was interrupted goes on from them."),
]


def computing(scheduler: str | None, workers: int | None, keep: Path | None) -> "Computing":
    """Where the map is computed, or a refusal."""
    if scheduler is not None and workers is not None:
        raise refuse("--scheduler and --workers exclude each other: a cluster has its own workers.")
    if keep is not None:
        try:
            keep.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refuse(f"--keep {keep} cannot be made ({error.strerror}): give another folder.") from None

    from labctl.predictions.tiles import Computing

    return Computing(scheduler, workers, keep)


def check_files(figure: Path | None, netcdf: Path | None) -> None:
    """A refusal before anything is computed if one cannot be written."""
    to_write("--figure", figure, FIGURES)
    to_write("--netcdf", netcdf, (".nc",))


def map_of(predict: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The prediction, or a refusal if it cannot be computed as asked."""
    from labctl.predictions.tiles import ComputingError

    try:
        return predict()
    except ComputingError as error:
        raise refuse(f"{error}.") from None


def found_pair(data: Path) -> dict[str, float | None]:
    """The newest completed run that tells a separation, and the 13C content by the newest that tells Gamma1."""
    from labctl.data.reader import all_runs
    from physics.constants import GAMMA_1_PER_S, NATURAL_C13_PERCENT

    results = [run.result or {} for run in all_runs(data) if run.status == "completed"]
    apart = [result for result in results if _is_number(result.get("separation_nm"))]
    if not apart:
        raise refuse(f"--data {data}: no completed run in it has found a pair. Run `labctl run locate` first.")
    rates = [r["rate_per_s"] for r in results if _is_number(r.get("rate_per_s")) and "half_width_khz" in r]
    return {
        "separation_nm": apart[-1]["separation_nm"],
        "separation_nm_err": apart[-1].get("separation_nm_err"),
        "c13_percent": rates[-1] / GAMMA_1_PER_S * NATURAL_C13_PERCENT if rates else None,
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool)


def progress() -> Callable[[int, int], None]:
    """Says on stderr how far a long map is."""
    began_s = said_s = time.monotonic()

    def advanced(done: int, of: int) -> None:
        nonlocal said_s
        now_s = time.monotonic()
        if now_s - said_s < _SAY_EVERY_S or done == of:
            return
        from labctl.report.progress import clock_words

        said_s = now_s
        left = clock_words((now_s - began_s) * (of - done) / done)
        typer.echo(f"{100 * done // of} % of {of} points, {left} left", err=True)

    return advanced


def publish(
    prediction: dict[str, Any],
    figure: tuple[Path | None, Callable[[dict[str, Any]], Any]],
    netcdf: tuple[Path | None, Callable[[dict[str, Any]], Any]],
    say: Callable[[dict[str, Any]], None] | None,
) -> None:
    """Write and say a map. figure, netcdf: file, and what draws, or makes the dataset; say: None prints JSON."""
    file, draw = figure
    if file is not None:
        _write("--figure", file, draw(prediction).savefig)
    file, as_dataset = netcdf
    if file is not None:
        dataset = as_dataset(prediction)
        _write("--netcdf", file, lambda to: dataset.to_netcdf(to, engine="h5netcdf"))
    if say is None:
        typer.echo(json.dumps(prediction))
        return
    say(prediction)
    if (found := prediction["found"]) is not None:
        content = "" if found["c13_percent"] is None else f", {found['c13_percent']:.2g} % 13C by its relaxation"
        typer.echo(f"found: {found['separation_nm']:.2f} nm{content}")


def _write(option: str, file: Path, save: Callable[[Path], object]) -> None:
    """Save it and say so, or refuse."""
    try:
        save(file)
    except OSError as error:
        raise refuse(f"{option} {file} cannot be written ({error.strerror or error}).") from None
    typer.echo(f"{option.removeprefix('--')}: {file}", err=True)


def some(count: int, most: int) -> list[int]:
    """So many at most, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return sorted({round(k * (count - 1) / (most - 1)) for k in range(most)})
