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
from physics.coupling import dipolar_rad_per_s
from sequences.analysis.calibration import (
    NAMES,
    Beam,
    CountedProgram,
    PairCalibration,
    fit_calibration,
)
from sequences.analysis.resonances import TwoResonances
from sequences.lab import Lab, Wiring
from sequences.pulses.library import Gates, Reading, nominal_gates, nominal_reading, pulse
from sequences.pulses.program import Program
from sequences.results import Progress, SequenceError, Stream
from sequences.routines import controls, hold, state
from sequences.routines.beams import find_windows
from sequences.routines.calibration_programs import decays, first_programs, gate_times, trains
from sequences.routines.calibration_programs import programs as joint_programs
from sequences.routines.gradient import check_selective, find_resonances
from sequences.routines.hold import Holding
from sequences.routines.shots import COLUMNS as SHOT_COLUMNS
from sequences.routines.shots import Shot, count, count_all

Real = NDArray[np.float64]

COLUMNS: Final = SHOT_COLUMNS
"""Programs are numbered in the order in which they were played."""

_WORST_CHI2: Final = 2.0
_ROUGH_H: Final = 0.8
"""Laboratory time of what comes before the joint measurement."""
_BEAMS: Final[tuple[Beam, Beam]] = ("pump", "depletion")


@dataclass(frozen=True)
class CalibratePlan:
    """How to calibrate."""

    hours: Annotated[float, Field(ge=0.05, le=50)] = 8.0
    """Laboratory time of the joint measurement of gates and read-outs."""
    doughnut_mw: Annotated[float, Field(ge=1, le=2000)] = 1000.0
    """Power of the doughnut."""
    pump_efficiency: Annotated[float, Field(gt=0, le=1)] = 0.15
    """Diffraction efficiency of the Gaussian beam's AOM: strong enough to pump, weak enough to leak little."""
    gradient_a: Annotated[float, Field(ge=0.01, le=0.1)] = 0.1
    """Current of the gradient coil."""
    largest_cross_talk: Annotated[float, Field(gt=0, le=1)] = 0.3
    """Beyond it the doughnut does not select one NV, and nothing that follows would mean anything."""
    hold: bool = False
    """Hold field and null between the plays: f+ and f-, the light under small dithers, the doughnut's null.
    Its corrections show in the counts: for a bench that drifts."""

    @property
    def duration_s(self) -> float:
        """Expected laboratory time."""
        return 3600.0 * (self.hours + _ROUGH_H)


@dataclass(frozen=True)
class CalibrateResult:
    """The calibrated pair; errors are 1 sigma."""

    g_rad_per_s: float
    g_rad_per_s_err: float
    zz_rad_per_s: float
    """C of C n_L n_R."""
    zz_rad_per_s_err: float
    gate_ns: int
    """pi / C in whole, even ticks."""
    rabi_mhz: float
    rabi_mhz_err: float
    splitting_mhz: float
    """Of the two NVs while the gradient is on."""
    splitting_mhz_err: float
    compensation_a: float
    cross_talk: float
    """Signal of the left NV over that of the right one under the doughnut."""
    cross_talk_err: float
    reduced_chi2: float
    pulls: tuple[float, ...]
    """(measured - fitted) / shot noise of every program, in the order in which they were played last."""
    photons: float


def calibrate(lab: Lab, plan: CalibratePlan) -> Stream[CalibrateResult]:
    """Measure, fit and store everything that programs and tomography need of the frozen pair.

    Raises SequenceError when the doughnut does not select, the gradient does not separate, or the fit does not hold.
    """
    with controls.left_safe(lab):
        state.set_field(lab)
        state.set_pulses(lab)
        controls.pump(lab, plan.pump_efficiency)
        state.set_doughnut(lab, plan.doughnut_mw)
        holding = yield from hold.begin(lab, plan.hold)
        reading = find_windows(lab)
        yield Progress(0.03, f"windows {reading.pump_ns} and {reading.doughnut_ns} ns")
        yield from holding.between()
        found = find_resonances(lab, reading, plan.gradient_a)
        yield Progress(0.08, f"cross-talk {found.cross_talk:.3f}({found.cross_talk_err:.3f})")
        check_selective(found, plan.largest_cross_talk)
        controls.gradient_coils(lab, plan.gradient_a, found.right_a)
        yield from holding.between()
        start, known = _first_guess(lab, reading, found)
        rough, compensation_a = yield from _rough(lab, holding, plan, reading, start, known, found)
        gates = _gates(lab, rough)
        shots = _timed(joint_programs(gates), plan.hours * 3600.0)
        data = yield from count_all(holding, reading, shots, (0.15, 1.0), _note(rough))
        holding.keep()
        final = fit_calibration(rough, known, data)
        _check_fit(final)
        gates = _gates(lab, final)
        _store(lab, plan, reading, gates, final, compensation_a)
        return _result(final, gates, compensation_a, data)


# ---- numbers of the pair ----------------------------------------------------------------------------------------


