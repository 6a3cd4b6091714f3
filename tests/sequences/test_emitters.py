"""Fits of one and two emitters to images made up from the same law."""

from dataclasses import replace

import numpy as np
import pytest

from physics.optics import doughnut_profile, saturation
from sequences.analysis.imaging.doughnut_images import Image, Images
from sequences.analysis.imaging.emitter_count import farthest_nm, fit_three, fit_two
from sequences.analysis.imaging.emitters import fit_emitters, fit_strayed, packed, start_one
from sequences.analysis.imaging.ring_detection import detect_ring

RADIUS_NM, NULL, BRIGHTNESS_CPS = 190.0, 5e-4, 200e3
PAIR_NM = np.array([[12.0, -3.0], [22.0, 4.0]])


STEP_NM = 0.09
PIXEL_S = 0.4


def image(places, half_nm, pixels, crest, seconds, rng, *, centre=(0.0, 0.0), drift=None, begin_s=0.0, shares=1.0):
    """A raster that misses every place by a step of the outputs, and by where the drift stands."""
    offsets = np.linspace(-half_nm, half_nm, pixels)
    x, y = (grid.ravel() for grid in np.meshgrid(centre[0] + offsets, centre[1] + offsets))
    times_s = begin_s + PIXEL_S * np.arange(len(x))
    moved = rng.uniform(-0.5, 0.5, (len(x), 2)) * STEP_NM * np.sqrt(12)
    if drift is not None:
        moved += drift(times_s)
    distance = np.hypot(x + moved[:, 0] - places[:, :1], y + moved[:, 1] - places[:, 1:])
    shine = saturation(crest * doughnut_profile(distance, RADIUS_NM, NULL)) * np.reshape(shares, (-1, 1))
    counts = rng.poisson((BRIGHTNESS_CPS * shine.sum(axis=0) + 4e3) * seconds).astype(float)
    return Image(x, y, counts, times_s, seconds, crest)


def images(places, seed, strength_nm=0.0, shares=1.0):
    """A coarse and a fine one, in which the null drifts; it ends at its set places."""
    rng = np.random.default_rng(seed)
    middle = places[:2].mean(axis=0)
    pixels = 81 + 98
    steps = rng.standard_normal((pixels, 2)) * strength_nm * np.sqrt(PIXEL_S / 60)
    back = -np.cumsum(steps[::-1], axis=0)[::-1]

    def drift(times_s):
        return back[np.round(times_s / PIXEL_S).astype(int)]

    coarse = image(places, 250, 9, 2.0, 0.05, rng, drift=drift, shares=shares)
    forth = image(places, 24, 7, 100.0, 0.2, rng, centre=middle, drift=drift, begin_s=81 * PIXEL_S, shares=shares)
    again = image(places, 23, 7, 100.0, 0.2, rng, centre=middle, drift=drift, begin_s=130 * PIXEL_S, shares=shares)
    return Images([coarse, forth, again])


def located(seen):
    return fit_emitters(seen, start_one(detect_ring(seen.scans[0], 180.0), seen))


@pytest.mark.parametrize("strength_nm", [0.0, 1.0])
def test_errors_of_a_pair_are_honest(strength_nm):
    """With and without a drift of the null; positions refer to the end of the images."""
    coordinates, distances, drifts = [], [], []
    true_nm = np.hypot(*(PAIR_NM[1] - PAIR_NM[0]))
    for seed in range(40):
        seen = images(PAIR_NM, seed, strength_nm)
        two = fit_two(seen, located(seen), 14.0, STEP_NM)
        coordinates.append(((two.positions_nm - PAIR_NM) / two.errors_nm).ravel())
        distances.append((two.separation_nm - true_nm) / two.separation_err_nm)
        drifts.append((two.drift.mean_nm, two.drift.err_nm))
        assert two.separation_err_nm < 0.25
    assert 0.8 < np.sqrt(np.mean(np.square(coordinates))) < 1.25
    assert 0.8 < np.sqrt(np.mean(np.square(distances))) < 1.25
    means, errors = np.array(drifts).T
    assert abs(np.mean(means) - strength_nm) < max(0.15, 3 * np.std(means) / np.sqrt(len(means)))
    assert np.sqrt(np.mean(errors**2)) < 0.5


@pytest.mark.parametrize("strength_nm", [0.0, 1.0])
def test_a_pair_is_told_from_one_emitter_whatever_the_walk(strength_nm):
    seen = images(PAIR_NM, 8, strength_nm)
    one = located(seen)
    assert fit_strayed(seen, one, STEP_NM).deviance - fit_two(seen, one, 14.0, STEP_NM).deviance > 150


def test_a_walk_displaces_both_emitters_alike():
    """So their places err together, and their distance hardly."""
    seen = images(PAIR_NM, 2, 1.0)
    two = fit_two(seen, located(seen), 14.0, STEP_NM)
    error = two.errors_nm.ravel()
    correlation = two.covariance_nm2 / np.outer(error, error)
    assert correlation[0, 2] > 0.5
    assert correlation[1, 3] > 0.5
    assert two.separation_err_nm < 0.75 * error.max()


