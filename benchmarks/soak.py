"""A virtual week of queued runs in one process: python benchmarks/soak.py [RUNS] [--hours 168] [--data FOLDER].

Runs are taken from the window's queue and done by the bench and the runner that its bench process uses, with a watch
beside them that asks every instrument all the time: odmr, rabi, wiring, locate and now and then align; some are
refused, some fail (the laser is put out under them), some are aborted. Between two runs the bench idles in laboratory
time, so that the hours come together. After each run memory, files that are open, threads, what the data folder holds
and the wall time of the run are noted. A run is one of its kind's: the last quarter of the runs is compared with the
second one (in the first, modules and caches are still loaded). Exit code 1 if anything grows.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

HOME: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))

from labctl.bench.connect import Choice, opened_bench  # noqa: E402
from labctl.bench.monitor import Watch  # noqa: E402
from labctl.bench.session import OpenBench  # noqa: E402
from labctl.common.log import log_into  # noqa: E402
from labctl.common.refusals import Refusal  # noqa: E402
from labctl.config.station_file import read_station  # noqa: E402
from labctl.gui.runs.queue import Queue, Wanted  # noqa: E402
from labctl.plans import catalogue  # noqa: E402
from labctl.plans.parse import make_plan  # noqa: E402
from labctl.run.events import Counted, RunEvent  # noqa: E402

MIX: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("align", {}), ("wiring", {}), ("rabi", {}), ("odmr", {"target_khz": "20"}), ("locate", {}),
    ("odmr", {"target_khz": "1e9"}), ("odmr", {}), ("wiring", {}), ("odmr", {}), ("odmr", {}),
)  # fmt: skip
"""What is queued, over and over; the sixth is refused. rabi needs what align leaves."""
FAILS, ABORTED = 6, 8
"""Places in the mix of a run that fails and of one that is aborted."""
BEHIND: Final = 12
"""Plays before that happens."""
MEMORY_MB: Final = 15.0
HANDLES: Final = 2
RATIO: Final = 1.3
"""By which a run of a kind may take longer, or store more, at the end."""


@dataclass(frozen=True)
class Noted:
    """The process behind one run."""

    kind: str
    status: str
    lab_h: float
    wall_s: float
    memory_mb: float
    handles: int
    threads: int
    stored_kb: float
    """That the data folder has grown by."""


def _interfering(bench: OpenBench, place: int) -> Callable[[RunEvent], None]:
    """A listener that puts the laser out, or ends the run as Ctrl-C does, behind some plays."""
    plays = iter(range(BEHIND))

    def on_event(run_event: RunEvent) -> None:
        if not isinstance(run_event.event, Counted) or next(plays, None) is not None:
            return
        if place == FAILS:
            bench.lab.green_laser.write("l0")  # type: ignore[attr-defined]
        elif place == ABORTED:
            raise KeyboardInterrupt

    return on_event


def _status(bench: OpenBench, wanted: Wanted, place: int) -> str:
    experiment = catalogue.experiment_named(wanted.sequence)
    try:
        plan = make_plan(experiment.plan, [f"{key}={value}" for key, value in wanted.settings.items()])
    except Refusal:
        return "refused"
    listeners = (_interfering(bench, place),) if place in (FAILS, ABORTED) else ()
    outcome = bench.run(experiment, plan, listeners)
    return f"{outcome.run.status}{', NOT SAFE' if outcome.unsafe else ''}"


def week(data: Path, runs: int, hours: float) -> Iterator[Noted]:
    """So many runs, spread over so many laboratory hours."""
    log_into(data)
    process, queue = psutil.Process(), Queue(data)
    with opened_bench(Choice(True, seed=1), read_station(HOME / "station.yaml"), data) as bench, _watching(bench):
        began_s, was_kb = bench.lab.clock.now(), _stored_kb(data)
        for k in range(runs):
            place = k % len(MIX)
            wanted = queue.take(queue.add(*MIX[place]).ticket)
            assert wanted is not None
            wall_s = time.monotonic()
            status = _status(bench, wanted, place)
            wall_s = time.monotonic() - wall_s
            bench.lab.clock.sleep(max(0.0, began_s + 3600.0 * hours * (k + 1) / runs - bench.lab.clock.now()))
            stored_kb = _stored_kb(data)
            handles = process.num_handles() if sys.platform == "win32" else process.num_fds()
            kind = f"{wanted.sequence} {place}" if place in (FAILS, ABORTED) else wanted.sequence
            yield Noted(
                kind, status, (bench.lab.clock.now() - began_s) / 3600.0, wall_s, process.memory_info().rss / 2**20,
                handles, process.num_threads(), stored_kb - was_kb,
            )  # fmt: skip
            was_kb = stored_kb


def _watching(bench: OpenBench) -> Watch:
    return Watch(bench.station, lambda _: None)


def _stored_kb(data: Path) -> float:
    return sum(file.stat().st_size for file in data.rglob("*") if file.is_file()) / 1024


def grown(noted: Sequence[Noted]) -> list[str]:
    """What grew between the second and the last quarter of the runs."""
    early, late = noted[len(noted) // 4 : len(noted) // 2], noted[-len(noted) // 4 :]
    found = []
    for name, most in (("memory_mb", MEMORY_MB), ("handles", HANDLES), ("threads", HANDLES)):
        was, now = (statistics.median(getattr(one, name) for one in part) for part in (early, late))
        print(f"{name}: {was:.1f} -> {now:.1f}")
        found += [name] if now - was > most else []
    for name, middle in (("wall_s", statistics.median), ("stored_kb", statistics.fmean)):  # a database grows by leaps
        ratio = _ratio(early, late, name, middle)
        print(f"{name} of the same kinds of run: x {ratio:.2f}")
        found += [name] if ratio > RATIO else []
    return found


def _ratio(early: Sequence[Noted], late: Sequence[Noted], name: str, middle: Callable[[list[float]], float]) -> float:
    """Sum over the kinds that completed in both parts, of each kind's middle."""
    sums: list[float] = []
    parts = [[one for one in part if one.status == "completed"] for part in (early, late)]
    kinds = {one.kind for one in parts[0]} & {one.kind for one in parts[1]}
    for part in parts:
        sums.append(sum(middle([getattr(o, name) for o in part if o.kind == kind]) for kind in kinds))
    return sums[1] / sums[0] if kinds and sums[0] else 1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="?", type=int, default=140)
    parser.add_argument("--hours", type=float, default=168.0, help="laboratory time")
    parser.add_argument("--data", type=Path, help="folder; default: one that is taken away")
    asked: Any = parser.parse_args(arguments)
    noted: list[Noted] = []
    with tempfile.TemporaryDirectory() as folder:
        for one in week(asked.data or Path(folder), asked.runs, asked.hours):
            noted.append(one)
            print(
                f"{len(noted):4d} {one.kind:8} {one.status:10} {one.lab_h:6.1f} h {one.wall_s:6.1f} s "
                f"{one.memory_mb:7.1f} MB {one.handles:4d} files {one.threads:3d} threads {one.stored_kb:+8.0f} kB",
                flush=True,
            )
    print(dict(Counter(one.status for one in noted)))
    bad = grown(noted)
    bad += ["not safe"] if any("NOT SAFE" in one.status for one in noted) else []
    print(f"grows or fails: {', '.join(bad)}" if bad else "flat")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
