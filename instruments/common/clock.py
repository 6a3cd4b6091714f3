"""Laboratory time: the wall clock on a real bench, the bench's own clock on a simulated one."""

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds, and waiting for them to pass."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class WallClock:
    """The clock of a real laboratory."""

    def now(self) -> float:
        """Seconds on a clock that never steps back; its zero has no meaning."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(max(0.0, seconds))
