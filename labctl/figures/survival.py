"""Whether a pair would entangle: a map with a contour where entanglement ends, from the numbers of a prediction."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from labctl.figures.style import CYCLE, GUIDE, MODEL, dress, legend, legend_below, new_figure

_FAINTEST = 0.02
_STEPS = (0.05, 0.1, 0.2, 0.3, 0.4)
"""Of the thin contours."""


def draw_survival(prediction: dict[str, Any]) -> Figure:
    """A map, or lines where only one of the axes has several values."""
    figure = new_figure()
    axes = figure.add_subplot()
    apart, c13 = np.array(prediction["separation_nm"]), np.array(prediction["c13_percent"])
    values = np.array(prediction["signed_concurrence"])
    title = (
        f"F = {prediction['pump_fidelity']:g}, T2* = {prediction['t2star_us']:g} µs at 1.1 % 13C, "
        f"hot NV {_HEATING[prediction['heating']]}"
    )
    if min(values.shape) < 2:
        return _lines(figure, axes, title, apart, c13, values)
    columns, rows = np.argsort(apart), np.argsort(c13)
    apart, c13, values = apart[columns], c13[rows], values[np.ix_(rows, columns)]
    limits = TwoSlopeNorm(0.0, min(values.min(), -_FAINTEST), max(values.max(), _FAINTEST))
    mesh = axes.pcolormesh(apart, c13, values, cmap="PuOr", norm=limits, shading="gouraud", rasterized=True)
    if values.min() < 0.0 < values.max():
        axes.contour(apart, c13, values, levels=[0.0], colors="black", linewidths=1.6)
        axes.plot([], [], color="black", linewidth=1.6, label="entanglement ends")
    levels = [level for level in _STEPS if level < values.max()]
    if levels:
        thin = axes.contour(apart, c13, values, levels=levels, colors="black", linewidths=0.4)
        axes.clabel(thin, fontsize=7)
    _mark(axes, prediction.get("found"), apart, c13)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    figure.colorbar(mesh, ax=axes, label="signed concurrence at the best time")
    dress(axes, title, "separation of the NVs (nm)", "13C content (%)")
    axes.grid(False)
    legend_below(figure, axes)
    return figure


_HEATING = {"turned": "turned by itself", "doughnut": "heated beneath the doughnut"}


def _mark(axes: Axes, found: dict[str, Any] | None, apart: Any, c13: Any) -> None:
    """The pair of a data folder: a point if its 13C content is known, else a line; nothing if it is off the map."""
    if found is None or not apart[0] <= found["separation_nm"] <= apart[-1]:
        return
    label = f"the pair found, {found['separation_nm']:.1f} nm"
    content = found["c13_percent"]
    if content is None or not c13[0] <= content <= c13[-1]:
        axes.axvline(found["separation_nm"], color=MODEL, linestyle="--", label=label)
        return
    error = found.get("separation_nm_err") or 0.0
    axes.errorbar(
        found["separation_nm"], content, xerr=error, fmt="o", color=MODEL, markeredgecolor="white", label=label
    )


def _lines(figure: Figure, axes: Axes, title: str, apart: Any, c13: Any, values: Any) -> Figure:
    by_content = len(apart) == 1 and len(c13) > 1
    x, y = (c13, values[:, 0]) if by_content else (apart, values[0])
    other = f"{apart[0]:g} nm" if by_content else f"{c13[0]:g} % 13C"
    axes.plot(x, y, "o-" if len(x) < 15 else "-", color=CYCLE[0], label=other)
    axes.axhline(0.0, color=GUIDE, linewidth=0.8, linestyle="--")
    if by_content:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    dress(axes, title, "13C content (%)" if by_content else "separation of the NVs (nm)", "signed concurrence")
    legend(axes)
    return figure
