"""One figure per run, drawn from what the run recorded and concluded; nothing here measures or fits.

`style` is what all figures share, `words` how values are quoted, `headline` which of them, `columns` finds the recorded
columns. `generic` draws any experiment from its columns, by the rules of `series`. Experiments of ours have a module
each: `wiring`, `delays`, `odmr`, `rabi`, `locate`, `align`, `relaxometry`, `calibrate`, `cool`, `tomography` (with the
density matrix), `engine`; `predictions` draws the paper's Fig. 3, `survival` what is left of it in a real diamond,
`overlay` several runs over each other. A figure shows what is there: a missing column or result leaves its part out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from sequences.experiment import GENERIC, NO_FIGURE
from sequences.found import EXPERIMENTS
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
