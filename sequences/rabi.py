"""Pulses on the frozen pair: its line, its oscillation, and the power of a quarter turn of whole ticks."""

from dataclasses import dataclass, replace
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sequences.analysis.pair.oscillation import (
    Oscillation,
    Segment,
    Shot,
    TurnFit,
    collective_shift_hz,
    fit_oscillation,
    fit_turns,
)
from sequences.core.experiment import Experiment, Quantity
from sequences.core.lab import Lab
from sequences.core.plan_limits import LimitedBy, Sets
from sequences.core.station import Wiring
from sequences.pulses.grid import nearest_ns
from sequences.pulses.library import pulse, pulsed
from sequences.pulses.program import Program
from sequences.results import Column, Estimate, Point, Progress, SequenceError, Stream
from sequences.routines import stabilisation as hold
from sequences.routines.bench import controls
from sequences.routines.bench.calibrated_bench import set_field
from sequences.routines.estimates import gathered
from sequences.routines.pair.frozen import centred, frozen_line, power_dbm, ratio, shot, turns
from sequences.routines.stabilisation import HoldChoice, Holding

Real = NDArray[np.float64]

COLUMNS: Final = (
    Column("frequency_hz", "microwave frequency", "Hz"),
    Column("spectrum", "photoluminescence after a pulse / pumped", "", ("frequency_hz",)),
    Column("spectrum_err", "its shot noise", "", ("frequency_hz",)),
    Column("duration_ns", "pulse length", "ns"),
    Column("signal", "photoluminescence after the pulse / pumped", "", ("duration_ns",)),
    Column("signal_err", "its shot noise", "", ("duration_ns",)),
    *hold.PROBE_COLUMNS,
)
_SEEN_SIGMA: Final = 8.0
_LONGER: Final = (1.0, 3.0, 12.0)
"""Counting times of the first oscillation's points, in the plan's, one after the other until it stands out."""
_TRAINS: Final = (2, 4, 1, 3, 15, 17, 31, 33)
"""Quarter turns in one go. The even ones measure the contrast; odd ones, 2 apart, err in opposite senses."""
_RECORDED_NS: Final = 100
"""Between two points of the oscillation that is recorded."""
_RAMSEY_NS: Final = (4_000, 20_000)
"""The short wait tells which fringe of the long one it is."""
_CENTRED: Final = 0.25
"""Detuning, in units of a fringe's slope, beyond which the carrier is moved and all is measured again."""
_STRAY_SIGMA: Final = 2.0
_ROUNDS: Final = 5


@dataclass(frozen=True)
class RabiPlan:
    """How to freeze, and how long a quarter turn shall be."""

    shift_a: Annotated[float, LimitedBy("pulsed_a"), Sets("shift_a"), Field(ge=-0.1, le=-0.05)] = -0.1
    """Current of the shift coil. Negative: the frozen line stays below the level crossing; if the
    coil turns out to be reversed, the opposite current is taken."""
    pi_half_ns: Annotated[int, Field(ge=1, le=2000)] = 200
    """Wanted length of a quarter turn, a whole number of ticks."""
    scan_half_range_hz: Annotated[float, Field(ge=1e6, le=12e6)] = 4e6
    """Half width of the search for the frozen line; widened if nothing is found."""
    longest_ns: Annotated[int, Field(ge=800, le=20_000)] = 2_000
    """End of the oscillation that is recorded."""
    point_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    """Counting time of a point of the spectrum and of the oscillation."""
    train_s: Annotated[float, Field(gt=0, le=600)] = 5.0
    """Counting time of each train of quarter turns and of each Ramsey point."""
    tolerance: Annotated[float, Field(ge=1e-3, le=0.05)] = 2e-3
    """Relative error of a rotation angle that is good enough."""
    hold: HoldChoice = "auto"
    """Hold the field where align left it, by f+ and the light: as often as it is seen to move, always or never."""


