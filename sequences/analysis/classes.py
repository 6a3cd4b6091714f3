"""What varies from shot to shot while the pair is frozen: classes of shots, each with its lines and its weight.

The lines of both NVs are spread by the nuclear spins around them and by ripple of the field, and shifted as a whole
where the nucleus of an NV is not in m_I = +1. An average over shots is an average over these classes.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.constants import A_PARALLEL_14N_HZ, TWO_PI

Real = NDArray[np.float64]

NITROGEN_STEP_RAD_PER_S: Final = -TWO_PI * A_PARALLEL_14N_HZ
"""By how much f- rises with each step of m_I downwards."""
_KHZ: Final = TWO_PI * 1e3
_NODES: Final = ((0.7, 3), (1.3, 5), (2.0, 7), (3.0, 9))
"""Phase that the spread makes in the longest wait without echo, in rad -> nodes of the quadrature."""
_MOST_NODES: Final = 13
_LONGEST_WAIT_S: Final = 6.2e-6


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

    def narrowed(self, polarisation: tuple[float, float]) -> "Spread":
        """With baths of these polarisations: a polarised bath has less to choose from; an estimate may be beyond 1."""
        left, right = (max(1.0 - p**2, 0.0) for p in polarisation)
        return Spread(
            self.left_khz2 * left, self.right_khz2 * right, self.common_khz2, self.nitrogen_zero, self.nitrogen_minus
        )

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
    """Quadrature over the spread of both lines; classes with a nucleus elsewhere are there even if they weigh nothing.

    Both nuclei elsewhere at once is left out: its weight, some 1e-3 at the most, goes to the others.
    """
    offsets, weights = _lines(spread.left_khz2, spread.right_khz2, spread.common_khz2, spread.nodes)
    shares = {1: spread.nitrogen_zero, 2: spread.nitrogen_minus}
    off = sum(shares.values())
    parts: list[tuple[Real, Real, tuple[int, int]]] = [(weights * (1.0 - 2.0 * off), offsets, (0, 0))]
    for steps, share in shares.items():
        for side in (0, 1):
            moved = np.zeros((3, 2))
            of_other = spread.right_khz2 if side == 0 else spread.left_khz2
            nodes, node_weights = _gauss(3)
            moved[:, 1 - side] = nodes * np.sqrt(of_other + spread.common_khz2) * _KHZ
            moved[:, side] = steps * NITROGEN_STEP_RAD_PER_S
            parts.append((node_weights * share, moved, (steps, 0) if side == 0 else (0, steps)))
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