def _first_guess(lab: Lab, reading: Reading, found: TwoResonances) -> tuple[PairCalibration, Real]:
    """Values to start from, and how far each may be off."""
    separation_nm = _separation_nm(lab)
    zz = float(dipolar_rad_per_s(separation_nm))
    rabi = TWO_PI / (4.0 * state.calibrated(lab, "microwave.pi_half_ns") * 1e-9)
    split = (found.left_a - found.right_a) * found.slope_rad_per_s_per_a  # f- falls with the field
    tick_ns = lab.wiring.tick_ns
    bright, dark = Program("bright", tick_ns), pulse(2 * round(np.pi / 2 / rabi * 1e9), "x", tick_ns=tick_ns)
    (pump, pump_half), (ring, ring_half) = (_levels(lab, reading, beam, (bright, dark)) for beam in _BEAMS)
    left = ring_half * found.cross_talk / (1 + found.cross_talk)
    values = {
        "g_rad_per_s": zz / 2.0,
        "zz_rad_per_s": zz,
        "rabi_x_rad_per_s": rabi,
        "rabi_y_rad_per_s": rabi,
        "gradient_left_rad_per_s": split,
        "leak_left_per_s": 200.0,
        "leak_right_per_s": 300.0,
        "relaxation_per_s": 200.0,
        "dephasing_per_s": 1.5e3 * lab.guesses.c13_percent / 1.1,
        "pump_level": pump,
        "pump_left": 0.5 * pump_half,
        "pump_right": 0.5 * pump_half,
        "doughnut_level": ring,
        "doughnut_left": left,
        "doughnut_right": ring_half - left,
        "fidelity": lab.guesses.pump_fidelity,
    }
    known = {
        "g_rad_per_s": 0.3 * zz,
        "zz_rad_per_s": 0.3 * zz,
        "rabi_x_rad_per_s": 0.03 * rabi,
        "rabi_y_rad_per_s": 0.03 * rabi,
        "detuning_left_rad_per_s": TWO_PI * 15e3,
        "detuning_right_rad_per_s": TWO_PI * 15e3,
        "leak_left_per_s": 1e3,
        "leak_right_per_s": 1e3,
        "relaxation_per_s": 300.0,
        "dephasing_per_s": 2e3,
        "fidelity": lab.guesses.pump_fidelity_err,
    }
    sigma = np.array([known.get(name, np.inf) for name in NAMES])
    start = tuple(float(values.get(name, 0.0)) for name in NAMES)
    return PairCalibration(start, np.zeros((len(NAMES), len(NAMES)))), sigma


def _levels(lab: Lab, reading: Reading, beam: Beam, programs: tuple[Program, Program]) -> tuple[float, float]:
    """Mean and half difference of the photons a shot after two programs."""
    high, low = (count(lab, reading, Shot(program, beam, 30.0)).per_shot for program in programs)
    return 0.5 * (high + low), 0.5 * (high - low)


def _separation_nm(lab: Lab) -> float:
    x, y = (
        state.calibrated(lab, f"pair.right_{axis}_nm") - state.calibrated(lab, f"pair.left_{axis}_nm") for axis in "xy"
    )
    return float(np.hypot(x, y))


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
    gates = _gates(lab, start)
    compensation_a = found.right_a
    per_a = -found.slope_rad_per_s_per_a
    for attempt in (0, 1):
        shots = _timed(first_programs(gates), 600.0)
        data = yield from count_all(holding, reading, shots, (0.08 + 0.03 * attempt, 0.11 + 0.03 * attempt), "gradient")
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
    chi2 = [sum(((c.expected(d.program, d.beam) - d.per_shot) / d.error) ** 2 for d in data) for c in tried]
    nearest = [tried[i] for i in np.argsort(chi2)[:2]]
    fits = [fit_calibration(c, known, data, _ROUGH_FREE) for c in nearest]
    return min(fits, key=lambda fit: fit.reduced_chi2)


def _gates(lab: Lab, calibration: PairCalibration) -> Gates:
    tick_ns = lab.wiring.tick_ns
    half = max(1, round(np.pi / calibration.pair.zz_rad_per_s * 1e9 / 2 / tick_ns))
    return Gates(round(state.calibrated(lab, "microwave.pi_half_ns")), 2 * half * tick_ns, tick_ns)


def _timed(listed: Sequence[tuple[Program, Beam, float]], seconds: float) -> list[Shot]:
    """Share laboratory time by weight."""
    weight = sum(w for _, _, w in listed)
    return [Shot(program, beam, seconds * w / weight) for program, beam, w in listed]


def _note(c: PairCalibration) -> str:
    return f"left NV {c.value('gradient_left_rad_per_s')[0] / TWO_PI / 1e6:.3f} MHz away under the gradient"


def _check_fit(c: PairCalibration) -> None:
    if not c.reduced_chi2 < _WORST_CHI2:
        raise SequenceError(
            f"The calibration's model does not explain its counts (reduced chi2 {c.reduced_chi2:.1f})",
            "Look for drift of field, power or steering during the run; repeat align, rabi and locate",
            reduced_chi2=c.reduced_chi2,
        )


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
    state.put_pair(lab, c)


def _result(c: PairCalibration, gates: Gates, compensation_a: float, data: Sequence[CountedProgram]) -> CalibrateResult:
    g, g_err = c.value("g_rad_per_s")
    zz, zz_err = c.value("zz_rad_per_s")
    rabi, rabi_err = c.value("rabi_x_rad_per_s")
    left, left_err = c.value("gradient_left_rad_per_s")
    right, right_err = c.value("gradient_right_rad_per_s")
    ring = c.readout("depletion")
    relative = np.hypot(c.value("doughnut_left")[1] / ring.left, c.value("doughnut_right")[1] / ring.right)
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
        reduced_chi2=c.reduced_chi2,
        pulls=tuple((d.per_shot - c.expected(d.program, d.beam)) / d.error for d in data),
        photons=float(sum(d.counts for d in data)),
    )


def programs(_plan: CalibratePlan, wiring: Wiring) -> list[Program]:
    """The shots that pulse most, keep the gradient on longest, last longest; with nominal pulses and windows."""
    gates, reading = nominal_gates(wiring.tick_ns), nominal_reading(wiring.tick_ns)
    shown = (trains(gates)[-1], gate_times(gates)[-1], decays(gates)[-1])
    return [reading.shot(program.named(name), beam) for name, (program, beam, _) in zip(_SHOWN, shown, strict=True)]


_SHOWN: Final = ("train", "gate", "wait")