@dataclass(frozen=True)
class RabiResult:
    """The calibrated pulse."""

    rabi_mhz: float
    """Rabi frequency at the power that was found."""
    rabi_mhz_err: float
    pi_half_ns: int
    """Length of a quarter turn as it is played: a whole number of ticks."""
    pi_half_ns_err: float
    """1 sigma of the length that would be exactly a quarter turn."""
    power_dbm: float
    """Microwave power that was found, at the generator."""
    power_dbm_err: float
    """1 sigma of the power that would make it exactly a quarter turn."""
    angle_error: float
    """Angle of the quarter turn over its wanted value, less 1. No unit."""
    angle_error_err: float
    shift_a: float
    """Current of the shift coil that freezes: the plan's, or its opposite if the coil's polarity is reversed."""
    frozen_hz: float
    """f- of a single NV while frozen: the measured line of the sum less C/4pi of the pair."""
    frozen_hz_err: float
    collective_hz: float
    """The line that global pulses meet: of both NVs together."""
    collective_hz_err: float
    contrast: float
    """Share of the read-out's light that is lost in |1>. No unit."""
    contrast_err: float
    reduced_chi2: float
    """Of the fit that gave the angle and the detuning. No unit."""


def rabi(lab: Lab, plan: RabiPlan) -> Stream[RabiResult]:
    """Freeze, find the line, see the oscillation, then trim power and carrier with trains and Ramsey fringes."""
    return (yield from gathered(_calibrated(lab, plan)))


def _calibrated(lab: Lab, plan: RabiPlan) -> Stream[RabiResult]:
    lab.refuse_off_grid(plan)
    with controls.left_safe(lab):
        set_field(lab)
        holding = yield from hold.begin_field(lab, plan.hold)
        controls.pump(lab)
        frozen = yield from frozen_line(lab, plan.shift_a, plan.scan_half_range_hz, plan.point_s)
        yield from holding.between()
        dbm = _power_for(lab, plan, lab.guesses.rabi_mhz_at_0dbm, 0.0)
        seen = yield from _oscillation(lab, plan, frozen.line_hz, dbm)
        carrier_hz = yield from centred(lab, frozen.line_hz, seen.rabi_mhz, dbm, plan.point_s)
        dbm = _power_for(lab, plan, seen.rabi_mhz, dbm)
        yield Progress(0.4, f"{seen.rabi_mhz:.4f}({seen.rabi_err_mhz:.4f}) MHz before it was set to {dbm:.2f} dBm")
        carrier_hz, dbm, turn = yield from _trimmed(lab, holding, plan, carrier_hz, dbm)
        holding.keep()
        yield from _recorded(lab, plan, carrier_hz, dbm)
        result = _result(lab, plan, frozen.shift_a, carrier_hz, dbm, turn)
        yield Estimate({**vars(result)})
        _remember(lab, result)
        yield Progress(1.0, f"pi/2 {result.pi_half_ns}({result.pi_half_ns_err:.2f}) ns at {result.power_dbm:.2f} dBm")
        return result


# ---- power and carrier ---------------------------------------------------------------------------------------------


def _power_for(lab: Lab, plan: RabiPlan, rabi_mhz: float, at_dbm: float) -> float:
    return power_dbm(lab, 0.25e3 / plan.pi_half_ns, rabi_mhz, at_dbm)


