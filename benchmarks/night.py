"""A night on the simulated bench, held and not: how much of it detuning, field across and null stay within tolerance.

Run: python benchmarks/night.py [--hours 12] [--seed 1] [--hold auto] [--figure FILE]. The bench is known from its truth
to begin with (as `align`, `rabi` and `locate` would leave it); from then on the hold sees nothing but counts. The
engine's shot is played all the time, and the bench's truth is read before and after each block. Exit code 1 if a
criterion is missed.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from physics.constants import GAMMA_13C_HZ_PER_MT
from physics.levels import cross_relaxation_fields_mt
from physics.optics import doughnut_profile
from sequences.lab import Nobody
from sequences.pulses.library import COOLING_US, Cycle, Gates, Reading, engine_shot
from sequences.pulses.program import Program
from sequences.results import Stream
from sequences.routines import controls, hold, state
from sequences.routines.hold import HoldChoice
from sequences.routines.measure import repeats_for

R = TypeVar("R")
Real = NDArray[np.float64]

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "sequences"))

from known_bench import know_pulses  # noqa: E402
from known_magnet import know_magnet  # noqa: E402
from wired import Kept, Wired, know_field, know_pair, wired  # noqa: E402

FIELD_UT_PER_SQRT_MIN: Final = 0.2
STEERING_NM_PER_SQRT_MIN: Final = 1.0
DETUNING_KHZ, ACROSS_UT = 20.0, 2.0
_BLOCK_S: Final = 240.0
_LEAST_SHARE: Final = 0.98
_LARGEST_COST: Final = 0.10


@dataclass
class Truth(Nobody):
    """The bench's truth at both ends of every block that the engine was played in; an observer of the lab."""

    bench: Wired
    wanted_hz: float
    """f- on the 13C resonance."""
    seen: list[tuple[float, float, float, float]] = field(default_factory=list)
    """Laboratory time, detuning in kHz, B across in uT, null from the left NV in nm."""
    engine: str = ""
    """Name of the engine's program: a look is no part of the run."""
    playing_it: bool = False

    def playing(self, program: Program, repeats: int) -> None:  # noqa: ARG002
        """Before a block."""
        self.playing_it = program.name == self.engine
        if self.playing_it:
            self.seen.append(self.now())

    def counted(self, signal: int, reference: int, duration_s: float) -> None:  # noqa: ARG002
        """Behind it."""
        if self.playing_it:
            self.seen.append(self.now())

    def now(self) -> tuple[float, float, float, float]:
        """The truth."""
        twin = self.bench.twin
        along, across = twin.field_mt()
        minus_hz = abs(float(twin.lines(float(along.mean()), across).minus_hz[0]))
        optics = twin.sample.optics
        null_nm = np.array(twin.knobs.steering_v) * optics.steering_nm_per_v + twin.drift.steering_nm
        away = float(np.linalg.norm(null_nm - twin.sample.pair.positions_nm[0]))
        return self.bench.lab.clock.now(), 1e-3 * (minus_hz - self.wanted_hz), 1e3 * across, away

    def shares(self, null_nm: float) -> tuple[float, float, float]:
        """Of the time played, within each tolerance; between the two ends of a block the truth is their chord."""
        rows = np.array(self.seen).reshape(-1, 2, 4)
        weight = rows[:, 1, 0] - rows[:, 0, 0]
        within = []
        for k, limit in ((1, DETUNING_KHZ), (2, ACROSS_UT), (3, null_nm)):
            chord = np.linspace(rows[:, 0, k], rows[:, 1, k], 9)
            within.append(float(np.sum(np.mean(np.abs(chord) <= limit, axis=0) * weight) / np.sum(weight)))
        return within[0], within[1], within[2]


@dataclass(frozen=True)
class Night:
    """What one night showed."""

    truth: Truth
    shares: tuple[float, float, float]
    """Detuning, across, null."""
    cost: float
    """Of the laboratory time, for looks."""
    looks: int
    wall_s: float

    @property
    def good(self) -> bool:
        """Whether it meets what a held night must."""
        return min(self.shares) >= _LEAST_SHARE and self.cost < _LARGEST_COST


def null_tolerance_nm(bench: Wired) -> float:
    """Where the light on the left NV has doubled."""
    optics = bench.twin.sample.optics
    distance = np.linspace(0.0, 0.1 * optics.doughnut_radius_nm, 2001)
    light = doughnut_profile(distance, optics.doughnut_radius_nm, optics.doughnut_null)
    return float(np.interp(2.0 * optics.doughnut_null, light, distance))


