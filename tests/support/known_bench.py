"""What earlier runs would have stored, so that each sequence can be tested alone: from the truth, or measured once."""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from labctl.data.calibration_in_memory import Kept
from labctl.unwired import Unwired, ran
from physics.levels import cross_relaxation_fields_mt
from sequences.analysis.engine.release import Release
from sequences.analysis.pair.calibration import PairCalibration
from sequences.analysis.pair.calibration_fit import MODES
from sequences.calibrate import CalibratePlan, CalibrateResult, calibrate
from sequences.core import lab
from sequences.pulses.library import Reading
from sequences.routines.bench import calibrated_bench as state
from simulated_instruments.twin.surroundings import light
from support.known_pair import GATES, PAPER, calibration, made_up_covariance
from tools.trials.known import QUARTER_NS, know_magnet, know_pulses
from tools.trials.wired import Bench, is_dark, kept_of, know_field, know_pair, powered

SHIFT, GRADIENT, DEPLETION = 1 << 4, 1 << 5, 1 << 1
"""Lines of port 0, as they are cabled."""


def know_contact(bench: Bench) -> None:
    """Calibrate the contact of an NV with its bath as a good `relaxometry` would."""
    put = bench.lab.calibration.put
    put("cr.rate_per_s", 250e3, 2e3)
    put("cr.half_width_khz", 100.0, 2.0)


def know_aligned(bench: Bench) -> None:
    """All that `calibrate` builds on."""
    know_field(bench)
    know_pair(bench)
    know_pulses(bench)
    know_contact(bench)


def know_baths(bench: Bench) -> None:
    """Calibrate contact and baths as a good `relaxometry` and `cool` would: enough for designs and predictions."""
    know_contact(bench)
    bench.lab.calibration.put("bath.shift_rad_per_s", 0.0, 2e3)
    errors = np.array([0.01, 0.01, 0.01, 0.01, 0.002, 2e3])
    state.put_release(bench.lab, Release(5.4, 75.0, (0.06, 0.985, 0.01, 0.99, 1.0, 250e3), np.diag(errors**2)))


def know_pair_numbers(bench: Bench, **changed: float) -> PairCalibration:
    """Numbers of a pair as `calibrate` would store them, not measured, and baths: for what only computes."""
    put = bench.lab.calibration.put
    known = calibration(made_up_covariance(), **{**PAPER, **changed})
    state.put_pair(bench.lab, known)
    state.put_wander(bench.lab, np.zeros(len(MODES)) + 0.05)
    reading = Reading(24_000, 2_500, 1_800, 100)
    for key, value in (
        ("microwave.pi_half_ns", QUARTER_NS),
        ("gates.gate_ns", GATES.gate_ns),
        ("beams.pumping_ns", reading.pumping_ns),
        ("beams.pump_window_ns", reading.pump_ns),
        ("beams.doughnut_window_ns", reading.doughnut_ns),
        ("beams.pump_light_per_us", 0.25),
        ("beams.depletion_light_per_us", 0.2),
    ):
        put(key, value, 0.0)
    put("field.resonance_mt", cross_relaxation_fields_mt()[0], 1e-4)
    know_baths(bench)
    return known


@dataclass(frozen=True)
class Calibrated:
    """A calibration of the default sample, and the truth about it."""

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


STORED: Final = Path(__file__).with_name("calibrated.json")
PLAN: Final = CalibratePlan(hours=12.0)
SEED: Final = 41


@cache
def calibrated() -> Calibrated:
    """Measured anew, once in a process: for the tests of `calibrate`. Others start from what is stored of it."""
    bench = powered(SEED)
    know_aligned(bench)
    know_magnet(bench)
    done = ran(calibrate(bench.lab, PLAN))
    dark = is_dark(bench)
    state.ready(bench.lab)
    left_hz, right_hz = lines_hz(bench, SHIFT | GRADIENT)
    return Calibrated(
        store=bench.kept,
        result=done.result,
        points=done.points,
        left_dark=dark,
        splitting_mhz=(left_hz - right_hz) / 1e6,
        right_off_hz=right_hz - bench.kept.values["microwave.frozen_hz"].value,
        cross_talk=true_cross_talk(bench),
        g_rad_per_s=bench.twin.g_rad_per_s,
        zz_rad_per_s=bench.twin.zz_rad_per_s,
    )


@cache
def stored() -> Kept:
    """What `calibrated` has once put into its store, read from the file beside this one."""
    content, kept = json.loads(STORED.read_text(encoding="utf-8")), Kept()
    for key, row in content["values"].items():
        kept.values[key] = lab.Calibrated(**row)
    for one in content["correlated"]:
        kept.correlated[tuple(one["keys"])] = np.array(one["covariance"])
    return kept


def store(kept: Kept) -> None:
    """Write it anew: PYTHONPATH=.:tests python -m support.known_bench."""
    values = {key: asdict(one) for key, one in kept.values.items()}
    correlated = [{"keys": keys, "covariance": c.tolist()} for keys, c in kept.correlated.items()]
    STORED.write_text(json.dumps({"values": values, "correlated": correlated}, indent=1) + "\n", encoding="utf-8")


def know_all(bench: Bench) -> None:
    """Everything that the engine's last parts build on, measured on the default sample."""
    known, kept = stored(), kept_of(bench)
    kept.values.update(known.values)
    kept.correlated.update(known.correlated)
    know_baths(bench)


def calibrated_bench(seed: int, **truth: Any) -> Unwired:
    """A bench without wires on which everything is known."""
    bench = powered(seed, **truth)
    know_all(bench)
    return bench


def lines_hz(bench: Bench, levels: int) -> tuple[float, float]:
    """The truth: f- of the left and of the right NV with these lines high."""
    along_mt, across_mt = bench.twin.field_mt(levels)
    left, right = (float(bench.twin.lines(float(b), across_mt).minus_hz[0]) for b in along_mt)
    return left, right


def true_cross_talk(bench: Bench) -> float:
    """Photons that a flip of the left NV takes from the doughnut's window, over those that one of the right takes."""
    seen = light(bench.twin.sample, bench.twin.knobs, DEPLETION, bench.twin.drift)
    window_s = kept_of(bench).values["beams.doughnut_window_ns"].value * 1e-9
    photons = seen.emission_cps * -np.expm1(-seen.pump_per_s * window_s) / seen.pump_per_s
    return float(photons[0] / photons[1])


if __name__ == "__main__":
    store(calibrated().store)
