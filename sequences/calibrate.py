"""Calibrate the frozen pair: beams, gradient and its compensation, gates, cross-talk; everything tomography builds on.

Needs the field (align), the pulses (rabi) and both positions (locate).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from physics.constants import TWO_PI
from sequences.analysis.pair.calibration import NAMES, Beam, CountedProgram, PairCalibration
from sequences.analysis.pair.calibration_fit import MODES, CalibrationFit, fit_mean
from sequences.analysis.pair.misfit import widened
from sequences.analysis.pair.resonances import TwoResonances
from sequences.core.experiment import Experiment, Quantity
from sequences.core.lab import Lab
from sequences.core.plan_limits import LimitedBy, Sets
from sequences.core.station import Wiring
from sequences.pulses.library import Gates, Reading, nominal_gates, nominal_reading
from sequences.pulses.program import Program
from sequences.results import Progress, Stream
from sequences.routines import stabilisation as hold
from sequences.routines.bench import calibrated_bench, controls
from sequences.routines.pair import pair_guess
from sequences.routines.pair.beams import find_windows
from sequences.routines.pair.calibration_programs import Listed, decays, first_programs, gate_times, trains
from sequences.routines.pair.gradient import check_selective, find_resonances
from sequences.routines.pair.joint_measurement import Jointly, gates_for, measured_jointly
from sequences.routines.pair.judgement import judged
from sequences.routines.pair.shots import COLUMNS as SHOT_COLUMNS
from sequences.routines.pair.shots import Shot, compared, count_rounds, usual_light
from sequences.routines.stabilisation import HoldChoice, Holding

Real = NDArray[np.float64]

COLUMNS: Final = SHOT_COLUMNS
"""Programs are numbered in the order in which they stand in a round."""

_ROUGH_H: Final = 0.8
"""Laboratory time of what comes before the joint measurement."""


@dataclass(frozen=True)
class CalibratePlan:
    """How to calibrate."""

    hours: Annotated[float, Field(ge=0.05, le=50)] = 12.0
    """Most laboratory time of the joint measurement of gates and read-outs."""
    significance: Annotated[float, Field(ge=0, le=100)] = 0.0
    """Expected of the witness in a tomography that follows: the measurement ends when more of it would serve that
    less than the tomography itself; 0: all hours are spent. In sigma."""
    doughnut_mw: Annotated[float, LimitedBy("depletion_mw"), Field(ge=1, le=2000)] = 1000.0
    """Power of the doughnut."""
    pump_efficiency: Annotated[float, Sets("pump_efficiency"), Field(gt=0, le=1)] = 0.15
    """Diffraction efficiency of the Gaussian beam's AOM: strong enough to pump, weak enough to leak little."""
    gradient_a: Annotated[float, LimitedBy("pulsed_a"), Sets("gradient_a"), Field(ge=0.01, le=0.1)] = 0.1
    """Current of the gradient coil."""
    largest_cross_talk: Annotated[float, Field(gt=0, le=1)] = 0.3
    """Beyond it the doughnut does not select one NV, and nothing that follows would mean anything."""
    hold: HoldChoice = "auto"
    """Hold field and null between the plays: true from the beginning, false never, auto as soon as the bench is seen to
    move."""

    @property
    def duration_s(self) -> float:
        """Expected laboratory time."""
        return 3600.0 * (self.hours + _ROUGH_H)


