"""Fits of one and two emitters to images made up from the same law."""

import numpy as np
import pytest

from physics.optics import doughnut_profile, saturation
from sequences.analysis.emitters import Image, fit_emitters, fit_two, sighted, start_one

RADIUS_NM, NULL, BRIGHTNESS_CPS = 190.0, 5e-4, 200e3
PAIR_NM = np.array([[12.0, -3.0], [22.0, 4.0]])


def image(places, half_nm, pixels, crest, seconds, rng, centre=(0.0, 0.0)):
    offsets = np.linspace(-half_nm, half_nm, pixels)
    x, y = (grid.ravel() for grid in np.meshgrid(centre[0] + offsets, centre[1] + offsets))
    distance = np.hypot(x - places[:, :1], y - places[:, 1:])
    rate = BRIGHTNESS_CPS * saturation(crest * doughnut_profile(distance, RADIUS_NM, NULL)).sum(axis=0) + 4e3
    return Image(x, y, rng.poisson(rate * seconds).astype(float), seconds, crest)


def images(places, seed):
    rng = np.random.default_rng(seed)
    middle = places.mean(axis=0)
    return [image(places, 250, 9, 2.0, 0.05, rng), image(places, 24, 9, 100.0, 0.2, rng, middle)]


def test_errors_of_a_pair_are_honest():
    pulls = []
    for seed in range(24):
        seen = images(PAIR_NM, seed)
        one = fit_emitters(seen, start_one(sighted(seen[0], 180.0), seen))
        two = fit_two(seen, one, 14.0)
        distance = np.hypot(*(PAIR_NM[1] - PAIR_NM[0]))
        pulls.append(
            [
                *((two.positions_nm - PAIR_NM) / two.errors_nm).ravel(),
                (two.separation_nm - distance) / two.separation_err_nm,
            ]
        )
        assert one.chi2 - two.chi2 > 400
        assert np.all(two.errors_nm < 0.2)
    assert 0.8 < np.std(pulls) < 1.25


def test_one_emitter_gains_nothing_from_a_second():
    seen = images(PAIR_NM[:1], 3)
    one = fit_emitters(seen, start_one(sighted(seen[0], 180.0), seen))
    two = fit_two(seen, one, 14.0)
    assert one.positions_nm[0] == pytest.approx(PAIR_NM[0], abs=4 * one.errors_nm.max())
    assert one.radius_nm == pytest.approx(RADIUS_NM, abs=4 * one.radius_err_nm)
    assert one.brightness_cps == pytest.approx(BRIGHTNESS_CPS, abs=4 * one.brightness_err_cps)
    assert one.chi2 - two.chi2 < 20


def test_a_flat_image_shows_no_ring():
    rng = np.random.default_rng(1)
    flat = image(PAIR_NM[:0], 250, 9, 2.0, 1.0, rng)
    ring = image(PAIR_NM, 250, 9, 2.0, 1.0, rng)
    assert sighted(flat, 180.0).delta_chi2 < 50
    found = sighted(ring, 180.0)
    assert found.delta_chi2 > 1e4
    assert (found.x_nm, found.y_nm) == pytest.approx(PAIR_NM.mean(axis=0), abs=15)


def test_a_steering_error_widens_the_errors():
    seen = images(PAIR_NM, 5)
    one = fit_emitters(seen, start_one(sighted(seen[0], 180.0), seen))
    sharp, blurred = fit_two(seen, one, 14.0), fit_two(seen, one, 14.0, steering_err_nm=0.5)
    assert np.all(blurred.errors_nm > 1.1 * sharp.errors_nm)
