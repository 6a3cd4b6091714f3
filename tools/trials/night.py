"""A night on the simulated bench: how much of it detuning, field across and null stay within tolerance.

The bench is known from its truth to begin with (as `align`, `rabi` and `locate` would leave it); from then on the hold
sees nothing but counts. The engine's shot is played all the time, and the bench's truth is read before and after each
block.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from labctl.data.calibration_in_memory import Kept
from physics.constants import GAMMA_13C_HZ_PER_MT
from physics.levels import cross_relaxation_fields_mt
from physics.optics import doughnut_profile
from sequences.core.lab import Nobody
from sequences.pulses.library import COOLING_US, Cycle, Gates, Reading, engine_shot
from sequences.pulses.program import Program
from sequences.routines import stabilisation
from sequences.routines.bench import calibrated_bench, controls
from sequences.routines.bench.measure import repeats_for
from sequences.routines.stabilisation import HoldChoice
from tools.trials.known import know_magnet, know_pulses
from tools.trials.wired import Bench, kept_of, know_field, know_pair, run, wired, without_wires

FIELD_UT_PER_SQRT_MIN: Final = 0.2
STEERING_NM_PER_SQRT_MIN: Final = 1.0
DETUNING_KHZ, ACROSS_UT = 20.0, 2.0
_BLOCK_S: Final = 240.0
_LEAST_SHARE: Final = 0.98
_LARGEST_COST: Final = 0.10


@dataclass
class Truth(Nobody):
    """The bench's truth at both ends of every block that the engine was played in; an observer of the lab."""

    bench: Bench
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


def null_tolerance_nm(bench: Bench) -> float:
    """Where the light on the left NV has doubled."""
    optics = bench.twin.sample.optics
    distance = np.linspace(0.0, 0.1 * optics.doughnut_radius_nm, 2001)
    light = doughnut_profile(distance, optics.doughnut_radius_nm, optics.doughnut_null)
    return float(np.interp(2.0 * optics.doughnut_null, light, distance))


Opened = Callable[..., AbstractContextManager[Bench]]
"""`wired` or `without_wires`."""


def night(hours: float, seed: int, held: HoldChoice, opened: Opened = wired, **truth: Any) -> Night:
    """One night; truth: of the sample, beside both drifts."""
    drifts = {
        "field_drift_ut_per_sqrt_min": FIELD_UT_PER_SQRT_MIN,
        "optics": {"steering_drift_nm_per_sqrt_min": STEERING_NM_PER_SQRT_MIN},
    }
    began = time.monotonic()
    with opened(seed, **{**drifts, **truth}) as bench:
        kept_of(bench).values.update(_known(seed).values)
        return _played(bench, hours, held, began)


def _known(seed: int) -> Kept:
    """Calibrations of the same bench before it began to drift."""
    with without_wires(seed) as bench:
        know_field(bench)
        know_pair(bench)
        know_pulses(bench)
        know_magnet(bench)
        return kept_of(bench)


def _played(bench: Bench, hours: float, held: HoldChoice, began: float) -> Night:
    """The engine's shot, block after block, for so many hours."""
    lab, tick_ns = bench.lab, bench.lab.wiring.tick_ns
    calibrated_bench.set_field(lab)
    calibrated_bench.set_pulses(lab)
    controls.pump(lab, 0.15)
    calibrated_bench.set_doughnut(lab, 1000.0)
    gates, reading = Gates(200, 23_600, tick_ns), Reading(24_000, 2_500, 1_800, tick_ns)
    cycle = Cycle(lab.whole_ticks(COOLING_US * 1e3), 5_400)
    shot = engine_shot(cycle, gates, Program("night", tick_ns), reading, "depletion")
    resonance_mt = cross_relaxation_fields_mt(nitrogen=bench.twin.sample.nitrogen == "14N")[0]
    truth = Truth(bench, wanted_hz=GAMMA_13C_HZ_PER_MT * resonance_mt, engine=shot.name)
    lab = lab.within(replace(lab.run, observer=truth))
    started_s = lab.clock.now()
    holding = run(stabilisation.begin(lab, held))[0]
    while lab.clock.now() < started_s + 3600.0 * hours:
        run(holding.measure(shot, repeats_for(shot, _BLOCK_S)))
    shares = truth.shares(null_tolerance_nm(bench))
    return Night(truth, shares, holding.share, holding.looks, time.monotonic() - began)
