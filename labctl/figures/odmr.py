"""ODMR: counts against frequency, a panel per stretch of the scan, with the lines found."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.figures.columns import Points, Real, measured, named, number
from labctl.figures.style import DATA, MODEL, dress, legend, new_figure
from labctl.figures.words import quoted

_MOST_PANELS = 4
_GAP = 20.0
"""A step this many times the usual one begins a new panel."""


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if no frequency was recorded."""
    x = named(points, "frequency_hz", "*frequency*_hz", "*_hz")
    y = named(points, "signal", "ratio", "contrast*", "counts*", "*cps", "*photons*")
    if (data := measured(points, x, y)) is None:
        return None
    frequency, signal, error = data
    stretches = _stretches(frequency)
    drawn = new_figure(width_in=max(7.0, 3.5 * len(stretches)))
    panels = drawn.subplots(1, len(stretches), squeeze=False, sharey=True)[0]
    for axes, part in zip(panels, stretches, strict=True):
        bars = error[part] if error is not None else None
        axes.errorbar(frequency[part] * 1e-6, signal[part], bars, fmt=".", color=DATA, markersize=4, label="measured")
        _lines(axes, frequency[part], signal[part], result)
        dress(axes, "", "frequency (MHz)", _label(str(y)) if axes is panels[0] else "")
    legend(panels[0])
    drawn.suptitle(_title(result), fontsize=10)
    return drawn


def _stretches(frequency: Real) -> list[slice]:
    steps = np.diff(frequency)
    usual = float(np.median(steps[steps > 0])) if np.any(steps > 0) else 1.0
    cuts = np.flatnonzero(steps > _GAP * usual) + 1
    edges = [0, *cuts.tolist(), len(frequency)] if len(cuts) < _MOST_PANELS else [0, len(frequency)]
    return [slice(a, b) for a, b in pairwise(edges)]


def _lines(axes: Axes, frequency: Real, signal: Real, result: Mapping[str, Any]) -> None:
    """Lorentzian dips of the linewidth and contrast found, at the resonances found; markers where one is unknown."""
    low, high = frequency.min(), frequency.max()
    inside = [f for f in result.get("resonances_hz") or [] if low <= f <= high]
    for f in inside:
        axes.axvline(f * 1e-6, color=MODEL, linewidth=0.7, linestyle=":")
    width, contrast = number(result, "linewidth_hz"), number(result, "contrast")
    if not inside or not width or contrast is None:
        return
    fine = np.linspace(low, high, 1000)
    dips = 1.0 - contrast * sum(1.0 / (1.0 + (2.0 * (fine - f) / width) ** 2) for f in inside)
    axes.plot(fine * 1e-6, float(np.percentile(signal, 90)) * dips, color=MODEL, linewidth=1.2, label="lines found")


def _label(column: str) -> str:
    return {"signal": "signal / reference", "ratio": "signal / reference"}.get(column, column.replace("_", " "))


def _title(result: Mapping[str, Any]) -> str:
    errors = result.get("resonances_err_hz") or []
    found = [quoted(f * 1e-6, e * 1e-6) for f, e in zip(result.get("resonances_hz") or [], errors, strict=False)]
    field, tilt = number(result, "field_mt"), number(result, "tilt_deg")
    parts = ["ODMR", ", ".join(found) + " MHz" if found else ""]
    parts += [f"{field:.4f} mT" if field is not None else "", f"tilt {tilt:.2f}°" if tilt is not None else ""]
    return " · ".join(part for part in parts if part)
