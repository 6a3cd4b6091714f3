"""kill -9 at random instants of runs, on a bench that goes on: python benchmarks/kills.py [KILLS] [--jobs 2].

Each run of odmr on a served twin is killed at an instant that is spread evenly over all of it: opening the bench, first
light, plays, saving, the figure. Every eighth is started from nothing and may be killed while Python still starts; the
others, and what continues them, are forked from a process that has loaded all modules, to save their seconds. Then:
how long until nothing shines, radiates or flows any more, by the twin's own account; whether the database is whole and
holds every acquisition up to the kill; whether `labctl resume` completes the run; and by how much the merged results
differ from the mean of unbroken runs on the same bench, in their errors.

Exit code 1 if a bench was not safe within 2 s, an acquisition was lost, a run could not be continued, or the pulls are
not those of independent measurements.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

HOME: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))

from labctl.__main__ import main as labctl  # noqa: E402
from labctl.data.acquisitions import acquisitions_of  # noqa: E402
from labctl.data.open_database import DATABASE  # noqa: E402
from labctl.data.reader import all_runs  # noqa: E402
from simulated_instruments.served.client import ServedBench  # noqa: E402
from tools.trials.faulted_run import Experiment, load_what_runs_need  # noqa: E402
from tools.trials.served_bench import served, shining, until  # noqa: E402

SAFE_S: Final = 2.0
SPREAD: Final = (0.8, 1.25)
"""Root mean square of pulls between independent measurements with true errors."""
LARGEST_PULL: Final = 4.5
_AFRESH: Final = 8
"""One kill of so many is of a run that is started from nothing."""
_UNBROKEN: Final = 4
"""Runs of each bench to compare with."""
_FORK: Final = multiprocessing.get_context("fork")


class Command:
    """A labctl under way, with what it says. Its watchdog speaks into the same pipe, so that both are heard out."""

    def __init__(self, arguments: Sequence[str], afresh: bool = False) -> None:
        """afresh: as a shell would start it, and not forked."""
        self._heard, outbox = os.pipe()
        self._out = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed in `ended`
        line = [sys.executable, "-m", "labctl", *arguments]
        self._process: Any
        if afresh:
            self._process = subprocess.Popen(line, cwd=HOME, stdout=self._out, stderr=outbox)
        else:
            self._process = _FORK.Process(target=_forked, args=(arguments, self._out.fileno(), outbox))
            self._process.start()
        os.close(outbox)

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        if isinstance(self._process, subprocess.Popen):
            return self._process.poll() is None
        return bool(self._process.is_alive())

    def kill(self) -> None:
        """At once."""
        self._process.kill()

    def ended(self) -> tuple[int, dict[str, Any], str]:
        """Wait for its end and its watchdog's: exit code, its last line as JSON, and what both said."""
        with open(self._heard, encoding="utf-8", errors="replace") as pipe:  # noqa: PTH123  # a number, no path
            said = pipe.read()
        if isinstance(self._process, subprocess.Popen):
            code = self._process.wait()
        else:
            self._process.join()
            code = self._process.exitcode
        with self._out as out:
            out.seek(0)
            lines = out.read().splitlines()
        return code, json.loads(lines[-1]) if lines else {}, said


