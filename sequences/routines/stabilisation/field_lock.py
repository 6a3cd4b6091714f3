"""The field lock: two points on either slope of f+ and of the frozen f- tell the field along the axis from D.

f+ moves by gamma dB + dD, f- of the frozen pair by dD - gamma dB. The engine needs a constant f-, which is its
detuning. So the main coil follows D, and the field is constant only while D is. The first spectrum of a hold measures
contrast, width and count rate. The lock stores as hold.f_minus_hz at which frequency f- is when f+ has the value that
`align` stored.

While the bench does not seem to drift, f+ alone is measured and held at the value of `align`: that takes half the time,
and no spectra. It is so too before `rabi` has found the frozen line. When the bench is seen to drift, f- is measured
as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from physics.constants import GAMMA_E_HZ_PER_MT
from sequences.analysis.odmr.line_fit import LineFit, LineShape, fit_known_line
from sequences.analysis.relaxation import detuning_slope_hz_per_mt
from sequences.analysis.statistics.drift import FollowedDrift, standing
from sequences.core.lab import Lab
from sequences.pulses.library import cw_odmr
from sequences.pulses.program import Program
from sequences.results import Point, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.calibrated_bench import calibrated
from sequences.routines.bench.light import count_rate
from sequences.routines.bench.measure import measure, repeats_for
from sequences.routines.odmr.spectroscopy import (
    CW_EFFICIENCY,
    USUAL_CONTRAST,
    Expected,
    Tracker,
    stored_tracker,
    tracker_by_pulse,
)
from sequences.routines.odmr.tracking import track_line
from sequences.routines.stabilisation.drift_rates import FIELD_KEY, believed, is_moving, is_worth_it, moving
from sequences.routines.stabilisation.outputs import HeldField

Real = NDArray[np.float64]

DETUNING_TOLERANCE_KHZ: Final = 20.0
_MATTERS: Final = 0.6
"""Of the tolerance, on a bench that stands still: a step amid a measurement of lines costs more than a bias."""
_KHZ_PER_UT: Final = GAMMA_E_HZ_PER_MT * 1e-6
_ROWS: Final = np.array([[_KHZ_PER_UT, 1.0], [-_KHZ_PER_UT, 1.0]])
"""f+ and f- in kHz, of the field along in uT and of D in kHz."""
_FROZEN: Final = np.array([-_KHZ_PER_UT, 1.0])
_FIELD_UT_PER_SQRT_MIN: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Not less: a quiet quarter of an hour would be taken for a bench that stands still. It is looked at all the same."""
_ZERO_FIELD_KHZ_PER_SQRT_MIN: Final = (0.01, 1.0, 3.0, 10.0)
_MOVES: Final = (_FIELD_UT_PER_SQRT_MIN[0], _ZERO_FIELD_KHZ_PER_SQRT_MIN[1])
"""Rates of field and D from which on a bench moves."""
_QUIET_UT_PER_SQRT_MIN: Final = (0.003, 0.012, 0.025)
_ZERO_FIELD_LIKELY: Final = np.log([0.7, 0.15, 0.1, 0.05])
"""Of each of them: most benches stand at one temperature."""
_ALIGNED_UT, _WARMED_KHZ = 5.0, 0.5
"""By how much, 1 sigma, field and D may differ from what they were when f+ was kept."""
_QUIET_LONGEST_S: Final = 1800.0
_WIDTH_HZ: Final = 2.5e5
_NATURAL_HZ: Final = 1.3e5
"""Of a line under no microwave, beside the width that its power makes."""
_SLOPES: Final = np.array([-0.29, 0.29])
"""Where a Lorentzian is steepest, in full widths."""
_FIRST_ERR_HZ: Final = 8e4
_LOST_ERR_HZ: Final = 2e5
_FIRST_HZ: Final = 3e3
"""Error of the first spectra."""
_REFERENCE_ROUNDS: Final = 12
"""Of both lines in turn, that decide where f- belongs: the sum of the two knows no field, so drift does not matter."""
_DUE_SHARE: Final = 0.27
"""Error of the frozen line at which a look is due, over the tolerance: twice as far in, pulses notice."""
_LOOK_SHARE: Final = 0.3
"""Error of a line in a look, over the tolerance."""
_SHORTEST_S, _LONGEST_S = 0.3, 12.0
_SEEN_SIGMA: Final = 6.0
_WITHIN: Final = 0.6
"""How far a line may have gone from where it is expected, in widths, before it is sought anew."""


