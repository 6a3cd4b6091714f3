"""One run of `labctl` on a twin that misbehaves, in a process forked for it, and what it came to."""

import faulthandler
import json
import math
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import simulated_instruments.bench as twins
from labctl.__main__ import main
from labctl.config.station_file import read_station
from labctl.data.reader import all_runs, points
from labctl.report import progress
from simulated_instruments.faults.injector import Injected
from simulated_instruments.faults.kinds import PASSING, Call
from simulated_instruments.faults.script import Fault

FOR_SURE: Final = 5.0
"""Standard errors by which two results may differ and still agree."""
SPEAK_FOR: Final[Mapping[str, tuple[str, ...]]] = {
    "main_supply": ("magnet",),
    "trim_x": ("magnet",),
    "trim_y": ("magnet",),
    "aom": ("depletion_beam",),
    "sprout": ("depletion_beam",),
    "vfl": ("depletion_beam",),
    "ni_card": ("pulse_generator", "photon_counter", "depletion_beam"),
}
"""Instruments of the station that are built on another; a message that names one of them names it."""
STATION: Final = Path(__file__).parents[2] / "station.yaml"
DRIVES: Final[Mapping[str, tuple[str, ...]]] = {
    "main_supply": ("main_a", "shift_a"),
    "pulsed_supply": ("gradient_a", "compensation_a"),
    "trim_x": ("trim_x_a",),
    "trim_y": ("trim_y_a",),
    "microwave": ("the microwave",),
    "green_laser": ("the green laser",),
    "aom": ("the pump's AOM", "the doughnut's AOM"),
    "sprout": ("the doughnut's laser emits",),
    "vfl": ("the doughnut's laser at 775 nm",),
}
"""How that which is still on begins, by the instrument that drives it."""
_NEEDED: Final = (
    "labctl.bench.session",
    "labctl.bench.connect",
    "labctl.report.plan_overview",
    "labctl.cli.run",
    "labctl.bench.station",
    "labctl.report.tables",
)
_PAUSE_S: Final = 0.02


def one_fault(kind: str, instrument: str, call: int, for_s: float | None) -> Fault:
    """Of this kind at this call. for_s: laboratory time after which it is over, if it is of a kind that can be."""
    over: dict[str, Any] = {"for_s": for_s} if for_s is not None and kind in PASSING else {}
    return Fault(kind=kind, instrument=instrument, call=call, **over)


@dataclass(frozen=True)
class Seen:
    """What a run came to."""

    code: int
    """Exit code."""
    said: str
    """On stderr."""
    result: dict[str, Any] | None
    still_on: tuple[str, ...]
    """What shone, radiated or carried current after it, from the twin's own state."""
    published: Mapping[int, int]
    """Run -> points that listeners were told of."""
    stored: Mapping[int, int]
    """Run -> points that can be read afterwards."""
    log: tuple[Injected, ...]
    calls: tuple[Call, ...] = ()
    """Only where they were asked for."""


@dataclass(frozen=True)
class Experiment:
    """What is run."""

    sequence: str
    settings: tuple[str, ...] = ()
    seed: int = 11
    station: Path = STATION

    def arguments(self, folder: Path) -> list[str]:
        """Of labctl."""
        settings = [word for setting in self.settings for word in ("--set", setting)]
        seed = ["--seed", str(self.seed)]
        bench = ["--simulated", "--station", str(self.station), "--data", str(folder)]
        return ["run", self.sequence, "--json", *bench, *seed, *settings]


def load_what_runs_need(experiment: Experiment) -> None:
    """Import here what every forked process would import again."""
    for module in _NEEDED:
        import_module(module)
    import_module(f"labctl.figures.experiments.{experiment.sequence}")
    read_station(experiment.station)


@dataclass
class Watch:
    """What is noted down in the forked process."""

    faults: Sequence[Fault]
    keep_calls: bool
    still_on: tuple[str, ...] = ()
    log: tuple[Injected, ...] = ()
    calls: tuple[Call, ...] = ()
    published: Counter[int] = field(default_factory=Counter)
    was_suspended: bool = False

    def install(self) -> None:
        """Make every twin misbehave and be looked at before it is switched off, and count the points published."""
        watch = self

        class Watched(twins.SimulatedBench):
            def __init__(self, sample: Any, seed: int | None, pace: float | None, *_: Any) -> None:
                super().__init__(sample, seed, pace, watch.faults, watch.keep_calls)

            def __exit__(self, *why: Any) -> None:
                watch.still_on = tuple(self.still_on())
                watch.log, watch.calls = tuple(self.injector.log), tuple(self.injector.calls)
                super().__exit__(*why)

        vars(twins)["SimulatedBench"] = Watched
        vars(progress)["progress"] = self._listening

    @contextmanager
    def _listening(self) -> Iterator[Any]:
        def on_event(run_event: Any) -> None:
            event = type(run_event.event).__name__
            self.published[run_event.run_id] += event == "Point"
            self.was_suspended |= event == "Suspended"

        yield on_event


