"""align brings the twin from power-on to the 13C resonance, or refuses."""

import numpy as np
import pytest

from physics.constants import GAMMA_13C_HZ_PER_MT
from sequences.align import AlignPlan, align
from sequences.results import Point, SequenceError
from tools.trials.wired import Bench, is_dark, know_field, run, swapped, without_wires

COLD_S, AGAIN_SHARE = 20 * 60.0, 0.6
"""Laboratory time of an align from nothing, and part of it that one from its calibration takes."""
HARSH = {
    "nv_axis": {"tilt_deg": 2.9, "azimuth_deg": 250.0},
    "residual_field_ut": (-35.0, 30.0, -38.0),
    "coil_matrix_mt_per_a": ((38.9, -0.3, 0.5), (0.35, 41.1, 0.6), (-0.3, 0.3, 107.0)),
    "optics": {"contrast": 0.16, "saturated_cps": 110e3},
    "microwave": {"rabi_mhz_at_0dbm": 1.5},
}
SINGLE_LINE = {
    "nv_axis": {"tilt_deg": 0.0, "azimuth_deg": 0.0},
    "nitrogen": "none",
    "pair": {"separation_nm": 11.0},
    "microwave": {"rabi_mhz_at_0dbm": 0.7},
}


def truth(bench: Bench) -> tuple[float, float, float]:
    """Field along (mT) and across (uT), and detuning (kHz) of f- from the 13C line on its side of the crossing."""
    along, across = bench.twin.field_mt(0)
    minus_hz = bench.twin.lines(float(along[0]), across).minus_hz[0]
    detuning_hz = minus_hz - np.sign(minus_hz) * GAMMA_13C_HZ_PER_MT * along[0]
    return float(along[0]), across * 1e3, float(detuning_hz) * 1e-3


def assert_aligned(bench: Bench, result):
    """The tolerances of the experiment, and estimates that agree with the truth."""
    along, across, detuning = truth(bench)
    assert across < 2.0
    assert abs(detuning) < 20.0
    assert result.detuning_khz == pytest.approx(detuning, abs=4 * result.detuning_khz_err)
    assert result.transverse_ut == pytest.approx(across, abs=4 * result.transverse_ut_err)
    assert result.field_mt == pytest.approx(along, abs=4 * result.field_mt_err)
    assert result.detuning_khz_err < 6.0
    assert result.transverse_ut_err < 0.5
    assert result.field_mt_err < 2e-4


@pytest.mark.parametrize(
    ("seed", "sample", "plan", "most_s"),
    [
        (1, {}, AlignPlan(), COLD_S),
        (2, HARSH, AlignPlan(resonance="upper"), 4 * COLD_S),  # two and a half times fewer photons of half the contrast
        (3, SINGLE_LINE, AlignPlan(), COLD_S),
    ],
    ids=["default", "harsh and beyond the crossing", "without nitrogen"],
)
def test_a_cold_bench_is_brought_to_the_resonance_and_back_to_it(seed, sample, plan, most_s):
    with without_wires(seed, **sample) as bench:
        result, _ = run(align(bench.lab, plan))
        assert_aligned(bench, result)
        cold_s = bench.lab.clock.now()
        assert cold_s < most_s
        assert is_dark(bench)
        kept = bench.lab.calibration
        assert [kept.get(f"field.{name}_a").value for name in ("x", "y", "main")] == list(result.currents_a)
        assert kept.get("field.resonance_mt").value == result.resonance_field_mt
        along, across = bench.twin.field_mt(0)
        exchange_hz = bench.twin.g_rad_per_s / (2 * np.pi)  # raises the line of a pair driven as one
        f_plus = kept.get("field.f_plus_hz")
        true_hz = bench.twin.lines(float(along[0]), across).plus_hz[0] + exchange_hz
        assert f_plus.value == pytest.approx(true_hz, abs=5 * f_plus.error)
        assert kept.get("field.nitrogen").value == (bench.twin.sample.nitrogen == "14N")
        bench.lab.magnet.ramp_to((0.0, 0.0, 0.5))
        began_s = bench.lab.clock.now()
        again, _ = run(align(bench.lab, AlignPlan(resonance=plan.resonance)))
        assert_aligned(bench, again)
        assert bench.lab.clock.now() - began_s < AGAIN_SHARE * cold_s


def test_what_is_known_is_used_unless_it_shall_be_forgotten():
    with without_wires(1) as bench:
        know_field(bench)
        for plan, lowest_mt in ((AlignPlan(), 90.0), (AlignPlan(from_scratch=True), 5.0)):
            fields = [value for p in run_until(bench, plan, 4) if (value := p.get("along_mt"))]
            assert min(fields) == pytest.approx(lowest_mt, rel=0.15)


def run_until(bench: Bench, plan: AlignPlan, visits: int) -> list[dict]:
    """The points until so many lines were measured."""
    seen, stream = [], align(bench.lab, plan)
    for event in stream:
        if isinstance(event, Point):
            seen.append(event.values)
            if sum("visit" in values for values in seen) == visits:
                stream.close()
                break
    return seen


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ({"nv_axis": {"tilt_deg": 6.0, "azimuth_deg": 90.0}}, "A in the trim y coil, whose limit is 0.2 A"),
        ({"microwave": {"rabi_mhz_at_0dbm": 1e-6}}, "No ODMR dip for f-"),
        ({"optics": {"saturated_cps": 0.0, "background_cps": 0.0, "dark_cps": 0.0}}, "No photons"),
        ({"c13_percent": 1e-4}, "No dip of relaxation"),
    ],
)
def test_what_cannot_be_aligned_is_refused(sample, words):
    with without_wires(4, **sample) as bench:
        with pytest.raises(SequenceError, match=words):
            run(align(bench.lab, AlignPlan()))
        assert is_dark(bench)
        assert bench.lab.calibration.get("field.resonance_mt") is None


def test_swapped_lines_are_no_alignment():
    with without_wires(5) as bench:
        with pytest.raises(SequenceError):
            run(align(swapped(bench, "mw_x", "shift"), AlignPlan()))
        assert bench.lab.calibration.get("field.resonance_mt") is None


def test_a_field_that_wanders_is_refused_or_mastered():
    with without_wires(6, field_drift_ut_per_sqrt_min=2.0) as bench:
        with pytest.raises(SequenceError, match="field stands still"):
            run(align(bench.lab, AlignPlan()))
        assert is_dark(bench)
