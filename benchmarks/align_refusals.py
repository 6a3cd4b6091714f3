"""Refusals of align on benches with one fault each, held against it: python benchmarks/align_refusals.py [BENCHES].

Every bench is drawn as in align_benches, then one thing on it is spoilt. One line a bench, then how many refusals named
the fault, how many named another, how many none, and the pulls of the numbers in them. Exit code 1 if a criterion is
missed.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

HOME: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HOME))

from align_benches import Aligned, aligned, bench  # noqa: E402

NAMED, SPREAD = 0.95, (0.5, 1.4)
Sample = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """One way of spoiling a bench."""

    spoil: Callable[[np.random.Generator, Sample], Mapping[str, Any]]
    """What to change in the sample."""
    words: str
    """What a refusal that names it says; value and error in groups if it says a number."""
    truth: Callable[[Sample], float] | None = None
    """Of that number."""


def _unit(chance: np.random.Generator) -> np.ndarray:
    direction = chance.normal(size=3)
    return direction / np.linalg.norm(direction)


def _axis(sample: Sample) -> np.ndarray:
    tilt, azimuth = (np.radians(sample["nv_axis"][key]) for key in ("tilt_deg", "azimuth_deg"))
    return np.array([np.sin(tilt) * np.cos(azimuth), np.sin(tilt) * np.sin(azimuth), np.cos(tilt)])


def _angle_deg(sample: Sample) -> float:
    coil = np.array(sample["coil_matrix_mt_per_a"])[:, 2]
    return float(np.degrees(np.arccos(abs(coil @ _axis(sample)) / np.linalg.norm(coil))))


def _another_axis(chance: np.random.Generator, sample: Sample) -> Mapping[str, Any]:
    """One of the crystal's other axes, its azimuth about the first one by chance."""
    first = _axis(sample)
    across = np.cross(first, _unit(chance))
    other = first / 3.0 + np.sqrt(8.0) / 3.0 * across / np.linalg.norm(across)
    return _tilted(np.degrees(np.arccos(other[2])), np.degrees(np.arctan2(other[1], other[0])))


def _tilted(tilt_deg: float, azimuth_deg: float) -> Mapping[str, Any]:
    return {"nv_axis": {"tilt_deg": float(tilt_deg), "azimuth_deg": float(azimuth_deg)}}


def _residual(chance: np.random.Generator, _sample: Sample) -> Mapping[str, Any]:
    return {"residual_field_ut": (chance.uniform(1.5e3, 4e3) * _unit(chance)).tolist()}


def _weak_coil(chance: np.random.Generator, sample: Sample) -> Mapping[str, Any]:
    matrix = np.array(sample["coil_matrix_mt_per_a"])
    matrix[:, 2] *= chance.choice([chance.uniform(0.4, 0.8), chance.uniform(1.25, 1.6)])
    return {"coil_matrix_mt_per_a": matrix.tolist()}


FAULTS: Final[Mapping[str, Fault]] = {
    "another orientation": Fault(
        _another_axis, r"another orientation: its axis stands ([\d.]+)\(±([\d.]+)\) degrees", _angle_deg
    ),
    "turned crystal": Fault(
        lambda chance, _: _tilted(chance.uniform(15, 50), chance.uniform(0, 360)),
        r"The NV axis stands ([\d.]+)\(±([\d.]+)\) degrees",
        _angle_deg,
    ),
    "residual field": Fault(
        _residual,
        r"without current ([\d.]+)\(±([\d.]+)\) mT at .*This is a residual field",
        lambda sample: 1e-3 * float(np.linalg.norm(sample["residual_field_ut"])),
    ),
    "main coil": Fault(_weak_coil, r"The main coil makes"),
    "no microwave": Fault(lambda *_: {"microwave": {"rabi_mhz_at_0dbm": 1e-5}}, r"check the microwave's amplifier"),
    "no NV": Fault(lambda _, sample: {"optics": {**sample["optics"], "saturated_cps": 0.0}}, r"Focus on NVs"),
    "no light": Fault(
        lambda _, sample: {"optics": {**sample["optics"], "saturated_cps": 0.0, "background_cps": 0.0}},
        r"No photons from the sample",
    ),
    "no 13C": Fault(lambda *_: {"c13_percent": 1e-4}, r"No dip of relaxation .* the pi pulse works"),
}


@dataclass(frozen=True)
class Refused:
    """What became of one bench."""

    name: str
    found: Aligned
    said: re.Match[str] | None
    pull: float | None

    @property
    def verdict(self) -> str:
        """named, other (another fault is named), or silent (none is)."""
        if self.said is not None:
            return "named"
        others = (re.search(fault.words, self.found.message) for fault in FAULTS.values())
        return "other" if any(others) else "silent"


def refused(seed: int, drift: float) -> Refused:
    """Spoil a bench and let align meet it."""
    name = list(FAULTS)[seed % len(FAULTS)]
    fault, sample = FAULTS[name], bench(seed, drift)
    spoilt = {**sample, **fault.spoil(np.random.default_rng([20261124, seed]), sample)}
    found = aligned(seed, spoilt)
    said = re.search(fault.words, found.message) if found.code == 1 else None
    pull = None
    if said is not None and fault.truth is not None:
        pull = (float(said[1]) - fault.truth(spoilt)) / float(said[2])
    return Refused(name, found, said, pull)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benches", nargs="?", type=int, default=40, help="how many, from seed 1 on")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--drift", type=float, default=0.2, help="of the field, in uT per root minute")
    parser.add_argument("--at-once", type=int, default=2, help="benches side by side")
    asked = parser.parse_args()
    everyone: list[Refused] = []
    with ThreadPoolExecutor(asked.at_once) as pool:
        seeds = range(asked.first, asked.first + asked.benches)
        for one in pool.map(lambda seed: refused(seed, asked.drift), seeds):
            pull = "" if one.pull is None else f"pull {one.pull:+5.2f}"
            head = f"{one.found.seed:4d} {one.found.wall_s:6.1f} s  {one.name:20} exit {one.found.code} {one.verdict:7}"
            print(f"{head} {pull}", flush=True)
            if one.verdict != "named":
                print(f"      {one.found.message}", flush=True)
            everyone.append(one)
    return int(any(list(_missed(everyone))))


def _missed(everyone: Sequence[Refused]) -> Iterator[bool]:
    """Print the sums; True for every criterion that is missed."""
    counts = {verdict: sum(one.verdict == verdict for one in everyone) for verdict in ("named", "other", "silent")}
    passed = sum(one.found.code == 0 for one in everyone)
    words = ", ".join(f"{verdict} {number}" for verdict, number in counts.items())
    print(f"of {len(everyone)} benches with a fault: {words}; aligned all the same {passed}")
    yield counts["named"] < NAMED * len(everyone)
    yield passed > 0
    pulls = np.array([one.pull for one in everyone if one.pull is not None])
    if len(pulls) > 1:
        spread = float(np.std(pulls, ddof=1))
        print(f"pulls of angles and fields: {len(pulls)}, mean {pulls.mean():+.2f}, standard deviation {spread:.2f}")
        yield not SPREAD[0] <= spread <= SPREAD[1]


if __name__ == "__main__":
    sys.exit(main())
