"""Rabi oscillation: signal against pulse length, with a sinusoid of the frequency found."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from labctl.common.numbers import quoted
from labctl.figures.columns import Points, measured, named, number
from labctl.figures.style import DATA, GUIDE, MODEL, dress, legend_below, new_figure


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if no pulse length was recorded."""
    x = named(points, "duration_ns", "pulse*_ns", "*_ns")
    y = named(points, "signal", "ratio", "population*", "contrast*", "counts*", "*photons*")
    if (data := measured(points, x, y)) is None:
        return None
    drawn = new_figure()
    axes = drawn.add_subplot()
    duration, signal, error = data
    axes.errorbar(duration, signal, error, fmt="o", color=DATA, markersize=4, label="measured")
    rabi_mhz, pi_half = number(result, "rabi_mhz"), number(result, "pi_half_ns")
    if rabi_mhz and len(duration) > 3:
        fine = np.linspace(0.0, duration.max(), 500)
        weights = np.linalg.lstsq(_waves(duration, rabi_mhz), signal, rcond=None)[0]
        axes.plot(fine, _waves(fine, rabi_mhz) @ weights, color=MODEL, label=f"sinusoid at {rabi_mhz:.4g} MHz")
    if pi_half:
        axes.axvline(pi_half, color=GUIDE, linestyle="--", linewidth=0.9, label=f"π/2 = {pi_half:g} ns")
    dress(axes, _title(result), "pulse length (ns)", str(y).replace("_", " "))
    legend_below(drawn, axes)
    return drawn


def _waves(duration_ns: Any, rabi_mhz: float) -> Any:
    phase = 2e-3 * np.pi * rabi_mhz * duration_ns
    return np.stack([np.ones_like(phase), np.cos(phase), np.sin(phase)], axis=-1)


def _title(result: Mapping[str, Any]) -> str:
    rabi_mhz, power = number(result, "rabi_mhz"), number(result, "power_dbm")
    title = "Rabi"
    if rabi_mhz is not None:
        title += f" · {quoted(rabi_mhz, number(result, 'rabi_mhz_err') or number(result, 'rabi_err_mhz'), 'MHz')}"
    return title + (f" at {power:.2f} dBm" if power is not None else "")
