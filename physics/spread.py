"""Lines that differ from shot to shot by a normal spread (T2*), and averages over them.

An engine whose Gamma1 is the same in every shot sees the difference of both lines only: one direction to average over.
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from physics.paulis import Real

_REACH: Final = 5.3
"""Nodes stand within so many sigma; beyond it lie 1e-7 of all shots."""


def overhauser_khz(t2star_us: ArrayLike) -> Real:
    """Standard deviation of a line for this T2*: a coherence alone decays as exp(-(t / T2*)^2)."""
    return np.asarray(np.sqrt(2.0) / (2e-3 * np.pi * np.asarray(t2star_us, dtype=float)))


def normal_nodes(most_phase_rad: float) -> tuple[Real, Real]:
    """Nodes of a standard normal variable x and their weights, for averages of functions up to exp(i phase x).

    Evenly spaced: what such a sum leaves out is exp(-(2 pi / step - phase)^2 / 2), 1e-6 here. Gauss and Hermite's nodes
    need more as soon as the phase is large.
    """
    step = 2.0 * np.pi / (most_phase_rad + _REACH)
    count = int(np.ceil(_REACH / step))
    at: Real = step * np.arange(-count, count + 1, dtype=float)
    weight: Real = np.exp(-0.5 * at**2)
    return at, weight / float(weight.sum())
