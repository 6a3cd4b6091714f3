"""The whole experiment: find the pair, align, calibrate, cool, release, and reconstruct the state it is left in.

A short tomography at every evolution time shows the course; a long one decides, at the time where the calibrated model
expects entanglement to be most significant. That time is chosen before its photons are counted, so its significance
needs no correction for the choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sequences.align import AlignPlan, align
from sequences.align import programs as align_programs
from sequences.analysis.prediction import predict
from sequences.calibrate import CalibratePlan, calibrate
from sequences.calibrate import programs as calibrate_programs
from sequences.cool import CoolPlan, CoolResult, cool
from sequences.cool import programs as cool_programs
from sequences.lab import Lab, Wiring
from sequences.locate import LocatePlan, locate
from sequences.locate import programs as locate_programs
from sequences.pulses.library import COOLING_US
from sequences.pulses.program import Program
from sequences.rabi import RabiPlan, rabi
from sequences.rabi import programs as rabi_programs
from sequences.relaxometry import RelaxometryPlan, relaxometry
from sequences.relaxometry import programs as relaxometry_programs
from sequences.results import Column, Estimate, Point, Progress, Stream, child
from sequences.routines import state
from sequences.routines.tomography_programs import Expectation, expectation
from sequences.tomography import TomographyPlan, TomographyResult, tomography
from sequences.tomography import programs as tomography_programs
from sequences.wiring import WiringPlan, wiring
from sequences.wiring import programs as wiring_programs

Real = NDArray[np.float64]
Populations = tuple[float, float, float, float]
"""Of |00>, |01>, |10>, |11>."""
Hours = Annotated[float, Field(ge=0.02, le=100)]

COLUMNS: Final = (
    Column("evolution_us", "evolution time", "us"),
    Column("concurrence", "concurrence", "", ("evolution_us",)),
    Column("concurrence_err", "its error", "", ("evolution_us",)),
    Column("predicted_concurrence", "concurrence by the calibrated model", "", ("evolution_us",)),
)
_CURVE_POINTS: Final = 61
_ALIGNING_H: Final = 1.0
"""Laboratory time of everything before the calibration, and of what the calibration does beside its own hours."""


@dataclass(frozen=True)
class EnginePlan:
    """The whole experiment."""

    evolution_us: Annotated[
        tuple[Annotated[float, Field(ge=0.1, le=1000)], ...], Field(min_length=1, max_length=40)
    ] = (
        1.5,
        3.0,
        4.2,
        5.4,
        7.0,
        9.0,
        12.0,
    )
    """Evolution times, ascending or not."""
    hours: Hours = 20.0
    """Laboratory time of the tomography at the best time."""
    survey_hours: Hours = 0.6
    """Laboratory time of the tomography at each other time."""
    calibrate_hours: Hours = 8.0
    """Laboratory time of the joint calibration of gates and read-outs."""
    cool_hours: Hours = 3.0
    """Laboratory time of the measurement of both baths."""
    cooling_us: Annotated[float, Field(ge=1, le=10_000)] = COOLING_US
    """Doughnut pumping in each shot."""
    heating_steps: Annotated[int, Field(ge=0, le=500)] = 0
    """(pi/2 pulse, contact) repetitions that heat both baths in each shot, before cooling."""
    doughnut_mw: Annotated[float, Field(ge=1, le=2000)] = 1000.0
    """Power of the doughnut."""
    hold: bool = False
    """Hold field and null from the calibration on: f+ and f-, the light under small dithers, the doughnut's null.
    Its corrections show in the counts: for a bench that drifts."""

    @property
    def prepared_h(self) -> float:
        """Laboratory time until the first tomography."""
        return _ALIGNING_H + self.calibrate_hours + self.cool_hours

    @property
    def duration_s(self) -> float:
        """Expected laboratory time."""
        times = len(set(self.evolution_us))
        return 3600.0 * (self.prepared_h + self.hours + self.survey_hours * (times - 1))


@dataclass(frozen=True)
class EngineResult:
    """Entanglement against evolution time; errors are 1 sigma, calibration included."""

    evolution_us: tuple[float, ...]
    concurrence: tuple[float, ...]
    concurrence_err: tuple[float, ...]
    concurrence_ci95: tuple[tuple[float, float], ...]
    predicted_concurrence: tuple[float, ...]
    """By the calibrated model; no photon of the tomographies goes into it."""
    predicted_concurrence_err: tuple[float, ...]
    """From the errors of both bath polarisations, which are by far the largest."""
    populations: tuple[Populations, ...]
    """At each time: unconstrained estimates, so that one may be a little negative."""
    populations_err: tuple[Populations, ...]
    best_us: float
    """Where the model expects entanglement to show best, and where most of the time was spent."""
    significance: float
    """Of entanglement at best_us: the witness over its error, in sigma; negative on average for separable states."""
    witness: float
    """Re(rho_01,10 e^(-i phase)) - (share rho_00 + rho_11 / share) / 2, a lower bound of half the concurrence; phase
    and share were fixed before the photons were counted."""
    witness_err: float
    rho_re: tuple[tuple[float, ...], ...]
    """(4, 4): most likely state at best_us, basis |00>, |01>, |10>, |11> (left, right)."""
    rho_im: tuple[tuple[float, ...], ...]
    polarisation_left: float
    """Of the hot bath at release, by `cool`."""
    polarisation_left_err: float
    polarisation_right: float
    polarisation_right_err: float
    curve_us: tuple[float, ...]
    """Times of the model's curve."""
    curve_concurrence: tuple[float, ...]
    curve_concurrence_err: tuple[float, ...]
    curve_populations: tuple[Populations, ...]
    photons: float
    """In all tomographies."""


