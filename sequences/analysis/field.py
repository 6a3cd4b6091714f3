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
from scipy.optimize import least_squares
from scipy.stats import rice

from physics.levels import nv_lines

Real = NDArray[np.float64]
Currents = tuple[float, float, float]

_FAR_SIGMA: Final = 20.0
"""A length that is known this well errs like a component."""

_SIZE, _SHIFT, _C_X = 13, 12, 8
_FREE: Final = np.array([k for k in range(_SIZE) if k != _C_X])
_OFFSETS: Final = np.array([3, 7, 11])
NAMES: Final = ("a_x", "a_y", "a_main", "a_0", "b_x", "b_y", "b_main", "b_0", "c_x", "c_y", "c_main", "c_0", "shift")
"""Of a model's values."""
_GAIN_ERR, _TILT_ERR, _RESIDUAL_ERR_MT, _SHIFT_ERR_HZ = 0.025, 0.04, 0.045, 5e4
_FEW_LINES: Final = 3
_KNOWN_MT: Final = 0.03
"""Error of B across below which one model is enough."""
_SURPRISE, _RIVAL = 9.0, 9.0
"""Rise of chi-squared by one line that calls for other starts; and of a rival over the best model."""
_ACROSS_STEP_MT2: Final = 1e-7
"""Step in the square of B across; lines are smooth in it, not in B across itself."""


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
    """What the lab knows of its magnet: (a, a0, b, b0, c, c0, shift) in mT/A, mT and Hz, with their covariance."""

    values: tuple[float, ...]
    covariance: Real
    """(13, 13)."""
    nitrogen: bool = True
    origin_a: Currents = (0.0, 0.0, 0.0)
    """Currents from which I is counted: where the offsets a0, b0, c0 hold."""
    chi2: float = 0.0
    """Of the lines that it was fitted to."""
    lines: int = 0
    """How many those were."""

    @cached_property
    def _rows(self) -> Real:
        return np.array(self.values[:_SHIFT]).reshape(3, 4)

    @property
    def shift_hz(self) -> float:
        """What all lines have in common."""
        return self.values[_SHIFT]

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
        known = rice(across / sigma, scale=sigma)
        return float(known.mean()), float(known.std())

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
            jacobian = _jacobian(self, np.array([currents_a], dtype=float), np.array([plus]))[0]
            bend = (far.plus_hz - near.plus_hz if plus else np.abs(far.minus_hz) - np.abs(near.minus_hz))[..., 0]
            out.append(float(np.sqrt(max(0.0, jacobian @ self.covariance @ jacobian) + float(bend) ** 2)))
        return out[0], out[1]


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
    values[_OFFSETS] = along_mt, 0.0, 0.0
    covariance = nominal.covariance.copy()
    covariance[_OFFSETS, _OFFSETS] = drift_mt**2
    return replace(nominal, values=tuple(values.tolist()), covariance=covariance, origin_a=currents_a)


def drifted(model: FieldModel, drift_mt: float) -> FieldModel:
    """What a model is worth after the residual field may have drifted so far."""
    covariance = model.covariance.copy()
    covariance[_OFFSETS, _OFFSETS] += drift_mt**2
    return replace(model, covariance=covariance, chi2=0.0, lines=0)


def counted_from_zero(model: FieldModel) -> FieldModel:
    """The same model with its origin at no current."""
    change = np.eye(_SIZE)
    for k, offset in enumerate(_OFFSETS):
        change[offset, 4 * k : 4 * k + 3] = -np.array(model.origin_a)
    values = change @ np.array(model.values)
    covariance = change @ model.covariance @ change.T
    return replace(model, values=tuple(values.tolist()), covariance=covariance, origin_a=(0.0, 0.0, 0.0))


def fit_field(prior: FieldModel, start: FieldModel, seen: Sequence[LineSeen]) -> list[FieldModel]:
    """The models that explain all lines seen, the best first, with the prior as weak knowledge of coils and residual.

    Lines are even in B across: a fit that starts from none of it, or with the wrong sign of it, never leaves, and few
    lines may leave several models possible. So while B across is hardly known, or when the newest line comes as a
    surprise, starts with other fields across are tried too, and rivals that explain the lines nearly as well are kept.
    """
    here = seen[-1].currents_a
    best = _descended(prior, start, seen)
    across = float(np.hypot(*best.errors_mt(here)[1:]))
    if best.lines <= _FEW_LINES or (across < _KNOWN_MT and best.chi2 < start.chi2 + _SURPRISE):
        return [best]
    widest = float(np.hypot(*prior.errors_mt(here)[1:]))
    starts = _around(best, here, max(0.6 * across, _KNOWN_MT))
    starts += _around(prior, here, 0.25 * widest) + _around(prior, here, 0.7 * widest)
    starts += [_mirrored(best, here, k) for k in (1, 2)]
    found = [best, *(_descended(prior, bent, seen) for bent in starts)]
    found.sort(key=lambda model: model.chi2)
    return [model for model in found if model.chi2 < found[0].chi2 + _RIVAL]


