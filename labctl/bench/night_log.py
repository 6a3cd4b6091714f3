"""Logs what the instruments say through the night, and the count rate; an alarm where something is beyond a limit."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from labctl.bench.monitor import Watch
from labctl.bench.status import Condition, Reading, said
from labctl.config.user_settings import Alarm
from labctl.data.bench_log import Logged, append
from labctl.run.events import Counted, Playing, RunEvent
from sequences.results import Begin

LOG: Final = logging.getLogger(__name__)
COUNTER, RATE = "photon_counter", "count rate"
"""The count rate within both gates, over all plays of a round."""
_ANSWER: Final = "answer"
"""The reading of an instrument that gives none."""
_GATES: Final = ("gate_signal", "gate_reference")
_BAD: Final = ("warning", "fault", "silent")
_ROUNDS: Final = 2
"""So often in a row something must be wrong before it is an alarm: a run changes settings while it is asked."""


class NightLog:
    """While it is open, every instrument is asked now and then, and what it says goes into the data folder."""

    def __init__(
        self,
        station: Any,
        folder: Path,
        every_s: float,
        alarms: Sequence[Alarm] = (),
        tell: Callable[[str, str], None] = lambda _what, _body: None,
    ) -> None:
        """station: the open one. every_s: wall time between two rounds. alarms: the user's limits.

        tell: called with what an alarm is about, and its words.
        """
        self._folder, self._alarms, self._tell = folder, alarms, tell
        self._lock = threading.Lock()
        self._photons, self._gates_s, self._gate_ns = 0, 0.0, 0.0
        self._run_id, self._lab_time_s = "", ""
        self._bad: dict[str, int] = {}
        """Name of a reading -> in how many rounds in a row it was wrong."""
        self._is_refused = False
        self._watch = Watch(station, self.take, every_s)

    def __enter__(self) -> Self:
        self._watch.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watch.__exit__(kind, error, trace)
        self.take(())

    def on_event(self, run_event: RunEvent) -> None:
        """A listener of runs: which one goes on, and what it counts."""
        with self._lock:
            self._lab_time_s = f"{run_event.lab_time_s:.1f}"
            match run_event.event:
                case Begin() if not run_event.depth:
                    self._run_id = str(run_event.run_id)
                case Playing(program, repeats):
                    self._gate_ns = repeats * sum(program.time_high_ns(gate) for gate in _GATES)
                case Counted(signal, reference):
                    self._photons += signal + reference
                    self._gates_s += 1e-9 * self._gate_ns

    def rest(self) -> None:
        """No run goes on."""
        with self._lock:
            self._run_id = self._lab_time_s = ""

    def take(self, conditions: Sequence[Condition]) -> None:
        """What instruments have answered, into the file; alarms are told. A file that cannot be written is logged."""
        now = datetime.now().astimezone().isoformat(timespec="microseconds")
        lines = [self._line(now, name, reading) for name, reading in self._readings(conditions)]
        try:
            append(self._folder, lines)
        except OSError as error:
            if not self._is_refused:
                LOG.warning("The log of the bench cannot be written (%s); the run goes on", error)
            self._is_refused = True
        else:
            self._is_refused = False

    def _readings(self, conditions: Sequence[Condition]) -> Iterator[tuple[str, Reading]]:
        for one in conditions:
            if one.verdict == "silent":
                yield one.instrument, Reading(_ANSWER, one.words, verdict="silent")
            else:
                self._bad.pop(f"{one.instrument} {_ANSWER}", None)
            yield from ((one.instrument, reading) for reading in one.readings)
        with self._lock:
            photons, gates_s, self._photons, self._gates_s = self._photons, self._gates_s, 0, 0.0
        if gates_s:
            yield COUNTER, Reading(RATE, photons / gates_s, "1/s")

    def _line(self, now: str, instrument: str, reading: Reading) -> Logged:
        alarm = self._alarm(instrument, reading)
        value = float(reading.value) if isinstance(reading.value, bool | int | float) else reading.value
        shown = f"{value:.9g}" if isinstance(value, float) else " ".join(value.split())
        about = (instrument, reading.name, shown, reading.unit, reading.verdict, "1" if alarm else "")
        return Logged(now, self._run_id, self._lab_time_s, *about)

    def _alarm(self, instrument: str, reading: Reading) -> bool:
        """Whether it has been wrong for long enough just now; then it is told, once until it is well again."""
        name = f"{instrument} {reading.name}"
        beyond = self._beyond(instrument, reading)
        if not beyond and reading.verdict not in _BAD:
            self._bad.pop(name, None)
            return False
        self._bad[name] = self._bad.get(name, 0) + 1
        if self._bad[name] != _ROUNDS:
            return False
        words = f"{said(reading)}{f': {beyond}' if beyond else ''}"
        LOG.warning("Alarm: %s: %s", instrument, words)
        self._tell(f"{instrument}: {words}"[:120], f"{instrument}: {words}")
        return True

    def _beyond(self, instrument: str, reading: Reading) -> str:
        """By which of the user's limits it is wrong; empty if by none."""
        for alarm in self._alarms:
            if (alarm.instrument, alarm.reading) != (instrument, reading.name) or isinstance(reading.value, str):
                continue
            if alarm.least is not None and not reading.value >= alarm.least:
                return f"below {alarm.least:g}, the least in your settings"
            if alarm.most is not None and not reading.value <= alarm.most:
                return f"above {alarm.most:g}, the most in your settings"
        return ""
