"""A ring around what has the keys, in every window, whatever kind of widget it is: styles draw it for some only."""

from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.gui.widgets.theme import Theme

_WIDTH_PX: Final = 2
_MOVING: Final = (
    QtCore.QEvent.Type.Move,
    QtCore.QEvent.Type.Resize,
    QtCore.QEvent.Type.Show,
    QtCore.QEvent.Type.Hide,
    QtCore.QEvent.Type.LayoutRequest,
)


class FocusRings(QtCore.QObject):
    """Gives every window in which the keys go somewhere a ring of its own."""

    def __init__(self, window: Any, theme: Theme) -> None:
        super().__init__(window)
        self._theme = theme
        QtWidgets.QApplication.instance().focusChanged.connect(self.follow)

    def follow(self, _old: Any, new: Any) -> None:
        """The keys go there now."""
        window = new.window() if new is not None else None
        if window is None or window.windowType() == QtCore.Qt.WindowType.Popup:
            return
        ring = window.findChild(FocusRing, "focus ring", QtCore.Qt.FindChildOption.FindDirectChildrenOnly)
        (ring or FocusRing(window, self._theme)).surround(new if new is not window else None)


class FocusRing(QtWidgets.QWidget):
    """Lies over the window, lets every click through, and follows what it surrounds."""

    def __init__(self, window: Any, theme: Theme) -> None:
        super().__init__(window)
        self.setObjectName("focus ring")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._theme = theme
        self._watched: list[Any] = []

    def surround(self, widget: Any | None) -> None:
        """This widget has the keys; None: the window itself."""
        for one in self._watched:
            one.removeEventFilter(self)
        self._watched = [] if widget is None else [widget]
        while self._watched and (above := self._watched[-1].parentWidget()) is not None and above is not self.window():
            self._watched.append(above)
        for one in self._watched:
            one.installEventFilter(self)
            one.destroyed.connect(self._forget)
        self.place()

    def place(self) -> None:
        """Around what is seen of it."""
        seen, window = QtCore.QRect(), self.parentWidget()
        for k, one in enumerate(self._watched):  # it may be scrolled out of sight within one of those around it
            here = QtCore.QRect(one.mapTo(window, QtCore.QPoint(0, 0)), one.size())
            seen = here if k == 0 else seen & here
        is_seen = not seen.isEmpty() and self._watched[0].isVisible()
        self.setVisible(is_seen)
        if is_seen:
            self.setGeometry(seen.adjusted(-_WIDTH_PX, -_WIDTH_PX, _WIDTH_PX, _WIDTH_PX))
            self.raise_()

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """What it surrounds has moved, or something around that: follow once Qt is done."""
        if event.type() in _MOVING:
            QtCore.QTimer.singleShot(0, self.place)
        return bool(super().eventFilter(watched, event))

    def paintEvent(self, _event: Any) -> None:
        """The ring alone."""
        painter = QtGui.QPainter(self)
        pen = QtGui.QPen(QtGui.QColor(self._theme.accent), _WIDTH_PX)
        pen.setJoinStyle(QtCore.Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        half = _WIDTH_PX // 2
        painter.drawRect(self.rect().adjusted(half, half, -half, -half))
        painter.end()

    def _forget(self, *_: Any) -> None:
        """It is gone, and may not be asked any more."""
        self._watched = []
        self.hide()
