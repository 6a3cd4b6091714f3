"""Bath polarisations from populations: the inversion of both read-outs, releases, build-up, contacts."""

from dataclasses import replace

import numpy as np
import pytest
from known_pair import VALUES, calibration

from physics.paulis import INDEX
from sequences.analysis.baths import (
    bath_after_contact,
    fit_build_up,
    fit_release,
    sigma_z,
)
from sequences.analysis.engine_model import EngineModel
from sequences.analysis.prediction import predict
from sequences.analysis.release import Release, release_states

MODEL = EngineModel(66.4e3, 132.9e3, 250e3, relaxation_per_s=200.0, dephasing_per_s=1500.0, spins=20.0)
Z = [INDEX["ZI"], INDEX["IZ"]]
TIMES_US = np.array([0.3, 1.0, 2.0, 3.5, 5.4, 8.0, 12.0])
TRUE = Release(5.4, (0.08, 0.965), (0, 0), (0.004, 0.0), (0.02, 0.97), (0, 0), 262e3, 0.0, 0.0)


def test_sigma_z_is_what_both_read_outs_add_up_to():
    z = np.array([[0.9, -0.7], [0.0, 1.0], [-1.0, 0.2]])
    common = VALUES["pump_level"] + z @ [VALUES["pump_left"], VALUES["pump_right"]]
    ring = VALUES["doughnut_level"] + z @ [VALUES["doughnut_left"], VALUES["doughnut_right"]]
    values, _ = sigma_z(calibration(), (common, np.full(3, 1e-4)), (ring, np.full(3, 1e-4)))
    np.testing.assert_allclose(values, z, atol=1e-12)


def test_errors_of_sigma_z_are_those_of_the_scatter():
    rng = np.random.default_rng(0)
    common = VALUES["pump_level"] + 3e-4 * rng.standard_normal(4000)
    ring = VALUES["doughnut_level"] + 1e-4 * rng.standard_normal(4000)
    values, errors = sigma_z(calibration(), (common, np.full(4000, 3e-4)), (ring, np.full(4000, 1e-4)))
    np.testing.assert_allclose(values.std(axis=0), errors[0], rtol=0.06)
    assert np.ptp(errors) < 0.5


@pytest.fixture(scope="module")
def releases():
    """Fits to populations with noise, by a model that thinks Gamma1 5 % less than it is."""
    sigma = 0.004
    exact = release_states(replace(MODEL, gamma1_per_s=TRUE.gamma1_per_s), TRUE, TIMES_US)[:, Z]
    out = []
    for seed in range(24):
        z = exact + sigma * np.random.default_rng(seed).standard_normal(exact.shape)
        out.append(fit_release(MODEL, 50e3, TIMES_US, z, np.full_like(z, sigma), TRUE.evolution_us))
    return out


def test_errors_of_a_release_are_honest(releases):
    pulls = np.array(
        [
            [
                *np.subtract(f.polarisation, TRUE.polarisation) / f.polarisation_err,
                *np.subtract(f.start_z, TRUE.start_z) / f.start_z_err,
                (f.gamma1_per_s - TRUE.gamma1_per_s) / f.gamma1_err_per_s,
            ]
            for f in releases
        ]
    )
    spread, mean = pulls.std(axis=0, ddof=1), pulls.mean(axis=0)
    assert np.all((spread > 0.7) & (spread < 1.35)), spread
    assert np.all(np.abs(mean) < 0.65), mean


def test_a_release_fits_as_well_as_the_noise_lets_it(releases):
    assert np.mean([f.reduced_chi2 for f in releases]) == pytest.approx(1.0, abs=0.35)
    assert np.mean([f.slope_per_us[0] for f in releases]) == pytest.approx(TRUE.slope_per_us[0], abs=0.004)


def test_known_gamma1_is_held():
    z = release_states(replace(MODEL, gamma1_per_s=TRUE.gamma1_per_s), TRUE, TIMES_US)[:, Z]
    held = fit_release(MODEL, 10.0, TIMES_US, z, np.full_like(z, 0.004), TRUE.evolution_us)
    assert held.gamma1_per_s == pytest.approx(MODEL.gamma1_per_s, abs=30.0)


def test_polarisations_move_with_the_cycle_and_stay_physical():
    assert TRUE.polarisation_after(10.4) == pytest.approx((0.10, 0.965))
    assert replace(TRUE, slope_per_us=(0.0, 0.01)).polarisation_after(20.0)[1] == 1.0
    cold = replace(TRUE, polarisation=(-0.99, 0.99), slope_per_us=(-0.01, 0.01))
    assert cold.polarisation_after(40.0) == (-1.0, 1.0)
    foreseen = predict(MODEL, cold, np.array([2.0, 40.0]))
    assert np.all((foreseen.populations > 0.0) & (foreseen.populations < 1.0))
    assert np.all(np.isfinite(foreseen.concurrence_err))


def test_every_cycle_has_its_own_baths():
    vectors = release_states(MODEL, TRUE, np.array([2.0, 8.0]))
    for vector, time_us in zip(vectors, (2.0, 8.0), strict=True):
        alone = MODEL.states(np.array([time_us * 1e-6]), TRUE.polarisation_after(time_us), TRUE.start_z)[0]
        np.testing.assert_array_equal(vector, alone)


def test_errors_of_a_build_up_are_honest():
    times = np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.8]) * 1e-3
    exact = 0.96 * (1.0 - np.exp(-times / 110e-6))
    pulls, finals = [], []
    for seed in range(40):
        seen = exact + 0.02 * np.random.default_rng(seed).standard_normal(len(times))
        found = fit_build_up(times, seen, np.full(len(times), 0.02))
        pulls.append((found.build_up_s - 110e-6) / found.build_up_err_s)
        finals.append(found.final)
    assert 0.7 < np.std(pulls) < 1.3
    assert abs(np.mean(pulls)) < 0.5
    assert np.mean(finals) == pytest.approx(0.96, abs=0.01)


@pytest.mark.parametrize(("polarisation", "start_z"), [(0.9, 0.3), (0.0, 1.0), (-0.4, 0.8)])
def test_a_contact_tells_the_bath_it_began_with(polarisation, start_z):
    """Against the engine without exchange; what the NV brings along is counted."""
    contact_s = 12e-6
    alone = replace(MODEL, g_rad_per_s=0.0, zz_rad_per_s=0.0, relaxation_per_s=0.0)
    z = alone.states(np.array([contact_s]), (0.0, polarisation), (0.0, start_z))[0][INDEX["IZ"]]
    share = -np.expm1(-MODEL.gamma1_per_s * contact_s)
    found = bath_after_contact(np.array(start_z), np.array(z), share, MODEL.spins)
    assert found == pytest.approx(polarisation, abs=0.01)
    assert abs(found - polarisation) < 0.3 * abs(z - polarisation)
