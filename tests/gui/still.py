"""The whole window beside a bench process that is only pretended, for tests of what the window itself does."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pyqtgraph as pg
from full_views import full
from live import STATION, settings_in
from pyqtgraph.Qt import QtWidgets

from labctl.bench.status import Condition, Reading
from labctl.config.station_file import StationFile, read_station
from labctl.gui.connection.client import Session
from labctl.gui.connection.messages import Doing, Heard, Ready, Said
from labctl.gui.runs.queue import Queue
from labctl.gui.runs.record import Record, Table
from labctl.gui.views.alignment import AlignmentView
from labctl.gui.views.cooling import CoolingView
from labctl.gui.views.engine import EngineView
from labctl.gui.views.odmr import OdmrView
from labctl.gui.views.sequence import SequenceView
from labctl.gui.views.tomography import TomographyView
from labctl.gui.window import Window

CONDITIONS = (
    Condition("green_laser", "Laser", "", "on", "emission on", (Reading("interlock", "closed"),)),
    Condition("main_supply", "Supply", "", "warning", "0.5 A", (Reading("current", 0.5, "A", 0.4, 1.0, "warning"),)),
)
"""Of two instruments."""


class Pretended:
    """In place of a `Link`: hears what a test lets it hear, and keeps what the window says."""

    def __init__(self, *heard: Heard) -> None:
        self.waiting, self.said = deque(heard), []
        self.is_alive, self.has_spoken, self.exit_code, self.pid = True, True, None, 0

    @property
    def heard_s(self) -> float:
        return time.monotonic()

    @property
    def is_behind(self) -> bool:
        return bool(self.waiting)

    def heard(self, _most_s: float = 1.0) -> Iterator[Heard]:
        while self.waiting:
            yield self.waiting.popleft()

    def say(self, what: Said) -> None:
        self.said.append(what)

    def join(self, _timeout_s: float) -> bool:
        return True


@cache
def _station() -> StationFile:
    """Read once: it tries every name and value."""
    return read_station(STATION)


def still_window(qtbot: Any, folder: Path, theme: Any = "light", *heard: Heard) -> Window:
    """A window of one test."""
    window = made_window(folder, theme, *heard)
    qtbot.addWidget(window, before_close_func=_left)
    return window


@contextmanager
def shared_window(folder: Path) -> Iterator[Window]:
    """A window of many tests; each leaves it as it found it."""
    window = made_window(folder)
    yield window
    _left(window)
    window.close()
    window.deleteLater()


def made_window(folder: Path, theme: Any = "light", *heard: Heard) -> Window:
    """A window on a bench that is ready; `window.session._link` is what it is pretended by."""
    pg.mkQApp()
    file, link = _station(), Pretended(*(heard or (Ready("a bench", 0.0), Doing("idle"))))
    session = Session(lambda: link, Queue(folder), file.bounds())
    window = Window(session, file, folder, settings_in(folder), theme)
    window.resize(1600, 1000)
    window.show()
    settled()
    return window


def settled() -> None:
    """Let Qt lay out what it has put off."""
    for _ in range(3):
        QtWidgets.QApplication.processEvents()


def _left(window: Window) -> None:
    """Let it go without a question."""
    window._timer.stop()
    window.leaving.may_go = True


def filled() -> Record:
    """A stored run that fills every view."""
    parts = [full(made) for made in (OdmrView, AlignmentView, CoolingView, TomographyView)]
    run = full(EngineView)
    run.parts, run.status = [*run.parts, *parts], "completed"
    run.playing = full(SequenceView).playing
    for part in run.parts:
        part.status = "completed"
    return run


def painted(window: Window, run: Record | None) -> None:
    """Show this run in all docks, and wait until each has."""
    window._opened = run
    for view in window.docks.views:
        view.show_run(run)
    settled()


def nothing() -> Record:
    """A run that has measured nothing."""
    return Record(99, "odmr", {}, Table([]), version=1)