def _around(model: FieldModel, currents_a: Currents, size_mt: float) -> list[FieldModel]:
    """The model with this much more field across, in four directions."""
    angles = np.arange(4) * np.pi / 2.0 + 0.4
    return [_bent(model, currents_a, size_mt * np.cos(angle), size_mt * np.sin(angle)) for angle in angles]


def _mirrored(model: FieldModel, currents_a: Currents, component: int) -> FieldModel:
    """The model with one component of the field across reversed at these currents, by the main coil."""
    value = -2.0 * float(model.vector_mt(currents_a)[component])
    return _bent(model, currents_a, value if component == 1 else 0.0, value if component == 2 else 0.0)


def _bent(model: FieldModel, currents_a: Currents, b_mt: float, c_mt: float) -> FieldModel:
    """The model with so much more field across at these currents, by the main coil."""
    values = np.array(model.values)
    main_a = currents_a[2] - model.origin_a[2]
    if abs(main_a) > 1e-3:
        values[[6, 10]] += np.array([b_mt, c_mt]) / main_a
    else:
        values[[7, 11]] += b_mt, c_mt
    return replace(model, values=tuple(values.tolist()))


def _descended(prior: FieldModel, start: FieldModel, seen: Sequence[LineSeen]) -> FieldModel:
    currents = np.array([line.currents_a for line in seen])
    plus = np.array([line.plus for line in seen])
    frequency, error = (np.array([getattr(line, k) for line in seen]) for k in ("frequency_hz", "error_hz"))
    mean, factor = np.array(prior.values), _factor(prior.covariance[np.ix_(_FREE, _FREE)])

    def model(scaled: Real) -> FieldModel:
        values = mean.copy()
        values[_FREE] += factor @ scaled
        return replace(prior, values=tuple(values.tolist()))

    def residual(scaled: Real) -> Real:
        return np.concatenate([(_lines(model(scaled), currents, plus) - frequency) / error, scaled])

    def slope(scaled: Real) -> Real:
        measured = _jacobian(model(scaled), currents, plus)[:, _FREE] @ factor / error[:, None]
        return np.vstack([measured, np.eye(len(_FREE))])

    begin = np.linalg.solve(factor, (np.array(start.values) - mean)[_FREE])
    fit = least_squares(residual, begin, jac=slope, method="lm", xtol=1e-7, ftol=1e-5, max_nfev=60)
    covariance = np.zeros((_SIZE, _SIZE))
    covariance[np.ix_(_FREE, _FREE)] = factor @ np.linalg.inv(fit.jac.T @ fit.jac) @ factor.T
    chi2 = float(np.sum(fit.fun**2))
    return replace(model(fit.x), covariance=covariance, chi2=chi2, lines=len(seen))


def _factor(covariance: Real) -> Real:
    """Lower triangular root of a covariance; rounding may have left it a little less than positive."""
    sigma = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(sigma, sigma) + 1e-10 * np.eye(len(sigma))
    return np.asarray(sigma[:, None] * np.linalg.cholesky(correlation))


def _lines(model: FieldModel, currents: Real, plus: NDArray[np.bool_]) -> Real:
    lines = nv_lines(*model.along_across_mt(currents), model.nitrogen)
    return np.asarray(np.where(plus, lines.plus_hz[:, 0], np.abs(lines.minus_hz[:, 0])) + model.shift_hz)


def _jacobian(model: FieldModel, currents: Real, plus: NDArray[np.bool_]) -> Real:
    """d(line) / d(values): (lines, 13)."""
    vector = model.vector_mt(currents)
    squared = vector[:, 1] ** 2 + vector[:, 2] ** 2
    near = nv_lines(vector[:, 0], np.sqrt(squared), model.nitrogen)
    far = nv_lines(vector[:, 0], np.sqrt(squared + _ACROSS_STEP_MT2), model.nitrogen)
    sign = np.sign(near.minus_hz[:, 0])
    along = np.where(plus, near.plus_slope_hz_per_mt[:, 0], sign * near.minus_slope_hz_per_mt[:, 0])
    step = np.where(plus, (far.plus_hz - near.plus_hz)[:, 0], sign * (far.minus_hz - near.minus_hz)[:, 0])
    across = step / _ACROSS_STEP_MT2
    drive = np.column_stack([along, 2.0 * across * vector[:, 1], 2.0 * across * vector[:, 2]])
    at = np.column_stack([currents - np.array(model.origin_a), np.ones(len(currents))])
    rows = (drive[:, :, None] * at[:, None, :]).reshape(len(currents), _SHIFT)
    return np.column_stack([rows, np.ones(len(currents))])
