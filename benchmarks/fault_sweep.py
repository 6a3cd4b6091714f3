"""Every I/O call of a run x every fault that it can have: does the run recover, or end safe and say which instrument?

Run: python benchmarks/fault_sweep.py [--experiment odmr] [--station FILE] [--forms] [--sample 200] [--seed 1]
[--instrument NAME ...] [--kind KIND ...]. Without --sample all cases are run; --forms takes one call of those that
differ in numbers only. The run without faults tells the calls and the right result; then each case has a process, a
twin and a data folder of its own. Whether the bench is safe is read from the twin. Exit code 1 if any case is unsafe,
loses a point, shows a traceback, hangs, is wrong, or does not name the instrument.

--forked (always for the engine) runs one twin, and forks it at every call that shall have a fault: see forked_run.
--within ends it after so many minutes. --for-s lets what can go away by itself do so after so long:
then a run that was suspended goes on, and above ten minutes it brings the field back first.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from forked_run import hung_in, normal_run, told

from tools.trials.fault_cases import Case, cases_of, one_of_each
from tools.trials.faulted_run import STATION, Experiment, Faulted, Seen, in_short, load_what_runs_need, verdict

EXPERIMENTS: Final = {
    "odmr": Experiment("odmr", ("target_khz=50",)),
    "locate": Experiment("locate"),
    "engine": Experiment(
        "engine", ("evolution_us=5.4", "hours=1", "survey_hours=0.3", "calibrate_hours=2", "cool_hours=1")
    ),
}
GOOD: Final = ("recovered", "safe end")
BAD: Final = ("wrong result", "nameless", "unsafe", "lost", "traceback", "hang")
OUTCOMES: Final = (*GOOD, "out of reach", *BAD, "not reached")
"""out of reach: an unplugged instrument is still on, all else is off, and labctl says NOT SAFE."""
_PAUSE_S: Final = 0.02


@dataclass(frozen=True)
class Judged:
    """A case and what became of it."""

    case: Case
    outcome: str
    said: str
    """What labctl said last, what was still on, or where it hung."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if every case is good."""
    options = _options(arguments)
    experiment = replace(EXPERIMENTS[options.experiment], station=options.station.resolve())
    folder = Path(tempfile.mkdtemp(prefix="fault_sweep_"))
    judged: list[Judged] = []
    load_what_runs_need(experiment)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if options.forked or experiment.sequence == "engine":
            return _forked(experiment, folder, options)
        began_s = time.monotonic()
        normal = Faulted(experiment, (), folder / "normal", 3600.0, keep_calls=True).finished()
        if normal is None or normal.code != 0:
            print(f"The run without faults fails: {normal.said if normal else 'it died'}")
            return 2
        wall_s = time.monotonic() - began_s
        calls = one_of_each(normal.calls, options.seed) if options.forms else normal.calls
        cases = [c for c in cases_of(calls, options.for_s) if _is_wanted(c, options)]
        print(f"{experiment.sequence}: {len(normal.calls)} calls, {wall_s:.1f} s, {len(cases)} cases", flush=True)
        chosen = _chosen(cases, options.sample, options.seed)
        limit_s = options.limit or 5.0 * wall_s + 20.0
        for one in _judged(chosen, experiment, normal, folder, limit_s, options.jobs):
            judged.append(one)
    except KeyboardInterrupt:
        print(f"\nStopped after {len(judged)} cases.")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _print(judged)
    return 1 if any(one.outcome in BAD for one in judged) else 0


