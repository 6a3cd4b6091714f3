"""Dips in wide, coarse spectra: how many, where, how surely; and the field they show, against exact levels."""

import numpy as np
import pytest

from physics.levels import nv_lines
from sequences.analysis.odmr.broadband import field_of_dips, find_dips

pytestmark = pytest.mark.unit

WIDTH_HZ = 6e6
FREQUENCIES_HZ = 2870e6 + np.arange(-280e6, 280e6, 0.6 * WIDTH_HZ)
ERROR = 0.005


def spectrum(centres_hz, depth, rng, width_hz=WIDTH_HZ):
    """Photoluminescence ratio with Gaussian noise, and its error: (points,) each."""
    detuning = FREQUENCIES_HZ[:, None] - np.array(centres_hz)
    ratio = 1.0 - depth * np.sum(1.0 / (1.0 + (2.0 * detuning / width_hz) ** 2), axis=1)
    return ratio + ERROR * rng.standard_normal(len(ratio)), np.full(len(ratio), ERROR)


def dips(centres_hz, depth, seed, width_hz=WIDTH_HZ):
    return find_dips(FREQUENCIES_HZ, *spectrum(centres_hz, depth, np.random.default_rng(seed), width_hz), WIDTH_HZ)


def lines_hz(field_mt, tilt_deg):
    """f- and f+ without nucleus."""
    tilt = np.radians(tilt_deg)
    lines = nv_lines(field_mt * np.cos(tilt), field_mt * np.sin(tilt), nitrogen=False)
    return float(lines.minus_hz[0]), float(lines.plus_hz[0])


def test_noise_alone_holds_no_dip():
    assert all(dips((), 0.0, seed).centres_hz == () for seed in range(40))


@pytest.mark.parametrize("width_hz", [4e6, 6e6, 9e6])
def test_one_line_is_never_taken_for_two(width_hz):
    found = [dips((2893e6,), 0.15, seed, width_hz) for seed in range(30)]
    assert all(len(one.centres_hz) == 1 for one in found)
    assert np.median([one.width_hz for one in found]) == pytest.approx(width_hz, rel=0.15)


def test_a_dip_of_the_least_depth_is_seen_more_often_than_not_and_one_of_twice_it_always():
    least = dips((), 0.0, 0).least_depth
    places_hz = 2870e6 + np.random.default_rng(3).uniform(-250e6, 250e6, 40)
    seen = [
        [bool(dips((place,), share * least, k).centres_hz) for k, place in enumerate(places_hz)] for share in (1, 2)
    ]
    assert np.mean(seen[0]) > 0.4
    assert np.all(seen[1])


def test_pulls_of_two_centres():
    rng = np.random.default_rng(5)
    pulls = []
    for seed in range(60):
        truth = np.sort(2870e6 + rng.uniform((-240e6, 20e6), (-20e6, 240e6)))
        found = dips(truth, 0.1, seed)
        pulls.append((np.array(found.centres_hz) - truth) / found.errors_hz)
    assert 0.8 < np.std(pulls) < 1.25
    assert abs(np.mean(pulls)) < 0.3


@pytest.mark.parametrize("tilt_deg", [20.0, 54.7, 70.5, 80.0])
def test_the_field_of_both_lines(tilt_deg):
    pulls = []
    for seed in range(40):
        seen = field_of_dips(dips(lines_hz(5.5, tilt_deg), 0.12, seed))
        assert seen is not None
        pulls.append(((seen.field_mt - 5.5) / seen.field_err_mt, (seen.tilt_deg - tilt_deg) / seen.tilt_err_deg))
    assert np.all(np.abs(pulls) < 4.0)
    assert np.all(np.std(pulls, axis=0) > 0.5)  # the errors allow for unresolved components, which there are none of
    assert np.all(np.abs(np.mean(pulls, axis=0)) < 0.5)


@pytest.mark.parametrize("tilt_deg", [0.0, 3.0])
def test_a_small_tilt_is_not_taken_for_a_large_one(tilt_deg):
    seen = [field_of_dips(dips(lines_hz(5.5, tilt_deg), 0.12, seed)) for seed in range(40)]
    assert all(one is not None and abs(one.field_mt - 5.5) < 4.0 * one.field_err_mt for one in seen)
    assert max(one.tilt_deg for one in seen) < 10.0


@pytest.mark.parametrize("across_mt", [2.0, 3.0, 4.0])
def test_one_line_raised_by_a_field_across_the_axis(across_mt):
    seen = field_of_dips(dips(lines_hz(across_mt, 90.0), 0.06, 1))
    assert seen is not None
    assert seen.field_mt == pytest.approx(across_mt, abs=3.0 * seen.field_err_mt)
    assert seen.tilt_deg == pytest.approx(90.0, abs=3.0 * seen.tilt_err_deg)


def test_one_line_at_d_shows_no_field():
    assert field_of_dips(dips((2870e6,), 0.15, 2)) is None


def test_lines_that_no_field_makes():
    assert field_of_dips(dips((2700e6, 2800e6), 0.15, 3)) is None
