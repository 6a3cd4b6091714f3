"""The engine against QuTiP at random parameters: generators, transients, steady states, concurrence."""

import numpy as np
import pytest
from support.pairs import random_states

from physics.engine import liouvillian, propagator, steady_state
from physics.entanglement import concurrence, fidelity, trace_distance
from physics.paulis import density_matrix, pauli_vector

qutip = pytest.importorskip("qutip", reason="a development dependency: pip install labctl[dev]")


def two_nvs(g, zz, detuning, drive, up, down, dephasing):
    """QuTiP's Liouvillian, written from the conventions, with its own operators."""
    one = qutip.qeye(2)
    raising = qutip.basis(2, 1) * qutip.basis(2, 0).dag()

    def on(op):
        return qutip.tensor(op, one), qutip.tensor(one, op)

    plus, z = on(raising), on(qutip.sigmaz())
    n = [op * op.dag() for op in plus]
    h = g * (plus[0] * plus[1].dag() + plus[1] * plus[0].dag()) + zz * n[0] * n[1]
    h += sum(d * k for d, k in zip(detuning, n, strict=True))
    h += sum(rabi / 2 * sum(on(op)) for rabi, op in zip(drive, (qutip.sigmax(), qutip.sigmay()), strict=True))
    jumps = [np.sqrt(up[k]) * plus[k] for k in (0, 1)] + [np.sqrt(down[k]) * plus[k].dag() for k in (0, 1)]
    jumps += [np.sqrt(dephasing[k] / 2) * z[k] for k in (0, 1)]
    return qutip.liouvillian(h, jumps)


def random_parameters(seed):
    rng = np.random.default_rng(seed)
    return {
        "g": rng.uniform(1e4, 2e5),
        "zz": rng.uniform(-3e5, 3e5),
        "detuning": tuple(rng.uniform(-1e5, 1e5, 2)),
        "drive": tuple(rng.uniform(-1e6, 1e6, 2)),
        "up": tuple(rng.uniform(0, 3e5, 2)),
        "down": tuple(rng.uniform(0, 3e5, 2)),
        "dephasing": tuple(rng.uniform(0, 1e5, 2)),
    }


@pytest.mark.parametrize("seed", range(8))
def test_transient_and_steady_state(seed):
    parameters = random_parameters(seed)
    theirs, ours = two_nvs(**parameters), liouvillian(**parameters)
    start = random_states(1, seed)[0]
    start_q = qutip.Qobj(start, dims=[[2, 2], [2, 2]])
    duration_s = 7e-6
    expected = qutip.vector_to_operator((theirs * duration_s).expm() * qutip.operator_to_vector(start_q))
    evolved = density_matrix(propagator(ours, duration_s) @ pauli_vector(start))
    np.testing.assert_allclose(evolved, expected.full(), atol=1e-9)
    np.testing.assert_allclose(density_matrix(steady_state(ours)), qutip.steadystate(theirs).full(), atol=1e-9)


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_measures(rank):
    states = random_states(10, seed=rank, rank=rank)
    theirs = [qutip.Qobj(rho, dims=[[2, 2], [2, 2]]) for rho in states]
    np.testing.assert_allclose(concurrence(states), [qutip.concurrence(q) for q in theirs], atol=1e-6)
    mixed = random_states(1, seed=9)[0]
    other = qutip.Qobj(mixed, dims=[[2, 2], [2, 2]])
    np.testing.assert_allclose(fidelity(states, mixed), [qutip.fidelity(q, other) ** 2 for q in theirs], atol=1e-6)
    np.testing.assert_allclose(trace_distance(states, mixed), [qutip.tracedist(q, other) for q in theirs], atol=1e-9)
