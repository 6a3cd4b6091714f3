"""A measurement that may end at looks on the way: when, and what a significance is worth after them.

Each look has a share of the probability of a false claim (a weighted Bonferroni bound: Holm, Scand. J. Statist. 6, 65,
1979). It holds however the looks are correlated: they share their first photons and the calibration.
"""

from collections.abc import Sequence
from typing import Final

from scipy.stats import norm

SHARES_OF_TIME: Final = (0.125, 0.25, 0.5, 1.0)
"""Shares of the time at whose ends is looked."""
_SHARES: Final = (0.1, 0.1, 0.2, 0.6)
"""Of the probability, look by look: they add up to 1."""


def corrected(sigma: float, look: int) -> float:
    """What a significance at this look, from 0, is worth: never more than itself; below 0 it stays as it is."""
    p = float(norm.sf(sigma)) / _SHARES[look]
    if sigma <= 0.0 or p == 0.0:  # beyond 37 sigma the correction is less than a hundredth of one
        return sigma
    return float(norm.isf(min(p, 0.5)))


def interim_after(done: int, rounds: int) -> int | None:
    """Which look follows the round of this number, from 1; None if none does."""
    ends = [max(1, round(share * rounds)) for share in SHARES_OF_TIME]
    return max((k for k, end in enumerate(ends) if end == done), default=None)


def expected_share(sigmas: Sequence[float], wanted: float) -> float:
    """Share of its time that a measurement takes on average if it ends at the first look that is worth so much.

    sigmas: expected at each look, before the correction; each is found with an error of 1. One that is enough at a look
    is taken to be enough at those that follow: they share its photons.
    """
    ended, share = 0.0, 0.0
    for sigma, part, end in zip(sigmas[:-1], _SHARES, SHARES_OF_TIME, strict=False):
        by_now = max(ended, float(norm.cdf(sigma - norm.isf(part * norm.sf(wanted)))))
        share += end * (by_now - ended)
        ended = by_now
    return share + SHARES_OF_TIME[-1] * (1.0 - ended)
