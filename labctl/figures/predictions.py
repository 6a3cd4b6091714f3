"""The paper's Fig. 3 a, b, c, from the numbers of labctl.predictions.engine."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from labctl.figures.style import CYCLE, DATA, GUIDE, INTENSITY, THIRD, dress, legend, new_figure

_COUPLING = {"paper": "eq. 11, g = ω_dd/4", "spin1": "spin 1, g = ω_dd/2"}


def draw_prediction(prediction: dict[str, Any]) -> Figure:
    """Picture of any of the predictions."""
    return _DRAW[prediction["prediction"]](prediction)


def _steady_state(p: dict[str, Any]) -> Figure:
    figure = new_figure()
    axes = figure.add_subplot()
    g, polarisation = np.array(p["g_rad_per_s"]) * 1e-3, np.array(p["polarisation"]) * 100.0
    values = np.array(p["concurrence"])
    title = f"Steady state, {p['c13_percent']:g} % 13C ({_COUPLING[p['coupling']]})"
    if min(values.shape) == 1:
        x, label = (g, "coupling g (10³ rad/s)") if values.shape[1] > 1 else (polarisation, "polarisation (%)")
        axes.plot(x, values.ravel(), "o-" if values.size < 12 else "-", color=DATA)
        dress(axes, title, label, "concurrence")
        return figure
    mesh = axes.pcolormesh(g, polarisation, values, cmap=INTENSITY, shading="gouraud", rasterized=True)
    if values.max() > 0:
        axes.contour(
            g,
            polarisation,
            values,
            levels=np.linspace(0, values.max(), 7)[1:-1],
            colors="white",
            linewidths=0.5,
            alpha=0.7,
        )
        axes.plot(p["best"]["g_rad_per_s"] * 1e-3, p["best"]["polarisation"] * 100, "w*", markersize=9, clip_on=False)
    figure.colorbar(mesh, ax=axes, label="concurrence")
    dress(axes, title, "coupling g (10³ rad/s)", "polarisation of the cold bath (%)")
    axes.grid(False)
    return figure


def _optimal_coupling(p: dict[str, Any]) -> Figure:
    figure = new_figure()
    axes = figure.add_subplot()
    marker = "o" if len(p["c13_percent"]) < 15 else ""
    axes.loglog(p["c13_percent"], np.array(p["g_rad_per_s"]) * 1e-3, marker=marker, color=DATA, label="coupling")
    dress(
        axes,
        f"Best coupling, p = {p['polarisation']:g} ({_COUPLING[p['coupling']]})",
        "13C content (%)",
        "g (10³ rad/s)",
    )
    distance = axes.twinx()
    distance.loglog(
        p["c13_percent"], p["separation_nm"], "--", marker=marker, color=THIRD, label="distance side by side"
    )
    distance.set_ylabel("distance (nm)")
    for axis in (axes.xaxis, axes.yaxis, distance.yaxis):
        axis.set_major_formatter("{x:g}")
    distance.yaxis.set_minor_formatter("{x:g}")
    lines = [*axes.get_lines(), *distance.get_lines()]
    axes.legend(lines, [str(line.get_label()) for line in lines], frameon=False, fontsize=8, loc="center left")
    return figure


def _transient(p: dict[str, Any]) -> Figure:
    figure = new_figure()
    axes = figure.add_subplot()
    for k, curve in enumerate(p["curves"]):
        colour = CYCLE[k % len(CYCLE)]
        label = f"{curve['c13_percent']:g} % 13C, g = {curve['g_rad_per_s'] * 1e-3:.3g}·10³ rad/s"
        axes.plot(p["evolution_us"], curve["concurrence"], color=colour, label=label)
        axes.axhline(curve["steady_state_concurrence"], color=GUIDE, linewidth=0.8, linestyle=":")
    dress(axes, f"Transient, p = {p['polarisation']:g} (dotted: steady state)", "evolution time (µs)", "concurrence")
    axes.set_ylim(bottom=0.0)
    legend(axes)
    return figure


def _polarisations(p: dict[str, Any]) -> Figure:
    figure = new_figure(9.0, 4.2)
    left, right = np.array(p["polarisation_left"]), np.array(p["polarisation_right"])
    rows, columns = np.argsort(left), np.argsort(right)
    for k, (name, title) in enumerate((("steady", "Steady state"), ("transient", "Best of the transient"))):
        axes = figure.add_subplot(1, 2, k + 1)
        values = np.array(p[f"{name}_signed_concurrence"])[np.ix_(rows, columns)]
        if min(values.shape) == 1:
            x = right if len(right) > 1 else left
            axes.plot(np.sort(x), values.ravel(), color=DATA)
            dress(axes, title, "polarisation of a bath", "signed concurrence")
            continue
        mesh = axes.pcolormesh(right[columns], left[rows], values, cmap=INTENSITY, shading="gouraud", rasterized=True)
        if values.min() < 0.0 < values.max():
            axes.contour(right[columns], left[rows], values, levels=[0.0], colors="white", linewidths=1.0)
        figure.colorbar(mesh, ax=axes, label="signed concurrence (white: entanglement ends)")
        dress(axes, title, "polarisation of the right bath", "polarisation of the left bath")
        axes.grid(False)
    figure.suptitle(f"{p['c13_percent']:g} % 13C, qubits {p['detuning_khz']:g} kHz apart", fontsize=10)
    return figure


_DRAW = {
    "polarisations": _polarisations,
    "steady-state": _steady_state,
    "optimal-coupling": _optimal_coupling,
    "transient": _transient,
}
