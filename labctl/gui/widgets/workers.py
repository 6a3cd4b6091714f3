"""What takes longer than a frame may last, done in a thread of its own: reading, drawing, writing files."""

import logging
from collections.abc import Callable
from typing import Any, Final

from pyqtgraph.Qt import QtCore

from labctl.common.refusals import Refusal

LOG: Final = logging.getLogger(__name__)
Done = Callable[[Any], None]
Failed = Callable[[str], None]


class Errands(QtCore.QObject):
    """Does one thing after the other for a widget; the answers arrive in the thread of the window."""

    _ended = QtCore.Signal(object, object)

    def __init__(self, widget: Any) -> None:
        """widget: whoever waits; once it is gone, answers go nowhere."""
        super().__init__()
        self._pool = QtCore.QThreadPool()
        self._pool.setMaxThreadCount(1)
        self._waits = True
        self._ended.connect(self._deliver)
        widget.destroyed.connect(self.forget)

    def do(self, work: Callable[[], Any], done: Done, failed: Failed) -> None:
        """Soon `done` gets what work returns, or `failed` why it could not. work: must not touch a widget."""
        self._pool.start(_Job(lambda: self._do(work, done, failed)))

    def forget(self, *_: Any) -> None:
        """Nobody waits any more."""
        self._waits = False

    def _do(self, work: Callable[[], Any], done: Done, failed: Failed) -> None:
        try:
            self._ended.emit(done, work())
        except Refusal as refusal:
            self._ended.emit(failed, "\n".join(refusal.faults))
        except Exception as error:
            LOG.exception("An errand of the window failed")
            self._ended.emit(failed, f"{type(error).__name__}: {error}; see labctl.log")

    def _deliver(self, to: Done, answer: Any) -> None:
        if self._waits:
            to(answer)


class _Job(QtCore.QRunnable):
    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self.work = work

    def run(self) -> None:
        """What the pool calls."""
        self.work()
