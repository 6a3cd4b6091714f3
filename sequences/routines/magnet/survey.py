"""A survey of the magnet: move it, measure the lines that are expected there, learn from each what the next will be."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from physics.constants import GAMMA_E_HZ_PER_MT
from physics.coupling import flip_flop_spin1_rad_per_s
from physics.levels import nv_lines
from sequences.analysis.magnet.field_fit import LineSeen, fit_field, likely_walk
from sequences.analysis.magnet.field_model import Currents, FieldModel
from sequences.analysis.odmr.line_fit import LineFit
from sequences.core.lab import Lab
from sequences.results import Column, Estimate, Point, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.estimates import field_of
from sequences.routines.magnet.coil_reach import check_limits
from sequences.routines.odmr.spectroscopy import CW_EFFICIENCY, Expected, Tracker
from sequences.routines.odmr.tracking import track_line
from sequences.routines.relaxation.dip import Lock

Real = NDArray[np.float64]
Nitrogen = Literal["auto", "14N", "none"]

COLUMNS: Final = (
    Column("visit", "line measured", ""),
    Column("along_mt", "field along the NV axis", "mT", ("visit",)),
    Column("across_ut", "field across the NV axis", "µT", ("visit",)),
    Column("line_hz", "line measured", "Hz", ("visit",)),
    Column("line_err_hz", "its error", "Hz", ("visit",)),
)
_SYSTEMATIC_HZ: Final = 1e3
"""Of a line centre, beside shot noise: the resolution of the currents, and the shape of a driven pair's line."""
_DOUBTED: Final = 16.0
"""Rise of chi-squared by one line from which on it is measured again."""
_ALIKE_SIGMA: Final = 4.0
_WORSE_THAN_NOISE: Final = 3.0
"""Reduced chi-squared of a few points that shot noise hardly ever makes."""
_POLARISED_NEAR_MT: Final = (51.2, 102.5)
_AXIS_KNOWN_LINES: Final = 10
"""Each current has been stepped by then."""


