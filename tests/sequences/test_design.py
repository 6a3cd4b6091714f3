"""Shares of time by optimal design: better than any other, and blind to units."""

import numpy as np
import pytest

from sequences.analysis.tomography.design import Candidates, shares_for

pytestmark = pytest.mark.unit

SECONDS = 3600.0


def candidates(seed, n=30, k=6, prior=1e-6):
    rng = np.random.default_rng(seed)
    information = rng.standard_normal((n, k)) * rng.uniform(0.2, 2.0, (n, 1))
    return Candidates(information, prior * np.eye(k))


def variance(design, shares, targets):
    return sum(design.error(shares * SECONDS, target) ** 2 for target in targets)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("targets", [np.eye(6), np.eye(6)[:1], np.array([[1.0, -1.0, 0.5, 0.0, 0.0, 2.0]])])
def test_no_other_shares_are_better(seed, targets):
    design = candidates(seed)
    shares = shares_for(design, targets, SECONDS)
    assert shares.sum() == pytest.approx(1.0, abs=1e-12)
    assert np.all(shares >= 0.0)
    best = variance(design, shares, targets)
    assert best < 0.8 * variance(design, np.full(30, 1 / 30), targets)
    rng = np.random.default_rng(seed)
    for _ in range(50):
        assert best < variance(design, rng.dirichlet(np.full(30, 0.3)), targets)
        nudged = 0.9 * shares + 0.1 * rng.dirichlet(np.full(30, 0.1))
        assert best < 1.001 * variance(design, nudged, targets)


def test_optimality_by_the_equivalence_theorem():
    """At the optimum no program gains more, per second, than the mean of those that are played."""
    design = candidates(5)
    shares = shares_for(design, np.eye(6), SECONDS)
    solved = np.linalg.inv(design.total(shares * SECONDS))
    gain = np.sum((design.information @ solved) ** 2, axis=1)
    assert gain.max() < 1.02 * float(shares @ gain)
    assert gain[shares > 0].min() > 0.95 * gain.max()


def test_the_error_is_that_of_the_information():
    design = Candidates(np.diag([2.0, 0.5]), np.zeros((2, 2)))
    error = design.error(np.array([100.0, 400.0]), np.array([1.0, 0.0]))
    assert error == pytest.approx(1 / np.sqrt(4 * 100), rel=1e-6)


def test_one_figure_needs_only_its_own_program():
    design = Candidates(np.diag([2.0, 0.5, 1.0]), 1e-9 * np.eye(3))
    np.testing.assert_allclose(shares_for(design, np.eye(3)[1:2], SECONDS), [0.0, 1.0, 0.0], atol=1e-9)


def test_two_figures_share_by_the_inverse_of_what_a_second_tells():
    design = Candidates(np.diag([2.0, 0.5]), 1e-9 * np.eye(2))
    np.testing.assert_allclose(shares_for(design, np.eye(2), SECONDS), [0.2, 0.8], atol=1e-3)


def test_units_do_not_matter():
    design = candidates(7, prior=0.3)
    shares = shares_for(design, np.eye(6), SECONDS)
    for scale in (1e-3, 1e4):
        scaled = Candidates(scale * design.information, scale**2 * design.prior)
        np.testing.assert_allclose(shares_for(scaled, np.eye(6), SECONDS), shares, atol=1e-6)
        longer = Candidates(design.information / np.sqrt(scale), design.prior)
        np.testing.assert_allclose(shares_for(longer, np.eye(6), scale * SECONDS), shares, atol=1e-6)
        np.testing.assert_allclose(shares_for(design, scale * np.eye(6), SECONDS), shares, atol=1e-6)


def test_programs_whose_common_error_cancels_are_preferred():
    """The second unknown is a calibration: a pair of programs that it moves alike beats the one that it spoils."""
    information = np.array([[1.0, 3.0], [0.5, 3.0], [-0.5, 3.0]])
    design = Candidates(information, np.diag([1e-9, 1e-6]))
    shares = shares_for(design, np.array([[1.0, 0.0]]), SECONDS)
    known = shares_for(Candidates(information, np.diag([1e-9, 1e9])), np.array([[1.0, 0.0]]), SECONDS)
    np.testing.assert_allclose(known, [1.0, 0.0, 0.0], atol=1e-6)
    assert shares[2] > 0.4


def test_a_prior_keeps_unknowns_that_no_program_tells_from_being_infinite():
    information = np.array([[1.0, 0.0], [2.0, 0.0]])
    shares = shares_for(Candidates(information, np.eye(2)), np.eye(2), SECONDS)
    np.testing.assert_allclose(shares, [0.0, 1.0], atol=1e-9)
