"""Starts the window: the application, its look, the bench process beside it, and what ends both."""

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn

from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.common.commands import About
from labctl.common.refusals import BenchFault
from labctl.common.signals import SIGNALS
from labctl.config.station_file import StationFile
from labctl.gui.connection.bench_process import Opener, serve
from labctl.gui.connection.client import Session
from labctl.gui.connection.link import Link
from labctl.gui.runs.queue import Queue
from labctl.gui.widgets import theme as looks

LOG: Final = logging.getLogger(__name__)
_NO_SCREEN: Final = (
    "labctl: the window cannot be shown: {why}. It needs a screen: start it on the computer's own desktop, or through "
    "`ssh -X`. Every other command of labctl works without one"
)
_LOOK_S: Final = 0.1


def main(
    opener: Opener,
    file: StationFile,
    folder: Path,
    about: About,
    theme: looks.ThemeName | None = None,
    guarded: Path | None = None,
) -> int:
    """The window, until it is closed. Raises BenchFault if the bench could not be left safe, or never opened.

    about: the bench and the folder as options, for commands that the window tells. theme: None is that of last time.
    guarded: the file that stands for the bench, if a guardian watches over it.
    """
    app = _application()  # before anything is opened: without a screen it ends the program
    with _Endings() as endings:
        session = Session(partial(Link, serve, opener, folder), Queue(folder), file.bounds(), about, guarded)
        try:
            endings.let_in()
            window = _built(session, file, folder, theme)
        except BaseException as error:
            endings.hold()
            _close(session)
            if not isinstance(error, Exception):  # a signal
                raise
            LOG.exception("The window could not be built")
            words = f"the window cannot be built ({type(error).__name__}: {error}); the traceback is in labctl.log"
            raise BenchFault([words, *session.faults]) from None
        endings.leads_to(window)
        window.show()
        app.exec()
        _tell_lost_queue(session)
        if not session.has_left():
            _end_without(session)
    if faults := session.faults or ((session.doubt,) if session.doubt else ()):
        raise BenchFault(faults)
    return 0


class _Endings:
    """While it is open, Ctrl-C and SIGTERM make the window leave; while it is built, they break that off."""

    def __init__(self) -> None:
        self._window: Any = None
        self._is_wanted = self._breaks_off = False

    def __enter__(self) -> "_Endings":
        self._before = {number: signal.signal(number, self._arrived) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def let_in(self) -> None:
        """From now on a signal raises KeyboardInterrupt; so does one that came before."""
        self._breaks_off = True
        if self._is_wanted:
            raise KeyboardInterrupt

    def hold(self) -> None:
        """The program ends anyway."""
        self._breaks_off = False

    def leads_to(self, window: Any) -> None:
        """From now on a signal makes this window leave; so does one that came before."""
        self._window, self._breaks_off = window, False
        if self._is_wanted:  # Qt may have swallowed what was raised
            window.leave_at_once()

    def _arrived(self, _number: int, _frame: object) -> None:
        self._is_wanted = True
        if self._window is not None:
            self._window.leave_at_once()
        elif self._breaks_off:
            raise KeyboardInterrupt


def _built(session: Session, file: StationFile, folder: Path, theme: looks.ThemeName | None) -> Any:
    """The window as it was left; if that cannot be built, as at the first start."""
    from labctl.gui.window import Window  # it loads all views: meanwhile the bench opens

    settings = _settings()
    try:
        return Window(session, file, folder, settings, theme)
    except Exception:
        LOG.exception("The window cannot be built as it was left; it is built as at the first start")
    for half in QtWidgets.QApplication.topLevelWidgets():
        half.deleteLater()
    window = Window(session, file, folder, QtCore.QSettings(os.devnull, settings.format()), theme)
    settings.clear()
    window.settings = settings
    window.notices.trouble("What was kept of the window cannot be used, see labctl.log: it is as at its first start")
    return window


def _settings() -> Any:
    """Where the window keeps its arrangement."""
    formats, scope = QtCore.QSettings.Format, QtCore.QSettings.Scope.UserScope
    return QtCore.QSettings(formats.IniFormat, scope, "labctl", "window")


def _close(session: Session) -> None:
    """Without a window nobody else ends the bench process."""
    session.leave()
    while not session.has_left(_LOOK_S):
        session.take(_LOOK_S)
    session.take(_LOOK_S)


def _application() -> Any:
    """The application. Without a screen, a sentence and exit code 2: Qt aborts the program there."""
    said: list[str] = []

    def hear(kind: Any, _context: Any, words: str) -> None:
        said.append(" ".join(words.split()))
        if kind == QtCore.QtMsgType.QtFatalMsg:
            why = next((one for one in said if "could not" in one.lower()), said[-1])
            print(_NO_SCREEN.format(why=why.rstrip(".")), file=sys.stderr, flush=True)
            os._exit(2)  # nothing is open yet

    looks.following_scale()
    with _ended_at_once():
        before = QtCore.qInstallMessageHandler(hear)
        try:
            app = QtWidgets.QApplication(sys.argv[:1])
        finally:
            QtCore.qInstallMessageHandler(before)
    app.setApplicationName("labctl")
    sys.excepthook = _logged
    return app


@contextmanager
def _ended_at_once() -> Iterator[None]:
    """Signals end the program even where Qt waits for a screen that does not answer; Python would not hear them."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
