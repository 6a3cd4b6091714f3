"""The wiring: what each line of port 0, raised alone or with another, makes the counters see."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from labctl.figures.columns import Points, together
from labctl.figures.style import DATA, MODEL, dress, legend, new_figure


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if no line was tested."""
    data = together(points, "test", "line", "signal_counts", "reference_counts")
    if data is None:
        return None
    test, line, signal, reference = data
    drawn = new_figure(8.0, 3.8)
    axes = drawn.add_subplot()
    axes.plot(test, signal, "o", color=DATA, markersize=4, label="signal counter")
    axes.plot(test, reference, "s", color=MODEL, markersize=3, label="reference counter")
    axes.set_yscale("symlog", linthresh=10.0)
    names = ["-" if number < 0 else f"{number:g}" for number in line]
    axes.set_xticks(test, names, fontsize=7)
    verified = result.get("verified") or []
    title = "Wiring" + (f" · verified: {', '.join(verified)}" if verified else "")
    dress(axes, title, "line of port 0 raised last (- for none), test by test", "counts")
    axes.set_xlim(float(np.min(test)) - 0.5, float(np.max(test)) + 0.5)
    legend(axes, loc="best")
    return drawn
