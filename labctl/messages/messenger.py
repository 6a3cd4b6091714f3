"""Listens to runs, and sends what the user's settings ask for. A message that fails is logged, and harms no run."""

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from queue import SimpleQueue
from typing import Any, Final

from labctl.common.refusals import BenchFault, Refusal
from labctl.config.user_settings import Messages, Occasion
from labctl.data.writing.database_writer import NotBegun
from labctl.messages.ways import PATIENCE_S, Message, Way, ways
from labctl.plans.sweep import SWEEP, at
from labctl.run.events import RunEvent, Suspended
from labctl.run.runner import Outcome
from labctl.stored_runs.summary import conclusion

LOG: Final = logging.getLogger(__name__)
_LAST_S: Final = 3.0 * PATIENCE_S
"""So long the end of the program waits for messages on their way."""


class Messenger:
    """Sends in a thread of its own, so that nobody waits for a server."""

    def __init__(self, messages: Messages, label: str = "") -> None:
        """label: of the bench, for the text."""
        self._on, self._ways, self._label = messages.on, ways(messages), label
        self._waiting: SimpleQueue[Message | None] = SimpleQueue()
        self._unsent = threading.Semaphore(0)
        self._thread: threading.Thread | None = None
        self._sending = 0
        self._lock = threading.Lock()
        """Of the thread's begin and the count: alarms come from another thread than the ends of runs."""

    def on_event(self, run_event: RunEvent) -> None:
        """A listener of runs: one that is suspended."""
        match run_event.event:
            case Suspended(why) if why:
                self.tell("suspended", f"{run_event.sequence} is suspended (run {run_event.run_id})", why)

    def ended(self, outcome: Outcome, record: Mapping[str, Any]) -> None:
        """A run has ended. Of a sweep whose points complete, only the end of the last one is told.

        record: what else was kept with the run. Whatever goes wrong here is logged: the run has its end all the same.
        """
        if not self._ways:
            return
        try:
            self._tell_end(outcome, record)
        except Exception:
            LOG.warning("The end of run %s could not be told", outcome.run.run_id, exc_info=True)

    def _tell_end(self, outcome: Outcome, record: Mapping[str, Any]) -> None:
        run, swept = outcome.run, record.get(SWEEP)
        if outcome.unsafe:
            steps = "\n".join(f"NOT SAFE: {step}" for step in outcome.unsafe)
            return self.tell("failed", f"THE BENCH MAY NOT BE SAFE after {run.sequence} (run {run.run_id})", steps)
        if run.status == "suspended" or (swept and run.status == "completed" and swept["number"] < swept["of"]):
            return
        what = f"{run.sequence} {run.status} (run {run.run_id})"
        if swept:
            what += f", point {swept['number']} of {swept['of']} of a sweep: {at(swept['point'])}"
        self.tell(run.status, what, conclusion(run.sequence, run.result, run.message))

    def tell(self, occasion: Occasion, what: str, body: str) -> None:
        """Send it on every way, if the settings ask for it. Returns at once."""
        if occasion not in self._on or not self._ways:
            return
        about = f"{self._label}, {datetime.now().astimezone():%Y-%m-%d %H:%M}"
        self._waiting.put(Message(f"labctl: {what}", f"{body}\n{about}"))
        with self._lock:
            self._sending += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._send, name="messages", daemon=True)
                self._thread.start()

    def close(self, patience_s: float = _LAST_S) -> None:
        """Wait for the messages that are on their way, but not for ever."""
        until_s = time.monotonic() + patience_s
        while self._sending and time.monotonic() < until_s:
            self._unsent.acquire(timeout=max(until_s - time.monotonic(), 0.0))
            self._sending -= 1
        if self._sending:
            LOG.warning("%s messages were not sent within %g s", self._sending, patience_s)
            self._sending = 0
        self._waiting.put(None)
        self._thread = None

    def _send(self) -> None:
        while (message := self._waiting.get()) is not None:
            for name, way in self._ways.items():
                _sent(name, way, message)
            self._unsent.release()


def _sent(name: str, way: Way, message: Message) -> str:
    """Send it: empty, or why it could not be sent, which is logged. What is secret is not in it."""
    try:
        way(message)
    except Exception as error:  # whatever a server or a program does, the run goes on
        why = f"The message {message.subject!r} could not be sent by {name}: {type(error).__name__}: {error}"
        LOG.warning("%s", " ".join(why.split()))
        return why
    return ""


@contextmanager
def unattended(messages: Messages, what: str) -> Iterator[None]:
    """While nobody is there: that something could not begin at all is told too. what: what shall be run."""
    try:
        yield
    except NotBegun:  # the open bench has told of it
        raise
    except (Refusal, BenchFault) as error:
        messenger = Messenger(messages)
        messenger.tell("failed", f"{what} has not begun", "\n".join(error.faults))
        messenger.close()
        raise


def sent_now(messages: Messages, message: Message) -> dict[str, str]:
    """Send it on every way, and wait: name of the way -> why it failed, empty if it did not."""
    return {name: _sent(name, way, message) for name, way in ways(messages).items()}
