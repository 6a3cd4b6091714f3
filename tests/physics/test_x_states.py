"""X states the fast way against the 16 Pauli components, and where eigenvectors fail."""

import numpy as np
import pytest

from physics.engine import liouvillian, propagator, steady_state
from physics.entanglement import signed_concurrence, witness, x_state_concurrence
from physics.paulis import density_matrix
from physics.x_states import XEngine, XState

NAMES = ("g", "up", "down", "dephasing", "detuning")


def random_engines(count=60, seed=5):
    rng = np.random.default_rng(seed)
    pair = lambda most, least=0.0: tuple(rng.uniform(least, most, (2, count)))  # noqa: E731
    values = (rng.uniform(1e3, 2e5, count), pair(3e5), pair(3e5), pair(1e5), pair(1e5, -1e5))
    return dict(zip(NAMES, values, strict=True)), XState.product(*rng.uniform(-1, 1, (2, count)))


def fast(parameters):
    return XEngine(*(parameters[name] for name in NAMES))


def test_steady_states_are_those_of_all_pauli_components():
    parameters, _ = random_engines()
    expected = steady_state(liouvillian(zz=7e4, **parameters))  # the n_L n_R term acts on no X state
    np.testing.assert_allclose(fast(parameters).steady().pauli_vector, expected, atol=1e-12)


def test_transients_are_those_of_all_pauli_components():
    parameters, start = random_engines()
    times = np.array([0.0, 0.4e-6, 3e-6, 40e-6])
    expected = propagator(liouvillian(zz=7e4, **parameters)[:, None], times) @ start.pauli_vector[:, None, :, None]
    found = fast(parameters).transient(start, times)
    np.testing.assert_allclose(found.pauli_vector, expected[..., 0], atol=1e-11)


@pytest.mark.parametrize("g", [0.0, 375.0 * np.sqrt(4), 750.0 * (1 + 1e-9), 750.0 * (1 + 1e-3)])
def test_where_eigenvectors_coincide(g):
    """Equal baths and a dephasing of 4 g between them: the coherence is damped critically."""
    rates = {"up": (1e5, 0.0), "down": (1.5e5, 2.5e5), "dephasing": (1.5e3, 1.5e3), "detuning": (0.0, 0.0)}
    times = np.linspace(0.0, 50e-6, 5)
    start = XState.product(0.2, 0.9)
    expected = propagator(liouvillian(g=g, **rates), times) @ start.pauli_vector
    found = XEngine(g, *(rates[name] for name in NAMES[1:])).transient(start, times)
    np.testing.assert_allclose(found.pauli_vector, expected, atol=1e-10)


def test_where_the_product_of_both_decays_as_fast_as_a_mode():
    """Without exchange and with a dephasing that is the rate of the baths a mode of the block decays as zz does."""
    rates = {"up": (1e5, 0.0), "down": (1.5e5, 2.5e5), "dephasing": (1.25e5, 1.25e5), "detuning": (0.0, 0.0)}
    times = np.array([1e-6, 9e-6])
    start = XState.product(-0.3, 0.9)
    expected = propagator(liouvillian(g=0.0, **rates), times) @ start.pauli_vector
    found = XEngine(0.0, *(rates[name] for name in NAMES[1:])).transient(start, times)
    np.testing.assert_allclose(found.pauli_vector, expected, atol=1e-10)


@pytest.mark.parametrize(
    "times", [np.linspace(0, 3e-5, 41), np.linspace(2e-6, 3e-5, 50), np.linspace(0, 5.0, 70) ** 2 * 1e-6]
)
def test_many_times_are_as_single_ones(times):
    """Evenly spaced ones are multiplied up from few exponentials."""
    parameters, start = random_engines(8)
    together = fast(parameters).transient(start, times)
    alone = [fast(parameters).transient(start, np.array([t])) for t in times]
    np.testing.assert_allclose(together.pauli_vector, np.stack([s.pauli_vector[:, 0] for s in alone], 1), atol=1e-13)


def test_measures_of_x_states():
    parameters, start = random_engines()
    states = fast(parameters).transient(start, np.array([0.5e-6, 5e-6]))
    rho = density_matrix(states.pauli_vector)
    np.testing.assert_allclose(states.witness, witness(rho), atol=1e-12)
    np.testing.assert_allclose(states.signed_concurrence, signed_concurrence(rho), atol=1e-10)
    np.testing.assert_allclose(states.concurrence, x_state_concurrence(rho), atol=1e-12)
    np.testing.assert_allclose(states.populations, np.real(np.einsum("...ii->i...", rho)), atol=1e-12)
    again = XState.from_pauli_vector(states.pauli_vector)
    np.testing.assert_allclose(again.im, states.im, atol=1e-15)


def test_arguments_broadcast_and_times_come_last():
    engine = XEngine(np.array([5e4, 6e4])[:, None], (1e5, np.array([0.0, 1e3, 2e3])), (1e5, 2e5))
    assert engine.steady().zz.shape == (2, 3)
    states = engine.transient(XState.product(0.0, 1.0), np.linspace(0, 1e-5, 4))
    assert states.zz.shape == (2, 3, 4)
    alone = XEngine(6e4, (1e5, 1e3), (1e5, 2e5)).transient(XState.product(0.0, 1.0), np.linspace(0, 1e-5, 4))
    np.testing.assert_allclose(states.im[1, 1], alone.im, atol=1e-14)


def test_a_pair_without_relaxation_has_no_steady_state():
    with pytest.raises(ValueError, match="more than one steady state"):
        XEngine(6e4, (0.0, 0.0), (0.0, 0.0)).steady()
