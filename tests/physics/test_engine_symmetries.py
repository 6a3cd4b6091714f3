"""What any Lindblad engine obeys: states stay states, what is conserved stays, left and right are alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pairs import GAMMA1, SWAP, pair, random_states, thermal

from physics.engine import evolve, liouvillian, propagator, steady_state
from physics.entanglement import concurrence
from physics.paulis import INDEX, NAMES, PAULIS, density_matrix, pauli_vector, product_vector

rates = st.floats(0.0, 1e6)
polarisations = st.floats(-1.0, 1.0)
angular = st.floats(-5e5, 5e5)


@given(
    g=angular,
    zz=angular,
    detuning=st.tuples(angular, angular),
    drive=st.tuples(angular, angular),
    up=st.tuples(rates, rates),
    down=st.tuples(rates, rates),
    dephasing=st.tuples(rates, rates),
    duration_us=st.floats(0.0, 100.0),
)
@settings(max_examples=60, deadline=None)
def test_states_stay_states(duration_us, **parameters):
    generator = liouvillian(**parameters)
    np.testing.assert_allclose(generator[0], 0.0, atol=1e-9)
    start = pauli_vector(random_states(5, rank=2))
    rho = density_matrix(start @ propagator(generator, duration_us * 1e-6).T)
    np.testing.assert_allclose(np.trace(rho, axis1=-2, axis2=-1), 1.0, atol=1e-10)
    assert np.linalg.eigvalsh(rho).min() > -1e-9


@given(g=angular, zz=angular, p=st.tuples(polarisations, polarisations), gamma1=st.tuples(rates, rates))
@settings(max_examples=40, deadline=None)
def test_left_and_right_are_alike(g, zz, p, gamma1):
    generator = pair(g, p=p, gamma1=gamma1, zz=zz, detuning=(3e4, -1e4), gamma2=(1e3, 2e3))
    mirrored = pair(g, p=p[::-1], gamma1=gamma1[::-1], zz=zz, detuning=(-1e4, 3e4), gamma2=(2e3, 1e3))
    np.testing.assert_allclose(generator[np.ix_(SWAP, SWAP)], mirrored, atol=1e-6)


def test_exchange_conserves_the_excitations():
    """Without baths Z_L + Z_R stays, whatever the detunings and C; the difference swings at 2 g."""
    times = np.linspace(0, 60e-6, 40)
    generator = liouvillian(g=66e3, zz=132e3, detuning=(2e4, -3e4))
    states = evolve(generator, pauli_vector(random_states(1)[0]), times)
    total = states[:, INDEX["ZI"]] + states[:, INDEX["IZ"]]
    np.testing.assert_allclose(total, total[0], atol=1e-10)

    swinging = evolve(liouvillian(g=66e3), thermal(-0.2, 0.8), times)
    np.testing.assert_allclose(
        swinging[:, INDEX["ZI"]] - swinging[:, INDEX["IZ"]], -np.cos(2 * 66e3 * times), atol=1e-10
    )


def test_a_quarter_exchange_reads_the_engines_coherence():
    """XY - YX becomes Z_L - Z_R after pi / (4 g): the coherence is readable without a microwave pulse."""
    g, state = 66e3, np.eye(16)[0].copy()
    state[INDEX["XY"]], state[INDEX["YX"]] = 0.3, -0.3
    after = propagator(liouvillian(g=g), np.pi / (4 * g)) @ state
    assert abs(after[INDEX["ZI"]] - after[INDEX["IZ"]]) == pytest.approx(0.6, abs=1e-12)


@pytest.mark.parametrize("p", [0.0, 0.3, 0.97, 1.0])
def test_equal_baths_leave_a_thermal_product(p):
    steady = steady_state(pair(66e3, p=(p, p), zz=132e3))
    np.testing.assert_allclose(steady, thermal(p, p), atol=1e-12)
    assert concurrence(density_matrix(steady)) == pytest.approx(0.0, abs=1e-12)


def test_without_coupling_each_nv_follows_its_own_bath():
    np.testing.assert_allclose(steady_state(pair(0.0, p=(0.1, 0.9))), thermal(0.1, 0.9), atol=1e-12)


def test_all_rates_scale_together():
    one = evolve(pair(50e3, zz=100e3, gamma2=1e3), thermal(0.0, 1.0), np.array([5e-6]))
    ten = evolve(pair(500e3, zz=1000e3, gamma1=10 * GAMMA1, gamma2=1e4), thermal(0.0, 1.0), np.array([0.5e-6]))
    np.testing.assert_allclose(one, ten, atol=1e-12)


def test_the_engines_coherence_is_imaginary_and_blind_to_c():
    """From an X state on resonance rho_01,10 has no real part, and C n_L n_R changes nothing."""
    times = np.linspace(0, 20e-6, 11)
    with_c = evolve(pair(66e3, zz=132e3), thermal(0.0, 1.0), times)
    np.testing.assert_allclose(with_c, evolve(pair(66e3), thermal(0.0, 1.0), times), atol=1e-12)
    coherence = density_matrix(with_c)[1:, 1, 2]
    assert np.all(np.abs(coherence.real) < 1e-12)
    assert np.all(coherence.imag < 0)


def test_coherence_decays_at_the_stated_rate():
    """A single coherence decays as exp(-Gamma2 t)."""
    state = product_vector(np.array([1.0, 1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0, 1.0]))
    after = propagator(liouvillian(dephasing=(1.5e3, 0.0)), 1e-3) @ state
    assert after[INDEX["XI"]] == pytest.approx(np.exp(-1.5))


def test_a_pi_half_pulse_turns_z_into_minus_y():
    rabi = 2 * np.pi * 1e6
    after = propagator(liouvillian(drive=(rabi, 0.0)), 0.25e-6) @ thermal(1.0, 1.0)
    assert after[INDEX["YI"]] == pytest.approx(-1.0)
    assert after[INDEX["YY"]] == pytest.approx(1.0)


def test_no_relaxation_has_no_unique_steady_state():
    with pytest.raises(np.linalg.LinAlgError):
        steady_state(liouvillian())


def test_batches_agree_with_single_calls():
    couplings = np.array([[10e3, 20e3], [30e3, 40e3]])
    batch = pair(couplings, zz=1e4)
    assert batch.shape == (2, 2, 16, 16)
    together = propagator(batch, np.array([1e-6, 2e-6]))
    for i, j in np.ndindex(2, 2):
        alone = pair(float(couplings[i, j]), zz=1e4)
        np.testing.assert_allclose(batch[i, j], alone)
        np.testing.assert_allclose(together[i, j], propagator(alone, (j + 1) * 1e-6), atol=1e-13)
        np.testing.assert_allclose(steady_state(batch)[i, j], steady_state(alone), atol=1e-12)


def test_pauli_vectors_are_the_state():
    rho = random_states(6).reshape(2, 3, 4, 4)
    vectors = pauli_vector(rho)
    assert vectors.shape == (2, 3, 16)
    np.testing.assert_allclose(density_matrix(vectors), rho, atol=1e-14)
    np.testing.assert_allclose(np.einsum("iab,jba->ij", PAULIS, PAULIS), 4 * np.eye(16), atol=1e-14)
    assert NAMES[0] == "II"
    assert NAMES[6] == "XY"
