"""The figure of an experiment that has none of its own: every column against what it was measured against.

What is drawn of the points, and how points that were measured several times go together, `series` says.
"""

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.figures.columns import Points
from labctl.figures.series import Means, axis_label, drawable
from labctl.figures.style import CYCLE, DATA, GUIDE, INTENSITY, dress, legend, new_figure
from sequences.results import Column

_MOST: Final = 6
"""Panels in one figure."""
_BESIDE: Final = 2
_TITLE: Final = "{title} · and {more}"


def figure(points: Points, columns: Sequence[Column], title: str) -> Figure | None:
    """None if no column has a point. title: what the run was, and what came out."""
    found = list(drawable(columns, points))
    if not found:
        return None
    shown, left_out = found[:_MOST], found[_MOST:]
    beside = min(len(shown), _BESIDE)
    above = -(-len(shown) // beside)
    drawn = new_figure(7.0 if beside == 1 else 10.0, 4.2 if above == 1 else 3.2 * above)
    every = drawn.subplots(above, beside, squeeze=False).ravel()
    for axes, means in zip(every, shown, strict=False):
        _panel(drawn, axes, means)
    for axes in every[len(shown) :]:
        axes.set_visible(False)
    more = ", ".join(means.panel.column.label for means in left_out)
    drawn.suptitle(_TITLE.format(title=title, more=more) if more else title, fontsize=10)
    return drawn


def _panel(drawn: Figure, axes: Axes, means: Means) -> None:
    column = means.panel.column
    if (image := means.image()) is not None:
        mesh = axes.pcolormesh(image.x_edges, image.y_edges, image.values.T, cmap=INTENSITY, rasterized=True)
        drawn.colorbar(mesh, ax=axes, label=axis_label(column))
        dress(axes, "", axis_label(means.panel.against[0]), axis_label(means.panel.against[1]))
        axes.grid(False)
        return
    if (scan := means.newest_scan()) is not None:
        axes.plot(scan.x, scan.y, color=GUIDE, alpha=0.6, linewidth=0.9, label="newest scan")
    lines = means.lines()
    for k, line in enumerate(lines):
        name = line.name or (f"mean of {means.scans} scans" if means.scans > 1 else "")
        colour = DATA if len(lines) == 1 else CYCLE[k % len(CYCLE)]
        axes.errorbar(line.x, line.y, line.error, fmt="o", color=colour, markersize=4, label=name or None)
        if len(line.x) > 1:
            axes.plot(line.x, line.y, color=colour, alpha=0.35, linewidth=0.8)
    dress(axes, "", axis_label(means.along), axis_label(column))
    legend(axes)
