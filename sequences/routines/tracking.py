"""One line about which much is known, measured where each point tells most: from a wide guess to its slopes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.adaptive import Belief, cloud_of
from sequences.analysis.odmr import LineFit, LineShape, fit_known_line, shares
from sequences.lab import Lab
from sequences.pulses.library import cw_odmr
from sequences.pulses.program import Program
from sequences.results import Estimate, Stream
from sequences.routines import controls
from sequences.routines.estimates import line_of
from sequences.routines.measure import repeats_for
from sequences.routines.spectroscopy import (
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
_WIDTHS_HZ: Final = (2e5, 4.5e5, 1e6, 2.4e6)
_WIDTHS_PER_SIGMA: Final = 1.5
_CONTRAST_ERR: Final = 0.25
"""Relative: lines of different fields differ in depth."""
_LEAST_ERR_HZ: Final = 6e4
"""What is believed of a centre beforehand is never trusted further: a line measured is news, not the belief again."""
_LEAST_SPREAD: Final = 0.2
"""Of a fit's points, in widths."""
_FEWEST: Final = 5
"""Points that a fit needs."""
_FIRST_S: Final = 0.5
_GROWTH: Final = 0.25
"""Laboratory time of a point over that of all before it: few points, yet both slopes have their share of the time."""
_SEED: Final = 20201105
"""Of the cloud of guesses: fixed, so that equal counts lead to equal choices."""
_POLARISED: Final = 0.9
_TOLD: Final = 14.0
"""Of chi-squared, that decides between a triplet and itself one component further."""
_TELL_APART_SIGMA, _LONGEST_TELL_S = 4.0, 20.0
"""How far the depth of a component shall stand out where a triplet mistaken for its neighbour would differ."""


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
        self._chance = np.random.default_rng(_SEED)
        about_hz = max(line.error_hz, _LEAST_ERR_HZ)
        belief = Belief(line.frequency_hz, about_hz, tracker.contrast, _CONTRAST_ERR * tracker.contrast)
        self._cloud = cloud_of(belief, line.offsets_hz, line.polarisation, self._chance)
        self._points: list[tuple[float, float, float, float]] = []
        """Width believed, frequency, ratio, its error."""
        self._spent_s = 0.0

    def fit(self) -> Stream[LineFit | None]:
        """Measure until the centre is known well enough or the time is up; None if no line is there."""
        while self._spent_s < self._tracker.longest_line_s:
            yield from self._measure()
            target_hz = max(self._tracker.target_hz, self._tracker.walk_hz_per_sqrt_s * self._spent_s**0.5)
            if self._cloud.centre_err_hz < target_hz and self._narrow().sum() >= _FEWEST:
                fit = self._fit_about(self._cloud.centre_hz)
                if not self._is_line(fit) or fit.centre_err_hz < target_hz:
                    break
        found = yield from self._told_apart()
        controls.carrier_off(self._lab)
        return found if self._is_line(found) else None

    def _told_apart(self) -> Stream[LineFit]:
        """The fit; a triplet could have been taken for itself one component further, where most of it still fits."""
        fits = self._alike()
        if len(fits) > 1 and _chi2(fits[1], self._narrow().sum()) < _chi2(fits[0], self._narrow().sum()) + _TOLD:
            yield from self._look_beyond()
            fits = self._alike()
        return fits[0]

    def _alike(self) -> list[LineFit]:
        """The fit as it is, and one component further either way if there are several; the best first."""
        steps: tuple[float, ...] = (0.0,)
        if len(self._line.offsets_hz) > 1 and self._line.polarisation < _POLARISED:
            steps = (0.0, -self._spacing_hz(), self._spacing_hz())
        fits = [self._fit_about(self._cloud.centre_hz + step) for step in steps]
        return sorted(fits, key=lambda fit: fit.reduced_chi2)

    def _spacing_hz(self) -> float:
        return float(np.min(np.abs(np.diff(np.sort(self._line.offsets_hz)))))

    def _look_beyond(self) -> Stream[None]:
        """Measure the outer components, and beyond them, where there should be none."""
        offsets, step = self._line.offsets_hz, self._spacing_hz()
        low, high = float(offsets.min()), float(offsets.max())
        places = self._cloud.centre_hz + np.array([low - step, low, high, high + step])
        depth = self._tracker.contrast * float(shares(len(offsets), self._line.polarisation).min())
        seconds = 2.0 / self._tracker.counts_per_s * (_TELL_APART_SIGMA / depth) ** 2
        width_hz = min(point[0] for point in self._points)
        for frequency_hz in places[(places >= LOWEST_HZ) & (places <= HIGHEST_HZ)]:
            yield from self._count(float(frequency_hz), width_hz, float(np.clip(seconds, _FIRST_S, _LONGEST_TELL_S)))

    def _narrow(self) -> NDArray[np.bool_]:
        """(points,): those taken on the narrowest line."""
        width_hz = np.array([point[0] for point in self._points])
        return np.asarray(width_hz == width_hz.min())

    def _measure(self) -> Stream[None]:
        """One more point, longer the more is known."""
        width_hz = self._width_hz()
        frequency_hz = self._cloud.best_frequency(width_hz, self._chance, (LOWEST_HZ, HIGHEST_HZ))
        yield from self._count(frequency_hz, width_hz, max(_FIRST_S, _GROWTH * self._spent_s))

    def _count(self, frequency_hz: float, width_hz: float, seconds: float) -> Stream[None]:
        controls.carrier(self._lab, frequency_hz, self._tracker.dbm_for(width_hz))
        also = self._also if width_hz == _WIDTHS_HZ[0] else {}
        seen = yield from counted(self._lab, frequency_hz, self._program, repeats_for(self._program, seconds), **also)
        self._spent_s += seen.seconds
        self._points.append((width_hz, frequency_hz, seen.ratio, seen.error))
        self._cloud = self._cloud.learned(frequency_hz, width_hz, seen.ratio, seen.error, self._chance)

    def _width_hz(self) -> float:
        """The narrowest of the lines' widths in which the centre cannot be missed."""
        wanted_hz = _WIDTHS_PER_SIGMA * self._cloud.centre_err_hz
        return next((width for width in _WIDTHS_HZ if width > wanted_hz), _WIDTHS_HZ[-1])

    def _fit_about(self, centre_hz: float) -> LineFit:
        """Least squares over the points of the narrowest line: its errors do not lean on the cloud's."""
        width, frequency, ratio, error = np.array(self._points)[self._narrow()].T
        shape = LineShape(self._line.offsets_hz, self._line.polarisation, float(width[0]), 0.2)
        starts = centre_hz + self._cloud.centre_err_hz * np.linspace(-2.0, 2.0, 9)
        return fit_known_line(frequency, ratio, error, shape, starts)

    def _is_line(self, fit: LineFit) -> bool:
        """Whether there is a line at all, near enough to where it was expected."""
        width, frequency, _, _ = np.array(self._points)[self._narrow()].T
        wide = np.ptp(frequency) > _LEAST_SPREAD * width[0]  # points in one place tell no centre
        reach_hz = 1.1 * REACH_SIGMA * max(self._line.error_hz, _LEAST_ERR_HZ)
        if len(self._line.offsets_hz) > 1:
            reach_hz += self._spacing_hz()
        near = abs(fit.centre_hz - self._line.frequency_hz) < reach_hz
        sharp = fit.significance > _TRACKED_SIGMA and fit.centre_err_hz < fit.linewidth_hz
        return bool(wide and near and sharp)


def _chi2(fit: LineFit, points: int) -> float:
    return fit.reduced_chi2 * max(1, points - 2)
