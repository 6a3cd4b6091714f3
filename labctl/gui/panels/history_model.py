"""The stored runs as a tree for Qt: a line is only turned into texts where it is looked at."""

import html
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtGui

from labctl.gui.runs.run_list import Line
from labctl.gui.widgets.theme import Theme

HEADINGS: Final = ("run", "sequence", "status", "started", "lab time", "conclusion")
STATUS: Final = 2
CONCLUSION: Final = 5
_ROLE: Final = QtCore.Qt.ItemDataRole
_NONE: Final = 0xFFFFFFFF
"""In place of a node's number: the root."""


@dataclass
class _Node:
    line: Line
    above: int
    row: int
    below: list[int] = field(default_factory=list)


_SIGNS: Final = {
    "completed": "✔",
    "failed": "✖",
    "aborted": "■",
    "suspended": "❚❚",
    "interrupted": "✖",
    "unfinished": "…",
    "running": "▶",
    "pausing": "▶",
    "paused": "❚❚",
    "foreign": "?",
}


class HistoryModel(QtCore.QAbstractItemModel):
    """Lines, and beneath each of them its parts."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._nodes: list[_Node] = []
        self._outermost: list[int] = []
        self._numbers: dict[int, int] = {}
        """Run -> its node."""
        self._theme = theme

    def show(self, found: Sequence[tuple[Line, Sequence[Line]]]) -> None:
        """Show these lines, each with these of its parts."""
        self.beginResetModel()
        self._nodes, self._outermost, self._numbers = [], [], {}
        for line, parts in found:
            self._outermost.append(self._add(line, parts, _NONE, len(self._outermost)))
        self.endResetModel()

    def line(self, index: Any) -> Line | None:
        """The run at an index."""
        return self._nodes[index.internalId()].line if index.isValid() else None

    def find(self, run_id: int) -> Any:
        """Its index; an invalid one if it is not shown."""
        number = self._numbers.get(run_id)
        return QtCore.QModelIndex() if number is None else self.createIndex(self._nodes[number].row, 0, number)

    # ---- what Qt asks

    def rowCount(self, parent: Any = QtCore.QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        """Parts of a run, or outermost runs."""
        return len(self._below(parent))

    def columnCount(self, _parent: Any = None) -> int:
        """The same for all."""
        return len(HEADINGS)

    def index(self, row: int, column: int, parent: Any = QtCore.QModelIndex()) -> Any:  # noqa: B008
        """Of a cell."""
        below = self._below(parent)
        inside = 0 <= row < len(below) and 0 <= column < len(HEADINGS)
        return self.createIndex(row, column, below[row]) if inside else QtCore.QModelIndex()

    def parent(self, index: Any = None) -> Any:
        """The run that it is a part of."""
        above = self._nodes[index.internalId()].above if index is not None and index.isValid() else _NONE
        return QtCore.QModelIndex() if above == _NONE else self.createIndex(self._nodes[above].row, 0, above)

    def headerData(self, section: int, orientation: Any, role: int = _ROLE.DisplayRole) -> Any:
        """The headings."""
        is_heading = orientation == QtCore.Qt.Orientation.Horizontal and role == _ROLE.DisplayRole
        return HEADINGS[section] if is_heading else None

    def data(self, index: Any, role: int = _ROLE.DisplayRole) -> Any:
        """Text, colour or tip of a cell."""
        line = self.line(index)
        if line is None:
            return None
        if role == _ROLE.DisplayRole:
            return self._texts(line)[index.column()]
        if role == _ROLE.ToolTipRole:
            return f"<qt>{html.escape(f'{line.started}  {line.conclusion}')}</qt>"
        if role == _ROLE.ForegroundRole and index.column() == STATUS:
            return self._colour(line.status)
        return None

    def _colour(self, status: str) -> Any:
        theme = self._theme
        colours = {"completed": theme.ok, "failed": theme.fault, "aborted": theme.warning, "interrupted": theme.fault}
        return QtGui.QBrush(QtGui.QColor(colours[status])) if status in colours else None

    def _texts(self, line: Line) -> tuple[str, ...]:
        status = f"{_SIGNS.get(line.status, '?')} {line.status}"
        started = line.started.removeprefix(f"{time.localtime().tm_year}-")
        return str(line.run_id), line.sequence, status, started, line.duration, line.conclusion

    def _below(self, parent: Any) -> list[int]:
        return self._nodes[parent.internalId()].below if parent.isValid() else self._outermost

    def _add(self, line: Line, parts: Sequence[Line], above: int, row: int) -> int:
        number = len(self._nodes)
        self._nodes.append(_Node(line, above, row))
        self._numbers[line.run_id] = number
        self._nodes[number].below = [self._add(part, part.parts, number, k) for k, part in enumerate(parts)]
        return number
