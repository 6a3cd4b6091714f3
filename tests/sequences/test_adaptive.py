"""A line is found and measured where it tells most, near the bound of its photons, with errors that are honest."""

import numpy as np
import pytest

from sequences.analysis.odmr.adaptive import Belief, first_sight

pytestmark = pytest.mark.unit

TRIPLET = np.array([0.0, 2.16e6, 4.32e6])
SINGLE = np.zeros(1)
WIDTH, CONTRAST, PHOTONS_PER_S, TARGET = 2e5, 0.12, 6e4, 5e3
KINDS = [(SINGLE, 0.0, 1.0), (TRIPLET, 1.0, 1.0), (TRIPLET, 0.0, 1 / 3)]


def ratio(frequency, centre, width, offsets, weights):
    """The line as the textbook writes it."""
    return 1 - CONTRAST * sum(
        w / (1 + ((frequency - centre - o) / (width / 2)) ** 2) for o, w in zip(offsets, weights, strict=True)
    )


def counted(chance, seconds, expected):
    """What a detector sees of a ratio: itself and its shot noise."""
    on, off = chance.poisson(PHOTONS_PER_S * seconds * expected), chance.poisson(PHOTONS_PER_S * seconds)
    return on / off, on / off * np.sqrt(1 / on + 1 / off)


def followed(seed, offsets, polarisation, sigma_hz=6e4):
    """Measure until the target is reached, of a line whose depth and width are not quite as believed."""
    chance = np.random.default_rng([seed, 1])
    weights = np.full(len(offsets), (1 - polarisation) / len(offsets)) + np.eye(len(offsets))[0] * polarisation
    width = WIDTH * np.exp(0.15 * chance.standard_normal())
    contrast = CONTRAST * np.exp(0.2 * chance.standard_normal())
    true, spent = sigma_hz * np.clip(chance.standard_normal(), -2, 2), 0.0
    sight = first_sight(Belief(0.0, sigma_hz, contrast, 0.25 * contrast), WIDTH, offsets, polarisation)
    while sight.centre_err_hz > TARGET or len(sight.points) < 5:
        frequency, _ = sight.best_frequency()
        seconds = max(0.5, 0.25 * spent)
        sight = sight.learned(frequency, *counted(chance, seconds, ratio(frequency, true, width, offsets, weights)))
        spent += seconds
    return spent, sight.fit(), true, width


def bound_hz(seconds, share, width):
    """Cramer-Rao: all the time at the steepest place of a component of known shape."""
    steepest = CONTRAST * share * 1.5 * np.sqrt(3) / 2 / width  # of a Lorentzian, in 1/Hz
    return np.sqrt(2 / (PHOTONS_PER_S * seconds)) / steepest


@pytest.mark.parametrize(("offsets", "polarisation", "share"), KINDS)
def test_a_line_is_measured_near_the_bound_of_its_photons(offsets, polarisation, share):
    found = [followed(seed, offsets, polarisation) for seed in range(60)]
    off, error, bound = np.array(
        [(fit.centre_hz - true, fit.centre_err_hz, bound_hz(spent, share, width)) for spent, fit, true, width in found]
    ).T
    assert np.mean((bound / error) ** 2) < 1.1  # nobody may claim to beat the bound
    assert np.mean(bound**2) / np.mean(off**2) > 0.5


@pytest.mark.parametrize(("offsets", "polarisation"), [kind[:2] for kind in KINDS])
def test_the_errors_are_those_that_are_made_though_one_stops_when_they_are_small(offsets, polarisation):
    found = [followed(100 + seed, offsets, polarisation) for seed in range(80)]
    pulls = np.array(
        [
            (
                (fit.centre_hz - true) / fit.centre_err_hz,
                (fit.contrast - CONTRAST) / fit.contrast_err,
                (fit.linewidth_hz - width) / fit.linewidth_err_hz,
            )
            for _, fit, true, width in found
        ]
    )
    assert np.all(np.abs(pulls.mean(axis=0)) < 0.45)  # 4 sigma of 80
    assert np.all((pulls.std(axis=0) > 0.6) & (pulls.std(axis=0) < 1.32))
    assert 0.7 < np.mean([fit.reduced_chi2 for _, fit, *_ in found]) < 1.2


