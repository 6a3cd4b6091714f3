"""The signed concurrence of an estimated state: unbiased, with an interval that covers, down to where |11> is empty."""

import numpy as np
import pytest
from scipy.stats import binom, norm

from physics.entanglement import signed_concurrence as true_signed
from physics.paulis import PAULIS, density_matrix, pauli_vector
from sequences.analysis.tomography.signed_concurrence import critical, root_of, signed_concurrence

DRAWS = 500
ONCE_IN = 1e-3
"""Chance by which a right estimator would fail a test with other seeds; these are fixed."""


def x_state(coherence, zero, eleven, phase=0.4):
    """As the engine leaves them: a coherence between |01> and |10>, populations of |00> and |11>."""
    rho = np.diag([zero, 0.7 * (1.0 - zero - eleven), 0.3 * (1.0 - zero - eleven), eleven]).astype(complex)
    rho[1, 2] = coherence * np.exp(1j * phase)
    rho[2, 1] = np.conj(rho[1, 2])
    return pauli_vector(rho)


def signed_of(vector):
    rho = density_matrix(vector)
    return float(2.0 * (abs(rho[1, 2]) - np.sqrt(rho[0, 0].real * rho[3, 3].real)))


def covariance_of(error, seed=5):
    """Some correlated covariance of the fifteen terms."""
    mixing = np.eye(15) + 0.3 * np.random.default_rng(seed).standard_normal((15, 15)) / np.sqrt(15)
    return error**2 * mixing @ mixing.T


def population_err(covariance, k=3):
    element = np.real(PAULIS[1:, k, k]) / 4.0
    return float(np.sqrt(element @ covariance @ element))


def with_errors(vector, count):
    """A covariance by which the population of |11> is so many of its errors."""
    eleven = density_matrix(vector)[3, 3].real
    return covariance_of(eleven / count / population_err(covariance_of(1.0)))


def drawn(vector, covariance, count=DRAWS, seed=1):
    rng, root = np.random.default_rng(seed), np.linalg.cholesky(covariance)
    return [
        signed_concurrence(np.append(1.0, vector[1:] + root @ rng.standard_normal(15)), covariance)
        for _ in range(count)
    ]


ENTANGLED = x_state(0.085, 0.52, 0.0077)
SEPARABLE = x_state(0.087, 0.52, 0.0146)
FAR = x_state(0.085, 0.51, 0.0235)
TURNED = x_state(0.085, 0.0077, 0.52)
"""|00> is the rare one."""
CASES = [(ENTANGLED, 1.2), (ENTANGLED, 5.0), (SEPARABLE, 2.5), (SEPARABLE, 10.0), (FAR, 8.0), (TURNED, 150.0)]


@pytest.fixture(scope="module", params=CASES, ids=["C, short", "C", "none, short", "none", "far", "turned"])
def case(request):
    vector, count = request.param
    found = drawn(vector, with_errors(vector, count))
    return signed_of(vector), found


def test_the_interval_covers_as_often_as_it_says(case):
    true, found = case
    covering = sum(one.interval[0] <= true <= one.interval[1] for one in found)
    assert binom.ppf(ONCE_IN, DRAWS, 0.95) <= covering <= binom.isf(ONCE_IN, DRAWS, 0.95)


def test_the_estimate_is_unbiased_and_its_error_is_its_spread(case):
    true, found = case
    values, errors = np.array([[one.value, one.error] for one in found]).T
    bias, luck = values.mean() - true, values.std(ddof=1) / np.sqrt(DRAWS)
    assert abs(bias) < 0.15 * errors.mean() + norm.isf(ONCE_IN) * luck
    assert 0.85 < np.sqrt(np.mean(((values - true) / errors) ** 2)) < 1.25  # 1.2 where |11> is one error


def test_what_is_separable_is_claimed_no_more_often_than_by_luck():
    true, found = signed_of(SEPARABLE), drawn(SEPARABLE, with_errors(SEPARABLE, 5.0), 3000)
    assert -0.002 < true <= 0.0
    claims = sum(one.value > 3.0 * one.error for one in found)
    assert claims <= binom.isf(ONCE_IN, 3000, norm.sf(3.0))


@pytest.mark.parametrize("level", [0.6827, 0.95])
@pytest.mark.parametrize("level_case", [ENTANGLED, SEPARABLE])
def test_other_levels_cover_too(level, level_case):
    covariance = with_errors(level_case, 3.0)
    rng, root, true = np.random.default_rng(9), np.linalg.cholesky(covariance), signed_of(level_case)
    hits = 0
    for _ in range(DRAWS):
        vector = np.append(1.0, level_case[1:] + root @ rng.standard_normal(15))
        low, high = signed_concurrence(vector, covariance, level).interval
        hits += low <= true <= high
    assert binom.ppf(ONCE_IN, DRAWS, level) <= hits <= binom.isf(ONCE_IN, DRAWS, level)


# ---- one dimension: exactly ---------------------------------------------------------------------------------------

NOISE = np.linspace(-8.0, 8.0, 4001)
WEIGHT = norm.pdf(NOISE) / norm.pdf(NOISE).sum()


@pytest.mark.parametrize("true", [0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 7.9, 8.1, 20.0, 400.0])
def test_the_root_is_unbiased_from_a_quarter_of_an_error_on(true):
    roots, errors = np.array([root_of(true + x) for x in NOISE]).T
    assert abs(roots @ WEIGHT - np.sqrt(true)) < 0.11 * (errors @ WEIGHT)
    assert roots.min() >= 0.0
    spread = np.sqrt((roots**2) @ WEIGHT - (roots @ WEIGHT) ** 2)
    assert 0.85 < spread / (errors @ WEIGHT) < 1.12


