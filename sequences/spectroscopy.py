"""Spectra and line centres by continuous-wave ODMR: what odmr, rabi and align share."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences import controls
from sequences.analysis.odmr import LineFit, fit_line
from sequences.lab import Lab
from sequences.measure import measure, repeats_for
from sequences.pulses.library import cw_odmr
from sequences.results import Column, Point, SequenceError, Stream

Real = NDArray[np.float64]

COLUMNS: Final = (
    Column("frequency_hz", "microwave frequency", "Hz"),
    Column("signal", "photoluminescence with / without microwave", "", ("frequency_hz",)),
    Column("signal_err", "its shot noise", "", ("frequency_hz",)),
)
CW_EFFICIENCY: Final = 0.05
"""Diffraction of the pump's AOM for continuous-wave spectra: a third of saturation, for a narrow line."""
_SEEN_SIGMA: Final = 8.0
_WIDENINGS: Final = 3


@dataclass(frozen=True)
class Sweep:
    """How a line is scanned."""

    half_range_hz: float
    step_hz: float
    dbm: float
    seconds_per_point: float


def scan(lab: Lab, frequencies_hz: Real, dbm: float, seconds_per_point: float) -> Stream[tuple[Real, Real]]:
    """Measure the ratio with / without microwave at each frequency; returns (ratio, its error)."""
    program = cw_odmr(lab.wiring.tick_ns)
    repeats = repeats_for(program, seconds_per_point)
    ratio, error = np.empty(len(frequencies_hz)), np.empty(len(frequencies_hz))
    for k, frequency_hz in enumerate(frequencies_hz):
        controls.carrier(lab, float(frequency_hz), dbm)
        counts = measure(lab, program, repeats)
        if counts.reference < 100:
            raise SequenceError(
                f"Only {counts.reference} photons came within {counts.duration_s:.1f} s of green light",
                "Check the laser, the AOM's power, the shutter and the counter's cables (wiring.terminals of station.yaml)",
                photons=counts.reference,
            )
        ratio[k] = counts.signal / counts.reference
        error[k] = ratio[k] * np.sqrt(1.0 / max(counts.signal, 1) + 1.0 / counts.reference)
        yield Point({"frequency_hz": float(frequency_hz), "signal": ratio[k], "signal_err": error[k]})
    controls.carrier_off(lab)
    return ratio, error


def find_line(lab: Lab, about_hz: float, offsets_hz: Real, sweep: Sweep, name: str) -> Stream[LineFit]:
    """Scan about a frequency and fit; widen the range until a dip stands out and lies inside it.

    Raises SequenceError, naming the range, if there is none.
    """
    half, seconds = sweep.half_range_hz, sweep.seconds_per_point
    spread = float(np.ptp(offsets_hz)) / 2.0
    middle = about_hz + float(offsets_hz.mean())
    for _ in range(_WIDENINGS):
        frequencies = np.arange(middle - half - spread, middle + half + spread + sweep.step_hz / 2, sweep.step_hz)
        ratio, error = yield from scan(lab, frequencies, sweep.dbm, seconds)
        fit = fit_line(frequencies, ratio, error, offsets_hz)
        inside = abs(fit.centre_hz - about_hz) < half
        if fit.significance > _SEEN_SIGMA and inside:
            return fit
        half, seconds = half * 1.7, seconds * 1.5
    raise SequenceError(
        f"No ODMR dip for {name} between {(middle - half) / 1e6:.2f} and {(middle + half) / 1e6:.2f} MHz: the deepest is "
        f"{100 * fit.contrast:.2f}(±{100 * fit.contrast_err:.2f}) %",
        "Check the microwave's output and its line mw_x, the coil currents, and guesses.coil_matrix_mt_per_a",
        contrast=fit.contrast,
        about_hz=about_hz,
    )
