"""A wide, coarse spectrum: no dip, one or two, and the field across a range that no one expected."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from physics.constants import D_HZ, GAMMA_E_HZ_PER_MT
from sequences.analysis.odmr.field_from_lines import FieldSeen, field_from_two

Real = NDArray[np.float64]

_SEEN_SIGMA: Final = 7.0
_CENTRE_ERR_HZ: Final = 1e5
"""Of a centre, beside shot noise: unresolved nuclear components are no single Lorentzian."""
_SHIFT_ERR_HZ: Final = 5e4
"""Of what both lines have in common: D at this temperature, the exchange of a pair that is driven as one."""
_MERGED_ERR_HZ: Final = 2e5
"""Of D, where one line stands for both: the temperature is not known better than this."""
_RAISED_SIGMA: Final = 3.0
_BETWEEN: Final = 1.0 / np.sqrt(27.0)
"""Of how far they are raised: the two stand a third of it to either side, and one may be the deeper."""
_DISTINCT: Final = 0.02
"""Of two profiles: 1 less the square of their overlap, from which on they are two."""


@dataclass(frozen=True)
class Dips:
    """What stands in a wide spectrum. Nuclear components are not resolved: a centre is the mean of them."""

    centres_hz: tuple[float, ...]
    """Ascending; none, one or two."""
    errors_hz: tuple[float, ...]
    width_hz: float
    """Full width that all have in common."""
    least_depth: float
    """Of a dip that could not have been missed."""


def find_dips(frequency_hz: Real, ratio: Real, error: Real, width_hz: float) -> Dips:
    """The dips of a spectrum whose ratio is 1 far from them; one more counts if it explains seven sigma.

    frequency_hz, ratio, error: (points,). width_hz: full width to start from.
    """
    missing = (1.0 - ratio) / error
    grid = np.arange(float(frequency_hz.min()), float(frequency_hz.max()), 0.25 * width_hz)
    profiles = _lorentzian(frequency_hz[:, None] - grid, width_hz) / error[:, None]
    least = _SEEN_SIGMA / float(np.sqrt(np.median(np.sum(profiles**2, axis=0))))
    found, chi2 = Dips((), (), width_hz, least), float(missing @ missing)
    for places in (_best_one(profiles, missing), _best_two(profiles, missing)):
        fit = _fitted(frequency_hz, ratio, error, grid[places], width_hz)
        if chi2 - fit.chi2 < _SEEN_SIGMA**2:
            break
        found, chi2 = Dips(fit.centres_hz, fit.errors_hz, fit.width_hz, least), fit.chi2
    return found


def field_of_dips(dips: Dips) -> FieldSeen | None:
    """The field that both lines show; None if there are not two, or no field makes them.

    One line above D is both in one, with a field across the axis: their mean is D + 3 (gamma B)^2 / (2 D).
    """
    if len(dips.centres_hz) == 1:
        return _across_alone(dips.centres_hz[0], dips.errors_hz[0], dips.width_hz)
    if not dips.centres_hz:
        return None
    (low, high), (low_err, high_err) = dips.centres_hz, np.hypot(dips.errors_hz, _CENTRE_ERR_HZ)
    try:
        return field_from_two((low, float(low_err)), (high, float(high_err)), (0.0, _SHIFT_ERR_HZ), nitrogen=False)
    except ValueError:
        return None


def _across_alone(centre_hz: float, centre_err_hz: float, width_hz: float) -> FieldSeen | None:
    raised_hz, error_hz = centre_hz - D_HZ, float(np.hypot(centre_err_hz, _MERGED_ERR_HZ))
    if raised_hz < _RAISED_SIGMA * error_hz:
        return None
    error_hz = float(np.hypot(error_hz, _BETWEEN * raised_hz))
    field_mt = float(np.sqrt(2.0 * D_HZ * raised_hz / 3.0)) / GAMMA_E_HZ_PER_MT
    along_err_mt = 0.25 * width_hz / GAMMA_E_HZ_PER_MT  # beyond, the two would be told apart
    return FieldSeen(
        field_mt=field_mt,
        field_err_mt=0.5 * field_mt * error_hz / raised_hz,
        tilt_deg=90.0,
        tilt_err_deg=float(np.degrees(along_err_mt / field_mt)),
    )


@dataclass(frozen=True)
class _Fit:
    centres_hz: tuple[float, ...]
    errors_hz: tuple[float, ...]
    width_hz: float
    chi2: float


def _lorentzian(detuning_hz: Real, width_hz: float) -> Real:
    return np.asarray(1.0 / (1.0 + (2.0 * detuning_hz / width_hz) ** 2))


def _best_one(profiles: Real, missing: Real) -> NDArray[np.intp]:
    """(1,): the place of the dip that explains most. profiles: (points, places) of unit depth, over the errors."""
    explains = np.maximum(profiles.T @ missing, 0.0) ** 2 / np.sum(profiles**2, axis=0)
    return np.array([np.argmax(explains)])


def _best_two(profiles: Real, missing: Real) -> NDArray[np.intp]:
    """(2,): the places of the two dips, neither of negative depth, that explain most together."""
    gram, seen = profiles.T @ profiles, profiles.T @ missing
    own = np.diag(gram)
    determinant = np.outer(own, own) - gram**2
    depth = seen[:, None] * own - gram * seen  # of the first, times the determinant
    explains = seen[:, None] * depth + seen * depth.T
    apart = np.triu(determinant > _DISTINCT * np.outer(own, own), 1)
    allowed = apart & (depth > 0.0) & (depth.T > 0.0)
    gains = np.where(allowed, explains / np.where(apart, determinant, 1.0), -np.inf)
    return np.array(np.unravel_index(np.argmax(gains), gains.shape))


def _fitted(frequency_hz: Real, ratio: Real, error: Real, centres_hz: Real, width_hz: float) -> _Fit:
    """Least squares of centres, depths and the common width; a depth cannot be negative."""
    number = len(centres_hz)

    def dips(p: Real) -> Real:
        detuning = frequency_hz[:, None] - (centres_hz + width_hz * p[:number])
        return np.asarray(_lorentzian(detuning, width_hz * float(np.exp(p[-1]))) @ p[number:-1])

    def residual(p: Real) -> Real:
        return np.asarray((1.0 - dips(p) - ratio) / error)

    start = np.r_[np.zeros(number), np.full(number, max(1e-3, 1.0 - float(ratio.min()))), 0.0]
    low = np.r_[np.full(number, -3.0), np.zeros(number), -1.0]
    high = np.r_[np.full(number, 3.0), np.full(number, 1.0), 1.0]
    fit = least_squares(residual, np.clip(start, low, 0.99 * high), bounds=(low, high))
    variances = np.diag(np.linalg.pinv(fit.jac.T @ fit.jac))[:number]
    errors = width_hz * np.sqrt(np.maximum(variances, 0.0))  # rounding may leave a little less than nothing
    centres = centres_hz + width_hz * fit.x[:number]
    order = np.argsort(centres)
    return _Fit(
        centres_hz=tuple(centres[order].tolist()),
        errors_hz=tuple(errors[order].tolist()),
        width_hz=width_hz * float(np.exp(fit.x[-1])),
        chi2=float(np.sum(fit.fun**2)),
    )
