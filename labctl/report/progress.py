"""How a run goes, on stderr: a bar with ETA and the present estimate on a terminal, plain lines elsewhere."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from labctl.run.events import Suspended, Waiting
from sequences.results import Begin, End, Progress

if TYPE_CHECKING:
    from labctl.run.events import Listener, RunEvent

_DUMB: Final = ("dumb", "unknown")
"""Terminals that write one line beneath the other, and no more."""

STEP: Final = 0.1
"""A plain line is written for every so large a part of a run."""
PERIOD_S: Final = 10.0
"""And after this wall time at the latest."""

SPEED_OVER_S: Final = 600.0
"""The ETA follows the speed of so much wall time: steps of a run may be minutes apart."""


@contextmanager
def progress() -> "Iterator[Listener]":
    """A listener for the runner, while the run lasts."""
    if sys.stderr.isatty() and os.environ.get("TERM", "") not in _DUMB:
        with _bar() as on_event:
            yield on_event
    else:
        yield Lines().on_event


def clock_words(seconds: float) -> str:
    """'4.2 s', '3 min 20 s', '2 h 05 min'."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


class Lines:
    """Plain lines, for logs."""

    def __init__(self) -> None:
        self._next: dict[int, float] = {}
        self._last_s = time.monotonic()

    def on_event(self, run_event: "RunEvent") -> None:
        """Begin and end of every run; between them, so often as is worth reading."""
        match run_event.event:
            case Begin():
                self._say(run_event, f"run {run_event.run_id} begins")
                self._next[run_event.depth] = STEP
            case End():
                self._say(run_event, f"run {run_event.run_id} completed")
            case Waiting(why):
                self._say(run_event, f"waits: {why}" if why else "goes on")
            case Suspended(why) if why:
                self._say(run_event, f"suspended: {why}")
            case Progress(fraction, note) if self._is_due(run_event.depth, fraction):
                self._say(run_event, f"{fraction:4.0%} {note}".rstrip())
                self._next[run_event.depth] = fraction + STEP

    def _is_due(self, depth: int, fraction: float) -> bool:
        return fraction >= self._next.get(depth, 0.0) - 1e-9 or time.monotonic() - self._last_s > PERIOD_S

    def _say(self, run_event: "RunEvent", words: str) -> None:
        self._last_s = time.monotonic()
        indent = "  " * run_event.depth
        print(
            f"[lab {clock_words(run_event.lab_time_s):>10}] {indent}{run_event.sequence}: {words}",
            file=sys.stderr,
            flush=True,
        )


@contextmanager
def _bar() -> "Iterator[Listener]":
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    columns = (
        TextColumn("{task.fields[sequence]}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:3.0f} %"),
        TimeRemainingColumn(),
        TextColumn("lab {task.fields[lab]}"),
        TextColumn("{task.fields[note]}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=SPEED_OVER_S) as bar:
        tasks: list[TaskID] = []

        def on_event(run_event: "RunEvent") -> None:
            lab = clock_words(run_event.lab_time_s)
            match run_event.event:
                case Begin():
                    while len(tasks) > run_event.depth:  # of a run that failed, whose end was not said
                        bar.remove_task(tasks.pop())
                    indented = "  " * run_event.depth + run_event.sequence
                    tasks.append(bar.add_task("", total=1.0, sequence=indented, lab=lab, note=""))
                case End() if run_event.depth:
                    bar.remove_task(tasks.pop())
                case Waiting(why):
                    bar.update(tasks[-1], note=why, lab=lab)
                    if why:
                        bar.console.print(f"{run_event.sequence} waits: {why}", markup=False)
                case Suspended(why):
                    bar.update(tasks[-1], note=f"suspended: {why}" if why else "", lab=lab)
                    if why:
                        bar.console.print(f"{run_event.sequence} suspended: {why}", markup=False)
                case Progress(fraction, note):
                    bar.update(tasks[run_event.depth], completed=fraction, note=note, lab=lab)

        yield on_event
