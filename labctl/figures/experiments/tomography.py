"""Tomography: the density matrix as bars, real and imaginary part, and the Pauli terms with their errors."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.gridspec import SubplotSpec

from labctl.common.numbers import quoted
from labctl.figures.columns import Points, Real, number
from labctl.figures.style import DATA, GUIDE, MODEL, dress, new_figure

_STATES: Final = ("00", "01", "10", "11")
_FLAT: Final = 5e-3
"""Of the largest element."""


def figure(_points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None without a density matrix."""
    rho = density_matrix_of(result)
    if rho is None:
        return None
    drawn = new_figure(9.0, 6.2)
    grid = drawn.add_gridspec(2, 2, height_ratios=[1.6, 1.0])
    bars(drawn, grid[0, 0], rho.real, "real part of ρ")
    bars(drawn, grid[0, 1], rho.imag, "imaginary part of ρ")
    _paulis(drawn.add_subplot(grid[1, :]), result.get("paulis") or {})
    drawn.suptitle(_title(result), fontsize=10)
    return drawn


def density_matrix_of(result: Mapping[str, Any]) -> Any:
    """rho_re + i rho_im, (4, 4), or None."""
    if result.get("rho_re") is None or result.get("rho_im") is None:
        return None
    rho = np.asarray(result["rho_re"], dtype=float) + 1j * np.asarray(result["rho_im"], dtype=float)
    return rho if rho.shape == (4, 4) else None


def bars(drawn: Figure | SubFigure, place: SubplotSpec, values: Real, title: str) -> None:
    """Sixteen bars; the colour tells the sign. Elements that would be flat are left out."""
    axes: Any = drawn.add_subplot(place, projection="3d")
    rows, columns = np.nonzero(np.abs(values) > _FLAT * np.abs(values).max())
    heights = values[rows, columns]
    colours = np.where(heights > 0, MODEL, DATA)
    axes.bar3d(columns - 0.35, rows - 0.35, 0.0, 0.7, 0.7, heights, color=colours, edgecolor="white", linewidth=0.3)
    axes.plot([-0.5, 3.5, 3.5, -0.5, -0.5], [-0.5, -0.5, 3.5, 3.5, -0.5], 0.0, color=GUIDE, linewidth=0.6)
    axes.set_xticks(range(4), [f"⟨{s}|" for s in _STATES], fontsize=7)
    axes.set_yticks(range(4), [f"|{s}⟩" for s in _STATES], fontsize=7)
    axes.tick_params(axis="z", labelsize=7)
    axes.set_zlim(min(0.0, float(values.min())) * 1.05, max(0.02, float(values.max())) * 1.05)
    axes.view_init(elev=28, azim=-58)
    axes.set_box_aspect((4, 4, 2.8), zoom=1.05)
    axes.set_title(title, fontsize=9)


def _paulis(axes: Axes, paulis: Mapping[str, Any]) -> None:
    terms = {name: value for name, value in paulis.items() if name != "II"}
    for k, (value, error) in enumerate(terms.values()):
        clear = abs(value) > 3 * error
        axes.errorbar(k, value, error, fmt="o", color=MODEL if clear else DATA, markersize=4, capsize=2)
    axes.axhline(0.0, color=GUIDE, linewidth=0.8)
    axes.set_xticks(range(len(terms)), list(terms))
    dress(axes, "Pauli terms, ±1 σ (orange: beyond 3 σ)", "", "expectation value")


def _title(result: Mapping[str, Any]) -> str:
    value, error = number(result, "concurrence"), number(result, "concurrence_err")
    parts = ["Tomography"]
    if (at := number(result, "evolution_us")) is not None:
        parts[0] += f" after {at:g} µs"
    if value is not None:
        parts.append(f"concurrence {quoted(value, error)}")
    if (interval := result.get("concurrence_ci95")) is not None and len(interval) == 2:
        parts.append(f"95 %: {interval[0]:.3f} … {interval[1]:.3f}")
    if (shots := number(result, "shots")) is not None:
        parts.append(f"{shots:.3g} shots")
    return " · ".join(parts)
