"""The joint fit of the pair and both read-outs, on counts of the very programs that the calibration plays."""

import numpy as np
import pytest
from known_pair import GATES, calibration

from sequences.analysis.calibration import NAMES, CountedProgram, PairCalibration, fit_calibration
from sequences.analysis.pair import pumped_state
from sequences.routines.calibration_programs import programs

TRUE = calibration()
FIDELITY_ERR = 5e-4
SEEDS = range(20)
SHOTS = 20_000_000


def counts_of(seed):
    rng = np.random.default_rng(seed)
    out = []
    for program, beam, weight in programs(GATES):
        repeats = int(SHOTS * weight)
        out.append(CountedProgram(program, beam, int(rng.poisson(repeats * TRUE.expected(program, beam))), repeats))
    return out


def start(seed):
    """The truth but for P(0), which no program tells and a prior holds; and that prior."""
    rng = np.random.default_rng(1000 + seed)
    guess = calibration(fidelity=TRUE.fidelity + FIDELITY_ERR * rng.standard_normal())
    sigma = np.full(len(NAMES), np.inf)
    sigma[NAMES.index("fidelity")] = FIDELITY_ERR
    return guess, sigma


@pytest.fixture(scope="module")
def fits():
    return [fit_calibration(*start(seed), counts_of(seed)) for seed in SEEDS]


@pytest.mark.parametrize("name", NAMES)
def test_errors_are_honest(fits, name):
    k = NAMES.index(name)
    pulls = np.array([(fit.values[k] - TRUE.values[k]) / fit.errors[k] for fit in fits])
    assert 0.75 < pulls.std(ddof=1) < 1.3
    assert abs(pulls.mean()) < 0.6


def test_errors_are_honest_together(fits):
    """The covariance whitens the deviations: their squared length is chi-squared of nineteen."""
    lengths = []
    for fit in fits:
        off = (np.array(fit.values) - np.array(TRUE.values)) / fit.errors
        correlation = fit.covariance / np.outer(fit.errors, fit.errors)
        lengths.append(off @ np.linalg.solve(correlation, off) / len(NAMES))
    assert 0.8 < np.mean(lengths) < 1.25


def test_chi2_is_that_of_the_noise(fits):
    freedom = len(programs(GATES)) - len(NAMES)
    chi2 = np.array([fit.reduced_chi2 for fit in fits])
    assert abs(chi2.mean() - 1.0) < 4 * np.sqrt(2 / freedom / len(fits))
    assert chi2.max() < 1 + 5 * np.sqrt(2 / freedom)


def test_a_distant_start_ends_at_the_same_values():
    data, (near, sigma) = counts_of(0), start(0)
    moved = {"g_rad_per_s": 60e3, "rabi_x_rad_per_s": 7.7e6, "pump_left": 0.02, "leak_right_per_s": 0.0}
    far = calibration(**moved, fidelity=near.fidelity)
    direct, detour = fit_calibration(near, sigma, data), fit_calibration(far, sigma, data)
    assert np.all(np.abs(np.array(detour.values) - np.array(direct.values)) < 0.05 * direct.errors)


def test_a_wrong_model_shows_in_chi2():
    """A program played twice as long as it is said to be."""
    data, (guess, sigma) = counts_of(1), start(1)
    k = next(k for k, d in enumerate(data) if len(d.program.intervals) == 3 and d.beam == "pump")
    shorter = data[k].program.intervals[1:]
    wrong = CountedProgram(type(data[k].program)("wrong", 100, shorter), "pump", data[k].counts, data[k].repeats)
    assert fit_calibration(guess, sigma, [*data[:k], wrong, *data[k + 1 :]]).reduced_chi2 > 100


def test_what_is_not_free_stays():
    data, (guess, sigma) = counts_of(2), start(2)
    fit = fit_calibration(guess, sigma, data, ("pump_level", "pump_left", "pump_right"))
    kept = [k for k, name in enumerate(NAMES) if not name.startswith("pump")]
    assert [fit.values[k] for k in kept] == [guess.values[k] for k in kept]
    assert np.all(fit.errors[kept] == 0.0)
    assert np.all(fit.errors[[NAMES.index(n) for n in ("pump_level", "pump_left", "pump_right")]] > 0.0)


def test_a_prior_holds_what_the_counts_do_not_tell():
    """P(0) only scales the contrast of every program: its error stays that of the prior."""
    fit = fit_calibration(*start(3), counts_of(3))
    value, error = fit.value("fidelity")
    assert error == pytest.approx(FIDELITY_ERR, rel=0.15)
    assert value == pytest.approx(start(3)[0].fidelity, abs=FIDELITY_ERR)


def test_numbers_find_their_places():
    values = tuple(float(k) for k in range(len(NAMES)))
    numbered = PairCalibration(values, np.diag(np.array(values) ** 2))
    assert (numbered.pair.g_rad_per_s, numbered.pair.zz_rad_per_s) == (0.0, 1.0)
    assert numbered.pair.gradient_rad_per_s == (6.0, 7.0)
    assert numbered.pair.dephasing_per_s == 11.0
    assert (numbered.readout("pump").level, numbered.readout("depletion").right) == (12.0, 17.0)
    assert numbered.fidelity == 18.0
    assert numbered.value("leak_left_per_s") == (8.0, 8.0)
    assert numbered.moved(2, 0.5).values[1:4] == (1.0, 2.5, 3.0)


def test_expected_counts_are_the_row_on_the_pumped_pair():
    program = GATES.turn("x", 2)
    row = TRUE.row(program, "depletion")
    assert TRUE.expected(program, "depletion") == pytest.approx(float(row @ pumped_state(TRUE.fidelity)), abs=1e-14)
    dark = TRUE.readout("depletion")
    assert TRUE.expected(program, "depletion") == pytest.approx(dark.level - dark.left - dark.right, abs=1e-3)


def test_an_empty_window_weighs_as_one_photon():
    assert CountedProgram(GATES.turn("x"), "pump", 0, 100).error == pytest.approx(0.01)
    assert CountedProgram(GATES.turn("x"), "pump", 400, 100).error == pytest.approx(0.2)
    assert CountedProgram(GATES.turn("x"), "pump", 400, 100).per_shot == 4.0
