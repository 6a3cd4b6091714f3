"""Alignment, stage by stage: field across the axis, detuning from the 13C resonance, and the relaxation dip."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.common.numbers import quoted
from labctl.figures.columns import Points, error_of, named, number, together
from labctl.figures.experiments.relaxometry import plot_dip
from labctl.figures.style import DATA, GUIDE, MODEL, THIRD, dress, legend, new_figure

_ACROSS_LIMIT_UT = 2.0


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if no stage was recorded."""
    panels = [panel for panel in (_across, _detuning, _dip) if panel(None, points, result)]
    if not panels:
        return None
    drawn = new_figure(4.0 * max(len(panels), 2), 4.0)
    for axes, panel in zip(drawn.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        panel(axes, points, result)
    drawn.suptitle(_title(result), fontsize=10)
    return drawn


def _across(axes: Axes | None, points: Points, result: Mapping[str, Any]) -> bool:
    column = named(points, "transverse_ut", "*transverse*_ut", "*across*_ut")
    if together(points, column) is None:
        return False
    if axes is not None:
        _staged(axes, points, str(column), number(result, "transverse_ut"), DATA)
        axes.axhline(_ACROSS_LIMIT_UT, color=GUIDE, linestyle="--", linewidth=0.9, label="needed")
        axes.set_yscale("log", nonpositive="mask")
        dress(axes, "Field across the axis", axes.get_xlabel(), "B⊥ (µT)")
        legend(axes)
    return True


def _detuning(axes: Axes | None, points: Points, result: Mapping[str, Any]) -> bool:
    column = named(points, "detuning_khz", "*detuning*_khz")
    if together(points, column) is None:
        return False
    if axes is not None:
        _staged(axes, points, str(column), number(result, "detuning_khz"), THIRD)
        axes.set_yscale("log", nonpositive="mask")
        dress(axes, "Detuning from the 13C line", axes.get_xlabel(), "|δ| (kHz)")
    return True


def _dip(axes: Axes | None, points: Points, result: Mapping[str, Any]) -> bool:  # noqa: ARG001  # a panel as the others
    return plot_dip(axes, points)


def _staged(axes: Axes, points: Points, column: str, final: float | None, colour: str) -> None:
    """Magnitudes against the stage's number, its field, or simply its order."""
    x = named(points, "stage", "stage*", "target*_mt", "step*")
    data = together(points, x, column) or together(points, column)
    assert data is not None
    stage, values = (data[0], data[1]) if len(data) == 2 else (np.arange(1.0, len(data[0]) + 1), data[0])
    with_errors = together(points, column, error_of(points, column))
    bars = with_errors[1] if with_errors is not None and len(with_errors[1]) == len(values) else None
    axes.errorbar(stage, np.abs(values), bars, fmt="o-", color=colour, markersize=4, linewidth=1)
    if final is not None:
        axes.axhline(abs(final), color=MODEL, linestyle=":", linewidth=1.2, label="at the end")
    axes.set_xlabel("field aimed at (mT)" if x and x.endswith("_mt") else "stage")


def _title(result: Mapping[str, Any]) -> str:
    values = (
        ("field_mt", "B∥ =", "mT", "field_err_mt"),
        ("transverse_ut", "B⊥ =", "µT", "transverse_err_ut"),
        ("detuning_khz", "δ =", "kHz", "detuning_err_khz"),
    )
    parts = ["Alignment"]
    for key, name, unit, error in values:
        if (value := number(result, key)) is not None:
            quote = quoted(value, number(result, f"{key}_err") or number(result, error), unit)
            parts.append(f"{name} {f'{value:.4f} mT' if key == 'field_mt' and '±' not in quote else quote}")
    return " · ".join(parts)
