"""Curves of several runs over each other: every column that all of them recorded, a colour for each run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import fill
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from labctl.figures.series import Panel, PlottedLine, axis_label, complete, panels
from labctl.figures.style import CYCLE, dress, legend, new_figure
from sequences.results import Column

Real = NDArray[np.float64]
Recorded = tuple[str, Sequence[Column], Mapping[str, Real]]
"""Name of a run, its columns, and its points."""
_MOST: Final = 6
"""Panels in one figure."""
_MOST_STRETCHES: Final = 4
_GAP: Final = 0.3
"""A part of the axis without any point that is wider than this share of it is left out."""
_LETTERS: Final = 34
"""Of an axis label in one line."""
_MARKS: Final = ("o", "s", "^", "D", "v", "P")


@dataclass(frozen=True)
class _Curves:
    """Of one column."""

    panel: Panel
    along: Column
    lines: Sequence[tuple[int, str, PlottedLine]]
    """Number of the run, name, curve."""


def figure(runs: Sequence[Recorded], title: str) -> Figure | None:
    """None if the runs have no curve in common. An image has no place over another one, and is left out."""
    found = [curves for panel in _common(runs) if (curves := _lines(panel, runs)) is not None]
    if not found:
        return None
    shown = found[:_MOST]
    drawn = new_figure(9.0, max(4.2, 2.9 * len(shown)))
    rows = drawn.subfigures(len(shown), 1, squeeze=False)[:, 0]
    for row, curves in zip(rows, shown, strict=True):
        _row(row, curves)
    more = ", ".join(curves.panel.column.label for curves in found[_MOST:])
    drawn.suptitle(f"{title} · and {more}" if more else title, fontsize=10)
    return drawn


def _common(runs: Sequence[Recorded]) -> list[Panel]:
    """Pictures of the columns that all runs have, with the same setpoints and unit."""
    columns = [{column.name: column for column in its} for _, its, _ in runs]
    first = columns[0]
    same = [c for name, c in first.items() if all(other.get(name) == c for other in columns[1:])]
    names = {column.name for column in same}
    drawn = panels([column for column in same if set(column.setpoints) <= names])
    return [panel for panel in drawn if not panel.is_numbered]


def _lines(panel: Panel, runs: Sequence[Recorded]) -> "_Curves | None":
    """The curves of all runs, of several points each; None unless at least two runs have one along the same axis."""
    every = [(k, name, complete(panel, rows)) for k, (name, _, rows) in enumerate(runs)]
    along = next((means.along for _, _, means in every if means.points), panel.against[0])
    found = [
        (k, " · ".join(filter(None, (name, line.name))), line)
        for k, name, means in every
        if means.along == along
        for line in means.lines()
        if len(line.x) > 1
    ]
    return _Curves(panel, along, found) if len({k for k, _, _ in found}) > 1 else None


def _row(row: Any, curves: _Curves) -> None:
    parts = _stretches(np.concatenate([line.x for _, _, line in curves.lines]))
    every = row.subplots(1, len(parts), squeeze=False, sharey=True)[0]
    for axes, (low, high) in zip(every, parts, strict=True):
        for k, name, line in curves.lines:
            _curve(axes, k, name, line, (line.x >= low) & (line.x <= high))
        label = fill(axis_label(curves.panel.column), _LETTERS) if axes is every[0] else ""
        dress(axes, "", axis_label(curves.along), label)
        axes.ticklabel_format(useOffset=False)
    legend(every[-1])


def _curve(axes: Axes, k: int, name: str, line: PlottedLine, here: NDArray[np.bool_]) -> None:
    colour, error = CYCLE[k % len(CYCLE)], None if line.error is None else line.error[here]
    x, y = line.x[here], line.y[here]
    axes.errorbar(x, y, error, fmt=_MARKS[k % len(_MARKS)], color=colour, markersize=3.5, alpha=0.8, label=name)
    if len(x) > 1:
        axes.plot(x, y, color=colour, alpha=0.35, linewidth=0.8)


def _stretches(x: Real) -> list[tuple[float, float]]:
    """From where to where there are points: two lines far apart are two stretches."""
    places = np.unique(x)
    wide = np.flatnonzero(np.diff(places) > _GAP * np.ptp(places)).tolist() if len(places) > 4 else []
    edges = [0, *(k + 1 for k in wide), len(places)]
    found = [(float(places[a]), float(places[b - 1])) for a, b in pairwise(edges)]
    return found if len(found) <= _MOST_STRETCHES else [(float(places[0]), float(places[-1]))]
