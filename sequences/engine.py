"""The whole experiment: find the pair, align, calibrate, cool, release, and reconstruct the state it is left in.

Before the long part the calibrated model says what this pair on this bench can show; where nothing is expected, the run
ends there and says why. Else a short tomography at every evolution time shows the course, and a long one decides, at
the time where the model expects entanglement to be most significant. That time, and the witness, are chosen before its
photons are counted, so its significance needs no correction for the choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import Field

from sequences.align import AlignPlan, align
from sequences.align import programs as align_programs
from sequences.calibrate import CalibratePlan, calibrate
from sequences.calibrate import programs as calibrate_programs
from sequences.cool import CoolPlan, cool
from sequences.cool import programs as cool_programs
from sequences.core.experiment import Experiment, Quantity, Quoted
from sequences.core.lab import Lab
from sequences.core.plan_limits import LimitedBy
from sequences.core.station import Wiring
from sequences.delays import DelaysPlan, delays
from sequences.delays import programs as delays_programs
from sequences.locate import LocatePlan, locate
from sequences.locate import programs as locate_programs
from sequences.pulses.grid import on_grid
from sequences.pulses.library import COOLING_US
from sequences.pulses.program import Program
from sequences.rabi import RabiPlan, rabi
from sequences.rabi import programs as rabi_programs
from sequences.relaxometry import RelaxometryPlan, relaxometry
from sequences.relaxometry import programs as relaxometry_programs
from sequences.results import Column, Estimate, Point, Progress, Stream, child
from sequences.routines.bench.calibrated_bench import foreseen_us
from sequences.routines.engine.course import USUAL_TIMES, Course
from sequences.routines.engine.forecast import forecast
from sequences.routines.stabilisation import HoldChoice
from sequences.tomography import EXPERIMENT as TOMOGRAPHY
from sequences.tomography import TomographyPlan, TomographyResult, tomography
from sequences.tomography import programs as tomography_programs
from sequences.wiring import WiringPlan, wiring
from sequences.wiring import programs as wiring_programs

Populations = tuple[float, float, float, float]
"""Of |00>, |01>, |10>, |11>."""
Hours = Annotated[float, Field(ge=0.02, le=100)]

COLUMNS: Final = (
    Column("evolution_us", "evolution time", "us"),
    Column("concurrence", "concurrence", "", ("evolution_us",)),
    Column("concurrence_err", "its error", "", ("evolution_us",)),
    Column("signed_concurrence", "signed concurrence", "", ("evolution_us",)),
    Column("signed_concurrence_err", "its error", "", ("evolution_us",)),
    Column("predicted_concurrence", "signed concurrence by the calibrated model", "", ("evolution_us",)),
)
ALIGNING_H: Final = 1.0
"""Laboratory time of everything before the calibration, and of what the calibration does beside its own hours."""
_COOL, _SHORT = 0.25, 0.04
"""Laboratory time of the baths, in that of the calibration, and of a short tomography, in that of the long one."""
_LEAST_H: Final = 0.1
_SURE_SIGMA: Final = 1.4
"""One in ten runs finds 1.3 sigma less than expected; the looks cost another tenth."""


@dataclass(frozen=True)
class EnginePlan:
    """The whole experiment."""

    evolution_us: Annotated[tuple[Annotated[float, Field(ge=0.1, le=1000)], ...], Field(max_length=40)] = ()
    """Evolution times, ascending or not; none: those that the model of this pair asks for."""
    regardless: bool = False
    """Look for entanglement even where none is expected."""
    significance: Annotated[float, Field(ge=0, le=100)] = 5.0
    """Of the witness, at which the run may end: its hours are chosen so that nine of ten runs reach it, and the long
    tomography ends at one of its looks if it does so earlier; 0: all hours below are spent. In sigma."""
    hours: Hours = 16.0
    """Most laboratory time of the tomography at the best time."""
    survey_hours: Hours = 0.6
    """Most laboratory time of the tomography at each other time."""
    calibrate_hours: Hours = 12.0
    """Most laboratory time of the joint calibration of gates and read-outs."""
    cool_hours: Hours = 3.0
    """Most laboratory time of the measurement of both baths."""
    cooling_us: Annotated[float, Field(ge=1, le=10_000)] = COOLING_US
    """Doughnut pumping in each shot."""
    heating_steps: Annotated[int, Field(ge=0, le=500)] = 0
    """(pi/2 pulse, contact) repetitions that heat both baths in each shot, before cooling."""
    doughnut_mw: Annotated[float, LimitedBy("depletion_mw"), Field(ge=1, le=2000)] = 1000.0
    """Power of the doughnut."""
    hold: HoldChoice = "auto"
    """Hold field and null between the plays: true from the beginning, false never, auto as soon as the bench is seen to
    move."""

    @property
    def expected_significance(self) -> float:
        """That is planned for, so that nine of ten runs reach the wanted one after their looks; 0 for all hours."""
        return self.significance + _SURE_SIGMA if self.significance else 0.0

    @property
    def duration_s(self) -> float:
        """Most laboratory time."""
        times = len(set(self.evolution_us)) or USUAL_TIMES
        prepared_h = ALIGNING_H + self.calibrate_hours + self.cool_hours
        return 3600.0 * (prepared_h + self.hours + self.survey_hours * (times - 1))

    def cool_h(self, calibrated_h: float) -> float:
        """Laboratory time of the baths, behind a joint calibration that took so long."""
        return min(self.cool_hours, max(_COOL * calibrated_h, _LEAST_H)) if self.significance else self.cool_hours

    def short_h(self, likely_h: float) -> float:
        """Laboratory time of a short tomography, before a long one that is likely to take so long."""
        return min(self.survey_hours, max(_SHORT * likely_h, _LEAST_H)) if self.significance else self.survey_hours


@dataclass(frozen=True)
class EngineResult:
    """Entanglement against evolution time; errors are 1 sigma, calibration included."""

    expected: bool
    """Whether entanglement was expected, by the model, before any tomography."""
    why: str
    """What was expected; if nothing, why, and what would change it."""
    expected_us: float
    """Evolution time at which the model expects most."""
    expected_signed_concurrence: float
    """There: 2 (|rho_01,10| - sqrt(rho_00 rho_11)), negative if the state is not entangled. No unit."""
    expected_signed_concurrence_err: float
    expected_witness: float
    """There, of the state that the model expects. No unit."""
    expected_significance: float
    """Of the witness after the hours that the forecast gives it. In sigma."""
    evolution_us: tuple[float, ...]
    """Times that were measured: none if nothing was expected."""
    concurrence: tuple[float, ...]
    """At each time: `signed_concurrence`, but not below 0. No unit."""
    concurrence_err: tuple[float, ...]
    """Those of `signed_concurrence`. No unit."""
    concurrence_ci95: tuple[tuple[float, float], ...]
    """95 % intervals: those of `signed_concurrence`, cut at 0. If one begins at 0, its end is an upper limit.
    No unit."""
    signed_concurrence: tuple[float, ...]
    """At each time: 2 (|rho_01,10| - sqrt(rho_00 rho_11)) by the counts, not clipped. No unit."""
    signed_concurrence_err: tuple[float, ...]
    signed_concurrence_ci95: tuple[tuple[float, float], ...]
    """Intervals that hold the true value in 95 of 100 measurements. No unit."""
    predicted_concurrence: tuple[float, ...]
    """By the calibrated model, signed; no photon of the tomographies goes into it. No unit."""
    predicted_concurrence_err: tuple[float, ...]
    """From all that `cool` and `calibrate` know to an error."""
    populations: tuple[Populations, ...]
    """At each time: unconstrained estimates, so that one may be a little negative. No unit."""
    populations_err: tuple[Populations, ...]
    best_us: float
    """Where the model expects entanglement to show best, and where most of the time was spent."""
    significance: float | None
    """Of entanglement at best_us: the witness over its error; negative on average for separable states. In sigma."""
    witness: float | None
    """Re(rho_01,10 e^(-i phase)) - (share rho_00 + rho_11 / share) / 2, a lower bound of half the concurrence; phase
    and share were fixed before the photons were counted. No unit."""
    witness_err: float | None
    witness_phase: float | None
    """The phase in it. In rad."""
    witness_share: float | None
    """The share in it. No unit."""
    rho_re: tuple[tuple[float, ...], ...] | None
    """Real part, (4, 4): most likely state at best_us, basis |00>, |01>, |10>, |11> (left, right). No unit."""
    rho_im: tuple[tuple[float, ...], ...] | None
    """Imaginary part of the same. No unit."""
    polarisation_left: float
    """Of the hot bath at release in cycles of best_us, by `cool`. No unit."""
    polarisation_left_err: float
    polarisation_right: float
    """Of the cold bath there. No unit."""
    polarisation_right_err: float
    curve_us: tuple[float, ...]
    """Times of the model's curve."""
    curve_concurrence: tuple[float, ...]
    """By the model, at the curve's times, signed. No unit."""
    curve_concurrence_err: tuple[float, ...]
    curve_populations: tuple[Populations, ...]
    """By the model, at the curve's times. No unit."""
    photons: float
    """Counted in all tomographies. In photons."""


