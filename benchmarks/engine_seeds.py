"""The whole experiment for several seeds, held against the twin's truth: python benchmarks/engine_seeds.py [SEEDS].

One line a seed; exit code 1 if a run fails or misses a criterion: significance, estimates near the truth, entanglement
that is really there, wall time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

HOME: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))

from physics.paulis import NAMES, pauli_vector  # noqa: E402

LEAST_SIGNIFICANCE: Final = 5.0
MOST_SIGMA: Final = 4.0
LEAST_TRUE_CONCURRENCE: Final = 0.05
MOST_WALL_S: Final = 120.0

Pulls = dict[str, float]
"""What was estimated -> (estimate - truth) / its error."""


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", nargs="?", type=int, default=5, help="how many, from 1 on")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    asked = parser.parse_args()
    print("            sigma of      true best   largest |estimate - truth| / error     wall    lab")
    print("seed   entanglement   concurrence    concurrence   Pauli     all others       s      h")
    missed = [_line(seed) for seed in range(asked.first, asked.first + asked.seeds)]
    return int(any(missed))


def _line(seed: int) -> bool:
    """Run one seed and print its line. True if it misses a criterion."""
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--seed", str(seed), "--json", "--reveal", "--data", folder]
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
    c, p, o = (largest(found) for found in (concurrence_pulls(answer), pauli_pulls(answer), other_pulls(answer)))
    print(
        f"{seed:4d} {answer['result']['significance']:14.1f} {max(answer['truth']['concurrence']):13.4f} {c[1]:14.2f} "
        f"{p[1]:4.2f} {p[0]:>4} {o[1]:5.2f} {o[0]:<14} {wall_s:5.0f} {answer['lab_time_s'] / 3600:6.1f}",
        flush=True,
    )
    for fault in faults:
        print(f"       misses: {fault}", flush=True)
    return bool(faults)


def criteria(answer: Mapping[str, Any]) -> Iterator[str]:
    """Every criterion that a run's answer misses."""
    significance, best = answer["result"]["significance"], max(answer["truth"]["concurrence"])
    if significance < LEAST_SIGNIFICANCE:
        yield f"significance {significance:.2f} < {LEAST_SIGNIFICANCE:g}"
    if best < LEAST_TRUE_CONCURRENCE:
        yield f"true best concurrence {best:.4f} < {LEAST_TRUE_CONCURRENCE:g}"
    for name, pull in {**concurrence_pulls(answer), **pauli_pulls(answer), **other_pulls(answer)}.items():
        if not abs(pull) <= MOST_SIGMA:
            yield f"{name} {pull:+.2f} sigma from the truth"


def largest(pulls: Pulls) -> tuple[str, float]:
    """Name and size of the pull that is farthest from zero."""
    name = max(pulls, key=lambda key: abs(pulls[key]))
    return name, abs(pulls[name])


def concurrence_pulls(answer: Mapping[str, Any]) -> Pulls:
    """At every evolution time."""
    result = answer["result"]
    columns = (result["evolution_us"], result["concurrence"], result["concurrence_err"], answer["truth"]["concurrence"])
    return {f"concurrence at {t:g} us": (c - true) / error for t, c, error, true in zip(*columns, strict=True)}


def pauli_pulls(answer: Mapping[str, Any]) -> Pulls:
    """Of the fifteen Pauli terms at the best time."""
    at = [part["result"] for part in parts(answer, "tomography")]
    paulis = next(found["paulis"] for found in at if found["evolution_us"] == answer["result"]["best_us"])
    true = pauli_vector(np.array(answer["truth"]["rho_re"]) + 1j * np.array(answer["truth"]["rho_im"]))
    return {name: (paulis[name][0] - float(true[NAMES.index(name)])) / paulis[name][1] for name in NAMES[1:]}


def other_pulls(answer: Mapping[str, Any]) -> Pulls:
    """Of everything else that the truth knows: field, positions, coupling, baths."""
    truth = answer["truth"]
    found, located = parts(answer, "align")[-1]["result"], parts(answer, "locate")[-1]["result"]
    pulls = {key: _pull(found, key, truth[key]) for key in ("field_mt", "transverse_ut", "detuning_khz")}
    for side, at, error, true in zip(
        ("left", "right"), located["pair_nm"], located["pair_nm_err"], truth["pair_nm"], strict=True
    ):
        pulls |= {f"{side}_{axis}_nm": (at[k] - true[k]) / error[k] for k, axis in enumerate("xy")}
    pulls["g_rad_per_s"] = _pull(parts(answer, "calibrate")[-1]["result"], "g_rad_per_s", truth["g_rad_per_s"])
    for side in ("left", "right"):
        pulls[f"p_{side}"] = _pull(parts(answer, "cool")[-1]["result"], f"polarisation_{side}", truth[f"p_{side}"])
    return pulls


def parts(answer: Mapping[str, Any], sequence: str) -> list[Mapping[str, Any]]:
    """The runs of this sequence within a run, in their order."""
    return [part for part in answer["children"] if part["sequence"] == sequence]


def _pull(found: Mapping[str, Any], key: str, true: float) -> float:
    return float((found[key] - true) / found[f"{key}_err"])


if __name__ == "__main__":
    sys.exit(main())
