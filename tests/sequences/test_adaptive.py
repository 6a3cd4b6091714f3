"""A cloud of guesses finds a line, measures where it tells most, and says how sure it is."""

import numpy as np
import pytest

from sequences.analysis.adaptive import Belief, cloud_of
from sequences.analysis.odmr import LineShape, fit_known_line

TRIPLET = np.array([0.0, 2.16e6, 4.32e6])
SINGLE = np.zeros(1)
WIDTH, CONTRAST, PHOTONS_PER_S, TARGET = 2e5, 0.12, 6e4, 5e3


def ratio(frequency, centre, offsets, weights):
    """The line as the textbook writes it."""
    return 1 - CONTRAST * sum(
        w / (1 + ((frequency - centre - o) / (WIDTH / 2)) ** 2) for o, w in zip(offsets, weights, strict=True)
    )


def follow(seed, offsets, polarisation, sigma_hz):
    """Measure until the cloud has the target: (seconds, error of cloud, of fit, its own error)."""
    chance = np.random.default_rng([seed, 1])
    cloud = cloud_of(
        Belief(0.0, sigma_hz, CONTRAST * chance.uniform(0.8, 1.2), 0.25 * CONTRAST), offsets, polarisation, chance
    )
    weights = np.full(len(offsets), (1 - polarisation) / len(offsets)) + np.eye(len(offsets))[0] * polarisation
    true, spent, points = sigma_hz * np.clip(chance.standard_normal(), -2, 2), 0.0, []
    while cloud.centre_err_hz > TARGET or len(points) < 5:
        frequency = cloud.best_frequency(WIDTH, chance)
        seconds = max(0.5, 0.35 * spent)
        photons = PHOTONS_PER_S * seconds
        on = chance.poisson(photons * ratio(frequency, true, offsets, weights))
        off = chance.poisson(photons)
        seen, error = on / off, on / off * np.sqrt(1 / on + 1 / off)
        cloud = cloud.learned(frequency, WIDTH, seen, error, chance)
        points.append((frequency, seen, error))
        spent += seconds
    shape = LineShape(offsets, polarisation, WIDTH, 0.2)
    fit = fit_known_line(*np.array(points).T, shape, cloud.centre_hz + np.linspace(-1e4, 1e4, 5))
    return spent, cloud.centre_hz - true, fit.centre_hz - true, fit.centre_err_hz


@pytest.mark.parametrize(
    ("offsets", "polarisation", "share"), [(SINGLE, 0.0, 1.0), (TRIPLET, 1.0, 1.0), (TRIPLET, 0.0, 1 / 3)]
)
def test_a_line_is_found_and_measured_near_the_bound_of_its_photons(offsets, polarisation, share):
    found = np.array([follow(seed, offsets, polarisation, 1e5) for seed in range(24)])
    spent, cloud_off, fit_off, fit_err = found.T
    assert np.sqrt(np.mean(cloud_off**2)) < 1.4 * TARGET
    assert np.abs(fit_off / fit_err).max() < 4.5
    assert 0.7 < np.std(fit_off / fit_err) < 1.4
    steepest = CONTRAST * share * 1.5 * np.sqrt(3) / 2 / WIDTH  # of a Lorentzian, in 1/Hz
    ideal_s = 2 / (PHOTONS_PER_S * (steepest * TARGET) ** 2)
    assert ideal_s < np.mean(spent) * 1.1  # nobody beats the bound
    assert np.mean(spent) < 2.2 * ideal_s


def test_a_known_line_is_measured_on_its_slopes():
    chance = np.random.default_rng(3)
    cloud = cloud_of(Belief(1e6, 1e4, CONTRAST, 0.01, 0.05), SINGLE, 0.0, chance)
    taken = np.array([cloud.best_frequency(WIDTH, chance) for _ in range(40)]) - 1e6
    np.testing.assert_allclose(np.abs(taken), WIDTH / np.sqrt(12), atol=0.12 * WIDTH)
    assert {*np.sign(taken)} == {-1.0, 1.0}


def test_nothing_is_told_far_from_the_line():
    cloud = cloud_of(Belief(0.0, 3e4, CONTRAST, 0.03), SINGLE, 0.0, np.random.default_rng(4))
    near, far = cloud.told(np.array([0.3 * WIDTH, 30 * WIDTH]), WIDTH)
    assert far < 3e-3 * near  # what the finite cloud leaves of the level, which has nothing to do with the centre
