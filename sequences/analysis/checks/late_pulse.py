"""When a microwave pulse really acts, from how much of it still turns the pair if a coil takes the resonance away.

A half turn meets a stretch in which the line lies elsewhere: that stretch is taken out of the turn. Its edges lie on
the pattern's grid, but how far the pair has turned by then does not: it tells the pulse's delay to nanoseconds. Off
resonance the pulse still tilts the spin a little; so the turn is computed, not counted in time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.constants import TWO_PI
from sequences.analysis.statistics.significance import from_mean, significance

Real = NDArray[np.float64]

_COARSE_NS: Final = 4.0
_FINE_NS: Final = 0.5
_NEGLIGIBLE_CHI2: Final = 20.0
"""Above the least: so improbable delays are not looked at more finely."""
_RABI_SIGMAS: Final = np.linspace(-3.0, 3.0, 13)
"""Rabi frequencies that are tried, in errors of the calibrated one."""

Scanned = tuple[float, float]
"""First and last of the delays that are looked at, in ns."""


@dataclass(frozen=True)
class Cut:
    """A measured shot. Times are since the microwave's line was raised."""

    pulse_ns: float
    """0: no pulse at all."""
    from_ns: float
    to_ns: float
    """In between the line of the pair lies elsewhere; not at all if both are equal."""
    ratio: float
    """Signal over reference."""
    error: float


@dataclass(frozen=True)
class LatePulse:
    """What the shots say."""

    delay_ns: float
    delay_err_ns: float
    level: float
    """Ratio without any pulse."""
    contrast: float
    """Share of it that a full half turn takes."""
    significance: float
    """Root of the chi-squared that it saves that pulses turn anything, in sigma."""
    reduced_chi2: float


def flipped(cuts: Sequence[Cut], delays_ns: Real, rabi_mhz: float, detuning_mhz: float) -> Real:
    """(delays, cuts): population of |1>. detuning_mhz: of the pulse, while the line lies elsewhere."""
    pulse, from_, to = (np.array([getattr(c, name) for c in cuts]) for name in ("pulse_ns", "from_ns", "to_ns"))
    begin = np.repeat(np.asarray(delays_ns, dtype=float)[:, None], len(cuts), axis=1)
    end = begin + pulse
    away = np.clip(from_, begin, end)
    back = np.clip(to, away, end)
    state = np.zeros((*begin.shape, 3))
    state[..., 2] = 1.0
    for lasts_ns, detuned_mhz in ((away - begin, 0.0), (back - away, detuning_mhz), (end - back, 0.0)):
        state = _turned(state, rabi_mhz, detuned_mhz, lasts_ns)
    return np.asarray(0.5 - 0.5 * state[..., 2])


def _turned(state: Real, rabi_mhz: float, detuning_mhz: float, lasts_ns: Real) -> Real:
    """Bloch vectors (..., 3), turned about (rabi, 0, detuning) for so long each."""
    rate = float(np.hypot(rabi_mhz, detuning_mhz))
    axis = np.array([rabi_mhz, 0.0, detuning_mhz]) / rate
    angle = (TWO_PI * 1e-3 * rate * lasts_ns)[..., None]
    along = (state @ axis)[..., None] * axis
    return np.asarray(along + (state - along) * np.cos(angle) + np.cross(axis, state) * np.sin(angle))


def fit_late(
    cuts: Sequence[Cut], rabi_mhz: float, rabi_err_mhz: float, detunings_mhz: Sequence[float], scanned_ns: Scanned
) -> LatePulse:
    """The delay within `scanned_ns`; rabi_mhz: as calibrated, with its error.

    detunings_mhz: how far away the line may lie, each as likely. Value and error are those of the posterior on a grid,
    with level and contrast where they fit best: chi-squared has corners where an end of the pulse meets an edge.
    """
    coarse = _Posterior(cuts, np.arange(*scanned_ns, _COARSE_NS), np.array([rabi_mhz]), np.zeros(1), detunings_mhz)
    likely = coarse.delays_ns[coarse.chi2.min(axis=(1, 2)) < coarse.chi2.min() + _NEGLIGIBLE_CHI2]
    fine_ns = np.arange(likely[0] - _COARSE_NS, likely[-1] + _COARSE_NS, _FINE_NS)
    fine = _Posterior(cuts, fine_ns, rabi_mhz + rabi_err_mhz * _RABI_SIGMAS, _RABI_SIGMAS**2, detunings_mhz)
    ratio, error = _measured(cuts)
    return fine.summary(significance(from_mean(ratio, error), float(fine.chi2.min())))


def _measured(cuts: Sequence[Cut]) -> tuple[Real, Real]:
    return np.array([c.ratio for c in cuts]), np.array([c.error for c in cuts])


class _Posterior:
    """Chi-squared of each delay, Rabi frequency and detuning, level and contrast at their best: (delays, rabi, det)."""

    def __init__(
        self, cuts: Sequence[Cut], delays_ns: Real, rabi_mhz: Real, believed_chi2: Real, detunings_mhz: Sequence[float]
    ) -> None:
        self.delays_ns = delays_ns
        self._cuts = len(cuts)
        ratio, error = _measured(cuts)
        weight = error**-2.0 / np.sum(error**-2.0)
        off = ratio - weight @ ratio
        shape = (len(delays_ns), len(rabi_mhz), len(detunings_mhz))
        self.chi2, self._level, self._depth = np.empty(shape), np.empty(shape), np.empty(shape)
        for r, rabi in enumerate(rabi_mhz):
            for d, detuning in enumerate(detunings_mhz):
                turned = flipped(cuts, delays_ns, float(rabi), detuning)
                mean = turned @ weight
                spread = turned - mean[:, None]
                square = np.maximum((spread**2) @ weight, 1e-12)
                depth = np.maximum(-(spread * off) @ weight / square, 0.0)  # pulses only take light
                left = off + depth[:, None] * spread
                self.chi2[:, r, d] = (left**2) @ error**-2.0 + believed_chi2[r]
                self._depth[:, r, d], self._level[:, r, d] = depth, weight @ ratio + depth * mean

    def summary(self, sigma: float) -> LatePulse:
        """Mean and spread over all of it."""
        likelihood = np.exp(-0.5 * (self.chi2 - self.chi2.min())).sum(axis=(1, 2))
        likelihood /= likelihood.sum()
        delay = float(likelihood @ self.delays_ns)
        spread = float(likelihood @ (self.delays_ns - delay) ** 2) ** 0.5
        reduced = float(self.chi2.min()) / max(1, self._cuts - 3)
        at = np.unravel_index(int(np.argmin(self.chi2)), self.chi2.shape)
        level = float(self._level[at])
        return LatePulse(
            delay_ns=delay,
            delay_err_ns=max(1.0, reduced) ** 0.5 * max(spread, _FINE_NS),
            level=level,
            contrast=float(self._depth[at]) / level,
            significance=sigma,
            reduced_chi2=reduced,
        )