def test_the_root_goes_on_where_its_series_begins():
    below, above = np.array([root_of(8.0 - 1e-9), root_of(8.0 + 1e-9)])
    np.testing.assert_allclose(below, above, rtol=2e-3)
    assert root_of(-1e6)[0] == 0.0


@pytest.mark.parametrize("level", [0.6827, 0.95])
@pytest.mark.parametrize("true", [0.01, 0.3, 0.9, 1.4, 1.9, 2.5, 6.0])
def test_likelihood_intervals_near_a_bound_cover(true, level):
    """By counting: measured values whose chi-squared exceeds that of the best allowed value by less than critical."""
    found = true + NOISE
    excess = (found - true) ** 2 - np.minimum(found, 0.0) ** 2
    covering = WEIGHT @ (excess <= critical(np.array([true]), level)[0])
    assert covering == pytest.approx(level, abs=4e-3)


# ---- symmetries and limits ----------------------------------------------------------------------------------------


def unpacked(found):
    return np.array([found.value, found.error, *found.interval])


@pytest.mark.parametrize("vector", [ENTANGLED, SEPARABLE, x_state(0.5, 0.0, 0.0), x_state(0.0, 0.25, 0.25)])
def test_small_errors_give_the_formula_and_a_normal_interval(vector):
    """A Bell state too: 1, and a mixture without coherence: -0.5."""
    covariance = covariance_of(1e-7)
    found = signed_concurrence(vector, covariance)
    assert found.value == pytest.approx(signed_of(vector), abs=1e-6)
    low, high = found.interval
    assert low <= signed_of(vector) <= high
    if density_matrix(vector)[3, 3].real > 0.0 and abs(density_matrix(vector)[1, 2]) > 0.0:
        np.testing.assert_allclose([found.value - low, high - found.value], 1.96 * found.error, rtol=1e-3)
        ten = signed_concurrence(vector, 100.0 * covariance)
        assert ten.error == pytest.approx(10.0 * found.error, rel=1e-3)


@pytest.mark.parametrize("vector", [ENTANGLED, SEPARABLE, FAR])
def test_the_formula_is_the_signed_concurrence_of_an_x_state(vector):
    assert signed_of(vector) == pytest.approx(float(true_signed(density_matrix(vector))), abs=1e-9)


def map_of(unitary):
    """(16, 16): what a unitary does to Pauli vectors."""
    return np.real(np.einsum("kij,jl,mln,in->km", PAULIS, unitary, PAULIS, unitary.conj())) / 4.0


X, Z = np.array([[0, 1], [1, 0]], dtype=complex), np.diag([np.exp(-0.35j), np.exp(0.35j)])
SWAP = np.eye(4)[[0, 2, 1, 3]].astype(complex)


@pytest.mark.parametrize("unitary", [np.kron(Z, np.eye(2)), np.kron(X, X), SWAP], ids=["phase", "flip", "swap"])
@pytest.mark.parametrize("count", [0.8, 4.0])
def test_what_does_not_change_entanglement_does_not_change_the_answer(unitary, count):
    turn, covariance = map_of(unitary), with_errors(ENTANGLED, count)
    turned = signed_concurrence(turn @ ENTANGLED, turn[1:, 1:] @ covariance @ turn[1:, 1:].T)
    np.testing.assert_allclose(unpacked(turned), unpacked(signed_concurrence(ENTANGLED, covariance)), atol=1e-9)


def test_a_product_state_is_not_entangled():
    vector = x_state(0.25, 0.25, 0.25)
    rho = np.full((4, 4), 0.25, dtype=complex)  # both along x
    found = signed_concurrence(pauli_vector(rho), covariance_of(0.01))
    assert found.value == pytest.approx(signed_of(vector), abs=1e-3)
    assert found.interval[0] < 0.0 < found.interval[1]


@pytest.mark.parametrize("below", [0.0, 1.0, 3.0, 8.0])
def test_a_population_below_0_is_taken_for_a_small_one(below):
    """The interval is never empty, holds the estimate, and ends where the coherence alone ends it."""
    covariance = covariance_of(0.01)
    error = population_err(covariance)
    found = signed_concurrence(x_state(0.085, 0.52, -below * error), covariance)
    low, high = found.interval
    assert low < found.value < high
    assert found.value <= 2 * 0.085
    assert high < 2 * 0.085 + 6 * error
    assert found.error > np.sqrt(0.52 * error)  # as large as the root of what may be hidden there


def test_what_is_quoted_as_concurrence_is_not_below_0():
    found = signed_concurrence(FAR, with_errors(FAR, 40.0))
    assert found.value < 0.0
    assert (found.concurrence, found.concurrence_interval) == (0.0, (0.0, 0.0))
    wide = signed_concurrence(SEPARABLE, with_errors(SEPARABLE, 4.0))
    assert wide.interval[0] < 0.0 < wide.interval[1]
    assert wide.concurrence_interval == (0.0, wide.interval[1])
    sure = signed_concurrence(ENTANGLED, with_errors(ENTANGLED, 40.0))
    assert (sure.concurrence, sure.concurrence_interval) == (sure.value, sure.interval)
