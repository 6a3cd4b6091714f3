"""The magnet in the frame of the NV: three currents -> field along and across the axis, learned from ODMR lines.

B along = a . I + a0; B across = |(b . I + b0, c . I + c0)|. All that ODMR can see of coil matrix, residual field and
tilt of the axis are these twelve numbers, less one: the azimuth about the axis is free, so c_x = 0. A thirteenth is
common to all lines: D at this temperature, and the exchange with the other NV, which shifts a pair that is driven as
one. It would pass for a field across the axis at low field, and for 0.4 uT along it near the crossing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import i0e, i1e

from physics.levels import nv_lines

Real = NDArray[np.float64]
Currents = tuple[float, float, float]

_FAR_SIGMA: Final = 20.0
"""A length that is known this well errs like a component."""

VALUES: Final = 13
"""Numbers of a model."""
OFFSETS: Final = np.array([3, 7, 11])
"""Those which a drift of the field changes."""
_SHIFT: Final = 12
NAMES: Final = ("a_x", "a_y", "a_main", "a_0", "b_x", "b_y", "b_main", "b_0", "c_x", "c_y", "c_main", "c_0", "shift")
"""Of a model's values."""
_GAIN_ERR, _TILT_ERR, _RESIDUAL_ERR_MT, _SHIFT_ERR_HZ = 0.025, 0.04, 0.045, 5e4
_LEAST_MT: Final = 1e-12
"""B across below which it has no direction; lines are even in it."""


@dataclass(frozen=True)
class FieldModel:
    """What the lab knows of its magnet: (a, a0, b, b0, c, c0, shift) in mT/A, mT and Hz, with their covariance."""

    values: tuple[float, ...]
    covariance: Real
    """(13, 13)."""
    nitrogen: bool = True
    origin_a: Currents = (0.0, 0.0, 0.0)
    """Currents from which I is counted: where the offsets a0, b0, c0 hold."""
    time_s: float = 0.0
    """When the offsets hold."""
    drift_mt_per_sqrt_s: float = 0.0
    """By how much each component of the field may stray in a second, 1 sigma; in t seconds by sqrt(t) as much."""
    chi2: float = 0.0
    """Of the lines that it was fitted to."""
    lines: int = 0
    """How many those were."""

    def at(self, time_s: float) -> "FieldModel":
        """What it is worth at a later time, when the field has drifted on."""
        later = drifted(self, self.drift_mt_per_sqrt_s * max(0.0, time_s - self.time_s) ** 0.5)
        return replace(later, time_s=time_s, chi2=self.chi2, lines=self.lines)

    @cached_property
    def _rows(self) -> Real:
        return np.array(self.values[:_SHIFT]).reshape(3, 4)

    @property
    def shift_hz(self) -> float:
        """What all lines have in common."""
        return self.values[_SHIFT]

    @property
    def shift_err_hz(self) -> float:
        """Its error."""
        return float(np.sqrt(self.covariance[_SHIFT, _SHIFT]))

    def vector_mt(self, currents_a: Sequence[float] | Real) -> Real:
        """(..., 3) currents x, y, main -> (..., 3): along, and two components across."""
        currents = np.asarray(currents_a, dtype=float) - np.array(self.origin_a)
        return np.asarray(currents @ self._rows[:, :3].T + self._rows[:, 3])

    def along_across_mt(self, currents_a: Sequence[float] | Real) -> tuple[Real, Real]:
        """Field along the axis, and its magnitude across."""
        vector = self.vector_mt(currents_a)
        return vector[..., 0], np.hypot(vector[..., 1], vector[..., 2])

    def currents_for(self, along_mt: float, across_mt: tuple[float, float] = (0.0, 0.0)) -> Currents:
        """Currents that make this field."""
        wanted = np.array([along_mt, *across_mt]) - self._rows[:, 3]
        x, y, main = np.linalg.solve(self._rows[:, :3], wanted) + np.array(self.origin_a)
        return float(x), float(y), float(main)

    def errors_mt(self, currents_a: Sequence[float]) -> Real:
        """(3,): 1 sigma of along and of the two components across."""
        at = np.append(np.asarray(currents_a, dtype=float) - np.array(self.origin_a), 1.0)
        blocks = [self.covariance[4 * k : 4 * k + 4, 4 * k : 4 * k + 4] for k in range(3)]
        return np.array([np.sqrt(max(0.0, at @ block @ at)) for block in blocks])

    def across_estimate_mt(self, currents_a: Sequence[float], walked_mt: float = 0.0) -> tuple[float, float]:
        """Mean and standard deviation of B across, given what is known of its components: never zero.

        walked_mt: by how much, 1 sigma, each of them may have changed since.
        """
        errors = self.errors_mt(currents_a)
        sigma = max(float(np.hypot(np.hypot(errors[1], errors[2]) / np.sqrt(2.0), walked_mt)), 1e-9)
        across = float(self.along_across_mt(currents_a)[1])
        if across > _FAR_SIGMA * sigma:  # there the distribution is a normal one, and its series overflow
            return across + sigma**2 / (2.0 * across), sigma
        return _rice(across, sigma)

    def lines_hz(self, currents_a: Sequence[float]) -> tuple[Real, Real]:
        """(|f-|, f+) of each nuclear state at these currents."""
        lines = nv_lines(*self.along_across_mt(currents_a), self.nitrogen)
        return np.abs(lines.minus_hz) + self.shift_hz, lines.plus_hz + self.shift_hz

    def line_errors_hz(self, currents_a: Sequence[float]) -> tuple[float, float]:
        """1 sigma of (|f-|, f+): to first order in what is known, and to second order in B across."""
        errors = self.errors_mt(currents_a)
        along, across = self.along_across_mt(currents_a)
        wider = np.hypot(across, np.hypot(errors[1], errors[2]))
        near, far = (nv_lines(along, b, self.nitrogen) for b in (across, wider))
        out = []
        for plus in (False, True):
            jacobian = lines_and_slopes(self, np.array([currents_a], dtype=float), np.array([plus]))[1][0]
            bend = (far.plus_hz - near.plus_hz if plus else np.abs(far.minus_hz) - np.abs(near.minus_hz))[..., 0]
            out.append(float(np.sqrt(max(0.0, jacobian @ self.covariance @ jacobian) + float(bend) ** 2)))
        return out[0], out[1]


