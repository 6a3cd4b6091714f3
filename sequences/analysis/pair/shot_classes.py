"""What varies from shot to shot while the pair is frozen: classes of shots, each with its lines and its weight.

The lines of both NVs are spread by the nuclear spins around them and by ripple of the field, and shifted as a whole
where the nucleus of an NV is not in m_I = +1. An average over shots is an average over these classes.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.constants import GAMMA_E_HZ_PER_MT, TWO_PI
from physics.levels import nv_lines

Real = NDArray[np.float64]

_KHZ: Final = TWO_PI * 1e3
_NODES: Final = ((0.35, 3), (1.1, 5), (1.7, 7), (2.3, 9), (3.2, 13))
"""Phase by the spread in the longest wait without echo, rad -> nodes that leave 1e-4 of a fringe."""
_MOST_NODES: Final = 17
_LONGEST_WAIT_S: Final = 6.2e-6


@dataclass(frozen=True)
class FrozenField:
    """What the exact levels say of the lines where the pair is frozen; of no account for a pair that is all +1."""

    shift_step_rad_per_s: float = 0.0
    """By how much `shift` raises f-: what settles of it is felt after a freeze."""
    nitrogen_rad_per_s: tuple[float, float] = (0.0, 0.0)
    """f- with the nucleus in m_I = 0 and in -1, less that in +1."""


def frozen_field(resonance_mt: float, shift_mt: float) -> FrozenField:
    """By the field of the 13C resonance, and what the shift coil adds to it."""
    return FrozenField(-TWO_PI * GAMMA_E_HZ_PER_MT * shift_mt, nitrogen_lines(resonance_mt + shift_mt))


def nitrogen_lines(along_mt: float) -> tuple[float, float]:
    """f- of an NV whose nucleus is in m_I = 0, and in -1, less that in +1, rad/s: near the crossing they are mixed."""
    lines = TWO_PI * nv_lines(along_mt).minus_hz
    return float(lines[1] - lines[0]), float(lines[2] - lines[0])


@dataclass(frozen=True)
class Spread:
    """Variances of both lines, in kHz², and populations of the nuclei."""

    left_khz2: float = 0.0
    right_khz2: float = 0.0
    common_khz2: float = 0.0
    """Of what moves both lines alike."""
    nitrogen_zero: float = 0.0
    """Share of shots in which the nucleus of an NV is in m_I = 0; each NV has its own nucleus."""
    nitrogen_minus: float = 0.0
    """The same for m_I = -1."""
    nitrogen_rad_per_s: tuple[float, float] = (0.0, 0.0)
    """Line with the nucleus in m_I = 0 and in -1, less that in +1."""

    def narrowed(self, polarisation: tuple[float, float]) -> "Spread":
        """With baths of these polarisations: a polarised bath has less to choose from; an estimate may be beyond 1."""
        left, right = (max(1.0 - p**2, 0.0) for p in polarisation)
        return replace(self, left_khz2=self.left_khz2 * left, right_khz2=self.right_khz2 * right)

    @property
    def nodes(self) -> int:
        """Nodes of the quadrature in each of its two directions."""
        widest = np.sqrt(max(self.left_khz2, self.right_khz2) + self.common_khz2) * _KHZ * _LONGEST_WAIT_S
        return next((n for phase, n in _NODES if widest <= phase), _MOST_NODES)


NO_SPREAD: Final = Spread()


@dataclass(frozen=True)
class Classes:
    """Shots of a kind: (c,) weights that add up to 1, and where the lines stand in them."""

    weight: Real
    offset_rad_per_s: Real
    """(c, 2): left and right line from its mean in m_I = +1."""
    nucleus: NDArray[np.int_]
    """(c, 2): steps of m_I from +1, for the left and the right NV."""


def classes(spread: Spread) -> Classes:
    """Quadrature over the spread of both lines; nuclei elsewhere have classes even if these weigh nothing."""
    offsets, weights = _lines(spread.left_khz2, spread.right_khz2, spread.common_khz2, spread.nodes)
    shares = {1: spread.nitrogen_zero, 2: spread.nitrogen_minus}
    there = 1.0 - sum(shares.values())
    parts: list[tuple[Real, Real, tuple[int, int]]] = [(weights * there**2, offsets, (0, 0))]
    for steps, share in shares.items():
        for side in (0, 1):
            moved = np.zeros((3, 2))
            of_other = spread.right_khz2 if side == 0 else spread.left_khz2
            nodes, node_weights = _gauss(3)
            moved[:, 1 - side] = nodes * np.sqrt(of_other + spread.common_khz2) * _KHZ
            moved[:, side] = spread.nitrogen_rad_per_s[steps - 1]
            parts.append((node_weights * share * there, moved, (steps, 0) if side == 0 else (0, steps)))
        for other, other_share in shares.items():
            both = np.array([[spread.nitrogen_rad_per_s[steps - 1], spread.nitrogen_rad_per_s[other - 1]]])
            parts.append((np.array([share * other_share]), both, (steps, other)))
    return Classes(
        np.concatenate([weight for weight, _, _ in parts]),
        np.concatenate([offset for _, offset, _ in parts]),
        np.concatenate([np.tile(nucleus, (len(weight), 1)) for weight, _, nucleus in parts]),
    )


def _lines(left: float, right: float, common: float, n: int) -> tuple[Real, Real]:
    """Offsets (n², 2) in rad/s and weights of a normal distribution with these variances in kHz².

    Its covariance diag(left, right) + common is one direction that moves both lines alike, and one remaining.
    """
    alike = left * right / (left + right) if left + right > 0 else 0.0
    rest = np.array([np.sqrt(max(left - alike, 0.0)), -np.sqrt(max(right - alike, 0.0))])
    nodes, weights = _gauss(n)
    both = np.sqrt(alike + common) * nodes[:, None, None] * np.ones(2) + nodes[None, :, None] * rest
    return _KHZ * both.reshape(-1, 2), np.outer(weights, weights).ravel()


@lru_cache(maxsize=16)
def _gauss(n: int) -> tuple[Real, Real]:
    """Nodes and weights for a standard normal variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(n)
    return nodes, weights / weights.sum()
