"""Relaxometry: relaxation against the field along the axis, with the 13C line found."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.figures.columns import Points, measured, named, number
from labctl.figures.style import DATA, GUIDE, MODEL, dress, legend, new_figure, quoted


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if no field or detuning was recorded."""
    if not plot_dip(None, points, result):
        return None
    drawn = new_figure()
    axes = drawn.add_subplot()
    plot_dip(axes, points, result)
    rate, width = number(result, "rate_per_s"), number(result, "half_width_khz")
    parts = ["Relaxation"]
    if rate is not None:
        error = number(result, "rate_err_per_s") or number(result, "rate_per_s_err")
        parts.append("Γ₁ = " + quoted(rate * 1e-3, error * 1e-3 if error else None, "× 10³/s"))
    if width is not None:
        error = number(result, "half_width_err_khz") or number(result, "half_width_khz_err")
        parts.append("half width " + quoted(width, error, "kHz"))
    axes.set_title(" · ".join(parts), fontsize=10)
    return drawn


def plot_dip(axes: Axes | None, points: Points, result: Mapping[str, Any]) -> bool:
    """Relaxation against field (or detuning), on the axes unless None; False if it was not recorded."""
    y = named(points, "rate_per_s", "*rate*", "*relax*", "signal", "ratio", "contrast*", "population*", "counts*")
    x = named(points, "field_mt", "*field*_mt", "*detuning*_khz", "*detuning*_hz", "current*_a", "*_mt")
    if (data := measured(points, x, y)) is None:
        return False
    if axes is None:
        return True
    field, relaxation, error = data
    resonance = number(result, "resonance_field_mt")
    name, unit, offset, scale = _axis(str(x), resonance)
    axes.errorbar((field - offset) * scale, relaxation, error, fmt="o", color=DATA, markersize=4, label="measured")
    if str(x).endswith("_mt") and resonance is not None:
        axes.axvline((resonance - offset) * scale, color=GUIDE, linestyle="--", linewidth=0.9, label="resonance found")
        if y == "rate_per_s":
            _line(axes, result, resonance, offset, scale)
    dress(axes, "Relaxation dip", f"{name} ({unit})", str(y).replace("_per_s", " (1/s)").replace("_", " "))
    legend(axes)
    return True


def _axis(column: str, resonance_mt: float | None) -> tuple[str, str, float, float]:
    """Name, unit, offset and scale of the abscissa: fields are told from the resonance."""
    if column.endswith("_mt") and resonance_mt is not None:
        return f"field along the axis, from {resonance_mt:.4f} mT", "µT", resonance_mt, 1e3
    name, _, unit = column.rpartition("_")
    return name.replace("_", " "), {"mt": "mT", "khz": "kHz", "hz": "Hz", "a": "A"}.get(unit, unit), 0.0, 1.0


def _line(axes: Axes, result: Mapping[str, Any], resonance_mt: float, offset: float, scale: float) -> None:
    from physics.levels import nv_lines

    rate, width_khz = number(result, "rate_per_s"), number(result, "half_width_khz")
    if rate is None or not width_khz:
        return
    low, high = axes.get_xlim()
    fine = np.linspace(low, high, 500)
    slope_khz_per_mt = abs(float(nv_lines(resonance_mt).minus_slope_hz_per_mt[0])) * 1e-3
    detuning_khz = (fine / scale + offset - resonance_mt) * slope_khz_per_mt
    axes.plot(fine, rate / (1.0 + (detuning_khz / width_khz) ** 2), color=MODEL, label="line found")
