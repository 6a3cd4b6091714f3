"""A pulse program repeated N times: what the counters see, without playing every repeat.

The pair forgets its past within a repeat, the baths do not: they drift slowly towards the values that the program
sustains. So some repeats are played, and the baths are carried over many repeats at once while they change little; once
they stand still, the rest of the repeats are all alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.twin.pair import State

Real = NDArray[np.float64]

_FIRST_REPEATS = 3
_LARGEST_JUMP = 0.03  # change of a polarisation that one jump may make
_SETTLED = 2e-6  # change of a polarisation in all that remains


@dataclass(frozen=True)
class Pass:
    """One repeat of a program."""

    state: State
    """Afterwards."""
    photons: Real
    """(counters,): expected in each counter."""


@dataclass
class _Slope:
    """Relaxation of each bath per repeat, from the last two passes: it keeps a jump from running past the target."""

    before: Real | None = None
    change: Real = field(default_factory=lambda: np.zeros(2))
    rate: Real = field(default_factory=lambda: np.full(2, 1e-3))

    def learn(self, p: Real, change: Real) -> None:
        if self.before is not None:
            moved = p - self.before
            with np.errstate(divide="ignore", invalid="ignore"):
                rate = -(change - self.change) / moved
            known = (np.abs(moved) > 1e-9) & np.isfinite(rate)
            self.rate = np.where(known, np.clip(rate, 1e-7, 1.0), self.rate)
        self.before, self.change = p, change


def repeated(play_once: Callable[[State], Pass], state: State, repeats: int) -> tuple[State, Real]:
    """State after all repeats and the photons expected in each counter, summed over them."""
    done, slope = 0, _Slope()
    total: Real = np.zeros(0)
    while done < repeats:
        before = state.polarisation
        one = play_once(state)
        total = one.photons if done == 0 else total + one.photons
        state, done = one.state, done + 1
        change = state.polarisation - before
        slope.learn(before, change)
        if done < _FIRST_REPEATS or done == repeats:
            continue
        left = repeats - done
        ahead = change * np.minimum(left, 1.0 / slope.rate)
        if np.max(np.abs(ahead)) < _SETTLED:
            return state, total + left * one.photons
        jump = _jump(change, slope.rate, left)
        gained = change * -np.expm1(-slope.rate * jump) / slope.rate
        state = State(state.vector, np.clip(state.polarisation + gained, -1.0, 1.0))
        total, done = total + jump * one.photons, done + jump
    return state, total


def _jump(change: Real, rate: Real, left: int) -> int:
    """How many repeats may be skipped."""
    reach = np.abs(change) / rate
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = -np.log1p(-_LARGEST_JUMP / np.maximum(reach, _LARGEST_JUMP)) / rate
        repeats = np.where(reach > _LARGEST_JUMP, needed, left)
    return int(np.clip(np.min(repeats), 0, left))


def segments(
    pattern: NDArray[np.uint32], windows: Sequence[NDArray[np.bool_]]
) -> list[tuple[int, int, tuple[bool, ...]]]:
    """Run lengths: (levels, ticks, which counters see) of every stretch in which nothing changes."""
    code = pattern.astype(np.uint64)
    for k, window in enumerate(windows):
        code |= window.astype(np.uint64) << np.uint64(32 + k)
    edges = np.flatnonzero(np.diff(code)) + 1
    starts = np.concatenate([[0], edges]).astype(int)
    ticks = np.diff(np.concatenate([starts, [len(code)]]))
    return [
        (int(pattern[start]), int(n), tuple(bool(w[start]) for w in windows))
        for start, n in zip(starts, ticks, strict=True)
    ]
