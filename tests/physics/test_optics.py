"""Light: the doughnut's table (LG01 of 532 nm), saturation, and the two ways to deplete."""

import numpy as np
import pytest

from physics import optics


@pytest.mark.parametrize(("distance_nm", "of_crest"), [(7.0, 0.0043), (10.0, 0.0087), (20.0, 0.034)])
def test_doughnut_near_its_null(distance_nm, of_crest):
    """A LG01 mode of w = 250 nm has its crest at w / sqrt(2)."""
    profile = optics.doughnut_profile(distance_nm, 250.0 / np.sqrt(2), 0.0)
    assert profile == pytest.approx(of_crest, rel=0.02)


def test_doughnut_null_and_crest():
    r = np.linspace(0, 600, 6001)
    profile = optics.doughnut_profile(r, 180.0, 3e-4)
    assert profile[0] == pytest.approx(3e-4)
    assert profile.max() == pytest.approx(1.0)
    assert r[np.argmax(profile)] == pytest.approx(180.0)


def test_ground_state_depletion_selects():
    """The doughnut pumps: 13.5 nm from the null a NV can be saturated while the other one stays nearly dark."""
    left, right = optics.doughnut_profile(np.array([0.0, 13.5]), 180.0, 3e-4)
    pump = optics.pump_rate_per_s(np.array([left, right]) * 60.0, 1e6)
    assert pump[1] == pytest.approx(0.48e6, rel=0.02)
    assert pump[0] / pump[1] < 0.04


def test_stimulated_emission_depletion_spares_the_null():
    assert optics.sted_factor(0.0) == 1.0
    np.testing.assert_allclose(optics.sted_factor([1.0, 99.0]), [0.5, 0.01])


def test_emission():
    np.testing.assert_allclose(optics.saturation([0.0, 1.0, 9.0]), [0.0, 0.5, 0.9])
    assert optics.emission_cps(1e9, 250e3) == pytest.approx(250e3)
    assert optics.emission_cps(1.0, 250e3, share_1=1.0, contrast=0.3) == pytest.approx(0.7 * 125e3)
