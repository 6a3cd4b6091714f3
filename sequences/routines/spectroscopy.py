"""Spectra and line centres by continuous-wave ODMR: what odmr, rabi and align share."""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.odmr import LineFit, LineShape, fit_known_line, shares
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
_COARSE_BEYOND_HZ: Final = 3.5e5
"""Uncertainty from which on a broad line is sought first: half the spacing of 14N lines is three times this."""
_COARSE_WIDTH_HZ: Final = 2.4e6
_FINE_WIDTH_HZ: Final = 2.5e5
_FOUND_SHARE: Final = 0.02
"""Error of a first centre in widths: a line so well measured stands out by a dozen sigma."""
_SLOPES: Final = np.array([-0.36, -0.24, 0.24, 0.36])
"""Where a Lorentzian is steepest, in full widths: +-1 / (2 sqrt 3), and either side of it."""
_WHOLE: Final = np.array([-0.9, -0.33, -0.24, 0.24, 0.33, 0.9])


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
        lab.microwave.frequency(round(float(frequency_hz), 3))
        counts = measure(lab, program, repeats)
        if counts.reference < 100:
            raise SequenceError(
                f"Only {counts.reference} photons came within {counts.duration_s:.1f} s of green light",
                "Check laser, AOM, shutter and the counter's cables (wiring.terminals of station.yaml)",
                photons=counts.reference,
            )
        ratio[k] = counts.signal / counts.reference
        error[k] = ratio[k] * np.sqrt(1.0 / max(counts.signal, 1) + 1.0 / counts.reference)
        yield Point({"frequency_hz": float(frequency_hz), "signal": ratio[k], "signal_err": error[k], **also})
    controls.carrier_off(lab)
    return ratio, error


class LineMissing(SequenceError):
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
    longest_s: float = 30.0
    """Of one point."""

    def dbm_for(self, width_hz: float) -> float:
        """Power at which the line is this wide."""
        return float(np.clip(20.0 * np.log10(width_hz / self.width_0dbm_hz), -35.0, 5.0))

    def seconds_for(self, width_hz: float, depth: float, target_hz: float) -> float:
        """Per point, so that eight on the slopes give this error."""
        ratio_err = target_hz * 1.3 * depth * np.sqrt(8.0) / width_hz
        return float(np.clip(2.0 / (self.counts_per_s * ratio_err**2), 1.0, self.longest_s))


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


def track_line(lab: Lab, line: Expected, tracker: Tracker, program: Program | None = None) -> Stream[LineFit]:
    """Measure the centre of a line about which much is known, with few points: find it, then sit on its slopes.

    Raises SequenceError if there is no dip where it is expected, even in a much wider range.
    """
    for widening, at_least_hz in ((1.0, 0.0), (3.0, 2.5e5), (6.0, 7e5)):
        now = replace(line, error_hz=max(line.error_hz * widening, at_least_hz))
        if now.error_hz > _COARSE_BEYOND_HZ:
            seen = yield from _searched(lab, now, tracker, program)
            if seen is None:
                continue
            now = replace(now, frequency_hz=seen.centre_hz, error_hz=max(3.0 * seen.centre_err_hz, 8e4))
        fit = yield from _settled(lab, now, tracker, program)
        if fit is not None:
            yield Estimate({"lines": [line_of(line.name, fit, line.offsets_hz)]})
            return fit
    raise LineMissing(line, 2.5 * now.error_hz, tracker.counts_per_s)


def _searched(lab: Lab, line: Expected, tracker: Tracker, program: Program | None) -> Stream[LineFit | None]:
    """The line, power-broadened, over 2.5 sigma of its expected place."""
    offsets, width = line.offsets_hz, _COARSE_WIDTH_HZ
    low = line.frequency_hz - 2.5 * line.error_hz + float(offsets.min())
    high = line.frequency_hz + 2.5 * line.error_hz + float(offsets.max())
    frequencies = reachable(np.linspace(low, high, 2 + int((high - low) / (0.75 * width))))
    seconds = tracker.seconds_for(width, tracker.contrast, 4e4)
    ratio, error = yield from scan(lab, frequencies, tracker.dbm_for(width), seconds, program)
    starts = line.frequency_hz + line.error_hz * np.linspace(-2.6, 2.6, 5 + int(26.0 * line.error_hz / width))
    fit = fit_known_line(frequencies, ratio, error, LineShape(offsets, line.polarisation, width, 0.2), starts)
    return fit if _is_there(fit, line, 2.2 * line.error_hz) else None  # beyond, components were cut off


