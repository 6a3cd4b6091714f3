"""Turns the events of a run into its record."""

import time
from collections.abc import Callable, Sequence

from labctl.data.serialise import serialisable
from labctl.gui.runs.record import Record, Table
from labctl.run.events import Counted, Playing, RunEvent, Suspended, Waiting
from sequences.core.experiment import forecast_s
from sequences.results import Begin, Column, End, Estimate, Point, Progress


class RecordBuilder:
    """Keeps the record of the run that goes on, or that went on last."""

    def __init__(self, columns_of: Callable[[str], Sequence[Column]]) -> None:
        self.run: Record | None = None
        """The outermost run."""
        self._columns_of = columns_of
        self._open: list[Record] = []
        self._began_s: list[float] = []
        self._held_since = ""

    @property
    def innermost(self) -> Record | None:
        """The child run that measures now."""
        return self._open[-1] if self._open else None

    def take(self, run_event: RunEvent) -> None:
        """Something happened in the run that goes on."""
        if isinstance(run_event.event, Begin):
            self._begin(run_event, run_event.event)
        if not self._open:
            return
        match run_event.event:
            case Point(values):
                self._open[-1].table.add(values)
            case Progress(fraction, note):
                self._said(self._open[-1], fraction, note, run_event.lab_time_s)
            case Estimate(values):
                self._open[-1].estimate = values
            case Playing():
                for record in self._open:
                    record.playing = run_event.event
            case Waiting(why):
                self._hold("waiting", why)
            case Suspended(why):
                self._hold("suspended", why)
            case Counted(signal, reference, duration_s):
                self._counted(signal + reference, duration_s)
        self._touch(run_event.lab_time_s)
        if isinstance(run_event.event, End):
            self._end(run_event.event)

    def finish(self, status: str, message: str) -> None:
        """The run that goes on has ended, and its open child runs with it. One that ended before is not changed."""
        self._touch(None)
        for record in self._open:
            record.status, record.message, record.held = status, message, ""
        self._open.clear()
        self._began_s.clear()

    def _begin(self, run_event: RunEvent, begin: Begin) -> None:
        if run_event.depth == 0:
            self._open.clear()
            self._began_s.clear()
        plan, table = serialisable(begin.plan), Table(self._columns_of(begin.sequence))
        record = Record(
            run_event.run_id, begin.sequence, plan, table, run_event.depth, began_lab_s=run_event.lab_time_s
        )
        record.expected_s = forecast_s(begin.plan)
        record.started = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        if self._open:
            self._open[-1].children.append(record)
        else:
            self.run = record
        self._open.append(record)
        self._began_s.append(time.monotonic())

    def _hold(self, held: str, why: str) -> None:
        """The run stands still; without a reason it goes on."""
        if why and self._open[0].held != held:
            self._held_since = time.strftime("%H:%M:%S")
        for record in self._open:
            record.held = held if why else ""
        self._open[-1].note = f"{held} since {self._held_since}: {why}" if why else ""

    def _said(self, record: Record, fraction: float, note: str, lab_time_s: float) -> None:
        record.fraction, record.note = fraction, note
        record.fraction_at_s = lab_time_s - record.began_lab_s

    def _end(self, end: End) -> None:
        record = self._open[-1]
        record.result, record.status, record.fraction = serialisable(end.result), "completed", 1.0
        if record.depth:  # of the outermost, `finish` says how it ended
            self._open.pop()
            self._began_s.pop()

    def _counted(self, photons: int, duration_s: float) -> None:
        for record in self._open:
            record.photons += photons
            record.counting_s += duration_s

    def _touch(self, lab_time_s: float | None) -> None:
        now_s = time.monotonic()
        for record, began_s in zip(self._open, self._began_s, strict=True):
            record.version += 1
            record.wall_time_s = now_s - began_s
            if lab_time_s is not None:
                record.lab_time_s = lab_time_s - record.began_lab_s
