"""The bench dock: every instrument with what it does now, its limits, and the interlock in large letters."""

from collections.abc import Iterable
from typing import Any, Final

from pyqtgraph.Qt import QtGui, QtWidgets

from labctl.condition import Condition, Reading, value_words
from labctl.gui.theme import Theme, verdict_colour, verdict_sign
from labctl.gui.view import label

_HEADINGS: Final = ("instrument", "state")
_INTERLOCK: Final = "interlock"


class BenchView(QtWidgets.QWidget):
    """A row for each instrument, with its readings beneath; it is updated in place."""

    title = "Bench"

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        self.interlock = label("interlock: not asked yet", "figure")
        self.interlock.setToolTip("Of the green laser's head, as it answers")
        self.silence = label("", "fault")
        self.silence.hide()
        self.tree = QtWidgets.QTreeWidget()
        self.tree.setHeaderLabels(_HEADINGS)
        self.tree.setUniformRowHeights(True)
        self.tree.setAccessibleName("Instruments")
        header = self.tree.header()
        header.setSectionResizeMode(0, QtWidgets.QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QtWidgets.QHeaderView.ResizeMode.Stretch)
        for widget in (self.interlock, self.silence, self.tree):
            layout.addWidget(widget)
        self._rows: dict[str, Any] = {}

    def show_conditions(self, conditions: tuple[Condition, ...]) -> None:
        """What every instrument answered just now."""
        self.silence.hide()
        self.tree.setEnabled(True)
        for condition in conditions:
            self._show(condition)
        self._show_interlock(conditions)

    def show_silence(self, seconds: float) -> None:
        """The bench has said nothing for so long: what stands here is old."""
        self.silence.setText(f"✖ last heard {seconds:.0f} s ago: what stands below is old")
        self.silence.show()
        self.tree.setEnabled(False)

    def texts(self, instrument: str) -> list[list[str]]:
        """What is painted of an instrument: its own row, then its readings."""
        row = self._rows[instrument]
        items = [row, *(row.child(k) for k in range(row.childCount()))]
        return [[item.text(column) for column in range(len(_HEADINGS))] for item in items]

    def _show(self, condition: Condition) -> None:
        row = self._rows.get(condition.instrument)
        if row is None:
            row = self._rows[condition.instrument] = QtWidgets.QTreeWidgetItem(self.tree)
            row.setToolTip(0, f"{condition.model} {condition.address}".strip())
        self._write(row, [f"{verdict_sign(condition.verdict)} {condition.instrument}", condition.words])
        self._colour(row, 0, verdict_colour(self.theme, condition.verdict))
        while row.childCount() > len(condition.readings):
            row.removeChild(row.child(row.childCount() - 1))
        for k, reading in enumerate(condition.readings):
            item = row.child(k) if k < row.childCount() else QtWidgets.QTreeWidgetItem(row)
            self._write(item, _cells(reading))
            self._colour(item, 1, verdict_colour(self.theme, reading.verdict))

    def _write(self, item: Any, texts: Iterable[str]) -> None:
        for column, text in enumerate(texts):
            if item.text(column) != text:
                item.setText(column, text)
                item.setToolTip(column, text) if column == 1 else None

    def _colour(self, item: Any, column: int, colour: str) -> None:
        brush = QtGui.QBrush(QtGui.QColor(colour))
        if item.foreground(column) != brush:
            item.setForeground(column, brush)

    def _show_interlock(self, conditions: tuple[Condition, ...]) -> None:
        readings = (reading for condition in conditions for reading in condition.readings)
        found = next((reading for reading in readings if reading.name == _INTERLOCK), None)
        is_fault = found is None or found.verdict == "fault"
        words = "not known: the green laser does not answer" if found is None else str(found.value)
        self.interlock.setText(f"{'✖' if is_fault else '✔'} laser interlock {words}")
        colour = self.theme.fault if is_fault else self.theme.ok
        if self.interlock.property("colour") != colour:
            self.interlock.setProperty("colour", colour)
            self.interlock.setStyleSheet(f"color: {colour};")


def _cells(reading: Reading) -> list[str]:
    """'▲ 0.97 A, asked for 0.97 A, limit 0.98 A'."""
    unit = f" {reading.unit}" if reading.unit else ""
    sign = f"{verdict_sign(reading.verdict)} " if reading.verdict in ("warning", "fault") else ""
    words = f"{sign}{value_words(reading.value)}{'' if isinstance(reading.value, str) else unit}"
    words += "" if reading.asked_for is None else f", asked for {value_words(reading.asked_for)}{unit}"
    words += "" if reading.limit is None else f", limit {value_words(reading.limit)}{unit}"
    return [reading.name, words]
