"""Drives one sequence: records every point as it comes, publishes every event, and ends safe whatever happens.

The command line, the window and the tests use this one runner; it knows nothing of any of them.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from instruments.common.errors import InstrumentError
from labctl.common.log import NAME as LOG_NAME
from labctl.common.signals import Interrupts
from labctl.data.acquisitions import digest_of
from labctl.data.serialise import plain
from labctl.data.writing.database_writer import NotBegun, Unstored
from labctl.data.writing.recorder import Book, Ended, Status
from labctl.run.drawing import Drawing
from labctl.run.events import Counted, Listener, News, Playing, Suspended, Waiting
from labctl.run.journal import Journal
from labctl.run.pause import Gate
from labctl.safety.interlocks import causes
from labctl.safety.safe_state import Step, make_safe
from labctl.safety.suspension import wait_out
from sequences.core.lab import RunContext
from sequences.results import Begin, Column, End, Estimate, Event, Point, Progress, SequenceError, Stream

if TYPE_CHECKING:
    from labctl.data.calibration import CalibrationStore
    from labctl.data.writing.run_writer import Store
    from sequences.core.lab import Lab
    from sequences.pulses.program import Program

LOG: Final = logging.getLogger(__name__)
RETRY_S: Final = 2.0
"""Wall time between two attempts to store what could not be stored."""
PATIENCE_S: Final = 600.0
"""Wall time for which a run waits until its data can be stored."""


@dataclass(frozen=True)
class Outcome:
    """How the run that was asked for ended."""

    run: Ended
    unsafe: tuple[Step, ...]
    """Steps of the safe state that could not be confirmed."""
    figures: Mapping[int, Path]
    """Run -> its figure, children included."""
    continues: int | None = None
    """The run that was suspended, and that this one went on with."""


class Runner:
    """Runs sequences on a lab, one after the other."""

    def __init__(
        self,
        lab: "Lab",
        store: "Store",
        calibration: "CalibrationStore",
        columns_of: Callable[[str], Sequence[Column]],
        listeners: Sequence[Listener] = (),
        interrupts: Interrupts | None = None,
        gate: Gate | None = None,
        journal: Journal | None = None,
    ) -> None:
        """calibration: of the bench. columns_of: sequence name -> its columns, for children too.

        gate: where the runs pause while it is closed. journal: what is noted with every play, and may answer it.
        """
        self._clock, self._journal = journal.clock if journal else lab.clock, journal
        self._bench_clock = lab.clock
        self._folder, self._calibration = store.folder, calibration
        self._columns_of, self._listeners = columns_of, listeners
        self._interrupts = interrupts or Interrupts()
        self._gate = gate or Gate()
        self.may_suspend = False
        """Whether a run that an interlock or a trip ends is kept as suspended, once it could go on."""
        run = journal.context(self) if journal else RunContext(lab.clock, calibration, self)
        self.lab = lab.within(run)
        """What the sequence of a run gets."""
        self._book = Book(store, calibration, self._clock)
        self._began_s = 0.0
        self._drawing = Drawing(self._folder / "figures")
        self._first: Callable[[], None] | None = None
        """Begins the run that was asked for, until it has begun."""
        self._announced = Begin("", None)

    def run(
        self,
        sequence: str,
        plan: Any,
        stream: Stream[Any],
        record: Mapping[str, Any] | None = None,
        snapshot: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Drive a sequence to its end. record: what else to keep with the run; snapshot: of the station.

        The run begins with the first play or event: what the sequence refuses before is no run. Raises NotBegun then;
        nothing else that the sequence or the bench may do wrong: the outcome says it.
        """
        self._began_s = self._clock.now()
        self._drawing = Drawing(self._folder / "figures")
        self.lab.notes.clear()
        self._calibration.used.clear()
        with self._interrupts.held(dropping=True):
            self._book.ready()
            columns = self._columns_of(sequence)
            self._first = lambda: self._book.begin(sequence, plan, columns, record, snapshot)
            self._announced = Begin(sequence, plan)
            status, message, result = self._driven(stream)
            return self._ended(stream, status, message, result)

    @property
    def _name(self) -> str:
        """What is measured now, or shall be."""
        return self._announced.sequence if self._first else self._book.sequence

    def _started(self) -> None:
        """The run begins now, unless it has."""
        if self._first is None:
            return
        with self._interrupts.held():
            self._first()
            self._first = None
            self._drawing.expect(self._announced.sequence)
            self._publish(self._announced)

    def recorded(self, program: "Program", repeats: int) -> tuple[int, int] | None:
        """What is on disk of a play, if the run was interrupted behind it."""
        self._started()
        if self._journal is None:
            return None
        digest = digest_of(program, self.lab.wiring.lines)
        if (block := self._journal.answer(digest, repeats)) is None:
            return None
        self._book.answered(block)
        return block.signal, block.reference

    def playing(self, program: "Program", repeats: int) -> None:
        """The lab is about to play: the safe point at which a run pauses."""
        self._started()
        with self._interrupts.safe_point():
            self._settled(self._book.flush)
            self._gate.passed()
        notes = self._journal.notes if self._journal else {}
        self._book.playing(program.name, digest_of(program, self.lab.wiring.lines), repeats, notes)
        self._publish(Playing(program, repeats))

    def counted(self, signal: int, reference: int, duration_s: float) -> None:
        """The lab has counted a play."""
        with self._interrupts.held():
            self._book.counted(signal, reference, duration_s)
        self._publish(Counted(signal, reference, duration_s))

    def _driven(self, stream: Stream[Any]) -> tuple[Status, str, Any]:
        try:
            return self._tried(stream)
        except NotBegun as error:
            return self._refused(stream, str(error))

    def _tried(self, stream: Stream[Any]) -> tuple[Status, str, Any]:
        """Raises NotBegun, and nothing else whatever goes wrong."""
        try:
            return "completed", "", self._consumed(stream)
        except KeyboardInterrupt:
            return "aborted", "aborted by the operator", None
        except NotBegun:
            raise
        except (SequenceError, InstrumentError) as error:
            if self._first and isinstance(error, SequenceError):
                raise NotBegun(f"{self._name} has not begun: {error}") from error
            self._started()
            LOG.info("%s failed: %s", self._name, error, exc_info=isinstance(error, InstrumentError))
            return self._suspended(error) or ("failed", str(error), None)
        except Unstored as error:
            LOG.info("%s failed: %s", self._name, error)
            return "failed", str(error), None
        except Exception as error:
            LOG.exception("%s failed", self._name)
            return "failed", f"{type(error).__name__}: {error} (traceback in {LOG_NAME})", None

    def _refused(self, stream: Stream[Any], message: str) -> NoReturn:
        """There is no run, and the bench is left as safe as after one."""
        self._first = None
        _closed(stream)
        unsafe = [f"NOT SAFE: {step}" for step in make_safe(self.lab, ramp_magnet=False) if step.fault]
        raise NotBegun([message, *unsafe])

    def _suspended(self, error: Exception) -> tuple[Status, str, Any] | None:
        """Wait until what holds the bench is gone, if something does; an operator can end it."""
        clock = self._bench_clock
        if not self.may_suspend or not (found := causes(self.lab, clock)):
            return None
        try:
            with self._interrupts.heard(), self._interrupts.safe_point():
                wait = wait_out(self.lab, clock, found, lambda why: self._publish(Suspended(why)))
        except KeyboardInterrupt:
            return "aborted", f"aborted by the operator while it was suspended: {found[0].what}", None
        finally:
            self._publish(Suspended(""))
        if wait.gave_up:
            return "failed", f"{error}. Suspended: {wait.why}. {wait.gave_up}", None
        return "suspended", wait.why, None

    @property
    def began_s(self) -> float:
        """When the run began, by the clock of its record."""
        return self._began_s

    def _consumed(self, stream: Stream[Any]) -> Any:
        """An operator's signal is heard only while the sequence works; what it yields is recorded as a whole."""
        with self._interrupts.driving():
            while True:
                try:
                    with self._interrupts.heard():
                        event = next(stream)
                except StopIteration as stop:
                    self._settled(self._book.flush, hearing=True)
                    return plain(stop.value)
                self._take(event)

    def _take(self, event: Event) -> None:
        self._started()
        match event:
            case Point(values):
                self._book.add(values)
                self._publish(event)
            case Estimate(values):
                self._book.estimate(values)
                self._publish(Estimate(plain(values)))
            case Begin(sequence, plan):
                columns = self._columns_of(sequence)
                self._settled(lambda: self._begun(sequence, plan, columns), hearing=True)
                self._publish(event)
            case End(result):
                self._publish(event)
                if (ended := self._book.end("completed", result=plain(result))).status != "completed":
                    raise OSError(ended.message)
                self._drawing.part(ended)
            case Progress():
                self._publish(event)

    def _begun(self, sequence: str, plan: Any, columns: Sequence[Column]) -> bool:
        try:
            self._book.begin(sequence, plan, columns)
        except Unstored:
            return False
        return True

    def _settled(self, stored: Callable[[], bool], hearing: bool = False) -> None:
        """Go on once this could be stored; until then the run waits, and an operator can end it.

        hearing: let signals through meanwhile. Raises Unstored when patience ends.
        """
        if stored():
            return
        self._publish(Waiting(self._book.complaint()))
        with ExitStack() as stack:
            if hearing:
                stack.enter_context(self._interrupts.heard())
                stack.enter_context(self._interrupts.safe_point())
            done = self._gate.wait_for(stored, RETRY_S, PATIENCE_S)
        if not done:
            raise Unstored(f"The data could not be stored for {PATIENCE_S / 60:g} min")
        self._publish(Waiting(""))

    def _ended(self, stream: Stream[Any], status: Status, message: str, result: Any) -> Outcome:
        """First the bench, then the record, then the pictures."""
        fault = _closed(stream)
        unsafe = tuple(step for step in make_safe(self.lab, ramp_magnet=False) if step.fault)
        self._started()
        if fault and status == "completed":
            status, message, result = "failed", fault, None
        while self._book.depth > 1:
            self._drawing.part(self._book.end(status, message))
        run = self._book.end(status, message, result, self._notes())
        if run.status == "completed":
            self._tell(News(run.run_id, run.sequence, 0, End(run.result), run.lab_time_s))
        outcome = Outcome(run, unsafe, self._drawing.whole(run))
        self._book.settle()
        return outcome

    def _notes(self) -> dict[str, Any]:
        return {"notes": list(self.lab.notes), "calibration_used": plain(self._calibration.used)}

    def _publish(self, event: Event | Playing | Counted | Waiting | Suspended) -> None:
        book = self._book
        self._tell(News(book.run_id, book.sequence, book.depth - 1, event, self._lab_time_s()))

    def _lab_time_s(self) -> float:
        """Of the run, as it is told; what comes before the run is played again counts for itself."""
        apart_for_s = self._journal.apart_for_s if self._journal else None
        return self._clock.now() - self._began_s if apart_for_s is None else apart_for_s

    def _tell(self, news: News) -> None:
        """A listener that fails is logged, and the run goes on."""
        for listener in self._listeners:
            try:
                listener(news)
            except Exception:
                LOG.exception("A listener failed at %s", news)


def _closed(stream: Stream[Any]) -> str:
    """Let the sequence leave the bench as it promises to; what went wrong meanwhile, if anything."""
    try:
        stream.close()
    except Exception as error:
        LOG.exception("The sequence failed while it was stopped")
        return f"{type(error).__name__} while it was stopped: {error}"
    return ""
