"""One figure per run, drawn from what the run recorded and concluded; nothing here measures or fits.

A figure shows what is there: a missing column or result leaves its part out.

- `columns`: finding columns in what a run recorded: by name first, else by a pattern that carries the unit.
- `headline`: the numbers that a run is for, as its experiment names them or its result shows them.
- `style`: what all figures share: size, colours that colour-blind eyes can tell apart, a canvas without a window.
- `series`: what is drawn of points whose experiment has no picture of its own: the one rule.
- `generic`: the figure of an experiment that has none of its own: every column against what it was measured against.
- `overlay`: curves of several runs over each other: every column that all of them recorded, a colour for each run.
- `experiments`: the figures of our experiments, a module for each.
- `predictions`: the paper's Fig. 3 a, b, c.
- `survival`: whether a pair would entangle: a map with a contour where entanglement ends.
- `nights`: how long an experiment would take: a map with contours at one night and where entanglement ends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from sequences.core.discovery import EXPERIMENTS
from sequences.core.experiment import GENERIC, NO_FIGURE
from sequences.results import Column

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labctl.figures.columns import Points


@dataclass(frozen=True)
class How:
    """How a run is drawn: another process can do it that knows no experiment."""

    figure: str
    """'package.module:function', or GENERIC."""
    columns: tuple[Column, ...]
    title: str


def how(sequence: str, result: Mapping[str, Any], columns: Sequence[Column] = ()) -> How | None:
    """How the runs of a sequence are drawn; None if not at all. columns: as recorded, if they are at hand."""
    from labctl.figures.headline import title

    experiment = EXPERIMENTS.get(sequence)
    figure = GENERIC if experiment is None else experiment.figure
    drawn = tuple(columns) or (() if experiment is None else experiment.columns)
    if figure == NO_FIGURE or (figure == GENERIC and not drawn):
        return None
    return How(figure, drawn, title(sequence, result))


def drawn(how: How, points: "Points", result: Mapping[str, Any]) -> "Figure | None":
    """The figure, or None if the run recorded nothing to show.

    points: column name -> values, nan where a point lacks the column. result: the keys of the sequence's result.
    """
    if how.figure == GENERIC:
        from labctl.figures import generic

        return generic.figure(points, how.columns, how.title)
    module, _, function = how.figure.partition(":")
    return cast("Figure | None", getattr(import_module(module), function)(points, result))


def draw(sequence: str, points: "Points", result: Mapping[str, Any], columns: Sequence[Column] = ()) -> "Figure | None":
    """The figure of a run; of an experiment that is not known here, from its columns alone."""
    said = how(sequence, result, columns)
    return None if said is None else drawn(said, points, result)
