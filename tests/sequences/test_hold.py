"""A hold keeps detuning, field across and null through drift, leaves everything as it was, and says when it cannot."""

from contextlib import contextmanager

import numpy as np
import pytest

from sequences.analysis.imaging.null_position import Shine, fit_null, fit_shine
from sequences.analysis.magnet.transverse_dimming import TransverseDimming, fit_transverse
from sequences.analysis.statistics.drift import standing
from sequences.results import SequenceError
from sequences.routines.bench import calibrated_bench, controls
from sequences.routines.stabilisation import Hold
from sequences.routines.stabilisation.drift_rates import believed, is_worth_it, keep_rate
from tools.trials.known import know_magnet, know_pulses
from tools.trials.night import night
from tools.trials.wired import know_field, know_pair, run, sample, without_wires

CROSS_UT = 16.0 * np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
PAIR_NM = np.array([[29.0, -23.0], [41.0, -17.0]])


@contextmanager
def held(seed, quiet=False, **truth):
    """A bench on resonance, and a hold that has begun; quiet: one that expects it to stand still."""
    with without_wires(seed, **truth) as bench:
        know_field(bench)
        know_pair(bench)
        know_pulses(bench)
        know_magnet(bench)
        calibrated_bench.set_pulses(bench.lab)
        controls.pump(bench.lab, 0.15)
        calibrated_bench.set_doughnut(bench.lab, 1000.0)
        hold = Hold(bench.lab, quiet)
        run(hold.begin())
        yield bench, hold


def detuning_khz(bench):
    along, across = bench.twin.field_mt()
    resonance = bench.lab.calibration.get("field.resonance_mt").value
    return 1e-3 * (bench.twin.lines(float(along[0]), across).minus_hz[0] - 10.71e3 * resonance)


def test_an_hour_is_held_and_would_not_be_without():
    kept, left = (night(1.0, 7, held, without_wires) for held in ("auto", False))
    assert min(kept.shares) > 0.95  # 0.98 of a night; an hour has few independent excursions
    assert kept.cost < 0.10
    assert min(left.shares) < 0.5


def test_the_lock_follows_temperature_where_f_plus_alone_would_not():
    with held(6, zero_field_drift_khz_per_sqrt_min=8.0) as (bench, hold):
        off, warmed = [], []
        for _ in range(60):
            bench.lab.clock.sleep(30.0)
            run(hold.between())
            off.append(detuning_khz(bench))
            warmed.append(bench.twin.drift.zero_field_hz * 1e-3)
    assert np.mean(np.abs(np.array(off) - off[0]) < 20.0) > 0.9
    by_f_plus_alone = 2.0 * 0.7 * (np.array(warmed) - warmed[0])  # f+ kept still moves f- by twice D
    assert np.mean(np.abs(by_f_plus_alone) < 20.0) < 0.7


def test_a_look_leaves_everything_as_it_was():
    with held(7) as (bench, hold):
        for _ in range(4):
            run(hold.between())
            bench.lab.clock.sleep(120.0)
        controls.carrier(bench.lab, 31e6, -3.0)
        before = bench.twin.setpoints
        bench.lab.clock.sleep(3700.0)  # all is due
        probes = hold.probes
        run(hold.between())
        assert hold.probes == probes + 3
        after = bench.twin.setpoints
    for name, value in vars(before).items():
        number = not isinstance(value, str)
        assert getattr(after, name) == (pytest.approx(value, rel=2e-3, abs=4e-4) if number else value), name


def test_a_bench_that_stands_still_costs_little_and_is_left_alone_until_it_moves():
    with held(8, quiet=True) as (bench, hold):
        lab, before = bench.lab, bench.twin.setpoints
        passed(lab, hold, 6.0)
        assert hold.share < 0.01
        for setpoint in ("steering_v", "trim_x_a", "trim_y_a", "main_a"):
            assert getattr(bench.twin.setpoints, setpoint) == pytest.approx(getattr(before, setpoint), abs=1e-9), (
                setpoint
            )
        hold.keep()
        assert lab.notes[-1].startswith(f"Field and null were looked at {hold.probes} times, 0.")
        bench.twin.sample = sample(field_drift_ut_per_sqrt_min=0.2)
        probes = hold.probes
        passed(lab, hold, 1.0)
        within = [abs(off) < 20.0 for off in passed(lab, hold, 1.0, lambda: detuning_khz(bench))]
        assert np.mean(within) > 0.9
        assert hold.probes - probes > 30
        assert hold.lock.moves