def test_one_emitter_gains_nothing_from_a_second():
    seen = images(PAIR_NM[:1], 3)
    one = located(seen)
    two = fit_two(seen, one, 14.0, STEP_NM)
    strayed = fit_strayed(seen, one, STEP_NM)
    assert strayed.positions_nm[0] == pytest.approx(PAIR_NM[0], abs=4 * strayed.errors_nm.max())
    assert strayed.radius_nm == pytest.approx(RADIUS_NM, abs=4 * strayed.radius_err_nm)
    assert strayed.brightness_cps == pytest.approx(BRIGHTNESS_CPS, abs=4 * strayed.brightness_err_cps)
    assert strayed.deviance - two.deviance < 20


def test_two_that_are_not_resolved_are_at_most_so_far_apart():
    """The limit holds for 95 % of the benches, and says more than nothing."""
    limits = []
    for seed in range(12):
        seen = images(np.array([[0.0, 0.0], [2.0, 1.5]]), seed)
        limits.append(farthest_nm(seen, fit_two(seen, located(seen), 14.0, STEP_NM), STEP_NM))
    assert np.sum(np.array(limits) > 2.5) >= 10
    assert max(limits) < 8.0


@pytest.mark.parametrize(("place", "share"), [([32.0, -8.0], 0.5), ([-90.0, 60.0], 0.4), ([20.0, 25.0], 1.5)])
def test_a_third_emitter_is_found_where_it_is(place, share):
    places = np.vstack([PAIR_NM, place])
    seen = images(places, 6, 0.5, [1.0, 1.0, share])
    two = fit_two(seen, located(seen), 14.0, STEP_NM)
    three = fit_three(seen, two, 14.0, STEP_NM)
    assert two.deviance - three.deviance > 100
    assert np.all(np.abs(three.positions_nm - places) < 4 * three.errors_nm)
    assert abs(three.third_share - share) < 4 * three.third_share_err
    assert np.all(three.errors_nm[2] < 3.0)


@pytest.mark.parametrize("strength_nm", [0.0, 1.0])
def test_two_emitters_gain_nothing_from_a_third(strength_nm):
    gains = []
    for seed in range(6):
        seen = images(PAIR_NM, 100 + seed, strength_nm)
        two = fit_two(seen, located(seen), 14.0, STEP_NM)
        gains.append(two.deviance - fit_three(seen, two, 14.0, STEP_NM).deviance)
    assert max(gains) < 25


def test_a_flat_image_shows_no_ring():
    rng = np.random.default_rng(1)
    flat = image(PAIR_NM[:0], 250, 9, 2.0, 1.0, rng, shares=[])
    ring = image(PAIR_NM, 250, 9, 2.0, 1.0, rng)
    assert detect_ring(flat, 180.0).delta_chi2 < 50
    found = detect_ring(ring, 180.0)
    assert found.delta_chi2 > 1e4
    assert (found.x_nm, found.y_nm) == pytest.approx(PAIR_NM.mean(axis=0), abs=15)


def test_a_steering_error_widens_the_errors():
    seen = images(PAIR_NM, 5)
    one = located(seen)
    sharp, blurred = fit_two(seen, one, 14.0, STEP_NM), fit_two(seen, one, 14.0, 0.5)
    assert np.all(blurred.errors_nm > 1.1 * sharp.errors_nm)


@pytest.mark.parametrize("emitters", [1, 2, 3])
def test_a_model_tells_how_its_counts_change(emitters):
    """Jacobian and slopes are those of finite differences."""
    places = np.array([[12.0, -3.0], [22.0, 4.0], [60.0, -40.0]])[:emitters]
    seen = images(PAIR_NM, 1)
    model = packed(replace(located(seen), positions_nm=places, third_share=0.6))
    assert len(model) == seen.numbers(emitters)
    at, step = seen.expected(model, emitters), 1e-5
    for k, row in enumerate(step * np.eye(len(model))):
        change = (seen.expected(model + row, emitters).roots - seen.expected(model - row, emitters).roots) / (2 * step)
        np.testing.assert_allclose(at.jacobian[:, k], change, atol=1e-5)
    for axis, row in enumerate(1e-4 * np.eye(2)):
        moved = (seen.expected(model, emitters, row).roots - seen.expected(model, emitters, -row).roots) / 2e-4
        np.testing.assert_allclose(at.slopes[:, axis], moved, atol=1e-6)


def test_a_faint_third_changes_counts_as_its_score_says():
    seen, place = images(PAIR_NM, 1), np.array([[-30.0, 50.0]])
    two = replace(located(seen), positions_nm=PAIR_NM)
    three = replace(two, positions_nm=np.vstack([PAIR_NM, place]), third_share=1e-6)
    change = (seen.expected(packed(three), 3).roots - seen.expected(packed(two), 2).roots) / 1e-6
    np.testing.assert_allclose(seen.faint(packed(two), 2, place)[:, 0], change, rtol=1e-4)
