"""The frozen pair: its line, and global pulses with their read-out under the Gaussian beam."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.constants import GAMMA_E_HZ_PER_MT
from physics.levels import nv_lines
from sequences.analysis.pair.oscillation import PulsedLine, Segment, Shot, fit_pulsed_line
from sequences.core.lab import Lab
from sequences.pulses.library import pulse, pulsed, wait
from sequences.pulses.program import Program, joined
from sequences.results import Point, Progress, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.calibrated_bench import calibrated
from sequences.routines.bench.measure import measure, repeats_for

Real = NDArray[np.float64]

_FEWEST_PHOTONS: Final = 100
_PULSE_NS: Final = 500
"""A pulse of this length has a line of 1.6 MHz: broad enough to be met, narrow enough to be fitted."""
_SEARCH_MHZ: Final = 0.4e3 / _PULSE_NS
"""Rabi frequency that the search asks for: 0.4 of a turn, or anything from 0.2 to 0.8, shows the line."""
_HALF_TURN_MHZ: Final = 0.5e3 / _PULSE_NS
_STEP_HZ: Final = 0.4e6
_CENTRE_HALF_RANGE_HZ: Final = 1.6e6
_SEEN_SIGMA: Final = 8.0
_WIDENINGS: Final = 3
_LOWEST_HZ: Final = 2e6
_SIDE_STEP_MT: Final = 0.2
"""So much of the main field moves the frozen line by 5.6 MHz, one way or the other."""


def turns(name: str, segments: Iterable[Segment], tick_ns: int) -> Program:
    """A shot: pump, these pulses and waits while frozen, read."""
    parts = [
        pulse(s.duration_ns, s.axis, tick_ns=tick_ns) if s.axis else wait(s.duration_ns, "shift", tick_ns=tick_ns)
        for s in segments
    ]
    return pulsed(name, joined(name, parts))


def ratio(lab: Lab, program: Program, seconds: float, ahead: Mapping[str, int] | None = None) -> tuple[float, float]:
    """Signal over reference, and its shot noise; ahead: as `measure`. Raises SequenceError in the dark."""
    counts = measure(lab, program, repeats_for(program, seconds), ahead=ahead)
    if counts.reference < _FEWEST_PHOTONS:
        raise SequenceError(
            f"Only {counts.reference} photons came within {counts.duration_s:.1f} s of read-out",
            "Check green_laser, aom, the line pump and photon_counter; labctl run wiring tests them one by one",
            photons=counts.reference,
        )
    seen = counts.signal / counts.reference
    return seen, seen * float(np.sqrt(1.0 / max(counts.signal, 1) + 1.0 / counts.reference))


def shot(lab: Lab, segments: Iterable[Segment], seconds: float, offset_hz: float = 0.0) -> Shot:
    """Play and read a train or a fringe; offset_hz says how far the carrier was set off."""
    parts = tuple(segments)
    seen, error = ratio(lab, turns("turns", parts, lab.wiring.tick_ns), seconds)
    return Shot(parts, seen, error, offset_hz)


def power_dbm(lab: Lab, wanted_mhz: float, rabi_mhz: float, at_dbm: float) -> float:
    """Power for a Rabi frequency, when `at_dbm` gives `rabi_mhz`. Refuses more than the bench allows."""
    dbm = round(at_dbm + 20.0 * float(np.log10(wanted_mhz / rabi_mhz)), 2)
    if dbm > lab.limits.microwave_dbm:
        raise SequenceError(
            f"A Rabi frequency of {wanted_mhz:.3g} MHz needs {dbm:.1f} dBm, above limits.microwave_dbm = "
            f"{lab.limits.microwave_dbm:g}",
            "Ask for a longer pi_half_ns",
            power_dbm=dbm,
        )
    return dbm


# ---- the line ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Frozen:
    """How the pair is frozen."""

    shift_a: float
    """Current of the shift coil, of the sign that lowers the field."""
    line_hz: float
    """|f-| then, of both NVs together; good to a tenth of a megahertz."""


def frozen_line(lab: Lab, shift_a: float, half_range_hz: float, seconds: float) -> Stream[Frozen]:
    """Freeze, find the line, and see on which side of the level crossing it lies.

    Beyond the crossing the coil's polarity is the other one: then the current is reversed. Raises SequenceError, naming
    the range, if there is no line.
    """
    line = yield from _found(lab, shift_a, half_range_hz, seconds)
    if _below_crossing(lab, line.centre_hz, seconds):
        return Frozen(shift_a, line.centre_hz)
    lab.notes.append(f"The shift coil's polarity is reversed: frozen with {-shift_a:+g} A instead of {shift_a:+g} A")
    line = yield from _found(lab, -shift_a, half_range_hz, seconds)
    return Frozen(-shift_a, line.centre_hz)


def centred(lab: Lab, line_hz: float, rabi_mhz: float, at_dbm: float, seconds: float) -> Stream[float]:
    """The line again, by true half turns now that the power `at_dbm` is known to give `rabi_mhz`."""
    frequency = line_hz + np.arange(-_CENTRE_HALF_RANGE_HZ, _CENTRE_HALF_RANGE_HZ + 1.0, _STEP_HZ)
    line = yield from _scanned(
        lab, frequency, power_dbm(lab, _HALF_TURN_MHZ, rabi_mhz, at_dbm), _HALF_TURN_MHZ, seconds
    )
    return line.centre_hz


def _found(lab: Lab, shift_a: float, half_range_hz: float, seconds: float) -> Stream[PulsedLine]:
    controls.pulsed_coils(lab, shift_a=shift_a)
    about_hz = _line_hz(calibrated(lab, "field.resonance_mt") - abs(lab.guesses.shift_mt_per_a * shift_a))
    dbm = power_dbm(lab, _SEARCH_MHZ, lab.guesses.rabi_mhz_at_0dbm, 0.0)
    for widening in range(_WIDENINGS):
        half = half_range_hz * 1.7**widening
        frequency = np.arange(max(_LOWEST_HZ, about_hz - half), about_hz + half + 1.0, _STEP_HZ)
        line = yield from _scanned(lab, frequency, dbm, _SEARCH_MHZ, seconds * 1.5**widening)
        if line.significance > _SEEN_SIGMA and abs(line.centre_hz - about_hz) < half:
            return line
    raise SequenceError(
        f"No frozen line between {frequency[0] / 1e6:.2f} and {frequency[-1] / 1e6:.2f} MHz: the deepest dip "
        f"stands out by {line.significance:.1f} sigma, {_SEEN_SIGMA:g} are needed",
        "Check the line shift and its coil (guesses.shift_mt_per_a), the line mw_x, and that the field stands on the "
        "resonance (labctl run align); labctl run wiring tells swapped lines apart",
        significance=line.significance,
        about_hz=about_hz,
    )


def _scanned(lab: Lab, frequency_hz: Real, dbm: float, rabi_mhz: float, seconds: float) -> Stream[PulsedLine]:
    """Pulsed ODMR; rabi_mhz: what this power should give."""
    program = turns("pulsed odmr", [Segment(lab.whole_ticks(_PULSE_NS), "x")], lab.wiring.tick_ns)
    seen, error = np.empty(len(frequency_hz)), np.empty(len(frequency_hz))
    for k, hz in enumerate(frequency_hz):
        controls.carrier(lab, float(hz), dbm)
        seen[k], error[k] = ratio(lab, program, seconds)
        yield Point({"frequency_hz": float(hz), "spectrum": seen[k], "spectrum_err": error[k]})
    line = fit_pulsed_line(frequency_hz, seen, error, lab.whole_ticks(_PULSE_NS), rabi_mhz)
    yield Progress(0.2, f"frozen line {line.centre_hz / 1e6:.3f}({line.centre_err_hz / 1e6:.3f}) MHz")
    return line


def _below_crossing(lab: Lab, line_hz: float, seconds: float) -> bool:
    """Lower the main field a little: below the crossing |f-| rises, beyond it falls; look at both places."""
    standing = lab.magnet.currents()
    dbm = power_dbm(lab, _SEARCH_MHZ, lab.guesses.rabi_mhz_at_0dbm, 0.0)
    program = turns("pulsed odmr", [Segment(lab.whole_ticks(_PULSE_NS), "x")], lab.wiring.tick_ns)
    x_a, y_a, main_a = standing
    lab.magnet.ramp_to((x_a, y_a, main_a - _SIDE_STEP_MT / lab.guesses.coil_matrix_mt_per_a[2][2]))
    try:
        dips = []
        for side in (1.0, -1.0):
            controls.carrier(lab, line_hz + side * _SIDE_STEP_MT * GAMMA_E_HZ_PER_MT, dbm)
            dips.append(ratio(lab, program, 2.0 * seconds)[0])
    finally:
        lab.magnet.ramp_to(standing)
    return dips[0] < dips[1]


def _line_hz(along_mt: float) -> float:
    return float(abs(nv_lines(along_mt).minus_hz[0]))
