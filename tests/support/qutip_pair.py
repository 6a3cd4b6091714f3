"""Two NVs in QuTiP's own operators, written from the conventions and sharing no code with the project."""

import numpy as np
import qutip

_ONE = qutip.qeye(2)
_RAISING = qutip.basis(2, 1) * qutip.basis(2, 0).dag()


def on_both(operator):
    return qutip.tensor(operator, _ONE), qutip.tensor(_ONE, operator)


PLUS = on_both(_RAISING)
Z = on_both(qutip.sigmaz())
EXCITED = [op * op.dag() for op in PLUS]


def hamiltonian(g, zz, detuning=(0.0, 0.0), drive=(0.0, 0.0)):
    h = g * (PLUS[0] * PLUS[1].dag() + PLUS[1] * PLUS[0].dag()) + zz * EXCITED[0] * EXCITED[1]
    h += detuning[0] * EXCITED[0] + detuning[1] * EXCITED[1]
    for rabi, sigma in zip(drive, (qutip.sigmax(), qutip.sigmay()), strict=True):
        h += 0.5 * rabi * sum(on_both(sigma))
    return h


def jumps(up, down, dephasing):
    out = [np.sqrt(up[k]) * PLUS[k] for k in (0, 1)] + [np.sqrt(down[k]) * PLUS[k].dag() for k in (0, 1)]
    return out + [np.sqrt(0.5 * dephasing[k]) * Z[k] for k in (0, 1)]


def matrix(state):
    """A density matrix as a Qobj of two qubits."""
    return qutip.Qobj(state, dims=[[2, 2], [2, 2]])


def evolved(h, collapse, rho, duration_s):
    """By the exponential of QuTiP's Liouvillian."""
    map_ = (qutip.liouvillian(h, collapse) * duration_s).expm()
    return qutip.vector_to_operator(map_ * qutip.operator_to_vector(rho))
