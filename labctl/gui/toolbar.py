"""The bar above the docks: run, pause, stop, what is shown, what the bench does, and the red stop."""

from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.gui.messages import Activity

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
        self.red_stop = QtWidgets.QPushButton("■  STOP")
        self.red_stop.setObjectName("stop")
        self.red_stop.setToolTip(
            "Everything off now: run ended, lines low, lasers and microwave off, magnet down  (F12)"
        )
        self.red_stop.setAccessibleName("Emergency stop")
        self.red_stop.setShortcut(QtGui.QKeySequence("F12"))
        self.addWidget(self.red_stop)

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

    def _action(self, text: str, keys: str, tip: str) -> Any:
        action = QtGui.QAction(text, self)
        action.setShortcut(QtGui.QKeySequence(keys))
        action.setToolTip(f"{tip}  ({QtGui.QKeySequence(keys).toString(QtGui.QKeySequence.SequenceFormat.NativeText)})")
        action.setShortcutContext(QtCore.Qt.ShortcutContext.ApplicationShortcut)
        action.setAutoRepeat(False)  # a key that is held pauses, and does not resume
        return action