def test_level_and_depth_are_integrated_as_a_sum_over_them_would():
    """Against brute force: the posterior of the centre by summing over a fine lattice of all four numbers."""
    chance = np.random.default_rng(8)
    belief = Belief(0.0, 3e4, CONTRAST, 0.25 * CONTRAST)
    sight = first_sight(belief, WIDTH, SINGLE, 0.0)
    points = []
    for frequency in (-9e4, 7e4, 1.2e5, -2e4):
        seen = counted(chance, 1.0, ratio(frequency, 1e4, WIDTH, SINGLE, [1.0]))
        points.append((frequency, *seen))
        sight = sight.learned(frequency, *seen)
    centre, scale, depth, level = np.meshgrid(
        np.linspace(-9e4, 9e4, 61),
        np.linspace(-2.4, 2.4, 7),
        np.linspace(0.0, 0.24, 61),
        np.linspace(0.988, 1.012, 41),
        indexing="ij",
        sparse=True,
    )
    log = -0.5 * (
        (centre / 3e4) ** 2
        + scale**2
        + ((depth - CONTRAST) / (0.25 * CONTRAST)) ** 2
        + ((level - 1) / belief.level_err) ** 2
    )
    for frequency, value, error in points:
        dip = 1 / (1 + ((frequency - centre) / (WIDTH / 2 * np.exp(0.2 * scale))) ** 2)
        log = log - 0.5 * ((value - level + depth * dip) / error) ** 2
    mass = np.exp(log - log.max()).sum(axis=(1, 2, 3))
    mean = mass @ centre.ravel() / mass.sum()
    spread = np.sqrt(mass @ (centre.ravel() - mean) ** 2 / mass.sum())
    assert sight.centre_hz == pytest.approx(mean, abs=0.02 * spread)
    assert sight.centre_err_hz == pytest.approx(spread, rel=0.02)


def test_a_known_line_is_measured_on_its_slopes():
    chance, taken = np.random.default_rng(3), []
    sight = first_sight(Belief(1e6, 1e4, CONTRAST, 0.01, 0.05), WIDTH, SINGLE, 0.0)
    for _ in range(12):
        frequency, _ = sight.best_frequency()
        taken.append(frequency - 1e6)
        sight = sight.learned(frequency, *counted(chance, 1.0, ratio(frequency, 1e6, WIDTH, SINGLE, [1.0])))
    np.testing.assert_allclose(np.abs(taken), WIDTH / np.sqrt(12), atol=0.15 * WIDTH)
    assert {*np.sign(taken)} == {-1.0, 1.0}


def test_nothing_is_told_far_from_the_line():
    sight = first_sight(Belief(0.0, 3e4, CONTRAST, 0.03), WIDTH, SINGLE, 0.0)
    near, far = sight.told(np.array([0.3 * WIDTH, 30 * WIDTH]))
    assert far < 1e-4 * near


def test_two_places_that_a_triplet_may_have_are_both_kept():
    """One point on one component: the centre is there, or one spacing below, or two."""
    chance = np.random.default_rng(5)
    sight = first_sight(Belief(0.0, 2e6, CONTRAST, 0.03), 2.4e6, TRIPLET, 0.0)
    for frequency in (0.0, 2e6, -4e6):
        weights = np.full(3, 1 / 3)
        sight = sight.learned(frequency, *counted(chance, 3.0, ratio(frequency, 5e5, 2.4e6, TRIPLET, weights)))
    assert sight.centre_err_hz > 1e5
    assert abs(sight.centre_hz - 5e5) < 4 * sight.centre_err_hz
