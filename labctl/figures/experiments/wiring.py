"""The wiring: what each pulse line, raised alone or with another, makes the counters see, and the quadratures."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.figures.columns import Points, together
from labctl.figures.style import DATA, GUIDE, MODEL, dress, legend, new_figure


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if nothing was tested."""
    panels = [panel for panel in (_lines, _order) if panel(None, points)]
    if not panels:
        return None
    drawn = new_figure(8.0, 3.8)
    widths = [4 if panel is _lines else 1 for panel in panels]
    every = drawn.subplots(1, len(panels), squeeze=False, width_ratios=widths)[0]
    for axes, panel in zip(every, panels, strict=True):
        panel(axes, points)
    verified = result.get("verified") or []
    drawn.suptitle("Wiring" + (f" · verified: {', '.join(verified)}" if verified else ""), fontsize=10)
    return drawn


def _lines(axes: Axes | None, points: Points) -> bool:
    """Both counters, test by test; False if no line was tested."""
    data = together(points, "test", "line", "signal_counts", "reference_counts")
    if data is None:
        return False
    if axes is None:
        return True
    test, line, signal, reference = data
    order = np.arange(len(test))
    axes.plot(order, signal, "o", color=DATA, markersize=5, label="signal counter")
    axes.plot(order, reference, "s", color=MODEL, markersize=2.5, label="reference counter")
    axes.set_yscale("symlog", linthresh=10.0)
    for border in np.flatnonzero(np.diff(test)):
        axes.axvline(border + 0.5, color=GUIDE, linewidth=0.8, linestyle=":")
    axes.set_xticks(order, ["-" if number < 0 else f"{number:g}" for number in line], fontsize=7)
    dress(axes, "", "pulse line raised last (- for none); dotted: the next test", "counts")
    axes.set_xlim(-0.5, len(order) - 0.5)
    legend(axes, loc="best")
    return True


def _order(axes: Axes | None, points: Points) -> bool:
    """Two quarter turns, in either order; False if the quadratures were not tested."""
    data = together(points, "x_first", "ratio", "ratio_err")
    if data is None:
        return False
    if axes is not None:
        x_first, ratio, error = data
        axes.errorbar(x_first, ratio, error, fmt="o", color=DATA, markersize=5, capsize=3)
        axes.set_xticks([0, 1], ["y, x", "x, y"])
        axes.set_xlim(-0.6, 1.6)
        dress(axes, "", "two quarter turns", "signal / reference")
    return True
