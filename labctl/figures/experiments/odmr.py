"""ODMR: counts against frequency, a panel per stretch of the scan, with the lines found."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.common.numbers import quoted
from labctl.figures.columns import Points, Real, measured, named, number
from labctl.figures.style import DATA, MODEL, dress, legend, new_figure
from sequences.analysis.odmr.line_fit import dips, shares

_MOST_PANELS = 4
_GAP = 20.0
"""A step this many times the usual one begins a new panel, if it is also wider than any within one line."""
_FAR_HZ = 6e6


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if no frequency was recorded."""
    x = named(points, "frequency_hz", "*frequency*_hz", "*_hz")
    y = named(points, "signal", "ratio", "contrast*", "counts*", "*cps", "*photons*")
    if (data := measured(_swept(points), x, y)) is None:
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


def _swept(points: Points) -> Points:
    """Only what belongs to a sweep, where any does: a first search is broader, and no part of the spectrum."""
    swept = np.isfinite(points.get("sweep", np.zeros(0)))
    return {name: values[swept] for name, values in points.items()} if swept.any() else points


def _stretches(frequency: Real) -> list[slice]:
    steps = np.diff(frequency)
    usual = float(np.median(steps[steps > 0])) if np.any(steps > 0) else 1.0
    cuts = np.flatnonzero(steps > max(_GAP * usual, _FAR_HZ)) + 1
    edges = [0, *cuts.tolist(), len(frequency)] if len(cuts) < _MOST_PANELS else [0, len(frequency)]
    return [slice(a, b) for a, b in pairwise(edges)]


def _lines(axes: Axes, frequency: Real, signal: Real, result: Mapping[str, Any]) -> None:
    """The line found here with its nuclear components; markers where its width or depth is unknown."""
    low, high = frequency.min(), frequency.max()
    width, contrast = number(result, "linewidth_hz"), number(result, "contrast")
    level = number(result, "level") or float(np.percentile(signal, 90))
    everywhere = result.get("resonances_hz") or []
    nuclear = result.get("nuclear_offsets_hz") or [[0.0]] * len(everywhere)
    fine = np.linspace(low, high, 1000)
    for centre_hz, offsets in zip(everywhere, nuclear, strict=True):
        if not low <= centre_hz <= high:
            continue
        axes.axvline(centre_hz * 1e-6, color=MODEL, linewidth=0.7, linestyle=":")
        if width and contrast is not None:
            weights = shares(len(offsets), number(result, "nuclear_polarisation") or 0.0)
            dip = dips(fine, centre_hz, width, np.array(offsets), weights)
            axes.plot(fine * 1e-6, level * (1.0 - contrast * dip), color=MODEL, linewidth=1.2, label="lines found")


def _label(column: str) -> str:
    return {"signal": "signal / reference", "ratio": "signal / reference"}.get(column, column.replace("_", " "))


def _title(result: Mapping[str, Any]) -> str:
    errors = result.get("resonances_err_hz") or []
    found = [quoted(f * 1e-6, e * 1e-6) for f, e in zip(result.get("resonances_hz") or [], errors, strict=False)]
    field, tilt = number(result, "field_mt"), number(result, "tilt_deg")
    parts = ["ODMR", ", ".join(found) + " MHz" if found else ""]
    parts += [f"{field:.4f} mT" if field is not None else "", f"tilt {tilt:.2f}°" if tilt is not None else ""]
    return " · ".join(part for part in parts if part)
