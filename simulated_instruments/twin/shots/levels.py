"""Generators of the pair, written in the elements of its density matrix, with or without a shelf beside each qubit.

Without a drive elements of different order do not mix: the ladder (populations, then the real and imaginary part of
rho_01,10), the single coherences (of the right NV for each level of the left one, then of the left NV for each level of
the right one; real parts, then imaginary ones), and the double one, rho_00,11. A level is |0>, |1> or the shelf, where
an NV is dark and feels nothing. Of the coherences with a shelf none is ever born, so none is carried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.paulis import density_matrix

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class Space:
    """What a pair's state is written in."""

    levels: int
    """Of each NV: 2, or 3 with the shelf."""
    size: int
    ladder: slice
    single: slice
    double: slice
    integrals: int
    """That ride along behind the elements: sigma_z of both NVs; with the shelf also the share that is not in it."""
    names: tuple[str, ...]
    """Of the coefficients; those that end in a 0 belong to the left NV, in a 1 to the right one."""
    terms: Real
    """(coefficients, size + integrals, size + integrals)."""
    seen: Real
    """(integrals, levels^2): what the integrals are of, from the populations."""

    @property
    def with_integrals(self) -> int:
        """Elements and integrals."""
        return self.size + self.integrals

    @cached_property
    def whole_terms(self) -> Real:
        """Of all elements, and of the integrals that they feed: (coefficients, size + integrals, size)."""
        return np.ascontiguousarray(self.terms[:, :, : self.size])

    @cached_property
    def ladder_terms(self) -> Real:
        """Of the ladder, and of the integrals that it feeds: (coefficients, n + integrals, n)."""
        of = np.r_[self.ladder, self.size : self.with_integrals]
        return np.ascontiguousarray(self.terms[:, of, self.ladder])

    @cached_property
    def single_terms(self) -> Real:
        """Of the single coherences: (coefficients, n, n)."""
        return np.ascontiguousarray(self.terms[:, self.single, self.single])


def _places(levels: int) -> list[tuple[int, int]]:
    """(row, column) of every coherence that is carried: rho_01,10, the single ones, the double one."""
    one = levels  # |1> of the left NV; of the right one it is 1
    right = [(levels * k, levels * k + 1) for k in range(levels)]
    left = [(k, one + k) for k in range(levels)]
    return [(1, one), *right, *left, (0, one + 1)]


def _unit(rows: int, i: int, j: int) -> Complex:
    out = np.zeros((rows, rows), dtype=complex)
    out[i, j] = 1.0
    return out


def _order(levels: int) -> list[tuple[tuple[int, int], complex]]:
    """Every element: its place, and 1 for the real or 1j for the imaginary part."""
    places = _places(levels)
    groups = [places[:1], places[1:-1], places[-1:]]
    parts = [(place, part) for group in groups for part in (1.0 + 0j, 1.0j) for place in group]
    return [((k, k), 1.0 + 0j) for k in range(levels**2)] + parts


def _read(rho: Complex, order: Sequence[tuple[tuple[int, int], complex]]) -> list[float]:
    return [float(rho[place].real if part == 1.0 else rho[place].imag) for place, part in order]


