"""The engine: signed concurrence against evolution time with the model's curve, what was expected and why, and the
density matrix at the best time.
"""

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.figures.columns import Points, entanglement_key, number
from labctl.figures.experiments.tomography import bars, density_matrix_of
from labctl.figures.style import DATA, GUIDE, MODEL, THIRD, dress, legend, new_figure

_LEGEND_PT: Final = 22.0
"""Height of a row of the legend above the axes."""
_CAPTION_LETTERS: Final = 140
"""In a line beneath the figure."""


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if there is neither a measured concurrence nor a model's curve.

    The density matrix is sought in the result and in its children.
    """
    measured, curve = _measured(points, result), _curve(result)
    if measured is None and curve is None:
        return None
    rho = _best_density_matrix(result)
    drawn = new_figure(9.0, 6.6 if rho is not None else 4.6)
    grid = drawn.add_gridspec(2 if rho is not None else 1, 2, height_ratios=[1.2, 1.3] if rho is not None else None)
    axes = drawn.add_subplot(grid[0, :])
    _concurrence(axes, points, result, measured, curve)
    if rho is not None:
        at = number(result, "best_us")
        when = f" at {at:g} µs" if at is not None else ""
        bars(drawn, grid[1, 0], rho.real, f"real part of ρ{when}")
        bars(drawn, grid[1, 1], rho.imag, f"imaginary part of ρ{when}")
    if why := result.get("why"):
        drawn.supxlabel(textwrap.fill(str(why), _CAPTION_LETTERS), x=0.01, ha="left", fontsize=8)
    return drawn


def _measured(points: Points, result: Mapping[str, Any]) -> tuple[Any, Any, Any] | None:
    """Times, signed concurrence (of old runs the concurrence) and its errors, None if not known for every time."""
    key = entanglement_key(points, result)
    time, value, error = (_values(points, result, name) for name in ("evolution_us", key, f"{key}_err"))
    if time is None or value is None or len(time) != len(value) or not len(time):
        return None
    return time, value, error if error is not None and len(error) == len(time) else None


def _curve(result: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """The model's times and concurrence."""
    time, value = (_values({}, result, key) for key in ("curve_us", "curve_concurrence"))
    if time is None or value is None or len(time) != len(value) or not len(time):
        return None
    return time, value


def _values(points: Points, result: Mapping[str, Any], key: str) -> Any:
    values = result.get(key, points.get(key))
    return None if values is None else np.atleast_1d(np.asarray(values, dtype=float))


def _concurrence(axes: Axes, points: Points, result: Mapping[str, Any], measured: Any, curve: Any) -> None:
    if measured is not None:
        _points(axes, points, result, *measured)
    _model(axes, result, measured, curve)
    _expected(axes, result)
    axes.axhline(0.0, color=GUIDE, linewidth=0.8)
    label = entanglement_key(points, result).replace("_", " ")
    dress(axes, _title(result, measured is not None), "evolution time (µs)", label)
    axes.set_title(axes.get_title(), fontsize=10, pad=_LEGEND_PT)
    legend(axes, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=5)  # beside the data: error bars are long


def _points(axes: Axes, points: Points, result: Mapping[str, Any], time: Any, value: Any, error: Any) -> None:
    order = np.argsort(time)
    time, value = time[order], value[order]
    error = error[order] if error is not None else None
    low, high = _interval(entanglement_key(points, result), result, value, error, order)
    if low is not None:
        axes.vlines(time, low, high, color=DATA, alpha=0.35, linewidth=1.0, label="95 %")
    axes.errorbar(time, value, error, fmt="o", color=DATA, markersize=5, elinewidth=2.5, label="measured, ±1 σ")
    if (best := number(result, "best_us")) is not None:
        axes.axvline(best, color=GUIDE, linestyle="--", linewidth=0.9, label=f"best: {best:g} µs")


def _title(result: Mapping[str, Any], is_measured: bool) -> str:
    parts = ["Entanglement engine"]
    if (significance := number(result, "significance")) is not None:
        parts.append(f"{significance:.1f} σ")
    if (expected := number(result, "expected_significance")) is not None:
        parts.append(f"expected: {expected:.1f} σ")
    if not is_measured:
        parts.append("nothing measured")
    return " · ".join(parts)


def _interval(key: str, result: Mapping[str, Any], value: Any, error: Any, order: Any) -> tuple[Any, Any]:
    interval = np.asarray(result.get(f"{key}_ci95") or [], dtype=float)
    if interval.shape == (len(order), 2):
        return interval[order, 0], interval[order, 1]
    if error is None:
        return None, None
    low = value - 1.96 * error
    return low if key.startswith("signed") else np.maximum(low, 0.0), value + 1.96 * error


def _model(axes: Axes, result: Mapping[str, Any], measured: Any, curve: Any) -> None:
    """The finer curve of the result if it has one, else the prediction at the measured times.

    It is signed: below zero by how much the state is not entangled. Old runs have it cut off at zero.
    """
    predicted = result.get("predicted_concurrence")
    if curve is not None:
        time, fine = curve
        axes.plot(time, fine, color=MODEL, label="model, ±1 σ")
        spread = _values({}, result, "curve_concurrence_err")
        if spread is not None and len(spread) == len(time):
            axes.fill_between(time, fine - spread, fine + spread, color=MODEL, alpha=0.15, linewidth=0)
    elif measured is not None and predicted is not None and len(predicted) == len(measured[0]):
        order = np.argsort(measured[0])
        axes.plot(measured[0][order], np.asarray(predicted, dtype=float)[order], ".-", color=MODEL, label="model, ±1 σ")


def _expected(axes: Axes, result: Mapping[str, Any]) -> None:
    """What was said before the tomographies, at the time where it was said."""
    at, value = number(result, "expected_us"), number(result, "expected_signed_concurrence")
    if at is None or value is None:
        return
    error = number(result, "expected_signed_concurrence_err")
    axes.errorbar([at], [value], error, fmt="d", color=THIRD, markersize=6, capsize=3, label=f"expected at {at:g} µs")


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
