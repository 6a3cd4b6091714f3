"""The other end of the guardian: starts it, and tells it all the time that this process is alive and getting on."""

import contextlib
import logging
import math
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from labctl.common.refusals import BenchFault

if TYPE_CHECKING:
    from labctl.run.events import News

LOG: Final = logging.getLogger(__name__)
BEAT_S: Final = 0.25
READY_S: Final = 60.0
"""A guardian that has not loaded its drivers by then will not."""
SILENT_S: Final = 300.0
"""Longest time between two events of a run that gets on, plays aside: a laser that warms up."""
BEAT, BYE, READY = "beat\n", "bye\n", "ready\n"


class Heartbeat:
    """While it is open, a guardian watches this process; after it, the bench is this process's no more."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """arguments: of `labctl guard`, which say how to reach the bench."""
        self._command = [sys.executable, "-m", "labctl", "guard", *arguments]
        self._alive_until_s = math.inf
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._guardian = self._started()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._say(BYE)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._guardian.wait(timeout=5.0)
            for pipe in (self._guardian.stdin, self._guardian.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()

    def ready(self) -> None:
        """Return when somebody watches. Raises BenchFault if nobody will: then nothing may be switched on."""
        line: list[str] = []
        reader = threading.Thread(target=lambda: line.append(self._guardian.stdout.readline()), daemon=True)
        reader.start()
        reader.join(READY_S)
        if line != [READY]:
            raise BenchFault(["The guardian, which makes the bench safe if labctl dies, did not start: see labctl.log"])

    def heard(self, news: "News") -> None:
        """A listener of runs: each event says that the run gets on, and how long the next one may take."""
        from labctl.run.events import Playing  # the guardian needs none of it

        event = news.event
        playing_s = event.repeats * event.program.duration_ns * 1e-9 if isinstance(event, Playing) else 0.0
        self._alive_until_s = time.monotonic() + playing_s + SILENT_S

    def waits(self) -> None:
        """The run waits at its gate, and has just looked whether it may go on."""
        self._alive_until_s = time.monotonic() + SILENT_S

    def rest(self) -> None:
        """No run goes on: nothing is expected to happen."""
        self._alive_until_s = math.inf

    def _started(self) -> Any:
        """Its own session: what ends this one with its terminal does not end the guardian."""
        detached: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            detached = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        return subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, **detached
        )

    def _beat(self) -> None:
        while not self._over.wait(BEAT_S):
            if time.monotonic() < self._alive_until_s and not self._say(BEAT):
                LOG.error("The guardian is gone: nobody makes the bench safe if labctl is killed")
                return

    def _say(self, word: str) -> bool:
        try:
            self._guardian.stdin.write(word)
            self._guardian.stdin.flush()
        except OSError:
            return False
        return True
