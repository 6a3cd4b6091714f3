"""The bar above the docks: run, pause, stop, what is shown, what the bench does; and the red stop."""

from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.gui.connection.messages import Activity
from labctl.gui.widgets.dialogs import STOP

_WORDS: Final[dict[Activity, str]] = {
    "opening": "opening the bench …",
    "idle": "ready",
    "running": "running",
    "pausing": "pausing: at the end of this play",
    "paused": "paused, all lines low",
    "stopping": "stopping, making the bench safe …",
    "closing": "closing, making the bench safe …",
    "closed": "no bench",
}

_HELD: Final = {
    "suspended": "suspended, bench safe: see the run",
    "waiting": "waiting, all lines low: see the run",
}


class RedStop(QtWidgets.QPushButton):
    """Always in the corner of its window. `wanted`: everything off now; by a press of the mouse, or F12.

    It never has the keyboard, so that no Space and no Return meant for something else can be a stop.
    """

    wanted = QtCore.Signal()

    def __init__(self, window: Any) -> None:
        super().__init__("■  STOP", window)
        self.setObjectName(STOP)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        self.setToolTip("Everything off now: run ended, lines low, lasers and microwave off, magnet down  (F12)")
        self.setAccessibleName("Emergency stop")
        self.pressed.connect(self.wanted)  # not when the button is let go of: a hand in haste may slip
        self._key = QtGui.QAction("STOP", self)
        self._key.setToolTip("Everything off now, magnet down")
        self._key.setShortcut(QtGui.QKeySequence("F12"))
        self._key.setShortcutContext(QtCore.Qt.ShortcutContext.ApplicationShortcut)
        self._key.setAutoRepeat(False)
        self._key.triggered.connect(lambda: self.wanted.emit())
        window.addAction(self._key)
        QtGui.QGuiApplication.instance().focusWindowChanged.connect(self._listen_to)

    def _listen_to(self, window: Any) -> None:
        """A shortcut does not reach a window that a dialog blocks: so the window that has the keyboard is heard."""
        if window is not None:
            window.installEventFilter(self)

    def keyPressEvent(self, event: Any) -> None:
        """No key presses this button, whoever sends it here."""
        event.ignore()

    def hear_popup(self) -> None:
        """A menu or a list that is open gets every press of the mouse, also that on STOP. Called all the time."""
        popup = QtWidgets.QApplication.activePopupWidget()
        if popup is not None:
            popup.installEventFilter(self)  # once more is no more

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """F12 where no shortcut took it, and a press here that went elsewhere."""
        kinds = QtCore.QEvent.Type
        if event.type() == kinds.KeyPress and event.key() == QtCore.Qt.Key.Key_F12:
            if not event.isAutoRepeat():
                self.wanted.emit()
            return True
        if event.type() == kinds.MouseButtonPress and QtWidgets.QApplication.activePopupWidget() is watched:
            at = event.globalPosition().toPoint() if hasattr(event, "globalPosition") else event.globalPos()  # Qt 6, 5
            at = self.mapFromGlobal(at)
            if self.rect().contains(at) and self.isVisible():
                self.wanted.emit()
        return False


class Toolbar(QtWidgets.QToolBar):
    """Actions that the menu shows too; the window connects them."""

    def __init__(self, window: Any) -> None:
        super().__init__("Bench", window)
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.new_run = self._action("New run …", "Ctrl+N", "Choose an experiment and write its plan")
        self.pause = self._action("Pause", "Ctrl+P", "Wait at the next safe point, between two plays")
        self.stop_run = self._action("Stop run", "Ctrl+.", "End the run now; the bench is left safe, data are kept")
        self.live = self._action("Back to live", "Ctrl+L", "Show the run that goes on, or that went on last")
        for action in (self.new_run, self.pause, self.stop_run):
            self.addAction(action)
        self.addSeparator()
        self.shown = QtWidgets.QLabel("")
        self.addWidget(self.shown)
        self.addAction(self.live)
        spring = QtWidgets.QWidget()
        spring.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Preferred)
        self.addWidget(spring)
        self.state = QtWidgets.QLabel("")
        self.state.setContentsMargins(8, 0, 12, 0)
        self.addWidget(self.state)
        self.red_stop = RedStop(window)
        self.toggleViewAction().setEnabled(False)  # nothing hides this bar

    def show_activity(self, activity: Activity, shown: str, is_live: bool, held: str = "") -> None:
        """What can be done now. shown: the run that the views show. held: what a run does that stands still by itself.

        The run dock says why.
        """
        self.state.setText(_HELD[held] if held and activity == "running" else _WORDS[activity])
        self.pause.setText("Resume" if activity in ("pausing", "paused") else "Pause")
        self.pause.setEnabled(activity in ("running", "pausing", "paused"))
        self.stop_run.setEnabled(activity in ("running", "pausing", "paused"))
        self.shown.setText(shown)
        self.live.setVisible(not is_live)

    def show_silence(self, seconds: float) -> None:
        """The bench process says nothing: what it does now is not known."""
        self.state.setText(f"? no word from the bench for {seconds:.0f} s")

    def _action(self, text: str, keys: str, tip: str) -> Any:
        action = QtGui.QAction(text, self)
        action.setShortcut(QtGui.QKeySequence(keys))
        action.setToolTip(f"{tip}  ({QtGui.QKeySequence(keys).toString(QtGui.QKeySequence.SequenceFormat.NativeText)})")
        action.setShortcutContext(QtCore.Qt.ShortcutContext.ApplicationShortcut)
        action.setAutoRepeat(False)  # a key that is held pauses, and does not resume
        return action
