"""The row of a plan's form that says what is swept: 'field_mt=1:10:10 power_dbm=-20,-10'."""

import re
from collections.abc import Mapping
from typing import Any

from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.common.refusals import Refusal
from labctl.gui.runs.checked_plans import points_of
from labctl.gui.widgets.view import label
from labctl.safety.limits import Bounds


def overs_in(text: str) -> list[str]:
    """What is swept, of a row 'a=1:2:3 b=4, 5; c=6,7', as after --over."""
    return re.sub(r"\s*([,:=])\s*", r"\1", text).replace(";", " ").split()


class OverRow(QtWidgets.QWidget):
    """A line to write keys and values into; `changed` at every key stroke."""

    changed = QtCore.Signal()

    def __init__(self, bounds: Bounds) -> None:
        """bounds: of the station, which every point has to keep."""
        super().__init__()
        self._bounds = bounds
        self.line = QtWidgets.QLineEdit()
        self.line.setAccessibleName("over")
        self.line.setPlaceholderText("key=start:stop:count  key=value,value")
        self.line.setToolTip("Keys to sweep: the run is queued at every combination of these values, as one")
        self.line.textChanged.connect(lambda _: self.changed.emit())
        self.setFocusProxy(self.line)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label("Over"))
        row.addWidget(self.line, 1)

    @property
    def text(self) -> str:
        """As it was written."""
        return str(self.line.text())

    @property
    def overs(self) -> list[str]:
        """What is swept; none for a single run."""
        return overs_in(self.text)

    def write(self, text: str) -> None:
        """Show this, and say nothing of it."""
        with QtCore.QSignalBlocker(self.line):
            self.line.setText(text)

    def plans(self, sequence: str, settings: Mapping[str, str]) -> tuple[list[Any], list[str]]:
        """The plans of all points, and what is wrong with the row. settings: what is the same at every point."""
        try:
            return points_of(sequence, settings, self.overs, self._bounds)[1], []
        except Refusal as refusal:
            return [], [fault.replace("--over ", "Over: ", 1) for fault in refusal.faults]
