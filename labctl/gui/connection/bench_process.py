"""The process that owns the instruments: it runs one experiment at a time and tells the window everything.

Its main thread runs the experiments; one thread listens to the window, one speaks to it, one watches the instruments.
If the window is lost, a run that measures is measured to its end, and one that is paused stays paused until somebody
lets it go on from a shell; then the bench is left safe.
"""

import itertools
import logging
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from labctl.bench.continuation import continuation
from labctl.bench.monitor import Watch
from labctl.bench.requests import Orders
from labctl.bench.session import Interrupted, OpenBench
from labctl.common.commands import About
from labctl.common.log import log_into
from labctl.common.refusals import BenchFault, Refusal
from labctl.common.signals import interrupt_main_thread, let_in
from labctl.data.live_runs import LIVE, Wish
from labctl.data.writing.database_writer import NotBegun
from labctl.gui.connection.hand_orders import HandOrders
from labctl.gui.connection.messages import (
    Activity,
    Continue,
    Doing,
    Failed,
    HandDone,
    HandOrder,
    MadeSafe,
    Order,
    Ready,
    RunEnded,
    Start,
    Watched,
    WindowMessage,
)
from labctl.gui.connection.outbox import Outbox
from labctl.plans.catalogue import EXPERIMENTS, experiment_named
from labctl.run.events import Listener
from labctl.run.pause import Pause
from labctl.safety.limits import Bounds, programs_beyond
from labctl.safety.safe_state import make_safe
from sequences.core.experiment import Experiment

LOG: Final = logging.getLogger(__name__)
_LOOK_S: Final = 0.2
"""An idle process sees this often whether a signal has come."""

_SETTLED_LOOKS: Final = 300
"""After an idle minute all that was stored is in the database's own file."""

_ORDERS: Final[Mapping[Wish, Order]] = {"pause": Order.PAUSE, "resume": Order.RESUME, "stop": Order.STOP}

_Wanted = Start | Continue | HandOrder | Order
Opener = Callable[[], AbstractContextManager[OpenBench]]


def serve(connection: Connection, opener: Opener, folder: Path) -> None:
    """What the process does, from the bench's opening to its safe end. folder: of the runs and the log."""
    log_into(folder)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that is closed takes the window, but not the run
    outbox = Outbox(connection)
    try:
        let_in()
        outbox.say(Doing("opening"))
        _Server(connection, opener, outbox).live()
    except (Refusal, BenchFault) as fault:
        outbox.say(Failed(tuple(fault.faults)))
    except KeyboardInterrupt:  # from the terminal, while the bench was opened: it is safe again
        LOG.info("Left before any experiment could run")
    except Exception as error:
        LOG.exception("The bench process failed")
        outbox.say(Failed((f"{type(error).__name__}: {error} (traceback in labctl.log)",)))
    finally:
        outbox.say(Doing("closed"))
        outbox.close()


