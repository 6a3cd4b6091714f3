"""The joint fit of the pair and both read-outs, on counts of the very programs that the calibration plays."""

from dataclasses import replace

import numpy as np
import pytest
from support.known_pair import GATES, believed, calibration, counted

from sequences.analysis.pair.calibration import NAMES, SCALES, SHARES, CountedProgram, PairCalibration
from sequences.analysis.pair.calibration_fit import MODES, bounds, fit_calibration, fit_mean, merged, modes
from sequences.analysis.pair.pair_model import pumped_state
from sequences.pulses.program import Program
from sequences.routines.pair.calibration_programs import programs
from sequences.routines.pair.shots import compared, usual_light

TRUE = calibration(spread_common_khz2=0.0)
LISTED = [(program, beam) for program, beam, _ in programs(GATES)]
WEIGHT = np.array([weight for _, _, weight in programs(GATES)])
SEEDS, ROUNDS = range(2), 4
SHOTS = 4_000_000
FITTED = [name for name in NAMES if not name.startswith(("microwave_late", "settling", "spread_common"))]
"""The others are left where they are unless they are seen, or stand at their bound."""


@pytest.fixture(scope="module")
def fits():
    """Rounds between which the microwave's power wanders by 0.3 % and the lines by 6 kHz."""
    out, expected, slopes = [], TRUE.expected(LISTED), TRUE.jacobian(LISTED)
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        rounds = []
        for _ in range(ROUNDS):
            drift = rng.standard_normal(2) * (0.3, 40.0) @ modes(TRUE)[:2]
            rounds.append(counted(expected + slopes @ drift, LISTED, SHOTS // ROUNDS * WEIGHT, rng))
        out.append(fit_calibration(TRUE, believed(), rounds))
    return out


def test_all_numbers_are_found_with_honest_errors(fits):
    """Pulls of all of them over all seeds; the fits start from the truth, and wander from it by their errors."""
    at = [NAMES.index(name) for name in FITTED]
    off = [(np.array(fit.calibration.values) - TRUE.values) / fit.calibration.errors for fit in fits]
    pulls = np.array(off)[:, at]
    assert np.abs(pulls).max() < 3.8
    assert 0.6 < np.sqrt(np.mean(pulls**2)) < 1.25


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("fidelity_left", 0.012),
        ("fidelity_right", 0.012),
        ("nitrogen_zero", 0.004),
        ("neutral_left", 0.03),
        ("neutral_right", 0.03),
        ("quadrature_rad", 0.01),
    ],
)
def test_what_was_only_believed_is_measured(fits, name, error):
    for fit in fits:
        value, err = fit.calibration.value(name)
        assert abs(value - TRUE.named[name]) < 3.5 * err
        assert err < error
        k = NAMES.index(name)
        share = fit.linear.beliefs[k, k] ** 2 / fit.linear.covariance[k, k]
        assert share < 0.1


def test_chi2_is_that_of_the_noise_and_the_drift_is_found(fits):
    for fit in fits:
        assert fit.linear.p_value > 1e-3
        assert fit.calibration.reduced_chi2 == pytest.approx(1.0, abs=5 * np.sqrt(2 / fit.linear.freedom))
    power, field = np.mean([fit.linear.wander[:2] for fit in fits], axis=0)
    assert 0.1 < power < 0.6
    assert 15.0 < field < 80.0
    assert len(MODES) == len(fits[0].linear.wander)


def test_numbers_at_their_bound_stay_within_and_keep_an_error(fits):
    """None is negative, no fidelity above 1; and what is held has the error that its counts would give it."""
    for fit in fits:
        low, high = bounds(TRUE, NAMES)
        moved = (np.array(fit.calibration.values) - TRUE.values) / SCALES
        assert np.all((moved >= low - 1e-9) & (moved <= high + 1e-9))
        assert min(fit.calibration.named[name] for name in SHARES) >= 0.0
        assert max(fit.calibration.fidelity) <= 1.0
        assert np.all(fit.calibration.errors > 0.0)
        assert np.linalg.eigvalsh(fit.linear.covariance)[0] > 0.0


