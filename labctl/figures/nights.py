"""How long an experiment would take: a map with contours at one night and where entanglement ends."""

from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from labctl.figures.style import CYCLE, GUIDE, MODEL, dress, legend, legend_below, new_figure

Real = NDArray[np.float64]

NIGHT_H: Final = 12.0
"""Of laboratory time."""
_AXES: Final = {
    "separation_nm": "separation of the NVs (nm)",
    "c13_percent": "13C content (%)",
    "t2star_us": "T2* at 1.1 % 13C (µs)",
    "pump_fidelity": "pump fidelity F",
    "doughnut_null": "null of the doughnut over its crest",
    "doughnut_mw": "power of the doughnut (mW)",
}
_EVEN_RATIOS: Final = ("c13_percent", "t2star_us", "doughnut_null", "doughnut_mw")
_HOURS: Final = "laboratory time to {:g} sigma (h)"
_LEAST_RATIO: Final = 1.5
_FEW: Final = 9
"""Values of an axis that are written beside it, each of them."""


def draw_nights(prediction: dict[str, Any]) -> Figure:
    """A map, or a line where only one of the axes has several values. White: not within the run's own hours."""
    figure = new_figure()
    axes = figure.add_subplot()
    x, y = prediction["axes"]
    hours, signed = (np.array(prediction[name], dtype=float) for name in ("hours", "signed_concurrence"))
    if min(hours.shape) < 2:
        return _line(figure, axes, prediction, hours, signed)
    columns, rows = np.argsort(prediction[x]), np.argsort(prediction[y])
    across, up = np.array(prediction[x])[columns], np.array(prediction[y])[rows]
    hours, signed = hours[np.ix_(rows, columns)], signed[np.ix_(rows, columns)]
    if np.any(np.isfinite(hours)):
        low, high = np.nanmin(hours), np.nanmax(hours)
        limits = LogNorm(low, max(high, _LEAST_RATIO * low))
        edges = _edges(across, _is_log(x, across)), _edges(up, _is_log(y, up))
        mesh = axes.pcolormesh(*edges, np.ma.masked_invalid(hours), cmap="viridis_r", norm=limits)
        bar = figure.colorbar(mesh, ax=axes, label=_HOURS.format(prediction["wanted_significance"]))
        bar.ax.yaxis.set_major_formatter("{x:g}")
        bar.ax.yaxis.set_minor_formatter("{x:g}")
    _contour(axes, across, up, hours, NIGHT_H, ("black", "-", f"one night, {NIGHT_H:g} h"))
    _contour(axes, across, up, signed, 0.0, (CYCLE[1], "--", "entanglement ends"))
    _mark(axes, prediction)
    for name, values, set_scale, axis in (
        (x, across, axes.set_xscale, axes.xaxis),
        (y, up, axes.set_yscale, axes.yaxis),
    ):
        if _is_log(name, values):
            set_scale("log")
            axis.set_major_formatter("{x:g}")
        if len(values) <= _FEW:
            axis.set_ticks(values, labels=[f"{value:.3g}" for value in values])
            axis.set_ticks([], minor=True)
    dress(axes, _title(prediction), _AXES[x], _AXES[y])
    axes.grid(False)
    legend_below(figure, axes)
    return figure


def _is_log(name: str, values: Real) -> bool:
    return name in _EVEN_RATIOS and float(np.min(values)) > 0.0


def _edges(values: Real, is_log: bool) -> Real:
    """(n + 1,): of fields around ascending values (n,), in the middle between them as the axis shows it."""
    at = np.log(values) if is_log else values
    inner = 0.5 * (at[1:] + at[:-1])
    edges = np.concatenate([[2.0 * at[0] - inner[0]], inner, [2.0 * at[-1] - inner[-1]]])
    return np.asarray(np.exp(edges) if is_log else edges)


def _contour(
    axes: Axes,
    across: Real,
    up: Real,
    values: Real,
    level: float,
    looks: tuple[str, str, str],
) -> None:
    """A line at one level, where the map has it. looks: colour, style, words."""
    if not np.any(np.isfinite(values)) or not np.nanmin(values) < level < np.nanmax(values):
        return
    colour, style, words = looks
    axes.contour(across, up, np.ma.masked_invalid(values), levels=[level], colors=colour, linestyles=style)
    axes.plot([], [], color=colour, linestyle=style, label=words)


def _mark(axes: Axes, prediction: dict[str, Any]) -> None:
    """The pair of a data folder: at its separation, and at its 13C content if that is the other axis and is known."""
    found, names = prediction.get("found"), prediction["axes"]
    if found is None or "separation_nm" not in names:
        return
    apart, content = found["separation_nm"], found["c13_percent"]
    label = f"the pair found, {apart:.1f} nm"
    if set(names) == {"separation_nm", "c13_percent"} and content is not None:
        place = {"separation_nm": apart, "c13_percent": content}
        axes.plot(*(place[name] for name in names), "o", color=MODEL, markeredgecolor="white", label=label)
    elif names[0] == "separation_nm":
        axes.axvline(apart, color=MODEL, linestyle=":", label=label)
    else:
        axes.axhline(apart, color=MODEL, linestyle=":", label=label)


def _title(p: dict[str, Any]) -> str:
    words = {
        "separation_nm": "{:g} nm",
        "c13_percent": "{:g} % 13C",
        "t2star_us": "T2* = {:g} µs at 1.1 % 13C",
        "pump_fidelity": "F = {:g}",
        "doughnut_null": "null {:g}",
        "doughnut_mw": "{:g} mW",
    }
    return ", ".join(text.format(p[name]) for name, text in words.items() if name not in p["axes"])


def _line(figure: Figure, axes: Axes, p: dict[str, Any], hours: Real, signed: Real) -> Figure:
    along, other = p["axes"] if hours.shape[0] == 1 else p["axes"][::-1]
    values, label = np.array(p[along]), f"{_AXES[other]}: {p[other][0]:g}"
    axes.plot(values, hours.ravel(), "o-", color=CYCLE[0], label=label)
    axes.axhline(NIGHT_H, color=GUIDE, linewidth=0.8, linestyle="--")
    dead = signed.ravel() <= 0.0
    if dead.any():
        axes.plot(values[dead], np.full(dead.sum(), NIGHT_H), "x", color=CYCLE[1], label="not entangled")
    if _is_log(along, values):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    dress(axes, _title(p), _AXES[along], _HOURS.format(p["wanted_significance"]))
    legend(axes)
    return figure
