"""The calibration: photons a shot of every program, how well the fitted pair explains every play of it, and the pair's
imperfections in numbers.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.common.numbers import quoted
from labctl.figures.columns import Points, Real, number, together
from labctl.figures.style import DATA, GUIDE, MODEL, dress, legend, new_figure

_BEAMS: Final = ((0.0, "Gaussian beam: both NVs", DATA), (1.0, "doughnut: right NV", MODEL))


def figure(points: Points, result: Mapping[str, Any]) -> Figure | None:
    """None if no program was counted."""
    data = together(points, "program", "beam", "repeats", "counts")
    if data is None:
        return None
    pulls = np.asarray(result.get("pulls") or [], dtype=float)[-len(data[0]) :]
    program, beam, repeats, counts = (column[-len(pulls) :] for column in data) if len(pulls) else data
    drawn = new_figure(8.0, 5.4 if len(pulls) else 3.6)
    panels = drawn.subplots(2 if len(pulls) else 1, 1, sharex=True, squeeze=False)[:, 0]
    _photons(panels[0], program, beam, repeats, counts)
    if len(pulls):
        _pulls(panels[1], program, beam, pulls)
    panels[-1].set_xlabel("number of the program")
    drawn.suptitle("\n".join(_titles(result)), fontsize=10)
    return drawn


def _photons(axes: Axes, program: Real, beam: Real, repeats: Real, counts: Real) -> None:
    """All plays of a program together."""
    for value, name, colour in _BEAMS:
        seen = beam == value
        if not seen.any():
            continue
        numbers, place = np.unique(program[seen], return_inverse=True)
        counted, shots = (np.bincount(place, weights=column[seen]) for column in (counts, repeats))
        axes.errorbar(
            numbers, counted / shots, np.sqrt(counted) / shots, fmt="o", markersize=3, color=colour, label=name
        )
    dress(axes, "", "", "photons a shot")
    legend(axes, loc="best")


def _pulls(axes: Axes, program: Real, beam: Real, pulls: Real) -> None:
    """One dot a play: those of a program that was played in many rounds stand above each other."""
    for value, _, colour in _BEAMS:
        seen = beam == value
        axes.plot(program[seen], pulls[seen], "o", markersize=2.5, alpha=0.6, color=colour, markeredgewidth=0)
    axes.axhspan(-1.0, 1.0, color=GUIDE, alpha=0.12, linewidth=0)
    dress(axes, "", "", "(measured − fitted) / σ")


def _titles(result: Mapping[str, Any]) -> list[str]:
    talk, chi2, p = (number(result, key) for key in ("cross_talk", "reduced_chi2", "p_value"))
    first = ["Calibration"]
    first += [f"cross-talk {quoted(talk, number(result, 'cross_talk_err'))}"] if talk is not None else []
    likely = f", p = {p:.2g}" if p is not None else ""
    first += [f"χ² {chi2:.2f} per degree of freedom{likely}"] if chi2 is not None else []
    second = [_both(result, "fidelity", "F"), _both(result, "spread_khz", "spread", " kHz")]
    nitrogen = number(result, "nitrogen")
    third = [f"m_I = +1: {quoted(nitrogen, number(result, 'nitrogen_err'))}"] if nitrogen is not None else []
    third += [_both(result, "charged", "negative")]
    return [" · ".join(part for part in parts if part) for parts in (first, second, third) if any(parts)]


def _both(result: Mapping[str, Any], key: str, name: str, unit: str = "") -> str:
    """A number of the left and of the right NV; empty if it is not known."""
    values, errors = result.get(key), result.get(f"{key}_err")
    if not isinstance(values, Sequence) or len(values) != len(("left", "right")):
        return ""
    its = errors if isinstance(errors, Sequence) and len(errors) == len(values) else (None, None)
    return f"{name} {' | '.join(quoted(value, error) for value, error in zip(values, its, strict=True))}{unit}"