def test_with_a_number_at_its_bound_the_others_are_the_best_that_there_are(fits):
    """The rest of the fit is where it would be if that number had been known to be there."""
    fit = next(f for f in fits if f.calibration.named["spread_common_khz2"] < 1e-3)
    data = merged(_again(0))
    held = [n for n in FITTED if fit.calibration.named[n] > 1e-6 and n != "spread_common_khz2"]
    assert "spread_left_khz2" in held
    alone = fit_mean(fit.calibration, np.full(len(NAMES), np.inf), data, ("pump_level", "doughnut_level"))
    for name in ("pump_level", "doughnut_level"):
        assert alone.named[name] == pytest.approx(fit.calibration.named[name], abs=2 * fit.calibration.value(name)[1])


def _again(seed):
    rng = np.random.default_rng(seed)
    return [counted(TRUE.expected(LISTED), LISTED, SHOTS // ROUNDS * WEIGHT, rng) for _ in range(ROUNDS)]


LIGHT = ("pump_level", "pump_left", "pump_right")


def test_what_is_not_free_stays():
    data = merged(_again(2))
    fit = fit_mean(TRUE, believed(), data, LIGHT)
    kept = [k for k, name in enumerate(NAMES) if name not in LIGHT]
    assert [fit.values[k] for k in kept] == [TRUE.values[k] for k in kept]
    assert np.all(fit.errors[kept] == 0.0)
    assert np.all(fit.errors[[NAMES.index(n) for n in LIGHT]] > 0.0)


def test_a_distant_start_ends_at_the_same_values():
    free = ("g_rad_per_s", "rabi_x_rad_per_s", "pump_left", "pump_right", "pump_level")
    data, nothing = merged(_again(0)), np.full(len(NAMES), np.inf)
    far = TRUE.with_values(g_rad_per_s=60e3, rabi_x_rad_per_s=7.7e6, pump_left=0.02)
    direct, detour = (fit_mean(start, nothing, data, free) for start in (TRUE, far))
    at = [NAMES.index(name) for name in free]
    off = np.array(detour.values) - np.array(direct.values)
    assert np.all(np.abs(off[at]) < 0.05 * direct.errors[at])


def test_a_wrong_model_shows_in_chi2():
    """A program played twice as long as it is said to be."""
    data = merged(_again(1))
    k = next(k for k, d in enumerate(data) if len(d.program.intervals) == 3 and d.beam == "pump")
    wrong = replace(data[k], program=Program("wrong", 100, data[k].program.intervals[1:]))
    fit = fit_mean(TRUE, believed(), [*data[:k], wrong, *data[k + 1 :]], ("pump_level", "pump_left", "pump_right"))
    assert fit.reduced_chi2 > 20
    assert fit_mean(TRUE, believed(), data, LIGHT).reduced_chi2 < 1.6


def test_a_belief_holds_what_the_counts_do_not_tell():
    """Settling of coils is in the errors by its belief, though no count tells it from nothing."""
    known = believed()
    k = NAMES.index("settling_share")
    data = [d for d in merged(_again(3)) if not d.program.intervals]
    fit = fit_mean(TRUE, known, data, ("pump_level", "settling_share"))
    assert fit.errors[k] == pytest.approx(known[k], rel=1e-3)


# ---- numbers, names and counts ------------------------------------------------------------------------------------


def test_numbers_find_their_places():
    values = tuple(float(k) for k in range(len(NAMES)))
    numbered = PairCalibration(values, np.diag(np.array(values) ** 2))
    at = {name: float(k) for k, name in enumerate(NAMES)}
    assert (numbered.pair.g_rad_per_s, numbered.pair.zz_rad_per_s) == (0.0, 1.0)
    assert numbered.pair.quadrature_rad == at["quadrature_rad"]
    assert numbered.pair.gradient_rad_per_s == (at["gradient_left_rad_per_s"], at["gradient_right_rad_per_s"])
    assert numbered.pair.spread.right_khz2 == at["spread_right_khz2"]
    assert numbered.pair.settling == (at["settling_share"], 1.0)
    assert numbered.readout("pump").level == at["pump_level"]
    assert numbered.readout("depletion").right == at["doughnut_right"]
    assert numbered.fidelity == (at["fidelity_left"], at["fidelity_right"])
    assert numbered.charged == (1.0 - at["neutral_left"], 1.0 - at["neutral_right"])
    assert numbered.value("leak_left_per_s") == (at["leak_left_per_s"], at["leak_left_per_s"])
    assert numbered.moved(2, 0.5).values[1:4] == (1.0, 2.5, 3.0)
    assert numbered.with_values(g_rad_per_s=7.0).named["g_rad_per_s"] == 7.0
    value, error = numbered.combined({"g_rad_per_s": 2.0, "rabi_x_rad_per_s": 3.0})
    assert (value, error) == (6.0, pytest.approx(6.0))


def test_expected_counts_are_the_row_on_the_pumped_pair():
    """Where both NVs have their charge; else a share of shots in which one of them is alone, or none."""
    program = GATES.turn("x", 2)
    whole = TRUE.with_values(neutral_left=0.0, neutral_right=0.0)
    row = whole.row(program, "depletion")
    (seen,) = whole.expected([(program, "depletion")])
    assert seen == pytest.approx(float(row @ pumped_state(whole.fidelity)), abs=1e-14)
    (none,) = TRUE.with_values(neutral_left=1.0, neutral_right=1.0).expected([(program, "depletion")])
    assert none == pytest.approx(TRUE.readout("depletion").level)
    bright = Program("-", 100)
    (lone,) = TRUE.with_values(neutral_left=1.0, neutral_right=0.0).expected([(bright, "pump")])
    assert lone == pytest.approx(TRUE.readout("pump").level + TRUE.readout("pump").right * (2 * TRUE.fidelity[1] - 1))


@pytest.mark.parametrize(
    "name", ["g_rad_per_s", "spread_left_khz2", "nitrogen_minus", "neutral_right", "fidelity_left"]
)
def test_the_jacobian_is_that_of_the_expected_counts(name):
    """Against a difference ten times coarser, both ways."""
    k, some = NAMES.index(name), LISTED[::5]
    step = 0.2 * SCALES[k]
    slope = (TRUE.moved(k, step).expected(some) - TRUE.moved(k, -step).expected(some)) / 0.4
    np.testing.assert_allclose(TRUE.jacobian(some, [name])[:, 0], slope, rtol=0.05, atol=2e-6)


def test_an_empty_window_weighs_as_one_photon():
    assert CountedProgram(GATES.turn("x"), "pump", 0, 100).error == pytest.approx(0.01)
    assert CountedProgram(GATES.turn("x"), "pump", 400, 100).error == pytest.approx(0.2)
    assert CountedProgram(GATES.turn("x"), "pump", 400, 100).per_shot == 4.0


def test_shots_are_told_by_their_own_light_and_its_noise_is_in_the_error():
    """Half the light: half the counts and half the reference are the same photons a shot."""
    program = GATES.turn("x")
    usual = CountedProgram(program, "pump", 4000, 100, 9000, 90.0)
    dim = CountedProgram(program, "pump", 2000, 100, 4500, 90.0)
    assert (usual.brightness, dim.brightness) == (1.0, 0.5)
    assert dim.per_shot == usual.per_shot == 40.0
    assert usual.error == pytest.approx(40.0 * np.sqrt(1 / 4000 + 1 / 9000))
    assert dim.error == pytest.approx(np.sqrt(2.0) * usual.error)
    rng = np.random.default_rng(0)
    scatter = [
        CountedProgram(program, "pump", int(rng.poisson(4000)), 100, int(rng.poisson(9000)), 90.0).per_shot
        for _ in range(4000)
    ]
    assert np.std(scatter) == pytest.approx(usual.error, rel=0.05)


def test_a_lamp_that_wanders_is_divided_out():
    program, rng = GATES.turn("x"), np.random.default_rng(1)
    light = 1.0 + 0.1 * rng.standard_normal(200)
    data = [
        CountedProgram(program, "pump", int(rng.poisson(40_000 * seen)), 1000, int(rng.poisson(90_000 * seen)))
        for seen in light
    ]
    usual = usual_light(data)
    (told,) = compared([data], usual)
    pulls = [(d.per_shot - 40.0) / d.error for d in told]
    assert np.std(pulls) == pytest.approx(1.0, abs=0.2)
    assert np.mean([d.per_shot for d in told]) == pytest.approx(40.0, rel=0.01)
    assert usual["pump"] == pytest.approx(90.0, rel=0.03)
    assert "depletion" not in usual


def test_plays_of_a_program_are_added():
    program = GATES.turn("x")
    plays = [CountedProgram(program, "pump", 10, 5, 7, 2.0), CountedProgram(program, "pump", 20, 6, 8, 2.0)]
    other = CountedProgram(program, "depletion", 3, 5)
    assert merged([[plays[0]], [plays[1], other]]) == [CountedProgram(program, "pump", 30, 11, 15, 2.0), other]