def engine(lab: Lab, plan: EnginePlan) -> Stream[EngineResult]:
    """Run the whole experiment; every part is a run of its own."""
    lab.refuse_off_grid(plan)
    began_s = lab.clock.now()
    yield from _prepared(lab, plan)
    course = Course(lab, forecast(lab, plan.evolution_us, plan.hours, plan.cooling_us, plan.expected_significance))
    yield Estimate(course.known())
    lab.notes.append(course.forecast.why)
    spent_h = (lab.clock.now() - began_s) / 3600.0
    if course.forecast.is_expected or plan.regardless:
        yield from _measured(lab, plan, course, spent_h)
    else:
        yield Progress(1.0, course.forecast.why)
    return EngineResult(**course.foreseen(), **course.measured(), **course.expected(), **course.concluded())


def _measured(lab: Lab, plan: EnginePlan, course: Course, spent_h: float) -> Stream[None]:
    """All tomographies: short ones for the course, and for the witness's phase; the long one last.

    spent_h: laboratory time until here, of which progress is told.
    """
    order, short_h = course.order(), plan.short_h(course.forecast.likely_h)
    total_h = spent_h + short_h * (len(order) - 1) + course.forecast.hours
    yield Progress(spent_h / total_h, course.forecast.why)
    for k in order:
        is_long = k == course.best and course.has_pilot
        hours = course.forecast.hours if is_long else short_h
        part = TomographyPlan(
            evolution_us=float(course.at.times_us[k]),
            hours=hours,
            significance=plan.significance if is_long else 0.0,
            cooling_us=plan.cooling_us,
            heating_steps=plan.heating_steps,
            focus=0.85 if is_long else 0.5,
            hold=plan.hold,
        )
        wanted = course.wanted(k)
        found = yield from child("tomography", part, tomography(lab, part, wanted))
        course.add(k, found, wanted)
        yield _point(found, float(course.at.signed[k]))
        yield Estimate(course.known())
        spent_h += hours
        yield Progress(min(1.0, spent_h / total_h), _note(found))


