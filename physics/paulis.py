"""The sixteen products of Pauli matrices, and the state as the real vector of their expectation values.

Qubit of each NV: |0> is m_s 0 (bright), |1> is m_s -1; sigma_z|0> = +|0>. Order left ⊗ right, basis |00>, |01>, |10>,
|11>. A state is rho = 1/4 sum_k r_k P_k with r_k = Tr(P_k rho) and r_0 = 1; every map on states is a real 16 x 16
matrix on r.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

IDENTITY: Final[Complex] = np.eye(2, dtype=complex)
SIGMA_X: Final[Complex] = np.array([[0, 1], [1, 0]], dtype=complex)
SIGMA_Y: Final[Complex] = np.array([[0, -1j], [1j, 0]], dtype=complex)
SIGMA_Z: Final[Complex] = np.diag([1.0, -1.0]).astype(complex)
RAISE: Final[Complex] = np.array([[0, 0], [1, 0]], dtype=complex)
"""sigma+ : |0> -> |1>, one excitation more."""

NAMES: Final[tuple[str, ...]] = tuple(left + right for left in "IXYZ" for right in "IXYZ")
INDEX: Final[dict[str, int]] = {name: k for k, name in enumerate(NAMES)}
SINGLE: Final[dict[str, Complex]] = {"I": IDENTITY, "X": SIGMA_X, "Y": SIGMA_Y, "Z": SIGMA_Z}
PAULIS: Final[Complex] = np.array([np.kron(SINGLE[name[0]], SINGLE[name[1]]) for name in NAMES])
"""(16, 4, 4), in the order of NAMES."""


def pauli_vector(rho: Complex) -> Real:
    """Expectation values of the sixteen Pauli products. rho: (..., 4, 4) -> (..., 16)."""
    return np.real(np.einsum("kij,...ji->...k", PAULIS, rho))


def density_matrix(vector: Real) -> Complex:
    """The state with these expectation values. (..., 16) -> (..., 4, 4)."""
    return np.asarray(np.einsum("...k,kij->...ij", vector, PAULIS) / 4.0, dtype=complex)


def product_vector(left: Real, right: Real) -> Real:
    """Pauli vector of a product state from the two Bloch vectors (1, x, y, z): (4,), (4,) -> (16,)."""
    return np.outer(left, right).ravel()
