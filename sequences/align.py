"""Align: from a cold bench to the 13C resonance, by measuring: the coils, the axis, the relaxation dip, the lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.optimize import least_squares

from physics.levels import cross_relaxation_fields_mt
from sequences.analysis.relaxation import detuning_slope_hz_per_mt
from sequences.lab import Lab
from sequences.pulses.library import cw_odmr, pulse, pulsed
from sequences.results import Column, Estimate, Progress, SequenceError, Stream
from sequences.routines import controls, diagnosis, dip, known_magnet, light, spectroscopy, survey
from sequences.routines.dip import (
    Contacts,
    Dip,
    Inversion,
    Lock,
    deviation_at,
    scan_dip,
    tracking_error_mt,
)
from sequences.routines.estimates import field_of, gathered
from sequences.routines.first_light import first_light
from sequences.routines.known_magnet import from_calibration, from_nothing
from sequences.routines.measure import measure, repeats_for
from sequences.routines.reach import check_reach
from sequences.routines.survey import Nitrogen, Survey

Real = NDArray[np.float64]
Currents = tuple[float, float, float]

COLUMNS: Final[tuple[Column, ...]] = (*light.COLUMNS, *spectroscopy.COLUMNS, *survey.COLUMNS, *dip.COLUMNS)
_BASE_A: Final = (0.0, 0.0, 0.05)
_LOW_MAIN_A, _LOW_TRIM_A = 0.10, 0.10
_STEPS_A: Final = (
    (0.0, 0.0, _LOW_MAIN_A),
    (_LOW_TRIM_A, 0.0, _LOW_MAIN_A),
    (-_LOW_TRIM_A, 0.0, _LOW_MAIN_A),
    (0.0, _LOW_TRIM_A, _LOW_MAIN_A),
    (0.0, -_LOW_TRIM_A, _LOW_MAIN_A),
    (_LOW_TRIM_A, _LOW_TRIM_A, _LOW_MAIN_A),
)
"""Steps of each current, and one of both trims that shows how square they stand."""
_APPROACH_MT, _APPROACH_DITHER_MT = 90.0, 0.3
_BELOW_CROSSING_MT: Final = 101.9
_WIDE_DITHER_MT: Final = 0.08
_DRIFT_MT: Final = 0.005
_CLOSE_KHZ: Final = 5.0
_NARROW_DITHER_MT: Final = 0.02
_DITHERS: Final = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))
_TRIAL_DBM: Final = 0.0
_TRIAL_NS: Final = tuple(range(100, 900, 100))
_PI_NS: Final = 400
_WORST_CHI2: Final = 4.0
_ELSE_TRY: Final = {
    True: "Check the trim coils' leads and guesses.coil_matrix_mt_per_a, and that the field stands still",
    False: "The field is not that of the earlier alignment: run align with from_scratch=true",
}
"""Where a line is missing though main coil and NV axis are as they should be."""


@dataclass(frozen=True)
class AlignPlan:
    """How to align."""

    resonance: Literal["lower", "upper"] = "lower"
    """Which of the two 13C resonances: below the level crossing (102.48 mT) or beyond it (102.58 mT)."""
    from_scratch: bool = True
    """Measure coils and residual field anew; false starts from the currents that an earlier align left."""
    nitrogen: Nitrogen = "auto"
    """The nucleus of the NV: auto looks whether its line is a triplet."""
    transverse_limit_ut: Annotated[float, Field(gt=0, le=20)] = 2.0
    """Field across the axis that is still good enough; beyond it the run fails."""
    detuning_limit_khz: Annotated[float, Field(gt=0, le=100)] = 20.0
    """Distance from the resonance that is still good enough; beyond it the run fails."""
    contact_us: Annotated[float, Field(ge=1, le=50)] = 4.0
    """Contact with the baths by which the dip is measured."""
    dip_seconds_per_point: Annotated[float, Field(ge=0.5, le=300)] = 12.0
    """Laboratory time of each point of the dip."""


@dataclass(frozen=True)
class AlignResult:
    """The field on the resonance."""

    field_mt: float
    """Along the NV axis, at the currents now set."""
    field_mt_err: float
    transverse_ut: float
    """Across the axis: the mean of what the measured components leave possible."""
    transverse_ut_err: float
    detuning_khz: float
    """f- from the 13C resonance, as now set."""
    detuning_khz_err: float
    resonance_field_mt: float
    """Where the relaxation dip was found."""
    resonance_field_mt_err: float
    currents_a: tuple[float, float, float]
    """Trim x, trim y, main."""
    photons: int
    """Counted by the dip."""


def align(lab: Lab, plan: AlignPlan) -> Stream[AlignResult]:
    """Find B along the axis, then the dip, and stay on it. Writes the calibrations field.*."""
    return (yield from gathered(_aligned(lab, plan)))


def _aligned(lab: Lab, plan: AlignPlan) -> Stream[AlignResult]:
    with controls.left_safe(lab):
        begin = _survey_at_low_field if plan.from_scratch else _survey_from_calibration
        known = yield from diagnosis.explained(lab, begin(lab, plan), _ELSE_TRY[plan.from_scratch])
        guess_mt = _expected_mt(plan, known.model.nitrogen)
        yield from _dithered(known, _BELOW_CROSSING_MT, _WIDE_DITHER_MT)
        yield Progress(0.5, _where(known, known.model.currents_for(_BELOW_CROSSING_MT)))
        _check_model(known)
        yield from _null_across(known, guess_mt)
        _check_model(known)
        inversion = yield from _frozen_pulse(known, guess_mt)
        yield Progress(0.7, "looking for the relaxation dip")
        found = yield from _dip(known, plan, inversion, guess_mt)
        result = yield from _locked(known, plan, found, guess_mt)
        yield Progress(1.0, _note(result))
    return result


def _survey_at_low_field(lab: Lab, plan: AlignPlan) -> Stream[Survey]:
    lab.magnet.switch_on()
    known = from_nothing(lab, plan.nitrogen)
    yield Progress(0.02, "looking for the first line at about 5.5 mT")
    yield from first_light(known, False, _BASE_A, plan.nitrogen)
    yield from known.visit(_BASE_A, "+")
    for k, currents_a in enumerate(_STEPS_A):
        yield from known.visit(currents_a)
        yield Progress(0.1 + 0.05 * k, _where(known, known.seen[-1].currents_a))
    check_reach(lab, known.model, _expected_mt(plan, known.model.nitrogen))
    yield from _dithered(known, _APPROACH_MT, _APPROACH_DITHER_MT)
    yield Progress(0.4, _where(known, known.model.currents_for(_APPROACH_MT)))
    return known


def _survey_from_calibration(lab: Lab, plan: AlignPlan) -> Stream[Survey]:
    known = from_calibration(lab, plan.nitrogen)
    if known is None:
        raise SequenceError(
            "No earlier alignment is known (calibrations field.x_a, field.y_a, field.main_a, field.resonance_mt)",
            "Run align with from_scratch=true first",
        )
    yield Progress(0.1, "back to the field of the last alignment")
    resonance_mt = _expected_mt(plan, known.model.nitrogen)
    yield from first_light(known, True, known.model.currents_for(resonance_mt), plan.nitrogen)
    return known


def _null_across(known: Survey, guess_mt: float) -> Stream[None]:
    """Dither across the axis on the resonance itself, where f+ bends with it; older lines count as drift lets them."""
    known.begin_anew(_DRIFT_MT)
    began = known.model
    yield from known.visit(began.currents_for(guess_mt), "+", 3e3)
    for b, c in _DITHERS:
        across = (_NARROW_DITHER_MT * b, _NARROW_DITHER_MT * c)
        yield from known.visit(began.currents_for(guess_mt, across), "+", 2e3)
    yield Progress(0.6, _where(known, known.model.currents_for(guess_mt)))


def _dithered(known: Survey, along_mt: float, dither_mt: float) -> Stream[None]:
    """Both lines in a field along the axis, then f- with the field bent four ways.

    All bends are counted from where the stage began: if each were counted from the newest estimate, two of them could
    be mirror images of each other, and the model could not tell a field across from its reflection.
    """
    began = known.model
    yield from known.visit(began.currents_for(along_mt))
    for b, c in _DITHERS:
        yield from known.visit(began.currents_for(along_mt, (dither_mt * b, dither_mt * c)), "-", 3e3)


def _expected_mt(plan: AlignPlan, nitrogen: bool) -> float:
    lower, upper = cross_relaxation_fields_mt(0.0, nitrogen)
    return lower if plan.resonance == "lower" else upper


def _check_model(known: Survey) -> None:
    """Lines that no magnet explains were not what they were taken for."""
    freedom = known.model.chi2 / known.model.lines
    if freedom > _WORST_CHI2:
        raise SequenceError(
            f"The {known.model.lines} lines measured do not fit one linear magnet and one NV axis: reduced chi-squared "
            f"{freedom:.1f}",
            "Check that the field stands still and that plan.nitrogen is right, then run align again",
            reduced_chi2=freedom,
        )


def _frozen_pulse(known: Survey, guess_mt: float) -> Stream[Inversion]:
    """Where the line lies while frozen, and how long a pi pulse lasts."""
    lab = known.lab
    survey.moved(lab, known.model.currents_for(guess_mt))
    shift_a = -lab.limits.pulsed_a
    controls.pulsed_coils(lab, shift_a=shift_a)
    added_mt = lab.guesses.shift_mt_per_a * shift_a
    line = known.expected_at(guess_mt + added_mt, abs(added_mt) * 0.04)
    program = cw_odmr(lab.wiring.tick_ns).with_lines("shift")
    fit = yield from spectroscopy.track_line(lab, line, known.tracker_for(5e3), program)
    rabi_hz = yield from _rabi_hz(lab, fit.centre_hz)
    dbm = _TRIAL_DBM + 20.0 * np.log10(0.5e9 / _PI_NS / rabi_hz)
    yield Progress(0.65, f"frozen line {fit.centre_hz / 1e6:.3f} MHz, Rabi {rabi_hz / 1e6:.3f} MHz at 0 dBm")
    return Inversion(shift_a, fit.centre_hz, float(min(dbm, lab.limits.microwave_dbm)), _PI_NS)


def _rabi_hz(lab: Lab, frozen_hz: float) -> Stream[float]:
    """Roughly, from a few pulse lengths at 0 dBm."""
    controls.pump(lab)
    controls.carrier(lab, frozen_hz, _TRIAL_DBM)
    ratio, error = [], []
    for duration_ns in _TRIAL_NS:
        shot = pulsed("nutation", pulse(duration_ns, tick_ns=lab.wiring.tick_ns))
        counts = measure(lab, shot, repeats_for(shot, 3.0))
        ratio.append(counts.signal / max(counts.reference, 1))
        error.append(ratio[-1] * np.sqrt(1.0 / max(counts.signal, 1) + 1.0 / max(counts.reference, 1)))
        yield from ()
    return _nutation_hz(np.array(_TRIAL_NS) * 1e-9, np.array(ratio), np.array(error))


def _nutation_hz(duration_s: Real, ratio: Real, error: Real) -> float:
    """Frequency of level - depth sin^2(pi f t), by a grid and then least squares."""

    def residual(p: Real) -> Real:
        return np.asarray((p[0] - p[1] * np.sin(np.pi * p[2] * 1e6 * duration_s) ** 2 - ratio) / error)

    def best(f: float) -> Real:
        columns = np.column_stack([np.ones_like(ratio), -(np.sin(np.pi * f * 1e6 * duration_s) ** 2)]) / error[:, None]
        return np.append(np.linalg.lstsq(columns, ratio / error, rcond=None)[0], f)

    start = min((best(f) for f in np.arange(0.25, 3.0, 0.05)), key=lambda p: float(np.sum(residual(p) ** 2)))
    fit = least_squares(residual, start)
    depth_err = float(np.sqrt(np.linalg.pinv(fit.jac.T @ fit.jac)[1, 1]))
    if fit.x[1] < 5.0 * depth_err:
        raise SequenceError(
            f"Pulses on the frozen line turn nothing: depth {fit.x[1]:.4f}(±{depth_err:.4f})",
            "Check the lines mw_x and shift (wiring.lines of station.yaml) and the microwave's power",
            depth=float(fit.x[1]),
        )
    return float(fit.x[2]) * 1e6


def _dip(known: Survey, plan: AlignPlan, inversion: Inversion, guess_mt: float) -> Stream[Dip]:
    lab = known.lab
    contacts = Contacts(
        contact_ns=round(plan.contact_us * 1e3 / lab.wiring.tick_ns) * lab.wiring.tick_ns,
        seconds_per_point=plan.dip_seconds_per_point,
        half_width_mt=lab.guesses.cr_half_width_khz
        * 1e3
        / abs(detuning_slope_hz_per_mt(guess_mt, known.model.nitrogen)),
        bath_spins=lab.guesses.bath_spins,
    )
    here = known.model.currents_for
    return (yield from scan_dip(lab, inversion, contacts, lambda d: here(guess_mt + d), known.look))


def _locked(known: Survey, plan: AlignPlan, found: Dip, guess_mt: float) -> Stream[AlignResult]:
    """Set the field on the dip, see with f+ that it is there, and keep it all as calibrations."""
    lab, centre_mt = known.lab, guess_mt + found.fit.centre_mt
    controls.coils_off(lab)
    slope = detuning_slope_hz_per_mt(centre_mt, known.model.nitrogen)
    locks = list(found.locks)
    for _ in range(2):
        deviation_mt = float(deviation_at(locks, np.array(lab.clock.now())))
        here = survey.moved(lab, known.model.currents_for(centre_mt - deviation_mt))
        locks.append((yield from known.look()))
        yield locks[-1].point
        result = _result(known, found, here, locks, centre_mt)
        yield Estimate({**field_of(known.model, here), **vars(result), "resonance": "measured"})
        if abs(slope * (result.field_mt - centre_mt)) < 1e3 * _CLOSE_KHZ:
            break
    _check_reached(plan, result)
    _keep(lab, known, result, *known.last_plus_hz)
    return result


def _result(known: Survey, found: Dip, here: Currents, locks: Sequence[Lock], centre_mt: float) -> AlignResult:
    """The field at these currents, by the model and the last look, against the dip's centre."""
    slope = detuning_slope_hz_per_mt(centre_mt, known.model.nitrogen)
    along = float(known.model.along_across_mt(here)[0] + deviation_at(locks, np.array(known.lab.clock.now())))
    centre_err = float(np.hypot(found.fit.centre_err_mt, tracking_error_mt(locks)))
    along_err = float(np.hypot(known.model.errors_mt(here)[0], tracking_error_mt(locks)))
    across, across_err = known.model.across_estimate_mt(here, walked_mt=_walked(locks))
    return AlignResult(
        field_mt=along,
        field_mt_err=along_err,
        transverse_ut=1e3 * across,
        transverse_ut_err=1e3 * across_err,
        detuning_khz=slope * (along - centre_mt) * 1e-3,
        detuning_khz_err=abs(slope) * float(np.hypot(centre_err, locks[-1].error_mt)) * 1e-3,
        resonance_field_mt=centre_mt,
        resonance_field_mt_err=float(np.hypot(along_err, centre_err)),
        currents_a=here,
        photons=found.photons,
    )


