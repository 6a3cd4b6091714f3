"""Dialogs that never stand between a hand and STOP: they block no window, fit the screen, and leave STOP uncovered.

A dialog that blocks the window, as Qt's own questions do, takes the mouse and the keys from STOP as long as it is open.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtWidgets

STOP: Final = "stop"
"""Name of the button that is left uncovered."""
_GAP_PX: Final = 8
_FRAME_PX: Final = 32
"""Room for the title of a window."""
_WIDEST_PX: Final = 560


class Box(QtWidgets.QDialog):
    """A text, scrolled if it is long, and buttons: one that closes it, or two that answer its question."""

    answered = QtCore.Signal(bool)
    """Once, when it is closed; True only for the first button of a question."""

    def __init__(self, over: Any, title: str, text: str, yes: str = "", no: str = "Close") -> None:
        """yes, no: what the buttons say; without a yes nothing is asked. The keyboard begins at the harmless one."""
        super().__init__(over)
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.text = QtWidgets.QLabel(text)
        self.text.setWordWrap(True)
        self.text.setMargin(_GAP_PX)
        self.text.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        scrolled = QtWidgets.QScrollArea()
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        scrolled.setWidget(self.text)
        buttons, role = QtWidgets.QDialogButtonBox(), QtWidgets.QDialogButtonBox.ButtonRole
        self.no = buttons.addButton(no, role.RejectRole)
        self.yes = buttons.addButton(yes, role.AcceptRole) if yes else None
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.finished.connect(lambda code: self.answered.emit(code == int(self.DialogCode.Accepted)))
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(scrolled, 1)
        column.addWidget(buttons)
        self.no.setDefault(True)
        self.no.setFocus()

    def sizeHint(self) -> Any:
        """As large as the text, if it can be."""
        width = min(_WIDEST_PX, self.text.sizeHint().width() + 6 * _GAP_PX)
        height = self.text.heightForWidth(width - 6 * _GAP_PX)
        return QtCore.QSize(width, height + self.no.sizeHint().height() + 6 * _GAP_PX)


def show(dialog: Any, over: Any) -> None:
    """Open a dialog that blocks nothing, no larger than the screen allows, where it does not cover STOP.

    over: the widget that it belongs to.
    """
    dialog.setModal(False)
    if not dialog.testAttribute(QtCore.Qt.WidgetAttribute.WA_Resized):
        dialog.resize(dialog.sizeHint())
    room, window = _room(dialog, over), _main_window(over)
    dialog.resize(dialog.size().boundedTo(room.size()))
    place = QtCore.QRect(QtCore.QPoint(), dialog.size())
    place.moveCenter(window.mapToGlobal(window.rect().center()))
    place.moveLeft(max(room.left(), min(place.left(), room.right() - place.width() + 1)))
    place.moveTop(max(room.top(), min(place.top(), room.bottom() - place.height() + 1)))
    dialog.move(place.topLeft() - QtCore.QPoint(0, _FRAME_PX))  # a window is placed by its frame
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()


def ask(over: Any, title: str, question: str, yes: str, no: str, agreed: Callable[[], None]) -> Box:
    """A question; `agreed` is called after a yes, and nothing after anything else."""
    box = Box(over, title, question, yes, no)
    box.answered.connect(lambda is_yes: agreed() if is_yes else None)
    show(box, over)
    return box


def ask_for_file(over: Any, name: str, filters: str, chosen: Callable[[Path], None]) -> Any:
    """Let the user choose a file to write; its ending is that of the filter if none was given.

    filters: as 'CSV (*.csv);;PDF (*.pdf)'. `chosen` is called with a file that may be written over.
    """
    kind = QtWidgets.QFileDialog
    dialog = kind(over, "Write")
    dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
    # The system's own dialog, and the questions that Qt's asks about files, would block the window and its STOP.
    for option in (kind.Option.DontUseNativeDialog, kind.Option.DontConfirmOverwrite, kind.Option.ReadOnly):
        dialog.setOption(option, True)
    dialog.setAcceptMode(kind.AcceptMode.AcceptSave)
    dialog.setFileMode(kind.FileMode.AnyFile)
    dialog.setNameFilters(filters.split(";;"))
    dialog.selectFile(name)

    def take(given: str) -> None:
        pattern = dialog.selectedNameFilter()
        path = Path(given)
        path = path if path.suffix else path.with_suffix(pattern[pattern.index("*") + 1 : -1])
        if not path.exists():
            chosen(path)
            return
        question = f"{path} exists. Write over it? What it holds is lost then."
        ask(over, "Write over it?", question, "Write over it", "Keep it", lambda: chosen(path))

    dialog.fileSelected.connect(take)
    show(dialog, over)
    return dialog


def _main_window(over: Any) -> Any:
    """The main window that a widget belongs to, also from a dock that was torn off; without one, its own window."""
    widget = over
    while widget is not None and not isinstance(widget, QtWidgets.QMainWindow):
        widget = widget.parentWidget()
    return widget or over.window()


def _room(dialog: Any, over: Any) -> Any:
    """Where on the screen a dialog may lie: beneath STOP, or beside it if it is too high for that."""
    window = _main_window(over)
    screen = window.screen().availableGeometry().adjusted(_GAP_PX, _FRAME_PX, -_GAP_PX, -_GAP_PX)
    stop = window.findChild(QtWidgets.QPushButton, STOP)
    if stop is None:
        return screen
    corner, foot = stop.mapToGlobal(stop.rect().topLeft()), stop.mapToGlobal(stop.rect().bottomLeft())
    beneath, beside = QtCore.QRect(screen), QtCore.QRect(screen)
    beneath.setTop(foot.y() + _GAP_PX + _FRAME_PX)
    beside.setRight(corner.x() - _GAP_PX)
    least = dialog.minimumSizeHint()
    return beneath if beneath.height() >= least.height() or beside.width() < least.width() else beside
