"""The bench with everything that a run on it needs: what the command line and the window both open."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labctl.catalogue import ENTRIES, Entry, columns_of
from labctl.data.calibration import CalibrationStore
from labctl.data.store import Store
from labctl.gate import Gate
from labctl.heartbeat import Heartbeat
from labctl.interrupts import Interrupts
from labctl.news import Listener
from labctl.replay import Journal, Replay
from labctl.runner import Outcome, Runner
from labctl.station import OpenStation
from sequences.lab import Lab
from sequences.results import Begin, End, Stream


@dataclass(frozen=True)
class Interrupted:
    """A run that shall be continued."""

    run_id: int
    replay: Replay
    gap_s: float
    """How long ago its last block was counted."""


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
    """Tells a guardian that this process is alive, where a bench outlives it."""

    def run(
        self,
        entry: Entry,
        plan: Any,
        listeners: Sequence[Listener] = (),
        gate: Gate | None = None,
        interrupted: Interrupted | None = None,
    ) -> Outcome:
        """Run an experiment to its end, whatever that is. gate: where it pauses. interrupted: what it continues."""
        hear, rest = (self.heartbeat.heard, self.heartbeat.rest) if self.heartbeat else (lambda _: None, lambda: None)
        told = (*listeners, hear)
        journal = Journal(self.lab, self.calibration)
        if interrupted:
            journal = Journal(self.lab, self.calibration, interrupted.replay, interrupted.gap_s, _aligned)
        runner = Runner(self.lab, self.store, self.calibration, columns_of, told, self.interrupts, gate, journal)
        record = {**self.record, "station_file": self.station.file.text}
        record |= {"resumes": interrupted.run_id} if interrupted else {}
        try:
            return runner.run(entry.name, plan, entry.function(self.lab, plan), record, self.station.snapshot())
        finally:
            journal.close()
            rest()


def _aligned(lab: Lab) -> Stream[None]:
    """A part of a run that brings the field back to the resonance."""
    found = ENTRIES["align"]
    plan = found.plan()
    yield Begin(found.name, plan)
    result = yield from found.function(lab, plan)
    yield End(result)
