"""Relaxation by the 13C bath: how much of a prepared difference of populations survives a contact, and the dip of it
against field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from physics.constants import GAMMA_13C_HZ_PER_MT
from physics.levels import nv_lines
from sequences.analysis.statistics.significance import from_mean, significance

Real = NDArray[np.float64]

_TRIED_WIDTHS: Final = (0.5, 1.0, 2.0)
_WORSE_THAN_NOISE: Final = 2.0
"""Reduced chi-squared of a scan that shot noise hardly ever makes."""


@dataclass(frozen=True)
class DipFit:
    """The 13C resonance: relaxation rate against field, a Lorentzian."""

    centre_mt: float
    centre_err_mt: float
    half_width_mt: float
    half_width_err_mt: float
    rate_per_s: float
    """On resonance."""
    rate_err_per_s: float
    inversion: float
    """Difference of the read-outs of |0> and |1> over their sum, without contact."""
    inversion_err: float
    reduced_chi2: float
    significance: float
    """How surely there is a dip at all, in sigma: against points that are all alike."""
    pulled_by: Real
    """(points,): d(centre) / d(field of each point); their sum is 1."""


def detuning_hz(along_mt: float, nitrogen: bool) -> float:
    """f- signed, less the 13C line on its side of the crossing: what theory says of a field along the axis."""
    minus_hz = float(nv_lines(along_mt, 0.0, nitrogen).minus_hz[0])
    return minus_hz - float(np.sign(minus_hz)) * GAMMA_13C_HZ_PER_MT * along_mt


def detuning_slope_hz_per_mt(along_mt: float, nitrogen: bool) -> float:
    """d(detuning) / d(B along): of f- signed, less the 13C line on its side of the crossing."""
    lines = nv_lines(along_mt, 0.0, nitrogen)
    return float(lines.minus_slope_hz_per_mt[0] - np.sign(lines.minus_hz[0]) * GAMMA_13C_HZ_PER_MT)


def surviving(rate_times_contact: Real, bath_spins: float) -> Real:
    """Difference of populations left by a contact, when |1> and |0> are prepared in turn and the bath stays hot.

    The bath of N spins takes up what the NV loses and gives it back at the next shot: exact for a mean-field bath in
    the state that this alternation sustains; exp(-rate x contact) for a large one.
    """
    n = bath_spins
    left = np.exp(-np.asarray(rate_times_contact) * (1.0 + 1.0 / n))
    swing = (1.0 - left) / (2.0 * n + 1.0 + left)
    return np.asarray(((1.0 - n * swing) + (1.0 + swing) * n * left) / (1.0 + n))


def rate_at(field_mt: Real, centre_mt: float, half_width_mt: float, peak_per_s: float) -> Real:
    """Lorentzian."""
    return np.asarray(peak_per_s / (1.0 + ((np.asarray(field_mt) - centre_mt) / half_width_mt) ** 2))


def surviving_curve(offset_ut: Real, contact_us: float, dip: Mapping[str, float]) -> Real:
    """Difference of the read-outs that a fit expects at these fields, (points,), after one contact time.

    dip: an estimate's centre_ut, half_width_ut, rate_per_s, inversion and bath_spins.
    """
    rate = rate_at(offset_ut, dip["centre_ut"], dip["half_width_ut"], dip["rate_per_s"])
    return np.asarray(dip["inversion"] * surviving(rate * contact_us * 1e-6, dip["bath_spins"]))


def fit_dip(
    field_mt: Real, contact_s: Real, difference: Real, error: Real, bath_spins: float, half_width_mt: float
) -> DipFit:
    """Fit read-out differences at several fields and contact times, zero contact among them.

    field_mt: (points,), along the axis, from any origin. half_width_mt: roughly. Centre and width are tried on a grid
    first: a dip seen by two points only has no gradient to lead a fit to it.
    """
    scale = half_width_mt
    x = (field_mt - field_mt.mean()) / scale

    def model(p: Real) -> Real:
        rate = rate_at(x, p[1], np.exp(p[2]), 1.0) * np.exp(p[0])
        return np.asarray(p[3] * surviving(rate * contact_s * 1e5, bath_spins))

    def residual(p: Real) -> Real:
        return np.asarray((model(p) - difference) / error)

    inversion = float(np.max(difference))
    starts = [
        np.array([np.log(rate), centre, np.log(width), inversion])
        for rate in (0.7, 2.5)
        for centre in np.arange(x.min(), x.max() + 0.25, 0.5)
        for width in _TRIED_WIDTHS
    ]
    best = min(starts, key=lambda p: float(np.sum(residual(p) ** 2)))
    fit = least_squares(residual, best, x_scale=[0.3, 0.3, 0.3, 0.05])
    chi2 = float(np.sum(fit.fun**2))
    reduced_chi2 = chi2 / max(1, len(difference) - 4)
    covariance = np.linalg.pinv(fit.jac.T @ fit.jac)
    misfit = reduced_chi2 if reduced_chi2 > _WORSE_THAN_NOISE else 1.0
    error_of = np.sqrt(np.diag(covariance) * misfit)
    rate, width = 1e5 * float(np.exp(fit.x[0])), scale * float(np.exp(fit.x[2]))
    return DipFit(
        centre_mt=float(field_mt.mean() + scale * fit.x[1]),
        centre_err_mt=scale * float(error_of[1]),
        half_width_mt=width,
        half_width_err_mt=width * float(error_of[2]),
        rate_per_s=rate,
        rate_err_per_s=rate * float(error_of[0]),
        inversion=float(fit.x[3]),
        inversion_err=float(error_of[3]),
        reduced_chi2=reduced_chi2,
        significance=significance(from_mean(difference, error), chi2),
        pulled_by=np.asarray((covariance @ fit.jac.T)[1] * fit.jac[:, 1]),
    )
