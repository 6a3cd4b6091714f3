"""Turns the news of a run into its record."""

import time
from collections.abc import Callable, Sequence

from labctl.data.serialise import plain
from labctl.gui.runs.record import Record, Table
from labctl.run.events import Counted, News, Playing, Suspended, Waiting
from sequences.core.experiment import forecast_s
from sequences.results import Begin, Column, End, Estimate, Point, Progress


class Journal:
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
        """The part that measures now."""
        return self._open[-1] if self._open else None

    def take(self, news: News) -> None:
        """Something happened in the run that goes on."""
        if isinstance(news.event, Begin):
            self._begin(news, news.event)
        if not self._open:
            return
        match news.event:
            case Point(values):
                self._open[-1].table.add(values)
            case Progress(fraction, note):
                self._said(self._open[-1], fraction, note, news.lab_time_s)
            case Estimate(values):
                self._open[-1].estimate = values
            case Playing():
                for record in self._open:
                    record.playing = news.event
            case Waiting(why):
                self._hold("waiting", why)
            case Suspended(why):
                self._hold("suspended", why)
            case Counted(signal, reference, duration_s):
                self._counted(signal + reference, duration_s)
        self._touch(news.lab_time_s)
        if isinstance(news.event, End):
            self._end(news.event)

    def finish(self, status: str, message: str) -> None:
        """The run that goes on has ended; parts that were open ended with it. One that ended before stays as it was."""
        self._touch(None)
        for record in self._open:
            record.status, record.message, record.held = status, message, ""
        self._open.clear()
        self._began_s.clear()

    def _begin(self, news: News, begin: Begin) -> None:
        if news.depth == 0:
            self._open.clear()
            self._began_s.clear()
        plan, table = plain(begin.plan), Table(self._columns_of(begin.sequence))
        record = Record(news.run_id, begin.sequence, plan, table, news.depth, began_lab_s=news.lab_time_s)
        record.expected_s = forecast_s(begin.plan)
        record.started = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        if self._open:
            self._open[-1].parts.append(record)
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
        record.result, record.status, record.fraction = plain(end.result), "completed", 1.0
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
