"""The whole experiment for several seeds, held against the twin's truth: python benchmarks/engine_seeds.py [SEEDS].

One line a seed; exit code 1 if a run fails or misses a criterion: every estimate within four of its errors of the
truth, the field as the engine needs it, and the wall time. How significant entanglement is depends on the sample and is
no criterion; what was expected and what is true stand beside it. A run that expects nothing measures no state, and has
no pulls of one.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

HOME: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))

from tools.trials.engine_truth import (  # noqa: E402
    concurrence_pulls,
    criteria,
    largest,
    other_pulls,
    pauli_pulls,
    true_signed,
)

MOST_WALL_S: Final = 240.0


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", nargs="?", type=int, default=5, help="how many, from 1 on")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--sample", help="of the twin: a file, or the name of one that is shipped")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a key of the plan")
    asked = parser.parse_args()
    chosen = [*(["--sample", asked.sample] if asked.sample else []), *(f"--set={one}" for one in asked.set)]
    print(
        "         witness, sigma   signed concurrence   pull of F   largest |estimate - truth| / error     wall    lab"
    )
    print(
        "seed   found   expected     true   expected   left right   concurrence  Pauli  all others            s      h"
    )
    missed = [_line(seed, chosen) for seed in range(asked.first, asked.first + asked.seeds)]
    return int(any(missed))


def _line(seed: int, chosen: Sequence[str]) -> bool:
    """Run one seed and print its line. True if it misses a criterion."""
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--seed", str(seed), "--json", "--reveal", "--data", folder, *chosen]
        done = subprocess.run(
            [sys.executable, "-m", "labctl", "run", "engine", "--simulated", *arguments],
            cwd=HOME,
            env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ},
            capture_output=True,
            text=True,
        )
    wall_s = time.monotonic() - began_s
    if done.returncode != 0:
        print(f"{seed:4d}   exit code {done.returncode}: {done.stderr.splitlines()[-1]}", flush=True)
        return True
    answer = json.loads(done.stdout.splitlines()[-1])
    faults = [*criteria(answer), *([f"wall time {wall_s:.0f} s"] if wall_s > MOST_WALL_S else [])]
    result, others = answer["result"], other_pulls(answer)
    c, p, o = (largest(found) for found in (concurrence_pulls(answer), pauli_pulls(answer), others))
    print(
        f"{seed:4d} {_or_none(result['significance'], '7.1f')} {result['expected_significance']:10.1f} "
        f"{_or_none(true_signed(answer), '+8.4f')} {result['expected_signed_concurrence']:+10.4f} "
        f"{others['fidelity_left']:+6.2f} {others['fidelity_right']:+5.2f} {c[1]:13.2f} "
        f"{p[1]:5.2f} {p[0]:>2} {o[1]:6.2f} {o[0]:<15} {wall_s:5.0f} {answer['lab_time_s'] / 3600:6.1f}",
        flush=True,
    )
    if not result["expected"]:
        print(f"       {result['why']}", flush=True)
    for fault in faults:
        print(f"       misses: {fault}", flush=True)
    return bool(faults)


def _or_none(value: float | None, form: str) -> str:
    return f"{value:{form}}" if value is not None else "-".rjust(int(form.lstrip("+").split(".")[0]))


if __name__ == "__main__":
    sys.exit(main())
