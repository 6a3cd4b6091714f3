"""No screen is needed: Qt draws into memory, unless the environment names another platform or binding."""

import gc
import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PyQt5")


@pytest.fixture(autouse=True, scope="module")
def nothing_stays_of_a_module():
    """Windows that many tests shared are deleted, and Python searches for garbage when nothing is painted.

    By itself it may search in the midst of a paint event, and find the view whose test has just ended: Qt then dies.
    """
    gc.disable()
    before = set(_without_parent())
    yield
    gc.unfreeze()  # a window has frozen what stood when it was made
    _delete_all_but(before)
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def nothing_stays_of_a_test(nothing_stays_of_a_module):  # noqa: ARG001  # what it shares with others stays
    """Ten thousand hidden menus stayed after some tests, and each change of the theme looks at all of them."""
    before = set(_without_parent())
    yield
    _delete_all_but(before)


def _delete_all_but(these):
    """Widgets without a parent: whole windows, then those that nobody holds, then menus and what else lay about."""
    _delete(lambda widget: widget not in these and _is_window(widget))
    gc.collect()
    _delete(lambda widget: widget not in these)


def _is_window(widget):
    from pyqtgraph.Qt import QtWidgets

    return isinstance(widget, QtWidgets.QMainWindow)


def _delete(which):
    """These of them, and what was closed before: Qt itself would wait with it for a loop of events."""
    if "pyqtgraph" not in sys.modules:
        return
    from pyqtgraph.Qt import QtCore

    for widget in filter(which, _without_parent()):
        widget.deleteLater()
    QtCore.QCoreApplication.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)


def _without_parent():
    """Top-level widgets that no other one owns; none as long as no test has begun with Qt."""
    if "pyqtgraph" not in sys.modules:
        return []
    from pyqtgraph.Qt import QtWidgets

    if QtWidgets.QApplication.instance() is None:
        return []
    return [widget for widget in QtWidgets.QApplication.topLevelWidgets() if widget.parent() is None]


@pytest.fixture
def runs_view(qtbot, tmp_path):
    """RunsView by folder and queue."""
    from labctl.config.station_file import read_station
    from labctl.gui.runs.queue import Queue
    from labctl.gui.views.runs import RunsView
    from labctl.gui.widgets.theme import LIGHT

    bounds = read_station(Path(__file__).parents[2] / "station.yaml").bounds()

    def make(folder=tmp_path, queue=None, theme=LIGHT):
        view = RunsView(theme, folder, queue or Queue(tmp_path), bounds)
        qtbot.addWidget(view)
        view.resize(520, 700)
        view.show()
        view.tabs.setCurrentIndex(1)
        qtbot.waitUntil(lambda: not view.history._is_reading, timeout=10_000)
        return view

    return make
