"""Parts that the views' plots are made of: axes with units, points with error bars, bands, curves, few enough to paint.

Every part has `show(...)`, which replaces what it shows, and `clear()`.
"""

import html
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.gui.widgets.axes import NumberedAxis, least_px
from labctl.gui.widgets.theme import Theme

Real = NDArray[np.float64]

MOST_DRAWN: Final = 2000
"""Points of a curve that are painted: more than a screen has columns."""


def new_plot(theme: Theme, x: str, y: str, title: str = "") -> Any:
    """A plot with labelled axes and a faint grid. x, y: with the unit, like 'evolution time (µs)'."""
    plot = bare_plot()
    dress(plot.getPlotItem(), theme, x, y, title)
    return plot


def bare_plot() -> Any:
    """A plot with axes of ours."""
    plot = pg.PlotWidget(axisItems={side: NumberedAxis(side) for side in ("bottom", "left")})
    plot.setMinimumHeight(least_px())
    plot.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)  # keys do nothing in it
    return plot


def dress(item: Any, theme: Theme, x: str, y: str, title: str = "") -> None:
    """Labels, title, grid and colours of a plot item."""
    for side, label in (("bottom", x), ("left", y)):
        axis = item.getAxis(side)
        axis.enableAutoSIPrefix(False)
        axis.setStyle(maxTickLevel=0)  # finer grids cost most of a frame, and help nobody
        axis.setLabel(label, color=theme.text)
        axis.setTextPen(theme.text)
        axis.setPen(theme.faint)
    item.setTitle(title or None, color=theme.text, size="10pt")
    item.showGrid(x=True, y=True, alpha=0.15)
    item.setMenuEnabled(True)
    item.hideButtons()


def on_click(plot: Any, take: Callable[[float, float], None]) -> None:
    """Tell where somebody clicks into a plot with the left button, in its own units."""

    def clicked(event: Any) -> None:
        box = plot.getPlotItem().getViewBox()
        if event.button() == QtCore.Qt.MouseButton.LeftButton and box.sceneBoundingRect().contains(event.scenePos()):
            at = box.mapSceneToView(event.scenePos())
            take(float(at.x()), float(at.y()))

    plot.scene().sigMouseClicked.connect(clicked)


class ErrorPoints:
    """Points with error bars of one sigma."""

    def __init__(
        self,
        item: Any,
        colour: str,
        name: str | None = None,
        size: float = 7.0,
        symbol: str = "o",
        is_hollow: bool = False,
    ) -> None:
        """item: the plot item; name: for its legend."""
        self._bars = pg.ErrorBarItem(x=np.zeros(0), y=np.zeros(0), pen=pg.mkPen(colour, width=1.5), beam=0.0)
        pen = pg.mkPen(colour, width=1.8) if is_hollow else pg.mkPen(None)
        brush = pg.mkBrush(None if is_hollow else colour)
        self._points = pg.ScatterPlotItem(pen=pen, brush=brush, size=size, symbol=symbol, name=name)
        item.addItem(self._bars)
        item.addItem(self._points)

    def show(self, x: Real, y: Real, error: Real | None = None) -> None:
        """Replace the points; without errors there are no bars."""
        self._points.setData(x=x, y=y)
        if error is None or not len(x):
            self._bars.setData(x=np.zeros(0), y=np.zeros(0), top=None, bottom=None)
        else:
            self._bars.setData(x=x, y=y, top=error, bottom=error)
        self._bars.setVisible(error is not None and len(x) > 0)  # an empty one would draw the view's range to (0, 0)

    def clear(self) -> None:
        """Show nothing."""
        self.show(np.zeros(0), np.zeros(0))

    @property
    def shown(self) -> tuple[Real, Real]:
        """What is painted: x, y."""
        x, y = self._points.getData()
        return np.asarray(x, dtype=float), np.asarray(y, dtype=float)


