"""The runs that wait: their order, changed by dragging and by keys, and whether they start by themselves."""

import html
from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.common.refusals import Refusal
from labctl.gui.runs.queue import Queue, Wanted
from labctl.gui.widgets.view import label
from labctl.plans.catalogue import EXPERIMENTS
from labctl.plans.parse import plan_of
from labctl.plans.sweep import few, sweep_of
from labctl.report.progress import clock_words
from labctl.safety.limits import Bounds
from sequences.core.experiment import forecast_s

_TICKET: Final = QtCore.Qt.ItemDataRole.UserRole
_LOOKING_MS: Final = 250
"""So often it is looked whether the queue has changed: the bench takes runs out of it."""


class QueueList(QtWidgets.QWidget):
    """Shows a queue and changes it.

    `edit_wanted` carries the ticket, `held` whether the queue shall wait; `changed` when another one is shown.
    """

    edit_wanted = QtCore.Signal(int)
    held = QtCore.Signal(bool)
    changed = QtCore.Signal()

    def __init__(self, queue: Queue, bounds: Bounds) -> None:
        """bounds: of the station, for what is no longer possible."""
        super().__init__()
        self.queue, self._bounds = queue, bounds
        self._shown_version = -1
        self._is_held = True
        self._build()
        self._timer = QtCore.QTimer(self, interval=_LOOKING_MS)
        self._timer.timeout.connect(self.follow)
        self._timer.start()
        self.show_queue()

    def follow(self) -> None:
        """Show the queue if it has changed, here or in another window."""
        self.queue.follow()
        if self.queue.version != self._shown_version:
            self.show_queue()

    def show_queue(self) -> None:
        """Show it as it is; the same run stays chosen."""
        chosen = self.ticket()
        self._shown_version = self.queue.version
        self.list.clear()
        expected_s = 0.0
        for place, wanted in enumerate(self.queue.items, start=1):
            words, duration_s, faults = self._described(wanted)
            expected_s += duration_s
            self._add_item(wanted, f"{place}   {words}", faults)
            if wanted.ticket == chosen:
                self.list.setCurrentRow(place - 1)
        if self.list.currentRow() < 0:
            self.list.setCurrentRow(0)
        count = len(self.queue.items)
        known = f", {clock_words(expected_s)} expected" if expected_s else ""
        self.summary.setText(
            f"{count} {'run waits' if count == 1 else 'runs wait'}{known}" if count else "Queue: empty"
        )
        self._show_actions()
        self.changed.emit()

    def show_held(self, is_held: bool) -> None:
        """Whether the queue waits, or its runs start by themselves."""
        if is_held != self._is_held:
            self._is_held = is_held
            self._show_actions()

    def ticket(self) -> int | None:
        """The run that is chosen."""
        item = self.list.currentItem()
        return None if item is None else int(item.data(_TICKET))

    # ---- what is done

    def move(self, by: int) -> None:
        """Move the chosen run up (-1) or down (+1)."""
        to = self.list.currentRow() + by
        if (ticket := self.ticket()) is not None and 0 <= to < self.list.count():
            self.queue.move(ticket, to)
            self.show_queue()

    def remove(self) -> None:
        """Want the chosen run no longer."""
        if (ticket := self.ticket()) is not None:
            row = self.list.currentRow()
            self.queue.remove(ticket)
            self.show_queue()
            self.list.setCurrentRow(min(row, self.list.count() - 1))

    def _edit(self) -> None:
        if (ticket := self.ticket()) is not None:
            self.edit_wanted.emit(ticket)

    def _toggle(self) -> None:
        self.show_held(not self._is_held)
        self.held.emit(self._is_held)

    def _dragged(self) -> None:
        """Make the queue what the list has become; the list numbers it anew when it looks next."""
        waiting = {wanted.ticket for wanted in self.queue.items}  # the bench may have taken one meanwhile
        order = [int(self.list.item(row).data(_TICKET)) for row in range(self.list.count())]
        for place, ticket in enumerate(ticket for ticket in order if ticket in waiting):
            if self.queue.items[place].ticket != ticket:  # others are behind: another window has added them
                self.queue.move(ticket, place)

    # ---- within

    def _described(self, wanted: Wanted) -> tuple[str, float, list[str]]:
        """Its line, its expected duration, and why it is no longer possible."""
        plans, faults = self._plans(wanted)
        if not faults and (why := self.queue.faults.get(wanted.ticket)):
            faults = [why]
        swept = f"sweep of {' × '.join(wanted.overs)}" if wanted.overs else ""
        begun = f"{wanted.begun} of {len(plans)} points begun" if wanted.overs and plans else ""
        settings = ", ".join(f"{key}={text}" for key, text in wanted.settings.items())
        expected_s = sum(forecast_s(plan) or 0.0 for plan in plans[wanted.begun :])
        duration = f"({clock_words(expected_s)})" if expected_s else ""
        sign = "✖ " if faults else ""
        return "  ".join(p for p in (sign + wanted.sequence, swept, settings, begun, duration) if p), expected_s, faults

    def _plans(self, wanted: Wanted) -> tuple[list[Any], list[str]]:
        """Its plan, or those of all points of a sweep, and what is wrong with them."""
        experiment = EXPERIMENTS[wanted.sequence]
        if wanted.overs:
            try:
                plans = sweep_of(experiment, wanted.overs, [f"{k}={text}" for k, text in wanted.settings.items()])[1]
            except Refusal as refusal:
                return [], list(refusal.faults)
            return plans, few(list(dict.fromkeys(fault for plan in plans for fault in self._bounds.faults(plan))))
        made, found = plan_of(experiment.plan, wanted.settings)
        faults = [f"{fault.key}: {fault.words}" for fault in found]
        return ([], faults) if made is None else ([made], faults + self._bounds.faults(made))

    def _add_item(self, wanted: Wanted, words: str, faults: list[str]) -> None:
        item = QtWidgets.QListWidgetItem(words)
        item.setData(_TICKET, wanted.ticket)
        lines = [words, *(f"✖ {fault}" for fault in faults)]
        item.setToolTip("<qt>" + "<br>".join(map(html.escape, lines)) + "</qt>")
        self.list.addItem(item)

    def _show_actions(self) -> None:
        row, count = self.list.currentRow(), self.list.count()
        for action in (self.edit_action, self.remove_action):
            action.setEnabled(count > 0)
        self.up_action.setEnabled(row > 0)
        self.down_action.setEnabled(0 <= row < count - 1)
        self.hold.setText("▶  Start the queue" if self._is_held else "❚❚  Hold the queue")
        self.hold.setEnabled(count > 0 or not self._is_held)

    def _build(self) -> None:
        self.summary = label()
        self.hold = QtWidgets.QPushButton()
        self.hold.setToolTip("Whether the runs that wait start by themselves, one after the other")
        self.hold.clicked.connect(self._toggle)
        self.list = QtWidgets.QListWidget()
        self.list.setAccessibleName("queue")
        self.list.setDragDropMode(QtWidgets.QAbstractItemView.DragDropMode.InternalMove)
        self.list.setContextMenuPolicy(QtCore.Qt.ContextMenuPolicy.ActionsContextMenu)
        self.list.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.edit_action = self._action("Edit …", "Return", self._edit)
        self.up_action = self._action("Up", "Alt+Up", lambda: self.move(-1), again=True)
        self.down_action = self._action("Down", "Alt+Down", lambda: self.move(1), again=True)
        self.remove_action = self._action("Remove", "Delete", self.remove)
        self.list.model().rowsMoved.connect(lambda *_: self._dragged())
        self.list.itemDoubleClicked.connect(lambda _: self._edit())
        self.list.currentRowChanged.connect(lambda _: self._show_actions())
        self.setFocusProxy(self.list)
        self._lay_out()

    def _lay_out(self) -> None:
        above, below = QtWidgets.QHBoxLayout(), QtWidgets.QHBoxLayout()
        above.addWidget(self.summary, 1)
        above.addWidget(self.hold)
        for action in (self.edit_action, self.up_action, self.down_action, self.remove_action):
            button = QtWidgets.QToolButton()
            button.setDefaultAction(action)
            below.addWidget(button)
        below.addStretch(1)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(above)
        column.addWidget(self.list, 1)
        column.addLayout(below)

    def _action(self, text: str, keys: str, act: Any, again: bool = False) -> Any:
        """again: a key that is held does it again and again."""
        action = QtGui.QAction(text, self.list)
        action.setAutoRepeat(again)
        action.setShortcut(QtGui.QKeySequence(keys))
        action.setShortcutContext(QtCore.Qt.ShortcutContext.WidgetShortcut)
        action.setToolTip(f"{text}  ({keys})")
        action.triggered.connect(lambda *_: act())
        self.list.addAction(action)
        return action
