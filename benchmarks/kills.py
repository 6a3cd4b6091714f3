"""kill -9 in the middle of runs, on a bench that goes on: python benchmarks/kills.py [KILLS].

Each run of odmr on a served twin is killed at a random instant. Then: how long until nothing shines, radiates or flows
any more, by the twin's own account; whether the database is whole and holds every block up to the kill; whether
`labctl resume` completes the run; and by how much the merged results differ from an unbroken run's, in their errors.
Exit code 1 if a bench was not safe within 2 s, a block was lost, a run could not be continued, or the pulls are not
those of independent measurements.
"""

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

HOME: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))

from labctl.data.blocks import blocks_of  # noqa: E402
from simulated_instruments.served.client import ServedBench  # noqa: E402
from simulated_instruments.served.wires import read_wires  # noqa: E402

SAFE_S: Final = 2.0
_PATIENCE_S: Final = 60.0


@dataclass(frozen=True)
class Killed:
    """What became of one run."""

    after_s: float
    """Of wall time, from the first light to the kill."""
    dark_s: float
    """Until no light and no microwave was left."""
    safe_s: float
    """Until no current flowed either."""
    blocks: int
    whole: bool
    """The database is sound, and its blocks follow one another without a gap."""
    code: int
    """Of `labctl resume`; 0 too for a run that had counted nothing yet, and is begun anew."""
    taken: int
    """Blocks that answered."""
    result: dict[str, Any]

    @property
    def good(self) -> bool:
        """Safe in time, whole, and continued with all its blocks."""
        return self.safe_s <= SAFE_S and self.whole and self.code == 0 and self.taken == self.blocks


@contextmanager
def served(folder: Path, pace: float) -> Iterator[tuple[Path, ServedBench]]:
    """A bench of its own process."""
    wires = folder / "bench.json"
    command = [sys.executable, "-m", "simulated_instruments", "--serve", "--file", str(wires), "--pace", f"{pace:g}"]
    with subprocess.Popen(command, cwd=HOME, stdout=subprocess.DEVNULL) as process:
        try:
            _until(wires.exists)
            with closing(ServedBench(read_wires(wires))) as bench:
                yield wires, bench
        finally:
            process.terminate()


def killed(wires: Path, bench: ServedBench, data: Path, after_s: float) -> Killed:
    """Kill a run so long after its first light, wait for the guardian, and continue it."""
    with subprocess.Popen(_labctl("run", "odmr", wires, data), cwd=HOME, stderr=subprocess.DEVNULL) as run:
        _until(lambda: bool(_shining(bench)) or run.poll() is not None)
        time.sleep(after_s)
        run.kill()
        began_s = time.monotonic()
        _until(lambda: not _shining(bench))
        dark_s = time.monotonic() - began_s
        _until(lambda: not bench.state()["still_on"])
        safe_s = time.monotonic() - began_s
    blocks = blocks_of(data, 1)
    with closing(sqlite3.connect(data / "runs.db")) as database:
        sound = database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    whole = sound and [block.number for block in blocks] == list(range(len(blocks)))
    command = _labctl("resume", "1", wires, data) if blocks else _labctl("run", "odmr", wires, data)
    code, answer = _answer(command)
    taken = answer.get("resumes", {}).get("blocks", 0)
    return Killed(after_s, dark_s, safe_s, len(blocks), whole, code, taken, answer.get("result") or {})


def _labctl(command: str, what: str, wires: Path, data: Path) -> list[str]:
    return [sys.executable, "-m", "labctl", command, what, "--bench", str(wires), "--data", str(data)]


def _answer(command: list[str]) -> tuple[int, dict[str, Any]]:
    done = subprocess.run([*command, "--json"], cwd=HOME, capture_output=True, text=True)
    return done.returncode, json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}


def _shining(bench: ServedBench) -> list[str]:
    """What of it is light or microwave: currents come down slowly, by design."""
    return [what for what in bench.state()["still_on"] if not what.split(" ")[0].endswith("_a")]


def _until(happens: Callable[[], bool]) -> None:
    began_s = time.monotonic()
    while not happens():
        if time.monotonic() - began_s > _PATIENCE_S:
            raise TimeoutError(f"It has not happened within {_PATIENCE_S:g} s")
        time.sleep(0.01)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kills", nargs="?", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the instants")
    parser.add_argument("--pace", type=float, default=100.0, help="laboratory seconds a wall second")
    parser.add_argument("--longest", type=float, default=4.0, help="wall seconds from first light to the latest kill")
    asked = parser.parse_args()
    chance, found = np.random.default_rng(asked.seed), []
    with tempfile.TemporaryDirectory() as name, served(Path(name), asked.pace) as (wires, bench):
        data = Path(name) / "unbroken"
        done = subprocess.run(
            [*_labctl("run", "odmr", wires, data), "--json"], cwd=HOME, capture_output=True, text=True
        )
        unbroken = json.loads(done.stdout.splitlines()[-1])["result"]
        for k in range(asked.kills):
            one = killed(wires, bench, Path(name) / f"{k}", float(chance.uniform(0.0, asked.longest)))
            print(
                f"{k:4d} killed {one.after_s:4.1f} s after first light: dark after {one.dark_s:5.2f} s, safe after "
                f"{one.safe_s:5.2f} s, {one.blocks:3d} blocks {'whole' if one.whole else 'NOT WHOLE'}, "
                f"{one.taken:3d} taken, exit code {one.code}{'' if one.good else '   BAD'}",
                flush=True,
            )
            found.append(one)
    return int(any(list(_missed(found, unbroken))))


def _missed(found: list[Killed], unbroken: dict[str, Any]) -> Iterator[bool]:
    """Print the sums; True for every criterion that is missed."""
    safe = sum(one.safe_s <= SAFE_S for one in found)
    slowest = max(one.safe_s for one in found)
    print(f"safe within {SAFE_S:g} s: {safe} of {len(found)} (slowest {slowest:.2f} s)")
    yield safe < len(found)
    whole = sum(one.whole for one in found)
    continued = sum(one.code == 0 and one.taken == one.blocks for one in found)
    print(f"data whole: {whole}; continued with every block: {continued} of {len(found)}")
    yield min(whole, continued) < len(found)
    centre, error = (np.array(unbroken[key]) for key in ("resonances_hz", "resonances_err_hz"))
    results = [one.result for one in found if one.result]
    pulls = np.array(
        [(np.array(r["resonances_hz"]) - centre) / np.hypot(r["resonances_err_hz"], error) for r in results]
    )
    spread = float(np.sqrt(np.mean(pulls**2)))
    print(f"merged against unbroken: {pulls.size} pulls, rms {spread:.2f}, largest {np.abs(pulls).max():.1f}")
    yield np.abs(pulls).max() > 5.0


if __name__ == "__main__":
    sys.exit(main())