def _rice(length: float, sigma: float) -> tuple[float, float]:
    """Mean and standard deviation of the length of a vector, both of whose components err by sigma (Rice, 1945)."""
    half = 0.5 * (length / sigma) ** 2
    mean = sigma * np.sqrt(0.5 * np.pi) * ((1.0 + half) * i0e(0.5 * half) + half * i1e(0.5 * half))
    return float(mean), float(np.sqrt(2.0 * sigma**2 + length**2 - mean**2))


def nominal_model(
    coil_matrix_mt_per_a: Sequence[Sequence[float]], shift_hz: float = 0.0, nitrogen: bool = True
) -> FieldModel:
    """What the lab believes before it has measured: coils along lab axes, the NV along z, no residual field."""
    k = np.array(coil_matrix_mt_per_a, dtype=float)
    rows = np.zeros((3, 4))
    rows[0, :3], rows[1, :3], rows[2, :3] = k[2], k[0], k[1]
    rows[2, 0] = 0.0
    size = np.abs(k).max(axis=0)
    sigma = np.zeros((3, 4))
    sigma[:, :3] = _TILT_ERR * size
    sigma[0, 2], sigma[1, 0], sigma[2, 1] = (_GAIN_ERR * size[i] for i in (2, 0, 1))
    sigma[:, 3] = _RESIDUAL_ERR_MT
    sigma[2, 0] = 0.0
    errors = np.append(sigma.ravel(), _SHIFT_ERR_HZ)
    return FieldModel((*rows.ravel().tolist(), shift_hz), np.diag(errors**2), nitrogen)


def anchored_model(nominal: FieldModel, currents_a: Currents, along_mt: float, drift_mt: float) -> FieldModel:
    """The nominal coils, hung on currents at which the field is known to lie along the axis."""
    values = np.array(nominal.values)
    values[OFFSETS] = along_mt, 0.0, 0.0
    covariance = nominal.covariance.copy()
    covariance[OFFSETS, OFFSETS] = drift_mt**2
    return replace(nominal, values=tuple(values.tolist()), covariance=covariance, origin_a=currents_a)


def drifted(model: FieldModel, drift_mt: float) -> FieldModel:
    """What a model is worth after the residual field may have drifted so far."""
    covariance = model.covariance.copy()
    covariance[OFFSETS, OFFSETS] += drift_mt**2
    return replace(model, covariance=covariance, chi2=0.0, lines=0)


def counted_from_zero(model: FieldModel) -> FieldModel:
    """The same model with its origin at no current."""
    change = np.eye(VALUES)
    for k, offset in enumerate(OFFSETS):
        change[offset, 4 * k : 4 * k + 3] = -np.array(model.origin_a)
    values = change @ np.array(model.values)
    covariance = change @ model.covariance @ change.T
    return replace(model, values=tuple(values.tolist()), covariance=covariance, origin_a=(0.0, 0.0, 0.0))


def lines_and_slopes(
    model: FieldModel, currents: Real, plus: NDArray[np.bool_], at: NDArray[np.intp] | None = None
) -> tuple[Real, Real]:
    """Line centres (lines,) in Hz, and d(line) / d(values) (lines, 13).

    currents: (places, 3); at: (lines,), which of these places each line belongs to; None: each has its own.
    """
    vector = model.vector_mt(currents)
    across_mt = np.hypot(vector[:, 1], vector[:, 2])
    lines = nv_lines(vector[:, 0], across_mt, model.nitrogen)
    sign = np.sign(lines.minus_hz[:, 0])
    by_field = vector[:, 1:] / np.maximum(across_mt, _LEAST_MT)[:, None]

    def line(hz: Real, along: Real, across: Real) -> Real:
        return np.column_stack([hz[:, 0], along[:, 0], by_field * across[:, :1]])

    minus = line(lines.minus_hz, lines.minus_slope_hz_per_mt, lines.minus_across_slope_hz_per_mt) * sign[:, None]
    upper = line(lines.plus_hz, lines.plus_slope_hz_per_mt, lines.plus_across_slope_hz_per_mt)
    from_origin = np.column_stack([currents - np.array(model.origin_a), np.ones(len(currents))])
    place = np.arange(len(currents)) if at is None else at
    told = np.where(plus[:, None], upper[place], minus[place])
    rows = (told[:, 1:, None] * from_origin[place][:, None, :]).reshape(len(place), _SHIFT)
    return told[:, 0] + model.shift_hz, np.column_stack([rows, np.ones(len(place))])
