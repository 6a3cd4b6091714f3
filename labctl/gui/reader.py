"""Reads stored runs in a thread of its own: a night's run takes longer to read than a frame may last."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pyqtgraph.Qt import QtCore

from labctl.gui.record import Record
from labctl.gui.stored import stored
from labctl.refusals import Refusal

LOG: Final = logging.getLogger(__name__)


class Reader(QtCore.QObject):
    """Reads one run after the other; what it found arrives in the thread that made the reader."""

    _found = QtCore.Signal(object)
    _missed = QtCore.Signal(str)

    def __init__(self, folder: Path, found: Callable[[Record], None], missed: Callable[[str], None]) -> None:
        super().__init__()
        self._folder = folder
        self._pool = QtCore.QThreadPool()
        self._pool.setMaxThreadCount(1)
        self._found.connect(found)
        self._missed.connect(missed)

    def read(self, run_id: int) -> None:
        """Soon `found` gets its record, or `missed` the reason why not."""
        self._pool.start(_Job(lambda: self._read(run_id)))

    def _read(self, run_id: int) -> None:
        try:
            self._found.emit(stored(self._folder, run_id))
        except Refusal as refusal:
            self._missed.emit("\n".join(refusal.faults))
        except Exception as error:
            LOG.exception("Run %s could not be read", run_id)
            self._missed.emit(f"Run {run_id} could not be read ({type(error).__name__}: {error})")


class _Job(QtCore.QRunnable):
    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self.work = work

    def run(self) -> None:
        """What the pool calls."""
        self.work()