@dataclass
class Survey:
    """What has been learned so far, growing line by line."""

    lab: Lab
    prior: FieldModel
    model: FieldModel
    tracker: Tracker | None = None
    seen: list[LineSeen] = field(default_factory=list)
    rivals: list[FieldModel] = field(default_factory=list)
    """Models that explain the lines nearly as well."""

    def offsets_hz(self, plus: bool, currents_a: Sequence[float]) -> Real:
        """Where the nuclear components stand relative to m_I = +1."""
        lines = self.model.lines_hz(currents_a)[plus]
        return np.asarray(lines - lines[0])

    def expected(self, plus: bool, currents_a: Sequence[float]) -> Expected:
        """What the model and its rivals say of a line."""
        along = float(self.model.along_across_mt(currents_a)[0])
        believed = [model.at(self.lab.clock.now()) for model in (self.model, *self.rivals)]
        middles = np.array([float(model.lines_hz(currents_a)[plus][0]) for model in believed])
        errors = np.array([model.line_errors_hz(currents_a)[plus] for model in believed])
        low, high = float(np.min(middles - errors)), float(np.max(middles + errors))
        return Expected(
            name="f+" if plus else "f-",
            frequency_hz=0.5 * (low + high),
            error_hz=0.5 * (high - low),
            offsets_hz=self.offsets_hz(plus, currents_a),
            polarisation=believed_polarisation(along) if self.model.nitrogen else 0.0,
        )

    @property
    def now(self) -> FieldModel:
        """The model, as much as it is still worth."""
        return self.model.at(self.lab.clock.now())

    def learn(self, plus: bool, currents_a: Currents, fit: LineFit, began_s: float) -> Stream[None]:
        """Take one more line into the model. began_s: laboratory time when its first point was counted."""
        self._remember(plus, currents_a, fit, began_s)
        self.refit()
        along, across = (float(v) for v in self.model.along_across_mt(currents_a))
        yield Point(
            {
                "visit": float(len(self.seen)),
                "along_mt": along,
                "across_ut": across * 1e3,
                "line_hz": fit.centre_hz,
                "line_err_hz": self.seen[-1].error_hz,
            }
        )
        yield Estimate({**field_of(self.model, currents_a), **self._axis()})

    def refit(self) -> None:
        """The model by all lines seen."""
        self.model, *self.rivals = fit_field(self.prior, (self.model, *self.rivals), self.seen)
        self.model = replace(self.model, walk_mt_per_sqrt_s=likely_walk(self.prior, self.model, self.seen))

    def _remember(self, plus: bool, currents_a: Currents, fit: LineFit, began_s: float) -> None:
        misfit = fit.reduced_chi2**0.5 if fit.reduced_chi2 > _WORSE_THAN_NOISE else 1.0
        error_hz = float(np.hypot(fit.centre_err_hz * misfit, _SYSTEMATIC_HZ))
        middle_s = 0.5 * (began_s + self.lab.clock.now())
        self.seen.append(LineSeen(currents_a, plus, fit.centre_hz, error_hz, middle_s))

    def _axis(self) -> dict[str, float]:
        """Where the NV axis points in the frame of the nominal coils; nothing before it has been measured."""
        if len(self.seen) < _AXIS_KNOWN_LINES:
            return {}
        along_per_a = np.array(self.model.values[:3])
        x, y, z = np.linalg.solve(np.array(self.lab.guesses.coil_matrix_mt_per_a).T, along_per_a)
        tilt, azimuth = np.degrees([np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)])
        return {"axis_tilt_deg": float(tilt), "axis_azimuth_deg": float(azimuth)}

    def visit(self, currents_a: Currents, lines: str = "-+", target_hz: float = 5e3) -> Stream[LineFit]:
        """Go there, measure f- (-) and f+ (+) in this order, and learn from each; returns the last fit."""
        here = moved(self.lab, currents_a)
        for sign in lines:
            fit = yield from self._checked(sign == "+", here, target_hz)
        return fit

    def _checked(self, plus: bool, here: Currents, target_hz: float) -> Stream[LineFit]:
        """Measure a line and learn from it; one that surprises is measured twice, and what was an outlier forgotten."""
        believed = (self.model, *self.rivals)
        fit = yield from self._followed(plus, here, target_hz)
        if self.model.chi2 < believed[0].chi2 + _DOUBTED:
            return fit
        doubted = self.seen.pop()
        self.model, *self.rivals = believed
        again = yield from self._followed(plus, here, target_hz)
        if abs(again.centre_hz - doubted.frequency_hz) < _ALIKE_SIGMA * np.hypot(again.centre_err_hz, doubted.error_hz):
            self.seen.insert(-1, doubted)
            self.refit()
        return again

    def _followed(self, plus: bool, here: Currents, target_hz: float) -> Stream[LineFit]:
        began_s = self.lab.clock.now()
        fit = yield from track_line(self.lab, self.expected(plus, here), self.tracker_for(target_hz))
        yield from self.learn(plus, here, fit, began_s)
        return fit

    def expected_at(self, along_mt: float, error_mt: float) -> Expected:
        """f- in a field along the axis that other coils make."""
        minus_hz = nv_lines(along_mt, 0.0, self.model.nitrogen).minus_hz
        return Expected(
            name="f- while frozen",
            frequency_hz=float(abs(minus_hz[0])) + self.model.shift_hz,
            error_hz=error_mt * GAMMA_E_HZ_PER_MT,
            offsets_hz=np.asarray(np.abs(minus_hz) - abs(minus_hz[0])),
            polarisation=believed_polarisation(along_mt) if self.model.nitrogen else 0.0,
        )

    def look(self, target_hz: float = 5e3) -> Stream[Lock]:
        """f+ at the present currents, as a deviation of the field from the model, which does not learn from it yet."""
        x, y, main = (float(a) for a in self.lab.magnet.currents())
        began_s = self.lab.clock.now()
        controls.pump(self.lab, CW_EFFICIENCY)
        fit = yield from track_line(self.lab, self.expected(True, (x, y, main)), self.tracker_for(target_hz))
        self._remember(True, (x, y, main), fit, began_s)
        seen = self.seen[-1]
        deviation_mt = (seen.frequency_hz - float(self.model.lines_hz((x, y, main))[1][0])) / GAMMA_E_HZ_PER_MT
        return Lock(seen.time_s, deviation_mt, seen.error_hz / GAMMA_E_HZ_PER_MT)

    def tracker_for(self, target_hz: float) -> Tracker:
        """What is known of all lines, aiming at this error."""
        if self.tracker is None:
            raise SequenceError("No line has been found yet", "Call first_light before visit")
        walk_hz = GAMMA_E_HZ_PER_MT * self.model.walk_mt_per_sqrt_s
        return replace(self.tracker, target_hz=target_hz, walk_hz_per_sqrt_s=walk_hz)


def believed_polarisation(along_mt: float) -> float:
    """Nuclear polarisation that one expects of 14N under light: none at low field, nearly all near the crossings."""
    if abs(along_mt) < 15.0:
        return 0.0
    away_mt = min(abs(abs(along_mt) - b) for b in _POLARISED_NEAR_MT)
    return 1.0 if away_mt < 8.0 else 0.8 if away_mt < 16.0 else 0.5


def exchange_shift_hz(lab: Lab) -> float:
    """By how much exchange raises the lines of a pair that is driven as one, from the guessed distance."""
    return float(flip_flop_spin1_rad_per_s(lab.guesses.pair_separation_nm)) / (2.0 * np.pi)


def moved(lab: Lab, currents_a: Currents) -> Currents:
    """Ramp the magnet and return its currents as read back. Refuses currents beyond the limits of station.yaml."""
    check_limits(lab, currents_a)
    lab.magnet.ramp_to(currents_a)
    x, y, main = lab.magnet.currents()
    return float(x), float(y), float(main)
