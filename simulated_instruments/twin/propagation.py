"""Many pairs at once, each with its own constant rates: their propagators, with the integrals that ride along.

A state is written in the elements of its density matrix here, because without a drive those of different order do not
mix: four populations and the real and imaginary part of rho_01,10; rho_00,01, rho_10,11, rho_00,10 and rho_01,11, real
parts, then imaginary ones; the real and imaginary part of rho_00,11.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.engine import liouvillian
from physics.paulis import pauli_vector

Real = NDArray[np.float64]

SIZE: Final = 16
_WITH_INTEGRALS: Final = SIZE + 2
_SMALL: Final = 0.35
"""Norm up to which eight terms of the exponential series are right to 1e-9."""
_AT_ONCE: Final = 48
"""Matrices that the processor's cache holds with all that their series needs."""
_POPULATIONS, _SINGLE, _DOUBLE = slice(0, 6), slice(6, 14), slice(14, 16)


def _from_elements() -> Real:
    """(16, 16): elements -> Pauli vector."""
    columns = [np.diag(row).astype(complex) for row in np.eye(4)]
    parts = [[(1, 2)], [(0, 1), (2, 3), (0, 2), (1, 3)], [(0, 3)]]
    for places in parts:
        for phase in (1.0, 1.0j):
            for i, j in places:
                rho = np.zeros((4, 4), dtype=complex)
                rho[i, j], rho[j, i] = phase, np.conj(phase)
                columns.append(rho)
    return np.array([pauli_vector(rho) for rho in columns]).T


_TO_PAULI: Final = _from_elements()
_TO_ELEMENTS: Final = np.linalg.inv(_TO_PAULI)
SIGMA_Z: Final = np.array([[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])
"""(2, 4): sigma_z of the left and right NV from the populations, the first four elements."""


def elements(pauli: Real) -> Real:
    """(..., 16) -> (..., 16)."""
    return np.asarray(pauli @ _TO_ELEMENTS.T)


def pauli(elements_: Real) -> Real:
    """(..., 16) -> (..., 16): the way back."""
    return np.asarray(elements_ @ _TO_PAULI.T)


def _terms() -> Real:
    """(13, 18, 18): generators of which every pair's is a sum; the last one integrates sigma_z of both."""
    parts = [liouvillian(g=1.0), liouvillian(zz=1.0)]
    ones = ((1.0, 0.0), (0.0, 1.0))
    parts += [liouvillian(detuning=one) for one in ones]
    parts += [liouvillian(drive=one) for one in ones]
    parts += [liouvillian(up=one) for one in ones]
    parts += [liouvillian(down=one) for one in ones]
    parts += [liouvillian(dephasing=one) for one in ones]
    out = np.zeros((len(parts) + 1, _WITH_INTEGRALS, _WITH_INTEGRALS))
    out[:-1, :SIZE, :SIZE] = np.round(_TO_ELEMENTS @ np.array(parts) @ _TO_PAULI, 12)
    out[-1, SIZE:, :4] = SIGMA_Z
    return out


_TERMS: Final = _terms()
_LADDER: Final = np.r_[0:6, 16:18]
"""Populations, rho_01,10 and the integrals."""
_UNDRIVEN: Final = np.stack([_TERMS[:, _LADDER[:, None], _LADDER], _TERMS[:, _SINGLE, _SINGLE]], axis=1)
"""(13, 2, 8, 8)"""


def propagators(
    *,
    g: Real,
    zz: Real,
    detuning: Real,
    drive: tuple[float, float],
    up: Real,
    down: Real,
    dephasing: Real,
    duration_s: float,
) -> Real:
    """(C, 18, 16): elements -> (themselves, integrals of sigma_z of both, in s). See `physics.engine.liouvillian`.

    g, zz: (C,); detuning, up, down, dephasing: (C, 2); drive is the same for all.
    """
    coefficients = np.empty((len(g), len(_TERMS)))
    coefficients[:, 0], coefficients[:, 1] = g, zz
    for k, values in enumerate((detuning, np.array(drive), up, down, dephasing)):
        coefficients[:, 2 + 2 * k : 4 + 2 * k] = values
    coefficients[:, -1] = 1.0 / duration_s  # integrals as means, so that they weigh as much as the rest
    coefficients *= duration_s
    out = _undriven(coefficients) if drive == (0.0, 0.0) else _driven(coefficients)
    out[:, SIZE:] *= duration_s
    return out


def _driven(coefficients: Real) -> Real:
    exponents = (coefficients @ _TERMS.reshape(len(_TERMS), -1)).reshape(-1, _WITH_INTEGRALS, _WITH_INTEGRALS)
    return np.ascontiguousarray(exponential(exponents)[:, :, :SIZE])


def _undriven(coefficients: Real) -> Real:
    """Block by block."""
    blocks = exponential((coefficients @ _UNDRIVEN.reshape(len(_TERMS), -1)).reshape(-1, 8, 8)).reshape(-1, 2, 8, 8)
    double = coefficients @ _TERMS[:, _DOUBLE, 14]
    length = np.exp(double[:, 0])
    out = np.zeros((len(coefficients), _WITH_INTEGRALS, SIZE))
    out[:, _POPULATIONS, _POPULATIONS] = blocks[:, 0, :6, :6]
    out[:, SIZE:, _POPULATIONS] = blocks[:, 0, 6:, :6]
    out[:, _SINGLE, _SINGLE] = blocks[:, 1]
    out[:, 14, 14] = out[:, 15, 15] = length * np.cos(double[:, 1])
    out[:, 15, 14] = length * np.sin(double[:, 1])
    out[:, 14, 15] = -out[:, 15, 14]
    return out


def exponential(matrices: Real) -> Real:
    """exp of each matrix, (C, n, n): the series to the eighth power of a small part, squared again and again."""
    norm = float(np.max(np.abs(matrices).sum(axis=1), initial=0.0))
    squarings = max(0, int(np.ceil(np.log2(max(norm, 1e-300) / _SMALL))))
    at_once = _AT_ONCE * 5 if matrices.shape[-1] <= 8 else _AT_ONCE
    out = np.empty_like(matrices)
    for begin in range(0, len(matrices), at_once):
        some = slice(begin, begin + at_once)
        out[some] = _series(matrices[some] * 0.5**squarings, squarings)
    return out


def _series(a: Real, squarings: int) -> Real:
    one = np.eye(a.shape[-1])
    a2 = a @ a
    a3, a4 = a2 @ a, a2 @ a2
    out = a4 @ (a / 120.0 + a2 / 720.0 + a3 / 5040.0 + a4 / 40320.0 + one / 24.0)
    out += one + a + 0.5 * a2 + a3 / 6.0
    spare = np.empty_like(out)
    for _ in range(squarings):
        np.matmul(out, out, out=spare)
        out, spare = spare, out
    return out
