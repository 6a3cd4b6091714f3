"""What the model expects before any photon: signed, with a band that does not lie where something is at its edge."""

from dataclasses import replace

import numpy as np
import pytest

from physics.paulis import density_matrix
from sequences.analysis.engine.balance import release_states
from sequences.analysis.engine.engine_model import EngineModel
from sequences.analysis.engine.prediction import Z_975, Uncertain, predict, signed
from sequences.analysis.engine.release import Release
from sequences.analysis.pair.shot_classes import Spread

pytestmark = pytest.mark.unit

MODEL = EngineModel(66.4e3, 132.9e3, 250e3, relaxation_per_s=200.0, dephasing_per_s=1500.0, spins=20.0)
TIMES_US = np.array([2.0, 5.4])


def release(p_right=0.985, errors=(0.01, 0.01, 0.01, 0.01, 0.002, 4e3), **correlated):
    covariance = np.diag(np.square(errors))
    for pair, share in correlated.items():
        i, j = {"cold": (1, 3), "hot": (0, 2)}[pair]
        covariance[i, j] = covariance[j, i] = share * errors[i] * errors[j]
    return Release(5.4, 75.0, (0.06, p_right, 0.01, p_right, 1.0, 250e3), covariance)


def slope(known, k):
    """Change of the signed concurrence with one number, by a step that stays within what is physical."""
    step = -1e-3 * np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1e5])[k] * np.eye(6)[k]
    moved = signed(release_states(MODEL, known.moved(step), TIMES_US)) - signed(release_states(MODEL, known, TIMES_US))
    return moved / step[k]


def test_signed_is_the_formula_of_an_x_state():
    found = predict(MODEL, release(), TIMES_US)
    rho = density_matrix(found.vectors)
    expected = 2 * (np.abs(rho[:, 1, 2]) - np.sqrt(np.real(rho[:, 0, 0] * rho[:, 3, 3])))
    np.testing.assert_allclose(found.signed, expected, atol=1e-12)
    np.testing.assert_allclose(found.populations, np.real(np.diagonal(rho, axis1=1, axis2=2)))


def test_what_is_not_entangled_is_negative_by_how_far():
    values = [predict(MODEL, release(p), TIMES_US).signed[1] for p in (0.6, 0.8, 0.9, 0.99)]
    assert values == sorted(values)
    assert values[0] < -0.1 < 0.03 < values[-1]
    found = predict(MODEL, release(0.6), TIMES_US)
    np.testing.assert_array_equal(found.concurrence, 0.0)


def test_errors_are_those_of_the_slopes():
    known = release()
    sizes = np.sqrt(np.sum([np.square(slope(known, k) * known.errors[k]) for k in range(6)], axis=0))
    np.testing.assert_allclose(predict(MODEL, known, TIMES_US).signed_err, sizes, rtol=0.1)


def test_the_band_does_not_vanish_where_the_concurrence_does():
    found = predict(MODEL, release(0.7), TIMES_US)
    np.testing.assert_array_equal(found.concurrence, 0.0)
    sizes = np.sqrt(np.sum([np.square(slope(release(0.7), k) * release().errors[k]) for k in range(6)], axis=0))
    np.testing.assert_allclose(found.signed_err, sizes, rtol=0.05)
    assert found.signed_err.min() > 3e-3


def test_the_band_does_not_halve_where_a_bath_is_nearly_cold():
    """An error of 0.02 about 0.995: half of it is beyond what is physical, and the band is no narrower for it.

    The square root of rho_11 is steeper there, so it is wider.
    """
    bands = [
        predict(MODEL, release(p, (0.0, 0.02, 0.0, 0.0, 0.0, 0.0)), TIMES_US).signed_err for p in (0.95, 0.97, 0.995)
    ]
    assert np.all(np.diff(bands, axis=0) > 0.0)


def test_the_band_does_not_halve_where_noise_has_taken_a_bath_beyond_what_is_physical():
    inside, beyond = (
        predict(MODEL, release(p, (0.0, 0.04, 0.0, 0.0, 0.0, 0.0)), TIMES_US).signed_err for p in (0.98, 1.015)
    )
    assert np.all(beyond > 0.8 * inside)


def test_the_band_is_that_of_states_drawn_from_what_is_known():
    """Where an error bends the concurrence: two errors of the cold bath from here it rises twice as fast."""
    known, time_us = release(0.93, (0.01, 0.03, 0.01, 0.01, 0.002, 4e3)), TIMES_US[1:]
    found = predict(MODEL, known, time_us)
    chance = np.random.default_rng(5)
    drawn = [known.moved(chance.standard_normal(6) * known.errors) for _ in range(300)]
    away = [
        float(signed(release_states(MODEL, one, time_us))[0] - found.signed[0])
        for one in drawn
        if max(one.values[1], one.values[3]) < 1.0
    ]
    assert found.signed_err[0] == pytest.approx(np.sqrt(np.mean(np.square(away))), rel=0.15)
    assert found.signed_up[0] > 1.1 * found.signed_err[0]
    assert np.mean(np.array(away) > Z_975 * found.signed_up[0]) < 0.04


def test_numbers_that_err_together_count_together():
    """The cold bath and the NV that cools it: both stand on the same read-out."""
    apart, together, against = (
        predict(MODEL, release(cold=share), TIMES_US).signed_err for share in (0.0, 0.99, -0.99)
    )
    slopes = slope(release(), 1) * slope(release(), 3)
    assert np.all(np.sign(together - apart) == np.sign(slopes))
    assert np.all(np.sign(against - apart) == -np.sign(slopes))


def test_what_the_calibration_does_not_know_adds_in_quadrature():
    known, wide = release(), replace(MODEL, spread=Spread(900.0, 900.0))
    g = Uncertain("g", replace(MODEL, g_rad_per_s=70e3), replace(MODEL, g_rad_per_s=62.8e3))
    spread = Uncertain("spread", wide, MODEL)
    bare, with_g, with_spread, both = (
        predict(MODEL, known, TIMES_US, listed).signed_err for listed in ((), (g,), (spread,), (g, spread))
    )
    assert np.all(with_g > bare)
    assert np.all(with_spread > bare)
    np.testing.assert_allclose(both**2, with_g**2 + with_spread**2 - bare**2, rtol=1e-9)
    changes = signed(release_states(wide, known, TIMES_US)) - signed(release_states(MODEL, known, TIMES_US))
    np.testing.assert_allclose(with_spread**2 - bare**2, (0.5 * changes) ** 2, rtol=1e-6)


def test_a_spread_of_the_lines_costs_concurrence():
    """As the mean over shots does (rows of QuTiP, natural 13C at 13.5 nm: 0.055, 0.040 and 0.010)."""
    found = [
        max(
            predict(
                replace(MODEL, spread=Spread(khz**2, khz**2)), release(0.986, (0.0,) * 6), np.arange(3.0, 8.1)
            ).signed
        )
        for khz in (0.0, 20.0, 50.0)
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] - found[1] == pytest.approx(0.015, abs=0.005)
    assert found[0] - found[2] == pytest.approx(0.045, abs=0.008)
