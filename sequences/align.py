"""Align: from a cold bench to the 13C resonance, by measuring: the coils, the axis, the relaxation dip, the lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from physics.constants import GAMMA_E_HZ_PER_MT
from physics.levels import cross_relaxation_fields_mt, nv_lines
from sequences.analysis.odmr.line_fit import LineFit
from sequences.analysis.relaxation import detuning_slope_hz_per_mt
from sequences.core.experiment import Experiment, Quantity
from sequences.core.lab import Lab
from sequences.core.station import Wiring
from sequences.pulses.grid import nearest_ns
from sequences.pulses.library import contact_pair, cw_odmr, pulse, pulsed
from sequences.pulses.program import Program
from sequences.results import Column, Estimate, Progress, SequenceError, Stream
from sequences.routines import stabilisation
from sequences.routines.bench import controls, light
from sequences.routines.estimates import field_of, gathered
from sequences.routines.magnet import magnet_memory, survey
from sequences.routines.magnet.coil_reach import check_reach, coils
from sequences.routines.magnet.first_line import find_first_line
from sequences.routines.magnet.survey import Nitrogen, Survey
from sequences.routines.odmr import missing_line, spectroscopy
from sequences.routines.pair.frozen_pulse import frozen_pulse
from sequences.routines.relaxation import dip
from sequences.routines.relaxation.dip import Contacts, Inversion, scan_dip

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
_APPROACH_MT, _APPROACH_DITHER_MT = 90.0, 1.0
_NEAR_MT, _NEAR_DITHER_MT = 101.5, 0.25
"""Here f- tells most about the field across: 16 kHz/uT, and the spin is still pumped to 0.95."""
_CLOSE_KHZ: Final = 5.0
_TRIES: Final = 3
"""Of setting the field on the dip, until a look at f+ agrees."""
_DRIFT_ERR: Final = 3.5
"""Of how fast the field drifts, relative: a quarter of an hour tells little of it, least where it stands still."""
_NULLED: Final = 0.5
"""Share of the limit within which the field across needs no further look."""
_LIGHT_S: Final = 4.0
_LOW_HZ, _NEAR_HZ = 1.5e4, 5e3
_DITHERS: Final = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))
_WORST_CHI2: Final = 4.0
_TRIMS_TO_TRY: Final = "Check the trim coils' leads and guesses.coil_matrix_mt_per_a, and that the field stands still"
_SCRATCH_TO_TRY: Final = "The field is not that of the earlier alignment: run align with from_scratch=true"


@dataclass(frozen=True)
class AlignPlan:
    """How to align."""

    resonance: Literal["lower", "upper"] = "lower"
    """Which of the two 13C resonances: below the level crossing (102.48 mT) or beyond it (102.58 mT)."""
    from_scratch: bool = False
    """Forget what earlier alignments found, and measure coils and residual field anew."""
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
    """Counted by the dip. In photons."""


def align(lab: Lab, plan: AlignPlan) -> Stream[AlignResult]:
    """Find B along the axis, then the dip, and stay on it. Writes the calibrations field.*."""
    return (yield from gathered(_aligned(lab, plan)))


def _aligned(lab: Lab, plan: AlignPlan) -> Stream[AlignResult]:
    lab.refuse_off_grid(plan)
    with controls.left_safe(lab):
        known = yield from _surveyed(lab, plan)
        guess_mt = _expected_mt(plan, known.model.nitrogen)
        yield from _dithered(known, _NEAR_MT, _NEAR_DITHER_MT)
        yield Progress(0.6, _where(known, known.model.currents_for(guess_mt)))
        _check_model(known)
        inversion = yield from frozen_pulse(known, guess_mt)
        yield Progress(0.7, "looking for the relaxation dip")
        found = yield from _dip(known, plan, inversion, guess_mt)
        controls.coils_off(lab)
        yield Progress(0.9, f"dip at f+ {found.plus_hz / 1e6:.4f} MHz")
        result = yield from _settled(known, plan, found)
        yield Progress(1.0, _note(result))
    return result


def _surveyed(lab: Lab, plan: AlignPlan) -> Stream[Survey]:
    """The magnet up to the last stage: from what an earlier align left, or else from nothing."""
    known = None if plan.from_scratch else magnet_memory.from_calibration(lab, plan.nitrogen)
    if known is None:
        return (yield from missing_line.explained(lab, _survey_at_low_field(lab, plan), _TRIMS_TO_TRY))
    yield Progress(0.1, "back to the field of the last alignment")
    lab.magnet.switch_on()
    yield from missing_line.explained(lab, _back(known, plan), _SCRATCH_TO_TRY)
    return known


def _back(known: Survey, plan: AlignPlan) -> Stream[None]:
    """Find f+ where the last alignment expects it: by the lines that it saw, or by a wider search if that fails."""
    currents_a = known.model.currents_for(_NEAR_MT)
    controls.pump(known.lab, spectroscopy.CW_EFFICIENCY)
    known.tracker = spectroscopy.stored_tracker(known.lab, (yield from light.count_rate(known.lab, _LIGHT_S)))
    if known.tracker is not None:
        try:
            yield from known.visit(currents_a, "+", _NEAR_HZ)
        except SequenceError:
            known.lab.notes.append("f+ is not where the last alignment left it: sought it in a wider range")
        else:
            return
    yield from find_first_line(known, True, currents_a, plan.nitrogen)


def _survey_at_low_field(lab: Lab, plan: AlignPlan) -> Stream[Survey]:
    lab.magnet.switch_on()
    known = magnet_memory.from_nothing(lab, plan.nitrogen)
    yield Progress(0.02, "looking for the first line at about 5.5 mT")
    yield from find_first_line(known, False, _BASE_A, plan.nitrogen)
    yield from known.visit(_BASE_A, "+", _LOW_HZ)
    for k, currents_a in enumerate(_STEPS_A):
        yield from known.visit(currents_a, "-+", _LOW_HZ)
        yield Progress(0.1 + 0.05 * k, _where(known, known.seen[-1].currents_a))
    _check_model(known)
    check_reach(lab, known.model, _expected_mt(plan, known.model.nitrogen))
    yield from _dithered(known, _APPROACH_MT, _APPROACH_DITHER_MT)
    yield Progress(0.4, _where(known, known.model.currents_for(_APPROACH_MT)))
    return known


def _dithered(known: Survey, along_mt: float, dither_mt: float) -> Stream[None]:
    """Both lines in a field along the axis, then f- with the field bent four ways.

    All bends are counted from where the stage began: if each were counted from the newest estimate, two of them could
    be mirror images of each other, and the model could not tell a field across from its reflection.
    """
    began = known.model
    yield from known.visit(began.currents_for(along_mt), "-+", _NEAR_HZ)
    for b, c in _DITHERS:
        yield from known.visit(began.currents_for(along_mt, (dither_mt * b, dither_mt * c)), "-", _NEAR_HZ)


def _expected_mt(plan: AlignPlan, nitrogen: bool) -> float:
    lower, upper = cross_relaxation_fields_mt(0.0, nitrogen)
    return lower if plan.resonance == "lower" else upper


def _check_model(known: Survey) -> None:
    """Lines that no magnet explains were not what they were taken for."""
    freedom = known.model.chi2 / known.model.lines
    if freedom > _WORST_CHI2:
        puzzle = spectroscopy.Puzzling(
            f"The {known.model.lines} lines measured do not fit one linear magnet and one NV axis: reduced chi-squared "
            f"{freedom:.1f}. {coils(known.lab, known.model)}",
            "Check the leads of a coil that makes too little, that the field stands still and that plan.nitrogen is "
            "right, then run align again",
            reduced_chi2=freedom,
        )
        puzzle.counts_per_s = known.tracker_for(0.0).counts_per_s
        raise puzzle


@dataclass(frozen=True)
class _Found:
    """The dip, hung on a line that any later model knows too."""

    plus_hz: float
    """f+ where the dip is."""
    error_mt: float
    """Of the field that this f+ stands for, against the dip."""
    photons: int

    def along_mt(self, known: Survey, about_mt: float) -> float:
        """The field along the axis that makes this f+, by what is known now."""
        line = nv_lines(about_mt, 0.0, known.model.nitrogen)
        away_hz = self.plus_hz - known.model.shift_hz - float(line.plus_hz[0])
        return about_mt + away_hz / float(line.plus_slope_hz_per_mt[0])


def _dip(known: Survey, plan: AlignPlan, inversion: Inversion, guess_mt: float) -> Stream[_Found]:
    lab, began = known.lab, known.model
    contacts = Contacts(
        contact_ns=lab.whole_ticks(plan.contact_us * 1e3),
        seconds_per_point=plan.dip_seconds_per_point,
        half_width_mt=lab.guesses.cr_half_width_khz * 1e3 / abs(detuning_slope_hz_per_mt(guess_mt, began.nitrogen)),
        bath_spins=lab.guesses.bath_spins,
        drift_mt_per_sqrt_s=began.drift_mt_per_sqrt_s,
    )
    found = yield from scan_dip(
        lab, inversion, contacts, lambda offset_mt: began.currents_for(guess_mt + offset_mt), known.look
    )
    centre_mt = guess_mt + found.fit.centre_mt
    plus_hz = float(nv_lines(centre_mt, 0.0, began.nitrogen).plus_hz[0]) + began.shift_hz
    known.refit()
    return _Found(plus_hz, found.centre_err_mt, found.photons)


def _settled(known: Survey, plan: AlignPlan, found: _Found) -> Stream[AlignResult]:
    """Null the field across once more if it may have drifted, set the field on the dip, and see that it is there."""
    lab = known.lab
    controls.pump(lab, spectroscopy.CW_EFFICIENCY)
    centre_mt = found.along_mt(known, _expected_mt(plan, known.model.nitrogen))
    across, across_err = known.now.across_estimate_mt(known.model.currents_for(centre_mt))
    if across + 2.0 * across_err > _NULLED * plan.transverse_limit_ut * 1e-3:
        yield from _dithered(known, _NEAR_MT, _NEAR_DITHER_MT)
    for _ in range(_TRIES):
        centre_mt = found.along_mt(known, centre_mt)
        here = survey.moved(lab, known.model.currents_for(centre_mt))
        line = yield from known.visit(here, "+", _NEAR_HZ)
        result = _result(known, found, here, found.along_mt(known, centre_mt))
        yield Estimate({**field_of(known.now, here), **vars(result), "resonance": "measured"})
        if abs(result.detuning_khz) < _CLOSE_KHZ:
            break
    _check_reached(plan, result)
    _keep(lab, known, result, line)
    return result


def _result(known: Survey, found: _Found, here: Currents, centre_mt: float) -> AlignResult:
    """The field at these currents, by all that is known now, against the dip's centre."""
    now = known.now
    along = float(now.along_across_mt(here)[0])
    across, across_err = now.across_estimate_mt(here)
    along_err, plus_err_hz = float(now.errors_mt(here)[0]), now.line_errors_hz(here)[1]
    off_err_mt = float(np.hypot(found.error_mt, plus_err_hz / GAMMA_E_HZ_PER_MT))
    slope = detuning_slope_hz_per_mt(centre_mt, now.nitrogen)
    return AlignResult(
        field_mt=along,
        field_mt_err=along_err,
        transverse_ut=1e3 * across,
        transverse_ut_err=1e3 * across_err,
        detuning_khz=slope * (along - centre_mt) * 1e-3,
        detuning_khz_err=abs(slope) * off_err_mt * 1e-3,
        resonance_field_mt=centre_mt,
        resonance_field_mt_err=float(np.hypot(found.error_mt, now.shift_err_hz / GAMMA_E_HZ_PER_MT)),
        currents_a=here,
        photons=found.photons,
    )


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


