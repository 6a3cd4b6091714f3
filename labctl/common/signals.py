"""Ctrl-C and SIGTERM as one KeyboardInterrupt, which never falls into the middle of a write or of the safe state.

Whoever is patient asks with the first Ctrl-C for an end at the next safe point, and with the second for one at once.
"""

import _thread
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final, Self

SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name))
_PATIENT: Final = "stopping before the next play; Ctrl-C again stops at once"


class Interrupts:
    """While it is open, a signal raises KeyboardInterrupt at once, or at the end of the block that holds it back."""

    def __init__(self, told: Callable[[str], None] = lambda _: None) -> None:
        """told: called with what a signal leads to, if that takes a while."""
        self.patient = False
        """Whether the first Ctrl-C within `heard` waits for the next safe point."""
        self._told = told
        self._depth = 0
        self._waiting = self._asked = self._listening = self._driving = False
        self._before: list[dict[int, Any]] = []
        """Handlers of each time that it was opened: a notebook puts its own in our place between two cells."""

    def __enter__(self) -> Self:
        # Python delivers signals to its main thread only; elsewhere whoever started the thread sees to aborting it.
        if threading.current_thread() is threading.main_thread():
            self._before.append({number: signal.signal(number, self._arrived) for number in SIGNALS})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in (self._before.pop() if self._before else {}).items():
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
            self._asked = self._asked or self._waiting
            self._waiting = False
            with self.safe_point():
                pass
            self._listening = True
            yield
        finally:
            self._listening = False
            self._depth = depth

    @contextmanager
    def driving(self) -> Iterator[None]:
        """A sequence is driven in this block: what is held back here is heard again soon, and before the next play."""
        self._driving = True
        try:
            yield
        finally:
            self._driving = False

    @contextmanager
    def safe_point(self) -> Iterator[None]:
        """The place where a first Ctrl-C takes effect, whether it came before or comes now."""
        if self._asked:
            self._asked = False
            raise KeyboardInterrupt
        listening, self._listening = self._listening, False
        yield
        self._listening = listening

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        is_patient = self.patient and number == signal.SIGINT
        if self._depth:
            self._waiting = True
            self._told(_PATIENT if is_patient and self._driving else "making the bench safe, one moment")
        elif is_patient and self._listening and not self._asked:
            self._asked = True
            self._told(_PATIENT)
        else:
            self._asked = False
            raise KeyboardInterrupt


def interrupt_main_thread() -> None:
    """Ctrl-C from within: it wakes the main thread from whatever it waits for."""
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()


@contextmanager
def held_for_child() -> Iterator[None]:
    """A process that is started in this block keeps signals waiting until it says `let_in`; so does this one."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # its start, which comes with that of the first process, would let them in
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def let_in() -> None:
    """In the process that was started so: signals arrive from now on, and those that came meanwhile."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
