"""No screen is needed: Qt draws into memory, unless the environment names another platform or binding."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PyQt5")


@pytest.fixture(autouse=True, scope="module")
def collects_here() -> Iterator[None]:
    """Widgets are collected in the thread of the tests, as in the window: Qt crashes where another thread does it."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


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
