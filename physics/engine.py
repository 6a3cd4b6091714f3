"""The engine of eqs 1-3 as real matrices on Pauli vectors: Liouvillian, propagators, steady states, all batched.

H = delta_L n_L + delta_R n_R + g (s+_L s-_R + h.c.) + C n_L n_R + drive, with jumps s+ (gamma+), s- (gamma-) and pure
dephasing sqrt(Gamma2/2) sigma_z for each NV. A Liouvillian is linear in its coefficients, so it is a sum of fixed
16 x 16 matrices, and any leading axes of the coefficients are a batch.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.linalg import expm

from physics.paulis import IDENTITY, PAULIS, RAISE, SIGMA_X, SIGMA_Y, SIGMA_Z, Complex, Real


def _both(left: Complex, right: Complex) -> Complex:
    return np.asarray(np.kron(left, right), dtype=complex)


_LEFT_UP: Final = _both(RAISE, IDENTITY)
_RIGHT_UP: Final = _both(IDENTITY, RAISE)
_UP: Final = (_LEFT_UP, _RIGHT_UP)
_SIGMA_Z: Final = (_both(SIGMA_Z, IDENTITY), _both(IDENTITY, SIGMA_Z))
_EXCITATION: Final = tuple(up @ up.conj().T for up in _UP)
_FLIP_FLOP: Final = _LEFT_UP @ _RIGHT_UP.conj().T + _RIGHT_UP @ _LEFT_UP.conj().T


def _commutator(h: Complex) -> Real:
    """Matrix of -i[h, .] on Pauli vectors."""
    image = -1j * (h @ PAULIS - PAULIS @ h)
    return np.asarray(np.real(np.einsum("iab,jba->ij", PAULIS, image)) / 4.0, dtype=float)


def _dissipator(jump: Complex) -> Real:
    """Matrix of D[jump] on Pauli vectors."""
    adjoint = jump.conj().T
    image = jump @ PAULIS @ adjoint - 0.5 * (adjoint @ jump @ PAULIS + PAULIS @ adjoint @ jump)
    return np.asarray(np.real(np.einsum("iab,jba->ij", PAULIS, image)) / 4.0, dtype=float)


def _global(sigma: Complex) -> Complex:
    return _both(sigma, IDENTITY) + _both(IDENTITY, sigma)


_TERMS: Final[Real] = np.array(
    [
        _commutator(_FLIP_FLOP),
        _commutator(_EXCITATION[0] @ _EXCITATION[1]),
        *(_commutator(n) for n in _EXCITATION),
        *(_commutator(_global(sigma) / 2.0) for sigma in (SIGMA_X, SIGMA_Y)),
        *(_dissipator(up) for up in _UP),
        *(_dissipator(up.conj().T) for up in _UP),
        *(_dissipator(sz) / 2.0 for sz in _SIGMA_Z),
    ]
)


def liouvillian(
    *,
    g: float | Real = 0.0,
    zz: float | Real = 0.0,
    detuning: tuple[float | Real, float | Real] = (0.0, 0.0),
    drive: tuple[float | Real, float | Real] = (0.0, 0.0),
    up: tuple[float | Real, float | Real] = (0.0, 0.0),
    down: tuple[float | Real, float | Real] = (0.0, 0.0),
    dephasing: tuple[float | Real, float | Real] = (0.0, 0.0),
) -> Real:
    """Generator of the two-NV dynamics on Pauli vectors, in 1/s: (..., 16, 16).

    g, zz (the n_L n_R term C), detuning (left, right) and drive (Rabi frequency of the x and of the y quadrature, both
    NVs alike) in rad/s; up, down, dephasing (left, right) in 1/s. A coherence alone decays as exp(-dephasing t).
    Arguments broadcast against each other; their common shape is the batch. Source: eqs 1-3 and 10.
    """
    values = (g, zz, *detuning, *drive, *up, *down, *dephasing)
    if all(isinstance(value, float) for value in values):
        return np.tensordot(np.array(values), _TERMS, axes=1)
    coefficients = np.empty((*np.broadcast_shapes(*(np.shape(value) for value in values)), len(values)))
    for k, value in enumerate(values):  # np.broadcast_arrays costs several times the sum itself
        coefficients[..., k] = value
    return np.tensordot(coefficients, _TERMS, axes=1)


@dataclass(frozen=True)
class Bath:
    """Rates of one NV's bath of 13C spins (eqs 2, 3, 18, 20)."""

    gamma1_per_s: float
    """Cross-relaxation rate at the NV's present detuning."""
    polarisation: float
    """p = p_down - p_up: 0 hot, 1 cold."""
    gamma_sl_per_s: float = 0.0
    """Spin-lattice relaxation rate, shared equally by both directions."""

    @property
    def up_per_s(self) -> float:
        """Rate of |0> -> |1>."""
        return 0.5 * (self.gamma1_per_s * (1.0 - self.polarisation) + self.gamma_sl_per_s)

    @property
    def down_per_s(self) -> float:
        """Rate of |1> -> |0>."""
        return 0.5 * (self.gamma1_per_s * (1.0 + self.polarisation) + self.gamma_sl_per_s)


def propagator(generator: Real, duration_s: float | Real = 1.0) -> Real:
    """exp(generator x duration): (..., 16, 16), (...) -> (..., 16, 16). Times must be finite and not negative."""
    return np.asarray(expm(generator * np.asarray(duration_s)[..., None, None]), dtype=float)


def steady_state(generator: Real) -> Real:
    """The Pauli vector that the generator leaves alone: (..., 16, 16) -> (..., 16).

    Raises numpy.linalg.LinAlgError when it is not unique (no relaxation at all).
    """
    inner = np.linalg.solve(generator[..., 1:, 1:], -generator[..., 1:, :1])[..., 0]
    return np.concatenate([np.ones((*inner.shape[:-1], 1)), inner], axis=-1)


def evolve(generator: Real, vector: Real, durations_s: Real) -> Real:
    """The state at each of these times: (16, 16), (16,), (n,) -> (n, 16)."""
    return propagator(generator, np.asarray(durations_s)) @ vector


_SMALL_NORM = 0.25
"""Up to it nine terms of the exponential series leave 1e-12."""


def propagators(generators: Real) -> Real:
    """exp of many generators, already multiplied by their times: (..., n, n) -> (..., n, n).

    Series of degree 9 after Paterson and Stockmeyer, then squaring; all of the batch alike, which costs a fifth of
    `propagator` for small matrices. Good to 1e-12 times the number of squarings' doublings (1e-8 at norm 1e3).
    """
    norm = float(np.max(np.abs(generators).sum(axis=-1)))
    halvings = max(0, int(np.ceil(np.log2(max(norm, 1e-300) / _SMALL_NORM))))
    x = generators / 2.0**halvings
    one = np.eye(generators.shape[-1])
    x2 = x @ x
    x3 = x2 @ x
    high = one / 720.0 + x / 5040.0 + x2 / 40320.0 + x3 / 362880.0
    out = one + x + x2 / 2.0 + x3 @ (one / 6.0 + x / 24.0 + x2 / 120.0 + x3 @ high)
    for _ in range(halvings):
        out = out @ out
    return np.asarray(out)
