"""The refusal where no dip of relaxation is found: what was scanned, what could have been seen, and what works."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.constants import GAMMA_1_PER_S, NATURAL_C13_PERCENT
from sequences.core.station import Guesses
from sequences.results import SequenceError

Real = NDArray[np.float64]

_SEEN_SIGMA: Final = 6.0
_STEP: Final = 0.25
"""Between the centres that are tried, in half widths."""


@dataclass(frozen=True)
class BestRate:
    """The dip that explains most, at a half width as it is expected."""

    offset_mt: float
    rate_per_s: float
    error_per_s: float


def no_dip(
    offset_mt: Real, contact_s: Real, surviving: Real, error: Real, width_mt: float, guesses: Guesses
) -> SequenceError:
    """The refusal, from all points of the scan, (points,) each. width_mt: half width that is expected."""
    apart = contact_s == 0.0
    inversion, inversion_err = _mean(surviving[apart], error[apart])
    low, high = 1e3 * float(offset_mt.min()), 1e3 * float(offset_mt.max())
    what = f"No dip of relaxation within {low:+.0f} to {high:+.0f} µT of the expected 13C resonance"
    read = f"Without contact the read-outs of |0> and |1> differ by {100 * inversion:.2f}(±{100 * inversion_err:.2f}) %"
    if inversion < _SEEN_SIGMA * inversion_err:
        return SequenceError(
            f"{what}. {read}: the pi pulse turns nothing",
            "Check the microwave's power and the lines mw_x and shift (run rabi, wiring)",
            inversion=inversion,
            inversion_err=inversion_err,
        )
    best = best_rate(offset_mt, contact_s, surviving, error, width_mt)
    usual_per_s = GAMMA_1_PER_S * guesses.c13_percent / NATURAL_C13_PERCENT
    return SequenceError(
        f"{what}: the best is {best.rate_per_s:.2g}(±{best.error_per_s:.2g}) /s at {1e3 * best.offset_mt:+.0f} µT, "
        f"where {usual_per_s:.2g} /s are expected of {guesses.c13_percent:g} % 13C. {read}: the pi pulse works",
        "Scan a longer contact (contact_us), check plan.resonance and plan.nitrogen, guesses.c13_percent and "
        "guesses.cr_half_width_khz: in a diamond poor in 13C there may be none",
        rate_per_s=best.rate_per_s,
        rate_per_s_err=best.error_per_s,
        inversion=inversion,
        inversion_err=inversion_err,
    )


def best_rate(offset_mt: Real, contact_s: Real, surviving: Real, error: Real, width_mt: float) -> BestRate:
    """By linear least squares at every centre: rates too small to be seen leave 1 - rate x contact."""
    rates: list[BestRate] = []
    for centre_mt in np.arange(float(offset_mt.min()), float(offset_mt.max()), _STEP * width_mt):
        shape = contact_s / (1.0 + ((offset_mt - centre_mt) / width_mt) ** 2)
        columns = np.column_stack([np.ones_like(shape), -shape]) / error[:, None]
        covariance = np.linalg.inv(columns.T @ columns)
        level, slope = covariance @ columns.T @ (surviving / error)
        rates.append(
            BestRate(float(centre_mt), float(slope / level), float(np.sqrt(covariance[1, 1])) / abs(float(level)))
        )
    return max(rates, key=lambda rate: rate.rate_per_s / rate.error_per_s)


def _mean(values: Real, errors: Real) -> tuple[float, float]:
    weights = errors**-2.0
    return float(weights @ values / weights.sum()), float(weights.sum() ** -0.5)
