"""Files and replies that mean harm: python benchmarks/mutations.py [CASES] [--first 0] [--only files|wires].

So many mutated station and sample files go through `labctl run --dry-run`, and some of those that are taken through a
run on the twin; so many mutated replies come back from the twin's wires (VISA and gRPC) to the drivers. A file must end
with exit code 0, 1 or 2 and sentences; a call of a driver with a value or an error that names an instrument; nothing
may hang, write a file, or leave anything on after a safe state. A number before each bad case is its seed: `--first`
with it and 1 as CASES repeats it. Exit code 1 if there is one.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.trials.mutations import files, wires


def main() -> int:
    """Print what is bad, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="?", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first case")
    parser.add_argument("--only", choices=("files", "wires"))
    asked = parser.parse_args()
    seeds, bad = range(asked.first, asked.first + asked.cases), 0
    for name, cases in (("files", files), ("wires", wires)):
        if asked.only not in (None, name):
            continue
        began_s, outcomes = time.monotonic(), Counter[str]()
        for case, outcome, is_good in cases(seeds):
            outcomes[outcome if is_good else "BAD"] += 1
            if not is_good:
                print(f"{name} {case}: {outcome}", flush=True)
        bad += outcomes["BAD"]
        print(f"{name}, {asked.cases} cases in {time.monotonic() - began_s:.0f} s: {dict(sorted(outcomes.items()))}")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
