"""Watches the bench from a thread of its own while experiments run in another one."""

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from labctl.bench.station import OpenStation
from labctl.bench.status import Condition, condition

LOG: Final = logging.getLogger(__name__)
PERIOD_S: Final = 1.0
LATE_S: Final = 0.5
"""What was answered is told no later than this, even if other instruments keep the round waiting."""


class Watch:
    """While it is open, every instrument is asked, what all say is told, and after a rest it begins anew."""

    def __init__(
        self, station: OpenStation, told: Callable[[tuple[Condition, ...]], None], period_s: float = PERIOD_S
    ) -> None:
        """told: called in the watch's thread with all instruments, or, if they take long, with one part after another.

        period_s: of wall time, from one round's begin to the next one's; half of it at least is rest.
        """
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
            began_s = time.monotonic()
            try:
                self._round()
            except Exception:
                LOG.exception("Watching the bench failed; it goes on")
            took_s = time.monotonic() - began_s
            self._over.wait(max(self._period_s - took_s, 0.5 * self._period_s))

    def _round(self) -> None:
        found: list[Condition] = []
        told, told_s = 0, time.monotonic()
        for name in self._station.file.instruments:
            found.append(condition(self._station, name))
            if self._over.is_set():
                return
            if time.monotonic() - told_s > LATE_S:
                self._told(tuple(found[told:]))
                told, told_s = len(found), time.monotonic()
        self._note(found)
        self._told(tuple(found[told:]))

    def _note(self, found: list[Condition]) -> None:
        """Into the log goes what turns bad, once."""
        bad = {one.instrument: one for one in found if one.verdict in ("fault", "silent")}
        for name in sorted(bad.keys() - self._bad):
            LOG.warning("%s: %s", name, bad[name].words)
        for name in sorted(self._bad - bad.keys()):
            LOG.info("%s is well again", name)
        self._bad = frozenset(bad)
