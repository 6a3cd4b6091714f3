"""A large map of `labctl predict survival`: python benchmarks/map_in_tiles.py [--points 100000] [--workers 2].

Computed by this process alone, by local workers, and by local workers one of which is killed in the middle; then an
interrupted map that goes on from what is on disk. Prints wall times, and exits with 1 if any of the numbers differ.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from labctl.predictions.survival import Surroundings, predict_survival
from labctl.predictions.tiles import Advanced, Computing


class Interrupted(Exception):
    """A map that somebody has stopped."""


def kill_one(done: int, of: int) -> None:
    """A worker dies when half of the map is done; it is the newest process below this one."""
    global killed
    if not killed and done > of // 2:
        workers = [p for p in psutil.Process().children() if "spawn_main" in " ".join(p.cmdline())]
        os.kill(workers[-1].pid, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        killed = workers[-1].pid


def interrupt(done: int, of: int) -> None:
    """Stops when half of the map is done."""
    if done > of // 2:
        raise Interrupted


killed = 0


def timed(what: str, run: Callable[[], Any]) -> Any:
    """Its result; wall time and points are printed."""
    began_s = time.monotonic()
    found = run()
    print(f"{what:44} {time.monotonic() - began_s:7.1f} s", flush=True)
    return found


def main() -> int:
    """Print the times; 1 if numbers differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    side = round(np.sqrt(asked.points))
    apart = np.linspace(5.0, 20.0, side).tolist()
    contents = np.geomspace(0.05, 3.0, round(asked.points / side)).tolist()

    def by(how: Computing, advanced: Advanced | None = None) -> Any:
        return predict_survival(apart, contents, Surroundings(), advanced, how)

    print(f"{len(apart) * len(contents)} points, {asked.workers} workers, {os.cpu_count()} processors")
    serial = timed("this process alone", lambda: by(Computing(workers=1)))
    shared = timed("local workers", lambda: by(Computing(workers=asked.workers)))
    halved = timed("local workers, one is killed", lambda: by(Computing(workers=asked.workers), kill_one))
    with tempfile.TemporaryDirectory() as folder:
        kept = Computing(workers=asked.workers, kept=Path(folder))
        try:
            timed("", lambda: by(kept, interrupt))
        except Interrupted:
            print(f"interrupted with {len(list(Path(folder).iterdir()))} tiles on disk")
        again = timed("the rest of it, by local workers", lambda: by(kept))
    same = [serial == other for other in (shared, halved, again)]
    print(f"killed: process {killed or 'none'}; the same numbers: {', '.join(str(one) for one in same)}")
    return int(not all(same) or not killed)


if __name__ == "__main__":
    sys.exit(main())
