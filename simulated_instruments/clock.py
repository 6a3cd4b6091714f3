"""The bench's own clock: laboratory time that passes when somebody waits, and costs no wall time unless asked to."""

import threading
import time


class VirtualClock:
    """Seconds since the bench was switched on."""

    def __init__(self, pace: float | None = None) -> None:
        """pace: laboratory seconds per wall second; None lets laboratory time pass at once."""
        self._now = 0.0
        self._pace = pace
        self._lock = threading.Lock()

    def now(self) -> float:
        """Laboratory seconds since the bench was switched on."""
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        """Let laboratory time pass. Those who wait at once wait together: time passes for all of them."""
        if seconds <= 0:
            return
        until = self.now() + seconds
        if self._pace:
            time.sleep(seconds / self._pace)
        with self._lock:
            self._now = max(self._now, until)
