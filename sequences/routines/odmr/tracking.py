"""One line about which much is known, measured where each point tells most: from a wide guess to its slopes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.odmr.adaptive import Belief, Sight, first_sight
from sequences.analysis.odmr.line_fit import LineFit, shares
from sequences.core.lab import Lab
from sequences.pulses.library import cw_odmr
from sequences.pulses.program import Program
from sequences.results import Estimate, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.measure import repeats_for
from sequences.routines.estimates import line_of
from sequences.routines.odmr.spectroscopy import (
    HIGHEST_HZ,
    LOWEST_HZ,
    REACH_SIGMA,
    Expected,
    LineMissing,
    Tracker,
    counted,
)

Real = NDArray[np.float64]

_TRACKED_SIGMA: Final = 6.0
_BY_POWER_HZ: Final = (2e5, 4.5e5, 1e6, 2.4e6)
"""Full widths that the powers of the microwave make, which one after the other are used, beside the natural one."""
_NATURAL_HZ: Final = 1.3e5
"""Full width of a line under weak microwave: of 13C at natural abundance, and of the light of CW_EFFICIENCY."""
_WIDTHS_PER_SIGMA: Final = 1.5
_CONTRAST_ERR: Final = 0.3
"""Relative: lines of different fields differ in depth."""
_LEAST_ERR_HZ: Final = 6e4
"""What is believed of a centre beforehand is never trusted further: a line measured is news, not the belief again."""
_LEAST_SPREAD: Final = 0.2
"""Of a line's points, in widths."""
_FEWEST: Final = 5
"""Points that a line needs."""
_FIRST_S: Final = 0.5
_GROWTH: Final = 0.5
"""Laboratory time of a point over that of all before it: few points, yet both slopes have their share of the time. Half
of it would make half as many points again, and spare 5 % of the time."""
_MARGIN: Final = 1.1
"""Of the last point, over what it takes on the average."""
_POLARISED: Final = 0.9
_TOLD: Final = 14.0
"""Of chi-squared, that decides between a triplet and itself one component further."""
_TELL_APART_SIGMA, _LONGEST_TELL_S = 3.0, 20.0
"""How far the depth of a component shall stand out, in one look, where a triplet mistaken for its neighbour differs."""
_MOST_TELLS: Final = 6
_HEARSAY, _MOST_HEARSAY = 0.5, 9.0
"""Power and limit of what the points under a broader line say of this. Their contrast and shape are another's, and a
nucleus that is polarised otherwise than believed would displace a line which does not resolve it."""


def track_line(
    lab: Lab, line: Expected, tracker: Tracker, program: Program | None = None, **also: float
) -> Stream[LineFit]:
    """Measure the centre of a line about which much is known, each point where it tells most.

    also: columns of the points at the power of the narrowest line, which are those that are fitted. Raises
    SequenceError if there is no dip where it is expected, even in a much wider range.
    """
    program = program or cw_odmr(lab.wiring.tick_ns)
    for widening, at_least_hz in ((1.0, 0.0), (3.0, 2.5e5), (6.0, 7e5)):
        now = replace(line, error_hz=max(line.error_hz * widening, at_least_hz))
        fit = yield from _Tracking(lab, now, tracker, program, also).fit()
        if fit is not None and abs(fit.centre_hz - now.frequency_hz) > REACH_SIGMA * max(now.error_hz, _LEAST_ERR_HZ):
            there = replace(now, frequency_hz=fit.centre_hz)  # it was found, but measured as another component
            fit = yield from _Tracking(lab, there, tracker, program, also).fit()
        if fit is not None:
            yield Estimate({"lines": [line_of(line.name, fit, line.offsets_hz)]})
            return fit
    raise LineMissing(line, REACH_SIGMA * now.error_hz, tracker.counts_per_s)


