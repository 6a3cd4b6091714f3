"""No screen is needed: Qt draws into memory, unless the environment names another platform or binding."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PyQt5")


@pytest.fixture(autouse=True)
def nothing_stays_of_a_test():
    """What stood before it, for many tests, stays."""
    with _no_widgets_left():
        yield


@pytest.fixture(autouse=True, scope="module")
def nothing_stays_of_a_module():
    """Windows that many tests shared."""
    with _no_widgets_left():
        yield


@contextmanager
def _no_widgets_left():
    """Delete the widgets that were made in between.

    A window freezes the garbage collector, so what is only let go would stay: ten thousand hidden menus after some
    tests, and each change of the theme looks at all of them.
    """
    before = set(_without_parent())
    yield
    left = [widget for widget in _without_parent() if widget not in before]
    if left:
        from pyqtgraph.Qt import QtCore

        for widget in left:
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
    from labctl.gui.queue import Queue
    from labctl.gui.theme import LIGHT
    from labctl.gui.views.runs import RunsView
    from labctl.station_file import read_station

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