def _terms(levels: int, order: Sequence[tuple[tuple[int, int], complex]]) -> dict[str, Real]:
    """(size, size) for each coefficient. Source: eqs 1-3 and 10, as in `physics.engine`."""
    basis = []
    for (i, j), part in order:
        rho = np.zeros((levels**2, levels**2), dtype=complex)
        rho[i, j], rho[j, i] = part, np.conj(part)
        basis.append(rho)

    def of(k: int, operator: Complex) -> Complex:
        one = np.eye(levels, dtype=complex)
        return np.asarray(np.kron(operator, one) if k == 0 else np.kron(one, operator))

    def turned(h: Complex) -> Real:
        return np.array([_read(-1j * (h @ rho - rho @ h), order) for rho in basis]).T

    def jumped(jump: Complex) -> Real:
        lost = 0.5 * jump.conj().T @ jump
        return np.array([_read(jump @ rho @ jump.conj().T - lost @ rho - rho @ lost, order) for rho in basis]).T

    raising, excited = _unit(levels, 1, 0), _unit(levels, 1, 1)
    flip = of(0, raising) @ of(1, raising.T)
    turn_x, turn_y = 0.5 * (raising + raising.T), 0.5j * (raising - raising.T)
    out = {"g": turned(flip + flip.T), "zz": turned(of(0, excited) @ of(1, excited))}
    out["drive0"], out["drive1"] = (turned(of(0, turn) + of(1, turn)) for turn in (turn_x, turn_y))
    for k in (0, 1):
        out[f"detuning{k}"] = turned(of(k, excited))
        out[f"up{k}"], out[f"down{k}"] = jumped(of(k, raising)), jumped(of(k, raising.T))
        out[f"dephasing{k}"] = 0.5 * jumped(of(k, _unit(levels, 0, 0) - excited))
        if levels == 3:
            out[f"shelving{k}"] = jumped(of(k, _unit(3, 2, 0))) + jumped(of(k, _unit(3, 2, 1)))
            out[f"to_0{k}"], out[f"to_1{k}"] = jumped(of(k, _unit(3, 0, 2))), jumped(of(k, _unit(3, 1, 2)))
    return out


def _space(levels: int) -> Space:
    order = _order(levels)
    size, populations = len(order), levels**2
    z = np.array([1.0, -1.0, 0.0])[:levels]
    there = np.abs(z)
    one = np.ones(levels)
    seen = [np.kron(z, one), np.kron(one, z)] + ([np.kron(there, one), np.kron(one, there)] if levels == 3 else [])
    terms = _terms(levels, order)
    names = (*terms, "integrals")
    every = np.zeros((len(names), size + len(seen), size + len(seen)))
    every[:-1, :size, :size] = list(terms.values())
    every[-1, size:, :populations] = seen
    singles = populations + 2
    return Space(
        levels,
        size,
        slice(0, singles),
        slice(singles, size - 2),
        slice(size - 2, size),
        len(seen),
        names,
        every,
        np.array(seen),
    )


UNSHELVED: Final = _space(2)
"""16 elements."""
SHELVED: Final = _space(3)
"""25 elements."""


def _pauli_to_unshelved() -> Real:
    return np.array([_read(density_matrix(row), _order(2)) for row in np.eye(16)]).T


_TO_UNSHELVED: Final = _pauli_to_unshelved()
_TO_PAULI: Final = np.linalg.inv(_TO_UNSHELVED)


def elements(pauli_vector: Real) -> Real:
    """Pauli vectors (..., 16) in UNSHELVED's elements."""
    return np.asarray(pauli_vector @ _TO_UNSHELVED.T)


def pauli(vectors: Real) -> Real:
    """Elements (..., 16) or (..., 25) as Pauli vectors; a shelved NV counts as one in |0>, where it comes out."""
    return np.asarray(folded(vectors) @ _TO_PAULI.T)


def _folding() -> Real:
    """(16, 25)"""
    plain, shelved = _order(2), _order(3)
    out = np.zeros((len(plain), len(shelved)))
    for column, ((i, j), part) in enumerate(shelved):
        (a, b), (c, d) = divmod(i, 3), divmod(j, 3)
        place = (2 * (a % 2) + b % 2, 2 * (c % 2) + d % 2)  # the shelf, level 2, goes to level 0
        out[plain.index((place, part)), column] = 1.0
    return out


_FOLD: Final = _folding()
_EMPTY: Final = np.array([all(level < 2 for k in place for level in divmod(k, 3)) for place, _ in _order(3)])
_UNFOLD: Final = (_FOLD * _EMPTY).T
"""(25, 16)"""


def folded(vectors: Real) -> Real:
    """In UNSHELVED's elements, shelves emptied into |0>: (..., 25) -> (..., 16)."""
    return vectors if vectors.shape[-1] == UNSHELVED.size else np.asarray(vectors @ _FOLD.T)


def unfolded(vectors: Real) -> Real:
    """In SHELVED's elements, shelves empty: (..., 16) -> (..., 25)."""
    return vectors if vectors.shape[-1] == SHELVED.size else np.asarray(vectors @ _UNFOLD.T)