def passed(lab, hold, hours, told=lambda: None):
    """Laboratory time, looked at when it is due; what was told after each half minute."""
    began_s, out = lab.clock.now(), []
    while lab.clock.now() < began_s + 3600.0 * hours:
        run(hold.between())
        lab.clock.sleep(30.0)
        out.append(told())
    return out


def test_what_is_noise_or_does_not_matter_is_not_corrected_on_a_bench_that_stands_still():
    offs = [(0.5, 0.1), (0.3, 0.2), (0.1, 0.01), (0.5, 0.4)]
    still, moving = (
        [is_worth_it(np.array([off]), np.array([error]), 1.0, moves) for off, error in offs] for moves in (False, True)
    )
    assert still == [True, False, False, False]
    assert moving == [True, True, True, True]


def test_the_rate_that_a_run_saw_is_what_the_next_one_believes():
    rates = (0.003, 0.02, 0.1, 0.3, 1.0)
    with without_wires() as bench:
        assert not believed(bench.lab, "hold.null_walk_nm_per_sqrt_min", rates).any()
        chance, place = np.random.default_rng(3), 0.0
        drift = standing([0.0], 0.01 * np.eye(1), [(rate**2 / 60.0,) for rate in rates], 0.0)
        for minute in range(1, 31):
            place += 0.3 * chance.normal()
            drift = drift.at(60.0 * minute).seen(np.eye(1), np.array([place]), 0.01 * np.eye(1))
        keep_rate(bench.lab, "hold.null_walk_nm_per_sqrt_min", drift)
        likely = believed(bench.lab, "hold.null_walk_nm_per_sqrt_min", rates)
    assert rates[int(np.argmax(likely))] == 0.3
    assert likely[0] < likely[1] < likely[3] - 2.0


def test_a_line_that_is_gone_is_said_to_be():
    with held(9) as (bench, hold):
        bench.twin.sample = sample(optics={"contrast": 0.0})
        with pytest.raises(SequenceError, match=r"The field lock has lost f\+.*run align"):
            run(hold.lock.look())


def test_a_correction_beyond_a_coil_names_it():
    with held(10) as (_, hold):
        hold.field.wanted_ut[1] = 20e3
        with pytest.raises(SequenceError, match=r"trim [xy] coil"):
            hold.field.set()


def test_the_light_tells_the_field_across():
    chance, dimming = np.random.default_rng(1), TransverseDimming(102.47552, True, 0.149, 0.004)
    pulls = []
    for _ in range(150):
        true = chance.normal(size=2)
        light = 4.4e5 * (1.0 - 0.149 * dimming.mixing(np.hypot(*(CROSS_UT + true).T)))
        fit = fit_transverse(dimming, CROSS_UT, chance.poisson(light).astype(float), np.zeros(2))
        pulls.append((fit.across_ut - true) / np.sqrt(np.diag(fit.covariance_ut2)))
    assert 0.8 < np.std(pulls) < 1.25
    assert np.sqrt(fit.covariance_ut2[0, 0]) < 0.4


def test_four_places_tell_the_null():
    chance, true = np.random.default_rng(2), Shine(PAIR_NM, 180.0, 250.0, 3e-4, 250e3, 5e3)
    axis = np.linspace(-24.0, 24.0, 7)
    about = np.array([(x, y) for x in axis for y in axis])
    for drifted in (np.array([-20.0, -55.0]), np.zeros(2)):  # hours later, it has drifted out of any first image
        image, stands = PAIR_NM[0] - drifted + about, drifted + np.array([6.0, -9.0])
        counts = chance.poisson(0.1 * true.expected_cps(image + stands)).astype(float)
        first = fit_shine(PAIR_NM, 180.0, image, counts, 0.1, drifted)
        assert first.reduced_chi2 < 2.0
        np.testing.assert_allclose(first.offset_nm, stands, atol=0.3)
    places = PAIR_NM[0] + 5.0 * np.array([(0.92, 0.39), (-0.39, 0.92), (-0.92, -0.39), (0.39, -0.92)])
    pulls = []
    for _ in range(150):
        off = chance.normal(size=2)
        counts = chance.poisson(0.1 * true.expected_cps(places + off)).astype(float)
        fit = fit_null(first.shine, places, counts, 0.1, np.zeros(2))
        pulls.append((fit.offset_nm - off) / np.sqrt(np.diag(fit.covariance_nm2)))
    assert 0.8 < np.std(pulls) < 1.25
