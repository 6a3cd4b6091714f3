"""Both baths in cycles of other lengths: against cycles that change nothing."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import root

from sequences.analysis.engine.balance import polarisation_after, polarisations, quoted_at, release_states
from sequences.analysis.engine.engine_model import EngineModel
from sequences.analysis.engine.release import Release

pytestmark = pytest.mark.unit

WEAK = EngineModel(
    g_rad_per_s=66.45e3,
    zz_rad_per_s=132.9e3,
    gamma1_per_s=250e3,
    relaxation_per_s=200.0,
    dephasing_per_s=1500.0,
    spins=20,
)
CLOSE = replace(WEAK, g_rad_per_s=330e3, zz_rad_per_s=660e3, gamma1_per_s=45e3, dephasing_per_s=270.0)
START_Z, COOLING_US, PUMPED = (0.02, 0.95), 75.0, 0.95


def steady(model, evolution_us):
    """The baths that a cycle leaves as it has found them."""
    kept = np.exp(-model.contact_rate_per_s[1] / model.spins * COOLING_US * 1e-6)

    def gained(p):
        after = p + model.gains(np.array([evolution_us * 1e-6]), tuple(p), START_Z)[0]
        return np.array([after[0], PUMPED + (after[1] - PUMPED) * kept]) - p

    found = root(gained, (0.1, 0.9))
    assert found.success
    return found.x


@pytest.mark.parametrize("model", [WEAK, CLOSE], ids=["weak", "close"])
def test_baths_of_other_cycles_are_those_of_their_steady_state(model):
    here = steady(model, 5.0)
    release = Release(5.0, COOLING_US, (*here, *START_Z, 1.0, model.gamma1_per_s), np.zeros((6, 6)))
    for time_us in (2.0, 3.0, 8.0):
        expected = steady(model, time_us)
        found = polarisation_after(model, release, time_us)
        assert found == pytest.approx(expected, abs=0.01 + 0.05 * np.abs(expected - here).max())


def test_in_its_own_cycle_a_bath_is_what_it_is():
    release = Release(5.0, COOLING_US, (0.3, 0.8, *START_Z, 0.7, 45e3), np.zeros((6, 6)))
    assert polarisation_after(CLOSE, release, 5.0) == pytest.approx((0.3, 0.8))


def test_the_balance_may_be_of_no_account():
    release = Release(5.0, COOLING_US, (0.3, 0.8, *START_Z, 0.0, 45e3), np.zeros((6, 6)))
    np.testing.assert_allclose(polarisations(CLOSE, release, np.array([1.0, 12.0])), [[0.3, 0.8]] * 2)


def test_an_unsure_balance_makes_other_cycles_unsure():
    covariance = np.diag([1e-4, 1e-4, 1e-6, 1e-6, 0.09, 1e6])
    release = Release(5.0, COOLING_US, (0.1, 0.9, *START_Z, 1.0, 45e3), covariance)
    _, own_err, _, _ = quoted_at(CLOSE, release, 5.0)
    _, other_err, _, _ = quoted_at(CLOSE, release, 1.0)
    assert own_err == pytest.approx(0.01, rel=0.05)
    assert other_err > 1.1 * own_err


def test_nvs_without_charge_move_no_bath():
    half = replace(WEAK, charged=(0.5, 0.5))
    times = np.array([3e-6])
    whole, less = (m.gains(times, (0.1, 0.9), START_Z)[0] for m in (WEAK, half))
    assert abs(less[1]) < 0.6 * abs(whole[1])
    assert half.contact_rate_per_s[0] == pytest.approx(0.5 * WEAK.contact_rate_per_s[0])


def test_every_cycle_has_its_own_baths():
    release = Release(5.4, COOLING_US, (0.08, 0.935, 0.02, 0.94, 1.0, 262e3), np.zeros((6, 6)))
    vectors = release_states(WEAK, release, np.array([2.0, 8.0]))
    for vector, time_us in zip(vectors, (2.0, 8.0), strict=True):
        baths = polarisation_after(WEAK, release, time_us)
        alone = replace(WEAK, gamma1_per_s=262e3).states(np.array([time_us * 1e-6]), baths, release.start_z)[0]
        np.testing.assert_allclose(vector, alone, atol=1e-4)
