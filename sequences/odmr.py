"""ODMR: a spectrum around both lines at the present field, and the field and its tilt from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sequences.analysis.magnet.field_model import Currents
from sequences.analysis.odmr.field_from_lines import field_from_two
from sequences.analysis.odmr.line_fit import LineFit, LineShape, fit_known_line, fit_line
from sequences.core.experiment import Experiment, Quantity
from sequences.core.lab import Lab
from sequences.core.plan_limits import LimitedBy, Sets
from sequences.core.station import Wiring
from sequences.pulses.library import cw_odmr
from sequences.pulses.program import Program
from sequences.results import Column, Estimate, Progress, SequenceError, Stream
from sequences.routines.bench import controls, light
from sequences.routines.estimates import gathered, line_of
from sequences.routines.magnet import survey
from sequences.routines.magnet.first_line import find_first_line
from sequences.routines.magnet.magnet_memory import from_calibration, from_nothing
from sequences.routines.magnet.survey import Nitrogen, Survey, exchange_shift_hz
from sequences.routines.odmr import missing_line, spectroscopy
from sequences.routines.odmr.spectroscopy import CW_EFFICIENCY, LOWEST_HZ, check_range, reachable, scan
from sequences.routines.odmr.tracking import track_line

Real = NDArray[np.float64]

COLUMNS: Final[tuple[Column, ...]] = (
    Column("sweep", "number of the sweep", ""),
    *spectroscopy.COLUMNS,
    *light.COLUMNS,
    *survey.COLUMNS,
)
_FRESH_MT: Final = 5.0
_NO_FIELD_MT: Final = 1.0
_SEEN_SIGMA: Final = 8.0
_TOO_LOW_HZ: Final = 2e7
"""f- below this is sought after f+ is known: it may be hidden behind the end of the source's range."""


@dataclass(frozen=True)
class OdmrPlan:
    """What to scan."""

    field_mt: Annotated[float, Field(ge=0, le=110)] = 0.0
    """Nominal field along the main coil, set first. 0 keeps the present field; if there is none, it sets 5 mT."""
    method: Literal["adaptive", "raster"] = "adaptive"
    """adaptive: each point where it tells most about the centre, at the power that suits; raster: plain sweeps."""
    target_khz: Annotated[float, Field(ge=0.5, le=500)] = 5.0
    """Adaptive: error of either line to reach."""
    half_range_mhz: Annotated[float, Field(ge=1, le=50)] = 4.0
    """Raster: to either side of each line, beyond its nuclear structure."""
    step_mhz: Annotated[float, Field(ge=0.01, le=2)] = 0.25
    """Raster: distance of two points."""
    power_dbm: Annotated[float, LimitedBy("microwave_dbm"), Field(ge=-60, le=10)] = -10.0
    """Raster: of the microwave source; more is deeper and broader."""
    pump_efficiency: Annotated[float, Sets("pump_efficiency"), Field(ge=0.005, le=1)] = CW_EFFICIENCY
    """Raster: share of the green light that its AOM lets through; more is brighter, broader and less deep."""
    seconds_per_point: Annotated[float, Field(ge=0.01, le=600)] = 5.0
    """Raster: laboratory time of each point, in all sweeps together, half of it without microwave."""
    sweeps: Annotated[int, Field(ge=1, le=1000)] = 3
    """Raster: each line is swept so often; slow drifts of the light then show as noise, not as a slope."""
    nitrogen: Nitrogen = "auto"
    """The nucleus of the NV: auto looks whether its line is a triplet."""


@dataclass(frozen=True)
class OdmrResult:
    """Both lines, and the field that they show."""

    resonances_hz: tuple[float, float]
    """f- and f+, both of m_I = +1 where there is a 14N nucleus."""
    resonances_err_hz: tuple[float, float]
    linewidth_hz: float
    """Full width of one nuclear component, mean of both lines."""
    linewidth_hz_err: float
    contrast: float
    """Depth of all nuclear components together, mean of both lines. No unit."""
    contrast_err: float
    field_mt: float
    """Magnitude of the field."""
    field_mt_err: float
    tilt_deg: float
    """Angle between field and NV axis; its error is large where the lines hardly depend on it."""
    tilt_deg_err: float
    level: float
    """Ratio with over without microwave far from the lines, mean of both. No unit."""
    nuclear_polarisation: float
    """0: nuclear components alike; 1: only m_I = +1. Mean of both lines. No unit."""
    nuclear_offsets_hz: tuple[tuple[float, ...], tuple[float, ...]]
    """Where the components of f- and of f+ stand, from m_I = +1; one each without 14N."""


def odmr(lab: Lab, plan: OdmrPlan) -> Stream[OdmrResult]:
    """Find both lines, scan them, and invert the exact levels for the field."""
    return (yield from gathered(_measured(lab, plan)))