class _Tracking:
    """One line, from a wide guess under a broad line to its slopes under a narrow one."""

    def __init__(self, lab: Lab, line: Expected, tracker: Tracker, program: Program, also: Mapping[str, float]) -> None:
        self._lab, self._line, self._tracker, self._program, self._also = lab, line, tracker, program, also
        about_hz = max(line.error_hz, _LEAST_ERR_HZ)
        self._by_power_hz, self._tuned_hz = _BY_POWER_HZ[-1], 0.0  # wanted, and what the carrier's power makes
        width_hz, contrast = self._believed()
        belief = Belief(line.frequency_hz, about_hz, contrast, _CONTRAST_ERR * contrast)
        self._sight = first_sight(belief, width_hz, line.offsets_hz, line.polarisation)
        self._broader: list[Sight] = []
        """The same line as it was seen under stronger microwave."""
        self._spent_s = 0.0

    def fit(self) -> Stream[LineFit | None]:
        """Measure until the centre is known well enough or the time is up; None if no line is there."""
        while self._spent_s < self._tracker.longest_line_s:
            yield from self._measure()
            enough = len(self._sight.points) >= _FEWEST and self._sight.centre_err_hz < self._target_hz()
            if enough:
                break
        yield from self._told_apart()
        controls.carrier_off(self._lab)
        return self._sight.fit() if self._is_line() else None

    def _target_hz(self) -> float:
        return max(self._tracker.target_hz, self._tracker.walk_hz_per_sqrt_s * float(np.sqrt(self._spent_s)))

    def _told_apart(self) -> Stream[None]:
        """A triplet could have been taken for itself one component further, where most of it still fits."""
        if len(self._line.offsets_hz) < 2 or self._line.polarisation >= _POLARISED:
            return
        for _ in range(_MOST_TELLS):
            odds, _ = self._possible()
            if odds[1:].min() > odds[0] + _TOLD:
                return
            yield from self._look_beyond()
            odds, sights = self._possible()
            self._sight = sights[int(np.argmin(odds))]

    def _possible(self) -> tuple[Real, list[Sight]]:
        """The line as it is read, and one component further either way: (3,) chi-squared of each, and the sights.

        What the points under broader lines said is part of it: by the points of the narrow line alone, noise takes a
        faint triplet for its neighbour now and then.
        """
        centre_hz, step_hz = self._sight.centre_hz, self._spacing_hz()
        places = centre_hz + step_hz * np.array([0.0, -1.0, 1.0])
        sights = [self._sight, *(self._sight.around(float(place)) for place in places[1:])]
        said = np.zeros(3)
        for broad in self._broader:
            said += [_HEARSAY * broad.around(float(place), self._sight.width_hz).chi2 for place in places]
        hearsay = np.minimum(said - said.min(), _MOST_HEARSAY)
        return np.array([sight.chi2 for sight in sights]) + hearsay, sights

    def _spacing_hz(self) -> float:
        return float(np.min(np.abs(np.diff(np.sort(self._line.offsets_hz)))))

    def _look_beyond(self) -> Stream[None]:
        """Measure the outer components, and beyond them, where there should be none."""
        offsets, step = self._line.offsets_hz, self._spacing_hz()
        low, high = float(offsets.min()), float(offsets.max())
        places = self._sight.centre_hz + np.array([low - step, low, high, high + step])
        depth = self._believed()[1] * float(shares(len(offsets), self._line.polarisation).min())
        seconds = 2.0 / self._tracker.counts_per_s * (_TELL_APART_SIGMA / depth) ** 2
        for frequency_hz in places[(places >= LOWEST_HZ) & (places <= HIGHEST_HZ)]:
            yield from self._count(float(frequency_hz), float(np.clip(seconds, _FIRST_S, _LONGEST_TELL_S)))

    def _measure(self) -> Stream[None]:
        """One more point, longer the more is known, but not longer than the target needs."""
        before, self._by_power_hz = self._by_power_hz, self._narrowest_hz()
        if self._by_power_hz != before and len(self._sight.points):
            self._broader.append(self._sight)
        self._sight = self._sight.under(*self._believed())
        frequency_hz, told = self._sight.best_frequency((LOWEST_HZ, HIGHEST_HZ))
        seconds = _GROWTH * self._spent_s
        if self._by_power_hz == _BY_POWER_HZ[0]:
            seconds = min(seconds, _MARGIN * self._missing_s(told))
        yield from self._count(frequency_hz, max(_FIRST_S, seconds))

    def _missing_s(self, told: float) -> float:
        """How long to measure until the target is reached, where the centre explains so much variance of the ratio."""
        has = self._sight.centre_err_hz**-2.0
        slope2 = max(told, 1e-30) * has
        wanted = self._target_hz() ** -2.0 - has
        return 2.0 / self._tracker.counts_per_s * wanted / slope2 if wanted > 0.0 else 0.0

    def _count(self, frequency_hz: float, seconds: float) -> Stream[None]:
        if self._by_power_hz != self._tuned_hz:
            controls.carrier(self._lab, frequency_hz, self._tracker.dbm_for(self._by_power_hz))
            self._tuned_hz = self._by_power_hz
        also = self._also if self._by_power_hz == _BY_POWER_HZ[0] else {}
        seen = yield from counted(self._lab, frequency_hz, self._program, repeats_for(self._program, seconds), **also)
        self._spent_s += seen.seconds
        self._sight = self._sight.learned(frequency_hz, seen.ratio, seen.error)

    def _narrowest_hz(self) -> float:
        """The narrowest width by power in which the centre cannot be missed; never a broader one than before."""
        wanted_hz = _WIDTHS_PER_SIGMA * self._sight.centre_err_hz
        return min(self._by_power_hz, next((width for width in _BY_POWER_HZ if width > wanted_hz), _BY_POWER_HZ[-1]))

    def _believed(self) -> tuple[float, float]:
        """Full width and contrast of the line at the present power: a saturating transition's.

        Source: Dreau et al., Phys. Rev. B 84, 195204 (2011): width as (1 + s)^1/2, contrast as s / (1 + s).
        """
        width_hz = float(np.hypot(self._by_power_hz, _NATURAL_HZ))
        return width_hz, self._tracker.contrast * (self._by_power_hz / width_hz) ** 2

    def _is_line(self) -> bool:
        """Whether there is a line at all, near enough to where it was expected."""
        fit = self._sight.fit()
        wide = np.ptp(self._sight.points[:, 0]) > _LEAST_SPREAD * self._sight.width_hz  # one place tells no centre
        reach_hz = 1.1 * REACH_SIGMA * max(self._line.error_hz, _LEAST_ERR_HZ)
        if len(self._line.offsets_hz) > 1:
            reach_hz += self._spacing_hz()
        near = abs(fit.centre_hz - self._line.frequency_hz) < reach_hz
        sharp = fit.significance > _TRACKED_SIGMA and fit.centre_err_hz < fit.linewidth_hz
        return bool(wide and near and sharp)