def _walked(locks: Sequence[Lock]) -> float:
    """How far the field went along the axis since the dithers, noise included: it may have gone as far across."""
    return float(np.sqrt(np.mean([lock.deviation_mt**2 for lock in locks])))


def _check_reached(plan: AlignPlan, result: AlignResult) -> None:
    across = result.transverse_ut + 2.0 * result.transverse_ut_err
    detuning = abs(result.detuning_khz) + 2.0 * result.detuning_khz_err
    for name, reached, limit, unit in (
        ("B across the axis", across, plan.transverse_limit_ut, "µT"),
        ("The detuning from the 13C resonance", detuning, plan.detuning_limit_khz, "kHz"),
    ):
        if reached > limit:
            raise SequenceError(
                f"{name} may be as large as {reached:.2f} {unit}, beyond the limit of {limit:g} {unit}",
                "Give it more laboratory time (dip_seconds_per_point), check that the field stands still, run again",
                reached=reached,
                limit=limit,
            )


def _keep(lab: Lab, known: Survey, result: AlignResult, f_plus_hz: float, f_plus_err_hz: float) -> None:
    rows = np.array(known.model.values[:12]).reshape(3, 4)[:, :3]
    per_mt = np.abs(np.linalg.inv(rows))
    errors_a = per_mt @ np.array([result.resonance_field_mt_err, *known.model.errors_mt(result.currents_a)[1:]])
    for name, current_a, error_a in zip(("x_a", "y_a", "main_a"), result.currents_a, errors_a, strict=True):
        lab.calibration.put(f"field.{name}", current_a, float(error_a))
    lab.calibration.put("field.f_plus_hz", f_plus_hz, f_plus_err_hz)
    known_magnet.keep_model(lab, known.model)
    lab.calibration.put("field.resonance_mt", result.resonance_field_mt, result.resonance_field_mt_err)


def _where(known: Survey, currents_a: Sequence[float]) -> str:
    along, across = (float(v) for v in known.model.along_across_mt(currents_a))
    errors = known.model.errors_mt(currents_a)
    across_err = 1e3 * np.hypot(errors[1], errors[2])
    return f"B along {along:.4f}(±{errors[0]:.4f}) mT, across {1e3 * across:.1f}(±{across_err:.1f}) µT"


def _note(result: AlignResult) -> str:
    return (
        f"resonance at {result.resonance_field_mt:.4f} mT, detuning {result.detuning_khz:.1f}"
        f"(±{result.detuning_khz_err:.1f}) kHz, across {result.transverse_ut:.2f}(±{result.transverse_ut_err:.2f}) µT"
    )