def _measured(lab: Lab, plan: OdmrPlan) -> Stream[OdmrResult]:
    with controls.left_safe(lab):
        known, currents_a = _start(lab, plan)
        high = float(known.model.lines_hz(currents_a)[0][0]) < _TOO_LOW_HZ
        yield Progress(0.05, "looking for the first line")
        seen = _seen(known, plan, high, currents_a)
        fits = yield from missing_line.explained(lab, seen, "Set another field_mt, or run align with from_scratch=true")
        result = _result(lab, known, fits[False], fits[True])
        yield Estimate(vars(result))
        yield Progress(
            1.0,
            f"{result.field_mt:.4f}(±{result.field_mt_err:.4f}) mT, "
            f"tilt {result.tilt_deg:.2f}(±{result.tilt_deg_err:.2f}) degrees",
        )
    return result


def _seen(known: Survey, plan: OdmrPlan, high: bool, currents_a: Currents) -> Stream[dict[bool, LineFit]]:
    """Both lines: the first of them found, then each measured well. high: begin with f+."""
    yield from find_first_line(known, high, currents_a, plan.nitrogen)
    check_range(known.expected(not high, known.seen[0].currents_a))
    return (yield from (_swept if plan.method == "raster" else _tracked)(known, plan, (high, not high)))


def _tracked(known: Survey, plan: OdmrPlan, order: tuple[bool, bool]) -> Stream[dict[bool, LineFit]]:
    """Both lines, each point where it tells most. order: whether to measure f+."""
    fits: dict[bool, LineFit] = {}
    lines: list[dict[str, Any]] = []
    for plus in order:
        line, began_s = known.expected(plus, known.seen[0].currents_a), known.lab.clock.now()
        fits[plus] = yield from track_line(known.lab, line, known.tracker_for(plan.target_khz * 1e3), sweep=0.0)
        yield from known.learn(plus, known.seen[0].currents_a, fits[plus], began_s)
        lines.append(line_of(line.name, fits[plus], line.offsets_hz))
        yield Estimate({"lines": list(lines)})
        yield Progress(0.1 + 0.45 * len(fits), f"{line.name} {_centre(fits[plus])}")
    return fits


def _swept(known: Survey, plan: OdmrPlan, order: tuple[bool, bool]) -> Stream[dict[bool, LineFit]]:
    """Both lines, in plain sweeps. order: whether to measure f+."""
    fits: dict[bool, LineFit] = {}
    lines: list[dict[str, Any]] = []
    if plan.pump_efficiency != CW_EFFICIENCY:  # the first line was found with that
        controls.pump(known.lab, plan.pump_efficiency)
    for plus in order:
        seen = _Spectrum(known, plan, plus, known.seen[0].currents_a, fits.get(not plus))
        fits[plus] = yield from _scanned(seen, lines)
        lines.append(line_of(seen.line.name, fits[plus], seen.line.offsets_hz))
    return fits


def _centre(fit: LineFit) -> str:
    return f"{fit.centre_hz / 1e6:.3f}(±{fit.centre_err_hz / 1e6:.3f}) MHz, contrast {100 * fit.contrast:.1f} %"


def _start(lab: Lab, plan: OdmrPlan) -> tuple[Survey, Currents]:
    """What is believed of the magnet, and the currents at which to look."""
    fresh = from_nothing(lab, plan.nitrogen)
    along_per_main = lab.guesses.coil_matrix_mt_per_a[2][2]
    x, y, main = (float(a) for a in lab.magnet.currents())
    if plan.field_mt > 0.0:
        return _switched_on(fresh, (0.0, 0.0, plan.field_mt / along_per_main))
    if abs(float(fresh.model.along_across_mt((x, y, main))[0])) < _NO_FIELD_MT:
        return _switched_on(fresh, (0.0, 0.0, _FRESH_MT / along_per_main))
    aligned = from_calibration(lab, plan.nitrogen)
    return (fresh if aligned is None else aligned), (x, y, main)


def _switched_on(known: Survey, currents_a: Currents) -> tuple[Survey, Currents]:
    known.lab.magnet.switch_on()
    return known, currents_a


