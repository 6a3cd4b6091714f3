"""The pumping rate from windows of growing length."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from sequences.analysis.pair.pumping import BEST_WINDOW, Pumping, fit_pumping

pytestmark = pytest.mark.unit

WINDOWS_S = np.array([0.2, 0.5, 1.0, 1.6, 2.5, 4.0]) * 1e-6
RATE_PER_S, PHOTONS = 0.85e6, 0.06


@pytest.mark.parametrize(("slower", "alike"), [(1.0, True), (0.12, False)])
def test_errors_are_honest(slower, alike):
    windows_s = WINDOWS_S if alike else 3.0 * WINDOWS_S
    exact = -0.5 * PHOTONS * (np.expm1(-RATE_PER_S * windows_s) + np.expm1(-slower * RATE_PER_S * windows_s))
    error = 2e-4 * np.sqrt(WINDOWS_S / WINDOWS_S[0])
    pulls = []
    for seed in range(40):
        noise = error * np.random.default_rng(seed).standard_normal(6)
        found = fit_pumping(windows_s, exact + noise, error, alike)
        pulls.append((found.rate_per_s - RATE_PER_S) / found.rate_err_per_s)
        if alike:  # else the slower NV gives most of its photons behind the longest window
            assert found.contrast_photons == pytest.approx(PHOTONS, rel=0.05)
    assert 0.75 < np.std(pulls) < 1.3
    assert abs(np.mean(pulls)) < 0.5


def test_the_best_window_is_where_contrast_over_shot_noise_is_largest():
    best = minimize_scalar(lambda x: np.expm1(-x) / np.sqrt(x), bounds=(0.1, 5.0), method="bounded").x
    assert best == pytest.approx(BEST_WINDOW, abs=2e-3)


@pytest.mark.parametrize(("rate_per_s", "window_ns"), [(1e6, 1300), (0.1e6, 12_600), (1e9, 100)])
def test_windows_are_whole_ticks_and_never_empty(rate_per_s, window_ns):
    assert Pumping(rate_per_s, 1.0, 0.1).window_ns(100) == window_ns
