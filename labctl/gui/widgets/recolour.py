"""Another look for what stands on the screen already: every colour of the old one becomes that of the new one.

Nothing is made anew, so that nothing but colours can change: texts, zooms, tabs and torn-off docks stay. What paints
itself reads its theme when it paints; what keeps colours in another way has a method `recoloured`, called afterwards.
What is to look alike on every ground has `keeps_colours`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final

import pyqtgraph as pg
from pyqtgraph.Qt import QtGui, QtWidgets

from labctl.gui.widgets.theme import Theme

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}\b")


class Change:
    """From one theme to another."""

    def __init__(self, old: Theme, new: Theme) -> None:
        names = [field.name for field in fields(Theme) if field.name != "name"]
        self._new: Mapping[str, str] = {getattr(old, name).lower(): getattr(new, name) for name in names}

    def text(self, words: str) -> str:
        """A style sheet, or a rich text."""
        return _COLOUR.sub(lambda found: self._new.get(found[0].lower(), found[0]), words)

    def colour(self, old: Any) -> Any:
        """As transparent as it was."""
        was = pg.mkColor(old)
        new = QtGui.QColor(self._new.get(was.name(), was.name()))
        new.setAlpha(was.alpha())
        return new

    def pen(self, old: Any) -> Any:
        """As wide and as dashed as it was."""
        new = QtGui.QPen(pg.mkPen(old))
        new.setColor(self.colour(new.color()))
        return new

    def brush(self, old: Any) -> Any:
        """As filled as it was."""
        new = QtGui.QBrush(pg.mkBrush(old))
        new.setColor(self.colour(new.color()))
        return new


def recolour(window: Any, old: Theme, new: Theme) -> None:
    """Every widget of a window, and what is drawn in its plots."""
    change = Change(old, new)
    for widget in window.findChildren(QtWidgets.QWidget):
        _recolour_widget(widget, change)
    for widget in window.findChildren(QtWidgets.QWidget):
        if hasattr(widget, "recoloured"):
            widget.recoloured()
        widget.update()


def _recolour_widget(widget: Any, change: Change) -> None:
    if style := widget.styleSheet():
        widget.setStyleSheet(change.text(style))
    if isinstance(widget, QtWidgets.QLabel) and _COLOUR.search(words := widget.text()):
        widget.setText(change.text(words))
    if isinstance(widget, pg.GraphicsView):
        widget.setBackground("default")
        for item in widget.scene().items():
            _recolour_item(item, change)


def _recolour_item(item: Any, change: Change) -> None:
    if getattr(item, "keeps_colours", False):
        return
    for kind, dress in _DRESSING.items():
        if isinstance(item, kind):
            dress(item, change)
    if hasattr(item, "recoloured"):
        item.recoloured()
    item.update()


def _axis(axis: Any, change: Change) -> None:
    style = {**axis.labelStyle, "color": change.text(axis.labelStyle.get("color", ""))}
    is_shown = axis.label.isVisible()
    axis.setPen(change.pen(axis.pen()))
    axis.setTextPen(change.pen(axis.textPen()))  # both colour the label too
    axis.setLabel(axis.labelText, axis.labelUnits, axis.labelUnitPrefix, **style)
    axis.showLabel(is_shown)


def _label(label: Any, change: Change) -> None:
    if label.opts.get("color") is not None:
        label.setText(label.text, color=change.colour(label.opts["color"]))


def _legend(legend: Any, change: Change) -> None:
    legend.setBrush(change.brush(legend.brush()))
    legend.setLabelTextColor(change.colour(legend.labelTextColor()))


def _curve(curve: Any, change: Change) -> None:
    if curve.opts["pen"] is not None:
        curve.setPen(change.pen(curve.opts["pen"]))


def _scatter(points: Any, change: Change) -> None:
    points.setPen(change.pen(points.opts["pen"]), update=False)
    points.setBrush(change.brush(points.opts["brush"]), update=False)
    own = list(points.data["brush"])
    if any(isinstance(one, QtGui.QBrush) for one in own):
        points.setBrush([change.brush(one) for one in own], update=False)
    points.updateSpots()


def _bars(bars: Any, change: Change) -> None:
    is_visible = bars.isVisible()
    bars.setData(pen=change.pen(bars.opts["pen"]))
    bars.setVisible(is_visible)  # new data would show it


def _line(line: Any, change: Change) -> None:
    line.setPen(change.pen(line.pen))


def _text(text: Any, change: Change) -> None:
    text.setColor(change.colour(text.color))


def _filled(area: Any, change: Change) -> None:
    area.setBrush(change.brush(area.brush() if callable(area.brush) else area.brush))


_DRESSING: Final[Mapping[type[Any], Callable[[Any, Change], None]]] = {
    pg.AxisItem: _axis,
    pg.LabelItem: _label,
    pg.LegendItem: _legend,
    pg.PlotCurveItem: _curve,
    pg.ScatterPlotItem: _scatter,
    pg.ErrorBarItem: _bars,
    pg.InfiniteLine: _line,
    pg.TextItem: _text,
    pg.FillBetweenItem: _filled,
    pg.LinearRegionItem: _filled,
}