class _Spectrum:
    """One line, to be swept; where the source cannot reach below it, with the shape of the line before it."""

    def __init__(self, known: Survey, plan: OdmrPlan, plus: bool, here: Currents, before: LineFit | None) -> None:
        self.known, self.plan, self.plus, self.here, self.before = known, plan, plus, here, before
        self.line = known.expected(plus, here)

    @property
    def half_hz(self) -> float:
        """To either side of the line."""
        return max(self.plan.half_range_mhz * 1e6, 2.5 * self.line.error_hz)

    @property
    def frequencies_hz(self) -> Real:
        """(points,)."""
        offsets = self.line.offsets_hz
        low = self.line.frequency_hz + float(offsets.min()) - self.half_hz
        high = self.line.frequency_hz + float(offsets.max()) + self.half_hz
        return reachable(np.arange(low, high, self.plan.step_mhz * 1e6))

    def fit(self, ratio: Real, error: Real) -> LineFit:
        """The line in what was measured at all frequencies."""
        frequencies, line = self.frequencies_hz, self.line
        if self.before is None or line.frequency_hz - self.half_hz >= LOWEST_HZ:
            return fit_line(frequencies, ratio, error, line.offsets_hz)
        shape = LineShape(line.offsets_hz, self.before.nuclear_polarisation, self.before.linewidth_hz, 0.1)
        lowest_hz = max(LOWEST_HZ, line.frequency_hz - self.half_hz)
        starts = np.linspace(lowest_hz, line.frequency_hz + self.half_hz, 60)
        return fit_known_line(frequencies, ratio, error, shape, starts)


def _scanned(seen: _Spectrum, others: Sequence[dict[str, Any]]) -> Stream[LineFit]:
    """One line in so many sweeps; after each, what it is known to be. others: lines that are known already."""
    plan, known, name = seen.plan, seen.known, seen.line.name
    frequencies, seconds = seen.frequencies_hz, plan.seconds_per_point / plan.sweeps
    weighted, weight, began_s = np.zeros(len(frequencies)), np.zeros(len(frequencies)), known.lab.clock.now()
    for sweep in range(plan.sweeps):
        ratio, error = yield from scan(known.lab, frequencies, plan.power_dbm, seconds, sweep=float(sweep))
        weighted, weight = weighted + ratio / error**2, weight + error**-2.0
        fit = seen.fit(weighted / weight, weight**-0.5)
        yield Estimate({"lines": [*others, line_of(name, fit, seen.line.offsets_hz)]})
        done = (len(others) + (sweep + 1) / plan.sweeps) / 2.0
        yield Progress(0.1 + 0.85 * done, f"{name} {_centre(fit)}")
    _check_seen(seen, fit)
    yield from known.learn(seen.plus, seen.here, fit, began_s)
    return fit


def _check_seen(seen: _Spectrum, fit: LineFit) -> None:
    if fit.significance < _SEEN_SIGMA:
        low, high = seen.frequencies_hz[[0, -1]] / 1e6
        raise SequenceError(
            f"No ODMR dip for {seen.line.name} between {low:.2f} and {high:.2f} MHz: the deepest is "
            f"{100 * fit.contrast:.2f}(±{100 * fit.contrast_err:.2f}) %",
            "Give it more power_dbm or seconds_per_point, or a wider half_range_mhz",
            contrast=fit.contrast,
        )


def _result(lab: Lab, known: Survey, minus: LineFit, plus: LineFit) -> OdmrResult:
    def offsets(of_plus: bool) -> tuple[float, ...]:
        return tuple(known.offsets_hz(of_plus, known.seen[0].currents_a).tolist())

    lines = [(fit.centre_hz, fit.centre_err_hz) for fit in (minus, plus)]
    shift_hz = exchange_shift_hz(lab)
    try:
        seen = field_from_two(lines[0], lines[1], (shift_hz, shift_hz), known.model.nitrogen)
    except ValueError as error:
        raise SequenceError(str(error), "Check plan.nitrogen, and whether both lines belong to the same NV") from None
    return OdmrResult(
        resonances_hz=(minus.centre_hz, plus.centre_hz),
        resonances_err_hz=(minus.centre_err_hz, plus.centre_err_hz),
        linewidth_hz=0.5 * (minus.linewidth_hz + plus.linewidth_hz),
        linewidth_hz_err=0.5 * float(np.hypot(minus.linewidth_err_hz, plus.linewidth_err_hz)),
        contrast=0.5 * (minus.contrast + plus.contrast),
        contrast_err=0.5 * float(np.hypot(minus.contrast_err, plus.contrast_err)),
        field_mt=seen.field_mt,
        field_mt_err=seen.field_err_mt,
        tilt_deg=seen.tilt_deg,
        tilt_deg_err=seen.tilt_err_deg,
        level=0.5 * (minus.level + plus.level),
        nuclear_polarisation=0.5 * (minus.nuclear_polarisation + plus.nuclear_polarisation),
        nuclear_offsets_hz=(offsets(False), offsets(True)),
    )


def programs(_plan: OdmrPlan, wiring: Wiring) -> list[Program]:
    """What every point of a spectrum plays."""
    return [cw_odmr(wiring.tick_ns)]


EXPERIMENT: Final = Experiment(
    name="odmr",
    description="resonances of the NVs; field and tilt from them",
    plan=OdmrPlan,
    function=odmr,
    columns=COLUMNS,
    programs=programs,
    headline=(Quantity("field_mt", "field", "mT"),),
    concludes=("field_mt", "tilt_deg"),
    figure="labctl.figures.experiments.odmr:figure",
    docks=("ODMR",),
)
