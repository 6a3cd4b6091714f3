"""Where a random walk stood between looks: the Brownian bridge, its limits, and walks that were simulated."""

import numpy as np
import pytest

from sequences.analysis.statistics.drift_interpolation import between

pytestmark = pytest.mark.unit

WALK = 0.3


def test_exact_looks_are_joined_by_straight_lines_and_arcs_of_error():
    mean, covariance = between(
        np.array([0.0, 25.0, 50.0, 100.0]), np.array([0.0, 100.0]), np.array([1.0, 3.0]), np.full(2, 1e-9), WALK
    )
    np.testing.assert_allclose(mean, [1.0, 1.5, 2.0, 3.0], atol=1e-6)
    expected = WALK**2 * np.array([0.0, 25 * 75 / 100, 50 * 50 / 100, 0.0])
    np.testing.assert_allclose(np.diag(covariance), expected, atol=1e-6)


def test_after_the_last_look_the_walk_goes_on():
    mean, covariance = between(
        np.array([100.0, 164.0]), np.array([0.0, 100.0]), np.array([1.0, 3.0]), np.full(2, 1e-9), WALK
    )
    np.testing.assert_allclose(mean, [3.0, 3.0], atol=1e-6)
    assert np.sqrt(covariance[1, 1]) == pytest.approx(8 * WALK, rel=1e-6)


def test_a_field_that_stands_still_is_the_weighted_mean_of_the_looks():
    seen, errors = np.array([1.0, 2.0, 4.0]), np.array([1.0, 0.5, 2.0])
    mean, covariance = between(np.array([0.0, 70.0]), np.array([0.0, 50.0, 100.0]), seen, errors, 0.0)
    weight = errors**-2.0
    np.testing.assert_allclose(mean, np.sum(weight * seen) / weight.sum())
    np.testing.assert_allclose(covariance, 1 / weight.sum())


def test_walks_are_within_their_errors():
    rng = np.random.default_rng(5)
    times = np.arange(0.0, 600.0, 5.0)
    looks = np.array([0, 30, 70, 119])
    pulls = []
    for _ in range(2000):
        walked = np.cumsum(WALK * np.sqrt(5.0) * rng.standard_normal(len(times))) + 40.0
        seen = walked[looks] + 1.5 * rng.standard_normal(4)
        mean, covariance = between(times, times[looks], seen, np.full(4, 1.5), WALK)
        weights = np.sin(times / 50.0)
        pulls.append(weights @ (mean - walked) / np.sqrt(weights @ covariance @ weights))
    assert abs(np.mean(pulls)) < 0.1
    assert 0.94 < np.std(pulls) < 1.06
