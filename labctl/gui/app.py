"""Starts the window: the application, its look, the bench process beside it, and what ends both."""

import logging
import os
import signal
import sys
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn

from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.commands import About
from labctl.gui import theme as looks
from labctl.gui.bench_process import Opener, serve
from labctl.gui.link import Link
from labctl.gui.queue import Queue
from labctl.gui.session import Session
from labctl.interrupts import SIGNALS
from labctl.station_file import StationFile

LOG: Final = logging.getLogger(__name__)


def main(opener: Opener, file: StationFile, folder: Path, about: About, theme: looks.ThemeName | None = None) -> int:
    """The window, until it is closed; 1 if the bench could not be left safe, or never opened.

    about: the bench and the folder as options, for commands that the window tells. theme: None is that of last time.
    """
    session = Session(partial(Link, serve, opener, folder), Queue(folder), file.bounds(), about)
    from labctl.gui.window import Window  # it loads all views: meanwhile the bench opens

    looks.following_scale()
    app = QtWidgets.QApplication(sys.argv[:1])
    app.setApplicationName("labctl")
    sys.excepthook = _logged
    settings = QtCore.QSettings(QtCore.QSettings.Format.IniFormat, QtCore.QSettings.Scope.UserScope, "labctl", "window")
    window = Window(session, file, folder, settings, theme)
    for number in SIGNALS:
        signal.signal(number, lambda *_: window.leave_at_once())
    window.show()
    app.exec()
    _tell_lost_queue(session)
    if not session.has_left():
        _end_without(session)
    return 1 if session.faults or session.unsafe else 0


def _tell_lost_queue(session: Session) -> None:
    """What waited and is on no disk, as commands."""
    if session.queue.is_lost:
        for wanted in session.queue.items:
            words = session.about.run(wanted.sequence, wanted.settings)
            print(f"labctl: lost with the queue: {words}", file=sys.stderr, flush=True)


def _end_without(session: Session) -> NoReturn:
    """Qt has ended though nobody left: the display is gone. The bench process goes on by itself, and says how.

    A usual end would wait for that process, which waits for a word of this one: so this one ends at once.
    """
    LOG.error("The window has lost its display while the bench was %s", session.activity)
    logging.shutdown()
    os._exit(1)


def _logged(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> Any:
    """A fault of the window is written down, and the window goes on: the run does not depend on it."""
    LOG.error("The window failed", exc_info=(kind, error, trace))
