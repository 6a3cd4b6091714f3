"""Ctrl-C and SIGTERM as one KeyboardInterrupt, which never falls into the middle of a write or of the safe state."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final, Self

SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name))


class Interrupts:
    """While it is open, a signal raises KeyboardInterrupt at once, or at the end of the block that holds it back."""

    def __init__(self, told: Callable[[], None] = lambda: None) -> None:
        """told: called when a signal arrives while it is held back."""
        self._told = told
        self._depth = 0
        self._waiting = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        # Python delivers signals to its main thread only; elsewhere whoever started the thread sees to aborting it.
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._arrived) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def held(self, dropping: bool = False) -> Iterator[None]:
        """What happens in this block happens as a whole. dropping: a signal meanwhile has no further effect."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            waiting, self._waiting = self._waiting, self._waiting and self._depth > 0
        if waiting and not self._depth and not dropping:
            raise KeyboardInterrupt

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Within a block that holds signals back, let them through; one that waits comes at once."""
        depth, self._depth = self._depth, 0
        try:
            if self._waiting:
                self._waiting = False
                raise KeyboardInterrupt
            yield
        finally:
            self._depth = depth

    def _arrived(self, _number: int, _frame: FrameType | None) -> None:
        if not self._depth:
            raise KeyboardInterrupt
        self._waiting = True
        self._told()
