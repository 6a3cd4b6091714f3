"""The main window: docks around the stream of a run, the red stop, and what the keys do."""

import gc
import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets
from pyqtgraph.util.garbage_collector import GarbageCollector

from labctl.common.refusals import Refusal
from labctl.config.station_file import StationFile
from labctl.gui.closing import Leaving
from labctl.gui.connection.client import Session
from labctl.gui.connection.messages import (
    BenchMessage,
    ControlsRead,
    Failed,
    HandDone,
    HandOrder,
    Kept,
    MadeSafe,
    Notice,
    RatesCounted,
    Ready,
    RunEnded,
    Watched,
)
from labctl.gui.docks import LAYOUT, Docks
from labctl.gui.focus_ring import FocusRings
from labctl.gui.menus import add_menus
from labctl.gui.message_bar import Notices
from labctl.gui.runs.record import Record
from labctl.gui.runs.stored_record import stored
from labctl.gui.toolbar import Toolbar
from labctl.gui.views.runs import RunsView
from labctl.gui.widgets import theme as theme_module
from labctl.gui.widgets.recolour import recolour
from labctl.gui.widgets.workers import Worker
from labctl.plans.catalogue import EXPERIMENTS, USUAL, measuring
from labctl.run.events import RunEvent
from labctl.safety.safe_state import Step
from sequences.results import Begin

LOG: Final = logging.getLogger(__name__)
TICK_MS: Final = 33
"""Thirty times a second the window takes what came and paints."""
_TAKING_S: Final = 0.006
_PAINTING_S: Final = 0.010
"""Of a tick; what is left over is painted with the next one, so that no tick lasts."""
_SILENT_S: Final = 5.0
"""The bench process speaks every second; after this long something is wrong."""


