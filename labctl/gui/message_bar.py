"""What must be read, once there is something: it lies over the docks beneath the toolbar, and moves nothing."""

import time
from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtWidgets

_MARGIN_PX: Final = 6
_MOST: Final = 0.5
"""Of the window's height: what is longer scrolls."""


class Notices(QtWidgets.QFrame):
    """The last notice, with the time, until it is put away or another one comes."""

    def __init__(self, window: Any) -> None:
        super().__init__(window)
        self.setObjectName("notices")
        self.about: int | None = None
        """The run that it tells of; None if it tells of none."""
        self.is_trouble = False
        self.text = QtWidgets.QLabel()
        self.text.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setAlignment(QtCore.Qt.AlignmentFlag.AlignVCenter)
        self.text.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        self.away = QtWidgets.QToolButton()
        self.away.setText("✕")
        self.away.setAutoRaise(True)
        self.away.setToolTip("Put this notice away")
        self.away.setAccessibleName("put the notice away")
        self.away.clicked.connect(self.clear)
        self._build()
        window.installEventFilter(self)
        self.hide()

    def tell(self, words: str, about: int | None = None) -> None:
        """Good to know. about: the run that it tells of."""
        self._show(words, "", about)

    def trouble(self, words: str, about: int | None = None) -> None:
        """Something went wrong."""
        self._show(f"✖ {words}", "fault", about)

    def clear(self) -> None:
        """Put the notice away."""
        self.about, self.is_trouble = None, False
        self.text.clear()
        self.hide()

    def look_at(self, run_id: int | None, by_hand: bool = True) -> None:
        """Another run is looked at: what is told of the one before goes; trouble stays until somebody has looked."""
        if self.about not in (None, run_id) and (by_hand or not self.is_trouble):
            self.clear()

    def place(self) -> None:
        """As wide as the words, or as the window; as high as they need."""
        window = self.parentWidget()
        top = max(
            (bar.geometry().bottom() for bar in window.findChildren(QtWidgets.QToolBar) if bar.isVisible()), default=0
        )
        around = self.layout().contentsMargins()
        beside = self.away.sizeHint().width() + self.layout().spacing() + around.left() + around.right() + 2
        room = window.width() - 2 * _MARGIN_PX
        metrics = self.text.fontMetrics()
        longest = max(metrics.horizontalAdvance(line) for line in self.text.text().splitlines() or [""])
        width = min(room, longest + beside + metrics.averageCharWidth())
        words = self.text.heightForWidth(width - beside)
        height = max(words, self.away.sizeHint().height()) + around.top() + around.bottom() + 2
        self.setGeometry(_MARGIN_PX, top + 1, width, min(height, int(_MOST * window.height())))
        self.raise_()

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Follow the window's size."""
        if event.type() == QtCore.QEvent.Type.Resize and self.isVisible():
            self.place()
        return bool(super().eventFilter(watched, event))

    def _show(self, words: str, role: str, about: int | None) -> None:
        self.about, self.is_trouble = about, role == "fault"
        self.text.setText(f"{time.strftime('%H:%M:%S')}  {words}")
        self.text.setProperty("role", role)
        self.text.style().unpolish(self.text)
        self.text.style().polish(self.text)
        self.setAccessibleName(words)
        self.place()
        self.show()

    def _build(self) -> None:
        area = QtWidgets.QScrollArea()
        area.setWidget(self.text)
        area.setWidgetResizable(True)
        area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(8, 2, 4, 2)
        row.addWidget(area, 1)
        row.addWidget(self.away, 0, QtCore.Qt.AlignmentFlag.AlignTop)
