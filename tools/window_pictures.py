"""Pictures of the live window for docs/window.md: every dock during a run of the engine on the simulated bench.

    .venv/bin/python tools/window_pictures.py [FOLDER]

Takes two or three minutes and needs no screen. Each dock is taken when it has most to show; then the whole window,
light and dark, and as it looks on a screen that is scaled by 125 % and by 200 %.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

HOME: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))
FOLDER: Final = HOME / "docs" / "window"
SEED: Final = 1
_AT_END_OF: Final = {"align": ("Alignment",), "cool": ("Cooling",)}
"""Part of the engine's run -> docks that are taken when it has ended."""
_DEEP: Final = ("Engine", "Tomography", "Sequence", "Run", "Bench", "Runs")
"""Docks that are taken while the long tomography is measured."""
_LONGEST_S: Final = 600.0
_POINTS: Final = 9
"""Of the font, as on a desktop; without a screen Qt takes a larger one."""


def main() -> int:
    """Take all pictures."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("PYQTGRAPH_QT_LIB", "PyQt5")
    if len(sys.argv) == 4:  # itself, on a screen that is scaled
        _take_stored(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
        return 0
    to = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        _take_live(to, Path(data))
        for theme, percent in (("dark", 100), ("light", 125), ("dark", 200)):
            command = [sys.executable, __file__, str(to), data, f"{theme} {percent}"]
            subprocess.run(command, env={**os.environ, "QT_SCALE_FACTOR": str(percent / 100)}, check=True)
    return 0


def _take_live(to: Path, data: Path) -> None:
    """Every dock while it is filled, and the window."""
    with _window(data, "light") as (window, until):
        window.run_wanted("odmr", {})
        until(lambda: not window.session.is_busy)
        _take(window, to, until, "ODMR")
        window.run_wanted("engine", {})
        for part, docks in _AT_END_OF.items():
            until(partial(_part_has_ended, window, part))
            _take(window, to, until, *docks)
        until(lambda: _is_deep(window) or not window.session.is_busy)
        _take(window, to, until, *_DEEP)
        window.docks.docks["Engine"].raise_()
        window.docks.runs.tabs.setCurrentIndex(1)
        until(lambda: not window.session.is_busy)
        _take_window(window, to, until, "light 100")
        window.docks.runs.grab().save(str(to / "history.png"))


def _take_stored(to: Path, data: Path, name: str) -> None:
    """The window with the stored run of the engine."""
    from labctl.data.reader import all_runs

    run_id = next(run.run_id for run in all_runs(data) if run.sequence == "engine")
    with _window(data, name.split()[0]) as (window, until):
        window.open(run_id)
        until(lambda: window.run is not None and window.run.run_id == run_id)
        window.docks.docks["Tomography"].raise_()
        _take_window(window, to, until, name)


@contextmanager
def _window(data: Path, theme: Any) -> Iterator[tuple[Any, Callable[[Callable[[], bool]], None]]]:
    """The window of `labctl gui --simulated`, its bench open, and how to wait for something in it."""
    from pyqtgraph.Qt import QtCore, QtWidgets

    from labctl.bench.connect import Choice, opened_bench
    from labctl.config.station_file import read_station
    from labctl.gui.connection.bench_process import serve
    from labctl.gui.connection.client import Session
    from labctl.gui.connection.link import Link
    from labctl.gui.runs.queue import Queue
    from labctl.gui.widgets.theme import following_scale
    from labctl.gui.window import Window

    file = read_station(HOME / "station.yaml")
    opener = partial(opened_bench, Choice(True, None, SEED, None), file, data)
    session = Session(partial(Link, serve, opener, data), Queue(data), file.bounds())
    following_scale()
    app = QtWidgets.QApplication(sys.argv[:1])
    font = app.font()
    font.setPointSize(_POINTS)
    app.setFont(font)
    settings = QtCore.QSettings(str(data / f"window {os.getpid()}.ini"), QtCore.QSettings.Format.IniFormat)
    window = Window(session, file, data, settings, theme)

    def until(reached: Callable[[], bool]) -> None:
        end_s = time.monotonic() + _LONGEST_S
        while not reached() and time.monotonic() < end_s:
            app.processEvents()
            time.sleep(0.005)

    window.resize(1760, 1000)
    window.show()
    until(lambda: session.activity == "idle")
    try:
        yield window, until
    finally:
        window.leave_at_once()
        until(lambda: not window.isVisible())


def _part_has_ended(window: Any, part: str) -> bool:
    run = window.session.record_builder.run
    found = run.newest(part) if run is not None and run.sequence == "engine" else None
    return found is not None and found.status != "running"


def _is_deep(window: Any) -> bool:
    """Whether the long tomography is half done: it comes last."""
    run = window.session.record_builder.run
    part = run.newest("tomography") if run is not None else None
    return part is not None and part.plan["hours"] > 1.0 and part.fraction > 0.5


def _take(window: Any, to: Path, until: Callable[[Callable[[], bool]], None], *docks: str) -> None:
    for title in docks:
        window.docks.docks[title].raise_()
        _settled(until)
        window.docks.contents[title].grab().save(str(to / f"{title.lower()}.png"))


def _take_window(window: Any, to: Path, until: Callable[[Callable[[], bool]], None], name: str) -> None:
    _settled(until)
    window.grab().save(str(to / f"window-{name.replace(' ', '-')}.png"))


def _settled(until: Callable[[Callable[[], bool]], None]) -> None:
    """Long enough for every view to paint."""
    end_s = time.monotonic() + 1.0
    until(lambda: time.monotonic() > end_s)


if __name__ == "__main__":
    sys.exit(main())
