"""calibrate finds the numbers of the frozen pair of the twin, or says what is in the way."""

import numpy as np
import pytest
from support.known_bench import calibrated, know_aligned, stored

from labctl.unwired import ran
from sequences.analysis.pair.calibration import NAMES
from sequences.calibrate import CalibratePlan, calibrate
from sequences.results import SequenceError
from tools.trials.wired import is_dark, powered


def pull(found, key, true):
    return (getattr(found, key) - true) / getattr(found, f"{key}_err")


def test_coupling_splitting_and_cross_talk_are_the_true_ones():
    seen = calibrated()
    for key in ("g_rad_per_s", "zz_rad_per_s", "splitting_mhz", "cross_talk"):
        assert abs(pull(seen.result, key, getattr(seen, key))) < 4.0, key
    assert seen.result.g_rad_per_s_err < 0.02 * seen.g_rad_per_s
    assert seen.result.zz_rad_per_s_err < 0.02 * seen.zz_rad_per_s
    assert seen.result.cross_talk_err < 0.02
    assert abs(pull(seen.result, "rabi_mhz", 1.25)) < 4.0
    assert 0.5 < seen.result.reduced_chi2 < 1.6


def test_the_compensation_keeps_the_right_nv_on_resonance():
    seen = calibrated()
    assert abs(seen.right_off_hz) < 20e3
    assert abs(seen.splitting_mhz) > 3.0
    assert seen.store.get("gradient.compensation_a").value == seen.result.compensation_a


def test_what_it_found_is_kept_with_its_covariance_and_the_bench_is_left_dark():
    seen = calibrated()
    keys = list(seen.store.correlated)[-1]
    covariance = seen.store.covariance(keys)
    assert covariance.shape == (len(NAMES), len(NAMES))
    g = keys.index("calibrated.g_rad_per_s")
    assert seen.store.get(keys[g]).value == seen.result.g_rad_per_s
    assert covariance[g, g] ** 0.5 == pytest.approx(seen.result.g_rad_per_s_err)
    assert seen.result.gate_ns == pytest.approx(1e9 * 3.14159 / seen.zz_rad_per_s, rel=0.03)
    assert seen.result.gate_ns % 200 == 0
    assert sum(point.values.get("counts", 0.0) for point in seen.points) >= seen.result.photons
    assert seen.left_dark


def test_what_other_tests_start_from_is_what_a_calibration_stores():
    """Where a change of `calibrate` makes it outdated: PYTHONPATH=.:tests python -m support.known_bench."""
    kept, fresh = stored(), calibrated().store
    assert list(kept.values) == list(fresh.values)
    assert list(kept.correlated) == list(fresh.correlated)
    for key, known in fresh.values.items():
        there = kept.values[key]
        assert abs(there.value - known.value) <= 4.0 * known.error + 1e-9 * abs(known.value), key
        assert there.error == pytest.approx(known.error, rel=0.2), key
    for keys, covariance in fresh.correlated.items():
        sizes = np.sqrt(np.diag(covariance))
        scale = np.outer(sizes, sizes) + np.finfo(float).tiny
        np.testing.assert_allclose(kept.correlated[keys] / scale, covariance / scale, atol=0.2)


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        ({"optics": {"doughnut_null": 0.08}}, r"does not select one NV: its cross-talk is (0\.[4-9]|1\.)"),
        (
            {"pulsed_coils": {"gradient_ut_per_nm_per_a": 0.0}},
            r"The gradient separates the NVs by [0-2]\.\d+ MHz, below 3 MHz",
        ),
        (
            {"pulsed_coils": {"gradient_ut_per_nm_per_a": 0.0, "compensation_mt_per_a": 0.0}},
            "No NV comes onto resonance",
        ),
        ({"optics": {"contrast": 0.0}}, "no difference between pumped and flipped NVs"),
    ],
)
def test_a_pair_that_cannot_be_told_apart_is_refused(truth, words):
    bench = powered(42, **truth)
    know_aligned(bench)
    with pytest.raises(SequenceError, match=words):
        ran(calibrate(bench.lab, CalibratePlan(hours=0.1)))
    assert bench.lab.calibration.get("calibrated.g_rad_per_s") is None
    assert bench.lab.calibration.get("gradient.compensation_a") is None
    assert is_dark(bench)


@pytest.mark.parametrize(
    ("missing", "by"),
    [
        ("field.main_a", "align"),
        ("shift.a", "rabi"),
        ("microwave.pi_half_dbm", "rabi"),
        ("pair.left_x_nm", "locate"),
        ("cr.rate_per_s", "relaxometry"),
    ],
)
def test_what_was_never_measured_is_asked_for(missing, by):
    bench = powered(43)
    know_aligned(bench)
    del bench.kept.values[missing]
    with pytest.raises(SequenceError, match=f"labctl run {by}") as refusal:
        ran(calibrate(bench.lab, CalibratePlan(hours=0.1)))
    assert refusal.value.seen["missing"] == missing
    assert is_dark(bench)
