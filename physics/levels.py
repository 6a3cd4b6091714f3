"""Levels of one NV: spin 1, alone or with its 14N nucleus, exact in any field; its lines, their slopes and strengths.

The z axis is the NV axis. Both Hamiltonians are symmetric about it, so only B along and B across count, and with x
towards the field the matrices are real. Arguments broadcast; their common shape is the batch. The last axis of a result
is the nucleus: m_I = +1, 0, -1, or a single entry without nitrogen.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from physics.constants import (
    A_PARALLEL_14N_HZ,
    A_PERPENDICULAR_14N_HZ,
    D_HZ,
    GAMMA_13C_HZ_PER_MT,
    GAMMA_14N_HZ_PER_MT,
    GAMMA_E_HZ_PER_MT,
    QUADRUPOLE_14N_HZ,
)
from physics.paulis import Complex, Real

Which = NDArray[np.intp]

_RAISE: Final[Real] = np.sqrt(2.0) * np.diag([1.0, 1.0], k=1)
_SX: Final[Real] = (_RAISE + _RAISE.T) / 2.0
_SY: Final[Complex] = np.asarray((_RAISE - _RAISE.T) / 2.0j, dtype=complex)
_SZ: Final[Real] = np.diag([1.0, 0.0, -1.0])
_ONE: Final[Real] = np.eye(3)
_MINUS, _ZERO, _PLUS = 2, 1, 0
"""Position of m_s in the basis |+1>, |0>, |-1>; the nucleus, if any, varies fastest and in the same order."""
_CROSSING_MT: Final = D_HZ / GAMMA_E_HZ_PER_MT


@dataclass(frozen=True)
class _Spins:
    """H / h = constant + Bx field_x + By field_y + Bz field_z, in Hz and mT."""

    constant: Real
    field_x: Real
    field_y: Complex
    field_z: Real
    raise_electron: Real
    nuclear_states: int


def _electron_alone() -> _Spins:
    gamma = GAMMA_E_HZ_PER_MT
    return _Spins(D_HZ * _SZ @ _SZ, gamma * _SX, gamma * _SY, gamma * _SZ, _RAISE, 1)


def _electron_and_14n() -> _Spins:
    electron, gamma = _electron_alone(), GAMMA_14N_HZ_PER_MT
    hyperfine = A_PARALLEL_14N_HZ * _kron(_SZ, _SZ)
    hyperfine += A_PERPENDICULAR_14N_HZ * (_kron(_RAISE, _RAISE.T) + _kron(_RAISE.T, _RAISE)) / 2.0
    return _Spins(
        _kron(electron.constant, _ONE) + hyperfine + QUADRUPOLE_14N_HZ * _kron(_ONE, _SZ @ _SZ),
        _kron(electron.field_x, _ONE) - gamma * _kron(_ONE, _SX),
        np.asarray(np.kron(electron.field_y, _ONE) - gamma * np.kron(_ONE, _SY), dtype=complex),
        _kron(electron.field_z, _ONE) - gamma * _kron(_ONE, _SZ),
        _kron(_RAISE, _ONE),
        3,
    )


def _kron(electron: Real, nucleus: Real) -> Real:
    return np.asarray(np.kron(electron, nucleus), dtype=float)


_SPINS: Final = {False: _electron_alone(), True: _electron_and_14n()}


def hamiltonian_hz(field_mt: Real, nitrogen: bool = True) -> Complex:
    """H / h for a field vector in the NV frame: (..., 3) -> (..., n, n), n = 9 with 14N and 3 without."""
    spins, (x, y, z) = _SPINS[nitrogen], np.moveaxis(np.asarray(field_mt)[..., None, None], -3, 0)
    return np.asarray(spins.constant + x * spins.field_x + y * spins.field_y + z * spins.field_z, dtype=complex)


def _in_plane_hz(along_mt: ArrayLike, across_mt: ArrayLike, spins: _Spins) -> Real:
    along, across = np.broadcast_arrays(np.asarray(along_mt, dtype=float), np.asarray(across_mt, dtype=float))
    return spins.constant + along[..., None, None] * spins.field_z + across[..., None, None] * spins.field_x


def energies_hz(along_mt: ArrayLike, across_mt: ArrayLike = 0.0, nitrogen: bool = True) -> Real:
    """Levels in ascending order: (..., n)."""
    return np.asarray(np.linalg.eigvalsh(_in_plane_hz(along_mt, across_mt, _SPINS[nitrogen])), dtype=float)


def _solved(along_mt: ArrayLike, across_mt: ArrayLike, spins: _Spins) -> tuple[Real, Real]:
    energies, states = np.linalg.eigh(_in_plane_hz(along_mt, across_mt, spins))
    return np.asarray(energies, dtype=float), np.asarray(states, dtype=float)


@dataclass(frozen=True)
class NVLines:
    """The two lines of an NV for each state of its nucleus; every field is (..., nucleus)."""

    minus_hz: Real
    """|0> -> |-1>, negative where the state called |-1> lies below the one called |0>."""
    plus_hz: Real
    """|0> -> |+1>."""
    weight_0: Real
    """Share of the unmixed |0, m_I> in the state called |0>: 1 in a field along the axis and far from a crossing."""
    minus_slope_hz_per_mt: Real
    """d(minus_hz) / d(B along)."""
    plus_slope_hz_per_mt: Real
    minus_across_slope_hz_per_mt: Real
    """d(minus_hz) / d(B across)."""
    plus_across_slope_hz_per_mt: Real


def nv_lines(along_mt: ArrayLike, across_mt: ArrayLike = 0.0, nitrogen: bool = True) -> NVLines:
    """Lines by name. For each m_I, |0> is the eigenstate with the largest share of |0, m_I>; |-1> and then |+1> are
    the ones with the largest share of |-1, m_I> and |+1, m_I> among those not yet named.

    A name jumps from one branch to another where two branches share it equally (with 14N, for m_I = +1 near 102.39 mT,
    where |-1, +1> and |0, 0> repel each other); `odmr_lines` gives all branches with their strengths instead.
    """
    spins = _SPINS[nitrogen]
    energies, states = _solved(along_mt, across_mt, spins)
    shares = _shares(states, spins)
    names = np.stack(_named(shares), axis=-2)
    # dE/dB of each eigenstate: Hellmann and Feynman
    slopes = [np.einsum("...ie,...ie->...e", states, by @ states) for by in (spins.field_z, spins.field_x)]
    named = np.take_along_axis(np.stack([energies, *slopes], axis=-2)[..., None, :], names[..., None, :, :], -1)
    steps = named[..., 1:, :] - named[..., :1, :]
    return NVLines(
        minus_hz=steps[..., 0, 0, :],
        plus_hz=steps[..., 0, 1, :],
        weight_0=np.take_along_axis(shares[..., _ZERO, :, :], names[..., 0, :, None], -1)[..., 0],
        minus_slope_hz_per_mt=steps[..., 1, 0, :],
        plus_slope_hz_per_mt=steps[..., 1, 1, :],
        minus_across_slope_hz_per_mt=steps[..., 2, 0, :],
        plus_across_slope_hz_per_mt=steps[..., 2, 1, :],
    )


def _shares(states: Real, spins: _Spins) -> Real:
    """Share of each basis state in each eigenstate: (..., m_s, m_I, eigenstate)."""
    return (states**2).reshape(*states.shape[:-2], 3, spins.nuclear_states, states.shape[-1])


def _named(shares: Real) -> list[Which]:
    """Which eigenstates are called |0>, |-1> and |+1>: three of (..., nucleus)."""
    numbers = np.arange(shares.shape[-1])
    taken = np.zeros((*shares.shape[:-3], *shares.shape[-2:]), dtype=bool)
    named: list[Which] = []
    for ms in (_ZERO, _MINUS, _PLUS):
        named.append(np.argmax(np.where(taken, -1.0, shares[..., ms, :, :]), axis=-1))
        taken |= named[-1][..., None] == numbers
    return named


@dataclass(frozen=True)
class ODMRLines:
    """Everything that a microwave can drive out of |0, m_I>; every field is (..., nucleus, n - 1)."""

    frequency_hz: Real
    """Not negative."""
    strength: Real
    """|<e|S_perp|g>|^2, mean of the directions across the axis: 0.5 for an unmixed allowed line."""
    darkening: Real
    """Share of m_s = 0 lost in the transition: 1 for an unmixed allowed line. A dip scales as strength x darkening."""


def odmr_lines(along_mt: ArrayLike, across_mt: ArrayLike = 0.0, nitrogen: bool = True) -> ODMRLines:
    """All lines from the state called |0> (as in `nv_lines`) of each nuclear state, in no particular order."""
    spins = _SPINS[nitrogen]
    energies, states = _solved(along_mt, across_mt, spins)
    shares = _shares(states, spins)
    zero = _named(shares)[0][..., None]
    size = energies.shape[-1]
    others = (zero + np.arange(1, size)) % size
    ladder = np.swapaxes(states, -1, -2) @ spins.raise_electron @ states
    strength = (ladder**2 + np.swapaxes(ladder, -1, -2) ** 2) / 4.0
    bright = np.sum(shares[..., _ZERO, :, :], axis=-2)

    def pick(values: Real, which: Which) -> Real:
        return np.asarray(np.take_along_axis(values[..., None, :], which, -1))

    return ODMRLines(
        frequency_hz=np.abs(pick(energies, others) - pick(energies, zero)),
        strength=np.take_along_axis(np.take_along_axis(strength, zero, -2), others, -1),
        darkening=pick(bright, zero) - pick(bright, others),
    )


def field_from_lines(f_plus_hz: ArrayLike, f_minus_hz: ArrayLike) -> tuple[Real, Real]:
    """|B| in mT and cos^2 of its angle to the axis from the two lines of a spin 1 without nucleus, f- signed.

    Exact at any angle. Noise can carry cos^2 beyond 1; lines that no field makes give NaN.
    """
    p, m = np.asarray(f_plus_hz, dtype=float), np.asarray(f_minus_hz, dtype=float)
    gamma_b_squared = (p**2 + m**2 - p * m - D_HZ**2) / 3.0
    with np.errstate(invalid="ignore", divide="ignore"):
        field_mt = np.sqrt(gamma_b_squared) / GAMMA_E_HZ_PER_MT
        cubic = 2.0 * p**3 - 3.0 * p**2 * m - 3.0 * p * m**2 + 2.0 * m**3
        cos_squared = (cubic / D_HZ + 2.0 * D_HZ**2) / (27.0 * gamma_b_squared) + 1.0 / 3.0
    return np.asarray(field_mt), np.asarray(cos_squared)


def cross_relaxation_fields_mt(
    across_mt: float = 0.0, nitrogen: bool = True, gamma_hz_per_mt: float = GAMMA_13C_HZ_PER_MT
) -> tuple[float, ...]:
    """Fields along the axis at which |f-| (m_I = +1) meets a bath's line, ascending: one either side of the crossing.

    gamma_hz_per_mt: gyromagnetic ratio of the bath's spins. B across mixes the branches near the crossing and can leave
    fewer than these two; so does 14N, between 2.4 and 8 MHz below the crossing, where the line anticrosses |0, 0>.
    """
    mismatch = partial(_mismatch_hz, across_mt=across_mt, nitrogen=nitrogen, gamma_hz_per_mt=gamma_hz_per_mt)
    grid = _CROSSING_MT + np.linspace(-0.6, 0.6, 601)
    signs = np.sign(mismatch(grid))
    roots = [_root(mismatch, grid[k], grid[k + 1]) for k in np.flatnonzero(signs[1:] != signs[:-1])]
    return tuple(b for b in roots if abs(mismatch(b)) < 1e3)  # a jump of the name is no resonance


def _mismatch_hz(along_mt: ArrayLike, across_mt: float, nitrogen: bool, gamma_hz_per_mt: float) -> Real:
    larmor = gamma_hz_per_mt * np.asarray(along_mt)
    return np.abs(nv_lines(along_mt, across_mt, nitrogen).minus_hz[..., 0]) - larmor


def _root(function: Callable[[ArrayLike], Real], low: float, high: float) -> float:
    """Bisection by forty-one points at a time."""
    for _ in range(5):
        grid = np.linspace(low, high, 41)
        signs = np.sign(function(grid))
        k = int(np.argmax(signs != signs[0]))
        low, high = grid[k - 1], grid[k]
    return float(0.5 * (low + high))
