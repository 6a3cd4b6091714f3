"""Where both NVs come onto resonance while a current is swept under a selective and a common read-out."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from lmfit import Parameters, minimize
from lmfit.minimizer import MinimizerResult
from numpy.typing import NDArray

from sequences.analysis.statistics.significance import from_mean, significance

Real = NDArray[np.float64]


def flipped(detuning_rad_per_s: Real, rabi_rad_per_s: float, duration_s: float) -> Real:
    """Population that a square pulse moves at a detuning (Rabi's formula)."""
    effective = np.hypot(detuning_rad_per_s, rabi_rad_per_s)
    return np.asarray((rabi_rad_per_s / effective) ** 2 * np.sin(0.5 * effective * duration_s) ** 2)


@dataclass(frozen=True)
class TwoResonances:
    """Dips of the left and the right NV in a sweep of the compensation current."""

    left_a: float
    right_a: float
    right_err_a: float
    slope_rad_per_s_per_a: float
    """By how much the current moves the lines (its magnitude: a symmetric dip does not tell the sign)."""
    cross_talk: float
    """Depth of the left NV's dip over the right one's under the doughnut."""
    cross_talk_err: float
    significance: float
    """How surely there is a dip at all under the doughnut, in sigma: known even where the two coincide."""


_GRID: Final = 60
_OUTLIER: Final = 3.0
"""Errors beyond which a point counts less: where the compensation undoes the shift, the NVs meet the baths."""


def fit_two(
    current_a: Real,
    common: tuple[Real, Real],
    selective: tuple[Real, Real],
    rabi_rad_per_s: float,
    duration_s: float,
    slope_rad_per_s_per_a: float,
) -> TwoResonances:
    """Fit dips at two currents to both read-outs together; `common` and `selective` are (photons a shot, error).

    Under the common read-out both dips are alike; the right NV's is the deeper one under the selective read-out.
    """
    start = _starts(current_a, common, rabi_rad_per_s, duration_s, slope_rad_per_s_per_a)
    fit = _fit(current_a, common, selective, rabi_rad_per_s, duration_s, slope_rad_per_s_per_a, start)
    v = fit.params.valuesdict()
    error = {name: float(fit.params[name].stderr or np.inf) for name in fit.params}
    right, left = sorted("ab", key=lambda dip: -float(v[f"ring_{dip}"]))
    depth, depth_err = float(v[f"ring_{right}"]), error[f"ring_{right}"]
    ratio = float(v[f"ring_{left}"]) / depth
    return TwoResonances(
        left_a=float(v[left]),
        right_a=float(v[right]),
        right_err_a=error[right],
        slope_rad_per_s_per_a=float(v["slope"] * slope_rad_per_s_per_a),
        cross_talk=ratio,
        cross_talk_err=float(np.hypot(error[f"ring_{left}"], ratio * depth_err)) / depth,
        significance=significance(from_mean(*selective), float(np.sum(fit.residual[len(current_a) :] ** 2))),
    )


def _starts(
    current_a: Real, common: tuple[Real, Real], rabi: float, duration_s: float, slope: float
) -> tuple[float, float]:
    """The pair of currents whose two equal dips explain most of the common read-out."""
    grid = np.linspace(current_a.min(), current_a.max(), _GRID * 2)
    shapes = flipped(slope * (current_a[None, :] - grid[:, None]), rabi, duration_s)
    weight = 1.0 / common[1]
    best, least = (0.0, 0.0), np.inf
    for i in range(len(grid)):
        for j in range(i + 1, len(grid)):
            columns = np.column_stack([weight, (shapes[i] + shapes[j]) * weight])
            normal = columns.T @ columns
            solved = np.linalg.solve(normal, columns.T @ (common[0] * weight))
            chi2 = float(np.sum((columns @ solved - common[0] * weight) ** 2))
            if solved[1] < 0 and chi2 < least:
                best, least = (float(grid[i]), float(grid[j])), chi2
    return best


def _fit(
    current_a: Real,
    common: tuple[Real, Real],
    selective: tuple[Real, Real],
    rabi: float,
    duration_s: float,
    slope: float,
    start: tuple[float, float],
) -> MinimizerResult:
    p = Parameters()
    p.add("a", value=start[0])
    p.add("b", value=start[1])
    p.add("slope", value=1.0, min=0.7, max=1.4)
    p.add("common_level", value=float(common[0].max()))
    p.add("common_depth", value=float(np.ptp(common[0])), min=0.0)
    p.add("ring_level", value=float(selective[0].max()))
    for dip, current in zip("ab", start, strict=True):
        nearest = selective[0][np.argmin(np.abs(current_a - current))]
        p.add(f"ring_{dip}", value=float(selective[0].max() - nearest))

    def residual(p: Parameters) -> Real:
        v = p.valuesdict()
        a, b = (flipped(slope * v["slope"] * (current_a - v[dip]), rabi, duration_s) for dip in "ab")
        both = v["common_level"] - v["common_depth"] * (a + b)
        ring = v["ring_level"] - v["ring_a"] * a - v["ring_b"] * b
        return np.concatenate([(both - common[0]) / common[1], (ring - selective[0]) / selective[1]])

    return minimize(residual, p, method="least_squares", scale_covar=False, loss="soft_l1", f_scale=_OUTLIER)