def _keep(lab: Lab, known: Survey, result: AlignResult, line: LineFit) -> None:
    rows = np.array(known.model.values[:12]).reshape(3, 4)[:, :3]
    per_mt = np.abs(np.linalg.inv(rows))
    errors_a = per_mt @ np.array([result.resonance_field_mt_err, *known.model.errors_mt(result.currents_a)[1:]])
    for name, current_a, error_a in zip(("x_a", "y_a", "main_a"), result.currents_a, errors_a, strict=True):
        lab.calibration.put(f"field.{name}", current_a, float(error_a))
    lab.calibration.put("field.f_plus_hz", line.centre_hz, line.centre_err_hz)
    drift_ut = 1e3 * 60.0**0.5 * known.model.drift_mt_per_sqrt_s
    lab.calibration.put(stabilisation.FIELD_KEY, drift_ut, _DRIFT_ERR * drift_ut)
    magnet_memory.keep(known)
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


def programs(plan: AlignPlan, wiring: Wiring) -> list[Program]:
    """Points of a spectrum, also while frozen, a first pulse, and a point of the dip, for looking at beforehand."""
    tick_ns = wiring.tick_ns
    contact_ns = nearest_ns(plan.contact_us * 1e3, tick_ns)
    spectrum = cw_odmr(tick_ns)
    frozen = spectrum.named("cw odmr, frozen").with_lines("shift")
    nutation = pulsed("nutation", pulse(nearest_ns(800, tick_ns), tick_ns=tick_ns))
    return [spectrum, frozen, nutation, contact_pair(nearest_ns(400, tick_ns), contact_ns, tick_ns=tick_ns)]


EXPERIMENT: Final = Experiment(
    name="align",
    description="bring the field onto the NV axis and to the 13C cross-relaxation resonance",
    plan=AlignPlan,
    function=align,
    columns=COLUMNS,
    programs=programs,
    headline=(Quantity("detuning_khz", "detuning", "kHz"), Quantity("transverse_ut", "B across", "µT")),
    concludes=("transverse_ut", "detuning_khz"),
    calibrates=("field", "magnet", "odmr"),
    figure="labctl.figures.experiments.align:figure",
    docks=("Alignment", "ODMR"),
)
