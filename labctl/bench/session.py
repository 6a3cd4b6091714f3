"""The bench with everything that a run on it needs: what the command line and the window both open."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Self

from instruments.common.errors import InstrumentError
from instruments.interface.roles import Currents
from labctl.bench.heartbeat import Heartbeat
from labctl.bench.night_log import NightLog
from labctl.bench.station import OpenStation
from labctl.common.signals import Interrupts
from labctl.config.user_settings import Messages
from labctl.data.acquisitions import Acquisition
from labctl.data.calibration import CalibrationStore, Pairs
from labctl.data.reader import one_run
from labctl.data.writing.database_writer import NotBegun
from labctl.data.writing.run_writer import Store
from labctl.messages.messenger import Messenger
from labctl.plans.catalogue import columns_of, measuring
from labctl.run.events import Listener
from labctl.run.journal import Journal
from labctl.run.pause import Pause
from labctl.run.replay import Replay, kept_acquisitions
from labctl.run.resumption import resumed
from labctl.run.runner import Outcome, Runner
from sequences.core.experiment import Experiment
from sequences.core.lab import Lab
from sequences.pulses.grid import on_grid
from sequences.results import Begin, End, Stream

MOST_IN_VAIN: Final = 3
"""Suspensions in a row between which nothing was measured that can be relied on; the next one is a failure."""


@dataclass(frozen=True)
class Interrupted:
    """A run that shall be continued."""

    run_id: int
    replay: Replay
    gap_s: float
    """How long ago its last acquisition was counted."""


@dataclass(frozen=True)
class Known:
    """The calibration with which a run began; of a suspended run, that of its first section."""

    calibration: Mapping[str, Any]
    covariances: Pairs | None
    """None for a run of before they were kept."""

    @classmethod
    def of(cls, calibration: CalibrationStore) -> Self:
        """Now."""
        return cls(calibration.all(), calibration.covariances())

    @classmethod
    def then(cls, replay: Replay) -> Self:
        """When the run began that is played again."""
        return cls(replay.calibration, replay.covariances)

    def replay(self, acquisitions: Sequence[Acquisition]) -> Replay:
        """The run, to be played again."""
        return Replay(acquisitions, self.calibration, self.covariances)

    def record(self) -> dict[str, Any]:
        """What the record of a section keeps that continues a run."""
        return {"calibration": dict(self.calibration), "covariances": self.covariances}


@dataclass(frozen=True)
class OpenBench:
    """A bench that is open. It belongs to the thread that opened it."""

    station: OpenStation
    lab: Lab
    store: Store
    calibration: CalibrationStore
    interrupts: Interrupts
    record: Mapping[str, Any]
    """What every run keeps about the bench."""
    truth: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    """What is true about the result of a run; only a twin knows."""
    heartbeat: Heartbeat | None = None
    """Tells a watchdog that this process is alive, where a bench outlives it."""
    messenger: Messenger | None = None
    """Tells people how runs end, if they asked for that."""
    night_log: NightLog | None = None
    """Logs what the instruments say, if that was asked for."""

    def run(
        self,
        experiment: Experiment,
        plan: Any,
        listeners: Sequence[Listener] = (),
        pause: Pause | None = None,
        interrupted: Interrupted | None = None,
        record: Mapping[str, Any] = MappingProxyType({}),
    ) -> Outcome:
        """Run an experiment to its end, whatever that is. pause: how it is paused. interrupted: what it continues.

        record: what else is kept with it: which point of a sweep it is.

        One that is suspended goes on as another run, which continues it from the last check of the bench.
        """
        messenger = self.messenger or Messenger(Messages())
        noted = (self.night_log.on_event,) if self.night_log else ()
        try:
            hearing = (*listeners, messenger.on_event, *noted)
            outcome = self._run(experiment, plan, hearing, pause, interrupted, record)
        except NotBegun as error:
            messenger.tell("failed", f"{experiment.name} has not begun", "\n".join(error.faults))
            raise
        finally:
            if self.night_log:
                self.night_log.rest()
        messenger.ended(outcome, record)
        return outcome

    def _run(
        self,
        experiment: Experiment,
        plan: Any,
        listeners: Sequence[Listener],
        pause: Pause | None,
        interrupted: Interrupted | None,
        record: Mapping[str, Any],
    ) -> Outcome:
        hear, rest = (
            (self.heartbeat.on_event, self.heartbeat.rest) if self.heartbeat else (lambda _: None, lambda: None)
        )
        known = Known.of(self.calibration) if interrupted is None else Known.then(interrupted.replay)
        asked_for, pause = interrupted, pause or Pause()
        pause.alive = self.heartbeat.waits if self.heartbeat else lambda: None
        begun_a, in_vain = self._magnet_stands_a(), 0
        try:
            while True:
                section = _Section(self, (*listeners, hear), pause, interrupted, record)
                outcome = section.run(experiment, plan, known, in_vain < MOST_IN_VAIN)
                if outcome.run.status != "suspended":
                    suspended = interrupted.run_id if interrupted and interrupted is not asked_for else None
                    return replace(outcome, continues=suspended)
                before, interrupted = interrupted, section.continued(outcome.run.run_id, known)
                gained = len(interrupted.replay.acquisitions) - (len(before.replay.acquisitions) if before else 0)
                in_vain = 0 if gained > 0 else in_vain + 1
                try:
                    self._magnet_back_to(begun_a)
                except InstrumentError as error:
                    message = f"{outcome.run.message}. Then the magnet could not be set again: {error}"
                    return replace(outcome, run=replace(outcome.run, status="failed", message=message))
        finally:
            rest()

    def _magnet_stands_a(self) -> Currents:
        """The magnet's currents, without asking if nobody but this program has moved them."""
        if (ramped_a := self.lab.magnet.ramped_to_a) is not None:
            return ramped_a
        return (0.0, 0.0, 0.0) if self.station.file.ramps_magnet else self.lab.magnet.currents()

    def _magnet_back_to(self, currents_a: Currents) -> None:
        """Where it stood when the run began, so that what the run does to it comes out as it did."""
        if any(currents_a):
            self.lab.magnet.switch_on()
        self.lab.magnet.ramp_to(currents_a)


