"""A density matrix as bars in space: drawn by hand, so that no graphics card is needed."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.gui.theme import Theme

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


class DensityBars(QtWidgets.QWidget):
    """Sixteen bars; the colour and the direction tell the sign, a scale tells the height."""

    def __init__(self, theme: Theme, title: str) -> None:
        super().__init__()
        self.theme, self.title = theme, title
        self.values: NDArray[np.float64] = np.zeros((4, 4))
        self.setMinimumSize(220, 190)
        self.setToolTip(f"{title}: kets along one side, bras along the other, left NV first")

    def show_matrix(self, values: NDArray[np.float64]) -> None:
        """Replace the bars."""
        self.values = np.asarray(values, dtype=float)
        self.update()

    def paintEvent(self, _event: Any) -> None:
        """Draw floor, bars from back to front, names and scale."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QtGui.QColor(self.theme.base))
        largest = float(np.abs(self.values).max())
        self._place(largest)
        self._floor(painter)
        for row in range(4):
            for column in range(4):
                self._bar(painter, row, column, largest)
        self._names(painter)
        self._headline(painter, largest)
        painter.end()

    def _place(self, largest: float) -> None:
        """Scale and origin, so that floor, tallest bar up and deepest bar down fit."""
        width = 4 * (_RIGHT[0] - _DOWN[0]) + 1.3
        self._up = _RISE * max(0.0, float(self.values.max())) / (largest or 1.0)
        below = max(0.0, _RISE * max(0.0, -float(self.values.min())) / (largest or 1.0) - 2.0)
        height = 4 * (_RIGHT[1] + _DOWN[1]) + self._up + below + 1.7
        self._cell = min(self.width() / width, self.height() / height)
        used = 4 * (_RIGHT[0] - _DOWN[0]) * self._cell
        left = 0.5 * (self.width() - used) - 4 * _DOWN[0] * self._cell
        self._origin = QtCore.QPointF(left, (self._up + 1.0) * self._cell)

    def _at(self, row: float, column: float, height: float = 0.0) -> Any:
        x = column * _RIGHT[0] + row * _DOWN[0]
        y = column * _RIGHT[1] + row * _DOWN[1] - height
        return QtCore.QPointF(self._origin.x() + x * self._cell, self._origin.y() + y * self._cell)

    def _floor(self, painter: Any) -> None:
        painter.setPen(QtGui.QPen(QtGui.QColor(self.theme.line), 1))
        for k in range(5):
            painter.drawLine(self._at(k, 0), self._at(k, 4))
            painter.drawLine(self._at(0, k), self._at(4, k))

    def _bar(self, painter: Any, row: int, column: int, largest: float) -> None:
        value, r, c = float(self.values[row, column]), row + 0.5, column + 0.5
        if not largest or abs(value) < _FLAT * largest:
            return
        colour = QtGui.QColor(self.theme.model if value > 0 else self.theme.data)
        low, high = sorted((0.0, _RISE * value / largest))
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

    def _names(self, painter: Any) -> None:
        painter.setPen(QtGui.QColor(self.theme.text))
        for k, state in enumerate(STATES):
            self._text(painter, self._at(k + 0.5, -0.45), f"|{state}⟩")
            self._text(painter, self._at(4.5, k + 0.5), f"⟨{state}|")

    def _headline(self, painter: Any, largest: float) -> None:
        painter.setPen(QtGui.QColor(self.theme.text))
        painter.drawText(6, 16, f"{self.title}; tallest bar {largest:.3g}")

    def _text(self, painter: Any, place: Any, text: str) -> None:
        box = QtCore.QRectF(place.x() - 30, place.y() - 10, 60, 20)
        painter.drawText(box, int(QtCore.Qt.AlignmentFlag.AlignCenter), text)
