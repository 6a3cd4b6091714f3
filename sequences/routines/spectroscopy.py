"""Spectra and line centres by continuous-wave ODMR: what odmr, rabi and align share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.adaptive import Belief, cloud_of
from sequences.analysis.odmr import LineFit, LineShape, fit_known_line
from sequences.lab import Lab
from sequences.pulses.library import cw_odmr
from sequences.pulses.program import Program
from sequences.results import Column, Estimate, Point, SequenceError, Stream
from sequences.routines import controls
from sequences.routines.estimates import line_of
from sequences.routines.measure import measure, repeats_for

Real = NDArray[np.float64]

COLUMNS: Final = (
    Column("frequency_hz", "microwave frequency", "Hz"),
    Column("signal", "photoluminescence with / without microwave", "", ("frequency_hz",)),
    Column("signal_err", "its shot noise", "", ("frequency_hz",)),
)
CW_EFFICIENCY: Final = 0.05
"""Diffraction of the pump's AOM for continuous-wave spectra: a third of saturation, for a narrow line."""
LOWEST_HZ: Final = 1e6
HIGHEST_HZ: Final = 6.07e9
_TRACKED_SIGMA: Final = 6.0
_REACH_SIGMA: Final = 3.0
_WIDTHS_HZ: Final = (2e5, 4.5e5, 1e6, 2.4e6)
_WIDTHS_PER_SIGMA: Final = 1.5
_CONTRAST_ERR: Final = 0.25
"""Relative: lines of different fields differ in depth."""
_LEAST_ERR_HZ: Final = 6e4
"""What is believed of a centre beforehand is never trusted further: a line measured is news, not the belief again."""
_LEAST_SPREAD: Final = 0.2
"""Of a fit's points, in widths."""
_FEWEST, _ENOUGH = 5, 1.2
"""Points that a fit needs; its error over the target."""
_FIRST_S: Final = 0.5
_GROWTH: Final = 0.35
"""Laboratory time of a point over that of all before it: few points, yet none longer than what is known deserves."""
_SEED: Final = 20201105
"""Of the cloud of guesses: fixed, so that equal counts lead to equal choices."""


@dataclass(frozen=True)
class _Seen:
    """One point of a spectrum."""

    ratio: float
    """With over without microwave."""
    error: float
    seconds: float
    """Laboratory time."""


def _counted(lab: Lab, frequency_hz: float, program: Program, repeats: int, **also: float) -> Stream[_Seen]:
    """Measure the ratio at one frequency; the carrier is on."""
    lab.microwave.frequency(round(frequency_hz, 3))
    counts = measure(lab, program, repeats)
    if counts.reference < 100:
        raise SequenceError(
            f"Only {counts.reference} photons came within {counts.duration_s:.1f} s of green light",
            "Check laser, AOM, shutter and the counter's cables (wiring.terminals of station.yaml)",
            photons=counts.reference,
        )
    ratio = counts.signal / counts.reference
    error = ratio * float(np.sqrt(1.0 / max(counts.signal, 1) + 1.0 / counts.reference))
    yield Point({"frequency_hz": frequency_hz, "signal": ratio, "signal_err": error, **also})
    return _Seen(ratio, error, counts.duration_s)


def scan(
    lab: Lab,
    frequencies_hz: Real,
    dbm: float,
    seconds_per_point: float,
    program: Program | None = None,
    **also: float,
) -> Stream[tuple[Real, Real]]:
    """Measure the ratio with / without microwave at each frequency; returns (ratio, its error).

    also: columns that all points have alike.
    """
    program = program or cw_odmr(lab.wiring.tick_ns)
    repeats = repeats_for(program, seconds_per_point)
    ratio, error = np.empty(len(frequencies_hz)), np.empty(len(frequencies_hz))
    controls.carrier(lab, float(frequencies_hz[0]), dbm)
    for k, frequency_hz in enumerate(frequencies_hz):
        seen = yield from _counted(lab, float(frequency_hz), program, repeats, **also)
        ratio[k], error[k] = seen.ratio, seen.error
    controls.carrier_off(lab)
    return ratio, error


class Puzzling(SequenceError):
    """Lines are not where they should be; a wide look may say why."""

    counts_per_s: float
    """Reference photons, of laboratory time."""


class LineMissing(Puzzling):
    """No dip where a line is expected."""

    def __init__(self, line: "Expected", within_hz: float, counts_per_s: float) -> None:
        """within_hz: how far to either side it was sought. counts_per_s: reference photons, of laboratory time."""
        super().__init__(
            f"No ODMR dip for {line.name} within {within_hz / 1e6:.1f} MHz of {line.frequency_hz / 1e6:.3f} MHz",
            "Check the microwave's output and its line mw_x, the coil currents, and guesses.coil_matrix_mt_per_a",
            about_hz=line.frequency_hz,
        )
        self.counts_per_s = counts_per_s


@dataclass(frozen=True)
class Tracker:
    """What earlier spectra taught about all lines, so that a few points at the right places measure one."""

    width_0dbm_hz: float
    """Full width at 0 dBm, where power broadens the line: it follows the root of the power."""
    contrast: float
    """Depth of all components together, saturated."""
    counts_per_s: float
    """Reference photons per second of laboratory time."""
    target_hz: float = 5e3
    """Error of a line centre to aim at."""
    longest_line_s: float = 240.0
    """Laboratory time after which a line must be good enough, or is not there."""

    def dbm_for(self, width_hz: float) -> float:
        """Power at which the line is this wide."""
        return float(np.clip(20.0 * np.log10(width_hz / self.width_0dbm_hz), -35.0, 5.0))