class Curve:
    """A line through points; a gap where a value is nan."""

    def __init__(
        self, item: Any, colour: str, name: str | None = None, width: float = 2.0, dashed: bool = False
    ) -> None:
        style = QtCore.Qt.PenStyle.DashLine if dashed else QtCore.Qt.PenStyle.SolidLine
        self._curve = pg.PlotCurveItem(pen=pg.mkPen(colour, width=width, style=style), name=name, connect="finite")
        item.addItem(self._curve)

    def show(self, x: Real, y: Real) -> None:
        """Replace the curve."""
        self._curve.setData(x=np.asarray(x, dtype=float), y=np.asarray(y, dtype=float))

    def clear(self) -> None:
        """Show nothing."""
        self.show(np.zeros(0), np.zeros(0))

    @property
    def shown(self) -> tuple[Real, Real]:
        """What is painted: x, y."""
        x, y = self._curve.getData()
        return (np.zeros(0), np.zeros(0)) if x is None else (x, y)


class Band:
    """The area between two curves."""

    def __init__(self, item: Any, colour: str, alpha: int = 50) -> None:
        """alpha: 0 to 255."""
        self._low, self._high = pg.PlotCurveItem(pen=None), pg.PlotCurveItem(pen=None)
        shade = QtGui.QColor(colour)
        shade.setAlpha(alpha)
        item.addItem(self._low)
        item.addItem(self._high)
        self._area = pg.FillBetweenItem(self._low, self._high, brush=shade)
        item.addItem(self._area)

    def show(self, x: Real, low: Real, high: Real) -> None:
        """Replace the band. All finite."""
        self._low.setData(x=np.asarray(x, dtype=float), y=np.asarray(low, dtype=float))
        self._high.setData(x=np.asarray(x, dtype=float), y=np.asarray(high, dtype=float))
        self._area.setVisible(len(x) > 0)  # an empty one would draw the view's range to (0, 0)

    def clear(self) -> None:
        """Show nothing."""
        self.show(np.zeros(0), np.zeros(0), np.zeros(0))

    @property
    def shown(self) -> tuple[Real, Real, Real]:
        """What is painted: x, low, high."""
        (x, low), (_, high) = self._low.getData(), self._high.getData()
        return (np.zeros(0), np.zeros(0), np.zeros(0)) if x is None else (x, low, high)


def guide(item: Any, theme: Theme, at: float, vertical: bool, label: str = "", in_view: bool = False) -> Any:
    """A dashed straight line with a label; move it with `.setPos(value)`. in_view: the range always contains it."""
    pen = pg.mkPen(theme.faint, width=1, style=QtCore.Qt.PenStyle.DashLine)
    line = pg.InfiniteLine(
        pos=at, angle=90 if vertical else 0, pen=pen, label=label or None, labelOpts={"color": theme.faint}
    )
    item.addItem(line, ignoreBounds=not in_view)
    return line


def keyed(plot: Any, theme: Theme, tip: str, *entries: tuple[str, str, str]) -> Any:
    """A plot beneath its legend, which wraps in a narrow dock and never hides a point. entries: sign, colour, text."""
    both, write = legend_of(plot, theme, tip)
    write(entries)
    return both


def legend_of(plot: Any, theme: Theme, tip: str) -> tuple[Any, Callable[[Sequence[tuple[str, str, str]]], None]]:
    """A plot beneath a legend, and what writes other entries into it; without any it is not to be seen."""
    plot.getPlotItem().setToolTip(f"<p>{tip}</p>")  # of the item: a graphics view asks its items alone
    legend = QtWidgets.QLabel()

    def write(entries: Sequence[tuple[str, str, str]]) -> None:
        marks = (
            f'<span style="color:{colour}">{sign}</span>&nbsp;{html.escape(text).replace(" ", "&nbsp;")}'
            for sign, colour, text in entries
        )
        if (words := " &nbsp; ".join(marks)) != legend.text():
            legend.setText(words)
        legend.setVisible(bool(words))

    legend.setObjectName("legend")
    legend.setWordWrap(True)
    legend.setToolTip(f"<p>{tip}</p>")
    legend.setStyleSheet(f"background: {theme.base}; color: {theme.text}; padding: 2px 6px;")
    both = QtWidgets.QWidget()
    layout = QtWidgets.QVBoxLayout(both)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(legend)
    layout.addWidget(plot, 1)
    return both, write


def thinned(x: Real, *columns: Real, most: int = MOST_DRAWN) -> Sequence[Real]:
    """So many points that painting them is quick: means of equal numbers of neighbours, x ascending."""
    if len(x) <= most:
        return x, *columns
    edges = np.linspace(0, len(x), most + 1).astype(int)
    counts = np.diff(edges)
    return tuple(np.add.reduceat(column, edges[:-1]) / counts for column in (x, *columns))
