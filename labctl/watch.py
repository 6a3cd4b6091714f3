"""Watches the bench from a thread of its own while experiments run in another one."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from labctl.condition import Condition, condition
from labctl.station import OpenStation

LOG: Final = logging.getLogger(__name__)
PERIOD_S: Final = 1.0


class Watch:
    """While it is open, every instrument is asked, what all say is told, and after a rest it begins anew."""

    def __init__(
        self, station: OpenStation, told: Callable[[tuple[Condition, ...]], None], period_s: float = PERIOD_S
    ) -> None:
        """told: called in the watch's thread. period_s: of wall time, from one round's end to the next one's begin."""
        self._station, self._told, self._period_s = station, told, period_s
        self._bad: frozenset[str] = frozenset()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Return when nobody is asked any more: at most one instrument is waited for."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            try:
                self._round()
            except Exception:
                LOG.exception("Watching the bench failed; it goes on")
            self._over.wait(self._period_s)

    def _round(self) -> None:
        found = []
        for name in self._station.file.instruments:
            found.append(condition(self._station, name))
            if self._over.is_set():
                return
        self._note(found)
        self._told(tuple(found))

    def _note(self, found: list[Condition]) -> None:
        """Into the log goes what turns bad, once."""
        bad = {one.instrument: one for one in found if one.verdict in ("fault", "silent")}
        for name in sorted(bad.keys() - self._bad):
            LOG.warning("%s: %s", name, bad[name].words)
        for name in sorted(self._bad - bad.keys()):
            LOG.info("%s is well again", name)
        self._bad = frozenset(bad)
