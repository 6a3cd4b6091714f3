"""A twin in a process of its own, which goes on when labctl is killed: started, looked at and waited for."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from simulated_instruments.served.client import ServedBench
from simulated_instruments.served.wires import read_wires

HOME: Final = Path(__file__).resolve().parents[2]
PATIENCE_S: Final = 60.0
_LOOK_S: Final = 0.01


@contextmanager
def served(folder: Path, pace: float, seed: int | None = None) -> Iterator[tuple[Path, ServedBench]]:
    """The file that tells where it is, and the other end of its control port. pace: laboratory s a wall second."""
    wires = folder / "bench.json"
    command = [sys.executable, "-m", "simulated_instruments", "--serve", "--file", str(wires), "--pace", f"{pace:g}"]
    command += [] if seed is None else ["--seed", str(seed)]
    with subprocess.Popen(command, cwd=HOME, stdout=subprocess.DEVNULL) as process:
        try:
            until(wires.exists)
            with closing(ServedBench(read_wires(wires))) as bench:
                yield wires, bench
        finally:
            process.terminate()


def until(happens: Callable[[], bool]) -> float:
    """Wait for it; how long it took, in seconds. Raises TimeoutError."""
    began_s = time.monotonic()
    while not happens():
        if time.monotonic() - began_s > PATIENCE_S:
            raise TimeoutError(f"It has not happened within {PATIENCE_S:g} s")
        time.sleep(_LOOK_S)
    return time.monotonic() - began_s


def shining(bench: ServedBench) -> list[str]:
    """What of it is light or microwave: currents come down slowly, by design."""
    return [what for what in bench.state()["still_on"] if not what.split(" ")[0].endswith("_a")]
