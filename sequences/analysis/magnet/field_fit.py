"""Learn the magnet from lines seen one after the other while its field drifts: generalised least squares, and rivals.

Between two lines the residual field takes random steps, alike in all directions. What drift does to lines is linear in
it, so it needs no parameters of its own: it only correlates the lines' errors. The model holds for the newest line.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import least_squares

from sequences.analysis.magnet.field_model import OFFSETS, VALUES, Currents, FieldModel, lines_and_slopes

Real = NDArray[np.float64]

_FREE: Final = np.array([k for k in range(VALUES) if k != 8])
"""All but c_x: the azimuth about the axis is free."""
_FEW_LINES: Final = 3
_KNOWN_MT: Final = 0.03
"""Error of B across below which one model is enough."""
_ONE_SIDED_MT: Final = 0.005
"""Below this a mirror image would have come as a surprise."""
_SURPRISE, _RIVAL = 9.0, 9.0
"""Rise of chi-squared by one line that calls for other starts; and of a rival over the best model."""
_ALIKE: Final = 0.5
"""Distance of two models, in sigma of the better one, below which they are one."""
_ROUGHLY, _EXACTLY = 1e-3, 1e-5
"""Relative change of chi-squared at which a descent ends: of all starts, and of the best model."""
_TELLING_LINES: Final = 12
"""So many lines tell how fast the field drifts."""
_UT_PER_SQRT_MIN: Final = 1e-3 / 60.0**0.5
_DRIFTS: Final = np.geomspace(0.0125, 3.2, 17) * _UT_PER_SQRT_MIN
"""(17,): tried, in mT per root second."""
USUAL_DRIFT: Final = 0.2 * _UT_PER_SQRT_MIN
"""Before anything is known, mT per root second; wrong by a factor of three, 1 sigma."""
_DRIFT_ERR: Final = 1.1


@dataclass(frozen=True)
class LineSeen:
    """One measured line."""

    currents_a: Currents
    plus: bool
    """f+ rather than |f-|."""
    frequency_hz: float
    """Of m_I = +1."""
    error_hz: float
    time_s: float = 0.0
    """Laboratory time."""


def fit_field(prior: FieldModel, known: Sequence[FieldModel], seen: Sequence[LineSeen]) -> list[FieldModel]:
    """The models that explain all lines seen, the best first, with the prior as weak knowledge of coils and residual.

    known: the models before the newest line. Lines are even in B across: a fit that starts from none of it, or with the
    wrong sign of it, never leaves, and few lines may leave several models possible. So its mirror images are tried
    until B across is known well, and starts all around while it is hardly known, or when the newest line comes as a
    surprise. All models that explain the lines nearly as well as the best are kept, until a line tells them apart.
    """
    here, lines = seen[-1].currents_a, _Lines(prior, known[0], seen)
    found = sorted((lines.descended(start) for start in known), key=lambda model: model.chi2)
    best = found[0]
    across = float(np.hypot(*best.errors_mt(here)[1:]))
    surprised = best.chi2 > min(model.chi2 for model in known) + _SURPRISE
    if best.lines > _FEW_LINES and (across > _ONE_SIDED_MT or surprised or len(known) > 1):
        fields = _mirrored(best, here)
        if across > _KNOWN_MT or surprised:
            before = prior if surprised else known[0]
            widest = float(np.hypot(*before.errors_mt(here)[1:]))
            fields += _around(best, here, max(0.6 * across, _KNOWN_MT))
            fields += _around(before, here, 0.25 * widest) + _around(before, here, 0.7 * widest)
        found += [lines.descended(_bent(best, here, across_mt, known[0].covariance)) for across_mt in fields]
    likeliest, *rivals = lines.distinct(found)
    return [lines.descended(likeliest, _EXACTLY), *rivals]


def _around(model: FieldModel, currents_a: Currents, size_mt: float) -> list[Real]:
    """Fields across at these currents, so far from the model's, in four directions."""
    angles = np.arange(4) * np.pi / 2.0 + 0.4
    across_mt = model.vector_mt(currents_a)[1:]
    return [across_mt + size_mt * np.array([np.cos(angle), np.sin(angle)]) for angle in angles]


def _mirrored(model: FieldModel, currents_a: Currents) -> list[Real]:
    """The model's field across at these currents with either component reversed, or both."""
    across_mt = model.vector_mt(currents_a)[1:]
    return [across_mt * np.array(signs) for signs in ((-1, 1), (1, -1), (-1, -1))]


def _bent(model: FieldModel, currents_a: Currents, across_mt: Real, covariance: Real) -> FieldModel:
    """The model with this field across at these currents, by the changes that the covariance thinks most likely."""
    at = np.append(np.array(currents_a) - np.array(model.origin_a), 1.0)
    field = np.zeros((2, VALUES))
    field[0, 4:8] = field[1, 8:12] = at
    likely = covariance @ field.T
    change = likely @ np.linalg.solve(field @ likely, across_mt - model.vector_mt(currents_a)[1:])
    return replace(model, values=tuple((np.array(model.values) + change).tolist()))


