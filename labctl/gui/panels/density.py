"""A density matrix as bars in space: drawn by hand, so that no graphics card is needed."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.gui.widgets.theme import Theme

STATES: Final = ("00", "01", "10", "11")
_RIGHT: Final = (1.0, 0.30)
"""Where one step along a row leads on the screen, in cells right and down; columns run along it."""
_DOWN: Final = (-0.62, 0.52)
"""The same for one step down a column."""
_HALF: Final = 0.32
"""Half the width of a bar, in cells."""
_RISE: Final = 2.6
"""Height of the tallest bar, in cells."""
_FLAT: Final = 5e-3
"""Of the largest element: smaller ones are drawn as a dot."""
_HEAD_PX: Final = 40
"""For title and legend."""


class DensityBars(QtWidgets.QWidget):
    """Sixteen bars; the colour and the direction tell the sign, a scale tells the height."""

    def __init__(self, theme: Theme, title: str) -> None:
        super().__init__()
        self.theme, self.title = theme, title
        self.values: NDArray[np.float64] = np.zeros((4, 4))
        self.setMinimumSize(220, 190)
        self.setToolTip(
            f"<p>{title}: kets along one side, bras along the other, left NV first; bars up are positive (orange), "
            "bars down negative (blue), dots nearly zero. The tallest bar has its value written.</p>"
        )

    def show_matrix(self, values: NDArray[np.float64]) -> None:
        """Replace the bars."""
        self.values = np.asarray(values, dtype=float)
        self.update()

    def height_of(self, row: int, column: int) -> float:
        """Of the bar that is drawn, in cells; negative ones hang beneath the floor, flat ones are 0."""
        largest, value = float(np.abs(self.values).max()), float(self.values[row, column])
        return _RISE * value / largest if largest and abs(value) >= _FLAT * largest else 0.0

    def paintEvent(self, _event: Any) -> None:
        """Draw floor, bars from back to front, names and scale."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QtGui.QColor(self.theme.base))
        self._place()
        self._floor(painter)
        for row in range(4):
            for column in range(4):
                self._bar(painter, row, column)
        self._names(painter)
        self._headline(painter)
        painter.end()

    def _place(self) -> None:
        """Scale and origin, so that floor, tallest bar up and deepest bar down fit."""
        heights = [self.height_of(row, column) for row in range(4) for column in range(4)]
        floor = 4 * (_RIGHT[1] + _DOWN[1])
        below = max(0.0, -min(heights) - 1.2)
        width, height = 4 * (_RIGHT[0] - _DOWN[0]) + 1.6, floor + max(0.0, *heights) + below + 0.9
        room = self.height() - _HEAD_PX
        self._cell = min(self.width() / width, room / height)
        left = 0.5 * (self.width() - 4 * (_RIGHT[0] - _DOWN[0]) * self._cell) - 4 * _DOWN[0] * self._cell
        top = _HEAD_PX + 0.5 * (room - height * self._cell) + (max(0.0, *heights) + 0.3) * self._cell
        self._origin = QtCore.QPointF(left, top)

    def _at(self, row: float, column: float, height: float = 0.0) -> Any:
        x = column * _RIGHT[0] + row * _DOWN[0]
        y = column * _RIGHT[1] + row * _DOWN[1] - height
        return QtCore.QPointF(self._origin.x() + x * self._cell, self._origin.y() + y * self._cell)

    def _floor(self, painter: Any) -> None:
        painter.setPen(QtGui.QPen(QtGui.QColor(self.theme.line), 1))
        for k in range(5):
            painter.drawLine(self._at(k, 0), self._at(k, 4))
            painter.drawLine(self._at(0, k), self._at(4, k))

    def _bar(self, painter: Any, row: int, column: int) -> None:
        height, r, c = self.height_of(row, column), row + 0.5, column + 0.5
        if not height:
            self._dot(painter, self._at(r, c))
            return
        colour = QtGui.QColor(self.theme.model if height > 0 else self.theme.data)
        low, high = sorted((0.0, height))
        a, b, h = r + _HALF, c + _HALF, _HALF
        faces = (
            (colour.darker(125), [(a, c - h, low), (a, b, low), (a, b, high), (a, c - h, high)]),
            (colour.darker(150), [(r - h, b, low), (a, b, low), (a, b, high), (r - h, b, high)]),
            (colour, [(r - h, c - h, high), (r - h, b, high), (a, b, high), (a, c - h, high)]),
        )
        painter.setPen(QtGui.QPen(QtGui.QColor(self.theme.base), 0.6))
        for shade, corners in faces:
            painter.setBrush(shade)
            painter.drawPolygon(QtGui.QPolygonF([self._at(*corner) for corner in corners]))

    def _dot(self, painter: Any, place: Any) -> None:
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor(self.theme.faint))
        painter.drawEllipse(place, 1.8, 1.8)

    def _names(self, painter: Any) -> None:
        for k, state in enumerate(STATES):
            self._text(painter, self._at(k + 0.5, -0.4), f"|{state}⟩")
            self._text(painter, self._at(4.45, k + 0.5), f"⟨{state}|")

    def _headline(self, painter: Any) -> None:
        """Title with the scale, and what the colours mean."""
        metrics, largest = painter.fontMetrics(), float(np.abs(self.values).max())
        line = metrics.height()
        painter.setPen(QtGui.QColor(self.theme.text))
        painter.drawText(6, line, f"{self.title} · tallest bar {largest:.3g}")
        x = 6
        for sign, meaning, colour in (("■ ▲", "positive", self.theme.model), ("■ ▼", "negative", self.theme.data)):
            painter.setPen(QtGui.QColor(colour))
            painter.drawText(x, 2 * line, f"{sign} {meaning}")
            x += metrics.horizontalAdvance(f"{sign} {meaning}   ")

    def _text(self, painter: Any, place: Any, text: str) -> None:
        """With a halo, so that it can be read upon a bar."""
        metrics = painter.fontMetrics()
        outline = QtGui.QPainterPath()
        outline.addText(
            place.x() - 0.5 * metrics.horizontalAdvance(text), place.y() + 0.35 * metrics.ascent(), painter.font(), text
        )
        painter.strokePath(outline, QtGui.QPen(QtGui.QColor(self.theme.base), 3))
        painter.fillPath(outline, QtGui.QColor(self.theme.text))
