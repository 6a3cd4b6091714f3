"""Line centres from ODMR spectra: the 14N triplet (or one line) of Lorentzian dips under one width."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from sequences.analysis.statistics.significance import significance

Real = NDArray[np.float64]

_SCALE_HZ: Final = 1e5  # the fit's unit of frequency: numbers near one
_TRIED_POLARISATIONS: Final = (0.0, 0.5, 1.0)


@dataclass(frozen=True)
class LineFit:
    """One ODMR line with its nuclear structure."""

    centre_hz: float
    """Of the first component (m_I = +1)."""
    centre_err_hz: float
    linewidth_hz: float
    """Full width at half maximum of a component."""
    linewidth_err_hz: float
    contrast: float
    """Depth of all components together."""
    contrast_err: float
    nuclear_polarisation: float
    """0: components alike; 1: only the first one."""
    level: float
    reduced_chi2: float
    significance: float
    """How surely there is a dip at all, in sigma."""


def shares(components: int, polarisation: float) -> Real:
    """Weights of the nuclear components, polarised towards the first one."""
    even = np.full(components, (1.0 - polarisation) / components)
    even[0] += polarisation
    return even


def dips(frequency_hz: Real, centre_hz: float, width_hz: float, offsets_hz: Real, weights: Real) -> Real:
    """Lorentzians of unit total depth: (points,). weights: of the components, as from `shares`."""
    detuning = np.asarray(frequency_hz)[:, None] - centre_hz - offsets_hz[None, :]
    return np.asarray((1.0 / (1.0 + (2.0 * detuning / width_hz) ** 2)) @ weights)


def line_curve(frequency_hz: Real, line: Mapping[str, Any]) -> Real:
    """Photoluminescence with over without microwave: (points,). line: an estimate's, named as LineFit, with offsets."""
    offsets = np.asarray(line["offsets_hz"], dtype=float)
    weights = shares(len(offsets), line["nuclear_polarisation"])
    dip = dips(frequency_hz, line["centre_hz"], line["linewidth_hz"], offsets, weights)
    return np.asarray(line["level"] * (1.0 - line["contrast"] * dip))


def fit_line(frequency_hz: Real, ratio: Real, ratio_err: Real, offsets_hz: Real) -> LineFit:
    """Fit one dip pattern to photoluminescence with over without microwave.

    offsets_hz: where the components stand relative to the first one. A grid of centres and polarisations is tried
    linearly first, so that a triplet is not taken for its neighbour.
    """
    step_hz = float(
        np.median(np.diff(np.sort(frequency_hz)))
    )  # a line much narrower than this would be one noisy point
    width_hz = max(0.5e6, 2.0 * step_hz)
    centre_hz, polarisation = _start(frequency_hz, ratio, ratio_err, offsets_hz, width_hz)
    low, high = float(frequency_hz.min()) - width_hz, float(frequency_hz.max()) + width_hz
    several = len(offsets_hz) > 1
    begin = [0.0, np.log(width_hz), float(np.max(ratio)), max(1e-3, 1.0 - float(np.min(ratio)))]
    bounds = [
        ((low - centre_hz) / _SCALE_HZ, (high - centre_hz) / _SCALE_HZ),
        (np.log(0.3 * step_hz), np.log(20e6)),
        (-np.inf, np.inf),
        (-np.inf, np.inf),
        (0.0, 1.0),
    ][: 5 if several else 4]
    if several:
        begin.append(float(np.clip(polarisation, 0.05, 0.95)))

    def residual(p: Real) -> Real:
        weights = shares(len(offsets_hz), p[4] if several else 0.0)
        shape = dips(frequency_hz, centre_hz + _SCALE_HZ * p[0], np.exp(p[1]), offsets_hz, weights)
        return np.asarray((p[2] * (1.0 - p[3] * shape) - ratio) / ratio_err)

    fit = least_squares(residual, begin, bounds=np.array(bounds).T, x_scale=[1.0, 0.3, 0.1, 0.1, 0.5][: len(begin)])
    error = np.sqrt(np.diag(np.linalg.pinv(fit.jac.T @ fit.jac)))
    return LineFit(
        centre_hz=float(centre_hz + _SCALE_HZ * fit.x[0]),
        centre_err_hz=float(_SCALE_HZ * error[0]),
        linewidth_hz=float(np.exp(fit.x[1])),
        linewidth_err_hz=float(np.exp(fit.x[1]) * error[1]),
        contrast=float(fit.x[3]),
        contrast_err=float(error[3]),
        nuclear_polarisation=float(fit.x[4]) if several else 0.0,
        level=float(fit.x[2]),
        reduced_chi2=float(np.sum(fit.fun**2)) / max(1, len(ratio) - len(begin)),
        significance=float(fit.x[3] / error[3]) if error[3] > 0.0 else 0.0,
    )


