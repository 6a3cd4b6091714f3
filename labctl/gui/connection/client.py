"""What the window knows of the bench, and what it asks of it; no Qt in here."""

import itertools
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from labctl.common.commands import About
from labctl.common.refusals import Refusal
from labctl.gui.connection.after_crash import Aftermath
from labctl.gui.connection.link import Link
from labctl.gui.connection.messages import (
    Activity,
    BenchMessage,
    Continue,
    Doing,
    Failed,
    HandOrder,
    Kept,
    MadeSafe,
    Notice,
    Order,
    Ready,
    RunEnded,
    Start,
)
from labctl.gui.connection.stop_order import StopOrder
from labctl.gui.runs.checked_plans import plan_of, points_of
from labctl.gui.runs.queue import Queue, Wanted
from labctl.gui.runs.record_builder import RecordBuilder
from labctl.plans import catalogue
from labctl.run.events import RunEvent
from labctl.safety.limits import Bounds
from labctl.safety.safe_state import Step

LOG: Final = logging.getLogger(__name__)
HERE: Final = About()
BUSY: Final[tuple[Activity, ...]] = ("running", "pausing", "paused", "stopping")
_NOT_OPENED: Final = (
    "The bench process ended while it opened the bench (exit code {code}); it has switched nothing on. labctl.log and "
    "the terminal may tell why. Bench > Open the bench again tries it anew"
)


