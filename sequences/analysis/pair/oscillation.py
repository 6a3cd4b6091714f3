"""Rabi oscillations, trains of quarter turns and Ramsey fringes of the frozen pair, read as the sum of both NVs.

With g = C/2 the exchange and C n n of two NVs alike are together C s_L . s_R, which commutes with the total spin, and a
shift of each line by C/2. So global pulses turn the sum of both NVs as if it were one spin whose line lies C/2 above
that of a single NV, exactly, whatever the pulses and waits. They cannot tell C from a detuning: `collective_shift_hz`
says what to take off.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

from physics.constants import TWO_PI
from physics.coupling import dipolar_rad_per_s

Real = NDArray[np.float64]

_TRIED_DETUNINGS_HZ: Final = np.arange(-60e3, 60.1e3, 1.5e3)


@dataclass(frozen=True)
class Segment:
    """A stretch of a shot: a pulse about an axis of the equator, or a wait."""

    duration_ns: int
    axis: str = ""
    """"x", "y", or "" for a wait."""


@dataclass(frozen=True)
class Shot:
    """One measured program: pump, these segments, read."""

    segments: tuple[Segment, ...]
    ratio: float
    """Signal over reference."""
    error: float
    offset_hz: float = 0.0
    """Carrier minus the carrier to which the detuning is referred."""


@dataclass(frozen=True)
class TurnFit:
    """What the shots say of the pulses."""

    rabi_mhz: float
    rabi_err_mhz: float
    detuning_hz: float
    """Line of the sum minus the carrier."""
    detuning_err_hz: float
    level: float
    """Ratio with both NVs in |0>."""
    contrast: float
    """Share of it that is lost in |1>."""
    contrast_err: float
    reduced_chi2: float


def z_after(segments: Sequence[Segment], rabi_mhz: float, detuning_hz: ArrayLike) -> Real:
    """sigma_z, from |0>, after pulses of this Rabi frequency with the line this far above the carrier: (detunings,)."""
    detuning = -TWO_PI * np.asarray(detuning_hz, dtype=float)
    state = np.zeros((*detuning.shape, 3))
    state[..., 2] = 1.0
    turn = np.zeros_like(state)
    for segment in segments:
        for k, axis in enumerate("xy"):
            turn[..., k] = TWO_PI * 1e6 * rabi_mhz * (segment.axis == axis)
        turn[..., 2] = detuning
        state = _turned(state, turn * segment.duration_ns * 1e-9)
    return np.asarray(state[..., 2])


def _turned(state: Real, turn_rad: Real) -> Real:
    """Rodrigues' rotation of Bloch vectors about the direction of `turn_rad` by its length."""
    angle = np.linalg.norm(turn_rad, axis=-1, keepdims=True)
    axis = turn_rad / np.maximum(angle, 1e-30)
    along = np.sum(axis * state, axis=-1, keepdims=True)
    return np.asarray(
        state * np.cos(angle) + np.cross(axis, state) * np.sin(angle) + axis * along * (1.0 - np.cos(angle))
    )


def fit_turns(shots: Sequence[Shot], rabi_mhz: float) -> TurnFit:
    """Rabi frequency, detuning, level and contrast from trains and fringes together.

    rabi_mhz: a first value, right to a few per cent; the detuning is searched for within +-60 kHz.
    """
    ratio, error = (np.array([getattr(shot, name) for shot in shots]) for name in ("ratio", "error"))
    begin = _start(shots, rabi_mhz, ratio, error)

    def residual(p: Real) -> Real:
        return np.asarray((p[2] * (1.0 - p[3] * _flipped(shots, p[0], p[1] * 1e3)) - ratio) / error)

    fit = least_squares(residual, begin, x_scale=[0.01, 1.0, 0.01, 0.05])
    spread = np.sqrt(np.diag(np.linalg.pinv(fit.jac.T @ fit.jac)))
    return TurnFit(
        rabi_mhz=float(fit.x[0]),
        rabi_err_mhz=float(spread[0]),
        detuning_hz=float(fit.x[1] * 1e3),
        detuning_err_hz=float(spread[1] * 1e3),
        level=float(fit.x[2]),
        contrast=float(fit.x[3]),
        contrast_err=float(spread[3]),
        reduced_chi2=float(2.0 * fit.cost) / max(1, len(shots) - 4),
    )


def _flipped(shots: Sequence[Shot], rabi_mhz: float, detuning_hz: float | Real) -> Real:
    """(shots, detunings): population of |1>."""
    return np.array([0.5 - 0.5 * z_after(s.segments, rabi_mhz, detuning_hz - s.offset_hz) for s in shots])


def _start(shots: Sequence[Shot], rabi_mhz: float, ratio: Real, error: Real) -> Real:
    """The detuning that explains the shots best, level and contrast solved linearly."""
    best, best_chi2 = np.array([rabi_mhz, 0.0, float(ratio.max()), 0.2]), np.inf
    tried = _flipped(shots, rabi_mhz, _TRIED_DETUNINGS_HZ)
    for detuning_hz, flipped in zip(_TRIED_DETUNINGS_HZ, tried.T, strict=True):
        columns = np.column_stack([np.ones_like(flipped), -flipped]) / error[:, None]
        (level, depth), *_ = np.linalg.lstsq(columns, ratio / error, rcond=None)
        chi2 = float(np.sum((columns @ [level, depth] - ratio / error) ** 2))
        if depth > 0 and chi2 < best_chi2:
            best, best_chi2 = np.array([rabi_mhz, detuning_hz * 1e-3, level, depth / level]), chi2
    return best


