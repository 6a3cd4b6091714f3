"""The runs that were stored: a tree of them, what to do with one, and a filter."""

from functools import partial
from pathlib import Path
from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.data.reader import footprint, nothing_in
from labctl.gui.panels.history_model import CONCLUSION, HistoryModel
from labctl.gui.runs.run_list import Line, matching, read_lines
from labctl.gui.widgets.theme import Theme
from labctl.gui.widgets.view import label
from labctl.gui.widgets.workers import Errands
from labctl.plans.catalogue import ENTRIES, OURS

_WIDEST: Final = ("12345", max(OURS, key=len), "✖ interrupted", "11-24 09:14", "00 min 00 s", "")
"""What the columns are made wide enough for."""
_CONCLUSION_PX: Final = 260
_BROKEN_OFF: Final = ("aborted", "failed", "interrupted", "suspended", "pausing", "paused")
"""Runs that can be continued, unless they counted nothing."""
_LOOK_MS: Final = 2000
"""So often it is looked whether another process has begun or ended a run here."""
_INDENT_PX: Final = 12


class HistoryPanel(QtWidgets.QWidget):
    """`open_wanted` and `continue_wanted` carry a run's number; those of repeat, figure and export its line."""

    open_wanted = QtCore.Signal(int)
    continue_wanted = QtCore.Signal(int)
    repeat_wanted = QtCore.Signal(object)
    figure_wanted = QtCore.Signal(object)
    export_wanted = QtCore.Signal(object)
    looked_at = QtCore.Signal(int)
    """Another run is chosen."""
    missed = QtCore.Signal(str)
    """Why the runs could not be read."""

    def __init__(self, theme: Theme, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.lines: tuple[Line, ...] = ()
        self._expanded: set[int] = set()
        self._is_reading = self._is_outdated = self._is_expanding = self._is_looking = False
        self._seen: object = None
        self._looked_at = 0
        self.errands = Errands(self)
        self.model = HistoryModel(theme)
        self._build()
        self.refresh()
        self._timer = QtCore.QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Read the runs again if another process has begun, paused or ended one."""
        if self.isVisible() and not self._is_looking:
            self._is_looking = True
            self.errands.do(partial(footprint, self._folder), self._looked, lambda _: self._looked(self._seen))

    def refresh(self) -> None:
        """Read the runs again, in a thread; once more if asked meanwhile."""
        self._is_outdated = self._is_reading
        if not self._is_reading:
            self._is_reading = True
            self.errands.do(partial(read_lines, self._folder), self._read, self._missed)

    def chosen(self) -> Line | None:
        """The run that is chosen."""
        return self.model.line(self.tree.currentIndex())

    def show_lines(self) -> None:
        """Those that the filter lets through; what was chosen and expanded stays so."""
        words, chosen, at = self.filter.text(), self.chosen(), self.tree.verticalScrollBar().value()
        found = matching(self.lines, words)
        self.model.show(found)
        self._expand({line.run_id for line, parts in found if len(parts) < len(line.parts)})
        if chosen is not None and (index := self.model.find(chosen.run_id)).isValid():
            self.tree.setCurrentIndex(index)
        elif found:
            self.tree.setCurrentIndex(self.model.index(0, 0))
        self.tree.verticalScrollBar().setValue(at)
        self.nothing.setText("No run fits the filter" if self.lines else nothing_in(self._folder))
        self.nothing.setVisible(not found)
        self._show_chosen()

    # ---- within

    def _read(self, lines: tuple[Line, ...]) -> None:
        self._is_reading = False
        if lines != self.lines or not lines:
            self.lines = lines
            self.show_lines()
        if self._is_outdated:
            self.refresh()

    def _looked(self, seen: object) -> None:
        self._is_looking = False
        if seen != self._seen:
            self._seen = seen
            self.refresh()

    def _missed(self, words: str) -> None:
        self._is_reading = False
        self.missed.emit(words)

    def _show_chosen(self) -> None:
        line = self.chosen()
        for action in self.doable:
            action.setEnabled(line is not None)
        is_known = line is not None and line.sequence in ENTRIES
        self.repeat.setEnabled(is_known)
        is_part = self.tree.currentIndex().parent().isValid()
        self.go_on.setEnabled(line is not None and is_known and not is_part and line.status in _BROKEN_OFF)
        if line is not None and line.run_id != self._looked_at:
            self._looked_at = line.run_id
            self.looked_at.emit(line.run_id)
        self.detail.setText("" if line is None else f"{line.run_id} {line.sequence}: {line.conclusion or line.status}")

    def _expand(self, hit: set[int]) -> None:
        """What the user had expanded, and the runs of which only some parts are shown."""
        self._is_expanding = True
        for run_id in self._expanded | hit:
            if (index := self.model.find(run_id)).isValid():
                self.tree.expand(index)
        self._is_expanding = False

    def _send(self, signal: Any) -> None:
        if (line := self.chosen()) is not None:
            signal.emit(line)

    def _continue(self) -> None:
        if (line := self.chosen()) is not None:
            self.continue_wanted.emit(line.run_id)

    def _open(self) -> None:
        if (line := self.chosen()) is not None:
            self.open_wanted.emit(line.run_id)

    def _build(self) -> None:
        self.filter = QtWidgets.QLineEdit(clearButtonEnabled=True)
        self.filter.setPlaceholderText("Filter: odmr failed 2026-11 …")
        self.filter.setAccessibleName("filter of the stored runs")
        self.filter.textChanged.connect(lambda _: self.show_lines())
        self.nothing, self.detail = label("", "faint"), label()
        for one in (self.nothing, self.detail):
            one.setWordWrap(True)
            one.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.detail.setMinimumHeight(2 * self.fontMetrics().lineSpacing() + 2)
        self.detail.setAlignment(QtCore.Qt.AlignmentFlag.AlignTop)
        self._build_tree()
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.filter, self.nothing, self.tree, self.detail):
            column.addWidget(widget, 1 if widget is self.tree else 0)
        column.addLayout(self._buttons())
        self.setFocusProxy(self.tree)

    def _build_tree(self) -> None:
        self.tree = QtWidgets.QTreeView()
        self.tree.setModel(self.model)
        self.tree.setUniformRowHeights(True)
        self.tree.setAlternatingRowColors(True)
        self.tree.setExpandsOnDoubleClick(False)
        self.tree.setAccessibleName("stored runs")
        self.tree.setContextMenuPolicy(QtCore.Qt.ContextMenuPolicy.ActionsContextMenu)
        self.tree.setIndentation(_INDENT_PX)
        for column, widest in enumerate(_WIDEST[:CONCLUSION]):
            indent = 2 * _INDENT_PX if column == 0 else 0
            self.tree.setColumnWidth(column, self.fontMetrics().horizontalAdvance(widest) + indent + 10)
        self.tree.header().setMinimumSectionSize(40)
        self.tree.header().setStretchLastSection(False)
        self.tree.setColumnWidth(CONCLUSION, _CONCLUSION_PX)
        self.tree.expanded.connect(lambda index: self._remember(index, True))
        self.tree.collapsed.connect(lambda index: self._remember(index, False))
        self.tree.doubleClicked.connect(lambda _: self._open())
        self.tree.selectionModel().currentChanged.connect(lambda *_: self._show_chosen())

    def _remember(self, index: Any, is_open: bool) -> None:
        if not self._is_expanding and (line := self.model.line(index)) is not None:
            (self._expanded.add if is_open else self._expanded.discard)(line.run_id)

    def resizeEvent(self, event: Any) -> None:
        """The conclusion takes the room that the others leave."""
        super().resizeEvent(event)
        others = sum(self.tree.columnWidth(column) for column in range(CONCLUSION))
        self.tree.setColumnWidth(CONCLUSION, max(_CONCLUSION_PX, self.width() - others - 30))

    def _buttons(self) -> Any:
        self.open = self._action("Open", "Return", "Show it in the docks", self._open)
        self.repeat = self._action(
            "Repeat …", "Ctrl+R", "Its plan into the form", partial(self._send, self.repeat_wanted)
        )
        self.go_on = self._action(
            "Continue", "Ctrl+Shift+R", "Measure what it lacks; what it counted is kept", self._continue
        )
        self.figure = self._action("Figure", "Ctrl+G", "Show its figure", partial(self._send, self.figure_wanted))
        self.export = self._action(
            "Export …", "Ctrl+E", "Its points as a file", partial(self._send, self.export_wanted)
        )
        self.doable = [self.open, self.repeat, self.go_on, self.figure, self.export]
        line = QtWidgets.QHBoxLayout()
        for action in self.doable:
            button = QtWidgets.QToolButton()
            button.setDefaultAction(action)
            line.addWidget(button)
        line.addStretch(1)
        return line

    def _action(self, text: str, keys: str, tip: str, act: Any) -> Any:
        action = QtGui.QAction(text, self.tree)
        action.setAutoRepeat(False)  # a key that is held does it once
        action.setShortcut(QtGui.QKeySequence(keys))
        action.setShortcutContext(QtCore.Qt.ShortcutContext.WidgetShortcut)
        action.setToolTip(f"{tip}  ({keys})")
        action.triggered.connect(lambda *_: act())
        self.tree.addAction(action)
        return action
