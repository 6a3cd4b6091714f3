"""Points in place of distributions: what they average is what theory says of Gaussians, sines and nuclei."""

import numpy as np
import pytest
from scipy.special import j0
from support.aligned_twin import sample

from simulated_instruments.twin.shots.classes import classes_of, has_classes, spread_of
from simulated_instruments.twin.shots.quadrature import gaussian, gaussian_and_sine, points_for, sine

pytestmark = pytest.mark.twin

TWO_PI = 2 * np.pi


@pytest.mark.parametrize("phase", [0.05, 0.3, 1.0, 2.0, 4.0, 9.0, 15.0])
def test_enough_points_average_a_gaussian_phase(phase):
    at, weight = gaussian(points_for(phase, 1e-5))
    for part in np.linspace(0.0, phase, 40):
        assert weight @ np.exp(1j * part * at) == pytest.approx(np.exp(-0.5 * part**2), abs=1e-4)


def test_few_points_for_little_and_for_what_few_shots_are():
    assert points_for(0.0, 1e-5) == 1
    assert points_for(0.1, 1e-5) < points_for(1.0, 1e-5) < points_for(5.0, 1e-5) <= points_for(500.0, 1e-5) <= 31
    assert points_for(1.0, 1e-2) < points_for(1.0, 1e-5)


@pytest.mark.parametrize(("sigma", "rms"), [(1.0, 0.0), (1.0, 0.2), (1.0, 3.0), (0.0, 1.0)])
def test_a_sine_beside_a_gaussian(sigma, rms):
    at, weight = gaussian_and_sine(8, sigma, rms)
    total = np.hypot(sigma, rms)
    assert weight.sum() == pytest.approx(1.0)
    assert weight @ at**2 == pytest.approx(1.0, rel=1e-5)
    for phase in (0.3, 0.8):  # of all of it; the mean over a sine's phase is Bessel's J0
        expected = np.exp(-0.5 * (phase * sigma / total) ** 2) * j0(np.sqrt(2) * phase * rms / total)
        assert weight @ np.exp(1j * phase * at) == pytest.approx(expected, abs=2e-5)
    assert np.all(np.abs(sine(5)[0]) <= np.sqrt(2))


POLARISED = np.array([0.05, 0.9])


@pytest.mark.parametrize("mains_ut", [0.0, 0.4])
@pytest.mark.parametrize("turns", [(1.0, 0.0), (0.0, 1.0), (1.0, -1.0), (1.0, 1.0), (0.3, -0.8)])
def test_both_lines_spread_as_they_should(turns, mains_ut):
    """E exp(i (a_L x_L + a_R x_R)) for independent Gaussians and one sine, narrowed and shifted by the baths."""
    truth = sample(
        bath={"overhauser_khz": 60.0, "overhauser_shift_khz": 30.0}, c13_percent=0.55, mains_ripple_ut=mains_ut
    )
    time_s = 5e-6
    classes = classes_of(truth, [1.0], np.array([2 * time_s, 2 * time_s]), True, POLARISED)
    x = classes.shots(POLARISED).offset_hz
    a = TWO_PI * time_s * np.array(turns)
    sigma_hz = 30e3 * np.sqrt(1 - POLARISED**2)
    expected = np.exp(1j * a @ (15e3 * POLARISED) - 0.5 * np.sum((a * sigma_hz) ** 2))
    expected *= j0(np.sqrt(2) * a.sum() * mains_ut * 28e3)
    assert classes.weight.sum() == pytest.approx(1.0, abs=1e-12)
    assert classes.weight @ np.exp(1j * x @ a) == pytest.approx(expected, abs=2e-4)


def test_a_colder_bath_narrows_and_moves_the_line():
    truth = sample(bath={"overhauser_khz": 60.0, "overhauser_shift_khz": 40.0})
    classes = classes_of(truth, [1.0], np.full(2, 5e-6), True, np.zeros(2))
    for p in (0.0, 0.6, 1.0):
        x = classes.shots(np.full(2, p)).offset_hz
        mean = classes.weight @ x
        np.testing.assert_allclose(mean, 40e3 * p, atol=1e-6)
        np.testing.assert_allclose(
            np.sqrt(classes.weight @ (x - mean) ** 2), 60e3 * np.sqrt(1 - p**2), rtol=1e-4, atol=1e-3
        )


def test_nuclei_and_charges_are_independent():
    truth = sample(optics={"nv_minus": 0.8}, nitrogen_polarisation=0.9)
    classes = classes_of(truth, [0.9, 0.05, 0.05], np.zeros(2), False, np.zeros(2))
    both = classes.negative.all(axis=1)
    assert classes.weight.sum() == pytest.approx(1.0, abs=1e-12)
    assert classes.weight[both].sum() == pytest.approx(0.64)
    assert classes.weight[~classes.negative.any(axis=1)].sum() == pytest.approx(0.04)
    for k in (0, 1):
        assert classes.weight[classes.negative[:, k]].sum() == pytest.approx(0.8)
        off = classes.negative[:, k] & (classes.nucleus[:, k] == 2)
        assert classes.weight[off].sum() == pytest.approx(0.8 * 0.05)
    off = both & (classes.nucleus == [1, 2]).all(axis=1)
    assert classes.weight[off].sum() == pytest.approx(0.64 * 0.05**2)


def test_only_what_differs_makes_classes():
    assert not has_classes(sample())
    assert not has_classes(sample(nitrogen="none", nitrogen_polarisation=0.9))
    assert not has_classes(sample(optics={"aom_delay_ns": 100.0, "pump_fidelity": 0.9}))
    for change in (
        {"nitrogen_polarisation": 0.99},
        {"mains_ripple_ut": 0.1},
        {"bath": {"overhauser_khz": 1.0}},
        {"bath": {"overhauser_shift_khz": -1.0}},
        {"optics": {"nv_minus": 0.9}},
        {"optics": {"singlet_ns": 200.0}},
    ):
        assert has_classes(sample(**change))


def test_spreads_go_with_the_share_of_13c():
    spread = spread_of(sample(bath={"overhauser_khz": 55.0, "overhauser_shift_khz": 11.0}, c13_percent=0.2))
    assert spread.sigma_hz == pytest.approx(10e3)
    assert spread.shift_hz == pytest.approx(2e3)


def test_a_long_train_of_pulses_does_not_take_for_ever():
    truth = sample(bath={"overhauser_khz": 150.0}, nitrogen_polarisation=0.95, optics={"nv_minus": 0.8})
    classes = classes_of(truth, [0.95, 0.025, 0.025], np.full(2, 1e-3), True, np.zeros(2))
    assert len(classes.weight) < 600
    assert classes.weight.sum() == pytest.approx(1.0, abs=1e-12)
    assert classes.weight @ classes.shots(np.zeros(2)).offset_hz[:, 0] == pytest.approx(0.0, abs=1.0)