def engine(lab: Lab, plan: EnginePlan) -> Stream[EngineResult]:
    """Run the whole experiment; every part is a run of its own."""
    cooled = yield from _prepared(lab, plan)
    course = _Course(lab, plan, cooled)
    yield Estimate(course.known())
    spent_h = plan.prepared_h
    for k in course.order():
        hours = plan.hours if k == course.best else plan.survey_hours
        wanted = _wanted(lab, float(course.at.times_us[k]), list(course.found.values()))
        part = TomographyPlan(
            evolution_us=float(course.at.times_us[k]),
            hours=hours,
            cooling_us=plan.cooling_us,
            heating_steps=plan.heating_steps,
            focus=0.85 if k == course.best else 0.5,
            hold=plan.hold,
        )
        found = yield from child("tomography", part, tomography(lab, part, wanted))
        course.found[k] = found
        yield _point(found, float(course.at.concurrence[k]))
        yield Estimate(course.known())
        spent_h += hours
        yield Progress(spent_h * 3600.0 / plan.duration_s, _note(found))
    return EngineResult(**course.measured(), **course.expected(), **course.concluded())


class _Course:
    """Entanglement against evolution time: what is expected of it, and what is known so far."""

    def __init__(self, lab: Lab, plan: EnginePlan, cooled: CoolResult) -> None:
        times = np.array(sorted(set(plan.evolution_us)))
        model, release = state.engine_model(lab), state.release(lab)
        self.at = predict(model, release, times)
        self.found: dict[int, TomographyResult] = {}
        """By the number of the time."""
        self._merit = [expectation(vector).merit for vector in self.at.vectors]
        self._curve = predict(model, release, np.linspace(0.1, float(times.max()) * 1.1, _CURVE_POINTS))
        self._cooled = cooled

    @property
    def best(self) -> int:
        """Number of the time at which entanglement should show best."""
        return int(np.argmax(self._merit))

    def order(self) -> list[int]:
        """Numbers of all times, the best one last."""
        return [*(k for k in range(len(self._merit)) if k != self.best), self.best]

    def known(self) -> dict[str, Any]:
        """What would be concluded now. Lists against evolution_us hold the times that were measured already."""
        planned = {
            "planned_us": _numbers(self.at.times_us),
            "planned_concurrence": _numbers(self.at.concurrence),
            "planned_concurrence_err": _numbers(self.at.concurrence_err),
        }
        return {**planned, **self.measured(), **self.expected(), **self.concluded()}

    def measured(self) -> dict[str, Any]:
        """The part of the result that the tomographies give, time by time."""
        times = sorted(self.found)
        found = [self.found[k] for k in times]
        return {
            "evolution_us": _numbers(self.at.times_us[times]),
            "concurrence": tuple(r.concurrence for r in found),
            "concurrence_err": tuple(r.concurrence_err for r in found),
            "concurrence_ci95": tuple(r.concurrence_ci95 for r in found),
            "predicted_concurrence": _numbers(self.at.concurrence[times]),
            "predicted_concurrence_err": _numbers(self.at.concurrence_err[times]),
            "populations": tuple(r.populations for r in found),
            "populations_err": tuple(r.populations_err for r in found),
            "photons": float(sum(r.photons for r in found)),
        }

    def expected(self) -> dict[str, Any]:
        """The part that was known before them."""
        cooled, curve = self._cooled, self._curve
        return {
            "best_us": float(self.at.times_us[self.best]),
            "polarisation_left": cooled.polarisation_left,
            "polarisation_left_err": cooled.polarisation_left_err,
            "polarisation_right": cooled.polarisation_right,
            "polarisation_right_err": cooled.polarisation_right_err,
            "curve_us": _numbers(curve.times_us),
            "curve_concurrence": _numbers(curve.concurrence),
            "curve_concurrence_err": _numbers(curve.concurrence_err),
            "curve_populations": tuple(_numbers(at) for at in curve.populations),
        }

    def concluded(self) -> dict[str, Any]:
        """The part that the best time decides; before it is measured, the state at the best of those that were."""
        if not self.found:
            return {}
        at = self.found[max(self.found, key=lambda k: self._merit[k])]
        seen = {"rho_re": at.rho_re, "rho_im": at.rho_im}
        if self.best not in self.found:
            return {**seen, "rho_us": at.evolution_us}
        return {
            **seen,
            "significance": at.witness / at.witness_err,
            "witness": at.witness,
            "witness_err": at.witness_err,
        }


