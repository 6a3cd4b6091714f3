"""The engine: concurrence against evolution time with the model's curve, and the density matrix at the best time."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.figures.columns import Points, number
from labctl.figures.style import DATA, GUIDE, MODEL, dress, legend, new_figure
from labctl.figures.tomography import bars, density_matrix_of


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if no concurrence was measured. The density matrix is sought in the result and in its children."""
    time, value, error = (_values(points, result, key) for key in ("evolution_us", "concurrence", "concurrence_err"))
    if time is None or value is None or len(time) != len(value) or not len(time):
        return None
    rho = _best_density_matrix(result)
    drawn = new_figure(9.0, 6.4 if rho is not None else 4.2)
    grid = drawn.add_gridspec(2 if rho is not None else 1, 2, height_ratios=[1.2, 1.3] if rho is not None else None)
    axes = drawn.add_subplot(grid[0, :])
    _concurrence(axes, result, time, value, error if error is not None and len(error) == len(time) else None)
    if rho is not None:
        at = number(result, "best_us")
        when = f" at {at:g} µs" if at is not None else ""
        bars(drawn, grid[1, 0], rho.real, f"real part of ρ{when}")
        bars(drawn, grid[1, 1], rho.imag, f"imaginary part of ρ{when}")
    return drawn


def _values(points: Points, result: Mapping[str, Any], key: str) -> Any:
    values = result.get(key, points.get(key))
    return None if values is None else np.atleast_1d(np.asarray(values, dtype=float))


def _concurrence(axes: Axes, result: Mapping[str, Any], time: Any, value: Any, error: Any) -> None:
    order = np.argsort(time)
    time, value = time[order], value[order]
    error = error[order] if error is not None else None
    low, high = _interval(result, value, error, order)
    if low is not None:
        axes.vlines(time, low, high, color=DATA, alpha=0.35, linewidth=1.0, label="95 %")
    axes.errorbar(time, value, error, fmt="o", color=DATA, markersize=5, elinewidth=2.5, label="measured, ±1 σ")
    _model(axes, result, time, order)
    if (best := number(result, "best_us")) is not None:
        axes.axvline(best, color=GUIDE, linestyle="--", linewidth=0.9, label=f"best: {best:g} µs")
    axes.axhline(0.0, color=GUIDE, linewidth=0.8)
    significance = number(result, "significance")
    title = "Entanglement engine" + (f" · {significance:.1f} σ" if significance is not None else "")
    dress(axes, title, "evolution time (µs)", "concurrence")
    legend(axes, loc="best")


def _interval(result: Mapping[str, Any], value: Any, error: Any, order: Any) -> tuple[Any, Any]:
    interval = np.asarray(result.get("concurrence_ci95") or [], dtype=float)
    if interval.shape == (len(order), 2):
        return interval[order, 0], interval[order, 1]
    if error is None:
        return None, None
    return np.maximum(value - 1.96 * error, 0.0), value + 1.96 * error


def _model(axes: Axes, result: Mapping[str, Any], time: Any, order: Any) -> None:
    """The finer curve of the result if it has one, else the prediction at the measured times."""
    fine_us, fine = result.get("curve_us"), result.get("curve_concurrence")
    predicted = result.get("predicted_concurrence")
    if fine_us is not None and fine is not None:
        axes.plot(fine_us, fine, color=MODEL, label="model")
        if (spread := result.get("curve_concurrence_err")) is not None:
            low, high = (np.asarray(fine) + sign * np.asarray(spread) for sign in (-1.0, 1.0))
            axes.fill_between(fine_us, np.maximum(low, 0.0), high, color=MODEL, alpha=0.15, linewidth=0)
    elif predicted is not None and len(predicted) == len(order):
        axes.plot(time, np.asarray(predicted, dtype=float)[order], ".-", color=MODEL, label="model")


def _best_density_matrix(result: Mapping[str, Any]) -> Any:
    if (rho := density_matrix_of(result)) is not None:
        return rho
    best = number(result, "best_us")
    for child in _tomographies(result):
        at = number(child, "evolution_us")
        if best is None or (at is not None and abs(at - best) < 1e-6):
            return density_matrix_of(child)
    return None


def _tomographies(result: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for child in result.get("tomographies") or result.get("children") or []:
        inner = child.get("result", child)
        if inner and density_matrix_of(inner) is not None:
            yield inner
