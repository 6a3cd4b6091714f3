"""What earlier runs would have stored, so that each sequence can be tested alone: from the truth, or measured once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from known_magnet import know_magnet
from wired import Kept, Wired, frozen_hz, is_dark, know_field, know_pair, run, wired

from sequences.calibrate import CalibratePlan, CalibrateResult, calibrate
from sequences.routines import state
from simulated_instruments.twin.surroundings import light

SHIFT_A = -0.1
QUARTER_NS = 200
SHIFT, GRADIENT, DEPLETION = 1 << 4, 1 << 5, 1 << 1
"""Lines of port 0, as they are cabled."""


def know_pulses(bench: Wired) -> None:
    """Calibrate freezing and the quarter turn from the truth, as a good `rabi` would."""
    put, mhz = bench.lab.calibration.put, 250.0 / QUARTER_NS
    put("microwave.pi_half_ns", QUARTER_NS, 0.3)
    put("microwave.pi_half_dbm", 20 * np.log10(mhz / bench.twin.sample.microwave.rabi_mhz_at_0dbm), 0.01)
    put("shift.a", SHIFT_A, 0.0)
    state.set_field(bench.lab)
    put("microwave.frozen_hz", frozen_hz(bench, SHIFT_A), 1e3)


def know_baths(bench: Wired) -> None:
    """Calibrate contact and baths as a good `relaxometry` and `cool` would: enough for designs and predictions."""
    put = bench.lab.calibration.put
    put("cr.rate_per_s", 250e3, 2e3)
    put("cr.half_width_khz", 100.0, 2.0)
    for side, polarisation, z in (("left", 0.06, 0.01), ("right", 0.985, 0.99)):
        put(f"bath.{side}", polarisation, 0.01)
        put(f"bath.{side}_slope_per_us", 0.0, 0.0)
        put(f"bath.start_z_{side}", z, 0.01)
    put("bath.evolution_us", 5.4, 0.0)


@dataclass(frozen=True)
class Calibrated:
    """A calibration of the default sample over the wires, and the truth about it."""

    store: Kept
    result: CalibrateResult
    points: list[Any]
    left_dark: bool
    splitting_mhz: float
    right_off_hz: float
    """Line of the right NV from the carrier, while the gradient and its compensation are on."""
    cross_talk: float
    g_rad_per_s: float
    zz_rad_per_s: float


@cache
def calibrated() -> Calibrated:
    """Measured once; no other bench may be open when it is asked for first."""
    with wired(41) as bench:
        know_field(bench)
        know_pair(bench)
        know_pulses(bench)
        know_magnet(bench)
        result, points = run(calibrate(bench.lab, CalibratePlan(hours=2.0)))
        dark = is_dark(bench)
        state.ready(bench.lab)
        left_hz, right_hz = lines_hz(bench, SHIFT | GRADIENT)
        return Calibrated(
            store=bench.lab.calibration,
            result=result,
            points=points,
            left_dark=dark,
            splitting_mhz=(left_hz - right_hz) / 1e6,
            right_off_hz=right_hz - bench.lab.calibration.get("microwave.frozen_hz").value,
            cross_talk=true_cross_talk(bench),
            g_rad_per_s=bench.twin.g_rad_per_s,
            zz_rad_per_s=bench.twin.zz_rad_per_s,
        )


@contextmanager
def calibrated_bench(seed: int, **truth: Any) -> Iterator[Wired]:
    """A bench whose store holds everything that the engine's last parts build on, measured on the default sample."""
    known = calibrated().store
    with wired(seed, **truth) as bench:
        bench.lab.calibration.values.update(known.values)
        bench.lab.calibration.correlated.update(known.correlated)
        know_baths(bench)
        yield bench


def lines_hz(bench: Wired, levels: int) -> tuple[float, float]:
    """The truth: f- of the left and of the right NV with these lines high."""
    along_mt, across_mt = bench.twin.field_mt(levels)
    left, right = (float(bench.twin.lines(float(b), across_mt).minus_hz[0]) for b in along_mt)
    return left, right


def true_cross_talk(bench: Wired) -> float:
    """Photons that a flip of the left NV takes from the doughnut's window, over those that one of the right takes."""
    seen = light(bench.twin.sample, bench.twin.knobs, DEPLETION, bench.twin.drift)
    window_s = bench.lab.calibration.get("beams.doughnut_window_ns").value * 1e-9
    photons = seen.emission_cps * -np.expm1(-seen.pump_per_s * window_s) / seen.pump_per_s
    return float(photons[0] / photons[1])
