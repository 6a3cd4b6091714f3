"""A target: a field across the axis as a point, logarithmic in its distance, so that 300 µT and 1 µT are both seen."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from pyqtgraph.Qt import QtCore

from labctl.gui.widgets.axes import NumberedAxis
from labctl.gui.widgets.plots import Curve, Real, new_plot
from labctl.gui.widgets.theme import Theme

_UNIT_UT: Final = 0.5
"""Within this the scale is linear, so that the centre is a point like any other."""
_RINGS_UT: Final = (1.0, 10.0, 100.0, 1000.0)
_ROUND: Final = np.linspace(0.0, 2.0 * np.pi, 121)
_TRAIL: Final = 40
_LEAST_UT: Final = 4.0
"""The picture never shows less than this."""


def drawn(b_ut: Real, c_ut: Real) -> tuple[Real, Real]:
    """Where fields are drawn: the direction as it is, the distance as its arsinh."""
    size = np.hypot(b_ut, c_ut)
    scale = np.arcsinh(size / _UNIT_UT) / np.where(size > 0.0, size, 1.0)
    return b_ut * scale, c_ut * scale


class Target:
    """The plot and what is in it."""

    def __init__(self, theme: Theme, limit_ut: float) -> None:
        self.plot = new_plot(theme, "B across, first component b (log)", "second component c (log)")
        item = self.plot.getPlotItem()
        item.setAspectLocked(True)
        item.showGrid(x=False, y=False)
        for side in ("bottom", "left"):
            item.getAxis(side).setTicks([[]])
        self._labels = [self._ring(theme, size) for size in _RINGS_UT]
        self.limit = Curve(item, theme.ok, "tolerance")
        self._error = pg.PlotCurveItem(pen=pg.mkPen(theme.data, width=1), fillLevel=None)
        item.addItem(self._error)
        self._trail = pg.ScatterPlotItem(pen=pg.mkPen(None), size=5)
        self._point = pg.ScatterPlotItem(pen=pg.mkPen(theme.text), brush=pg.mkBrush(theme.data), size=11)
        item.addItem(self._trail)
        item.addItem(self._point)
        self._theme = theme
        self.seen: list[tuple[float, float]] = []
        """(b, c) in µT, oldest first, since this run is shown."""
        self.set_limit(limit_ut)
        self.clear()

    def set_limit(self, limit_ut: float) -> None:
        """Radius of the tolerance."""
        self.limit.show(*drawn(limit_ut * np.cos(_ROUND), limit_ut * np.sin(_ROUND)))

    def put(self, now: tuple[float, float], error: tuple[float, float] | None) -> None:
        """The newest field; those before fade."""
        if not self.seen or self.seen[-1] != now:
            self.seen = [*self.seen[-_TRAIL:], now]
        b, c = drawn(*np.array(self.seen).T)
        self._trail.setData(x=b[:-1], y=c[:-1], brush=self._fading(len(b) - 1))
        self._point.setData(x=b[-1:], y=c[-1:])
        db, dc = error or (0.0, 0.0)
        self._error.setData(*drawn(now[0] + db * np.cos(_ROUND), now[1] + dc * np.sin(_ROUND)))
        farthest = max(
            2.0 * _UNIT_UT * 4.0, *(float(np.hypot(*s)) for s in self.seen), np.hypot(*now) + np.hypot(db, dc)
        )
        reach = 1.1 * float(np.arcsinh(farthest / _UNIT_UT))
        self.plot.getPlotItem().setRange(xRange=(-reach, reach), yRange=(-reach, reach), padding=0.0)

    def clear(self) -> None:
        """Nothing is known of the field."""
        self.seen = []
        for part in (self._trail, self._point, self._error):
            part.setData(x=[], y=[])

    @property
    def shown(self) -> tuple[Real, Real]:
        """Where the newest field is drawn."""
        x, y = self._point.getData()
        return np.asarray(x, dtype=float), np.asarray(y, dtype=float)

    def _fading(self, count: int) -> Sequence[Any]:
        brushes = []
        for k in range(count):
            colour = pg.mkColor(self._theme.data)
            colour.setAlpha(int(30 + 150 * (k + 1) / max(count, 1)))
            brushes.append(pg.mkBrush(colour))
        return brushes

    def _ring(self, theme: Theme, size_ut: float) -> Any:
        item = self.plot.getPlotItem()
        pen = pg.mkPen(theme.line, width=1, style=QtCore.Qt.PenStyle.DotLine)
        x, y = drawn(size_ut * np.cos(_ROUND), size_ut * np.sin(_ROUND))
        item.addItem(pg.PlotCurveItem(x, y, pen=pen), ignoreBounds=True)
        text = pg.TextItem(f"{size_ut:g} µT", color=theme.faint, anchor=(0.5, 0.5))
        text.setPos(0.0, float(y.max()))
        item.addItem(text, ignoreBounds=True)
        return text


class ScaledAxis(NumberedAxis):
    """A second scale of a plot: what stands on the left, times a factor."""

    def __init__(self, theme: Theme, text: str, factor: float, logarithmic: bool = False) -> None:
        super().__init__("right")
        self._factor, self._logarithmic = factor, logarithmic
        self.enableAutoSIPrefix(False)
        self.setLabel(text, color=theme.text)
        self.setTextPen(theme.text)
        self.setPen(theme.faint)
        if logarithmic:
            self.setLogMode(y=True)

    def set_factor(self, factor: float) -> None:
        """Another factor."""
        if factor != self._factor:
            self._factor = factor
            self.picture = None
            self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> Any:
        """Round numbers of this scale, where they stand on the left one."""
        low, high = self._here(minVal), self._here(maxVal)
        return [(step, [self._there(v) for v in values]) for step, values in super().tickValues(low, high, size)]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> Any:
        """Their names."""
        return super().tickStrings([self._here(v) for v in values], scale, spacing)

    def _here(self, value: float) -> float:
        return value + float(np.log10(self._factor)) if self._logarithmic else value * self._factor

    def _there(self, value: float) -> float:
        return value - float(np.log10(self._factor)) if self._logarithmic else value / self._factor


def add_scale(plot: Any, axis: ScaledAxis) -> None:
    """Put the second scale on the right of a plot."""
    item = plot.getPlotItem()
    item.setAxisItems({"right": axis})
    item.showAxis("right")
    axis.linkToView(item.getViewBox())
