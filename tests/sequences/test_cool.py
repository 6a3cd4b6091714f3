"""cool finds both baths of the twin or says that there is no heat to run on."""

import pytest
from support.known_bench import calibrated_bench

from labctl.unwired import ran
from sequences.cool import CoolPlan, cool
from sequences.results import SequenceError
from tools.trials.wired import is_dark


def pull(found, side, true):
    return (getattr(found, f"polarisation_{side}") - true) / getattr(found, f"polarisation_{side}_err")


@pytest.mark.parametrize(
    ("seed", "plan"),
    [(51, CoolPlan(hours=4.0)), (52, CoolPlan(hours=4.0, evolution_us=9.0, cooling_us=200.0))],
)
def test_both_baths_are_as_warm_as_they_are(seed, plan):
    bench = calibrated_bench(seed)
    done = ran(cool(bench.lab, plan))
    result, points = done.result, done.points
    p_left, p_right = bench.twin.freezes[round(plan.evolution_us * 1e3)].polarisation
    assert abs(pull(result, "left", p_left)) < 4.0
    assert abs(pull(result, "right", p_right)) < 4.0
    assert result.polarisation_left_err < 0.03
    assert result.polarisation_right_err < 0.015
    assert result.rate_per_s == pytest.approx(250e3, abs=4 * result.rate_per_s_err)
    assert 2e-5 < result.build_up_s < 5e-4
    assert result.build_up_s > 3 * result.build_up_s_err
    kept = bench.lab.calibration
    assert kept.get("bath.left").value == result.polarisation_left
    assert kept.get("bath.right").error == result.polarisation_right_err
    assert kept.get("bath.evolution_us").value == plan.evolution_us
    built = [p.values for p in points if "time_ms" in p.values]
    first, last = built[0], built[-1]
    assert abs(last["polarisation_right"] - p_right) < 4 * last["polarisation_right_err"]
    assert last["polarisation_right"] - first["polarisation_right"] > 5 * last["polarisation_right_err"]
    assert is_dark(bench)


def test_a_right_nv_off_resonance_under_the_gradient_cools_nothing():
    bench = calibrated_bench(53)
    put, wrong_a = bench.lab.calibration.put, bench.lab.calibration.get("gradient.compensation_a").value - 0.004
    put("gradient.compensation_a", wrong_a, 0.0)
    with pytest.raises(SequenceError, match=r"The baths are not apart in temperature: p_L = "):
        ran(cool(bench.lab, CoolPlan(hours=0.5)))
    assert bench.lab.calibration.get("bath.left").value == 0.06
    assert is_dark(bench)


@pytest.mark.parametrize(
    ("missing", "by"),
    [
        ("field.x_a", "align"),
        ("microwave.frozen_hz", "rabi"),
        ("pair.left_y_nm", "locate"),
        ("cr.rate_per_s", "relaxometry"),
        ("beams.doughnut_mw", "calibrate"),
        ("gradient.compensation_a", "calibrate"),
        ("gates.gate_ns", "calibrate"),
        ("calibrated.doughnut_left", "calibrate"),
    ],
)
def test_what_was_never_measured_is_asked_for(missing, by):
    bench = calibrated_bench(54)
    del bench.kept.values[missing]
    with pytest.raises(SequenceError, match=f"No calibration of {missing} is stored.*labctl run {by}"):
        ran(cool(bench.lab, CoolPlan(hours=0.1)))
    assert is_dark(bench)
