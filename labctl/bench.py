"""The bench with everything that a run on it needs: what the command line and the window both open."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labctl.catalogue import Entry, columns_of
from labctl.data.calibration import CalibrationStore
from labctl.data.store import Store
from labctl.gate import Gate
from labctl.heartbeat import Heartbeat
from labctl.interrupts import Interrupts
from labctl.news import Listener
from labctl.runner import Outcome, Runner
from labctl.station import OpenStation
from sequences.lab import Lab


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

    def run(self, entry: Entry, plan: Any, listeners: Sequence[Listener] = (), gate: Gate | None = None) -> Outcome:
        """Run an experiment to its end, whatever that is. gate: where it pauses."""
        hear, rest = (self.heartbeat.heard, self.heartbeat.rest) if self.heartbeat else (lambda _: None, lambda: None)
        told = (*listeners, hear)
        runner = Runner(self.lab, self.store, self.calibration, columns_of, told, self.interrupts, gate)
        record = {**self.record, "station_file": self.station.file.text}
        try:
            return runner.run(entry.name, plan, entry.function(self.lab, plan), record, self.station.snapshot())
        finally:
            rest()
