"""The real window on the simulated bench, for tests: opened, waited for, and read back."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pyqtgraph.Qt import QtCore

from labctl.bench.connect import Choice, opened_bench
from labctl.bench.session import OpenBench
from labctl.config.station_file import read_station
from labctl.gui.connection.bench_process import serve
from labctl.gui.connection.client import Session
from labctl.gui.connection.link import Link
from labctl.gui.runs.queue import Queue
from labctl.gui.window import Window

STATION = Path(__file__).parents[2] / "station.yaml"
READY_MS = 60_000


@contextmanager
def opened_window(
    qtbot: Any,
    folder: Path,
    seed: int = 1,
    pace: float | None = None,
    bench: Path | None = None,
    station: Path = STATION,
    opens: Callable[..., AbstractContextManager[OpenBench]] = opened_bench,
) -> Iterator[Window]:
    """The window of `labctl gui --simulated`, or of --bench, its bench open; left as its user leaves it.

    opens: the bench, in the process that has it.
    """
    file = read_station(station)
    choice = Choice(False, bench=bench) if bench else Choice(True, None, seed, pace)
    opener = partial(opens, choice, file, folder)
    session = Session(
        partial(Link, serve, opener, folder), Queue(folder), file.bounds(), guarded=choice.owned(file.path)
    )
    window = Window(session, file, folder, settings_in(folder), "light")
    window.show()
    try:
        until(qtbot, lambda: session.activity == "idle", READY_MS)
        yield window
    finally:
        window.leave_at_once()
        until(qtbot, lambda: not window.isVisible(), READY_MS)


def settings_in(folder: Path) -> Any:
    """Where this window keeps its arrangement."""
    return QtCore.QSettings(str(folder / "window.ini"), QtCore.QSettings.Format.IniFormat)


def until(qtbot: Any, reached: Callable[[], bool], timeout_ms: int = 30_000) -> None:
    """Let the window work until something is so."""
    qtbot.waitUntil(reached, timeout=timeout_ms)


def rows(window: Window) -> int:
    """Points of the outermost run so far."""
    run = window.session.journal.run
    return run.table.rows if run is not None else 0