def _start(frequency_hz: Real, ratio: Real, ratio_err: Real, offsets_hz: Real, width_hz: float) -> tuple[float, float]:
    """The centre and polarisation whose pattern explains most of the spectrum, by linear least squares."""
    low, high = (
        float(frequency_hz.min()),
        float(frequency_hz.max()),
    )  # outside, a neighbour would pass for the first one
    weight = 1.0 / ratio_err
    best, best_chi2 = (0.5 * (low + high), 0.5), np.inf
    for centre in np.arange(low, high, 0.25 * width_hz):
        for polarisation in _TRIED_POLARISATIONS:
            shape = dips(frequency_hz, centre, width_hz, offsets_hz, shares(len(offsets_hz), polarisation))
            columns = np.column_stack([np.ones_like(shape), -shape]) * weight[:, None]
            solved, *_ = np.linalg.lstsq(columns, ratio * weight, rcond=None)
            chi2 = float(np.sum((columns @ solved - ratio * weight) ** 2))
            if solved[1] > 0 and chi2 < best_chi2:
                best, best_chi2 = (float(centre), polarisation), chi2
    return best


@dataclass(frozen=True)
class LineShape:
    """What is known of a line before it is measured again."""

    offsets_hz: Real
    """Components relative to the first one."""
    polarisation: float
    """Nuclear polarisation, as in `shares`."""
    width_hz: float
    """Full width of a component at the power to be used."""
    width_tolerance: float
    """Its relative error, 1 sigma."""


def fit_known_line(frequency_hz: Real, ratio: Real, ratio_err: Real, shape: LineShape, about_hz: Real) -> LineFit:
    """Fit centre, contrast and width to few points of a line whose shape is known; far from it the ratio is 1.

    about_hz: centres to start from; the one that explains most wins.
    """
    weights = shares(len(shape.offsets_hz), shape.polarisation)
    starts = [_depth(frequency_hz, ratio, ratio_err, shape, float(c)) for c in about_hz]
    _, contrast, centre_hz = min(starts)

    def model(p: Real) -> Real:
        width = shape.width_hz * np.exp(p[2])
        return np.asarray(
            1.0 - p[1] * dips(frequency_hz, centre_hz + p[0] * _SCALE_HZ, width, shape.offsets_hz, weights)
        )

    def residual(p: Real) -> Real:
        return np.append((model(p) - ratio) / ratio_err, p[2] / shape.width_tolerance)

    fit = least_squares(residual, [0.0, contrast, 0.0], x_scale=[1.0, 0.1, 0.3])
    covariance, chi2 = np.linalg.pinv(fit.jac.T @ fit.jac), float(np.sum(fit.fun**2))
    return LineFit(
        centre_hz=centre_hz + float(fit.x[0]) * _SCALE_HZ,
        centre_err_hz=float(np.sqrt(covariance[0, 0])) * _SCALE_HZ,
        linewidth_hz=shape.width_hz * float(np.exp(fit.x[2])),
        linewidth_err_hz=shape.width_hz * float(np.exp(fit.x[2]) * np.sqrt(covariance[2, 2])),
        contrast=float(fit.x[1]),
        contrast_err=float(np.sqrt(covariance[1, 1])),
        nuclear_polarisation=shape.polarisation,
        level=1.0,
        reduced_chi2=chi2 / max(1, len(ratio) - 2),
        significance=significance((1.0 - ratio) / ratio_err, chi2),
    )


def _depth(
    frequency_hz: Real, ratio: Real, ratio_err: Real, shape: LineShape, centre_hz: float
) -> tuple[float, float, float]:
    """(chi2, contrast, centre) of the best dip at this centre; a bump counts as no dip."""
    weights = shares(len(shape.offsets_hz), shape.polarisation)
    dip = dips(frequency_hz, centre_hz, shape.width_hz, shape.offsets_hz, weights) / ratio_err
    missing = (1.0 - ratio) / ratio_err
    contrast = max(0.0, float(dip @ missing / (dip @ dip)))
    return float(np.sum((contrast * dip - missing) ** 2)), contrast, centre_hz