class _Lines:
    """All lines seen, with the correlations that a drift of the field gives to their errors."""

    def __init__(self, prior: FieldModel, start: FieldModel, seen: Sequence[LineSeen]) -> None:
        self._prior = replace(prior, time_s=seen[-1].time_s, drift_mt_per_sqrt_s=start.drift_mt_per_sqrt_s)
        self._lines = len(seen)
        currents = np.array([line.currents_a for line in seen])
        self._places, at = np.unique(currents, axis=0, return_inverse=True)  # each is diagonalised once
        self._at = at.ravel()
        self._plus = np.array([line.plus for line in seen])
        self._frequency_hz = np.array([line.frequency_hz for line in seen])
        self._error_hz = np.array([line.error_hz for line in seen])
        self._shared = _shared_mt2_s(seen, start)
        self._mean, self._factor = np.array(prior.values), _factor(prior.covariance[np.ix_(_FREE, _FREE)])

    def descended(self, start: FieldModel, change: float = _ROUGHLY) -> FieldModel:
        """The model that explains the lines best, found from this start, to this relative change of chi-squared."""
        whitener = np.linalg.inv(np.linalg.cholesky(self.covariance_hz2(self._prior.drift_mt_per_sqrt_s)))

        @lru_cache(maxsize=1)  # a step's slopes are asked for where its residuals were
        def lines(scaled: bytes) -> tuple[Real, Real]:
            return self._lines_of(self._model(np.frombuffer(scaled)))

        def residual(scaled: Real) -> Real:
            away = lines(scaled.tobytes())[0] - self._frequency_hz
            return np.concatenate([whitener @ away, scaled])

        def slope(scaled: Real) -> Real:
            measured = lines(scaled.tobytes())[1][:, _FREE] @ self._factor
            return np.vstack([whitener @ measured, np.eye(len(_FREE))])

        begin = np.linalg.solve(self._factor, (np.array(start.values) - self._mean)[_FREE])
        fit = least_squares(residual, begin, jac=slope, method="lm", xtol=1e-7, ftol=change, max_nfev=60)
        covariance = np.zeros((VALUES, VALUES))
        covariance[np.ix_(_FREE, _FREE)] = self._factor @ np.linalg.inv(fit.jac.T @ fit.jac) @ self._factor.T
        chi2 = float(np.sum(fit.fun**2))
        return replace(self._model(fit.x), covariance=covariance, chi2=chi2, lines=self._lines)

    def distinct(self, found: Sequence[FieldModel]) -> list[FieldModel]:
        """Those nearly as good as the best, which comes first, each once."""
        kept: list[FieldModel] = []
        for model in sorted(found, key=lambda model: model.chi2):
            near = not kept or model.chi2 < kept[0].chi2 + _RIVAL
            if near and all(_apart(model, other) > _ALIKE for other in kept):
                kept.append(model)
        return kept

    def covariance_hz2(self, drift_mt_per_sqrt_s: float) -> Real:
        """(n, n): of the lines, for a model that holds at the time of the newest."""
        return np.asarray(np.diag(self._error_hz**2) + drift_mt_per_sqrt_s**2 * self._shared)

    def likelihoods(self, model: FieldModel, drifts: Real) -> Real:
        """(drifts,): log likelihood of each drift whatever the magnet, linearised about the model."""
        centres_hz, slopes = self._lines_of(model)
        slopes, away = slopes[:, _FREE], self._frequency_hz - centres_hz
        away = away + slopes @ (np.array(model.values) - self._mean)[_FREE]
        by_prior = (slopes @ self._factor) @ (slopes @ self._factor).T
        out = []
        for drift in drifts:
            root = np.linalg.cholesky(by_prior + self.covariance_hz2(float(drift)))
            whitened = solve_triangular(root, away, lower=True)
            out.append(-0.5 * float(whitened @ whitened) - float(np.sum(np.log(np.diag(root)))))
        return np.array(out)

    def _lines_of(self, model: FieldModel) -> tuple[Real, Real]:
        return lines_and_slopes(model, self._places, self._plus, self._at)

    def _model(self, scaled: Real) -> FieldModel:
        values = self._mean.copy()
        values[_FREE] += self._factor @ scaled
        return replace(self._prior, values=tuple(values.tolist()))


def likely_drift(prior: FieldModel, model: FieldModel, seen: Sequence[LineSeen]) -> float:
    """How fast the field drifts, in mT per root second, by the scatter of the lines; few lines tell nothing."""
    if len(seen) < _TELLING_LINES:
        return model.drift_mt_per_sqrt_s
    believed = -0.5 * (np.log(_DRIFTS / USUAL_DRIFT) / _DRIFT_ERR) ** 2
    log = _Lines(prior, model, seen).likelihoods(model, _DRIFTS) + believed
    weight = np.exp(log - log.max())
    return float(np.sqrt(weight @ _DRIFTS**2 / weight.sum()))  # variances are what predictions need


def _apart(model: FieldModel, better: FieldModel) -> float:
    """Distance in sigma: along a valley that the lines leave open it is small, to another valley it is large."""
    step = (np.array(model.values) - np.array(better.values))[_FREE]
    return float(np.sqrt(step @ np.linalg.solve(better.covariance[np.ix_(_FREE, _FREE)], step)))


def _shared_mt2_s(seen: Sequence[LineSeen], model: FieldModel) -> Real:
    """(n, n): covariance of the lines, in Hz^2 for a drift of 1 mT per root second counted back from the newest."""
    ago = np.array([seen[-1].time_s - line.time_s for line in seen])
    currents, plus = np.array([line.currents_a for line in seen]), np.array([line.plus for line in seen])
    by_field = lines_and_slopes(model, currents, plus)[1][:, OFFSETS]
    return np.asarray(np.minimum(ago[:, None], ago[None, :]) * (by_field @ by_field.T))


def _factor(covariance: Real) -> Real:
    """Lower triangular root of a covariance; rounding may have left it a little less than positive."""
    sigma = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(sigma, sigma) + 1e-10 * np.eye(len(sigma))
    return np.asarray(sigma[:, None] * np.linalg.cholesky(correlation))