class Faulted:
    """A run under way in a process of its own."""

    def __init__(
        self, experiment: Experiment, faults: Sequence[Fault], folder: Path, limit_s: float, keep_calls: bool = False
    ) -> None:
        """folder: of its own, for data and what it says. limit_s: wall time after which it hangs."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._began_s, self._limit_s = folder, time.monotonic(), limit_s
        self._mine, theirs = multiprocessing.get_context("fork").Pipe()
        watch = Watch(faults, keep_calls)
        self._process = multiprocessing.get_context("fork").Process(
            target=_run, args=(experiment, watch, folder, theirs, 0.9 * limit_s)
        )
        self._process.start()
        theirs.close()

    @property
    def is_over(self) -> bool:
        """It has ended, or it hangs."""
        return not self._process.is_alive() or self._mine.poll() or self.wall_s > self._limit_s

    @property
    def wall_s(self) -> float:
        """Since its start."""
        return time.monotonic() - self._began_s

    def seen(self) -> Seen | None:
        """What it came to; None if it hung or died."""
        try:
            return self._mine.recv() if self._mine.poll() else None
        except EOFError:
            return None
        finally:
            self.hung = self._process.is_alive() and self.wall_s > self._limit_s
            self.end()

    def end(self) -> None:
        """With all that it has started, if it still runs."""
        if self._process.is_alive() and self._process.pid:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
        self._process.join()

    def finished(self) -> Seen | None:
        """What it came to, waited for."""
        while not self.is_over:
            time.sleep(_PAUSE_S)
        return self.seen()


def _run(experiment: Experiment, watch: Watch, folder: Path, answer: Connection, patience_s: float) -> None:
    os.setsid()  # so that it can be ended with all processes that it has started
    with (folder / "out").open("w+") as out, (folder / "err").open("w+") as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        faulthandler.dump_traceback_later(patience_s, file=err)
        watch.install()
        code = code_of(experiment.arguments(folder / "data"))
        sys.stdout.flush()
        sys.stderr.flush()
        answer.send(seen_after(code, watch, folder))
        os._exit(0)


def code_of(arguments: Sequence[str]) -> int:
    try:
        main(arguments)
    except SystemExit as end:
        return int(end.code or 0)


def seen_after(code: int, watch: Watch, folder: Path) -> Seen:
    lines = (folder / "out").read_text().splitlines()
    report = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return Seen(
        code,
        (folder / "err").read_text(),
        report.get("result"),
        watch.still_on,
        dict(watch.published),
        _stored(folder / "data"),
        watch.log,
        watch.calls,
    )


def _stored(data: Path) -> dict[int, int]:
    """Run -> points that can be read; -1 where they cannot."""
    counts: dict[int, int] = {}
    try:
        for run in all_runs(data):
            counts[run.run_id] = -1
            columns = points(data, run.run_id).values
            counts[run.run_id] = max((len(column) for column in columns.values()), default=0)
    except Exception:
        return counts
    return counts


# ---- the verdict ---------------------------------------------------------------------------------------------------


def verdict(seen: Seen | None, hung: bool, instrument: str, normal: Mapping[str, Any]) -> str:
    """What became of a run with a fault in this instrument. normal: the result of the run without one."""
    if seen is None:
        return "hang" if hung else "traceback"
    if not any(not entry.effect for entry in seen.log):
        return "not reached"
    if "Traceback (most recent" in seen.said or "traceback" in seen.said or "unexpected" in seen.said:
        return "traceback"
    if seen.still_on:
        return "out of reach" if _is_out_of_reach(seen, instrument) else "unsafe"
    if missing(seen):
        return "lost"
    if seen.code == 0:
        return "recovered" if pull(seen.result or {}, normal) <= FOR_SURE else "wrong result"
    names = (instrument, *SPEAK_FOR.get(instrument, ()))
    return "safe end" if seen.code == 1 and any(name in seen.said for name in names) else "nameless"


def missing(seen: Seen) -> list[str]:
    """Runs of which fewer points can be read than listeners were told of."""
    had = {run: seen.stored.get(run, 0) for run in seen.published}
    return [f"run {run}: {had[run]} of {told} points" for run, told in seen.published.items() if had[run] < told]


def in_short(seen: Seen, otherwise: str = "") -> str:
    """The worst of what it came to: what is on, what is missing, or the end of what it said."""
    return "; ".join((*seen.still_on, *missing(seen))) or " ".join(seen.said.split())[-600:] or otherwise


def _is_out_of_reach(seen: Seen, instrument: str) -> bool:
    """Nothing is on but what an instrument drives that was unplugged, and labctl says so."""
    unplugged = any(entry.kind == "unplugged" for entry in seen.log)
    own = all(what.startswith(DRIVES.get(instrument, ())) for what in seen.still_on)
    return unplugged and own and seen.code == 1 and "NOT SAFE" in seen.said


def pull(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Largest difference of two results in standard errors; infinite if one lacks what the other has."""
    if one.keys() != other.keys():
        return math.inf
    pulls = [0.0]
    for key, value in one.items():
        if isinstance(value, Mapping) and isinstance(other[key], Mapping):
            pulls.append(pull(value, other[key]))
        elif f"{key}_err" in one:
            pulls += _pulls(value, other[key], one[f"{key}_err"], other[f"{key}_err"])
    return max(pulls)


def _pulls(one: Any, other: Any, err_one: Any, err_other: Any) -> list[float]:
    if isinstance(one, list):
        rows = zip(one, other, err_one, err_other, strict=False)
        return [] if len(one) != len(other) else [pull for row in rows for pull in _pulls(*row)]
    if not all(isinstance(value, int | float) for value in (one, other, err_one, err_other)):
        return []
    return [abs(one - other) / (math.hypot(err_one, err_other) or 1e-12)]