@dataclass(frozen=True)
class CalibrateResult:
    """The calibrated pair; errors are 1 sigma."""

    g_rad_per_s: float
    """g, the coupling of the pair."""
    g_rad_per_s_err: float
    zz_rad_per_s: float
    """C of C n_L n_R."""
    zz_rad_per_s_err: float
    gate_ns: int
    """pi / C in whole, even ticks."""
    rabi_mhz: float
    """Rabi frequency of the turns about x."""
    rabi_mhz_err: float
    splitting_mhz: float
    """Of the two NVs while the gradient is on."""
    splitting_mhz_err: float
    compensation_a: float
    """Current of the compensation coil that puts the right NV on resonance under the gradient."""
    cross_talk: float
    """Signal of the left NV over that of the right one under the doughnut. No unit."""
    cross_talk_err: float
    fidelity: tuple[float, float]
    """P(0) of the left and of the right NV after pumping. No unit."""
    fidelity_err: tuple[float, float]
    spread_khz: tuple[float, float]
    """Standard deviation of the left and of the right line from shot to shot."""
    spread_khz_err: tuple[float, float]
    nitrogen: float
    """Share of shots in which the nucleus of an NV is in m_I = +1. No unit."""
    nitrogen_err: float
    charged: tuple[float, float]
    """Share of shots in which the left, the right NV is negative. No unit."""
    charged_err: tuple[float, float]
    values: dict[str, tuple[float, float]]
    """Every number of the pair's model: value and error. Each in its own unit."""
    believed: dict[str, float]
    """Number -> the share of its variance that rests on what was believed of it beforehand, where it is above 1 %.
    No unit."""
    wander: dict[str, float]
    """By how much something differs from round to round, in 1e-2 of its size, the field in kHz.
    Each in its own unit."""
    reduced_chi2: float
    """Of the fit of the whole model to all plays. No unit."""
    p_value: float
    """Probability of counts that fit as badly, if the model holds. No unit."""
    pulls: tuple[float, ...]
    """(measured - fitted) / error of every play, in the order in which they were played. In sigma."""
    photons: float
    """Counted in all plays of the fit. In photons."""
    hours: float
    """Laboratory time of the joint measurement."""


def calibrate(lab: Lab, plan: CalibratePlan) -> Stream[CalibrateResult]:
    """Measure, fit and store everything that programs and tomography need of the frozen pair.

    Raises SequenceError when the doughnut does not select, the gradient does not separate, or the fit does not hold.
    """
    with controls.left_safe(lab):
        calibrated_bench.set_field(lab)
        calibrated_bench.set_pulses(lab)
        controls.pump(lab, plan.pump_efficiency)
        calibrated_bench.set_doughnut(lab, plan.doughnut_mw)
        holding = yield from hold.begin(lab, plan.hold)
        reading = find_windows(lab)
        yield Progress(0.03, f"windows {reading.pump_ns} and {reading.doughnut_ns} ns")
        resonances = yield from find_resonances(lab, holding, reading, plan.gradient_a)
        yield Progress(0.06, f"cross-talk {resonances.cross_talk:.3f}({resonances.cross_talk_err:.3f})")
        check_selective(resonances, plan.largest_cross_talk)
        controls.gradient_coils(lab, plan.gradient_a, resonances.right_a)
        yield from holding.between()
        start, known = pair_guess.first(lab, reading, resonances)
        rough, compensation_a = yield from _rough(lab, holding, plan, reading, start, known, resonances)
        most_s = plan.hours * 3600.0
        found = yield from measured_jointly(lab, holding, reading, (rough, known), most_s, plan.significance)
        holding.keep()
    fit = found.fit
    bearable = judged(fit, found.data)
    lab.notes.extend(bearable.notes)
    final = widened(fit.calibration, bearable.factor)
    gates = gates_for(lab, final)
    _store(lab, plan, reading, gates, final, compensation_a)
    _store_light(lab, reading, found.usual)
    calibrated_bench.put_wander(lab, fit.linear.wander)
    return _result(final, found, gates, compensation_a)


# ---- numbers of the pair ----------------------------------------------------------------------------------------


_ROUGH_FREE: Final = tuple(
    name for name in NAMES if name.startswith(("rabi", "detuning", "gradient", "pump", "doughnut"))
)
_LEFT_GRID_HZ: Final = np.arange(-600e3, 601e3, 50e3)


