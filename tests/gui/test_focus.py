"""Without a mouse: Tab goes in the order in which one reads, and what has the keys shows it."""

from itertools import pairwise

import numpy as np
import pytest
from pyqtgraph.Qt import QtCore, QtGui, QtWidgets
from still import CONDITIONS, filled, painted, settled, shared_window

from labctl.gui.focus_ring import FocusRing, FocusRings

TAB = QtCore.Qt.FocusPolicy.TabFocus
SAME_LINE_PX = 8


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with shared_window(tmp_path_factory.mktemp("focus")) as made:
        painted(made, filled())
        made.docks.bench.show_conditions(CONDITIONS)
        yield made


def stops(within):
    """Where Tab stops within a widget, in its order."""
    found, widget = [], within
    for _ in range(2000):
        widget = widget.nextInFocusChain()
        if widget is within:
            break
        if within.isAncestorOf(widget) and widget.isVisible() and widget.isEnabled() and takes_tab(widget):
            found.append(widget)
    return found


def takes_tab(widget):
    return bool(int(widget.focusPolicy()) & int(TAB)) and widget.focusProxy() is None


def place(widget, within):
    """Line and column of its middle."""
    at = widget.mapTo(within, widget.rect().center())
    return at.y(), widget.mapTo(within, QtCore.QPoint(0, 0)).x()


def pages(window):
    """Every dock's content with each of its tabs in front."""
    for title, dock in window.docks.docks.items():
        dock.raise_()
        for tabs in dock.widget().findChildren(QtWidgets.QTabWidget) or [None]:
            for k in range(tabs.count() if tabs is not None else 1):
                if tabs is not None:
                    tabs.setCurrentIndex(k)
                settled()
                yield f"{title} {k}", dock.widget()


def name(widget):
    return f"{type(widget).__name__} {widget.accessibleName() or getattr(widget, 'text', str)()}"


def reads_after(one, after, within):
    """Whether `after` stands to the right of the other, or beneath it; columns are read one after the other."""
    (y, x), (y_after, x_after) = place(one, within), place(after, within)
    is_beneath = y_after > y + SAME_LINE_PX
    is_beside = x_after > x and y_after > y - SAME_LINE_PX
    is_next_column = x_after >= x + one.width() - SAME_LINE_PX
    return is_beneath or is_beside or is_next_column


def test_tab_goes_from_above_to_below_and_from_left_to_right(window):
    wrong = []
    for where, content in pages(window):
        for one, after in pairwise(stops(content)):
            if not reads_after(one, after, content):
                wrong.append(f"{where}: {name(one)} {place(one, content)} before {name(after)} {place(after, content)}")
    assert wrong == []


def look(content):
    """Of the window around it."""
    image = content.window().grab().toImage().convertToFormat(QtGui.QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.bits().asstring(image.sizeInBytes()), dtype=np.uint8)
    return pixels.reshape(image.height(), image.width(), 4)[:, :, :3].astype(int)


def test_what_has_the_keys_shows_it(window):
    window.activateWindow()
    QtWidgets.QApplication.setActiveWindow(window)
    unseen = []
    for where, content in pages(window):
        for widget in stops(content):
            window.setFocus()
            settled()
            before = look(content)
            widget.setFocus(QtCore.Qt.FocusReason.TabFocusReason)
            settled()
            if window.focusWidget() is not widget:
                continue
            changed = np.abs(look(content) - before).max(axis=2) > 40
            if changed.sum() < 20:
                unseen.append(f"{where}: {name(widget)}")
    assert unseen == []


def ring_of(window):
    return window.findChild(FocusRing)


def seen(window, widget):
    """Where it is seen: what is wider than its dock is scrolled."""
    part = widget.visibleRegion().boundingRect()
    return part.translated(widget.mapTo(window, QtCore.QPoint(0, 0)))


def test_the_ring_follows_what_moves_and_goes_with_it(window):
    form = window.docks.runs.form
    window.docks.docks["Runs"].raise_()
    form.load("locate", {})
    window.docks.runs.tabs.setCurrentIndex(0)
    window.resize(1600, 700)
    line = form.rows["pixel_s"].editor.widget
    line.setFocus(QtCore.Qt.FocusReason.TabFocusReason)
    settled()
    ring = ring_of(window)
    assert ring.isVisible()
    assert ring.geometry().contains(seen(window, line))
    form.area.verticalScrollBar().setValue(0)
    window.resize(1500, 900)
    settled()
    assert ring.geometry().center().x() == pytest.approx(seen(window, line).center().x(), abs=2)
    form.load("odmr", {})  # the line is gone
    settled()
    for focused in (form.choice, form.run_button):
        focused.setFocus(QtCore.Qt.FocusReason.TabFocusReason)
        settled()
        assert not seen(window, focused).isEmpty()
        assert ring.geometry().contains(seen(window, focused))


def test_a_torn_off_dock_has_a_ring_of_its_own(window):
    dock = window.docks.docks["Runs"]
    dock.setFloating(True)
    settled()
    window.docks.runs.form.copy.setFocus(QtCore.Qt.FocusReason.TabFocusReason)
    FocusRings.follow(window.focus_rings, None, window.docks.runs.form.copy)
    settled()
    assert dock.findChild(FocusRing).isVisible()
    window.docks.arrange()
    settled()
