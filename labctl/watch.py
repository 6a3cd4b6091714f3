"""Watches the bench from a thread of its own while experiments run in another one."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from labctl.condition import Condition, conditions
from labctl.station import OpenStation

LOG: Final = logging.getLogger(__name__)
PERIOD_S: Final = 1.0


class Watch:
    """While it is open, every instrument is asked once in a period of wall time, and what it says is told."""

    def __init__(
        self, station: OpenStation, told: Callable[[tuple[Condition, ...]], None], period_s: float = PERIOD_S
    ) -> None:
        """told: called in the watch's thread."""
        self._station, self._told, self._period_s = station, told, period_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            try:
                self._told(conditions(self._station))
            except Exception:
                LOG.exception("Watching the bench failed; it goes on")
            self._over.wait(self._period_s)