@dataclass(frozen=True)
class Oscillation:
    """A sinusoid found in signal against pulse length."""

    rabi_mhz: float
    rabi_err_mhz: float
    level: float
    contrast: float
    contrast_err: float

    @property
    def significance(self) -> float:
        """Contrast over its error, in sigma."""
        return self.contrast / self.contrast_err


def oscillation_curve(duration_ns: Real, oscillation: Mapping[str, float]) -> Real:
    """Signal over reference after pulses of these lengths: (points,). oscillation: rabi_mhz, level and contrast."""
    flipped = 0.5 - 0.5 * np.cos(TWO_PI * 1e-3 * oscillation["rabi_mhz"] * np.asarray(duration_ns))
    return np.asarray(oscillation["level"] * (1.0 - oscillation["contrast"] * flipped))


def fit_oscillation(duration_ns: Real, ratio: Real, error: Real) -> Oscillation:
    """level (1 - contrast (1 - cos(2 pi f t)) / 2): a grid of frequencies tried linearly, then least squares."""
    step_ns = float(np.min(np.diff(np.sort(duration_ns))))
    tried = np.arange(0.25e3 / np.ptp(duration_ns), 0.5e3 / step_ns, 0.1e3 / np.ptp(duration_ns))

    def model(p: Real) -> Real:
        return np.asarray(p[1] * (1.0 - 0.5 * p[2] * (1.0 - np.cos(TWO_PI * 1e-3 * p[0] * duration_ns))))

    best, best_chi2 = np.array([tried[0], 1.0, 0.0]), np.inf
    for rabi_mhz in tried:
        flipped = 0.5 - 0.5 * np.cos(TWO_PI * 1e-3 * rabi_mhz * duration_ns)
        columns = np.column_stack([np.ones_like(flipped), -flipped]) / error[:, None]
        (level, depth), *_ = np.linalg.lstsq(columns, ratio / error, rcond=None)
        chi2 = float(np.sum((columns @ [level, depth] - ratio / error) ** 2))
        if depth > 0 and chi2 < best_chi2:
            best, best_chi2 = np.array([rabi_mhz, level, depth / level]), chi2
    fit = least_squares(lambda p: (model(p) - ratio) / error, best, x_scale=[0.01, 0.01, 0.05])
    spread = np.sqrt(np.diag(np.linalg.pinv(fit.jac.T @ fit.jac)))
    return Oscillation(float(fit.x[0]), float(spread[0]), float(fit.x[1]), float(fit.x[2]), float(spread[2]))


def collective_shift_hz(separation_nm: float, separation_err_nm: float) -> tuple[float, float]:
    """C / (4 pi) and its 1 sigma: how far the line of the sum lies above a single NV's, for a pair side by side."""
    shift = 0.5 * float(dipolar_rad_per_s(separation_nm)) / TWO_PI
    return shift, 3.0 * shift * separation_err_nm / separation_nm


@dataclass(frozen=True)
class PulsedLine:
    """A line met by one pulse."""

    centre_hz: float
    centre_err_hz: float
    contrast: float
    significance: float
    """Root of the chi2 that the dip saves, in sigma."""


def fit_pulsed_line(frequency_hz: Real, ratio: Real, error: Real, duration_ns: float, rabi_mhz: float) -> PulsedLine:
    """The dip of a square pulse of this length and, roughly, this Rabi frequency."""
    step_hz = float(np.min(np.diff(np.sort(frequency_hz))))
    level = float(np.sum(ratio / error**2) / np.sum(1.0 / error**2))
    flat = float(np.sum(((ratio - level) / error) ** 2))
    best, best_chi2 = np.array([float(frequency_hz.mean()) * 1e-6, rabi_mhz, level, 0.0]), flat
    for centre_hz in np.arange(frequency_hz.min(), frequency_hz.max(), 0.25 * step_hz):
        flipped = _flipped_by(frequency_hz - centre_hz, duration_ns, rabi_mhz)
        columns = np.column_stack([np.ones_like(flipped), -flipped]) / error[:, None]
        (top, depth), *_ = np.linalg.lstsq(columns, ratio / error, rcond=None)
        chi2 = float(np.sum((columns @ [top, depth] - ratio / error) ** 2))
        if depth > 0 and chi2 < best_chi2:
            best, best_chi2 = np.array([centre_hz * 1e-6, rabi_mhz, top, depth / top]), chi2

    def residual(p: Real) -> Real:
        flipped = _flipped_by(frequency_hz - p[0] * 1e6, duration_ns, p[1])
        return np.asarray((p[2] * (1.0 - p[3] * flipped) - ratio) / error)

    bounds = ([-np.inf, 0.4 * rabi_mhz, 0.0, 0.0], [np.inf, 2.5 * rabi_mhz, np.inf, 1.0])
    fit = least_squares(residual, np.clip(best, *bounds), bounds=bounds, x_scale=[0.1, 0.1, 0.01, 0.05])
    spread = np.sqrt(np.diag(np.linalg.pinv(fit.jac.T @ fit.jac)))
    gain = max(0.0, flat - 2.0 * float(fit.cost))
    return PulsedLine(float(fit.x[0] * 1e6), float(spread[0] * 1e6), float(fit.x[3]), float(np.sqrt(gain)))


def _flipped_by(detuning_hz: Real, duration_ns: float, rabi_mhz: float) -> Real:
    """Rabi's formula."""
    effective_hz = np.hypot(detuning_hz, 1e6 * rabi_mhz)
    return np.asarray((1e6 * rabi_mhz / effective_hz) ** 2 * np.sin(np.pi * effective_hz * duration_ns * 1e-9) ** 2)
