"""The wire between the window and the bench process: starts it, speaks to it, and gathers what it says."""

import logging
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, Final

from labctl.common.signals import held_for_child
from labctl.gui.connection.messages import Heard, Said

LOG: Final = logging.getLogger(__name__)


class Link:
    """The bench process as the window sees it."""

    def __init__(self, target: Callable[..., None], *arguments: Any) -> None:
        """target: what the process does, called with its end of the pipe and then the arguments; all picklable."""
        context = multiprocessing.get_context("spawn")  # a fork would inherit Qt
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=target, args=(theirs, *arguments), name="labctl bench")
        with held_for_child():
            self._process.start()
        theirs.close()  # so that its end shows here
        self._heard: deque[Heard] = deque()
        self.heard_s = time.monotonic()
        """When it last said something."""
        self.has_spoken = False
        """Whether it has said anything: before, it loads its modules, and has opened nothing."""
        threading.Thread(target=self._listen, args=(self._connection,), name="ear", daemon=True).start()

    def say(self, what: Said) -> None:
        """Tell the bench process; if it is gone, `is_alive` says so."""
        try:
            self._connection.send(what)
        except OSError:
            LOG.warning("The bench process does not hear %s: it is gone", what)

    def heard(self, most_s: float = 1.0) -> Iterator[Heard]:
        """What it has said since, in order; whoever takes it stops after so many seconds, and finds the rest later."""
        until_s = time.monotonic() + most_s
        while self._heard and time.monotonic() < until_s:
            yield self._heard.popleft()

    @property
    def is_behind(self) -> bool:
        """Whether something it said waits to be heard."""
        return bool(self._heard)

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that killed it."""
        return self._process.exitcode

    @property
    def pid(self) -> int:
        """Of the process, also after its end."""
        return self._process.pid or 0

    def kill(self) -> None:
        """End the process by force; whoever watches over the bench finds it gone."""
        self._process.kill()

    def join(self, timeout_s: float) -> bool:
        """Wait for its end; whether it came."""
        self._process.join(timeout_s)
        return not self._process.is_alive()

    def _listen(self, connection: Connection) -> None:
        while True:
            try:
                batch: list[Heard] = connection.recv()
            except (EOFError, OSError):
                return
            self.has_spoken = True
            self._heard.extend(batch)
            self.heard_s = time.monotonic()