def _rough(
    lab: Lab,
    holding: Holding,
    plan: CalibratePlan,
    reading: Reading,
    start: PairCalibration,
    known: Real,
    found: TwoResonances,
) -> Stream[tuple[PairCalibration, float]]:
    """Frequencies under the gradient from short programs; then the compensation that puts the right NV on resonance."""
    gates = gates_for(lab, start)
    compensation_a = found.right_a
    per_a = -found.slope_rad_per_s_per_a
    for attempt in (0, 1):
        span = (0.06 + 0.02 * attempt, 0.08 + 0.02 * attempt)
        counted = yield from count_rounds(holding, reading, _timed(first_programs(gates), 600.0), 1, span, "gradient")
        data = compared(counted, usual_light(counted[0]))[0]
        start = _best_start(start, known, data)
        off = start.value("gradient_right_rad_per_s")[0] - 0.5 * (
            start.value("detuning_left_rad_per_s")[0] + start.value("detuning_right_rad_per_s")[0]
        )
        if attempt == 0:
            compensation_a -= off / per_a
            controls.gradient_coils(lab, plan.gradient_a, compensation_a)
            k = NAMES.index("gradient_right_rad_per_s")
            start = start.moved(k, -off).moved(NAMES.index("gradient_left_rad_per_s"), -off)
    return start, compensation_a


def _best_start(start: PairCalibration, known: Real, data: Sequence[CountedProgram]) -> PairCalibration:
    """Fit from several frequencies of the left NV: its fringes are many, and one of them is right."""
    k = NAMES.index("gradient_left_rad_per_s")
    tried = [start.moved(k, TWO_PI * float(offset)) for offset in _LEFT_GRID_HZ]
    listed = [(d.program, d.beam) for d in data]
    seen, error = np.array([d.per_shot for d in data]), np.array([d.error for d in data])
    chi2 = [float(np.sum(((c.expected(listed) - seen) / error) ** 2)) for c in tried]
    nearest = [tried[i] for i in np.argsort(chi2)[:2]]
    fits = [fit_mean(c, known, data, _ROUGH_FREE) for c in nearest]
    return min(fits, key=lambda fit: fit.reduced_chi2)


def _timed(listed: Sequence[Listed], seconds: float) -> list[Shot]:
    """Share laboratory time by weight."""
    weight = sum(w for _, _, w in listed)
    return [Shot(program, beam, seconds * w / weight) for program, beam, w in listed]


def _store(
    lab: Lab, plan: CalibratePlan, reading: Reading, gates: Gates, c: PairCalibration, compensation_a: float
) -> None:
    put = lab.calibration.put
    put("beams.pump_efficiency", plan.pump_efficiency, 0.0)
    put("beams.doughnut_mw", plan.doughnut_mw, 0.0)
    put("beams.pumping_ns", reading.pumping_ns, 0.0)
    put("beams.pump_window_ns", reading.pump_ns, 0.0)
    put("beams.doughnut_window_ns", reading.doughnut_ns, 0.0)
    put("gradient.a", plan.gradient_a, 0.0)
    put("gradient.compensation_a", compensation_a, 0.0)
    put("gates.gate_ns", gates.gate_ns, 0.0)
    calibrated_bench.put_pair(lab, c)


def _store_light(lab: Lab, reading: Reading, usual: dict[Beam, float]) -> None:
    """What the references see of the pumped pair, per microsecond."""
    for beam, photons in usual.items():
        lab.calibration.put(f"beams.{beam}_light_per_us", photons / reading.reference_ns(beam) * 1e3, 0.0)