def _oscillation(lab: Lab, plan: RabiPlan, carrier_hz: float, dbm: float) -> Stream[Oscillation]:
    """A coarse oscillation over four quarter turns and a bit, from which the power is set."""
    controls.carrier(lab, carrier_hz, dbm)
    half_ns = max(1, plan.pi_half_ns // 2)
    durations = np.arange(half_ns, 6 * plan.pi_half_ns, half_ns) // lab.wiring.tick_ns
    durations = np.unique(np.maximum(durations, 1)) * lab.wiring.tick_ns
    weight, weighed = np.zeros(len(durations)), np.zeros(len(durations))
    for longer in _LONGER:
        for k, duration_ns in enumerate(durations):
            program = turns("rabi", [Segment(int(duration_ns), "x")], lab.wiring.tick_ns)
            seen, error = ratio(lab, program, longer * plan.point_s)
            weight[k] += error**-2.0
            weighed[k] += error**-2.0 * seen
        fit = fit_oscillation(durations.astype(float), weighed / weight, weight**-0.5)
        if fit.significance >= _SEEN_SIGMA:
            yield Progress(0.35, f"oscillation seen at {carrier_hz / 1e6:.3f} MHz")
            yield _seen(fit)
            return fit
    raise SequenceError(
        f"No Rabi oscillation at {carrier_hz / 1e6:.3f} MHz and {dbm:.2f} dBm: its contrast is "
        f"{100 * fit.contrast:.2f}(±{100 * fit.contrast_err:.2f}) % after {sum(_LONGER) * plan.point_s:g} s a point",
        "Check the power (guesses.rabi_mhz_at_0dbm) and count longer (point_s)",
        contrast=fit.contrast,
    )


def _seen(found: Oscillation | TurnFit) -> Estimate:
    """The oscillation, for `sequences.analysis.pair.oscillation.oscillation_curve`."""
    curve = {"rabi_mhz": found.rabi_mhz, "level": found.level, "contrast": found.contrast}
    return Estimate({"rabi_mhz": found.rabi_mhz, "rabi_mhz_err": found.rabi_err_mhz, "oscillation": curve})


def _trimmed(
    lab: Lab, holding: Holding, plan: RabiPlan, carrier_hz: float, dbm: float
) -> Stream[tuple[float, float, TurnFit]]:
    """Measure angle and detuning, correct, measure again, until the angle is right; returns what was last measured.

    A line that drifts is where the carrier is as soon as the rest may be drift since it was looked at; the detuning's
    error says so.
    """
    wanted_mhz = 0.25e3 / plan.pi_half_ns
    for attempt in range(_ROUNDS):
        yield from holding.between()
        shots = _trains(lab, plan, carrier_hz, dbm)
        yield from holding.between()
        stray_hz = 1e3 * holding.stray_khz(2 * len(_RAMSEY_NS) * plan.train_s)
        turn = _strayed(fit_turns(shots + _fringes(lab, plan, carrier_hz, dbm), wanted_mhz), stray_hz)
        wrong = turn.rabi_mhz / wanted_mhz - 1.0
        yield _seen(turn)
        yield Progress(
            0.5 + 0.07 * attempt,
            f"pi/2 off by {100 * wrong:+.2f}({100 * turn.rabi_err_mhz / wanted_mhz:.2f}) %, carrier by "
            f"{turn.detuning_hz / 1e3:+.2f}({turn.detuning_err_hz / 1e3:.2f}) kHz",
        )
        centred_hz = _CENTRED * _fringe_hz(lab.whole_ticks(_RAMSEY_NS[-1]))
        if holding.line_moves:
            centred_hz = max(centred_hz, _STRAY_SIGMA * stray_hz)
        if abs(wrong) < plan.tolerance and abs(turn.detuning_hz) < centred_hz:
            return carrier_hz, dbm, turn
        if attempt and abs(turn.detuning_hz) >= centred_hz:  # the carrier had just been set on the line
            holding.line_has_moved()
        carrier_hz += turn.detuning_hz
        dbm = _power_for(lab, plan, turn.rabi_mhz, dbm)
    raise SequenceError(
        f"After {_ROUNDS} rounds a quarter turn is still off by {100 * wrong:+.2f} % and the carrier by "
        f"{turn.detuning_hz / 1e3:+.1f} kHz",
        "Check that the field holds still (labctl run align), or accept more with tolerance",
        angle_error=wrong,
        detuning_hz=turn.detuning_hz,
    )


def _strayed(turn: TurnFit, stray_hz: float) -> TurnFit:
    """The same, the detuning from where the line is held rather than from where it happened to stand."""
    return replace(turn, detuning_err_hz=float(np.hypot(turn.detuning_err_hz, stray_hz)))


def _fringe_hz(wait_ns: float) -> float:
    """Detuning that turns a wait by a quarter: there a fringe is steepest."""
    return 0.25e9 / wait_ns


def _trains(lab: Lab, plan: RabiPlan, carrier_hz: float, dbm: float) -> list[Shot]:
    controls.carrier(lab, carrier_hz, dbm)
    return [shot(lab, [Segment(n * plan.pi_half_ns, "x")], plan.train_s) for n in _TRAINS]


def _fringes(lab: Lab, plan: RabiPlan, carrier_hz: float, dbm: float) -> list[Shot]:
    """Ramsey shots on both slopes: the carrier itself is set off, so only one quadrature is needed."""
    shots = []
    for wait_ns in map(lab.whole_ticks, _RAMSEY_NS):
        segments = [Segment(plan.pi_half_ns, "x"), Segment(wait_ns), Segment(plan.pi_half_ns, "x")]
        for offset_hz in (_fringe_hz(wait_ns), -_fringe_hz(wait_ns)):
            controls.carrier(lab, carrier_hz + offset_hz, dbm)
            shots.append(shot(lab, segments, plan.train_s, offset_hz))
    return shots


def _recorded(lab: Lab, plan: RabiPlan, carrier_hz: float, dbm: float) -> Stream[None]:
    """The oscillation at the calibrated power, for the eye."""
    controls.carrier(lab, carrier_hz, dbm)
    step_ns = lab.whole_ticks(_RECORDED_NS)
    for duration_ns in range(step_ns, plan.longest_ns + 1, step_ns):
        program = turns("rabi", [Segment(duration_ns, "x")], lab.wiring.tick_ns)
        seen, error = ratio(lab, program, plan.point_s)
        yield Point({"duration_ns": float(duration_ns), "signal": seen, "signal_err": error})


# ---- what it means -------------------------------------------------------------------------------------------------


def _result(lab: Lab, plan: RabiPlan, shift_a: float, carrier_hz: float, dbm: float, turn: TurnFit) -> RabiResult:
    shift_hz, shift_err_hz = collective_shift_hz(*_separation_nm(lab))
    wanted_mhz = 0.25e3 / plan.pi_half_ns
    relative = turn.rabi_err_mhz / wanted_mhz
    collective_hz = carrier_hz + turn.detuning_hz
    return RabiResult(
        rabi_mhz=turn.rabi_mhz,
        rabi_mhz_err=turn.rabi_err_mhz,
        pi_half_ns=plan.pi_half_ns,
        pi_half_ns_err=relative * plan.pi_half_ns,
        power_dbm=dbm,
        power_dbm_err=20.0 / float(np.log(10.0)) * relative,
        angle_error=turn.rabi_mhz / wanted_mhz - 1.0,
        angle_error_err=relative,
        shift_a=shift_a,
        frozen_hz=collective_hz - shift_hz,
        frozen_hz_err=float(np.hypot(turn.detuning_err_hz, shift_err_hz)),
        collective_hz=collective_hz,
        collective_hz_err=turn.detuning_err_hz,
        contrast=turn.contrast,
        contrast_err=turn.contrast_err,
        reduced_chi2=turn.reduced_chi2,
    )


def _separation_nm(lab: Lab) -> tuple[float, float]:
    """Distance of the pair as located, or the station's guess, good to a tenth."""
    names = ("left_x", "left_y", "right_x", "right_y")
    found = [place for name in names if (place := lab.calibration.get(f"pair.{name}_nm"))]
    if len(found) < len(names):
        return lab.guesses.pair_separation_nm, 0.1 * lab.guesses.pair_separation_nm
    left, right = found[:2], found[2:]
    steps = [b.value - a.value for a, b in zip(left, right, strict=True)]
    error = max(float(np.hypot(a.error, b.error)) for a, b in zip(left, right, strict=True))
    return float(np.hypot(steps[0], steps[1])), error


def _remember(lab: Lab, result: RabiResult) -> None:
    put = lab.calibration.put
    put("shift.a", result.shift_a, 0.0)
    put("microwave.frozen_hz", result.frozen_hz, result.frozen_hz_err)
    put("microwave.collective_hz", result.collective_hz, result.collective_hz_err)
    put("microwave.pi_half_dbm", result.power_dbm, result.power_dbm_err)
    put("microwave.pi_half_ns", float(result.pi_half_ns), result.pi_half_ns_err)


def programs(plan: RabiPlan, wiring: Wiring) -> list[Program]:
    """The longest pulse of the oscillation and the longest train of quarter turns, for looking at beforehand."""
    quarter_ns, longest_ns = (nearest_ns(ns, wiring.tick_ns) for ns in (plan.pi_half_ns, plan.longest_ns))
    longest = (("oscillation", longest_ns), ("train", max(_TRAINS) * quarter_ns))
    return [pulsed(name, pulse(ns, tick_ns=wiring.tick_ns)) for name, ns in longest]


EXPERIMENT: Final = Experiment(
    name="rabi",
    description="Rabi frequency, and the power that makes a pi/2 pulse a whole number of ticks",
    plan=RabiPlan,
    function=rabi,
    columns=COLUMNS,
    programs=programs,
    headline=(Quantity("rabi_mhz", "Rabi frequency", "MHz"),),
    concludes=("rabi_mhz", "power_dbm"),
    calibrates=("microwave", "shift"),
    needs=("field",),
    figure="labctl.figures.experiments.rabi:figure",
    docks=("ODMR",),
)
