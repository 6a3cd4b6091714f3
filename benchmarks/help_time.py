"""How long `labctl --help` takes, beside a Python that does nothing: python benchmarks/help_time.py.

Both are timed in turn, so that whatever else the machine does slows them alike; the best of each counts. Exit code 1 if
the help takes half a second or more.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

HOME: Final = Path(__file__).resolve().parents[1]
ROUNDS: Final = 10
MOST_S: Final = 0.5


def main() -> int:
    """Print both times and their ratio."""
    both = [(_seconds("-c", "pass"), _seconds("-m", "labctl", "--help")) for _ in range(ROUNDS)]
    nothing_s, help_s = (min(times) for times in zip(*both, strict=True))
    print(f"python -c pass  {nothing_s * 1e3:5.0f} ms")
    print(f"labctl --help   {help_s * 1e3:5.0f} ms, {help_s / nothing_s:.1f} times as long")
    return int(help_s >= MOST_S)


def _seconds(*arguments: str) -> float:
    began_s = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=HOME, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began_s


if __name__ == "__main__":
    sys.exit(main())
