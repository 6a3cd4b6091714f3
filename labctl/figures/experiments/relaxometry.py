"""Relaxometry: what a contact with the baths leaves of the inversion, against the field along the axis."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.common.numbers import quoted
from labctl.figures.columns import Points, number, together
from labctl.figures.style import DATA, GUIDE, dress, legend, new_figure


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if no dip was recorded."""
    if not plot_dip(None, points):
        return None
    drawn = new_figure()
    axes = drawn.add_subplot()
    plot_dip(axes, points)
    axes.set_title(" · ".join(["Relaxation", *_found(result)]), fontsize=10)
    return drawn


def plot_dip(axes: Axes | None, points: Points) -> bool:
    """The dip, on the axes unless None; False if it was not recorded."""
    data = together(points, "offset_ut", "contact_us", "surviving", "surviving_err")
    if data is None:
        return False
    if axes is None:
        return True
    offset, contact, surviving, error = data
    for colour, chosen, label in ((GUIDE, contact == 0, "without contact"), (DATA, contact > 0, "after contact")):
        if chosen.any():
            axes.errorbar(
                offset[chosen], surviving[chosen], error[chosen], fmt="o", color=colour, markersize=4, label=label
            )
    dress(axes, "Relaxation dip", "field along the axis, from the first guess (µT)", "population difference left")
    legend(axes)
    return True


def _found(result: Mapping[str, Any]) -> list[str]:
    rate, width = number(result, "rate_per_s"), number(result, "half_width_khz")
    parts = []
    if rate is not None:
        error = number(result, "rate_per_s_err")
        parts.append("Γ₁ = " + quoted(rate * 1e-3, error * 1e-3 if error else None, "× 10³/s"))
    if width is not None:
        parts.append("half width " + quoted(width, number(result, "half_width_khz_err"), "kHz"))
    return parts
