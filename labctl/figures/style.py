"""What all figures share: size, colours that colour-blind eyes can tell apart, a canvas without a window."""

from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito's palette.
DATA: Final = "#0072B2"
MODEL: Final = "#D55E00"
THIRD: Final = "#009E73"
FOURTH: Final = "#CC79A7"
GUIDE: Final = "#7F7F7F"
CYCLE: Final = (DATA, MODEL, THIRD, FOURTH, "#E69F00", "#56B4E9")
INTENSITY: Final = "cividis"


def new_figure(width_in: float = 7.0, height_in: float = 4.2) -> Figure:
    """A figure that renders without a display and belongs to no global list."""
    figure = Figure(figsize=(width_in, height_in), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def dress(axes: Axes, title: str, x: str, y: str) -> None:
    """Title, axis labels with units, and a faint grid."""
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(True, alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def legend(axes: Axes, **options: Any) -> None:
    """A legend if anything has a label."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=8, **options)


def legend_below(figure: Figure, axes: Axes) -> None:
    """The legend under the axes, for data that fill them."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(5, len(labels)), frameon=False, fontsize=8)
