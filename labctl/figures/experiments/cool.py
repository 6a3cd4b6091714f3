"""Cooling: polarisation of both baths against pumping time, with the values at the end."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from labctl.common.numbers import quoted
from labctl.figures.columns import Points, measured, named, number
from labctl.figures.style import DATA, GUIDE, MODEL, dress, legend_below, new_figure

_SIDES = (("left", "left (hot)", MODEL), ("right", "right (cold)", DATA))
_UNITS = {"s": ("s", 1.0), "ms": ("ms", 1.0), "us": ("µs", 1.0), "ns": ("ns", 1.0)}


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if no polarisation was recorded."""
    x = named(points, "time_s", "*time*_s", "*duration*", "*cooling*_?s", "*time*", "*_ms", "*_us", "*_s", "*cycle*")
    drawn = new_figure()
    axes = drawn.add_subplot()
    seen = False
    for side, name, colour in _SIDES:
        y = named(points, f"polarisation_{side}", f"*polarisation*{side}*", f"p_{side}")
        if (data := measured(points, x, y)) is not None:
            seen = True
            time, value, bars = data
            axes.errorbar(time, value, bars, fmt="o-", color=colour, markersize=4, linewidth=1, label=name)
        final = number(result, f"polarisation_{side}")
        error = number(result, f"polarisation_{side}_err") or 0.0
        if final is not None:
            label = f"{side}: {quoted(final, error)}"
            axes.axhline(final, color=colour, linestyle=":", linewidth=1.2, label=label)
            axes.axhspan(final - 2 * error, final + 2 * error, color=colour, alpha=0.12, linewidth=0)
    if not seen:
        return None
    unit, name = _unit(str(x))
    build_up = number(result, "build_up_s")
    if build_up is not None and unit in ("s", "ms", "µs"):
        at = build_up * {"s": 1.0, "ms": 1e3, "µs": 1e6}[unit]
        if at <= np.nanmax(np.asarray(points[str(x)], dtype=float)):
            axes.axvline(at, color=GUIDE, linestyle="--", linewidth=0.9, label=f"build-up {at:.3g} {unit}")
    axes.set_ylim(min(-0.05, axes.get_ylim()[0]), max(1.05, axes.get_ylim()[1]))
    dress(axes, "Cooling", f"{name} ({unit})" if unit else name, "bath polarisation p")
    legend_below(drawn, axes)
    return drawn


def _unit(column: str) -> tuple[str, str]:
    name, _, unit = column.rpartition("_")
    if unit in _UNITS:
        return _UNITS[unit][0], name.replace("_", " ")
    return "", column.replace("_", " ")