def _forked(experiment: Experiment, folder: Path, options: argparse.Namespace) -> int:
    """The sweep in one run without faults that is forked at every call of a case."""
    began_s = time.monotonic()
    normal = normal_run(experiment, folder)
    if normal is None or normal.seen.code != 0:
        print(f"The run without faults fails: {normal.seen.said if normal else 'it died'}")
        return 2
    wall_s = time.monotonic() - began_s
    calls = one_of_each(normal.calls, options.seed) if options.forms else normal.calls
    cases = [case for case in cases_of(calls, options.for_s) if _is_wanted(case, options)]
    chosen = _chosen(cases, options.sample, options.seed)
    print(f"{experiment.sequence}: {len(normal.calls)} calls, {wall_s:.1f} s, {len(cases)} cases", flush=True)
    wanted: dict[int, list[str]] = {}
    for case in chosen:
        wanted.setdefault(case.call.overall, []).append(case.kind)
    until_s = time.monotonic() + 60.0 * options.within
    limit_s = options.limit or 5.0 * wall_s + 20.0
    how = {"jobs": options.jobs, "limit_s": limit_s, "until_s": until_s, "for_s": options.for_s}
    rows = told(experiment, folder, wanted, normal, **how)
    by_number = {call.overall: call for call in normal.calls}
    judged = [Judged(Case(by_number[row[0]], row[1]), row[2], row[3]) for row in rows]
    for one in judged:
        if one.outcome not in GOOD:
            print(f"{one.outcome}: {one.case}\n    {one.said}")
    _print(judged)
    print(f"{len(rows)} of {len(chosen)} cases in {(time.monotonic() - began_s) / 60:.1f} min")
    return 1 if not judged or any(one.outcome in BAD for one in judged) else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--experiment", choices=EXPERIMENTS, default="odmr")
    parser.add_argument("--station", type=Path, default=STATION, help="a bench whose instruments the twin has")
    parser.add_argument("--sample", type=int, help="so many cases, drawn at random; all without it")
    parser.add_argument("--forms", action="store_true", help="one call of those that differ in numbers only")
    parser.add_argument("--seed", type=int, default=1, help="of the drawing")
    parser.add_argument("--instrument", nargs="+", help="only their calls")
    parser.add_argument("--kind", nargs="+", help="only these faults")
    parser.add_argument("--forked", action="store_true", help="fork one run at every case; always for the engine")
    parser.add_argument("--within", type=float, default=1e4, help="minutes after which no case is begun (--forked)")
    parser.add_argument(
        "--for-s", type=float, help="laboratory time after which interlock, open_coil, overheat, unlock, key are over"
    )
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--limit", type=float, help="wall seconds after which a run hangs")
    return parser.parse_args(arguments)


def _is_wanted(case: Case, options: argparse.Namespace) -> bool:
    return (not options.instrument or case.call.instrument in options.instrument) and (
        not options.kind or case.kind in options.kind
    )


def _chosen(cases: list[Case], count: int | None, seed: int) -> list[Case]:
    if count is None or count >= len(cases):
        return cases
    return [cases[k] for k in np.random.default_rng(seed).choice(len(cases), count, replace=False)]


def _judged(
    cases: Sequence[Case], experiment: Experiment, normal: Seen, folder: Path, limit_s: float, jobs: int
) -> Iterator[Judged]:
    """Some runs at a time; each is judged when it is over."""
    waiting = iter(enumerate(cases))
    running: list[tuple[Case, Faulted]] = []
    try:
        while True:
            for number, case in islice(waiting, jobs - len(running)):
                running.append((case, Faulted(experiment, (case.fault,), folder / str(number), limit_s)))
            if not running:
                return
            for case, run in [pair for pair in running if pair[1].is_over]:
                running.remove((case, run))
                yield _judge(case, run, normal)
            time.sleep(_PAUSE_S)
    finally:
        for _, run in running:
            run.end()


def _judge(case: Case, run: Faulted, normal: Seen) -> Judged:
    seen = run.seen()
    outcome = verdict(seen, run.hung, case.call.instrument, normal.result or {})
    said = hung_in(run.folder / "err") if seen is None else in_short(seen)
    shutil.rmtree(run.folder, ignore_errors=True)
    judged = Judged(case, outcome, said)
    if outcome not in GOOD:
        print(f"{outcome} after {run.wall_s:.0f} s: {case}\n    {judged.said}", flush=True)
    return judged


def _print(judged: Sequence[Judged]) -> None:
    found = [outcome for outcome in OUTCOMES if any(one.outcome == outcome for one in judged)]
    for title in ("fault", "instrument"):
        rows = ((one.case.kind if title == "fault" else one.case.call.instrument, one.outcome) for one in judged)
        table = Counter(rows)
        print(f"\n{title:<18}" + "".join(f"{outcome:>17}" for outcome in found))
        for row in sorted({key for key, _ in table}):
            print(f"{row:<18}" + "".join(f"{table[row, outcome]:>17}" for outcome in found))
    totals = Counter(one.outcome for one in judged)
    print(f"{'all ' + str(len(judged)):<18}" + "".join(f"{totals[outcome]:>17}" for outcome in found))


if __name__ == "__main__":
    sys.exit(main())
