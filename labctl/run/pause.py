"""A gate between two plays: while it is closed, a run waits in front of it with all lines low."""

import threading
import time
from collections.abc import Callable
from typing import Final

POLL_S: Final = 0.1
"""A wait this short lets Ctrl-C through on every system."""


class Gate:
    """Closed and opened by one thread, passed by another."""

    def __init__(self, told: Callable[[bool], None] = lambda _: None) -> None:
        """told: called by the thread that passes, with True when the closed gate holds it and with False afterwards."""
        self._open = threading.Event()
        self._open.set()
        self._told = told
        self.alive: Callable[[], None] = lambda: None
        """Called again and again while somebody waits: to wait is not to hang."""

    @property
    def is_open(self) -> bool:
        """Whether the next one passes."""
        return self._open.is_set()

    def close(self) -> None:
        """Whoever comes next waits."""
        self._open.clear()

    def open(self) -> None:
        """Let pass whoever waits."""
        self._open.set()

    def passed(self) -> None:
        """Return at once if the gate is open, else when it is opened."""
        if self._open.is_set():
            return
        self._told(True)
        while not self._open.wait(POLL_S):
            self.alive()
        self._told(False)

    def wait_for(self, works: Callable[[], bool], every_s: float, patience_s: float) -> bool:
        """Wait here, closed or open, until `works` says so, asking again and again; False if it never did in that time.

        Times are those of the wall. Nobody is told that the gate is closed, for it may be open.
        """
        given_up_s = time.monotonic() + patience_s
        while not (done := works()) and time.monotonic() < given_up_s:
            next_s = time.monotonic() + every_s
            while time.monotonic() < next_s:
                self.alive()
                time.sleep(min(POLL_S, every_s))
        return done
