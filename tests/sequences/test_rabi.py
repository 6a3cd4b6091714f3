"""rabi calibrates the quarter turn of the twin, or says what is missing."""

import numpy as np
import pytest
from support.estimates import assert_ends_as, followed

from sequences.analysis.pair.oscillation import oscillation_curve
from sequences.rabi import RabiPlan, rabi
from sequences.results import SequenceError
from tools.trials.known import know_magnet
from tools.trials.wired import frozen_hz, is_dark, know_field, know_pair, run, without_wires


@pytest.mark.parametrize(
    ("seed", "truth", "plan"),
    [
        (1, {}, RabiPlan()),
        (
            2,
            {"microwave": {"rabi_mhz_at_0dbm": 0.8}, "pulsed_coils": {"shift_mt_per_a": 10.6}},
            RabiPlan(pi_half_ns=300),
        ),
        (3, {"microwave": {"rabi_mhz_at_0dbm": 1.3}, "nitrogen": "none", "pair": {"separation_nm": 10.5}}, RabiPlan()),
    ],
)
def test_a_quarter_turn_is_a_whole_number_of_ticks(seed, truth, plan):
    with without_wires(seed, **truth) as bench:
        know_field(bench)
        know_pair(bench)
        result, points = run(rabi(bench.lab, plan))
        true_mhz = bench.twin.sample.microwave.rabi_mhz_at_0dbm * 10 ** (result.power_dbm / 20)
        assert result.pi_half_ns == plan.pi_half_ns
        assert 4e-3 * true_mhz * result.pi_half_ns == pytest.approx(1.0, abs=4e-3)
        assert result.rabi_mhz == pytest.approx(true_mhz, abs=4 * result.rabi_mhz_err)
        assert result.rabi_mhz_err < 2e-3 * true_mhz
        assert result.frozen_hz == pytest.approx(frozen_hz(bench, plan.shift_a), abs=4 * result.frozen_hz_err)
        assert result.frozen_hz_err < 2e3
        kept = bench.lab.calibration
        assert kept.get("microwave.frozen_hz").value == result.frozen_hz
        assert kept.get("microwave.pi_half_dbm").value == result.power_dbm
        assert kept.get("microwave.pi_half_ns").value == result.pi_half_ns
        assert kept.get("shift.a").value == plan.shift_a
        drawn = np.array([p.values["duration_ns"] for p in points if "duration_ns" in p.values])
        assert list(drawn) == list(range(100, plan.longest_ns + 1, 100))
        assert is_dark(bench)


@pytest.mark.parametrize("seed", [4, 6])
def test_a_line_that_walks_is_followed(seed):
    with without_wires(seed, field_drift_ut_per_sqrt_min=0.2) as bench:
        know_field(bench)
        know_pair(bench)
        know_magnet(bench)
        put, truth = bench.lab.calibration.put, bench.twin.sample
        put("odmr.width_0dbm_hz", 2.4e6 * truth.microwave.rabi_mhz_at_0dbm, 1e5)
        put("odmr.contrast", 0.07, 0.01)
        put("hold.field_walk_ut_per_sqrt_min", 0.2, 0.2)
        still_hz = frozen_hz(bench, -0.1)
        bench.lab.clock.sleep(1800.0)
        result, points = run(rabi(bench.lab, RabiPlan()))
        assert result.frozen_hz == pytest.approx(still_hz, abs=4 * result.frozen_hz_err)
        assert 2e3 < result.frozen_hz_err < 1e4
        assert result.rabi_mhz == pytest.approx(1.25, abs=4 * result.rabi_mhz_err + 2e-3)
        assert sum("lock_ut" in point.values for point in points) >= 2
        assert "The field was looked at" in bench.lab.notes[-1]


def test_a_reversed_shift_coil_freezes_with_the_opposite_current():
    with without_wires(3, pulsed_coils={"shift_mt_per_a": -10.0}) as bench:
        know_field(bench)
        know_pair(bench)
        result, _ = run(rabi(bench.lab, RabiPlan()))
        assert result.shift_a == bench.lab.calibration.get("shift.a").value == 0.1
        assert 20e6 < frozen_hz(bench, 0.1) == pytest.approx(result.frozen_hz, abs=4 * result.frozen_hz_err)
        assert "polarity is reversed" in bench.lab.notes[0]


def test_without_a_field_it_says_which_run_finds_it():
    with without_wires() as bench:
        with pytest.raises(SequenceError, match="labctl run align"):
            run(rabi(bench.lab, RabiPlan()))
        assert is_dark(bench)


@pytest.mark.parametrize(
    ("truth", "plan", "words"),
    [
        ({"pulsed_coils": {"shift_mt_per_a": 0.0}}, RabiPlan(scan_half_range_hz=1e6), "No frozen line between"),
        ({}, RabiPlan(pi_half_ns=150), "pi_half_ns = 150 is not .* choose 100 or 200"),
        ({"microwave": {"rabi_mhz_at_0dbm": 0.7}}, RabiPlan(pi_half_ns=100), "above limits.microwave_dbm"),
        ({"optics": {"saturated_cps": 0.0, "background_cps": 0.0, "dark_cps": 0.0}}, RabiPlan(), "photons came"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(truth, plan, words):
    with without_wires(2, **truth) as bench:
        know_field(bench)
        with pytest.raises(SequenceError, match=words):
            run(rabi(bench.lab, plan))
        assert bench.lab.calibration.get("microwave.pi_half_ns") is None
        assert is_dark(bench)


def test_it_says_while_it_runs_how_fast_the_pair_turns():
    with without_wires(6) as bench:
        know_field(bench)
        know_pair(bench)
        seen = followed(rabi(bench.lab, RabiPlan()))
    assert_ends_as(seen)
    errors = [error for _, error in seen.course("rabi_mhz", "rabi_mhz_err")]
    assert errors[-1] < 0.2 * errors[0]
    duration, signal, error = (seen.column(name) for name in ("duration_ns", "signal", "signal_err"))
    off = (oscillation_curve(duration, seen.estimates[-1]["oscillation"]) - signal) / error
    assert np.sqrt(np.mean(off**2)) < 3.0
    assert np.ptp(signal) > 10 * np.median(error)
