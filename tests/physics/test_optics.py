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


def test_red_light_empties_an_excited_nv():
    """With s of green the excited share is s / (1 + s + I / I_STED)."""
    s, red = np.array([0.1, 1.0, 10.0]), np.array([0.0, 1.0, 100.0])
    np.testing.assert_allclose(optics.excited_share(s, 0.0), optics.saturation(s))
    np.testing.assert_allclose(optics.excited_share(s, red), s / (1.0 + s + red))
    np.testing.assert_allclose(optics.excited_share(1e-6, red) / 1e-6, optics.sted_factor(red), rtol=1e-5)


def test_red_light_alone_excites_by_its_anti_stokes_share():
    assert optics.excited_share(0.0, 1e3) == 0.0
    assert optics.excited_share(0.0, 100.0, 1e-5) == pytest.approx(1e-3 / 101.001)
    assert optics.excited_share(0.0, 1e9, 1e-2) == pytest.approx(0.01 / 1.01, rel=1e-6)  # it empties what it excites


@pytest.mark.parametrize("crest", [1e2, 1e3, 1e4])
def test_resolution_goes_with_the_root_of_the_red_power(crest):
    """Weak green light: the half width is the diffraction-limited one over the root of 1 + I / I_s (Hell's law)."""
    r = np.linspace(0.0, 100.0, 200_001)
    shine = optics.excited_share(1e-4, crest * optics.doughnut_profile(r, 165.0, 0.0)) / optics.excited_share(1e-4)
    half = float(np.interp(-0.5, -shine, r))
    assert half == pytest.approx(optics.half_width_nm(165.0, crest), rel=2.0 / crest)
    assert half * np.sqrt(1.0 + np.e * crest) == pytest.approx(165.0, rel=2.0 / crest)


def test_strong_green_light_costs_resolution_and_a_shallow_null_costs_light():
    r = np.array([0.0, 13.5])
    profile = optics.doughnut_profile(r, 165.0, 3e-4)
    weak, strong = (optics.excited_share(s, 4e3 * profile) for s in (0.1, 10.0))
    assert weak[1] / weak[0] < strong[1] / strong[0]
    shallow = optics.excited_share(0.1, 4e3 * optics.doughnut_profile(r, 165.0, 1e-2))
    assert shallow[0] < 0.06 * weak[0]
    assert shallow[1] / shallow[0] > 0.3  # a null that is not dark no longer selects
