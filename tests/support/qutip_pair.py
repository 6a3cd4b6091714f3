"""Two NVs in QuTiP's own operators, written from the conventions and sharing no code with the project."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import qutip
from numpy.typing import NDArray

_ONE = qutip.qeye(2)
_RAISING = qutip.basis(2, 1) * qutip.basis(2, 0).dag()


def on_both(operator: Any) -> tuple[Any, Any]:
    """Of the left NV, and of the right one."""
    return qutip.tensor(operator, _ONE), qutip.tensor(_ONE, operator)


PLUS = on_both(_RAISING)
Z = on_both(qutip.sigmaz())
EXCITED = [op * op.dag() for op in PLUS]


def hamiltonian(
    g: float, zz: float, detuning: Sequence[float] = (0.0, 0.0), drive: Sequence[float] = (0.0, 0.0)
) -> Any:
    """All in rad/s."""
    h = g * (PLUS[0] * PLUS[1].dag() + PLUS[1] * PLUS[0].dag()) + zz * EXCITED[0] * EXCITED[1]
    h += detuning[0] * EXCITED[0] + detuning[1] * EXCITED[1]
    for rabi, sigma in zip(drive, (qutip.sigmax(), qutip.sigmay()), strict=True):
        h += 0.5 * rabi * sum(on_both(sigma))
    return h


def jumps(up: Sequence[float], down: Sequence[float], dephasing: Sequence[float]) -> list[Any]:
    """Collapse operators of rates per second, each of both NVs."""
    out = [np.sqrt(up[k]) * PLUS[k] for k in (0, 1)] + [np.sqrt(down[k]) * PLUS[k].dag() for k in (0, 1)]
    return out + [np.sqrt(0.5 * dephasing[k]) * Z[k] for k in (0, 1)]


def matrix(state: NDArray[Any]) -> Any:
    """A density matrix as a Qobj of two qubits."""
    return qutip.Qobj(state, dims=[[2, 2], [2, 2]])


def evolved(h: Any, collapse: list[Any], rho: Any, duration_s: float) -> Any:
    """By the exponential of QuTiP's Liouvillian."""
    map_ = (qutip.liouvillian(h, collapse) * duration_s).expm()
    return qutip.vector_to_operator(map_ * qutip.operator_to_vector(rho))