@dataclass
class _Line:
    """One of the two lines: how to measure it, and where it belongs."""

    name: str
    program: Program
    about_hz: float
    wanted_hz: float = 0.0
    width_hz: float = _WIDTH_HZ
    contrast: float = USUAL_CONTRAST

    def expected(self, error_hz: float) -> Expected:
        """To be looked for by `track_line`."""
        return Expected(self.name, self.about_hz, error_hz, np.zeros(1), 1.0)


class FieldLock:
    """Follows the field along the axis and D; `begin` before `look`."""

    name = "field lock"
    shortest_s = 30.0

    def __init__(self, lab: Lab, field: HeldField, quiet: bool = False, frozen: bool = True) -> None:
        """quiet: the bench may stand still. frozen: the frozen line is known, and may be looked at."""
        self.lab, self.field, self.quiet, self._frozen = lab, field, quiet, frozen
        plain = cw_odmr(lab.wiring.tick_ns)
        plus_hz = calibrated(lab, "field.f_plus_hz")
        self._known = [_Line("f+", plain, plus_hz, plus_hz)]
        if frozen:
            minus_hz = calibrated(lab, "microwave.frozen_hz")
            self._known.append(_Line("frozen f-", plain.with_lines("shift"), minus_hz))
        self._lines = self._known[:1] if quiet else self._known
        resonance_mt, nitrogen = calibrated(lab, "field.resonance_mt"), calibrated(lab, "field.nitrogen") > 0.5
        slope = detuning_slope_hz_per_mt(resonance_mt, nitrogen)
        self.tolerance_khz = DETUNING_TOLERANCE_KHZ * GAMMA_E_HZ_PER_MT / abs(slope)
        """Of the frozen line, at which the detuning is at its own."""
        self._tracker: Tracker | None = None
        self.drift: FollowedDrift | None = None
        self.seen_to_move = False
        """By the run itself, sooner than looks could tell."""

    @property
    def moves(self) -> bool:
        """Whether field or D are seen to drift."""
        return self.seen_to_move or is_moving(self._followed, _MOVES)

    @property
    def longest_s(self) -> float:
        """Between two looks."""
        return 300.0 if self.moves else _QUIET_LONGEST_S

    @property
    def held(self) -> Real:
        """(2,): what is kept in its place, in kHz, of field and D: f- while frozen, or f+ while that is alone."""
        return _FROZEN if len(self._lines) > 1 else _ROWS[0]

    def seconds_left(self) -> float:
        """How long until the error of the line that is held reaches its share of the tolerance."""
        return self._followed.seconds_until(self.held, _DUE_SHARE * self.tolerance_khz)

    def stray_khz(self, seconds: float) -> float:
        """By how much, 1 sigma, the line that is held may stand elsewhere, on the average of so many seconds.

        What a look may have erred by counts as far as the bench moves: else the field is where `align` left it.
        """
        drift = self._followed.at(self.lab.clock.now())
        share = 1.0 if self.seen_to_move else moving(drift, _MOVES)
        return float(
            np.sqrt(share * self.held @ drift.covariance @ self.held + self.held**2 @ drift.rate * seconds / 3.0)
        )

    def begin(self) -> Stream[None]:
        """See where f+ is; and if the bench is known to move, where f- belongs."""
        if len(self._lines) > 1:
            yield from self._spectra()
        else:
            self._bright()
            tracker = yield from self._tracking()
            width_hz = float(np.hypot(_WIDTH_HZ, tracker.natural_hz))
            plus = self._lines[0]
            plus.width_hz, plus.contrast = width_hz, tracker.contrast * (_WIDTH_HZ / width_hz) ** 2
            self._standing(np.zeros(2), np.diag([_ALIGNED_UT**2, _WARMED_KHZ**2]), self.lab.clock.now())
        yield from self.look()

    def _spectra(self) -> Stream[None]:
        """A spectrum of both lines; then the field is where f- belongs."""
        self._bright()
        tracker = replace((yield from self._tracking()), target_hz=_FIRST_HZ)
        fits: list[LineFit] = []
        for line in self._lines:
            controls.carrier_off(self.lab)
            fit = yield from track_line(self.lab, line.expected(_FIRST_ERR_HZ), tracker, line.program)
            line.width_hz, line.contrast, line.about_hz = fit.linewidth_hz, fit.contrast, fit.centre_hz
            fits.append(fit)
        seen_s = self.lab.clock.now()
        yield from self._refer()
        errors = np.array([fit.centre_err_hz for fit in fits]) * 1e-3
        off = np.array([fit.centre_hz - line.wanted_hz for fit, line in zip(fits, self._lines, strict=True)]) * 1e-3
        back = np.linalg.inv(_ROWS)
        drifted = off - _ROWS[:, 0] * self.field.applied_ut[0]
        self._standing(back @ drifted, back @ np.diag(errors**2) @ back.T, seen_s)

    def _standing(self, mean: Real, covariance: Real, seen_s: float) -> None:
        """A drift seen anew; what was learned of its rates stays."""
        field: Sequence[float] = _FIELD_UT_PER_SQRT_MIN
        zero = _ZERO_FIELD_KHZ_PER_SQRT_MIN
        likely = None if self.drift is None else self.drift.log_weights
        if self.quiet:
            field = (*_QUIET_UT_PER_SQRT_MIN, *field)
            if likely is None:
                likely = np.add.outer(believed(self.lab, FIELD_KEY, field), _ZERO_FIELD_LIKELY).ravel()
        rates = [(ut**2 / 60.0, khz**2 / 60.0) for ut, khz in product(field, zero)]
        self.drift = standing(mean, covariance, rates, seen_s, likely)

    def look(self) -> Stream[None]:
        """Two points on each line, and the main coil follows."""
        self._bright()
        rows = _ROWS[: len(self._lines)]
        drift = self._followed.at(self.lab.clock.now())
        expected_khz = rows @ (drift.mean + np.array([self.field.applied_ut[0], 0.0]))
        seen, errors = np.empty(len(rows)), np.empty(len(rows))
        for k, line in enumerate(self._lines):
            line.about_hz = line.wanted_hz + 1e3 * float(expected_khz[k])
            fit = yield from self._on_slopes(line)
            if fit.significance < _SEEN_SIGMA or abs(fit.centre_hz - line.about_hz) > _WITHIN * line.width_hz:
                fit = yield from self._sought(line)
            seen[k], errors[k] = 1e-3 * (fit.centre_hz - line.wanted_hz), 1e-3 * fit.centre_err_hz
        drifted = seen - rows[:, 0] * self.field.applied_ut[0]
        self.drift = self._followed.at(self.lab.clock.now()).seen(rows, drifted, np.diag(errors**2))
        if self.moves and len(self._lines) < len(self._known):
            self._lines = self._known
            self._lines[1].about_hz -= 1e3 * float(seen[0])
            yield from self._spectra()
            yield from self.look()
        else:
            yield self._corrected()

    @property
    def _followed(self) -> FollowedDrift:
        if self.drift is None:
            raise SequenceError("The field lock has not seen its lines yet", "Call begin before look")
        return self.drift

    def _bright(self) -> None:
        self.field.set()
        controls.pump(self.lab, CW_EFFICIENCY)

    def _tracking(self) -> Stream[Tracker]:
        """What the calibrated pulse, or else `align`, says of power broadening, and one look at the count rate."""
        if self._tracker is None and self._frozen:
            self._tracker = tracker_by_pulse(self.lab, 1.0, _FIRST_HZ)
        elif self._tracker is None:
            counts_per_s = yield from count_rate(self.lab, 1.0)
            self._tracker = stored_tracker(self.lab, counts_per_s)
        if self._tracker is None:
            raise SequenceError("Nothing is known of the lines' width", "Run `labctl run align` first")
        return self._tracker

    def _refer(self) -> Stream[None]:
        """Where f- belongs: as an earlier hold found it, or, after a new alignment, where f+ says it would be."""
        plus, minus = self._lines
        minus.wanted_hz = self._kept_hz()
        if not minus.wanted_hz:
            sums_hz = np.zeros(_REFERENCE_ROUNDS)
            for k, line in product(range(_REFERENCE_ROUNDS), self._lines):
                sums_hz[k] += (yield from self._on_slopes(line)).centre_hz
            minus.wanted_hz = float(np.mean(sums_hz)) - plus.wanted_hz
            error_hz = float(np.std(sums_hz)) / _REFERENCE_ROUNDS**0.5
            self.lab.calibration.put("hold.f_minus_hz", minus.wanted_hz, error_hz)

    def _kept_hz(self) -> float:
        """Where an earlier hold found that f- belongs, since the newest alignment; else 0."""
        kept, aligned = (self.lab.calibration.get(key) for key in ("hold.f_minus_hz", "field.f_plus_hz"))
        return kept.value if kept and aligned and kept.measured_s >= aligned.measured_s else 0.0

    def _on_slopes(self, line: _Line) -> Stream[LineFit]:
        lab, tracker = self.lab, (yield from self._tracking())
        target_hz = 1e3 * _LOOK_SHARE * self.tolerance_khz
        seconds = (line.width_hz / (1.3 * line.contrast * target_hz)) ** 2 / tracker.counts_per_s
        repeats = repeats_for(line.program, float(np.clip(seconds, _SHORTEST_S, _LONGEST_S)))
        frequency = line.about_hz + _SLOPES * line.width_hz
        ratio, error = np.empty(2), np.empty(2)
        for k, hz in enumerate(frequency):
            controls.carrier(lab, float(hz), tracker.dbm_for(_WIDTH_HZ))
            counts = measure(lab, line.program, repeats)
            ratio[k] = counts.signal / max(counts.reference, 1)
            error[k] = ratio[k] * np.sqrt(1.0 / max(counts.signal, 1) + 1.0 / max(counts.reference, 1))
        shape = LineShape(np.zeros(1), 1.0, line.width_hz, 0.05)
        return fit_known_line(
            frequency, ratio, error, shape, line.about_hz + 0.1 * line.width_hz * np.arange(-6.0, 7.0)
        )

    def _sought(self, line: _Line) -> Stream[LineFit]:
        """One wider search. Raises SequenceError if the line is gone."""
        try:
            tracker = replace((yield from self._tracking()), target_hz=_FIRST_HZ)
            return (yield from track_line(self.lab, line.expected(_LOST_ERR_HZ), tracker, line.program))
        except SequenceError as gone:
            raise SequenceError(
                f"The field lock has lost {line.name}, expected at {line.about_hz / 1e6:.3f} MHz",
                "Check magnet supplies, microwave and green light; then run align again",
                about_hz=line.about_hz,
            ) from gone

    def _corrected(self) -> Point:
        """Move the main coil so that the line that is held stands where it belongs."""
        drift, before_ut, held = self._followed, float(self.field.applied_ut[0]), self.held
        along_ut, zero_khz = drift.mean
        errors = np.sqrt(np.diag(drift.covariance))
        off_khz = held @ drift.mean + held[0] * before_ut
        if is_worth_it(off_khz, np.sqrt(held @ drift.covariance @ held), self.tolerance_khz, self.moves, _MATTERS):
            self.field.wanted_ut[0] = -zero_khz / held[0] - along_ut
            self.field.set()
        return Point(
            {
                "lock_s": drift.time_s,
                "lock_ut": float(along_ut) + before_ut,
                "lock_err_ut": float(errors[0]),
                "lock_d_khz": float(zero_khz),
                "lock_d_err_khz": float(errors[1]),
                "lock_main_a": float(self.lab.magnet.currents()[2]),
            }
        )
