"""Delays: count rate tick by tick about a beam's edges, and what is left of a half turn that a coil cuts short."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.common.numbers import quoted
from labctl.figures.columns import Points, number, together
from labctl.figures.style import CYCLE, DATA, GUIDE, MODEL, dress, legend, new_figure

_BEAMS: Final = ("pump", "depletion")
_COILS: Final = ("shift", "gradient")


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if nothing was measured."""
    panels = [panel for panel in (_light, _pulses) if panel(None, points, result)]
    if not panels:
        return None
    drawn = new_figure(9.0 if len(panels) > 1 else 7.0, 3.8)
    for axes, panel in zip(drawn.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        panel(axes, points, result)
    said = [f"{name} {quoted(late, number(result, f'{key}_err'), 'ns')}" for name, key, late in _found(result)]
    drawn.suptitle(" · ".join(["Delays", *said]), fontsize=9)
    return drawn


def _found(result: Mapping[str, Any]) -> list[tuple[str, str, float]]:
    keys = (("pump", "pump_ns"), ("depletion", "depletion_ns"), ("rise", "rise_ns"), ("microwave", "mw_ns"))
    return [(name, key, late) for name, key in keys if (late := number(result, key)) is not None]


def _light(axes: Axes | None, points: Points, result: Mapping[str, Any]) -> bool:
    """Rates at the most power, after either edge; False if no light was looked at."""
    data = together(points, "beam", "power", "rising", "window_ns", "rate_cps")
    if data is None:
        return False
    if axes is None:
        return True
    beam, power, rising, window_ns, rate = data
    for k, name in enumerate(_BEAMS):
        for up, marker, edge in ((1, "^", "up"), (0, "v", "down")):
            chosen = (beam == k) & (power == 1.0) & (rising == up)
            if chosen.any():
                label = f"{name}, line {edge}"
                axes.plot(window_ns[chosen], rate[chosen] / 1e3, marker, color=CYCLE[k], markersize=4, label=label)
        if (late := number(result, f"{name}_ns")) is not None:
            axes.axvline(late, color=CYCLE[k], linewidth=0.8, linestyle="--")
    dress(axes, "", "begin of the counted tick after the line's edge (ns)", "count rate (kcps)")
    legend(axes, loc="center right")
    return True


def _pulses(axes: Axes | None, points: Points, result: Mapping[str, Any]) -> bool:
    """The scan of a stretch off resonance, as long as the pulse, against it; False without pulses."""
    data = together(points, "coil", "pulse_ns", "away_from_ns", "away_to_ns", "ratio", "ratio_err")
    if data is None:
        return False
    if axes is None:
        return True
    coil, pulse_ns, from_ns, to_ns, ratio, error = data
    scanned = (pulse_ns > 0) & np.isclose(to_ns - from_ns, pulse_ns)
    for k, (name, color) in enumerate(zip(_COILS, (DATA, MODEL), strict=True)):
        chosen = scanned & (coil == k)
        if chosen.any():
            axes.errorbar(from_ns[chosen], ratio[chosen], error[chosen], fmt="o", color=color, markersize=4, label=name)
    if (late := number(result, "mw_ns")) is not None:
        axes.axvline(late, color=GUIDE, linewidth=0.8, linestyle="--")
    dress(axes, "", "off resonance from … on, after the pulse's line (ns)", "signal / reference")
    legend(axes, loc="best", title="taken off by")
    return True
