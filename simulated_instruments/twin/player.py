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
_FIRST_JUMP, _LARGEST_JUMP = 0.01, 0.2  # change of a polarisation that a jump may make
_GOOD, _WRONG = 2e-5, 1e-4  # error of a polarisation after which jumps grow, and for which one is taken back
_GROWS, _SHRINKS = 3.0, 0.5
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
            self.rate = np.where(known, np.clip(rate, 1e-7, 0.999), self.rate)
        self.before, self.change = p, change


@dataclass(frozen=True)
class _Jump:
    """Repeats that are skipped while both baths approach what the program sustains, each with its own rate."""

    repeats: int
    photons: Real
    """Of the pass before the jump; those of the skipped ones lie between these and the ones of the pass behind it."""
    gained: Real
    """(2,): change of the polarisations in all skipped repeats."""
    change: Real
    """(2,): of the polarisations in the pass before the jump."""
    next_change: Real
    """(2,): the same of the pass behind it, as expected."""
    share: float
    """Where between them, 0 to 1: photons are linear in the polarisations."""

    def landed(self, state: State) -> State:
        """The state behind the jump."""
        return State(state.vector, np.clip(state.polarisation + self.gained, -1.0, 1.0))

    def seen(self, after: Real) -> Real:
        """Photons of all skipped repeats, given those of the pass behind them."""
        return self.repeats * (self.photons + self.share * (after - self.photons))

    def missed(self, change: Real) -> float:
        """By how much the polarisations behind it may be wrong, given the change in the pass there."""
        return 0.5 * self.repeats * float(np.max(np.abs(change - self.next_change)))


def repeated(play_once: Callable[[State], Pass], state: State, repeats: int) -> tuple[State, Real]:
    """State after all repeats and the photons expected in each counter, summed over them."""
    done, slope, largest = 0, _Slope(), _FIRST_JUMP
    total: Real = np.zeros(0)
    jump: _Jump | None = None
    while done < repeats:
        start = jump.landed(state) if jump else state
        one = play_once(start)
        change = one.state.polarisation - start.polarisation
        slope.learn(start.polarisation, change)
        if jump:
            missed = jump.missed(change)
            largest = float(np.clip(largest * (_GROWS if missed < _GOOD else _SHRINKS), _FIRST_JUMP, _LARGEST_JUMP))
            if missed > _WRONG and jump.repeats > 1:
                jump = _jump(jump.change, slope.rate, jump.repeats // 4, jump.photons, largest)
                continue
            total, done = total + jump.seen(one.photons), done + jump.repeats
        total = one.photons if done == 0 else total + one.photons
        state, done, jump = one.state, done + 1, None
        if done < _FIRST_REPEATS or done == repeats:
            continue
        ahead = change * np.minimum(repeats - done, 1.0 / slope.rate)
        if np.max(np.abs(ahead)) < _SETTLED:
            return state, total + (repeats - done) * one.photons
        jump = _jump(change, slope.rate, repeats - done - 1, one.photons, largest)
    return state, total


def _jump(change: Real, rate: Real, left: int, photons: Real, largest: float) -> _Jump:
    """A jump of as many repeats as change a polarisation by so much; one more must be left to be played behind it."""
    reach = np.abs(change) * (1.0 - rate) / rate
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.log1p(-largest / np.maximum(reach, largest)) / np.log1p(-rate)
        possible = np.where(reach > largest, needed, left)
    n = int(np.clip(np.min(possible), 0, left))
    kept = np.exp(n * np.log1p(-rate))
    skipped = change * (1.0 - rate) * (1.0 - kept) / rate
    mean = (1.0 - rate) * (1.0 - kept) / rate / max(n, 1)  # of what is left of the distance in the skipped repeats
    moved = np.abs(change + skipped)
    share = np.sum(moved * (1.0 - mean) / (1.0 - kept * (1.0 - rate))) / max(float(np.sum(moved)), 1e-300)
    return _Jump(n, photons, skipped, change, change * kept * (1.0 - rate), float(share))


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