def night(hours: float, seed: int, held: HoldChoice, **truth: Any) -> Night:
    """One night; truth: of the sample, beside both drifts."""
    drifts = {
        "field_drift_ut_per_sqrt_min": FIELD_UT_PER_SQRT_MIN,
        "optics": {"steering_drift_nm_per_sqrt_min": STEERING_NM_PER_SQRT_MIN},
    }
    began = time.monotonic()
    with known(seed) as store, wired(seed, **{**drifts, **truth}) as bench:
        bench.lab.calibration.values.update(store.values)
        return _played(bench, hours, held, began)


@contextmanager
def known(seed: int) -> Iterator[Kept]:
    """Calibrations of the same bench before it began to drift."""
    with wired(seed) as bench:
        know_field(bench)
        know_pair(bench)
        know_pulses(bench)
        know_magnet(bench)
        store = bench.lab.calibration
    yield store


def _played(bench: Wired, hours: float, held: HoldChoice, began: float) -> Night:
    """The engine's shot, block after block, for so many hours."""
    lab, tick_ns = bench.lab, bench.lab.wiring.tick_ns
    state.set_field(lab)
    state.set_pulses(lab)
    controls.pump(lab, 0.15)
    state.set_doughnut(lab, 1000.0)
    gates, reading = Gates(200, 23_600, tick_ns), Reading(24_000, 2_500, 1_800, tick_ns)
    cycle = Cycle(lab.whole_ticks(COOLING_US * 1e3), 5_400)
    shot = engine_shot(cycle, gates, Program("night", tick_ns), reading, "depletion")
    resonance_mt = cross_relaxation_fields_mt(nitrogen=bench.twin.sample.nitrogen == "14N")[0]
    truth = Truth(bench, wanted_hz=GAMMA_13C_HZ_PER_MT * resonance_mt, engine=shot.name)
    lab = lab.within(replace(lab.run, observer=truth))
    started_s = lab.clock.now()
    holding = _drained(hold.begin(lab, held))
    while lab.clock.now() < started_s + 3600.0 * hours:
        _drained(holding.measure(shot, repeats_for(shot, _BLOCK_S)))
    shares = truth.shares(null_tolerance_nm(bench))
    return Night(truth, shares, holding.share, holding.looks, time.monotonic() - began)


def _drained(stream: Stream[R]) -> R:
    """Result of a stream."""
    while True:
        try:
            next(stream)
        except StopIteration as stop:
            return stop.value


def figure(nights: dict[str, Night], file: Path) -> None:
    """Detuning, field across and null against time, held and not."""
    panels, axes = plt.subplots(3, 1, sharex=True, figsize=(8.0, 7.0), layout="constrained")
    labels = (("detuning (kHz)", DETUNING_KHZ), ("B across (µT)", ACROSS_UT), ("null from the left NV (nm)", 1.9))
    for row, (axis, (label, limit)) in enumerate(zip(axes, labels, strict=True), start=1):
        for name, one in nights.items():
            seen = np.array(one.truth.seen)
            axis.plot((seen[:, 0] - seen[0, 0]) / 3600.0, seen[:, row], lw=0.8, label=name)
        axis.axhspan(-limit if row == 1 else 0.0, limit, color="0.9", zorder=0)
        axis.set_ylabel(label)
    axes[0].legend()
    axes[-1].set_xlabel("laboratory time (h)")
    panels.savefig(file)


def main() -> int:
    """Both nights, their figures, and whether the criteria are met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hold", choices=("auto", "true"), default="auto", help="as a plan's hold")
    parser.add_argument("--figure", type=Path)
    plan = parser.parse_args()
    choices: dict[str, HoldChoice] = {"held": plan.hold == "true" or "auto", "not held": False}
    nights = {name: night(plan.hours, plan.seed, held) for name, held in choices.items()}
    for name, one in nights.items():
        detuning, across, null = (100.0 * share for share in one.shares)
        print(
            f"{name}: {detuning:.1f} % of the time within {DETUNING_KHZ:g} kHz, {across:.1f} % within {ACROSS_UT:g} uT "
            f"across, {null:.1f} % with the null on the left NV; {one.looks} looks cost {100 * one.cost:.1f} % of "
            f"{plan.hours:g} h; {one.wall_s:.0f} s of wall time"
        )
    if plan.figure:
        figure(nights, plan.figure)
    held, free = nights["held"], nights["not held"]
    return 0 if held.good and min(free.shares) < 0.5 else 1


if __name__ == "__main__":
    sys.exit(main())
