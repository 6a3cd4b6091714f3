"""The bench's own clock: laboratory time that passes when somebody waits, and costs no wall time unless asked to."""

import threading
import time


class VirtualClock:
    """Seconds since the bench was switched on."""

    def __init__(self, pace: float | None = None) -> None:
        """pace: laboratory seconds per wall second; None lets laboratory time pass at once."""
        self._now = 0.0
        self._pace = pace
        self._flows_since: float | None = None
        """Wall time since which laboratory time passes whether somebody waits or not."""
        self._lock = threading.Lock()

    def flow(self) -> None:
        """From now on time passes by itself. Without a pace that would have no meaning, and it does not."""
        with self._lock:
            if self._pace and self._flows_since is None:
                self._flows_since = time.monotonic()

    def now(self) -> float:
        """Laboratory seconds since the bench was switched on."""
        with self._lock:
            return self._now + self._flown()

    def sleep(self, seconds: float) -> None:
        """Let laboratory time pass. Those who wait at once wait together: time passes for all of them."""
        if seconds <= 0:
            return
        until = self.now() + seconds
        if self._pace:
            time.sleep(seconds / self._pace)
        with self._lock:
            self._now = max(self._now, until - self._flown())

    def _flown(self) -> float:
        if self._flows_since is None or self._pace is None:
            return 0.0
        return (time.monotonic() - self._flows_since) * self._pace
