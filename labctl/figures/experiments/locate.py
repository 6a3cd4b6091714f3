"""Where the two NVs are: counts against the doughnut's position, with both NVs marked."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.common.numbers import quoted
from labctl.figures.columns import Points, Real, named, number, together
from labctl.figures.style import GUIDE, INTENSITY, MODEL, THIRD, dress, new_figure


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if neither an image nor a pair is there. Images of different power are panels: the region, then the null."""
    x, y = named(points, "x_nm", "*x*_nm"), named(points, "y_nm", "*y*_nm")
    data = together(points, x, y, named(points, "counts*", "*cps", "signal", "*photons*"))
    pair = np.asarray(result.get("pair_nm") or [], dtype=float)
    if data is None and pair.shape != (2, 2):
        return None
    images = _by_power(points, x, y, *data) if data is not None else [("", None)]
    drawn = new_figure(0.8 + 5.2 * len(images), 5.0)
    for axes, (name, image) in zip(drawn.subplots(1, len(images), squeeze=False)[0], images, strict=True):
        if image is not None:
            drawn.colorbar(_image(axes, *image), ax=axes, label="counts/s" if "power_mw" in points else "counts")
        if pair.shape == (2, 2):
            _mark(axes, pair)
        axes.set_aspect("equal")
        dress(axes, name, "x (nm)", "y (nm)")
        axes.grid(False)
    drawn.suptitle(_title(result), fontsize=10)
    return drawn


def _by_power(points: Points, x: str | None, y: str | None, *data: Real) -> list[tuple[str, list[Real] | None]]:
    """The widest and the finest image; just one if the power never changed."""
    power = together(points, x, y, "power_mw")
    if power is None or len(power[2]) != len(data[0]) or len(np.unique(power[2])) < 2:
        return [("", list(data))]
    weak, strong = power[2].min(), power[2].max()
    return [(f"at {p:.3g} mW", [column[power[2] == p] for column in data]) for p in (weak, strong)]


def _title(result: Mapping[str, Any]) -> str:
    distance = number(result, "separation_nm")
    error = number(result, "separation_err_nm") or number(result, "separation_nm_err")
    return "Doughnut image" + (f" · {quoted(distance, error, 'nm')} apart" if distance is not None else "")


def _image(axes: Axes, x: Real, y: Real, counts: Real) -> Any:
    """A grid as an image, anything else as dots."""
    columns, rows = np.unique(x), np.unique(y)
    if len(columns) > 1 and len(rows) > 1 and len(columns) * len(rows) <= 1.05 * len(x):
        image = np.full((len(rows), len(columns)), np.nan)
        image[np.searchsorted(rows, y), np.searchsorted(columns, x)] = counts
        return axes.pcolormesh(columns, rows, image, cmap=INTENSITY, shading="nearest")
    return axes.scatter(x, y, c=counts, cmap=INTENSITY, s=40)


def _mark(axes: Axes, pair: Real) -> None:
    axes.plot(*pair.T, color=GUIDE, linewidth=1.0)
    for position, name, colour in zip(pair, ("L", "R"), (MODEL, THIRD), strict=True):
        axes.plot(*position, "o", color=colour, markersize=7, markeredgecolor="white")
        away = position - pair.mean(axis=0)
        away = 14.0 * away / (np.linalg.norm(away) or 1.0)
        axes.annotate(
            name,
            position,
            xytext=tuple(away),
            textcoords="offset points",
            ha="center",
            va="center",
            color=colour,
            fontweight="bold",
        )
