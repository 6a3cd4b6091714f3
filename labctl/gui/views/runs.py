"""What was run, what is to be run, and with which plan: the form, the queue and the stored runs in one dock."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.common.commands import About
from labctl.data.export import export
from labctl.data.live_runs import ask
from labctl.data.reader import one_run
from labctl.gui.panels.figure_dialog import ENDINGS, FigureDialog, drawn
from labctl.gui.panels.history import HistoryPanel
from labctl.gui.panels.plan_form import HERE, PlanForm
from labctl.gui.panels.queue_list import QueueList
from labctl.gui.runs.queue import Queue
from labctl.gui.runs.run_list import ListedRun
from labctl.gui.widgets import dialogs
from labctl.gui.widgets.theme import Theme
from labctl.gui.widgets.view import label
from labctl.safety.limits import Bounds

_EXPORTS: Final = "netCDF (*.nc);;CSV (*.csv)"
_FIGURES: Final = ";;".join(f"{ending.upper()} (*.{ending})" for ending in ENDINGS)
_HELD: Final = ("pausing", "paused")
_QUEUE_PX, _HISTORY_PX = 190, 460


class RunsView(QtWidgets.QWidget):
    """`run_wanted` and `queue_wanted` carry a sequence and its settings, dotted key -> text."""

    title: ClassVar[str] = "Runs"

    run_wanted = QtCore.Signal(str, object)
    queue_wanted = QtCore.Signal(str, object)
    sweep_wanted = QtCore.Signal(str, object, object)
    """As the form's."""
    open_wanted = QtCore.Signal(int)
    """Show this stored run."""
    continue_wanted = QtCore.Signal(int)
    """Go on with this stored run."""
    queue_held = QtCore.Signal(bool)
    """Whether the queue shall wait."""

    def __init__(self, theme: Theme, folder: Path, queue: Queue, bounds: Bounds, about: About = HERE) -> None:
        """folder: of the data; bounds: of the station; about: the bench, for the command of a plan."""
        super().__init__()
        self._folder, self._edited = folder, 0
        self.form = PlanForm(theme, bounds, about)
        self.queue, self.history = QueueList(queue, bounds), HistoryPanel(theme, folder)
        self._build()
        self._connect()
        self.say(queue.trouble, is_fault=True)

    # ---- what the window asks

    def refresh(self) -> None:
        """Something was run or queued: read again."""
        self.queue.follow()
        self.history.refresh()

    def show_held(self, is_held: bool) -> None:
        """Whether the queue waits. Costs nothing if it is shown already."""
        self.queue.show_held(is_held)

    def write_plan(self) -> None:
        """Let the user write a plan."""
        self.tabs.setCurrentWidget(self.form)
        self.form.setFocus()

    def say(self, words: str, is_fault: bool = False) -> None:
        """Say something at the bottom; empty: nothing, unless the queue is in trouble."""
        if trouble := self.queue.queue.trouble:
            words, is_fault = "\n".join(filter(None, (words if words != trouble else "", trouble))), True
        self.message.setProperty("role", "fault" if is_fault else "")
        self.message.style().polish(self.message)
        self.message.setText(words)
        self.message.setVisible(bool(words))

    # ---- within

    def _repeat(self, line: ListedRun) -> None:
        self._give_up()
        self.form.load(line.sequence, line.plan)
        self.write_plan()

    def _edit(self, ticket: int) -> None:
        """The form shows what waits; its Queue button then keeps it in its place."""
        waiting = {one.ticket: (place, one) for place, one in enumerate(self.queue.queue.items, start=1)}
        if ticket not in waiting:
            self.queue.follow()
            return
        if waiting[ticket][1].begun:
            self.say("This sweep has begun: it can be held or removed, but not changed", is_fault=True)
            return
        (place, wanted), self._edited = waiting[ticket], ticket
        self.form.lay_by()
        self.form.load(wanted.sequence, wanted.settings, wanted.overs)
        self.form.edit(f"number {place} of the queue")
        self.write_plan()

    def _give_up(self) -> None:
        self._edited = 0
        self.form.edit("")

    def _go_on(self, run_id: int) -> None:
        """One that is paused goes on where it is, in whichever process; another one as a run of its own."""
        line = self.history.chosen()
        if line is None or line.status not in _HELD:
            self.continue_wanted.emit(run_id)
            return
        words = f"Run {run_id} goes on"
        self.history.worker.do(partial(_let_go, self._folder, run_id), lambda _: self.say(words), self._fail)

    def _queue(self, sequence: str, settings: Mapping[str, str], overs: Sequence[str] = ()) -> None:
        if not self._edited:
            if overs:
                self.sweep_wanted.emit(sequence, settings, overs)
            else:
                self.queue_wanted.emit(sequence, settings)
            self.say(f"{'The sweep of ' if overs else ''}{sequence} waits in the queue")
            self.queue.follow()
            return
        is_there = any(one.ticket == self._edited and not one.begun for one in self.queue.queue.items)
        self.queue.queue.edit(self._edited, sequence, settings, overs)
        self.say("" if is_there else f"{sequence} has started meanwhile: nothing was changed", is_fault=True)
        self._give_up()
        self.queue.follow()
        self.tabs.setCurrentIndex(1)

    def _show_figure(self, line: ListedRun) -> None:
        self.say(f"Drawing the figure of run {line.run_id} …")
        draw = partial(drawn, self._folder, line.run_id)
        self.history.worker.do(draw, partial(self._show_drawn, line), self._fail)

    def _show_drawn(self, line: ListedRun, png: bytes) -> None:
        self.say("")
        dialog = FigureDialog(self, f"Run {line.run_id}: {line.sequence}", png)
        dialog.save_wanted.connect(lambda: self._save_figure(line))
        dialogs.show(dialog, self)

    def _save_figure(self, line: ListedRun) -> None:
        def write(to: Path) -> None:
            work = partial(_write_figure, self._folder, line.run_id, to)
            self.history.worker.do(work, lambda _: self.say(f"Figure of run {line.run_id}: {to}"), self._fail)

        dialogs.ask_for_file(self, _file_name(line), _FIGURES, write)

    def _export(self, line: ListedRun) -> None:
        def write(to: Path) -> None:
            self.say(f"Writing the points of run {line.run_id} …")
            words = partial(self._exported, line.run_id)
            self.history.worker.do(partial(_write_points, self._folder, line.run_id, to), words, self._fail)

        dialogs.ask_for_file(self, _file_name(line), _EXPORTS, write)

    def _exported(self, run_id: int, files: list[Path]) -> None:
        self.say(f"Points of run {run_id}: {', '.join(map(str, files))}")

    def _fail(self, words: str) -> None:
        self.say(words, is_fault=True)

    def _build(self) -> None:
        self.message = label()
        self.message.setWordWrap(True)
        self.message.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        below = QtWidgets.QSplitter(QtCore.Qt.Orientation.Vertical)
        below.addWidget(self.queue)
        below.addWidget(self.history)
        below.setChildrenCollapsible(False)
        below.setSizes([_QUEUE_PX, _HISTORY_PX])
        below.setStretchFactor(1, 1)
        below.setContentsMargins(4, 4, 4, 4)
        self.tabs = QtWidgets.QTabWidget(documentMode=True)
        self.tabs.addTab(self.form, "Plan")
        self.tabs.addTab(below, "Queue and history")
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.message)
        self.setFocusProxy(self.tabs)

    def _connect(self) -> None:
        self.form.run_wanted.connect(self.run_wanted)
        self.form.queue_wanted.connect(self._queue)
        self.form.sweep_wanted.connect(self._queue)
        self.form.given_up.connect(self._give_up)
        self.queue.edit_wanted.connect(self._edit)
        self.queue.held.connect(self.queue_held)
        self.queue.changed.connect(self._show_count)
        self.history.open_wanted.connect(self.open_wanted)
        self.history.continue_wanted.connect(self._go_on)
        self.history.repeat_wanted.connect(self._repeat)
        self.history.figure_wanted.connect(self._show_figure)
        self.history.export_wanted.connect(self._export)
        self.history.looked_at.connect(lambda _: self.say(self.queue.queue.trouble, is_fault=True))
        self.history.missed.connect(self._fail)
        self._show_count()

    def _show_count(self) -> None:
        """How many wait, on the tab; and what went wrong with the file."""
        count = len(self.queue.queue.items)
        self.tabs.setTabText(1, f"Queue ({count}) and history" if count else "Queue and history")
        if self.queue.queue.trouble:
            self._fail(self.queue.queue.trouble)


def _file_name(line: ListedRun) -> str:
    return f"run-{line.run_id:05d}-{line.sequence}"


def _let_go(folder: Path, run_id: int) -> None:
    ask(folder, one_run(folder, run_id).record["writer"], run_id, "resume")


def _write_figure(folder: Path, run_id: int, to: Path) -> None:
    to.write_bytes(drawn(folder, run_id, to.suffix.lower().removeprefix(".")))


def _write_points(folder: Path, run_id: int, to: Path) -> list[Path]:
    return export(folder, one_run(folder, run_id), to, overwrite=True)  # the dialogue has asked
