"""The figure of a stored run, drawn as `labctl show --figure` draws it, in a window of its own."""

import io
from pathlib import Path
from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.common.refusals import Refusal
from labctl.data.reader import children, one_run, points
from labctl.figures import draw

ENDINGS: Final = ("png", "pdf", "svg")
_SIZE: Final = (960, 720)


def drawn(folder: Path, run_id: int, ending: str = "png") -> bytes:
    """The figure as a file's content. Takes a second; raises Refusal if there is nothing to draw."""
    run = one_run(folder, run_id)
    parts = [{"run_id": p.run_id, "sequence": p.sequence, "result": p.result} for p in children(folder, run_id)]
    recorded = points(folder, run_id)
    figure = draw(run.sequence, recorded.values, {**(run.result or {}), "children": parts}, recorded.columns)
    if figure is None:
        raise Refusal(f"Run {run_id} ({run.sequence}) has nothing to draw")
    content = io.BytesIO()
    figure.savefig(content, format=ending)
    return content.getvalue()


class FigureDialog(QtWidgets.QDialog):
    """Shows a figure as large as the window. `save_wanted`: keep it in a file."""

    save_wanted = QtCore.Signal()

    def __init__(self, parent: Any, title: str, png: bytes) -> None:
        super().__init__(parent)
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setWindowFlag(QtCore.Qt.WindowType.WindowMaximizeButtonHint)
        self.image = QtGui.QPixmap()
        self.image.loadFromData(png)
        self.shown = QtWidgets.QLabel(alignment=QtCore.Qt.AlignmentFlag.AlignCenter)
        self.shown.setMinimumSize(200, 150)
        self.shown.setAccessibleName(title)
        save = QtWidgets.QPushButton("Save …")
        save.clicked.connect(self.save_wanted)
        column = QtWidgets.QVBoxLayout(self)
        column.addWidget(self.shown, 1)
        column.addWidget(save, 0, QtCore.Qt.AlignmentFlag.AlignRight)
        self.resize(*_SIZE)

    def resizeEvent(self, event: Any) -> None:
        """Fit the figure, sharp on fine screens too."""
        super().resizeEvent(event)
        ratio, aspect = self.devicePixelRatioF(), QtCore.Qt.AspectRatioMode.KeepAspectRatio
        smooth = QtCore.Qt.TransformationMode.SmoothTransformation
        fitted = self.image.scaled(self.shown.size() * ratio, aspect, smooth)
        fitted.setDevicePixelRatio(ratio)
        self.shown.setPixmap(fitted)