def _prepared(lab: Lab, plan: EnginePlan) -> Stream[None]:
    """Everything that the release needs, each part measured anew."""
    tick_ns = lab.wiring.tick_ns
    lines, quadratures = WiringPlan(stage="lines"), WiringPlan(stage="quadratures")
    yield from child("wiring", lines, wiring(lab, lines))
    light, pulses = DelaysPlan(stage="light"), DelaysPlan(stage="pulses")
    yield from child("delays", light, delays(lab, light))
    yield from child("locate", LocatePlan(), locate(lab, LocatePlan()))
    aligning, turning = on_grid(AlignPlan(), tick_ns), on_grid(RabiPlan(), tick_ns)
    yield from child("align", aligning, align(lab, aligning))
    yield from child("rabi", turning, rabi(lab, turning))
    yield from child("delays", pulses, delays(lab, pulses))
    yield from child("wiring", quadratures, wiring(lab, quadratures))
    relaxing = on_grid(RelaxometryPlan(), tick_ns)
    yield from child("relaxometry", relaxing, relaxometry(lab, relaxing))
    yield Progress(ALIGNING_H * 3600.0 / plan.duration_s, "aligned")
    calibration = CalibratePlan(
        hours=plan.calibrate_hours,
        significance=plan.expected_significance,
        doughnut_mw=plan.doughnut_mw,
        hold=plan.hold,
    )
    calibrated = yield from child("calibrate", calibration, calibrate(lab, calibration))
    cooling = CoolPlan(
        hours=plan.cool_h(calibrated.hours),
        evolution_us=min(CoolPlan.evolution_us, foreseen_us(lab)),  # in longer cycles a close pair's baths grow alike
        cooling_us=plan.cooling_us,
        heating_steps=plan.heating_steps,
        hold=plan.hold,
    )
    yield Progress((ALIGNING_H + plan.calibrate_hours) * 3600.0 / plan.duration_s, "calibrated")
    cooling = on_grid(cooling, tick_ns)
    yield from child("cool", cooling, cool(lab, cooling))