def _settled(lab: Lab, line: Expected, tracker: Tracker, program: Program | None) -> Stream[LineFit | None]:
    """Measure the first component within 2 sigma of its expected place; None if it is not there."""
    fine, seen = _FINE_WIDTH_HZ, _Spectrum(lab, line, tracker, program)
    if line.error_hz < 0.15 * fine:
        fit = yield from seen.fit(line.frequency_hz + fine * _WHOLE, fine, tracker.target_hz)
        return fit if _is_there(fit, line, 0.6 * fine) else None
    width = max(fine, line.error_hz)
    half = max(2.0 * line.error_hz, 0.6 * width)
    coarse_hz = _FOUND_SHARE * width
    first = yield from seen.fit(line.frequency_hz + half * np.linspace(-1.0, 1.0, 6), width, coarse_hz)
    if not _is_there(first, line, 1.3 * half):
        return None
    found = replace(line, frequency_hz=first.centre_hz)
    fit = yield from seen.fit(first.centre_hz + fine * (_SLOPES if width == fine else _WHOLE), fine, tracker.target_hz)
    return fit if _is_there(fit, found, fine) else None


def _is_there(fit: LineFit, line: Expected, within_hz: float) -> bool:
    return fit.significance > _TRACKED_SIGMA and abs(fit.centre_hz - line.frequency_hz) < within_hz


@dataclass
class _Spectrum:
    """The points of one line, taken in portions; those of one power are fitted together."""

    lab: Lab
    line: Expected
    tracker: Tracker
    program: Program | None
    width_hz: float = 0.0
    points: Real = field(default_factory=lambda: np.empty((3, 0)))

    def fit(self, frequencies_hz: Real, width_hz: float, target_hz: float) -> Stream[LineFit]:
        """Measure at these frequencies, with power for this width, and fit all so far of this width."""
        frequencies, offsets, tracker = reachable(frequencies_hz), self.line.offsets_hz, self.tracker
        depth = tracker.contrast * float(shares(len(offsets), self.line.polarisation)[0])
        seconds = tracker.seconds_for(width_hz, depth, target_hz)
        ratio, error = yield from scan(self.lab, frequencies, tracker.dbm_for(width_hz), seconds, self.program)
        new = np.array([frequencies, ratio, error])
        self.points = np.hstack([self.points, new]) if width_hz == self.width_hz else new
        self.width_hz = width_hz
        low, high = float(self.points[0].min()), float(self.points[0].max())
        starts = np.linspace(low, high, 5 + int((high - low) / (0.1 * width_hz)))
        shape = LineShape(offsets, self.line.polarisation, width_hz, 0.2)
        frequency, ratio, error = self.points
        return fit_known_line(frequency, ratio, error, shape, starts)


def reachable(frequencies_hz: Real) -> Real:
    """Those that the microwave source can make."""
    return np.asarray(frequencies_hz[(frequencies_hz >= LOWEST_HZ) & (frequencies_hz <= HIGHEST_HZ)])


def out_of_range(line: Expected) -> SequenceError:
    """The refusal if the source can make no frequency at which this line may stand."""
    return SequenceError(
        f"{line.name} is expected at {line.frequency_hz / 1e6:.1f} MHz, outside the {LOWEST_HZ / 1e6:g} to "
        f"{HIGHEST_HZ / 1e6:g} MHz that the microwave source can make",
        "Use another field, or correct guesses.coil_matrix_mt_per_a if the field is not so large",
        about_hz=line.frequency_hz,
    )
