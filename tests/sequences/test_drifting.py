"""What stands still, from rounds in which some of it wanders: the drift is in the errors, and is found by itself."""

from dataclasses import replace

import numpy as np
import pytest

from sequences.analysis.statistics.drifting_fit import Round, solve

pytestmark = pytest.mark.unit

P, PLAYS, ROUNDS, RUNS = 4, 30, 10, 120
MODES = np.array([[3.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
TRUE = np.array([0.4, -1.2, 0.7, 0.1])
NOTHING = np.full(P, np.inf)


def rounds_of(rng, wander, rounds=ROUNDS, true=TRUE):
    """Rounds of the same programs; in each the numbers deviate along the modes by so much."""
    jacobian = np.random.default_rng(7).normal(size=(PLAYS, P)) / np.sqrt(PLAYS) * 3.0
    out = []
    for _ in range(rounds):
        there = true + (np.array(wander) * rng.standard_normal(len(MODES))) @ MODES
        out.append(Round(jacobian @ there + rng.standard_normal(PLAYS), jacobian))
    return out


def pulls(found, true=TRUE):
    return (found.change - true) / np.sqrt(np.diag(found.covariance))


@pytest.fixture(scope="module")
def solved():
    """With the modes, and without them, of rounds in which the first mode wanders."""
    rng = np.random.default_rng(0)
    listed = [rounds_of(rng, (1.0, 0.0)) for _ in range(RUNS)]
    return [solve(rounds, MODES, NOTHING) for rounds in listed], [
        solve(rounds, np.zeros((0, P)), NOTHING) for rounds in listed
    ]


def test_the_mean_has_honest_errors_although_rounds_differ(solved):
    seen = np.array([pulls(found) for found in solved[0]])
    assert np.all(np.abs(seen.mean(axis=0)) < 4.0 / np.sqrt(RUNS))
    assert np.all((seen.std(axis=0) > 0.85) & (seen.std(axis=0) < 1.2))


def test_without_the_modes_errors_are_too_small_where_they_point(solved):
    with_modes, without = (np.array([pulls(found) for found in part]).std(axis=0) for part in solved)
    assert without[0] > 2.0 * with_modes[0]
    assert without[2] == pytest.approx(with_modes[2], rel=0.15)
    assert np.mean([found.reduced_chi2 for found in solved[1]]) > 2.0


def test_chi2_is_that_of_the_noise_when_the_drift_is_known(solved):
    chi2 = np.array([found.chi2 for found in solved[0]])
    freedom = solved[0][0].freedom
    assert freedom == ROUNDS * PLAYS - P
    assert abs(chi2.mean() / freedom - 1.0) < 4.0 * np.sqrt(2.0 / freedom / RUNS) + 1.0 / PLAYS
    assert min(found.p_value for found in solved[0]) > 1e-4
    assert np.median([found.p_value for found in solved[1]]) < 1e-10


def test_how_much_each_mode_wanders_is_found(solved):
    wander = np.array([found.wander for found in solved[0]])
    assert np.mean(wander[:, 0] ** 2) == pytest.approx(1.0, rel=0.15)
    assert np.median(wander[:, 1]) < 0.25


@pytest.mark.parametrize("start", [1e-6, 0.05, 3.0])
def test_it_is_found_from_wherever_one_begins(start):
    """Also where an earlier run saw nothing wander."""
    rounds = rounds_of(np.random.default_rng(5), (1.0, 0.0))
    usual = solve(rounds, MODES, NOTHING)
    found = solve(rounds, MODES, NOTHING, wander=np.full(2, start))
    assert found.wander[0] == pytest.approx(usual.wander[0], rel=0.1)
    np.testing.assert_allclose(found.change, usual.change, atol=0.1)


def test_a_drift_far_beyond_its_unit_is_found():
    """Of a mode whose unit is small for what a round tells, as that of the field is."""
    jacobian, rng = np.random.default_rng(7).normal(size=(PLAYS, P)), np.random.default_rng(8)
    rounds = []
    for _ in range(ROUNDS):
        there = 400.0 * rng.standard_normal() * MODES[1] * 1e-2
        rounds.append(Round(jacobian @ there + rng.standard_normal(PLAYS), jacobian))
    found = solve(rounds, 1e-2 * MODES, NOTHING)
    assert 200.0 < found.wander[1] < 700.0
    assert found.p_value > 1e-3


def test_a_single_round_keeps_what_it_was_told_and_says_so_in_its_errors():
    (alone,) = rounds_of(np.random.default_rng(1), (0.0, 0.0), rounds=1)
    still, moving = (solve([alone], MODES, NOTHING, wander=np.array([w, w])) for w in (1e-6, 2.0))
    assert moving.wander.tolist() == [2.0, 2.0]
    np.testing.assert_allclose(
        moving.covariance - still.covariance, 4.0 * MODES.T @ MODES, atol=1e-6 * moving.covariance.max()
    )


def test_what_does_not_learn_keeps_its_wander():
    rounds = rounds_of(np.random.default_rng(2), (1.0, 0.0))
    learnt = solve(rounds, MODES, NOTHING)
    again = solve(rounds, MODES, NOTHING, wander=learnt.wander, learns=False)
    np.testing.assert_allclose(again.change, learnt.change, atol=1e-9)
    np.testing.assert_array_equal(again.wander, learnt.wander)


def test_beliefs_say_on_what_an_estimate_rests():
    """Change what was believed of a number by its sigma: each estimate follows as `beliefs` says."""
    rounds = rounds_of(np.random.default_rng(3), (0.0, 0.0))
    believed = np.array([np.inf, 0.2, np.inf, 0.02])
    found = solve(rounds, np.zeros((0, P)), believed)
    for k, sigma in ((1, 0.2), (3, 0.02)):
        offset = np.zeros(P)
        offset[k] = -sigma  # the middle lies one sigma above the point
        other = solve(rounds, np.zeros((0, P)), believed, offset)
        np.testing.assert_allclose(other.change - found.change, found.beliefs[:, k], atol=1e-9)
    assert found.beliefs[3, 3] ** 2 > 0.8 * found.covariance[3, 3]
    np.testing.assert_array_equal(found.beliefs[:, [0, 2]], 0.0)


def test_the_design_holds_every_number():
    rounds = rounds_of(np.random.default_rng(4), (0.5, 0.0), rounds=3)
    found = solve(rounds, MODES, NOTHING)
    np.testing.assert_array_equal(found.design, np.concatenate([part.jacobian for part in rounds]))
    surprised = replace(rounds[0], excess=rounds[0].excess + 100.0 * np.eye(PLAYS)[0])
    assert int(np.argmax(np.abs(solve([surprised, *rounds[1:]], MODES, NOTHING).excess))) == 0