def _point(found: TomographyResult, predicted: float) -> Point:
    return Point(
        {
            "evolution_us": found.evolution_us,
            "concurrence": found.concurrence,
            "concurrence_err": found.concurrence_err,
            "signed_concurrence": found.signed_concurrence,
            "signed_concurrence_err": found.signed_concurrence_err,
            "predicted_concurrence": predicted,
        }
    )


def _note(found: TomographyResult) -> str:
    return f"C = {found.concurrence:.3f}({found.concurrence_err:.3f}) after {found.evolution_us:g} us"


def programs(plan: EnginePlan, wiring_: Wiring) -> list[Program]:
    """What its parts play, as far as that is known beforehand."""
    return [program for _, played in programs_by_plan(plan, wiring_) for program in played]


def programs_by_plan(plan: EnginePlan, wiring_: Wiring) -> list[tuple[object, list[Program]]]:
    """The same part by part, each with the plan that says how strong light and currents are while it plays."""
    calibration = CalibratePlan(doughnut_mw=plan.doughnut_mw, hold=plan.hold)
    cooling = CoolPlan(cooling_us=plan.cooling_us, heating_steps=plan.heating_steps, hold=plan.hold)
    turns = [
        TomographyPlan(evolution_us=us, cooling_us=plan.cooling_us, heating_steps=plan.heating_steps)
        for us in (min(plan.evolution_us, default=3.0), max(plan.evolution_us, default=9.0))
    ]
    return [
        (WiringPlan(), list(wiring_programs(WiringPlan(), wiring_))),
        (DelaysPlan(), list(delays_programs(DelaysPlan(), wiring_))),
        (LocatePlan(), list(locate_programs(LocatePlan(), wiring_))),
        (AlignPlan(), list(align_programs(AlignPlan(), wiring_))),
        (RabiPlan(), list(rabi_programs(RabiPlan(), wiring_))),
        (RelaxometryPlan(), list(relaxometry_programs(RelaxometryPlan(), wiring_))),
        (calibration, list(calibrate_programs(calibration, wiring_))),
        (plan, list(cool_programs(cooling, wiring_))),
        (plan, [program for turn in turns for program in tomography_programs(turn, wiring_)]),
    ]


def _in_words(result: Mapping[str, Any], quoted: Quoted) -> str:
    """The concurrence at the best time; if nothing was measured, what was expected."""
    times, best = result.get("evolution_us") or [], result.get("best_us")
    if best not in times:
        return _foreseen(result, quoted)
    place = times.index(best)
    found = quoted(result["concurrence"][place], result["concurrence_err"][place])
    significance = result.get("significance")
    sure = f", {significance:.1f} sigma" if isinstance(significance, int | float) else ""
    return f"concurrence {found} at {best:g} us{sure}"


def _foreseen(result: Mapping[str, Any], quoted: Quoted) -> str:
    at, value = result.get("expected_us"), result.get("expected_signed_concurrence")
    if not isinstance(at, int | float) or not isinstance(value, int | float):
        return ""
    found = quoted(value, result.get("expected_signed_concurrence_err"))
    return f"nothing measured: signed concurrence {found} expected at {at:g} us"


EXPERIMENT: Final = Experiment(
    name="engine",
    description="the whole experiment: align, calibrate, cool, say what to expect, measure it",
    plan=EnginePlan,
    function=engine,
    columns=COLUMNS,
    programs=programs,
    made_of=programs_by_plan,
    headline=(
        Quantity("concurrence", "concurrence at best"),
        Quantity("witness", "witness"),
        Quantity("expected_signed_concurrence", "signed concurrence, expected", is_counted=False),
    ),
    in_words=_in_words,
    figure="labctl.figures.experiments.engine:figure",
    docks=("Engine", "Tomography"),
    filled_by=TOMOGRAPHY.name,
)
