"""A line beneath the toolbar for what must be read, once there is something."""

import time
from typing import Any

from pyqtgraph.Qt import QtCore, QtWidgets


class Notices(QtWidgets.QToolBar):
    """The last notice, with the time, until it is put away or another one comes."""

    def __init__(self, window: Any) -> None:
        super().__init__("Notices", window)
        self.setObjectName("notices")
        self.setMovable(False)
        self.text = QtWidgets.QLabel()
        self.text.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Preferred)
        self.addWidget(self.text)
        away = QtWidgets.QToolButton()
        away.setText("✕")
        away.setToolTip("Put this notice away")
        away.clicked.connect(self.clear)
        self.addWidget(away)
        self.hide()

    def tell(self, words: str) -> None:
        """Good to know."""
        self._show(words, "")

    def trouble(self, words: str) -> None:
        """Something went wrong."""
        self._show(f"✖ {words}", "fault")

    def clear(self) -> None:
        """Put the notice away."""
        self.text.clear()
        self.hide()

    def _show(self, words: str, role: str) -> None:
        self.text.setText(f"{time.strftime('%H:%M:%S')}  {words}")
        self.text.setProperty("role", role)
        self.text.style().unpolish(self.text)
        self.text.style().polish(self.text)
        self.show()
