"""What is foretold of a run: time left under uneven steps and pauses, photons, error bars."""

import math

import pytest

from labctl.gui.runs.forecast import Follower, Pace, expected_photons, quantities
from labctl.gui.runs.record import Record, Table
from sequences.results import Column

pytestmark = pytest.mark.unit


def record(sequence="cool", **known):
    return Record(1, sequence, {}, Table([]), **known)


def test_before_the_first_step_nothing_is_foretold():
    pace = Pace()
    assert pace.left_s is None
    for second in range(1, 100):
        pace.heard(float(second), 0.0)
    assert pace.left_s is None
    pace.heard(100.0, 0.005)
    assert pace.left_s is None


def test_an_even_run_ends_when_it_should():
    pace = Pace()
    for second in range(1, 501):
        pace.heard(float(second), second / 1000)
        if second >= 10:
            assert pace.left_s == pytest.approx(1000 - second)


def test_between_two_steps_the_time_counts_down_and_never_grows():
    """Ten steps of two minutes each, looked at every second."""
    pace, seen = Pace(), []
    for second in range(1, 1200):
        pace.heard(float(second), second // 120 / 10)
        if pace.left_s is not None:
            seen.append((second, pace.left_s))
    assert seen[0][0] == 120
    for second, left_s in seen:
        assert left_s == pytest.approx(1200 - second)


def test_a_step_that_is_overdue_leaves_no_negative_time():
    pace = Pace()
    pace.heard(10.0, 0.5)
    pace.heard(100.0, 0.5)
    assert pace.left_s == 0.0


def test_the_speed_is_that_of_the_last_minutes():
    """The first half takes an hour, what follows goes four times faster."""
    pace = Pace()
    for second in range(10, 3601, 10):
        pace.heard(float(second), second / 7200)
    assert pace.left_s == pytest.approx(3600)
    for second in range(10, 611, 10):
        pace.heard(3600.0 + second, 0.5 + second / 1800)
    assert pace.left_s == pytest.approx(900 - 610, rel=0.01)


def test_memory_is_bounded_however_often_it_is_heard():
    pace = Pace()
    for k in range(1, 60_001):
        pace.heard(k / 30.0, k / 100_000)
    assert len(pace._steps) <= 203
    assert pace.left_s == pytest.approx(40_000 / 30.0)


def test_a_pause_does_not_count():
    paused, other = Pace(), Pace()
    for pace in (paused, other):
        pace.heard(100.0, 0.1)
    paused.rest()
    paused.heard(100.0, 0.1)  # painted again while it waits
    paused.rest()
    paused.heard(3700.0, 0.1)
    assert paused.left_s == pytest.approx(900.0)
    paused.heard(3800.0, 0.2)
    other.heard(200.0, 0.2)
    assert paused.left_s == pytest.approx(other.left_s) == pytest.approx(800.0)


def test_a_fraction_that_falls_back_is_no_reason_for_nonsense():
    pace = Pace()
    pace.heard(10.0, 0.5)
    pace.heard(20.0, 0.02)
    assert pace.left_s is not None
    assert 0.0 <= pace.left_s < math.inf


def test_a_follower_tells_both_clocks_and_nothing_of_a_run_that_is_over():
    run = record("engine", expected_s=100.0)
    follower = Follower(run)
    assert (follower.outlook().wall_left_s, follower.outlook().lab_left_s) == (None, 100.0)
    run.lab_time_s, run.wall_time_s = 25.0, 2.0
    seen = follower.outlook()
    assert seen.lab_left_s == pytest.approx(75.0)
    assert seen.wall_left_s == pytest.approx((6.0, 6.0))
    run.status = "completed"
    assert follower.outlook().wall_left_s is follower.outlook().lab_left_s is follower.outlook().photons is None


def test_photons_at_the_end():
    assert expected_photons(record(photons=500, fraction=0.25)) == 2000
    assert expected_photons(record(photons=500, fraction=0.0)) is None
    assert expected_photons(record(photons=500, fraction=1.2)) == 500
    assert expected_photons(record(photons=500, fraction=1.0, status="completed")) is None


def test_the_error_falls_with_the_root_of_the_fraction():
    known = {"polarisation_right": 0.6, "polarisation_right_err": 0.04}
    (found,) = quantities(record(estimate=known, fraction=0.25))
    assert (found.value, found.error, found.final_error) == (0.6, 0.04, pytest.approx(0.02))
    (ended,) = quantities(record(result=known, fraction=1.0, status="completed"))
    assert (ended.error, ended.final_error) == (0.04, None)


def test_scale_and_order_of_what_a_run_is_for():
    (rate,) = quantities(record("relaxometry", estimate={"rate_per_s": 2.5e5, "rate_per_s_err": 6e3}))
    assert (rate.value, rate.error, rate.quantity.unit) == (250.0, 6.0, "/ms")
    both = quantities(record("align", estimate={"detuning_khz": -3.0, "transverse_ut": 0.4, "transverse_ut_err": 0.1}))
    assert [(one.quantity.unit, one.value, one.error) for one in both] == [("kHz", -3.0, None), ("µT", 0.4, 0.1)]


ENGINE = {"evolution_us": (1.0, 2.0, 3.0), "concurrence": (0.0, 0.1, 0.2), "concurrence_err": (0.03, 0.01, 0.02)}


@pytest.mark.parametrize(
    ("best_us", "value", "error"), [(2.0, 0.1, 0.01), (3.0, 0.2, 0.02), (9.0, None, None), (None, None, None)]
)
def test_the_engine_is_run_for_its_best_time(best_us, value, error):
    found = quantities(record("engine", estimate={**ENGINE, "best_us": best_us}))
    assert [(one.value, one.error) for one in found] == ([(value, error)] if value is not None else [])


def test_a_best_time_whose_photons_have_not_come_is_not_known():
    early = {key: values[:1] for key, values in ENGINE.items()} | {"evolution_us": (1.0, 2.0), "best_us": 2.0}
    assert quantities(record("engine", estimate=early)) == ()


@pytest.mark.parametrize("value", [None, math.nan, math.inf, "0.6", True, {}])
def test_what_is_no_number_is_not_shown(value):
    assert quantities(record(estimate={"polarisation_right": value})) == ()


def test_a_sequence_without_a_main_quantity_has_none():
    assert quantities(record("wiring", estimate={"field_mt": 1.0})) == ()


def test_of_an_engine_run_the_expectation_is_known_first_and_photons_do_not_sharpen_it():
    known = {"evolution_us": [], "best_us": 4.1, "concurrence": [], "concurrence_err": [], "witness": None}
    known |= {"expected_signed_concurrence": -0.062, "expected_signed_concurrence_err": 0.011}
    (found,) = quantities(record("engine", status="running", fraction=0.5, estimate=known))
    assert (found.quantity.words, found.value, found.error) == ("signed concurrence, expected", -0.062, 0.011)
    assert found.final_error is None
    measured = known | {"evolution_us": [4.1], "concurrence": [0.05], "concurrence_err": [0.01]}
    first, *_ = quantities(record("engine", status="running", fraction=0.25, estimate=measured))
    assert (first.quantity.key, first.value, first.final_error) == ("concurrence", 0.05, pytest.approx(0.005))


def test_an_experiment_that_names_nothing_is_told_by_its_newest_point_then_by_its_result():
    columns = [Column("delay_us", "delay", "us"), Column("signal", "light", "", ("delay_us",))]
    columns.append(Column("signal_err", "its shot noise", "", ("delay_us",)))
    run = Record(1, "of somebody", {}, Table(columns))
    assert Follower(run).outlook().quantities == ()
    for delay, light in ((1.0, 0.9), (2.0, 0.8)):
        run.table.add({"delay_us": delay, "signal": light, "signal_err": 0.01})
    (shown,) = Follower(run).outlook().quantities
    assert (shown.quantity.words, shown.value, shown.error, shown.final_error) == ("light", 0.8, 0.01, None)
    run.estimate = {"detuning_khz": 12.0, "detuning_khz_err": 0.5, "steps": 3}
    (shown,) = Follower(run).outlook().quantities
    assert (shown.quantity.words, shown.quantity.unit, shown.value, shown.error) == ("detuning", "kHz", 12.0, 0.5)
