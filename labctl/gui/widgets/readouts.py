"""Figures above a picture: a name, a value with its error, a sign; as many beside each other as fit."""

from collections.abc import Mapping
from typing import Any

from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.bench.status import Verdict
from labctl.gui.widgets.theme import Theme, verdict_colour, verdict_sign
from labctl.gui.widgets.view import label

_SPACE_PX = 14


class Figures(QtWidgets.QWidget):
    """Named values, each with a tooltip that says what it is."""

    def __init__(self, theme: Theme, meanings: Mapping[str, str]) -> None:
        """meanings: name -> tooltip, in the order in which they stand."""
        super().__init__()
        self._theme, self._columns = theme, 0
        self._cells: dict[str, Any] = {name: label() for name in meanings}
        self._texts = dict.fromkeys(meanings, "")
        self._grid = QtWidgets.QGridLayout(self)
        self._grid.setContentsMargins(2, 2, 2, 2)
        self._grid.setSizeConstraint(QtWidgets.QLayout.SizeConstraint.SetNoConstraint)  # see minimumSizeHint
        self._grid.setHorizontalSpacing(_SPACE_PX)
        self._grid.setVerticalSpacing(1)
        for name, meaning in meanings.items():
            self._cells[name].setTextFormat(QtCore.Qt.TextFormat.RichText)
            self._cells[name].setToolTip(f"<p>{meaning}</p>")
            self.put(name, "—")
        self._arrange()

    def put(self, name: str, text: str, verdict: Verdict | None = None) -> None:
        """Show a value; with a verdict, in its colour and behind its sign."""
        shown = text if verdict is None else f"{verdict_sign(verdict)} {text}"
        if shown == self._texts[name]:
            return
        self._texts[name] = shown
        colour = self._theme.text if verdict is None else verdict_colour(self._theme, verdict)
        self._cells[name].setText(
            f'<span style="color:{self._theme.faint}">{name}</span>&nbsp; '
            f'<b style="color:{colour}">{shown.replace(" ", "&nbsp;")}</b>'
        )
        self._arrange()

    def read(self, name: str) -> str:
        """What stands there."""
        return self._texts[name]

    def clear(self) -> None:
        """Nothing is known."""
        for name in self._cells:
            self.put(name, "—")

    def minimumSizeHint(self) -> Any:
        """As narrow as one figure: as many as stand beside each other now need not stay so."""
        return QtCore.QSize(self._needed_px(1), self._grid.minimumSize().height())

    def resizeEvent(self, event: Any) -> None:
        """Fewer beside each other in a narrow dock."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        columns = next(n for n in range(len(self._cells), 0, -1) if n == 1 or self._needed_px(n) <= self.width())
        if columns == self._columns:
            return
        self._columns = columns
        for k, cell in enumerate(self._cells.values()):
            self._grid.addWidget(cell, k // columns, k % columns)

    def _needed_px(self, columns: int) -> int:
        widths = [cell.sizeHint().width() for cell in self._cells.values()]
        return sum(max(widths[k::columns]) + _SPACE_PX for k in range(columns))