def _forked(arguments: Sequence[str], out: int, outbox: int) -> None:
    os.dup2(out, 1)
    os.dup2(outbox, 2)
    os.close(outbox)
    code = 0
    try:
        labctl(arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@dataclass(frozen=True)
class Killed:
    """What became of one run."""

    after_s: float
    """Of wall time, from its start to the kill."""
    was_on: bool
    """Whether anything shone, radiated or flowed at the kill."""
    dark_s: float
    """Until no light and no microwave was left."""
    safe_s: float
    """Until no current flowed either."""
    acquisitions: int
    whole: bool
    """The database is sound, and its acquisitions follow one another without a gap."""
    way: str
    """How it went on: 'resumed'; 'begun anew', for nothing had been counted; 'complete', for it was before the kill."""
    code: int
    """Exit code of what went on."""
    taken: int
    """Acquisitions that answered."""
    result: dict[str, Any]
    said: str

    @property
    def continued(self) -> bool:
        """To its end, with all its acquisitions."""
        return self.code == 0 and bool(self.result) and (self.way != "resumed" or self.taken == self.acquisitions)

    @property
    def good(self) -> bool:
        """Safe in time, whole, and continued."""
        return self.safe_s <= SAFE_S and self.whole and self.continued

    def __str__(self) -> str:
        """A line of the table."""
        return (
            f"killed after {self.after_s:5.2f} s, {'on ' if self.was_on else 'off'}: dark after {self.dark_s:4.2f} s, "
            f"safe after {self.safe_s:4.2f} s, {self.acquisitions:3d} acquisitions "
            f"{'whole' if self.whole else 'NOT WHOLE'}, {self.way}, "
            f"{self.taken:3d} taken, exit code {self.code}{'' if self.good else '   BAD: ' + self.said}"
        )


def killed(wires: Path, bench: ServedBench, data: Path, after_s: float, afresh: bool) -> Killed | None:
    """Kill a run so long after its start, wait for the watchdog, and continue it. None if it had ended by then."""
    run = Command(_run(wires, data), afresh)
    time.sleep(after_s)
    if not run.runs:
        run.ended()
        return None
    was_on = bool(bench.state()["still_on"])
    run.kill()
    began_s = time.monotonic()
    until(lambda: not shining(bench))
    dark_s = time.monotonic() - began_s
    until(lambda: not bench.state()["still_on"])
    safe_s = time.monotonic() - began_s
    _, _, said = run.ended()
    acquisitions, whole = _kept(data)
    found = [one for one in all_runs(data) if one.run_id == 1]
    if found and found[0].status == "completed":
        way, code, answer = "complete", 0, {"result": found[0].result}
    else:
        way = "resumed" if acquisitions else "begun anew"
        there = ["--bench", str(wires), "--data", str(data), "--json"]
        code, answer, more = Command(["resume", "1", *there] if acquisitions else _run(wires, data)).ended()
        said = f"{said} {more}"
    taken = (answer.get("resumes") or {}).get("acquisitions", 0)
    return Killed(
        after_s, was_on, dark_s, safe_s, acquisitions, whole, way, code, taken, answer.get("result") or {}, said[-600:]
    )


def _run(wires: Path, data: Path) -> list[str]:
    return ["run", "odmr", "--bench", str(wires), "--data", str(data), "--json"]


def _kept(data: Path) -> tuple[int, bool]:
    """Acquisitions on disk, and whether the database is sound and lacks none of them."""
    if not (data / DATABASE).exists():
        return 0, True
    with closing(sqlite3.connect(data / DATABASE)) as database:
        sound = database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    acquisitions = acquisitions_of(data, 1)
    return len(acquisitions), sound and [acquisition.number for acquisition in acquisitions] == list(
        range(len(acquisitions))
    )


# ---- some benches at a time ------------------------------------------------------------------------------------------


def _lane(number: int, kills: int, seed: int, pace: float, told: Any) -> None:
    """A bench of its own: unbroken runs first, then the kills. told: gets every result, and None in the end."""
    chance = np.random.default_rng([seed, number])
    with tempfile.TemporaryDirectory() as name, served(Path(name), pace, seed + number) as (wires, bench):
        lasts_s = {}
        for k in range(_UNBROKEN):
            began_s, afresh = time.monotonic(), k == 0
            _, answer, _ = Command(_run(wires, Path(name) / f"unbroken{k}"), afresh).ended()
            lasts_s[afresh] = time.monotonic() - began_s
            told.put(answer["result"])
        done = 0
        while done < kills:
            afresh = done % _AFRESH == 0
            data = Path(name) / f"{chance.integers(2**62)}"
            one = killed(wires, bench, data, float(chance.uniform(0.0, lasts_s[afresh])), afresh)
            if one is not None:
                told.put(one)
                done += 1
    told.put(None)


def _results(kills: int, jobs: int, seed: int, pace: float) -> Iterator[Any]:
    """Unbroken results and kills, as they come."""
    told = _FORK.Queue()
    shares = [len(range(k, kills, jobs)) for k in range(jobs)]
    lanes = [_FORK.Process(target=_lane, args=(k, share, seed, pace, told)) for k, share in enumerate(shares)]
    for lane in lanes:
        lane.start()
    try:
        left = jobs
        while left:
            one = told.get()
            left -= one is None
            if one is not None:
                yield one
    finally:
        for lane in lanes:
            lane.terminate()  # of those that are done too; the others take their benches with them
            lane.join()


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kills", nargs="?", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the instants and of the benches")
    parser.add_argument("--pace", type=float, default=200.0, help="laboratory seconds a wall second")
    parser.add_argument("--jobs", type=int, default=2, help="benches at a time")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # also of the lanes: no bench is left behind
    load_what_runs_need(Experiment("odmr"))
    found: list[Killed] = []
    unbroken: list[dict[str, Any]] = []
    with contextlib.suppress(KeyboardInterrupt):  # the sums are of what there was
        for one in _results(asked.kills, asked.jobs, asked.seed, asked.pace):
            if isinstance(one, Killed):
                print(f"{len(found):4d} {one}", flush=True)
                found.append(one)
            else:
                unbroken.append(one)
    return int(any(list(_missed(found, unbroken))))


