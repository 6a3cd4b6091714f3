"""Many pairs at once, each with its own constant rates: their propagators, with the integrals that ride along."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.twin.shots.levels import Space

Real = NDArray[np.float64]

_SMALL: Final = 1.1
"""Norm up to which twelve terms of the exponential series are right to 1e-9."""
_TWELVE: Final = np.array(
    [
        [-0.01860232051462055322, 4.60000000000000000000, 0.21169311829980944294, 0.0],
        [-0.00500702322573317730, 0.99287510353848683614, 0.15822438471572672537, -0.13181061013830184015],
        [-0.57342012296052226390, -0.13244556105279963884, 0.16563516943672741501, -0.02027855540589259079],
        [-0.13339969394389205970, 0.00172990000000000000, 0.01078627793157924250, -0.00675951846863086359],
    ]
)
"""Twelve terms by four products. Source: Bader, Blanes and Casas, Mathematics 7, 1174 (2019), eq. 8: a_ij."""
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
    return _block(space.whole_terms, coefficients)


def _blocks(space: Space, coefficients: Real) -> Real:
    """Without a drive: each order of coherence by itself."""
    first, second = _block(space.ladder_terms, coefficients), _singles(space, coefficients)
    double = coefficients @ space.terms[:, space.double, space.size - 2]
    length = np.exp(double[:, 0])
    out = np.zeros((len(coefficients), space.with_integrals, space.size))
    width = space.ladder.stop
    out[:, space.ladder, space.ladder] = first[:, :width]
    out[:, space.size :, space.ladder] = first[:, width:]
    out[:, space.single, space.single] = second
    a, b = space.size - 2, space.size - 1
    out[:, a, a] = out[:, b, b] = length * np.cos(double[:, 1])
    out[:, b, a] = length * np.sin(double[:, 1])
    out[:, a, b] = -out[:, b, a]
    return out


def _singles(space: Space, coefficients: Real) -> Real:
    """Coherences of both NVs: what turns them all alike is taken out before, so that a smaller norm is left."""
    detunings = [space.names.index(f"detuning{k}") for k in (0, 1)]
    alike = coefficients[:, detunings].mean(axis=1)
    apart = coefficients.copy()
    apart[:, detunings] -= alike[:, None]
    out = _block(space.single_terms, apart)
    real, imaginary = np.split(out, 2, axis=1)
    cos, sin = np.cos(alike)[:, None, None], np.sin(alike)[:, None, None]
    return np.concatenate([cos * real - sin * imaginary, sin * real + cos * imaginary], axis=1)


def _block(terms: Real, coefficients: Real) -> Real:
    return exponential((coefficients @ terms.reshape(len(terms), -1)).reshape(-1, *terms.shape[1:]))


def exponential(generators: Real) -> Real:
    """exp of each generator, and the integrals of what its further rows make of it: (C, n + m, n).

    The first n rows generate. Written as square matrices, the m integrals would have columns of zeros.
    """
    at_once = max(1, _CACHE // (generators.shape[1] * generators.shape[2]))
    out = np.empty_like(generators)
    for begin in range(0, len(generators), at_once):
        some = slice(begin, begin + at_once)
        norm = float(np.max(np.abs(generators[some]).sum(axis=1), initial=0.0))
        squarings = max(0, int(np.ceil(np.log2(max(norm, 1e-300) / _SMALL))))
        out[some] = _series(generators[some] * 0.5**squarings, squarings)
    return out


def _series(a: Real, squarings: int) -> Real:
    """Twelve terms of the series, squared again and again."""
    n = a.shape[-1]
    powers = np.empty((3, *a.shape))
    powers[0] = a
    for k in (1, 2):
        np.matmul(powers[k - 1], a[:, :n], out=powers[k])
    sums = (_TWELVE[1:].T @ powers.reshape(3, -1)).reshape(4, *a.shape)
    columns = np.arange(n)
    sums[:, :, columns, columns] += _TWELVE[0][:, None, None]
    first, second, third, fourth = sums
    third += fourth @ fourth[:, :n]
    second += third
    out: Real = second @ third[:, :n]
    out[:, n:] += (_TWELVE[0, 1] + _TWELVE[0, 2]) * third[:, n:]
    out += first
    spare = np.empty_like(out)
    for _ in range(squarings):
        np.matmul(out, out[:, :n], out=spare)
        spare[:, n:] += out[:, n:]
        out, spare = spare, out
    return out