def _numbers(values: Real) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _prepared(lab: Lab, plan: EnginePlan) -> Stream[CoolResult]:
    """Everything that the release needs, each part measured anew."""
    lines, quadratures = WiringPlan(stage="lines"), WiringPlan(stage="quadratures")
    yield from child("wiring", lines, wiring(lab, lines))
    yield from child("locate", LocatePlan(), locate(lab, LocatePlan()))
    yield from child("align", AlignPlan(), align(lab, AlignPlan()))
    yield from child("rabi", RabiPlan(), rabi(lab, RabiPlan()))
    yield from child("wiring", quadratures, wiring(lab, quadratures))
    yield from child("relaxometry", RelaxometryPlan(), relaxometry(lab, RelaxometryPlan()))
    yield Progress(_ALIGNING_H * 3600.0 / plan.duration_s, "aligned")
    calibration = CalibratePlan(hours=plan.calibrate_hours, doughnut_mw=plan.doughnut_mw, hold=plan.hold)
    yield from child("calibrate", calibration, calibrate(lab, calibration))
    cooling = CoolPlan(
        hours=plan.cool_hours, cooling_us=plan.cooling_us, heating_steps=plan.heating_steps, hold=plan.hold
    )
    yield Progress((_ALIGNING_H + plan.calibrate_hours) * 3600.0 / plan.duration_s, "calibrated")
    return (yield from child("cool", cooling, cool(lab, cooling)))


def _wanted(lab: Lab, evolution_us: float, seen: Sequence[TomographyResult]) -> Expectation:
    """Design for the predicted state; the sign of its coherence, which no calibration tells, from what was seen."""
    vector = state.predicted(lab, np.array([evolution_us]))[0]
    if not seen:
        return expectation(vector)
    odd = sum((r.paulis["YX"][0] - r.paulis["XY"][0]) for r in seen)
    return expectation(vector, phase=-np.pi / 2 if odd > 0 else np.pi / 2)


def _point(found: TomographyResult, predicted: float) -> Point:
    return Point(
        {
            "evolution_us": found.evolution_us,
            "concurrence": found.concurrence,
            "concurrence_err": found.concurrence_err,
            "predicted_concurrence": predicted,
        }
    )


def _note(found: TomographyResult) -> str:
    return f"C = {found.concurrence:.3f}({found.concurrence_err:.3f}) after {found.evolution_us:g} us"


def programs(plan: EnginePlan, wiring_: Wiring) -> list[Program]:
    """What its parts play, as far as that is known beforehand."""
    calibration = CalibratePlan(doughnut_mw=plan.doughnut_mw, hold=plan.hold)
    cooling = CoolPlan(cooling_us=plan.cooling_us, heating_steps=plan.heating_steps, hold=plan.hold)
    turns = [
        TomographyPlan(evolution_us=us, cooling_us=plan.cooling_us, heating_steps=plan.heating_steps)
        for us in (min(plan.evolution_us), max(plan.evolution_us))
    ]
    return [
        *wiring_programs(WiringPlan(), wiring_),
        *locate_programs(LocatePlan(), wiring_),
        *align_programs(AlignPlan(), wiring_),
        *rabi_programs(RabiPlan(), wiring_),
        *relaxometry_programs(RelaxometryPlan(), wiring_),
        *calibrate_programs(calibration, wiring_),
        *cool_programs(cooling, wiring_),
        *(program for turn in turns for program in tomography_programs(turn, wiring_)),
    ]