def _missed(found: list[Killed], unbroken: list[dict[str, Any]]) -> Iterator[bool]:
    """Print the sums; True for every criterion that is missed."""
    safe = sum(one.safe_s <= SAFE_S for one in found)
    slowest = max(one.safe_s for one in found)
    print(f"safe within {SAFE_S:g} s: {safe} of {len(found)} (slowest {slowest:.2f} s)")
    print(f"something was on at {sum(one.was_on for one in found)} of the kills")
    yield safe < len(found)
    whole, continued = sum(one.whole for one in found), sum(one.continued for one in found)
    ways = ", ".join(f"{sum(one.way == way for one in found)} {way}" for way in ("resumed", "begun anew", "complete"))
    print(f"data whole: {whole}; continued with every acquisition: {continued} of {len(found)} ({ways})")
    yield min(whole, continued) < len(found)
    among = _pulls(unbroken, unbroken)
    print(f"unbroken runs against their own mean: rms {float(np.sqrt(np.mean(among**2))):.2f}")
    pulls = _pulls([one.result for one in found if one.result and one.way == "resumed"], unbroken)
    spread, largest = float(np.sqrt(np.mean(pulls**2))), float(np.abs(pulls).max())
    print(f"merged against {len(unbroken)} unbroken: {pulls.size} pulls, rms {spread:.2f}, largest {largest:.1f}")
    few = np.sqrt(0.5 / pulls.size)  # standard error of the spread
    yield largest > LARGEST_PULL or not SPREAD[0] - 3 * few < spread < SPREAD[1] + 3 * few


def _pulls(results: list[dict[str, Any]], unbroken: list[dict[str, Any]]) -> Any:
    """(resonances of all results,): differences from the mean of the unbroken runs, in their errors."""
    centre = np.mean([one["resonances_hz"] for one in unbroken], axis=0)
    own = np.array([one["resonances_err_hz"] for one in unbroken])
    error = np.sqrt(np.sum(own**2, axis=0)) / len(unbroken)
    pulls = [(np.array(one["resonances_hz"]) - centre) / np.hypot(one["resonances_err_hz"], error) for one in results]
    return np.concatenate(pulls) if pulls else np.zeros(1)


if __name__ == "__main__":
    sys.exit(main())
