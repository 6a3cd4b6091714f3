"""What the predictions are asked for on the command line: numbers within bounds, ranges of them, files to write."""

import math
from pathlib import Path
from typing import Final

import typer

from labctl.common.ranges import MOST_NUMBERS, spread

FIGURES: Final = (".png", ".pdf", ".svg")


def refuse(message: str) -> typer.Exit:
    """Say it on stderr; to be raised."""
    typer.echo(f"labctl predict: {message}", err=True)
    return typer.Exit(2)


def within(option: str, value: float, low: float, high: float) -> float:
    """The value, or a refusal that names the bounds."""
    if not (math.isfinite(value) and low <= value <= high):
        raise refuse(f"{option} {value:g} is out of range: give a number from {low:g} to {high:g}.")
    return value


def numbers(option: str, text: str, low: float, high: float) -> list[float]:
    """'a,b,c', 'start:stop:count' or 'start:stop:count:log' -> numbers, each within the range."""
    try:
        values = spread(text) if ":" in text else [float(part) for part in text.split(",")]
    except ValueError:
        ranges = "a range start:stop:count, or start:stop:count:log for even ratios"
        raise refuse(f"{option} {text!r} cannot be read: give numbers a,b,c or {ranges}.") from None
    if not 1 <= len(values) <= MOST_NUMBERS:
        raise refuse(f"{option} {text!r} has {len(values)} values: give 1 to {MOST_NUMBERS}.")
    return [within(option, value, low, high) for value in values]


def to_write(option: str, file: Path | None, endings: tuple[str, ...]) -> Path | None:
    """The file, or a refusal before anything is computed."""
    if file is None:
        return None
    if file.suffix.lower() not in endings:
        raise refuse(f"{option} {file} has no known ending: use {', '.join(endings)}.")
    if not file.parent.is_dir():
        raise refuse(f"{option} {file}: the folder {file.parent} does not exist. Make it first.")
    return file
