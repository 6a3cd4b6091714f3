"""Measures on two-qubit states: concurrence, the signed witness of an X state, fidelity, trace distance.

States are (..., 4, 4) in the basis |00>, |01>, |10>, |11>; leading axes are a batch. See `paulis` for Pauli vectors.
"""

from typing import Final

import numpy as np

from physics.paulis import INDEX, PAULIS, Complex, Real

_FLIP: Final[Complex] = PAULIS[INDEX["YY"]]


def _root(rho: Complex) -> Complex:
    """A with A A^dagger = rho; eigenvalues below zero (noise) are taken as zero."""
    values, vectors = np.linalg.eigh(rho)
    return np.asarray(vectors * np.sqrt(np.clip(values, 0.0, None))[..., None, :])


def signed_concurrence(rho: Complex) -> Real:
    """Wootters' l1 - l2 - l3 - l4, not clipped: negative by how far the state is from being entangled.

    The l are singular values of A^T (sy x sy) A with rho = A A^dagger, which loses no digits to square roots of
    rounded zeros as the eigenvalues of rho rho~ would.
    """
    root = _root(rho)
    values = np.linalg.svd(np.swapaxes(root, -1, -2) @ _FLIP @ root, compute_uv=False)
    return np.asarray(2.0 * values[..., 0] - values.sum(axis=-1))


def concurrence(rho: Complex) -> Real:
    """Wootters' concurrence: 0 separable, 1 a Bell state. (..., 4, 4) -> (...)."""
    return np.maximum(signed_concurrence(rho), 0.0)


def witness(rho: Complex) -> Real:
    """|rho_01,10| - sqrt(rho_00 rho_11): positive only for entangled states, never clipped.

    Half the concurrence for an X state entangled by exchange, and for any state at most half its concurrence where it
    is positive. rho_00 and rho_11 are the populations of |00> and |11>.
    """
    return np.abs(rho[..., 1, 2]) - _geometric_mean(rho, 0, 3)


def x_state_concurrence(rho: Complex) -> Real:
    """Concurrence from the elements of an X state alone; a lower bound for any other state."""
    outer = np.abs(rho[..., 0, 3]) - _geometric_mean(rho, 1, 2)
    return 2.0 * np.maximum(0.0, np.maximum(witness(rho), outer))


def _geometric_mean(rho: Complex, i: int, j: int) -> Real:
    populations = np.clip(np.real(rho[..., i, i]), 0.0, None) * np.clip(np.real(rho[..., j, j]), 0.0, None)
    return np.asarray(np.sqrt(populations))


def fidelity(rho: Complex, sigma: Complex) -> Real:
    """Uhlmann's (Tr sqrt(sqrt(rho) sigma sqrt(rho)))^2, 1 for equal states."""
    overlap = np.swapaxes(_root(rho).conj(), -1, -2) @ _root(sigma)
    return np.asarray(np.linalg.svd(overlap, compute_uv=False).sum(axis=-1) ** 2)


def trace_distance(rho: Complex, sigma: Complex) -> Real:
    """Half the trace norm of the difference: 0 for equal states, 1 for orthogonal ones."""
    return np.asarray(0.5 * np.abs(np.linalg.eigvalsh(rho - sigma)).sum(axis=-1))
