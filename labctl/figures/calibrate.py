"""The calibration: photons a shot of every program, and how well the fitted pair explains them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.figures.columns import Points, Real, number, together
from labctl.figures.style import DATA, GUIDE, MODEL, dress, legend, new_figure
from labctl.figures.words import quoted

_BEAMS = ((0.0, "Gaussian beam: both NVs", DATA), (1.0, "doughnut: right NV", MODEL))


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if no program was counted."""
    data = together(points, "program", "beam", "repeats", "counts")
    if data is None:
        return None
    _, beam, repeats, counts = data
    pulls = np.asarray(result.get("pulls") or [], dtype=float)[-len(counts) :]
    last = slice(len(counts) - len(pulls), None) if len(pulls) else slice(None)
    drawn = new_figure(8.0, 5.4 if len(pulls) else 3.6)
    panels = drawn.subplots(2 if len(pulls) else 1, 1, sharex=True, squeeze=False)[:, 0]
    _photons(panels[0], counts[last] / repeats[last], np.sqrt(counts[last]) / repeats[last], beam[last])
    if len(pulls):
        _pulls(panels[1], pulls, beam[last])
    panels[-1].set_xlabel("program, as played")
    drawn.suptitle(_title(result), fontsize=10)
    return drawn


def _photons(axes: Axes, photons: Real, error: Real, beam: Real) -> None:
    order = np.arange(len(photons))
    for value, name, colour in _BEAMS:
        seen = beam == value
        axes.errorbar(order[seen], photons[seen], error[seen], fmt="o", markersize=3, color=colour, label=name)
    dress(axes, "", "", "photons a shot")
    legend(axes, loc="best")


def _pulls(axes: Axes, pulls: Real, beam: Real) -> None:
    order = np.arange(len(pulls))
    for value, _, colour in _BEAMS:
        seen = beam == value
        axes.vlines(order[seen], 0.0, pulls[seen], color=colour, linewidth=1.2)
        axes.plot(order[seen], pulls[seen], "o", markersize=3, color=colour)
    axes.axhspan(-1.0, 1.0, color=GUIDE, alpha=0.12, linewidth=0)
    dress(axes, "", "", "(measured − fitted) / σ")


def _title(result: Mapping[str, Any]) -> str:
    talk, error = number(result, "cross_talk"), number(result, "cross_talk_err")
    chi2 = number(result, "reduced_chi2")
    parts = ["Calibration", f"cross-talk {quoted(talk, error)}" if talk is not None else ""]
    return " · ".join(
        part for part in [*parts, f"χ² {chi2:.2f} per degree of freedom" if chi2 is not None else ""] if part
    )
