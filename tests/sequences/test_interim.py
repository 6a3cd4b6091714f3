"""A measurement that may end early claims no more often than one that may not."""

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from sequences.analysis.tomography.interim import SHARES_OF_TIME, corrected, expected_share, interim_after

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("common", [0.0, 0.7])
def test_false_claims_are_as_rare_as_without_looks(common):
    """common: share of the last look's variance that a calibration gives to every look alike."""
    rng = np.random.default_rng(3)
    runs, claim_sigma = 200_000, 2.0
    steps = np.diff([0.0, *SHARES_OF_TIME])
    own = np.cumsum(rng.standard_normal((runs, 4)) * np.sqrt(steps), axis=1) / SHARES_OF_TIME
    variance = (1.0 - common) / np.array(SHARES_OF_TIME) + common
    sigma = (np.sqrt(1.0 - common) * own + np.sqrt(common) * rng.standard_normal((runs, 1))) / np.sqrt(variance)
    told = sigma[(sigma > claim_sigma).any(axis=1)]
    claims = sum(any(corrected(float(s), k) >= claim_sigma for k, s in enumerate(run)) for run in told)
    assert binomtest(claims, runs, float(norm.sf(claim_sigma)), alternative="greater").pvalue > 1e-3
    assert claims > 0.3 * runs * norm.sf(claim_sigma)


def test_a_look_costs_a_tenth_of_five_sigma_in_the_end_and_half_a_sigma_in_the_beginning():
    assert 4.85 < corrected(5.0, 3) < 5.0
    assert 4.45 < corrected(5.0, 0) < 4.6
    assert corrected(50.0, 0) == 50.0
    assert corrected(-1.0, 0) == -1.0
    assert corrected(0.2, 0) == 0.0


@pytest.mark.parametrize(("rounds", "ends"), [(16, {2: 0, 4: 1, 8: 2, 16: 3}), (4, {1: 1, 2: 2, 4: 3}), (1, {1: 3})])
def test_looks_follow_an_eighth_a_quarter_a_half_and_all_of_the_rounds(rounds, ends):
    assert {n: look for n in range(1, rounds + 1) if (look := interim_after(n, rounds)) is not None} == ends


@pytest.mark.parametrize("hours", [1.0, 4.0])
def test_the_time_that_is_expected_is_that_of_many_measurements(hours):
    """Shot noise alone: at each look what was counted so far."""
    rng = np.random.default_rng(5)
    sigmas = 6.4 * np.sqrt(np.array(SHARES_OF_TIME) * hours)
    steps = np.sqrt(np.diff([0.0, *SHARES_OF_TIME]))
    noise = np.cumsum(rng.standard_normal((4_000, 4)) * steps, axis=1) / np.sqrt(SHARES_OF_TIME)
    ends = [
        next((end for k, (s, end) in enumerate(zip(run, SHARES_OF_TIME, strict=True)) if corrected(s, k) >= 5.0), 1.0)
        for run in (sigmas + noise).tolist()
    ]
    assert expected_share(sigmas.tolist(), 5.0) == pytest.approx(np.mean(ends), abs=0.03)
