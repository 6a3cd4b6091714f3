"""What all views have in common: which part of a run they show, and that their faults stay their own."""

import logging
from typing import Any, ClassVar, Final

from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.gui.runs.record import Record
from labctl.gui.widgets.theme import Theme
from labctl.plans.catalogue import EXPERIMENTS

LOG: Final = logging.getLogger(__name__)
LATER: Final = 100
"""Place of a picture that does not say its own."""


class View(QtWidgets.QWidget):
    """A dock's content that follows a run.

    An experiment says in `docks` which views show it. A view builds its widgets once in `build`, and in `paint` shows
    a record, complete or growing; `clear` shows none. It only reads the record.
    """

    title: ClassVar[str]
    """Of its dock, in the menu, and in the `docks` of an experiment."""
    order: ClassVar[int] = LATER
    """Place among the pictures. Those that do not say theirs come last, and behind all other docks in the menu."""

    picked = QtCore.Signal(object)
    """Where somebody has clicked into a picture of settings: name of a control -> value."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self._painted: tuple[int, int] | None = None
        self._held: Record | None = None
        """What is painted stays alive, so that no other record can have its id."""
        self._trouble = QtWidgets.QLabel()
        self._trouble.setWordWrap(True)
        self._trouble.setProperty("role", "fault")
        self._trouble.hide()
        self.content = QtWidgets.QVBoxLayout()
        self.content.setContentsMargins(4, 4, 4, 4)
        outer = QtWidgets.QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._trouble)
        outer.addLayout(self.content, 1)
        self.build()

    def build(self) -> None:
        """Make the widgets, in `self.content`."""
        raise NotImplementedError

    def paint(self, record: Record, run: Record) -> None:
        """Show a record. run: the outermost run that it is part of."""
        raise NotImplementedError

    def clear(self) -> None:
        """Show that there is nothing to show."""
        raise NotImplementedError

    def pick(self, run: Record) -> Record | None:
        """The newest part of a run whose experiment is shown here; None if it has none yet."""
        return next((record for record in reversed(list(run.all())) if self.title in docks_of(record.sequence)), None)

    def show_run(self, run: Record | None) -> bool:
        """Paint if there is something new; whether it did. What goes wrong is said here and goes no further."""
        record = self.pick(run) if run is not None else None
        state = None if record is None else (id(record), record.version)
        if state == self._painted:
            return False
        self._painted, self._held = state, record
        try:
            if record is None or run is None:
                self.clear()
            else:
                self.paint(record, run)
            self._trouble.hide()
        except Exception as error:
            LOG.exception("The view %s failed", self.title)
            self._trouble.setText(
                f"This view failed ({type(error).__name__}: {error}). The run goes on; see labctl.log"
            )
            self._trouble.show()
        return True

    def repaint_soon(self) -> None:
        """Paint at the next occasion even if nothing is new."""
        self._painted = (-1, -1)


def docks_of(sequence: str) -> tuple[str, ...]:
    """Titles of the docks that show an experiment, that which shows most of it first."""
    experiment = EXPERIMENTS.get(sequence)
    return experiment.docks if experiment is not None else ()


class Words(QtWidgets.QLabel):
    """A text that keeps the room for all its lines, however narrow a dock makes it."""

    def setText(self, text: str) -> None:
        """Another text may need more lines."""
        super().setText(text)
        self._keep_room()

    def resizeEvent(self, event: Any) -> None:
        """So may the same text in another width."""
        super().resizeEvent(event)
        self._keep_room()

    def _keep_room(self) -> None:
        if self.wordWrap():
            self.setMinimumHeight(max(0, self.heightForWidth(self.width())) if self.text() else 0)


def label(text: str = "", role: str = "", selectable: bool = True) -> Any:
    """A text. role: 'faint', 'fault' or 'figure'."""
    made = Words(text)
    made.setTextFormat(QtCore.Qt.TextFormat.PlainText)  # what a run says is never markup
    if role:
        made.setProperty("role", role)
    if selectable:
        made.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
    return made
