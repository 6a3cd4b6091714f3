"""What a run recorded, as tables of one kind of row each: a run that scans a line, then a delay, recorded two kinds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from labctl.data.reader import Points
from sequences.results import Column

Real = NDArray[np.float64]
INTERVAL: Final = "_ci95"
"""Ends the keys of results that are 95 % intervals."""


@dataclass(frozen=True)
class Sheet:
    """A table whose rows are all of one kind."""

    name: str
    """The setpoints, joined by '-'; 'points' if there are none."""
    setpoints: tuple[str, ...]
    columns: tuple[Column, ...]
    """Setpoints first. Units are in ASCII: us, uT."""
    values: dict[str, Real]
    """Column -> (rows,), nan where a row lacks it."""


def sheets(recorded: Points, result: Mapping[str, Any] | None = None) -> list[Sheet]:
    """All tables that have rows. result: of the run, for the intervals of what was recorded."""
    used = {name for column in recorded.columns for name in column.setpoints}
    alone = [c for c in recorded.columns if not c.setpoints and c.name not in used]
    found = []
    left = np.ones(len(next(iter(recorded.values.values()), ())), dtype=bool)
    for setpoints in dict.fromkeys(c.setpoints for c in recorded.columns if c.setpoints):
        measured = [c for c in recorded.columns if c.setpoints == setpoints]
        rows = np.any([np.isfinite(recorded.values[c.name]) for c in measured], axis=0)
        left &= ~rows
        along = [c for c in recorded.columns if c.name in setpoints]
        if rows.any():
            found.append(_sheet(recorded, rows, setpoints, [*along, *_said(recorded, rows, alone), *measured], result))
    if left.any() or not found:
        rest = _said(recorded, left, [c for c in recorded.columns if not c.setpoints]) or list(recorded.columns)
        found.append(_sheet(recorded, left, (), rest, None))
    return found


def _sheet(
    recorded: Points, rows: NDArray[np.bool_], setpoints: tuple[str, ...], columns: list[Column], result: Any
) -> Sheet:
    values = {c.name: recorded.values[c.name][rows] for c in columns}
    ascii_ = [Column(c.name, c.label, c.unit.replace("µ", "u"), c.setpoints) for c in columns]
    intervals = dict(_intervals(values, setpoints, result or {}))
    ascii_ += [Column(name, name.replace("_", " "), "", setpoints) for name in intervals]
    return Sheet("-".join(setpoints) or "points", setpoints, tuple(ascii_), values | intervals)


def _said(recorded: Points, rows: NDArray[np.bool_], columns: list[Column]) -> list[Column]:
    """Those that say something in these rows."""
    return [c for c in columns if np.isfinite(recorded.values[c.name][rows]).any()]


def _intervals(
    values: Mapping[str, Real], setpoints: tuple[str, ...], result: Mapping[str, Any]
) -> Iterator[tuple[str, Real]]:
    """'concurrence_ci95_low', '…_high': of what was measured against one setpoint that the result lists too."""
    places = result.get(setpoints[0]) if len(setpoints) == 1 else None
    for key, pairs in result.items():
        is_ours = key.endswith(INTERVAL) and key.removesuffix(INTERVAL) in values
        if not is_ours or not isinstance(places, list) or not isinstance(pairs, list) or len(places) != len(pairs):
            continue
        if all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            for end, name in enumerate(("low", "high")):
                by_place = {place: pair[end] for place, pair in zip(places, pairs, strict=True)}
                found = [by_place.get(float(place)) for place in values[setpoints[0]]]
                yield f"{key}_{name}", np.array([np.nan if v is None else v for v in found], dtype=float)
