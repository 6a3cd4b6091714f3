"""Random walks by Kalman filters of many rates: errors that are true, and rates that are learned."""

import numpy as np
import pytest

from sequences.analysis.statistics.drift import standing

pytestmark = pytest.mark.unit

RATES = (0.003, 0.03, 0.1, 0.2, 0.4, 0.8)
ONE = np.eye(1)


def followed(true, looks, seed, every_s=60.0, error=0.2, rates=RATES):
    """A drift of one component, looked at now and then: (drift, where it is)."""
    chance = np.random.default_rng(seed)
    drift = standing([0.0], error**2 * ONE, [(rate**2 / 60.0,) for rate in rates], 0.0)
    place = chance.normal() * error
    for k in range(1, looks + 1):
        place += chance.normal() * true * np.sqrt(every_s / 60.0)
        seen = np.array([place + chance.normal() * error])
        drift = drift.at(k * every_s).seen(ONE, seen, error**2 * ONE)
    return drift, place


@pytest.mark.parametrize(
    ("true", "looks"), [(RATES, 3), (RATES, 8), ((0.03,), 40), ((0.2,), 40), ((0.8,), 40)], ids=str
)
def test_errors_are_true_though_the_rate_is_not_known(true, looks):
    """After few looks on average over all rates thought possible, for that is what is known; after many for each."""
    ends = [followed(true[seed % len(true)], looks, seed) for seed in range(300)]
    pulls = [(drift.mean[0] - place) / drift.covariance[0, 0] ** 0.5 for drift, place in ends]
    assert 0.8 < np.std(pulls) < 1.25
    assert abs(np.mean(pulls)) < 4 / 300**0.5


@pytest.mark.parametrize("true", [0.1, 0.2, 0.8])
def test_the_rate_is_learned(true):
    rates = [followed(true, 60, seed)[0].rate[0] for seed in range(40)]
    assert np.sqrt(60.0 * np.median(rates)) == pytest.approx(true, rel=0.3)


def test_a_bench_that_stands_still_is_looked_at_less_and_less():
    def waits(looks, true):
        return np.median([followed(true, looks, seed)[0].seconds_until(np.ones(1), 0.7) for seed in range(40)])

    assert waits(40, 0.0) > 5.0 * waits(3, 0.0)
    assert waits(40, 0.0) > 20.0 * waits(40, 0.4)


def test_one_known_rate_is_the_textbook_filter():
    """The steady state of the scalar Riccati equation: before a look (Q + sqrt(Q^2 + 4 Q R)) / 2."""
    drift, _ = followed(0.2, 50, 1, rates=(0.2,))
    q, r = 0.2**2, 0.2**2
    before = 0.5 * (q + np.sqrt(q**2 + 4 * q * r))
    assert drift.covariance[0, 0] == pytest.approx(before * r / (before + r), rel=1e-6)
    assert drift.at(drift.time_s + 60.0).covariance[0, 0] == pytest.approx(before, rel=1e-6)


def test_two_lines_tell_field_from_temperature():
    """f+ = 28 b + d and f- = -28 b + d; each alone tells only a sum."""
    rows = np.array([[28.0, 1.0], [-28.0, 1.0]])
    drift = standing([0.0, 0.0], np.diag([1.0, 400.0]), [(1e-9, 1e-9)], 0.0)
    both = drift.seen(rows, rows @ [0.3, 12.0], np.eye(2))
    np.testing.assert_allclose(both.mean, [0.3, 12.0], atol=0.1)
    alone = drift.seen(rows[:1], rows[:1] @ [0.3, 12.0], np.eye(1))
    assert alone.covariance[1, 1] > 200.0 * both.covariance[1, 1]


def test_time_left_is_when_the_error_is_reached():
    drift, _ = followed(0.2, 20, 2)
    left = drift.seconds_until(np.ones(1), 0.6)
    assert drift.at(drift.time_s + left).covariance[0, 0] == pytest.approx(0.36)
    assert drift.seconds_until(np.ones(1), 1e-3) == 0.0


def test_a_jump_is_a_surprise():
    drift, place = followed(0.03, 40, 3)
    error = 0.04 * ONE
    assert drift.surprise(ONE, np.array([place + 5.0]), error) > 100.0
    assert drift.surprise(ONE, np.array([drift.mean[0]]), error) < 1e-9