@dataclass(frozen=True)
class Expected:
    """A line that is about to be measured."""

    name: str
    frequency_hz: float
    error_hz: float
    """1 sigma of the prediction."""
    offsets_hz: Real
    """Nuclear components relative to the first one."""
    polarisation: float
    """Nuclear polarisation."""


def track_line(
    lab: Lab, line: Expected, tracker: Tracker, program: Program | None = None, **also: float
) -> Stream[LineFit]:
    """Measure the centre of a line about which much is known, each point where it tells most.

    also: columns of the points at the power of the narrowest line, which are those that are fitted. Raises
    SequenceError if there is no dip where it is expected, even in a much wider range.
    """
    for widening, at_least_hz in ((1.0, 0.0), (3.0, 2.5e5), (6.0, 7e5)):
        now = replace(line, error_hz=max(line.error_hz * widening, at_least_hz))
        fit = yield from _Tracking(lab, now, tracker, program or cw_odmr(lab.wiring.tick_ns), also).fit()
        if fit is not None:
            yield Estimate({"lines": [line_of(line.name, fit, line.offsets_hz)]})
            return fit
    raise LineMissing(line, _REACH_SIGMA * now.error_hz, tracker.counts_per_s)


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
        fit = None
        while self._spent_s < self._tracker.longest_line_s:
            yield from self._measure()
            if self._cloud.centre_err_hz < self._tracker.target_hz and self._narrow().sum() >= _FEWEST:
                fit = self._fitted()
                if fit is None or fit.centre_err_hz < _ENOUGH * self._tracker.target_hz:
                    break
        controls.carrier_off(self._lab)
        return fit or self._fitted()

    def _narrow(self) -> NDArray[np.bool_]:
        """(points,): those taken on the narrowest line."""
        width_hz = np.array([point[0] for point in self._points])
        return np.asarray(width_hz == width_hz.min())

    def _measure(self) -> Stream[None]:
        """One more point, longer the more is known."""
        width_hz = self._width_hz()
        frequency_hz = self._cloud.best_frequency(width_hz, self._chance, (LOWEST_HZ, HIGHEST_HZ))
        seconds = max(_FIRST_S, _GROWTH * self._spent_s)
        controls.carrier(self._lab, frequency_hz, self._tracker.dbm_for(width_hz))
        also = self._also if width_hz == _WIDTHS_HZ[0] else {}
        seen = yield from _counted(self._lab, frequency_hz, self._program, repeats_for(self._program, seconds), **also)
        self._spent_s += seen.seconds
        self._points.append((width_hz, frequency_hz, seen.ratio, seen.error))
        self._cloud = self._cloud.learned(frequency_hz, width_hz, seen.ratio, seen.error, self._chance)

    def _width_hz(self) -> float:
        """The narrowest of the lines' widths in which the centre cannot be missed."""
        wanted_hz = _WIDTHS_PER_SIGMA * self._cloud.centre_err_hz
        return next((width for width in _WIDTHS_HZ if width > wanted_hz), _WIDTHS_HZ[-1])

    def _fitted(self) -> LineFit | None:
        """Least squares over the points of the narrowest line: its errors do not lean on the cloud's."""
        width, frequency, ratio, error = np.array(self._points)[self._narrow()].T
        shape = LineShape(self._line.offsets_hz, self._line.polarisation, float(width[0]), 0.2)
        starts = self._cloud.centre_hz + self._cloud.centre_err_hz * np.linspace(-2.0, 2.0, 9)
        fit = fit_known_line(frequency, ratio, error, shape, starts)
        away_hz = abs(fit.centre_hz - self._line.frequency_hz)
        wide = np.ptp(frequency) > _LEAST_SPREAD * width[0]  # points in one place tell no centre
        near = away_hz < 1.1 * _REACH_SIGMA * max(self._line.error_hz, _LEAST_ERR_HZ)
        return (
            fit
            if wide and near and fit.significance > _TRACKED_SIGMA and fit.centre_err_hz < fit.linewidth_hz
            else None
        )


def reachable(frequencies_hz: Real) -> Real:
    """Those that the microwave source can make."""
    return np.asarray(frequencies_hz[(frequencies_hz >= LOWEST_HZ) & (frequencies_hz <= HIGHEST_HZ)])


def check_range(line: Expected) -> None:
    """Raises SequenceError if the source makes no frequency at which this line may stand."""
    reach_hz = _REACH_SIGMA * line.error_hz
    if LOWEST_HZ - reach_hz <= line.frequency_hz <= HIGHEST_HZ + reach_hz:
        return
    raise SequenceError(
        f"{line.name} is expected at {line.frequency_hz / 1e6:.1f}(±{line.error_hz / 1e6:.1f}) MHz, outside the "
        f"{LOWEST_HZ / 1e6:g} to {HIGHEST_HZ / 1e6:g} MHz that the microwave source makes",
        "Set another field, or correct guesses.coil_matrix_mt_per_a if the field is not so large",
        about_hz=line.frequency_hz,
    )