class _Server:
    def __init__(self, connection: Connection, opener: Opener, outbox: Outbox) -> None:
        self._connection, self._opener, self._outbox = connection, opener, outbox
        self._wanted: queue.SimpleQueue[_Wanted] = queue.SimpleQueue()
        self._pause = Pause(self._on_pause)
        self._lock = threading.Lock()
        self._running: int | None = None
        self._heard_of = self._stopped = 0
        """The newest run that was asked for, and the newest that shall not begin any more."""
        self._leaving = self._interrupted = False
        self._orders: Orders | None = None
        self._about = About()
        self._is_opening, self._wants_safe = True, False
        self._by_hand: HandOrders | None = None
        """Once somebody has asked for something by hand."""
        self._at_hand = False
        """Whether something is being done by hand."""

    def live(self) -> None:
        """Open, serve, close."""
        threading.Thread(target=self._listen, name="ear", daemon=True).start()
        began_s = time.monotonic()
        with self._opener() as bench:
            with self._lock:
                self._is_opening = False
            self._outbox.say(Ready(bench.store.label, time.monotonic() - began_s))
            self._about = About.of_run(bench.record, bench.store.folder)
            self._orders = Orders(bench.store.writer_lock, self._asked)
            with self._orders, Watch(bench.station, lambda found: self._outbox.say(Watched(found))):
                self._outbox.say(Doing("idle"))
                _load_all()
                with bench.interrupts.held(dropping=True):  # a signal falls into a sequence, or into idleness
                    while (order := self._next(bench)) is not Order.QUIT:
                        self._obey(bench, order)
                    if self._wants_safe:  # a red stop that came behind the wish to leave
                        self._obey(bench, Order.SAFE)
            self._outbox.say(Doing("closing"))

    # ---- the main thread

    def _next(self, bench: OpenBench) -> _Wanted:
        """What to do next. Ctrl-C in the terminal means leaving; a stop that came too late means nothing."""
        looks = itertools.count(1)
        while not self._leaving:
            if next(looks) % _SETTLED_LOOKS == 0:
                bench.store.settle()
            try:
                with bench.interrupts.let_through():
                    return self._wanted.get(timeout=_LOOK_S)
            except queue.Empty:
                self._hold_hand(lambda by_hand: by_hand.idle())
            except KeyboardInterrupt:
                self._leaving = not self._interrupted
                self._interrupted = False
        return Order.QUIT

    def _obey(self, bench: OpenBench, order: _Wanted) -> None:
        if isinstance(order, HandOrder):
            self._by_hand = self._by_hand or HandOrders(bench, self._outbox.say)
            self._hold_hand(partial(self._interruptibly, bench, order))
            return
        self._hold_hand(lambda by_hand: by_hand.end())
        if isinstance(order, Start):
            self._run(bench, order.ticket, experiment_named(order.sequence), order.plan, record=order.record)
        elif isinstance(order, Continue):
            self._go_on(bench, order)
        else:
            self._wants_safe = False
            self._outbox.say(MadeSafe(tuple(make_safe(bench.lab, ramp_magnet=True))))
        if not self._leaving:
            self._outbox.say(Doing("idle"))

    def _hold_hand(self, act: Callable[[HandOrders], None]) -> None:
        """Something by hand, if anybody has ever wanted that here. No fault of it ends the process."""
        if self._by_hand is None:
            return
        try:
            act(self._by_hand)
        except Exception as error:
            LOG.exception("By hand")
            self._outbox.say(HandDone(f"{type(error).__name__}: {error} (traceback in labctl.log)", is_trouble=True))
            self._by_hand.end()

    def _interruptibly(self, bench: OpenBench, order: HandOrder, by_hand: HandOrders) -> None:
        """A stop ends what is done by hand, as it ends a run: then the bench is dark."""
        with self._lock:
            self._at_hand = True
        try:
            with bench.interrupts.let_through():
                by_hand.obey(order)
        except KeyboardInterrupt:
            self._leaving = self._leaving or not self._interrupted
            self._interrupted = False
            by_hand.end()
        finally:
            with self._lock:
                self._at_hand = False

    def _go_on(self, bench: OpenBench, order: Continue) -> None:
        try:
            found = continuation(bench.store.folder, str(order.run_id))
            before = found.on(bench.store.label, bench.record)
        except Refusal as refusal:
            self._outbox.say(RunEnded(order.ticket, 0, "failed", "; ".join(refusal.faults), ()))
        except Exception as error:
            LOG.exception("Run %s could not be read", order.run_id)
            self._outbox.say(RunEnded(order.ticket, 0, "failed", f"{type(error).__name__}: {error}", ()))
        else:
            self._run(bench, order.ticket, found.experiment, found.plan, before, found.sweep)

    def _run(
        self,
        bench: OpenBench,
        ticket: int,
        experiment: Experiment,
        plan: Any,
        interrupted: Interrupted | None = None,
        record: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        lab = bench.lab
        faults = Bounds(lab.limits, lab.wiring.tick_ns).faults(plan)
        if faults := faults or programs_beyond(experiment.programs_by_plan(plan, lab.wiring), lab.limits, lab.paths):
            self._outbox.say(RunEnded(ticket, 0, "failed", "; ".join(faults), ()))
            return
        if not self._begin(ticket):
            self._outbox.say(RunEnded(ticket, 0, "aborted", "stopped before it began", ()))
            return
        try:
            outcome = bench.run(experiment, plan, self._listeners(), self._pause, interrupted, record)
            run = outcome.run
            ended = RunEnded(ticket, run.run_id, run.status, run.message, outcome.unsafe)
        except NotBegun as error:
            ended = RunEnded(ticket, 0, "failed", str(error), ())
        except Exception as error:
            LOG.exception("The run could not be kept")
            ended = RunEnded(ticket, 0, "failed", f"{type(error).__name__}: {error}", ())
        finally:
            with self._lock:
                self._running = None
            if self._orders:
                self._orders.rest()
        self._outbox.say(ended)

    def _listeners(self) -> tuple[Listener, ...]:
        return (self._orders.on_event, self._outbox.say) if self._orders else (self._outbox.say,)

    def _begin(self, ticket: int) -> bool:
        """Whether it may begin: a stop that came while it waited holds for it too."""
        with self._lock:
            if ticket <= self._stopped:
                return False
            self._running = ticket
            self._interrupted = False
            self._pause.end()
        self._outbox.say(Doing("running", ticket))
        return True

    def _on_pause(self, waiting: bool) -> None:
        self._say("paused" if waiting else "running")

    def _say(self, does: Activity) -> None:
        """What the run does, to the window and to who reads the data folder."""
        self._outbox.say(Doing(does, self._running))
        if self._orders and does in LIVE:
            self._orders.tell(does)

    # ---- the thread that listens

    def _listen(self) -> None:
        while True:
            try:
                said: WindowMessage = self._connection.recv()
            except (EOFError, OSError):
                self._leaving = True
                if self._at_hand:  # nobody waits for a ramp with a laser on
                    self._interrupt()
                self._tell_lost()
                return
            self._hear(said)

    def _tell_lost(self) -> None:
        """The window is gone: say what becomes of the run, in the log and on the terminal if there still is one."""
        words = "The window is gone; the bench is made safe and closed"
        if self._running is not None and self._orders and (run_id := self._orders.run_id):
            stays = f"is measured to its end. `labctl pause {run_id}` holds it"
            if not self._pause.is_off:
                stays = f"stays paused. `labctl resume {run_id}` lets it go on"
            words = self._about.in_words(f"The window is gone; run {run_id} {stays}, `labctl stop {run_id}` ends it")
        LOG.warning("%s", words)
        with suppress(OSError, ValueError):
            print(f"labctl: {words}", file=sys.stderr, flush=True)

    def _asked(self, wish: Wish) -> None:
        """From a shell: the same as from the window."""
        self._hear(_ORDERS[wish])

    def _hear(self, said: WindowMessage) -> None:
        match said:
            case Start(ticket) | Continue(ticket):
                self._heard_of = ticket
                self._wanted.put(said)
            case HandOrder():
                self._wanted.put(said)
            case Order.PAUSE:
                self._ask_pause()
            case Order.RESUME:
                self._pause.end()
                if self._running is not None:
                    self._say("running")
            case Order.STOP:
                self._interrupt()
            case Order.SAFE:
                self._wants_safe = True
                self._interrupt()
                self._wanted.put(said)
            case Order.QUIT:
                self._leaving = True
                self._interrupt()
                self._leave_opening()

    def _ask_pause(self) -> None:
        with self._lock:
            if self._running is not None and self._pause.is_off:
                self._say("pausing")  # before it begins: what the run says while it waits comes after it
                self._pause.begin()

    def _interrupt(self) -> None:
        """End the run that goes on, as Ctrl-C would, and begin none that waits."""
        with self._lock:
            self._stopped = self._heard_of
            if (self._running is None and not self._at_hand) or self._interrupted:
                return
            self._interrupted = True
            if self._running is not None:
                self._outbox.say(Doing("stopping", self._running))
            interrupt_main_thread()

    def _leave_opening(self) -> None:
        """A bench that is not open yet is not waited for."""
        with self._lock:
            if self._is_opening and not self._interrupted:
                self._interrupted = True
                interrupt_main_thread()


def _load_all() -> None:
    """Import every experiment while nobody waits for it."""
    list(EXPERIMENTS.values())
