"""The magnet in the frame of the NV: three currents -> field along and across the axis, learned from ODMR lines.

B along = a . I + a0; B across = |(b . I + b0, c . I + c0)|. All that ODMR can see of the coil matrix, the residual field
and the tilt of the axis are these twelve numbers, less one: the azimuth about the axis is free, so c_x = 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from physics.levels import nv_lines

Real = NDArray[np.float64]
Currents = tuple[float, float, float]

_C_X = 8  # position of c_x, held at zero
_FREE = np.array([k for k in range(12) if k != _C_X])
_GAIN_ERR, _TILT_ERR, _RESIDUAL_ERR_MT = 0.04, 0.06, 0.08


@dataclass(frozen=True)
class LineSeen:
    """One measured line."""

    currents_a: Currents
    plus: bool
    """f+ rather than |f-|."""
    frequency_hz: float
    """Of m_I = +1."""
    error_hz: float


@dataclass(frozen=True)
class FieldModel:
    """Twelve numbers (a, a0, b, b0, c, c0) in mT/A and mT, with their covariance."""

    values: tuple[float, ...]
    covariance: Real
    """(12, 12), mT and mT/A."""
    nitrogen: bool = True
    reduced_chi2: float = 0.0

    @cached_property
    def _rows(self) -> Real:
        return np.array(self.values).reshape(3, 4)

    def vector_mt(self, currents_a: Sequence[float] | Real) -> Real:
        """(..., 3) currents x, y, main -> (..., 3): along, and two components across."""
        currents = np.asarray(currents_a, dtype=float)
        return np.asarray(currents @ self._rows[:, :3].T + self._rows[:, 3])

    def along_across_mt(self, currents_a: Sequence[float] | Real) -> tuple[Real, Real]:
        """Field along the axis, and its magnitude across."""
        vector = self.vector_mt(currents_a)
        return vector[..., 0], np.hypot(vector[..., 1], vector[..., 2])

    def currents_for(self, along_mt: float, across_mt: tuple[float, float] = (0.0, 0.0)) -> Currents:
        """Currents that make this field."""
        wanted = np.array([along_mt, *across_mt]) - self._rows[:, 3]
        x, y, main = np.linalg.solve(self._rows[:, :3], wanted)
        return float(x), float(y), float(main)

    def errors_mt(self, currents_a: Sequence[float]) -> Real:
        """(3,): 1 sigma of along and of the two components across."""
        at = np.append(np.asarray(currents_a, dtype=float), 1.0)
        blocks = [self.covariance[4 * k : 4 * k + 4, 4 * k : 4 * k + 4] for k in range(3)]
        return np.array([np.sqrt(max(0.0, at @ block @ at)) for block in blocks])

    def lines_hz(self, currents_a: Sequence[float]) -> tuple[Real, Real]:
        """(|f-|, f+) of each nuclear state at these currents."""
        along, across = self.along_across_mt(currents_a)
        lines = nv_lines(along, across, self.nitrogen)
        return np.abs(lines.minus_hz), lines.plus_hz

    def line_errors_hz(self, currents_a: Sequence[float]) -> tuple[float, float]:
        """1 sigma of (|f-|, f+), to first order in the field's errors; across counts with the error as its least size."""
        along, across = (float(v) for v in self.along_across_mt(currents_a))
        errors = self.errors_mt(currents_a)
        across_err = float(np.hypot(errors[1], errors[2]))
        centre = np.stack([v[..., 0] for v in self._both(along, across)])
        moved = np.stack([v[..., 0] for v in self._both(along, across + across_err)])
        slope = 28e6 * errors[0]
        step = np.abs(moved - centre)
        return float(np.hypot(slope, step[0])), float(np.hypot(slope, step[1]))

    def _both(self, along: float, across: float) -> tuple[Real, Real]:
        lines = nv_lines(along, across, self.nitrogen)
        return np.abs(lines.minus_hz), lines.plus_hz


def nominal_model(coil_matrix_mt_per_a: Sequence[Sequence[float]], nitrogen: bool = True) -> FieldModel:
    """What the lab believes before it has measured: coils along lab axes, the NV along z, no residual field."""
    k = np.array(coil_matrix_mt_per_a, dtype=float)
    rows = np.zeros((3, 4))
    rows[0, :3], rows[1, :3], rows[2, :3] = k[2], k[0], k[1]
    size = np.abs(k).max(axis=0)
    sigma = np.zeros((3, 4))
    sigma[:, :3] = _TILT_ERR * size
    sigma[0, 2], sigma[1, 0], sigma[2, 1] = (_GAIN_ERR * size[i] for i in (2, 0, 1))
    sigma[:, 3] = _RESIDUAL_ERR_MT
    rows[2, 0] = 0.0
    sigma[2, 0] = 0.0
    return FieldModel(tuple(rows.ravel()), np.diag(sigma.ravel() ** 2), nitrogen)


def fit_field(prior: FieldModel, start: FieldModel, seen: Sequence[LineSeen]) -> FieldModel:
    """The model that explains all lines seen, with the prior as weak knowledge of coils and residual field."""
    currents = np.array([line.currents_a for line in seen])
    plus = np.array([line.plus for line in seen])
    frequency, error = (np.array([getattr(line, k) for line in seen]) for k in ("frequency_hz", "error_hz"))
    mean, sigma = np.array(prior.values)[_FREE], np.sqrt(np.diag(prior.covariance))[_FREE]

    def residual(scaled: Real) -> Real:
        rows = _rows(mean + sigma * scaled)
        vector = currents @ rows[:, :3].T + rows[:, 3]
        lines = nv_lines(vector[:, 0], np.hypot(vector[:, 1], vector[:, 2]), prior.nitrogen)
        model = np.where(plus, lines.plus_hz[:, 0], np.abs(lines.minus_hz[:, 0]))
        return np.concatenate([(model - frequency) / error, scaled])

    begin = (np.array(start.values)[_FREE] - mean) / sigma
    fit = least_squares(residual, begin, method="trf", x_scale=1.0, diff_step=1e-5)
    covariance = np.zeros((12, 12))
    free = np.linalg.inv(fit.jac.T @ fit.jac) * np.outer(sigma, sigma)
    covariance[np.ix_(_FREE, _FREE)] = free
    rows = _rows(mean + sigma * fit.x)
    freedom = max(1, len(seen) - len(_FREE))
    chi2 = float(np.sum(fit.fun[: len(seen)] ** 2)) / freedom
    return FieldModel(tuple(rows.ravel()), covariance, prior.nitrogen, chi2)


def _rows(free: Real) -> Real:
    values = np.zeros(12)
    values[_FREE] = free
    return values.reshape(3, 4)
