"""Concurrence and its companions: known states, bounds, and what local operations cannot change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import unitary_group
from support.pairs import random_states

from physics.entanglement import (
    concurrence,
    fidelity,
    signed_concurrence,
    trace_distance,
    witness,
    x_state_concurrence,
)

seeds = st.integers(0, 2**31)
KETS = np.array([[1, 0, 0, 1], [1, 0, 0, -1], [0, 1, 1, 0], [0, 1, -1j, 0]]) / np.sqrt(2)
BELL = KETS[:, :, None] * KETS[:, None, :].conj()


def test_bell_states():
    np.testing.assert_allclose(concurrence(BELL), 1.0, atol=1e-14)
    np.testing.assert_allclose(x_state_concurrence(BELL), 1.0, atol=1e-14)
    np.testing.assert_allclose(witness(BELL), [-0.5, -0.5, 0.5, 0.5], atol=1e-14)


@given(st.floats(0.0, 1.0))
def test_werner_states(visibility):
    werner = visibility * BELL + (1 - visibility) * np.eye(4) / 4
    expected = max(0.0, (3 * visibility - 1) / 2)
    np.testing.assert_allclose(concurrence(werner), expected, atol=1e-12)
    np.testing.assert_allclose(x_state_concurrence(werner), expected, atol=1e-12)


def test_signed_concurrence_of_white_noise():
    assert signed_concurrence(np.eye(4, dtype=complex) / 4) == pytest.approx(-0.5)


@given(seeds)
@settings(max_examples=50, deadline=None)
def test_local_unitaries_change_nothing(seed):
    left, right = unitary_group.rvs(2, size=2, random_state=seed)
    local = np.kron(left, right)
    for rank in (1, 2, 3, 4):
        rho = random_states(4, seed, rank)
        turned = local @ rho @ local.conj().T
        np.testing.assert_allclose(signed_concurrence(turned), signed_concurrence(rho), atol=1e-10)


@given(seeds)
@settings(max_examples=50, deadline=None)
def test_product_states_are_separable(seed):
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(3))
    rho = np.zeros((4, 4), dtype=complex)
    for weight in weights:
        a, b = (v / np.linalg.norm(v) for v in rng.standard_normal((2, 2)) + 1j * rng.standard_normal((2, 2)))
        ket = np.kron(a, b)
        rho += weight * np.outer(ket, ket.conj())
    assert concurrence(rho) == pytest.approx(0.0, abs=1e-7)
    assert witness(rho) <= 1e-12


@given(seeds)
@settings(max_examples=50, deadline=None)
def test_x_states(seed):
    rho = random_states(8, seed)
    x_shape = (np.eye(4) + np.fliplr(np.eye(4))).astype(bool)
    x_states = np.where(x_shape, rho, 0.0)
    np.testing.assert_allclose(x_state_concurrence(x_states), concurrence(x_states), atol=1e-7)
    assert np.all(x_state_concurrence(rho) <= concurrence(rho) + 1e-9)
    assert np.all(2 * witness(rho) <= concurrence(rho) + 1e-9)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_pure_states(seed):
    rng = np.random.default_rng(seed)
    ket = rng.standard_normal(4) + 1j * rng.standard_normal(4)
    ket /= np.linalg.norm(ket)
    expected = 2 * abs(ket[0] * ket[3] - ket[1] * ket[2])
    assert concurrence(np.outer(ket, ket.conj())) == pytest.approx(expected, abs=1e-12)


def test_batches_keep_their_shape():
    rho = random_states(12).reshape(3, 4, 4, 4)
    for measure in (concurrence, signed_concurrence, witness, x_state_concurrence):
        assert measure(rho).shape == (3, 4)
        assert measure(rho)[1, 2] == pytest.approx(measure(rho[1, 2]))


def test_fidelity_and_trace_distance():
    np.testing.assert_allclose(fidelity(BELL, BELL), 1.0, atol=1e-9)
    np.testing.assert_allclose(trace_distance(BELL, BELL), 0.0, atol=1e-14)
    assert fidelity(BELL[0], BELL[1]) == pytest.approx(0.0, abs=1e-12)
    assert trace_distance(BELL[0], BELL[1]) == pytest.approx(1.0)
    assert fidelity(BELL[2], np.eye(4) / 4) == pytest.approx(0.25)
