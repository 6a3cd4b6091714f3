"""Pairs that locate has never seen, held against the twin's truth: python benchmarks/locate_pairs.py [PAIRS].

Pairs at 10 to 20 nm, anywhere in the region, under more or less light; every other doughnut drifts by up to 1 nm
in a minute. Then two emitters too close to be told apart, then pairs with a third emitter beside them. Places are
compared with where the null would have to be sent at the end of the run. One line a bench, then the sums and the pulls.
Exit code 1 if a criterion is missed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML

HOME: Final = Path(__file__).resolve().parents[1]
SPREAD: Final = (0.8, 1.25)
RIGHT_SIGMA, DISTURBED_SIGMA = 4.0, 3.0
FOUND: Final = 0.97
NAMES: Final = ("left x", "left y", "right x", "right y", "separation")

Kind = Literal["pair", "close", "third"]


@dataclass(frozen=True)
class Located:
    """What became of one bench."""

    kind: Kind
    seed: int
    code: int
    answer: Mapping[str, Any]
    message: str
    sample: Mapping[str, Any]
    wall_s: float

    @property
    def said(self) -> bool:
        """Whether a pair was presented."""
        return self.code == 0

    @property
    def pulls(self) -> NDArray[np.float64]:
        """(5,): (estimate - truth) / error of NAMES."""
        result, true = self.answer["result"], np.array(self.answer["truth"]["pair_nm"])
        places = (np.array(result["pair_nm"]) - true) / np.array(result["pair_nm_err"])
        away = result["separation_nm"] - np.hypot(*(true[1] - true[0]))
        return np.append(places.ravel(), away / result["separation_nm_err"])


def bench(kind: Kind, seed: int) -> dict[str, Any]:
    """A random bench; every other one's doughnut stands still."""
    chance = np.random.default_rng([20261124, ("pair", "close", "third").index(kind), seed])
    rate, centre = float(chance.uniform(0.3, 1.5)), chance.uniform(-200, 200, 2)
    apart = chance.uniform(2, 4) if kind == "close" else chance.uniform(10, 20)
    sample: dict[str, Any] = {
        "seed": seed,
        "pair": {
            "separation_nm": float(apart),
            "centre_nm": centre.tolist(),
            "orientation_deg": float(chance.uniform(0, 360)),
        },
        "optics": {
            "saturated_cps": 250e3 * rate,
            "background_cps": 5e3 * rate,
            "steering_drift_nm_per_sqrt_min": float(chance.uniform(0, 1)) if seed % 2 else 0.0,
        },
    }
    if kind == "third":
        away, angle = np.exp(chance.uniform(np.log(8), np.log(150))), chance.uniform(0, 2 * np.pi)
        place = centre + away * np.array([np.cos(angle), np.sin(angle)])
        sample["bystanders"] = [{"position_nm": place.tolist(), "brightness": float(chance.uniform(0.3, 1.5))}]
    return sample


def located(kind: Kind, seed: int) -> Located:
    """Run `labctl run locate` on a bench."""
    began_s, sample = time.monotonic(), bench(kind, seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sample.yaml"
        with file.open("w", encoding="utf-8") as stream:
            YAML().dump(sample, stream)
        arguments = ["--sample", str(file), "--seed", str(seed), "--json", "--reveal", "--data", folder]
        done = subprocess.run(
            [sys.executable, "-m", "labctl", "run", "locate", "--simulated", *arguments],
            cwd=HOME,
            env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ},
            capture_output=True,
            text=True,
        )
    lines, said = done.stdout.splitlines(), done.stderr.splitlines()
    answer = json.loads(lines[-1]) if lines else {}
    message = str(answer.get("message") or (said[-1] if said else ""))
    return Located(kind, seed, done.returncode, answer, message, sample, time.monotonic() - began_s)


def line(found: Located) -> str:
    """One bench as a row."""
    drift = found.sample["optics"]["steering_drift_nm_per_sqrt_min"]
    head = f"{found.kind:5} {found.seed:3d} {found.wall_s:5.1f} s, drift {drift:4.2f} nm:"
    if not found.said:
        return f"{head} {found.message[:170]}"
    result = found.answer["result"]
    return (
        f"{head} {result['separation_nm']:5.2f} ± {result['separation_nm_err']:4.2f} nm apart, pulls "
        f"{' '.join(f'{pull:+4.1f}' for pull in found.pulls)}, drift seen {result['drift_nm_per_sqrt_min']:4.2f} ± "
        f"{result['drift_nm_per_sqrt_min_err']:4.2f} nm"
    )


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="?", type=int, default=40, help="how many")
    parser.add_argument("--close", type=int, default=10, help="how many benches with emitters 2 to 4 nm apart")
    parser.add_argument("--third", type=int, default=10, help="how many pairs with a third emitter")
    parser.add_argument("--at-once", type=int, default=2, help="benches that are played side by side")
    asked = parser.parse_args()
    kinds: tuple[tuple[Kind, int], ...] = (("pair", asked.pairs), ("close", asked.close), ("third", asked.third))
    jobs = [(kind, seed) for kind, many in kinds for seed in range(1, many + 1)]
    all_found: list[Located] = []
    with ThreadPoolExecutor(asked.at_once) as pool:
        for found in pool.map(lambda job: located(*job), jobs):
            print(line(found), flush=True)
            all_found.append(found)
    pairs, close, third = ([found for found in all_found if found.kind == kind] for kind, _ in kinds)
    return int(any([*_missed_pairs(pairs), _missed_close(close), _missed_third(third)]))


def _missed_pairs(pairs: list[Located]) -> Iterable[bool]:
    """Print the sums; True for every criterion that is missed."""
    said = [found for found in pairs if found.said]
    right = sum(bool(np.all(np.abs(found.pulls) < RIGHT_SIGMA)) for found in said)
    print(
        f"pairs: {right} of {len(pairs)} found and right, {len(said) - right} wrong, {len(pairs) - len(said)} refused"
    )
    yield right < FOUND * len(pairs) or right < len(said)
    if len(said) > 1:
        table = np.array([found.pulls for found in said])
        still = np.array([found.seed % 2 == 0 for found in said])
        for name, column in zip(NAMES, table.T, strict=True):
            spread = float(column.std(ddof=1))
            apart = f"still {column[still].std():4.2f}, walking {column[~still].std():4.2f}" if still.any() else ""
            print(f"pulls of {name:10} mean {column.mean():+5.2f}, standard deviation {spread:4.2f} ({apart})")
            yield not SPREAD[0] <= spread <= SPREAD[1]


def _missed_close(close: list[Located]) -> bool:
    refused = sum(not found.said and "Only one emitter is resolved" in found.message for found in close)
    print(f"2 to 4 nm apart: {refused} of {len(close)} said not to be resolved")
    return refused < len(close)


def _missed_third(third: list[Located]) -> bool:
    named = sum(not found.said and "third emitter stands" in found.message for found in third)
    wrong = sum(found.said and bool(np.any(np.abs(found.pulls) > DISTURBED_SIGMA)) for found in third)
    refused = sum(not found.said for found in third) - named
    print(f"with a third emitter: {named} of {len(third)} named, {refused} refused otherwise, {wrong} wrong")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
