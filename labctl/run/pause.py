"""A pause between two acquisitions: while it is on, a run waits before its next one, with all lines low."""

import threading
import time
from collections.abc import Callable
from typing import Final

POLL_S: Final = 0.1
"""A wait this short lets Ctrl-C through on every system."""


class Pause:
    """One thread begins and ends it; the thread of the run waits while it is on."""

    def __init__(self, on_wait: Callable[[bool], None] = lambda _: None) -> None:
        """on_wait: called by the thread that waits, with True when it begins to wait and with False afterwards."""
        self._is_over = threading.Event()
        self._is_over.set()
        self._on_wait = on_wait
        self.alive: Callable[[], None] = lambda: None
        """Called again and again while the run waits, so that the watchdog does not think that it hangs."""

    @property
    def is_off(self) -> bool:
        """Whether the run may go on at once."""
        return self._is_over.is_set()

    def begin(self) -> None:
        """The run waits before its next acquisition."""
        self._is_over.clear()

    def end(self) -> None:
        """The run goes on."""
        self._is_over.set()

    def wait(self) -> None:
        """Return at once if the pause is off, else when it ends."""
        if self._is_over.is_set():
            return
        self._on_wait(True)
        while not self._is_over.wait(POLL_S):
            self.alive()
        self._on_wait(False)

    def wait_for(self, works: Callable[[], bool], every_s: float, patience_s: float) -> bool:
        """Ask `works` again and again until it says yes; False if it did not within `patience_s`.

        Times are those of the wall. `on_wait` is not called: this is no pause.
        """
        given_up_s = time.monotonic() + patience_s
        while not (done := works()) and time.monotonic() < given_up_s:
            next_s = time.monotonic() + every_s
            while time.monotonic() < next_s:
                self.alive()
                time.sleep(min(POLL_S, every_s))
        return done
