"""A survey of the magnet: move it, measure the lines that are expected there, learn from each what the next will be."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from physics.constants import GAMMA_E_HZ_PER_MT
from physics.coupling import flip_flop_spin1_rad_per_s
from physics.levels import nv_lines
from sequences import controls
from sequences.analysis.field import Currents, FieldModel, LineSeen, anchored_model, fit_field, nominal_model
from sequences.analysis.odmr import LineFit, LineShape, fit_known_line, fit_line
from sequences.lab import Lab
from sequences.measure import measure, repeats_for
from sequences.pulses.library import cw_odmr
from sequences.pulses.program import Program
from sequences.results import Column, Point, SequenceError, Stream
from sequences.spectroscopy import CW_EFFICIENCY, Expected, Tracker, reachable, scan, track_line

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
_SEARCH_WIDTH_HZ: Final = 2.4e6
_RESOLVED_WIDTH_HZ: Final = 8e5
_FIRST_S: Final = 4.0
"""Laboratory time of a point before the contrast is known."""
_SEEN_SIGMA: Final = 7.0
_POLARISED_NEAR_MT: Final = (51.2, 102.5)
_DRIFT_MT: Final = 0.03
"""How far the field may have drifted since a calibration."""


@dataclass
class Survey:
    """What has been learned so far, growing line by line."""

    lab: Lab
    prior: FieldModel
    model: FieldModel
    tracker: Tracker | None = None
    seen: list[LineSeen] = field(default_factory=list)

    def offsets_hz(self, plus: bool, currents_a: Sequence[float]) -> Real:
        """Where the nuclear components stand relative to m_I = +1."""
        lines = self.model.lines_hz(currents_a)[plus]
        return np.asarray(lines - lines[0])

    def expected(self, plus: bool, currents_a: Sequence[float]) -> Expected:
        """What the model says of a line."""
        along = float(self.model.along_across_mt(currents_a)[0])
        return Expected(
            name="f+" if plus else "f-",
            frequency_hz=float(self.model.lines_hz(currents_a)[plus][0]),
            error_hz=self.model.line_errors_hz(currents_a)[plus],
            offsets_hz=self.offsets_hz(plus, currents_a),
            polarisation=believed_polarisation(along) if self.model.nitrogen else 0.0,
        )

    def learn(self, plus: bool, currents_a: Currents, fit: LineFit) -> Stream[None]:
        """Take one more line into the model."""
        error_hz = float(np.hypot(fit.centre_err_hz * max(1.0, fit.reduced_chi2) ** 0.5, _SYSTEMATIC_HZ))
        self.seen.append(LineSeen(currents_a, plus, fit.centre_hz, error_hz))
        self.model = fit_field(self.prior, self.model, self.seen)
        along, across = (float(v) for v in self.model.along_across_mt(currents_a))
        yield Point(
            {
                "visit": float(len(self.seen)),
                "along_mt": along,
                "across_ut": across * 1e3,
                "line_hz": fit.centre_hz,
                "line_err_hz": error_hz,
            }
        )

    def visit(self, currents_a: Currents, lines: str = "-+", target_hz: float = 5e3) -> Stream[LineFit]:
        """Go there, measure f- (-) and f+ (+) in this order, and learn from each; returns the last fit."""
        here = moved(self.lab, currents_a)
        for sign in lines:
            plus = sign == "+"
            fit = yield from track_line(self.lab, self.expected(plus, here), self.tracker_for(target_hz))
            yield from self.learn(plus, here, fit)
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

    def tracker_for(self, target_hz: float) -> Tracker:
        """What is known of all lines, aiming at this error."""
        if self.tracker is None:
            raise SequenceError("No line has been found yet", "Call first_light before visit")
        return replace(self.tracker, target_hz=target_hz)


def believed_polarisation(along_mt: float) -> float:
    """Nuclear polarisation that a physicist expects of 14N under light: none at low field, all near the crossings."""
    if abs(along_mt) < 15.0:
        return 0.0
    return 1.0 if min(abs(abs(along_mt) - b) for b in _POLARISED_NEAR_MT) < 10.0 else 0.5


def exchange_shift_hz(lab: Lab) -> float:
    """By how much exchange raises the lines of a pair that is driven as one, from the guessed distance."""
    return float(flip_flop_spin1_rad_per_s(lab.guesses.pair_separation_nm)) / (2.0 * np.pi)


def from_nothing(lab: Lab, nitrogen: bool = True) -> Survey:
    """A survey that starts from the nominal coils."""
    prior = nominal_model(lab.guesses.coil_matrix_mt_per_a, exchange_shift_hz(lab), nitrogen)
    return Survey(lab, prior, prior)


def from_calibration(lab: Lab, nitrogen: bool = True) -> Survey | None:
    """A survey that starts from the resonance found by an earlier align; None if there was none."""
    kept = [lab.calibration.get(f"field.{key}") for key in ("x_a", "y_a", "main_a", "resonance_mt")]
    values = [c.value for c in kept if c is not None]
    if len(values) < len(kept):
        return None
    nominal = nominal_model(lab.guesses.coil_matrix_mt_per_a, exchange_shift_hz(lab), nitrogen)
    prior = anchored_model(nominal, (values[0], values[1], values[2]), values[3], _DRIFT_MT)
    return Survey(lab, prior, prior)


def moved(lab: Lab, currents_a: Currents) -> Currents:
    """Ramp the magnet and return its currents as read back. Refuses currents beyond the limits of station.yaml."""
    limits = (lab.limits.trim_a, lab.limits.trim_a, lab.limits.main_a)
    for name, current_a, limit_a in zip(("trim x", "trim y", "main"), currents_a, limits, strict=True):
        if abs(current_a) > limit_a:
            raise SequenceError(
                f"The field needs {current_a:.4f} A in the {name} coil, whose limit is {limit_a:g} A",
                "Turn the diamond or the magnet closer to the NV axis, or raise the limit if the coil can take it",
                coil=name,
                current_a=current_a,
                limit_a=limit_a,
            )
    lab.magnet.ramp_to(currents_a)
    x, y, main = lab.magnet.currents()
    return float(x), float(y), float(main)


def first_light(survey: Survey, plus: bool, currents_a: Currents, nitrogen: Nitrogen) -> Stream[None]:
    """Find the first line of a bench of which only nominal values are known, and learn width, contrast, nucleus."""
    lab = survey.lab
    controls.pump(lab, CW_EFFICIENCY)
    here = moved(lab, currents_a)
    counts_per_s = _count_rate(lab)
    tracker = Tracker(_SEARCH_WIDTH_HZ * lab.guesses.rabi_mhz_at_0dbm, 0.05, counts_per_s)
    about_hz = yield from _searched(survey, plus, here, tracker)
    fits = yield from _resolved(survey, plus, here, tracker, about_hz)
    looks_like_14n = fits[True].reduced_chi2 < fits[False].reduced_chi2
    with_14n = looks_like_14n if nitrogen == "auto" else nitrogen == "14N"
    fit = fits[with_14n]
    if fit.significance < _SEEN_SIGMA:
        raise _dark(survey.expected(plus, here), fit)
    broadened = 10.0 ** (-tracker.dbm_for(_RESOLVED_WIDTH_HZ) / 20.0)
    survey.tracker = Tracker(fit.linewidth_hz * broadened, fit.contrast, counts_per_s)
    survey.prior, survey.model = (_with_nucleus(m, with_14n) for m in (survey.prior, survey.model))
    yield from survey.learn(plus, here, fit)


def _with_nucleus(model: FieldModel, nitrogen: bool) -> FieldModel:
    return replace(model, nitrogen=nitrogen)


def _count_rate(lab: Lab) -> float:
    program: Program = cw_odmr(lab.wiring.tick_ns)
    controls.carrier_off(lab)
    counts = measure(lab, program, repeats_for(program, _FIRST_S))
    if counts.reference < 100:
        raise SequenceError(
            f"Only {counts.reference} photons came within {counts.duration_s:.1f} s of green light",
            "Check laser, AOM, shutter and the counter's cables (wiring.terminals of station.yaml)",
            photons=counts.reference,
        )
    return counts.reference / counts.duration_s


def _searched(survey: Survey, plus: bool, here: Currents, tracker: Tracker) -> Stream[float]:
    """Rough place of the line's first component: a power-broadened line, ever wider ranges."""
    line, width = survey.expected(plus, here), _SEARCH_WIDTH_HZ
    for reach, seconds in ((2.5, _FIRST_S), (2.5, 4 * _FIRST_S), (6.0, 8 * _FIRST_S)):
        low = line.frequency_hz - reach * line.error_hz + float(line.offsets_hz.min())
        high = line.frequency_hz + reach * line.error_hz + float(line.offsets_hz.max())
        frequencies = reachable(np.linspace(low, high, 2 + int((high - low) / (0.75 * width))))
        ratio, error = yield from scan(survey.lab, frequencies, tracker.dbm_for(width), seconds)
        shape = LineShape(line.offsets_hz, line.polarisation, width, 0.4)
        starts = np.arange(low, high, 0.2 * width) - line.offsets_hz.mean()
        fit = fit_known_line(frequencies, ratio, error, shape, starts)
        if fit.significance > _SEEN_SIGMA:
            return fit.centre_hz
    raise _dark(line, fit)


