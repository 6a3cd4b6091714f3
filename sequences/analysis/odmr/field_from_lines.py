"""Field and tilt from the two lines of one spectrum, by inverting the exact levels."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from physics.constants import D_HZ, GAMMA_E_HZ_PER_MT
from physics.levels import nv_lines

Real = NDArray[np.float64]

_STEP_MT2: Final = 1e-5
_CONVERGED_HZ: Final = 10.0
_IMPOSSIBLE_SIGMA: Final = 4.5
"""How far below zero noise may carry the square of B across."""
_SIGMAS: Final = np.linspace(-5.0, 5.0, 2001)


@dataclass(frozen=True)
class FieldSeen:
    """A field as two lines show it."""

    field_mt: float
    """Magnitude."""
    field_err_mt: float
    tilt_deg: float
    """Angle to the NV axis, 0 where noise makes the square of B across negative."""
    tilt_err_deg: float
    """Root of its mean square distance from what the lines leave possible."""


def field_from_two(
    minus: tuple[float, float], plus: tuple[float, float], shift: tuple[float, float], nitrogen: bool
) -> FieldSeen:
    """The field that gives these lines (m_I = +1); each argument but the last is (Hz, error), f- without sign.

    shift: what both lines have in common beyond one NV in a field, as in `field_model`. Raises ValueError if no field
    does.
    """
    start = np.array([(plus[0] - shift[0] - D_HZ) / GAMMA_E_HZ_PER_MT, 0.0])
    likely = 1.0 if nv_lines(start[0], 0.0, nitrogen).minus_hz[0] > 0 else -1.0
    for sign in (likely, -likely):  # B across lowers f+ beyond the crossing, and then f+ alone misjudges the side
        wanted = np.array([sign * (minus[0] - shift[0]), plus[0] - shift[0]])
        common = np.array([sign, 1.0]) * shift[1]
        noise = np.diag([minus[1] ** 2, plus[1] ** 2]) + np.outer(common, common)
        at, residual_hz = _solved(start, wanted, nitrogen)
        inverse = np.linalg.inv(_lines_and_slopes(at, nitrogen)[1])
        covariance = inverse @ noise @ inverse.T
        if residual_hz < _CONVERGED_HZ and at[1] > -_IMPOSSIBLE_SIGMA * np.sqrt(covariance[1, 1]):
            return _as_angle(at, covariance)
    raise ValueError(f"No field makes both lines, |f-| {minus[0] / 1e6:.4f} and f+ {plus[0] / 1e6:.4f} MHz")


def _solved(start: Real, wanted_hz: Real, nitrogen: bool) -> tuple[Real, float]:
    """(B along, square of B across) by Newton's steps, and by how much its lines still miss the wanted ones."""
    at = start
    for _ in range(15):
        lines, slopes = _lines_and_slopes(at, nitrogen)
        at = at + np.linalg.solve(slopes, wanted_hz - lines)
    return at, float(np.max(np.abs(_lines_and_slopes(at, nitrogen)[0] - wanted_hz)))


def _lines_and_slopes(at: Real, nitrogen: bool) -> tuple[Real, Real]:
    """(f-, f+) and their derivatives by B along and the square of B across; a negative square is extrapolated to."""
    along, squared = at
    inside = max(float(squared), 0.0)
    near = nv_lines(along, np.sqrt(inside), nitrogen)
    far = nv_lines(along, np.sqrt(inside + _STEP_MT2), nitrogen)
    lines = np.array([near.minus_hz[0], near.plus_hz[0]])
    across = (np.array([far.minus_hz[0], far.plus_hz[0]]) - lines) / _STEP_MT2
    slopes = np.column_stack([[near.minus_slope_hz_per_mt[0], near.plus_slope_hz_per_mt[0]], across])
    return lines + across * (squared - inside), slopes


def _as_angle(at: Real, covariance: Real) -> FieldSeen:
    """Magnitude and angle; errors are averaged over the squares of B across that are possible, for none is negative."""
    sigma = float(np.sqrt(covariance[1, 1]))
    squared = at[1] + sigma * _SIGMAS
    along = at[0] + covariance[0, 1] / sigma * _SIGMAS
    weight = np.exp(-0.5 * _SIGMAS**2) * (squared > 0.0)
    weight /= weight.sum()
    best_squared = max(float(at[1]), 0.0)
    best_along = float(at[0] + covariance[0, 1] / sigma**2 * (best_squared - at[1]))
    field_mt, tilt_deg = np.hypot(best_along, np.sqrt(best_squared)), _angle_deg(best_along, best_squared)
    free = covariance[0, 0] - covariance[0, 1] ** 2 / covariance[1, 1]
    field = np.sqrt(along**2 + np.maximum(squared, 0.0))
    return FieldSeen(
        field_mt=float(field_mt),
        field_err_mt=float(np.sqrt(weight @ (field - field_mt) ** 2 + max(free, 0.0))),
        tilt_deg=float(tilt_deg),
        tilt_err_deg=float(np.sqrt(weight @ (_angle_deg(along, np.maximum(squared, 0.0)) - tilt_deg) ** 2)),
    )


def _angle_deg(along_mt: ArrayLike, across_squared_mt2: ArrayLike) -> Real:
    return np.asarray(np.degrees(np.arctan2(np.sqrt(across_squared_mt2), along_mt)))