class _Section:
    """A run from its beginning, or from where it was interrupted, to its end or its suspension."""

    def __init__(
        self,
        bench: OpenBench,
        listeners: Sequence[Listener],
        pause: Pause | None,
        interrupted: Interrupted | None,
        record: Mapping[str, Any],
    ) -> None:
        self._bench, self._interrupted, self._record = bench, interrupted, record
        if interrupted:
            self._journal = Journal(bench.lab, bench.calibration, interrupted.replay, interrupted.gap_s)
        else:
            self._journal = Journal(bench.lab, bench.calibration)
        self._began_s = self._journal.bench_clock.now()
        self._runner = Runner(
            bench.lab, bench.store, bench.calibration, columns_of, listeners, bench.interrupts, pause, self._journal
        )

    def run(self, experiment: Experiment, plan: Any, known: Known, may_suspend: bool) -> Outcome:
        """known: the calibration with which the first part began."""
        bench, self._runner.may_suspend = self._bench, may_suspend
        record = {**bench.record, **self._record, "station_file": bench.station.file.text}
        if self._interrupted:
            record |= {"resumes": self._interrupted.run_id, **known.record()}
        stream = resumed(self._runner.lab, self._journal, lambda lab: experiment.function(lab, plan), _aligned)
        return self._runner.run(experiment.name, plan, stream, record, bench.station.snapshot())

    def continued(self, run_id: int, known: Known) -> Interrupted:
        """What is needed to go on, now that what held the run is gone."""
        before = self._interrupted
        if before and not before.replay.over:  # it was suspended before it measured: what answered it answers again
            passed_s = self._journal.bench_clock.now() - self._began_s
            return Interrupted(run_id, known.replay(before.replay.acquisitions), before.gap_s + passed_s)
        folder = self._bench.store.folder
        acquisitions = kept_acquisitions(folder, one_run(folder, run_id))
        ended_s = acquisitions[-1].ended_s if acquisitions else 0.0
        gap_s = self._journal.clock.now() - self._runner.began_s - ended_s
        return Interrupted(run_id, known.replay(acquisitions), max(0.0, gap_s))


def _aligned(lab: Lab) -> Stream[None]:
    """A child run that brings the field back to the resonance."""
    found = measuring("field")
    plan = on_grid(found.plan(), lab.wiring.tick_ns)
    yield Begin(found.name, plan)
    result = yield from found.function(lab, plan)
    yield End(result)
