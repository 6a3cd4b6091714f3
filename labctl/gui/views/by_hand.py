"""The dock "By hand": every control of the bench between its runs, and the count rate as it goes."""

import html
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.gui.connection.messages import Activity, ControlsRead, FromHand, HandDone, HandOrder, RatesCounted
from labctl.gui.panels.control_rows import ControlRows
from labctl.gui.panels.count_trace import CountTrace
from labctl.gui.widgets.theme import Theme
from labctl.gui.widgets.view import label

_READ: Final = HandOrder("read")
_BUSY: Final = "A run goes on: the bench is set by hand when it has ended."
_NO_BENCH: Final = "No bench is open."


class ByHandView(QtWidgets.QWidget):
    """It shows what the bench process read back, and asks it for everything else."""

    title = "By hand"

    ordered = QtCore.Signal(object)
    """A HandOrder that somebody wants done."""
    troubled = QtCore.Signal(str)
    """Why something was not done: long words, for where they move nothing."""
    optimise_wanted = QtCore.Signal()
    """Find the NV again, then put the null there."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.after_run: HandOrder | None = None
        """What follows when the run that goes on has completed."""
        self._is_old = True
        """Whether the controls have to be read before anybody may believe them."""
        self.trace, self.rows = CountTrace(theme), ControlRows()
        self.words = label("", "faint")
        self.words.setWordWrap(False)  # a line more would move the controls under the pointer
        self.words.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Fixed)
        self._build()
        self.show_activity("opening")

    def _build(self) -> None:
        self.counts = _said(QtWidgets.QCheckBox("Count"), "Count photons all the time while no run goes on")
        self.off = _said(
            QtWidgets.QPushButton("Dark now"),
            "Lines low; light, microwave and pulsed coils off; the magnet keeps its field",
        )
        self.optimise = _said(
            QtWidgets.QPushButton("Optimise"), "Run what finds the NVs, then put the null where it belongs"
        )
        self.clicks = _said(
            QtWidgets.QCheckBox("Set by click"), "A click in a spectrum sets the carrier there, in an image the null"
        )
        self.counts.clicked.connect(lambda on: self.ordered.emit(HandOrder("count" if on else "rest")))
        self.off.clicked.connect(lambda: self.ordered.emit(HandOrder("off")))
        self.optimise.clicked.connect(self.optimise_wanted)
        self.rows.wanted.connect(lambda name, text: self.ordered.emit(HandOrder("set", name, text)))
        self.trace.beginning.insertWidget(0, self.counts)
        buttons = QtWidgets.QHBoxLayout()
        for button in (self.off, self.optimise, self.clicks):
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.trace, 1)
        layout.addLayout(buttons)
        layout.addWidget(self.words)
        layout.addWidget(self.rows)
        self.setFocusProxy(self.off)
        for before, after in pairwise((self.counts, self.trace.counter, self.trace.span, self.off)):
            self.setTabOrder(before, after)

    def take(self, message: FromHand) -> None:
        """What the bench process said."""
        match message:
            case ControlsRead(states):
                self.rows.show_states(states)
            case HandDone(words, is_trouble, counts):
                self.say(words, is_trouble)
                self.counts.setChecked(counts)
                if is_trouble:
                    self.rows.restore()
            case RatesCounted(lab_time_s, cps):
                self.trace.add(lab_time_s, cps)

    def say(self, words: str, is_trouble: bool = False) -> None:
        """What came of the last thing that was asked for."""
        self.words.setText(words)
        if self.words.property("role") != (role := "fault" if is_trouble else "faint"):
            self.words.setProperty("role", role)
            self.words.style().unpolish(self.words)
            self.words.style().polish(self.words)
        self.words.setToolTip(f"<qt>{html.escape(words)}</qt>" if words else "")
        if is_trouble:
            self.troubled.emit(words)

    def show_activity(self, activity: Activity) -> None:
        """By hand nothing goes while a run goes on; afterwards everything is read anew, once somebody looks."""
        is_idle = activity == "idle"
        for widget in (self.counts, self.off, self.rows, self.optimise):
            widget.setEnabled(is_idle)
        if not is_idle and not self._is_old:
            self.say("" if activity == "opening" else _NO_BENCH if activity in ("closing", "closed") else _BUSY)
        if not is_idle:
            self._is_old = True
            self.counts.setChecked(False)
        elif self.after_run is not None:
            order, self.after_run = self.after_run, None
            self.ordered.emit(order)
        elif self._is_old and self.isVisible() and not self.visibleRegion().isEmpty():
            self._is_old = False
            self.say("")
            self.ordered.emit(_READ)

    def forget(self) -> None:
        """Something else has set the bench: what stands here is old, and nothing is counted any more."""
        self._is_old = True
        self.counts.setChecked(False)

    def set_by_click(self, values: Mapping[str, float]) -> None:
        """Somebody has clicked into a picture: these controls at these values, if clicks are to set something."""
        if self.clicks.isChecked():
            for name, value in values.items():
                self.ordered.emit(HandOrder("set", name, f"{value:.10g}"))


def _said(button: Any, tip: str) -> Any:
    button.setToolTip(tip)
    return button
