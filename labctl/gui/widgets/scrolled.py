"""A dock's content that may be larger than its dock: then it is scrolled, and the window fits any screen."""

from typing import Any

from pyqtgraph.Qt import QtCore, QtWidgets


class Scrolled(QtWidgets.QScrollArea):
    """Content as large as there is room, and never smaller than it can be.

    Qt's own way of fitting would give texts that wrap their preferred height, and scroll plots that could shrink.
    """

    def __init__(self, content: Any) -> None:
        super().__init__()
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        self.setWidget(content)
        self.setFocusProxy(content)

    def resizeEvent(self, event: Any) -> None:
        """There is other room."""
        super().resizeEvent(event)
        self._fit()

    def event(self, event: Any) -> bool:
        """The content may need other room."""
        done = super().event(event)
        if event.type() == QtCore.QEvent.Type.LayoutRequest:
            self._fit()
        return bool(done)

    def _fit(self) -> None:
        content, room = self.widget(), self.maximumViewportSize()
        if content is None:
            return
        bar = self.style().pixelMetric(QtWidgets.QStyle.PixelMetric.PM_ScrollBarExtent)
        least = content.minimumSizeHint().expandedTo(content.minimumSize())
        is_high = least.height() > room.height()
        is_wide = least.width() > room.width() - bar * is_high
        is_high = is_high or least.height() > room.height() - bar * is_wide
        room -= QtCore.QSize(bar * is_high, bar * is_wide)
        content.resize(room.expandedTo(least))
