"""Two dips in a sweep of the compensation current, under a common and a selective read-out."""

import numpy as np
import pytest
import qutip

from sequences.analysis.pair.resonances import fit_two, flipped

RABI, DURATION_S = 2 * np.pi * 0.35e6, 1.4e-6
SLOPE = 2 * np.pi * 3.9e8  # rad/s per A: 20 mT/A on a line of 19.7 MHz/mT
LEFT_A, RIGHT_A = -0.0062, 0.0071
CURRENTS_A = np.linspace(-0.02, 0.02, 61)
NOISE = 4e-4


def sweep(ring_left, ring_right, seed, slope=SLOPE, left_a=LEFT_A, right_a=RIGHT_A):
    rng = np.random.default_rng(seed)
    left, right = (flipped(slope * (CURRENTS_A - at), RABI, DURATION_S) for at in (left_a, right_a))
    common = 0.58 - 0.053 * (left + right) + NOISE * rng.standard_normal(len(CURRENTS_A))
    ring = 0.31 - ring_left * left - ring_right * right + NOISE * rng.standard_normal(len(CURRENTS_A))
    error = np.full(len(CURRENTS_A), NOISE)
    return CURRENTS_A, (common, error), (ring, error), RABI, DURATION_S, SLOPE


@pytest.mark.parametrize("detuning", [0.0, 1.3e6, -4e6])
def test_a_flip_is_rabis(detuning):
    h = 0.5 * RABI * qutip.sigmax() + detuning * qutip.basis(2, 1).proj()
    state = (-1j * h * DURATION_S).expm() * qutip.basis(2, 0)
    assert flipped(np.array(detuning), RABI, DURATION_S) == pytest.approx(abs(state.full()[1, 0]) ** 2, abs=1e-9)


def test_positions_and_cross_talk_have_honest_errors():
    pulls = []
    for seed in range(20):
        found = fit_two(*sweep(0.006, 0.054, seed, slope=1.06 * SLOPE))
        pulls.append([(found.right_a - RIGHT_A) / found.right_err_a, (found.cross_talk - 1 / 9) / found.cross_talk_err])
        assert found.left_a == pytest.approx(LEFT_A, abs=2e-4)
        assert found.slope_rad_per_s_per_a == pytest.approx(1.06 * SLOPE, rel=0.02)
        assert found.significance > 30
    spread = np.std(pulls, axis=0, ddof=1)
    assert np.all((spread > 0.7) & (spread < 1.35)), spread
    assert np.all(np.abs(np.mean(pulls, axis=0)) < 0.65)


@pytest.mark.parametrize(("left_a", "right_a"), [(LEFT_A, RIGHT_A), (RIGHT_A, LEFT_A), (0.0, 0.0025)])
def test_the_doughnut_names_them_on_whichever_side(left_a, right_a):
    found = fit_two(*sweep(0.006, 0.054, 1, left_a=left_a, right_a=right_a))
    assert (found.left_a, found.right_a) == pytest.approx((left_a, right_a), abs=3e-4)


def test_a_point_at_which_both_meet_their_baths_moves_nothing():
    """Where the compensation undoes the shift both NVs are depolarised: one point, far below all others."""
    currents, common, ring, *known = sweep(0.006, 0.054, 5)
    for seen, _ in (common, ring):
        seen[48] -= 0.03
    found = fit_two(currents, common, ring, *known)
    assert abs(found.right_a - RIGHT_A) < 4 * found.right_err_a
    assert abs(found.cross_talk - 1 / 9) < 4 * found.cross_talk_err


def test_without_selectivity_both_dips_are_found_but_not_told_apart():
    found = fit_two(*sweep(0.03, 0.03, 3))
    assert sorted([found.left_a, found.right_a]) == pytest.approx([LEFT_A, RIGHT_A], abs=3e-4)
    assert found.cross_talk == pytest.approx(1.0, abs=0.1)
    assert abs(found.cross_talk - 1.0) < 4 * found.cross_talk_err


def test_a_doughnut_that_reads_nothing_is_not_significant():
    significances = [fit_two(*sweep(0.0, 0.0, seed)).significance for seed in range(4)]
    assert max(significances) < 5


def test_dips_that_coincide_are_seen_and_are_one():
    """Without a gradient nothing tells the two apart, and no matrix of their fit need have an inverse."""
    for seed in range(8):
        found = fit_two(*sweep(0.006, 0.054, seed, left_a=0.001, right_a=0.001))
        assert found.significance > 30
        assert abs(found.left_a - found.right_a) * SLOPE / (2 * np.pi) < 1.2e6