def _result(c: PairCalibration, measured: Jointly, gates: Gates, compensation_a: float) -> CalibrateResult:
    fit = measured.fit
    g, g_err = c.value("g_rad_per_s")
    zz, zz_err = c.value("zz_rad_per_s")
    rabi, rabi_err = c.value("rabi_x_rad_per_s")
    left, left_err = c.value("gradient_left_rad_per_s")
    right, right_err = c.value("gradient_right_rad_per_s")
    ring = c.readout("depletion")
    relative = np.hypot(c.value("doughnut_left")[1] / ring.left, c.value("doughnut_right")[1] / ring.right)
    spread, spread_err = zip(*(spread_khz(c, side) for side in ("left", "right")), strict=True)
    off, off_err = c.combined({"nitrogen_zero": 1.0, "nitrogen_minus": 1.0})
    return CalibrateResult(
        g_rad_per_s=g,
        g_rad_per_s_err=g_err,
        zz_rad_per_s=zz,
        zz_rad_per_s_err=zz_err,
        gate_ns=gates.gate_ns,
        rabi_mhz=rabi / TWO_PI / 1e6,
        rabi_mhz_err=rabi_err / TWO_PI / 1e6,
        splitting_mhz=(left - right) / TWO_PI / 1e6,
        splitting_mhz_err=float(np.hypot(left_err, right_err)) / TWO_PI / 1e6,
        compensation_a=compensation_a,
        cross_talk=ring.cross_talk,
        cross_talk_err=float(abs(ring.cross_talk) * relative),
        fidelity=c.fidelity,
        fidelity_err=(c.value("fidelity_left")[1], c.value("fidelity_right")[1]),
        spread_khz=(spread[0], spread[1]),
        spread_khz_err=(spread_err[0], spread_err[1]),
        nitrogen=1.0 - off,
        nitrogen_err=off_err,
        charged=c.charged,
        charged_err=(c.value("neutral_left")[1], c.value("neutral_right")[1]),
        values={name: c.value(name) for name in NAMES},
        believed=_believed(fit),
        wander={what: float(w) for (what, _, _), w in zip(MODES, fit.linear.wander, strict=True)},
        reduced_chi2=c.reduced_chi2,
        p_value=fit.linear.p_value,
        pulls=tuple(float(e) for e in fit.linear.excess),
        photons=float(sum(d.counts for part in measured.data for d in part)),
        hours=measured.hours,
    )


_TELLING: Final = 0.01


def _believed(fit: CalibrationFit) -> dict[str, float]:
    variance = np.diag(fit.linear.covariance)
    shares = fit.linear.beliefs.diagonal() ** 2 / variance
    return {name: float(share) for name, share in zip(NAMES, shares, strict=True) if share > _TELLING}


def spread_khz(c: PairCalibration, side: str) -> tuple[float, float]:
    """Standard deviation of one line, and its error; where it is not seen, what it may be at one sigma."""
    variance, error = c.combined({f"spread_{side}_khz2": 1.0, "spread_common_khz2": 1.0})
    sigma = float(np.sqrt(max(variance, 0.0)))
    return sigma, float(np.sqrt(sigma**2 + error) - sigma) if sigma**2 < error else error / (2.0 * sigma)


def programs(_plan: CalibratePlan, wiring: Wiring) -> list[Program]:
    """The shots that pulse most, keep the gradient on longest, last longest; with nominal pulses and windows."""
    gates, reading = nominal_gates(wiring.tick_ns), nominal_reading(wiring.tick_ns)
    shown = (trains(gates)[-1], gate_times(gates)[-1], decays(gates)[-1])
    return [reading.shot(program.named(name), beam) for name, (program, beam, _) in zip(_SHOWN, shown, strict=True)]


_SHOWN: Final = ("train", "gate", "wait")


EXPERIMENT: Final = Experiment(
    name="calibrate",
    description="the pair with its imperfections: coupling, gates, read-outs, cross-talk, fidelity, lines",
    plan=CalibratePlan,
    function=calibrate,
    columns=COLUMNS,
    programs=programs,
    headline=(Quantity("cross_talk", "cross-talk"),),
    concludes=("g_rad_per_s", "gate_ns", "cross_talk"),
    calibrates=("beams", "gradient", "gates", "calibrated", "wander"),
    needs=("field", "shift", "microwave", "pair"),
    figure="labctl.figures.experiments.calibrate:figure",
    docks=("Sequence",),
)
