"""How the bench process speaks to the window: soon, in order, and without ever waiting for it."""

import queue
import threading
import time
from multiprocessing.connection import Connection
from typing import Final

from labctl.gui.connection.messages import BenchMessage
from labctl.run.events import Playing, RunEvent

GATHER_S: Final = 0.02
"""What is said within this time goes to the window together."""


class Outbox:
    """Speaks to the window from a thread of its own, so that no run ever waits for the window."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: queue.SimpleQueue[BenchMessage | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._speak, name="outbox", daemon=True)
        self._thread.start()

    def say(self, what: BenchMessage) -> None:
        """Send it soon, after what was said before."""
        self._waiting.put(what)

    def close(self) -> None:
        """Return when all is sent."""
        self._waiting.put(None)
        self._thread.join(timeout=5.0)

    def _speak(self) -> None:
        while (first := self._waiting.get()) is not None:
            time.sleep(GATHER_S)
            batch: list[BenchMessage | None] = [first]
            while not self._waiting.empty():
                batch.append(self._waiting.get())
            try:
                self._connection.send(without_stale([what for what in batch if what is not None]))
            except OSError:  # the window is gone: its silence ends the process, see _Server
                return
            if batch[-1] is None:
                return


def without_stale(batch: list[BenchMessage]) -> list[BenchMessage]:
    """Without programs that played so shortly that nobody can see them."""
    plays = [k for k, what in enumerate(batch) if isinstance(what, RunEvent) and isinstance(what.event, Playing)]
    stale = set(plays[:-1])
    return [what for k, what in enumerate(batch) if k not in stale]
