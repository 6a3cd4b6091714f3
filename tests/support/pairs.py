"""Pairs of NVs between their baths, for the tests: shorthand, no physics of its own."""

import numpy as np
from numpy.typing import NDArray

from physics.engine import Bath, liouvillian
from physics.paulis import INDEX, Real, product_vector

GAMMA1 = 250e3
SWAP = np.array([INDEX[name[::-1]] for name in INDEX])
"""Exchanges left and right in a Pauli vector."""


def pair(
    g: float | Real,
    p: tuple[float, float] = (0.0, 1.0),
    gamma1: float | tuple[float, float] = GAMMA1,
    gamma2: float | tuple[float, float] = 0.0,
    gamma_sl: float = 0.0,
    zz: float = 0.0,
    detuning: tuple[float, float] = (0.0, 0.0),
) -> Real:
    """Liouvillian of two NVs; a single rate holds for both."""
    rates = gamma1 if isinstance(gamma1, tuple) else (gamma1, gamma1)
    left, right = (Bath(rate, polarisation, gamma_sl) for rate, polarisation in zip(rates, p, strict=True))
    return liouvillian(
        g=g,
        zz=zz,
        detuning=detuning,
        up=(left.up_per_s, right.up_per_s),
        down=(left.down_per_s, right.down_per_s),
        dephasing=gamma2 if isinstance(gamma2, tuple) else (gamma2, gamma2),
    )


def thermal(p_left: float, p_right: float) -> Real:
    return product_vector(np.array([1.0, 0.0, 0.0, p_left]), np.array([1.0, 0.0, 0.0, p_right]))


def random_states(n: int, seed: int = 1, rank: int = 4) -> NDArray[np.complex128]:
    """Density matrices of two qubits, (n, 4, 4)."""
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((n, 4, rank)) + 1j * rng.standard_normal((n, 4, rank))
    rho = a @ np.swapaxes(a, -1, -2).conj()
    return np.asarray(rho / np.trace(rho, axis1=-2, axis2=-1)[:, None, None])
