"""Many pairs at once, each with its own constant rates: their propagators, with the integrals that ride along."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.twin.shots.levels import Space

Real = NDArray[np.float64]

_SMALL: Final = 0.35
"""Norm up to which eight terms of the exponential series are right to 1e-9."""
_CACHE: Final = 16_000
"""Numbers in as many matrices as a processor's cache holds with all that their series needs."""


def propagators(space: Space, rates: Mapping[str, Real], driven: bool, duration_s: float) -> Real:
    """(C, size + integrals, size): elements -> (themselves, their integrals in s).

    rates: coefficients of `space.terms` by name, (C,); what is not named is 0.
    """
    count = max(np.size(rate) for rate in rates.values())
    coefficients = np.zeros((count, len(space.names)))
    for name, rate in rates.items():
        coefficients[:, space.names.index(name)] = rate
    coefficients[:, -1] = 1.0 / duration_s  # integrals as means, so that they weigh as much as the rest
    coefficients *= duration_s
    out = _whole(space, coefficients) if driven else _blocks(space, coefficients)
    out[:, space.size :] *= duration_s
    return out


def _whole(space: Space, coefficients: Real) -> Real:
    return np.ascontiguousarray(_block(space.terms, coefficients)[:, :, : space.size])


def _blocks(space: Space, coefficients: Real) -> Real:
    """Without a drive: each order of coherence by itself."""
    first, second = _block(space.ladder_terms, coefficients), _block(space.single_terms, coefficients)
    double = coefficients @ space.terms[:, space.double, space.size - 2]
    length = np.exp(double[:, 0])
    out = np.zeros((len(coefficients), space.with_integrals, space.size))
    width = space.ladder.stop
    out[:, space.ladder, space.ladder] = first[:, :width, :width]
    out[:, space.size :, space.ladder] = first[:, width:, :width]
    out[:, space.single, space.single] = second
    a, b = space.size - 2, space.size - 1
    out[:, a, a] = out[:, b, b] = length * np.cos(double[:, 1])
    out[:, b, a] = length * np.sin(double[:, 1])
    out[:, a, b] = -out[:, b, a]
    return out


def _block(terms: Real, coefficients: Real) -> Real:
    return exponential((coefficients @ terms.reshape(len(terms), -1)).reshape(-1, *terms.shape[1:]))


def exponential(matrices: Real) -> Real:
    """exp of each matrix, (C, n, n): the series to the eighth power of a small part, squared again and again."""
    norm = float(np.max(np.abs(matrices).sum(axis=1), initial=0.0))
    squarings = max(0, int(np.ceil(np.log2(max(norm, 1e-300) / _SMALL))))
    at_once = max(1, _CACHE // matrices.shape[-1] ** 2)
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
