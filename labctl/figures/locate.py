"""Where the two NVs are: counts against the doughnut's position, with both NVs marked."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.figures.columns import Points, Real, named, number, together
from labctl.figures.style import INTENSITY, MODEL, THIRD, dress, new_figure, quoted


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if neither an image nor a pair is there."""
    x, y = named(points, "x_nm", "*x*_nm"), named(points, "y_nm", "*y*_nm")
    data = together(points, x, y, named(points, "counts*", "*cps", "signal", "*photons*"))
    pair = np.asarray(result.get("pair_nm") or [], dtype=float)
    if data is None and pair.shape != (2, 2):
        return None
    drawn = new_figure(6.0, 5.0)
    axes = drawn.add_subplot()
    if data is not None:
        drawn.colorbar(_image(axes, *data), ax=axes, label="counts")
    if pair.shape == (2, 2):
        _mark(axes, pair)
    axes.set_aspect("equal")
    distance = number(result, "separation_nm")
    error = number(result, "separation_err_nm") or number(result, "separation_nm_err")
    title = "Doughnut image" + (f" · {quoted(distance, error, 'nm')} apart" if distance is not None else "")
    dress(axes, title, "x (nm)", "y (nm)")
    axes.grid(False)
    return drawn


def _image(axes: Axes, x: Real, y: Real, counts: Real) -> Any:
    """A grid as an image, anything else as dots."""
    columns, rows = np.unique(x), np.unique(y)
    if len(columns) > 1 and len(rows) > 1 and len(columns) * len(rows) <= 1.05 * len(x):
        image = np.full((len(rows), len(columns)), np.nan)
        image[np.searchsorted(rows, y), np.searchsorted(columns, x)] = counts
        return axes.pcolormesh(columns, rows, image, cmap=INTENSITY, shading="nearest")
    return axes.scatter(x, y, c=counts, cmap=INTENSITY, s=14)


def _mark(axes: Axes, pair: Real) -> None:
    axes.plot(*pair.T, color="white", linewidth=1.0)
    for position, name, colour in zip(pair, ("L", "R"), (MODEL, THIRD), strict=True):
        axes.plot(*position, "o", color=colour, markersize=7, markeredgecolor="white")
        away = position - pair.mean(axis=0)
        away = 14.0 * away / (np.linalg.norm(away) or 1.0)
        axes.annotate(
            name, position, xytext=tuple(away), textcoords="offset points", ha="center", va="center", color="white"
        )