class Session:
    """One connection to the bench after the other, and the run that goes on."""

    def __init__(
        self,
        connect: Callable[[], Link],
        queue: Queue,
        bounds: Bounds,
        about: About = HERE,
        watchdog_file: Path | None = None,
    ) -> None:
        """connect: starts a bench process. bounds: of the station, for plans. about: the bench, for commands.

        watchdog_file: the file that stands for the bench, if a watchdog watches over it.
        """
        self.about = about
        self.queue = queue
        self.record_builder = RecordBuilder(catalogue.columns_of)
        self.label = ""
        """Of the bench, once it is open."""
        self.activity: Activity = "opening"
        self.faults: tuple[str, ...] = ()
        """Why there is no bench; empty while there is."""
        self.unsafe: tuple[Step, ...] = ()
        """Steps of the last safe state that could not be confirmed."""
        self.is_queue_held = True
        """Whether the queue waits: at first it does, so that no laser starts unasked."""
        self._had_bench = False
        """Whether the bench process that runs, or ran last, had the bench open."""
        self._aftermath: Aftermath | None = None
        self._stop = StopOrder(watchdog_file is not None)
        self._connect, self._bounds, self._watchdog_file = connect, bounds, watchdog_file
        self._tickets = itertools.count(1)
        self._link = connect()
        self._taken: Wanted | None = None
        """What was taken out of the queue and has not begun yet."""
        self._refused = ""
        """Why the last point of a sweep that was left out could not begin."""

    # ---- what comes from the bench

    def take(self, most_s: float) -> list[BenchMessage]:
        """Take what the bench process said, for so long at most; returned for whom it concerns."""
        taken: list[BenchMessage] = []
        for said in self._link.received(most_s):
            message = self._addressed(said)
            taken += [message, *self._take(message)]
        if not self._link.is_alive and not self._link.is_behind and self.activity != "closed":
            taken += self._lost()
        taken += filter(None, (self._watchdog_notice(), self._stop.late()))
        if self.activity == "idle" and not self.is_queue_held:
            taken += self._start_next()
        return taken

    def _addressed(self, message: BenchMessage) -> BenchMessage:
        """Commands in it say which bench they are about."""
        match message:
            case RunEnded():
                return replace(message, message=self.about.in_words(message.message))
            case Failed(faults):
                return Failed(tuple(map(self.about.in_words, faults)))
        return message

    @property
    def silence_s(self) -> float:
        """How long the bench process has said nothing."""
        return time.monotonic() - self._link.last_message_s

    @property
    def is_busy(self) -> bool:
        """Whether a run goes on."""
        return self.activity in BUSY

    def _take(self, message: BenchMessage) -> list[BenchMessage]:
        match message:
            case RunEvent():
                self.record_builder.take(message)
                self._taken = None
            case Ready(label):
                self.label, self.faults, self._had_bench = label, (), True
            case Doing(activity):
                self.activity = activity
                if activity == "closed":
                    self._stop.settle()
            case RunEnded():
                return self._ended(message)
            case MadeSafe(steps):
                self.unsafe = tuple(step for step in steps if step.fault)
                self._stop.settle()
            case Failed(faults):
                self.faults = faults
        return []

    def _ended(self, ended: RunEnded) -> list[BenchMessage]:
        """After an abort, or on a bench that is not safe, nothing starts by itself."""
        self.record_builder.finish(ended.status, ended.message)
        self.unsafe = ended.unsafe
        if ended.status == "aborted" or ended.unsafe:
            self.is_queue_held = True
        return self._put_back(ended.message if ended.status == "failed" else "")

    def _put_back(self, why: str) -> list[BenchMessage]:
        """What was taken out of the queue and has not begun waits again. why: empty if it may be tried again."""
        taken, self._taken = self._taken, None
        if taken is None:
            return []
        if taken.overs and why and why != self._refused:  # another point may be possible
            self._refused = why
            return [Kept(f"Point {taken.begun + 1} of the sweep of {taken.sequence} is left out. {why}")]
        self.queue.put_back(taken, why)
        return [Kept(f"{taken.sequence} stays in the queue. {why or 'It has not begun'}")]

    def _lost(self) -> list[BenchMessage]:
        """The bench process has ended, and did not say so before."""
        was, self.activity = self.activity, "closed"
        self._stop.settle()
        code = self._link.exit_code
        if self.faults or (was == "closing" and (code == 0 or not self._had_bench)):
            return self._put_back("")
        self.record_builder.finish("failed", "the bench process died")
        self.is_queue_held = True
        if self._had_bench:
            self._aftermath = Aftermath(self._watchdog_file, self._link.pid, code)
            self.faults = (self._aftermath.now().words,)
            return self._put_back("")  # the aftermath tells, now and later
        self.faults = (_NOT_OPENED.format(code=code),)
        return [Failed(self.faults), *self._put_back("")]

    def _watchdog_notice(self) -> Notice | None:
        """What the watchdog of a bench process that died says now."""
        notice = self._aftermath.new_notice() if self._aftermath is not None else None
        if notice is not None:
            self.faults = (notice.words,)
        return notice

    @property
    def doubt(self) -> str:
        """Why the bench may not be safe; empty if it is, or if this window has never had it."""
        if self._aftermath is not None:
            return "" if self._aftermath.is_safe else self._aftermath.now().words
        if self.unsafe:
            return f"THE BENCH MAY NOT BE SAFE: {'; '.join(map(str, self.unsafe))}"
        return "\n".join(self.faults) if self._had_bench else ""

    # ---- what is asked of it

    def run(self, sequence: str, settings: Mapping[str, str]) -> bool:
        """Start a run, or put it into the queue while another one goes on; whether it started.

        Raises Refusal with every fault of the plan.
        """
        plan = plan_of(sequence, settings, self._bounds)
        if self.activity == "idle":
            self._start(sequence, plan)
            return True
        if not self.queue.items and self.activity in ("running", "pausing", "paused"):
            self.is_queue_held = False  # it shall run after what runs, and nothing else waits
        self.queue.add(sequence, settings)
        return False

    @property
    def when_next(self) -> str:
        """When a run that was put into the queue starts, as a sentence."""
        number = len(self.queue.items)
        here = {"opening": "the bench is being opened", "idle": "the bench is ready"}
        now = here.get(self.activity, "a run goes on" if self.is_busy else "no bench is open")
        if self.is_queue_held:
            return f"number {number} of the queue: {now}. The queue is held: Runs > Queue > Start the queue"
        return f"number {number} of the queue: {now}. It starts by itself when its turn comes"

    def continue_run(self, run_id: int) -> bool:
        """Go on with a stored run that was interrupted. Raises Refusal while something else goes on."""
        if self.activity != "idle":
            raise Refusal(f"Run {run_id} can be continued when the bench is idle; now it is {self.activity}")
        self.activity = "running"
        self._link.say(Continue(next(self._tickets), run_id))
        return True

    def enqueue(self, sequence: str, settings: Mapping[str, str], overs: Sequence[str] = ()) -> None:
        """Put a run at the end of the queue; with overs a sweep, as one group. Raises Refusal with every fault."""
        points_of(sequence, settings, overs, self._bounds)
        self.queue.add(sequence, settings, overs)

    def by_hand(self, order: HandOrder) -> None:
        """Do something by hand. Raises Refusal unless the bench is idle."""
        if self.activity != "idle":
            now = "a run goes on. Wait until it has ended, or stop it" if self.is_busy else f"it is {self.activity}"
            raise Refusal(f"The bench cannot be set by hand now: {now}")
        self._link.say(order)

    def hold_queue(self, held: bool) -> None:
        """Let the queue wait, or go on: what could not be started is then tried once more."""
        self.is_queue_held = held
        if not held:
            self.queue.try_all()

    def pause(self) -> None:
        """Wait at the next safe point."""
        self._link.say(Order.PAUSE)

    def resume(self) -> None:
        """Go on."""
        self._link.say(Order.RESUME)

    def stop(self) -> None:
        """End the run now; the bench is left safe, and the queue waits."""
        self.is_queue_held = True
        self._link.say(Order.STOP)

    def make_safe(self) -> Notice:
        """The red stop: end the run now, everything off, the magnet down; the queue waits. Returns what comes of it."""
        self.is_queue_held = True
        if self.activity == "closed":
            return self._without_process()
        if self._stop.is_overdue:
            self._link.kill()
            return Notice("STOP: the bench process did not answer, and is ended by force", is_trouble=True)
        self._link.say(Order.SAFE)
        return self._stop.ask(self.activity, self.is_busy)

    def _without_process(self) -> Notice:
        """What a red stop can say when there is no bench process to obey it."""
        if self._aftermath is not None:
            notice = self._aftermath.now()
            if not self._aftermath.is_lost:
                return replace(notice, words=f"STOP: {notice.words}")
            self.reopen()
            self._link.say(Order.SAFE)
            return self._stop.ask(self.activity, is_busy=False)
        if self._had_bench:  # it was open, and is closed
            return Notice(
                f"STOP: {self.doubt or 'the bench was closed, and was safe then'}", is_trouble=bool(self.doubt)
            )
        return Notice(f"STOP: this window has no bench, and has switched nothing on. {' '.join(self.faults)}".rstrip())

    def leave(self) -> None:
        """End the run now, make the bench safe, and close it."""
        self.is_queue_held = True
        self._link.say(Order.QUIT)
        if not self._link.has_spoken:
            self._link.kill()  # it has opened nothing yet, and would not listen before it has loaded everything
        if self.activity != "closed":
            self.activity = "closing"

    def has_left(self, timeout_s: float = 0.0) -> bool:
        """Whether the bench process has ended."""
        return self._link.join(timeout_s)

    def reopen(self) -> None:
        """Connect to the bench anew, after the process has ended."""
        self.activity, self.faults, self.unsafe, self.label = "opening", (), (), ""
        self._aftermath, self._had_bench = None, False
        self._stop.settle()
        self._link = self._connect()

    def _start(self, sequence: str, plan: Any, record: dict[str, Any] | None = None) -> None:
        self.activity = "running"  # so that nothing else starts before the bench process says so itself
        self._link.say(Start(next(self._tickets), sequence, plan, record or {}))

    def _take_next(self, wanted: Wanted) -> bool:
        """Start it, or its next point; whether no other window was quicker. Raises Refusal if it is not possible."""
        sweep, plans = points_of(wanted.sequence, wanted.settings, wanted.overs, self._bounds)
        taken = self.queue.take_point(wanted.ticket, len(plans)) if sweep else self.queue.take(wanted.ticket)
        self._taken = taken
        if taken is not None:
            record = sweep.record(taken.name, taken.begun + 1) if sweep else None
            self._start(taken.sequence, plans[taken.begun], record)
        return taken is not None

    def _start_next(self) -> list[BenchMessage]:
        """Start the first one that can be started; the others stay where they are."""
        messages: list[BenchMessage] = []
        for wanted in self.queue.items:
            if wanted.ticket in self.queue.faults:
                continue
            try:
                if self._take_next(wanted):
                    return messages
            except Refusal as refusal:
                why = "; ".join(refusal.faults)
                LOG.warning("%s stays in the queue: %s", wanted.sequence, why)
                self.queue.refuse(wanted.ticket, why)
                messages.append(Kept(f"{wanted.sequence} stays in the queue, for it is not possible: {why}"))
        self.is_queue_held = True
        return messages