class Window(QtWidgets.QMainWindow):
    """What a physicist looks at all night."""

    def __init__(
        self,
        session: Session,
        file: StationFile,
        folder: Path,
        settings: Any,
        theme: theme_module.ThemeName | None = None,
    ) -> None:
        """folder: of the runs. settings: a QSettings, where docks and look are kept. theme: None: that of last time."""
        super().__init__()
        self.session, self.settings = session, settings
        self._file, self._folder = file, folder
        self._opened: Record | None = None
        self.leaving = Leaving(self)
        self.setDockNestingEnabled(True)
        self.setWindowTitle("labctl")
        self.toolbar = Toolbar(self)
        self.addToolBar(self.toolbar)
        self.notices = Notices(self)
        self._worker = Worker(self)
        self.theme_wanted = theme_module.remembered(settings, theme)
        self._theme = theme_module.Worn(theme_module.theme_for(self.theme_wanted))
        self.docks = self._furnished()
        self.focus_rings = FocusRings(self, self._theme)
        self.follows = add_menus(self)
        self._connect()
        self._restore()
        if EXPERIMENTS.refused:
            self.notices.tell("\n".join(EXPERIMENTS.refused.values()))
        self._timer = QtCore.QTimer(self)
        self._timer.timeout.connect(self.tick)
        self._timer.start(TICK_MS)
        gc.collect()
        gc.freeze()  # what stands now stays: to search it for garbage again would stop the window for 0.3 s each time
        self._garbage = GarbageCollector()  # a widget that another thread happens to collect takes the process with it

    # ---- what is shown

    @property
    def run(self) -> Record | None:
        """What the views show: a run that was opened, or the one that goes on."""
        return self._opened or self.session.record_builder.run

    def tick(self) -> None:
        """Take what the bench said, then paint; neither for long."""
        for message in self.session.take(_TAKING_S):
            self._hear(message)
        goes_on = self.session.record_builder.run
        held = goes_on.held if goes_on is not None else ""
        self.toolbar.show_activity(self.session.activity, self._shown(), self._opened is None, held)
        if self.session.activity not in ("opening", "closed") and self.session.silence_s > _SILENT_S:
            self.toolbar.show_silence(self.session.silence_s)
        self.toolbar.red_stop.hear_popup()
        self.docks.run.show_activity(self.session.activity)
        self.docks.hand.show_activity(self.session.activity)
        self.docks.runs.show_held(self.session.is_queue_held)
        self.docks.bench.show_ages(is_gone=self.session.activity == "closed")
        self.docks.paint(self.run, _PAINTING_S)
        self.leaving.look()

    def open(self, run_id: int) -> None:
        """Show a stored run in the same views."""
        self._worker.do(partial(stored, self._folder, run_id), self._show_opened, self.notices.trouble)

    def open_child(self, run_id: int) -> None:
        """Show one child of the run that is shown."""
        children = self.run.all() if self.run is not None else iter(())
        self._opened = next((child for child in children if child.run_id == run_id), self._opened)
        self._look()

    def back_to_live(self) -> None:
        """Show the run that goes on, or that went on last."""
        self._opened = None
        self._look()

    def set_theme(self, name: theme_module.ThemeName) -> None:
        """Another look, at once and at the next start."""
        old, new = self._theme.now, theme_module.theme_for(name)
        theme_module.apply(new)
        self._theme.put_on(new)
        recolour(self, old, new)
        self.settings.setValue("theme", name)

    # ---- what is done

    def run_wanted(self, sequence: str, settings: Mapping[str, str]) -> None:
        """Run it now, or after what runs."""
        begun = self._tried(lambda: self.session.run(sequence, settings))
        if begun:
            self.notices.look_at(None)
            self.back_to_live()
        elif begun is not None:
            self.notices.tell(f"{sequence} is {self.session.when_next}")
        self.docks.runs.refresh()

    def queue_wanted(self, sequence: str, settings: Mapping[str, str], overs: Sequence[str] = ()) -> None:
        """Put it at the end of the queue; with overs a sweep, as one."""
        self._tried(lambda: self.session.enqueue(sequence, settings, overs))
        self.docks.runs.refresh()

    def continue_wanted(self, run_id: int) -> None:
        """Go on with a stored run that was interrupted."""
        if self._tried(lambda: self.session.continue_run(run_id)):
            self.notices.look_at(None)
            self.back_to_live()

    def by_hand(self, order: HandOrder) -> None:
        """Set something of the bench, between its runs."""
        try:
            self.session.by_hand(order)
        except Refusal as refusal:
            self.docks.hand.say("\n".join(refusal.faults), is_trouble=True)

    def optimise(self) -> None:
        """Find the NVs again; when that run has completed, the null goes where it belongs."""
        if self.session.activity == "idle":
            self.run_wanted(measuring("pair").name, {})
            self.docks.hand.after_run = HandOrder("centre") if self.session.is_busy else None

    def write_plan(self) -> None:
        """Choose an experiment and write its plan."""
        self.docks.bring_forward(self.docks.runs)
        self.docks.runs.write_plan()

    def pause_or_resume(self) -> None:
        """The one, or the other."""
        if self.session.activity in ("pausing", "paused"):
            self.session.resume()
        else:
            self.session.pause()

    def reopen(self) -> None:
        """Connect to the bench anew."""
        if self.session.activity == "closed":
            self.notices.clear()
            self.session.reopen()

    def stop_everything(self) -> None:
        """The red stop: end the run, everything off, magnet down; and say what comes of it."""
        self._tell(self.session.make_safe())

    def leave_at_once(self) -> None:
        """Without asking, as after Ctrl-C: the run is ended, the bench left safe."""
        self.leaving.begin(is_hurried=True)

    def closeEvent(self, event: Any) -> None:
        """Ask while a run goes on; then leave the bench safe before the window goes."""
        if self.leaving.may_go:
            self._timer.stop()
            self.settings.setValue("geometry", self.saveGeometry())
            self.settings.setValue("docks", self.saveState(LAYOUT))
            event.accept()
        else:
            event.ignore()
            self.leaving.ask()

    def createPopupMenu(self) -> None:
        """No menu on a right click: it would hide the bar for good. Docks are in the View menu."""
        return None

    # ---- within

    def _hear(self, message: BenchMessage) -> None:
        match message:
            case RunEvent(event=Begin(sequence)):
                self._begun(message, sequence)
            case Ready(label):
                self.setWindowTitle(f"labctl · {label}")
            case Watched(conditions):
                self.docks.bench.show_conditions(conditions)
            case ControlsRead() | HandDone() | RatesCounted():
                self.docks.hand.take(message)
            case RunEnded():
                self._ended(message)
            case MadeSafe(steps):
                self._made_safe(steps)
            case Failed(faults):
                self.notices.trouble("\n".join(faults))
            case Kept(why):
                self.docks.runs.refresh()
                self.notices.trouble(why)
            case Notice():
                self._tell(message)

    def _tell(self, notice: Notice) -> None:
        (self.notices.trouble if notice.is_trouble else self.notices.tell)(notice.words)

    def _begun(self, run_event: RunEvent, sequence: str) -> None:
        if self.follows.isChecked() and self._opened is None:
            self.docks.raise_for(sequence)
        if not run_event.depth and self._opened is None:
            self.notices.look_at(run_event.run_id, by_hand=False)

    def _look(self) -> None:
        """Another run is shown: what was told of an earlier one goes."""
        self.notices.look_at(self.run.run_id if self.run is not None else None)

    def _ended(self, ended: RunEnded) -> None:
        self.docks.runs.refresh()
        if ended.status != "completed":
            self.docks.hand.after_run = None
        if ended.unsafe:
            self.notices.trouble(_unsafe(ended.unsafe))
        elif ended.status == "failed":
            self.notices.trouble(f"Run {ended.run_id or '-'} failed: {ended.message}", ended.run_id)
        else:
            self.notices.tell(f"Run {ended.run_id or '-'} {ended.status}", ended.run_id)

    def _made_safe(self, steps: tuple[Step, ...]) -> None:
        self.docks.hand.forget()
        if unsafe := tuple(step for step in steps if step.fault):
            self.notices.trouble(_unsafe(unsafe))
        else:
            self.notices.tell(f"STOP: the bench is safe, read back: {'; '.join(step.what for step in steps)}")

    def _shown(self) -> str:
        run = self.run
        if run is None:
            return ""
        started = f" of {run.started[:16].replace('T', ' ')}" if self._opened is not None and run.started else ""
        return f"{'stored' if self._opened is not None else 'live'}: run {run.run_id}, {run.sequence}{started}"

    def _show_opened(self, record: Record) -> None:
        self._opened = record
        self._look()
        self.docks.raise_for(record.sequence)

    def _tried(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except Refusal as refusal:
            self.notices.trouble("\n".join(refusal.faults))
            return None

    def _furnished(self) -> Docks:
        theme_module.apply(self._theme)
        runs = RunsView(self._theme, self._folder, self.session.queue, self._file.bounds(), self.session.about)
        runs.form.load(USUAL, {})
        return Docks(self, self._theme, runs)

    def _connect(self) -> None:
        bar = self.toolbar
        bar.new_run.triggered.connect(self.write_plan)
        bar.pause.triggered.connect(self.pause_or_resume)
        bar.stop_run.triggered.connect(self.session.stop)
        bar.live.triggered.connect(self.back_to_live)
        bar.red_stop.wanted.connect(self.stop_everything)
        runs = self.docks.runs
        runs.run_wanted.connect(self.run_wanted)
        runs.queue_wanted.connect(self.queue_wanted)
        runs.sweep_wanted.connect(self.queue_wanted)
        runs.open_wanted.connect(self.open)
        runs.continue_wanted.connect(self.continue_wanted)
        runs.queue_held.connect(self.session.hold_queue)
        self.docks.hand.ordered.connect(self.by_hand)
        self.docks.hand.troubled.connect(self.notices.trouble)
        self.docks.hand.optimise_wanted.connect(self.optimise)
        for view in self.docks.plots:
            view.picked.connect(self.docks.hand.set_by_click)
        self.docks.run.child_chosen.connect(self.open_child)

    def _restore(self) -> None:
        """The arrangement that was kept, as far as it is one; it hides neither bar, and fits the screen."""
        if not self._kept("geometry", self.restoreGeometry):
            screen = QtGui.QGuiApplication.primaryScreen().availableGeometry()
            self.resize(min(1760, screen.width() - 40), min(1000, screen.height() - 60))
        if not self._kept("docks", lambda state: self.restoreState(state, LAYOUT)):
            QtCore.QTimer.singleShot(0, self.docks.proportion)  # widths count once the window has its own
        room = self.screen().availableGeometry().size()
        if not self.isMaximized() and not self.isFullScreen():
            self.resize(self.size().boundedTo(room))
        self.toolbar.show()

    def _kept(self, key: str, restore: Callable[[Any], bool]) -> bool:
        """Whether something was kept, and it could be restored: a file may hold anything."""
        value = self.settings.value(key)
        try:
            return value is not None and bool(restore(value))
        except TypeError:  # it is of another kind
            LOG.warning("The arrangement of the window that was kept cannot be used: %s is no such thing", key)
            return False


def _unsafe(steps: tuple[Step, ...]) -> str:
    """What to do by hand."""
    return f"THE BENCH MAY NOT BE SAFE: {'; '.join(map(str, steps))}"