def _resolved(
    survey: Survey, plus: bool, here: Currents, tracker: Tracker, about_hz: float
) -> Stream[dict[bool, LineFit]]:
    """The nuclear components resolved: fits with and without 14N."""
    offsets = survey.offsets_hz(plus, here) if survey.model.nitrogen else np.zeros(1)
    low, high = about_hz + float(offsets.min()) - 1.6e6, about_hz + float(offsets.max()) + 1.6e6
    frequencies = reachable(np.arange(low, high, 0.5 * _RESOLVED_WIDTH_HZ))
    ratio, error = yield from scan(survey.lab, frequencies, tracker.dbm_for(_RESOLVED_WIDTH_HZ), 3 * _FIRST_S)
    return {n: fit_line(frequencies, ratio, error, offsets if n else np.zeros(1)) for n in (True, False)}


def _dark(line: Expected, fit: LineFit) -> SequenceError:
    return SequenceError(
        f"No ODMR dip for {line.name} near {line.frequency_hz / 1e6:.1f} MHz: the deepest is "
        f"{100 * fit.contrast:.2f}(±{100 * fit.contrast_err:.2f}) %",
        "Check the microwave's output and its line mw_x, the coil currents, and guesses.coil_matrix_mt_per_a",
        about_hz=line.frequency_hz,
        contrast=fit.contrast,
    )
