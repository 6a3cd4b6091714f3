"""First light: the first line of a bench of which only nominal values are known, and what it teaches of all others."""

from dataclasses import replace
from typing import Final

import numpy as np

from sequences.analysis.magnet.field_model import Currents, FieldModel
from sequences.analysis.odmr.line_fit import LineFit, LineShape, fit_known_line, fit_line
from sequences.results import Estimate, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.light import count_rate
from sequences.routines.estimates import line_of
from sequences.routines.magnet.survey import Nitrogen, Survey, believed_polarisation, moved
from sequences.routines.odmr.spectroscopy import CW_EFFICIENCY, LineMissing, Tracker, reachable, scan

_SEARCH_WIDTH_HZ: Final = 2.4e6
_RESOLVED_WIDTH_HZ: Final = 8e5
_RESOLVED_REACH_HZ: Final = 1.6e6
"""To either side of a line that was found roughly."""
_FIRST_S: Final = 4.0
"""Laboratory time of a point before the contrast is known."""
_LONGEST_S: Final = 30.0
"""Of a point."""
_SEEN_SIGMA: Final = 7.0
_RESOLVED_SIGMA: Final = 12.0
"""How far a point on a component of a triplet shall stand out."""


def first_light(survey: Survey, plus: bool, currents_a: Currents, nitrogen: Nitrogen) -> Stream[None]:
    """Find the first line of a bench of which only nominal values are known, and learn width, contrast, nucleus."""
    lab = survey.lab
    controls.pump(lab, CW_EFFICIENCY)
    here = moved(lab, currents_a)
    counts_per_s = yield from count_rate(lab, _FIRST_S)
    tracker = Tracker(_SEARCH_WIDTH_HZ * lab.guesses.rabi_mhz_at_0dbm, 0.05, counts_per_s)
    found = yield from _searched(survey, plus, here, tracker)
    began_s = lab.clock.now()
    fits = yield from _resolved(survey, plus, here, replace(tracker, contrast=found.contrast), found.centre_hz)
    with_14n = nitrogen == "14N" or (nitrogen == "auto" and _is_triplet(survey, here, fits))
    fit = fits[with_14n]
    if fit.significance < _SEEN_SIGMA:
        raise LineMissing(survey.expected(plus, here), _RESOLVED_REACH_HZ, counts_per_s)
    broadened = 10.0 ** (-tracker.dbm_for(_RESOLVED_WIDTH_HZ) / 20.0)
    survey.tracker = Tracker(fit.linewidth_hz * broadened, fit.contrast, counts_per_s)
    survey.prior, survey.model = (_with_nucleus(m, with_14n) for m in (survey.prior, survey.model))
    offsets_hz = survey.offsets_hz(plus, here) if with_14n else np.zeros(1)
    yield Estimate({"lines": [line_of("f+" if plus else "f-", fit, offsets_hz)]})
    yield from survey.learn(plus, here, fit, began_s)


def _is_triplet(survey: Survey, here: Currents, fits: dict[bool, LineFit]) -> bool:
    """A single line is a polarised triplet too: only where three lines must be seen can their absence be."""
    along = float(survey.model.along_across_mt(here)[0])
    if believed_polarisation(along) > 0.0:
        return survey.model.nitrogen
    return fits[True].reduced_chi2 < 0.5 * fits[False].reduced_chi2


def _with_nucleus(model: FieldModel, nitrogen: bool) -> FieldModel:
    return replace(model, nitrogen=nitrogen)


def _searched(survey: Survey, plus: bool, here: Currents, tracker: Tracker) -> Stream[LineFit]:
    """Rough place of the line's first component: a power-broadened line, ever wider ranges."""
    line, width = survey.expected(plus, here), _SEARCH_WIDTH_HZ
    for reach, seconds in ((2.5, _FIRST_S), (2.5, 4 * _FIRST_S), (6.0, 8 * _FIRST_S)):
        low = line.frequency_hz - reach * line.error_hz + float(line.offsets_hz.min())
        high = line.frequency_hz + reach * line.error_hz + float(line.offsets_hz.max())
        frequencies = reachable(np.linspace(low, high, 2 + int((high - low) / (0.75 * width))))
        ratio, error = yield from scan(survey.lab, frequencies, tracker.dbm_for(width), seconds)
        shape = LineShape(line.offsets_hz, line.polarisation, width, 0.4)
        half_hz = reach * line.error_hz
        starts = line.frequency_hz + half_hz * np.linspace(-1.05, 1.05, 5 + int(10.0 * half_hz / width))
        fit = fit_known_line(frequencies, ratio, error, shape, starts)
        if fit.significance > _SEEN_SIGMA:
            return fit
    raise LineMissing(line, reach * line.error_hz, tracker.counts_per_s)


def _resolved(
    survey: Survey, plus: bool, here: Currents, tracker: Tracker, about_hz: float
) -> Stream[dict[bool, LineFit]]:
    """The nuclear components resolved: fits with and without 14N."""
    offsets = survey.offsets_hz(plus, here) if survey.model.nitrogen else np.zeros(1)
    low, high = (
        about_hz + float(offsets.min()) - _RESOLVED_REACH_HZ,
        about_hz + float(offsets.max()) + _RESOLVED_REACH_HZ,
    )
    frequencies = reachable(np.arange(low, high, 0.5 * _RESOLVED_WIDTH_HZ))
    depth_err = tracker.contrast / len(offsets) / _RESOLVED_SIGMA
    seconds = float(np.clip(2.0 / (tracker.counts_per_s * depth_err**2), 2 * _FIRST_S, _LONGEST_S))
    ratio, error = yield from scan(survey.lab, frequencies, tracker.dbm_for(_RESOLVED_WIDTH_HZ), seconds)
    if believed_polarisation(float(survey.model.along_across_mt(here)[0])) > 0.0:
        polarisation = believed_polarisation(float(survey.model.along_across_mt(here)[0]))
        shape = LineShape(offsets, polarisation, _RESOLVED_WIDTH_HZ, 0.4)
        starts = about_hz + np.linspace(-1e6, 1e6, 21)
        one = fit_known_line(frequencies, ratio, error, shape, starts)
        return {True: one, False: one}
    return {n: fit_line(frequencies, ratio, error, offsets if n else np.zeros(1)) for n in (True, False)}
