"""One figure per run, drawn from what the run recorded and concluded; nothing here measures or fits.

`style` is what all figures share, `words` how values are quoted, `columns` finds the recorded columns; then one module
per sequence: `wiring`, `delays`, `odmr`, `rabi`, `locate`, `align`, `relaxometry`, `calibrate`, `cool`, `tomography`
(with the density matrix), `engine`; `predictions` draws the paper's Fig. 3. A figure shows what is there: a missing
column or result leaves its part out.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from labctl.figures.columns import Points

SEQUENCES = (
    "wiring",
    "delays",
    "odmr",
    "rabi",
    "locate",
    "align",
    "relaxometry",
    "calibrate",
    "cool",
    "tomography",
    "engine",
)


def draw(sequence: str, points: "Points", result: Mapping[str, Any]) -> "Figure | None":
    """The figure of a run, or None for a sequence that has none or a run that recorded nothing to show.

    points: column name -> values, nan where a point lacks the column. result: the keys of the sequence's result.
    """
    if sequence not in SEQUENCES:
        return None
    module = import_module(f"labctl.figures.{sequence}")
    drawn = cast("Callable[[Points, Mapping[str, Any]], Figure | None]", module.figure)
    return drawn(points, result)
