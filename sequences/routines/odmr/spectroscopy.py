"""Spectra and line centres by continuous-wave ODMR: what odmr, rabi and align share."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.odmr.adaptive import WIDTH_ERR
from sequences.analysis.odmr.line_fit import LineFit
from sequences.core.lab import Lab
from sequences.pulses.library import cw_odmr
from sequences.pulses.program import Program
from sequences.results import Column, Point, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.calibrated_bench import calibrated
from sequences.routines.bench.measure import measure, repeats_for

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
REACH_SIGMA: Final = 3.0
_WIDTH_PER_RABI: Final = 2.4
"""Full width of a power-broadened line over the Rabi frequency, under the light of CW_EFFICIENCY."""
USUAL_CONTRAST: Final = 0.11
"""Of a line that the microwave saturates."""
USUAL_NATURAL_HZ: Final = 1.3e5
"""Full width of a line under weak microwave: of 13C at natural abundance, and of the light of CW_EFFICIENCY."""
_OTHER_WIDTH, _OTHER_SIGMA = 0.15, 3.0
"""A line is of another natural width than believed if it is so much wider or narrower, in its width and in sigma."""
_LEAST_INFORMATION: Final = 0.05
"""Of a width: so well at least its points tell it when they are taken to contradict what was believed."""
_STEP: Final = 1.5
"""So many times a width may change after one line."""
_NARROWEST_HZ: Final = 5e4


@dataclass(frozen=True)
class _Seen:
    """One point of a spectrum."""

    ratio: float
    """With over without microwave."""
    error: float
    seconds: float
    """Laboratory time."""


def counted(lab: Lab, frequency_hz: float, program: Program, repeats: int, **also: float) -> Stream[_Seen]:
    """Measure the ratio at one frequency; the carrier is on."""
    lab.microwave.set_frequency(round(frequency_hz, 3))
    counts = measure(lab, program, repeats)
    if counts.reference < 100:
        raise SequenceError(
            f"Only {counts.reference} photons came within {counts.duration_s:.1f} s of green light",
            "Check green_laser, aom and shutter, and the cables of photon_counter",
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
        seen = yield from counted(lab, float(frequency_hz), program, repeats, **also)
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
    drift_hz_per_sqrt_s: float = 0.0
    """How fast the line drifts: what is measured longer than it takes the line to drift so far is measured in vain."""
    longest_line_s: float = 240.0
    """Laboratory time after which a line must be good enough, or is not there."""
    natural_hz: float = USUAL_NATURAL_HZ
    """Full width of a component under weak microwave."""

    def dbm_for(self, width_hz: float) -> float:
        """Power at which the line is this wide."""
        return float(np.clip(20.0 * np.log10(width_hz / self.width_0dbm_hz), -35.0, 5.0))

    def learned(self, fit: LineFit) -> "Tracker":
        """After a line whose width is not what was believed: 13C nuclei spread it, or ripple does.

        A line that is believed too narrow is looked at where it tells little, and its centre's error comes out too
        small. The fit holds to what was believed of the width; what it took of that back, its points asked for.
        """
        believed_hz = float(np.hypot(fit.by_power_hz, self.natural_hz))
        prior_hz = WIDTH_ERR * believed_hz
        information_hz2 = max(prior_hz**2 - fit.linewidth_err_hz**2, (_LEAST_INFORMATION * believed_hz) ** 2)
        off_hz = fit.linewidth_hz - believed_hz
        if not fit.by_power_hz or abs(off_hz) < max(_OTHER_WIDTH * believed_hz, _OTHER_SIGMA * information_hz2**0.5):
            return self
        width_hz = believed_hz + off_hz * prior_hz**2 / information_hz2
        width_hz = float(np.clip(width_hz, believed_hz / _STEP, believed_hz * _STEP))
        return replace(self, natural_hz=float(np.sqrt(max(width_hz**2 - fit.by_power_hz**2, _NARROWEST_HZ**2))))


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


def reachable(frequencies_hz: Real) -> Real:
    """Those that the microwave source can make."""
    return np.asarray(frequencies_hz[(frequencies_hz >= LOWEST_HZ) & (frequencies_hz <= HIGHEST_HZ)])


def check_range(line: Expected) -> None:
    """Raises SequenceError if the source makes no frequency at which this line may stand."""
    reach_hz = REACH_SIGMA * line.error_hz
    if LOWEST_HZ - reach_hz <= line.frequency_hz <= HIGHEST_HZ + reach_hz:
        return
    raise SequenceError(
        f"{line.name} is expected at {line.frequency_hz / 1e6:.1f}(±{line.error_hz / 1e6:.1f}) MHz, outside the "
        f"{LOWEST_HZ / 1e6:g} to {HIGHEST_HZ / 1e6:g} MHz that the microwave source makes",
        "Set another field, or correct guesses.coil_matrix_mt_per_a if the field is not so large",
        about_hz=line.frequency_hz,
    )


def tracker_by_pulse(lab: Lab, look_s: float, target_hz: float) -> Tracker:
    """What the calibrated pulse says of the lines' power broadening, and one look at the count rate of the light."""
    program = cw_odmr(lab.wiring.tick_ns)
    controls.carrier_off(lab)
    counts = measure(lab, program, repeats_for(program, look_s))
    rabi_hz = 0.25e9 / calibrated(lab, "microwave.pi_half_ns")
    at_0dbm_hz = _WIDTH_PER_RABI * rabi_hz * 10.0 ** (-calibrated(lab, "microwave.pi_half_dbm") / 20.0)
    counts_per_s = max(counts.reference / counts.duration_s, 1.0)
    return Tracker(at_0dbm_hz, USUAL_CONTRAST, counts_per_s, target_hz, natural_hz=_stored_natural_hz(lab))


def stored_tracker(lab: Lab, counts_per_s: float) -> Tracker | None:
    """What an earlier align saw of all lines; None if none did. counts_per_s: as they come now."""
    width, contrast = (lab.calibration.get(f"odmr.{key}") for key in ("width_0dbm_hz", "contrast"))
    if not (width and contrast):
        return None
    return Tracker(width.value, contrast.value, counts_per_s, natural_hz=_stored_natural_hz(lab))


def _stored_natural_hz(lab: Lab) -> float:
    kept = lab.calibration.get("odmr.natural_hz")
    return kept.value if kept else USUAL_NATURAL_HZ
