"""Cool one bath: build-up of its polarisation under the doughnut, and both baths as the engine finds them."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from physics.constants import TWO_PI
from sequences.analysis.engine.baths import (
    BEAMS,
    BuildUp,
    LineShift,
    Released,
    bath_after_contact,
    fit_build_up,
    fit_release,
    fit_shift,
    sigma_z,
)
from sequences.analysis.engine.engine_rows import Surroundings, class_states, engine_rows
from sequences.analysis.engine.release import NAMES, Release
from sequences.analysis.pair.calibration import Beam, PairCalibration
from sequences.core.experiment import Experiment, Quantity
from sequences.core.lab import Lab
from sequences.core.station import Wiring
from sequences.pulses.grid import guard_ns, nearest_ns
from sequences.pulses.library import (
    COOLING_US,
    Cycle,
    cooled,
    engine_shot,
    heated,
    looked_at,
    nominal_gates,
    nominal_reading,
    read_out,
    wait,
)
from sequences.pulses.program import Program, joined
from sequences.results import Column, Estimate, Point, Progress, Stream
from sequences.routines import stabilisation as hold
from sequences.routines.bench import calibrated_bench, controls
from sequences.routines.bench.calibrated_bench import Bench
from sequences.routines.pair.judgement import check_apart, judged_release
from sequences.routines.pair.pair_shots import counted_shots, read_both
from sequences.routines.stabilisation import HoldChoice, Holding

Real = NDArray[np.float64]

COLUMNS: Final = (
    Column("time_ms", "cooling time after heating", "ms"),
    Column("polarisation_right", "polarisation of the right bath", "", ("time_ms",)),
    Column("polarisation_right_err", "its error", "", ("time_ms",)),
    Column("released_us", "time after release", "us"),
    Column("z_left", "sigma_z of the left NV", "", ("released_us",)),
    Column("z_left_err", "its error", "", ("released_us",)),
    Column("z_right", "sigma_z of the right NV", "", ("released_us",)),
    Column("z_right_err", "its error", "", ("released_us",)),
    *hold.COLUMNS,
)
_COOLING_US: Final = (10.0, 30.0, 60.0, 120.0, 250.0, 500.0, 1000.0)
_RELEASED_US: Final = (0.2, 2.0, 4.0, 8.0, 12.0)
_BUILD_UP_SHARE: Final = 0.25
"""Of the laboratory time; the rest is for the release, which predictions rest on."""
_SHIFT_SHARE: Final = 0.05
_SHIFT_WAITS_US: Final = (0.8, 3.0)
"""The short wait tells which fringe of the long one it is."""
_FORESEEN_HOT, _FORESEEN_COLD = 0.1, 0.95
"""Polarisations of the baths, roughly: a cold one narrows the line."""
_CONTACTS: Final = 4.0
"""Length of a contact in relaxation times of the NV."""


@dataclass(frozen=True)
class CoolPlan:
    """How to look at the baths."""

    hours: Annotated[float, Field(ge=0.02, le=50)] = 3.0
    """Laboratory time."""
    cooling_us: Annotated[float, Field(ge=1, le=10_000)] = COOLING_US
    """Doughnut pumping in each shot of the engine's cycle."""
    evolution_us: Annotated[float, Field(ge=0.1, le=1000)] = 5.4
    """Evolution time of the cycle that the polarisations are quoted for: the longer, the warmer the cold bath."""
    heating_steps: Annotated[int, Field(ge=0, le=500)] = 0
    """(pi/2 pulse, contact) repetitions in each shot of the engine's cycle."""
    build_up_heating_steps: Annotated[int, Field(ge=1, le=500)] = 60
    """The same, before each point of the build-up curve, to start it from a hot bath."""
    hold: HoldChoice = "auto"
    """Hold field and null between the plays: true from the beginning, false never, auto as soon as the bench is seen to
    move."""

    @property
    def duration_s(self) -> float:
        """Expected laboratory time."""
        return 3600.0 * self.hours


@dataclass(frozen=True)
class CoolResult:
    """Both baths at release in the engine's cycle, and how fast the cold one gets cold; errors are 1 sigma."""

    polarisation_left: float
    """Of the bath of the left NV at release: 0 is hot. No unit."""
    polarisation_left_err: float
    polarisation_right: float
    """Of the bath of the right NV at release, the cold one. No unit."""
    polarisation_right_err: float
    start_z_left: float
    """sigma_z of the left NV at release: 0 is hot. No unit."""
    start_z_left_err: float
    start_z_right: float
    """sigma_z of the right NV at release. No unit."""
    start_z_right_err: float
    build_up_s: float
    """Of the cold bath: after a cooling time t its polarisation is final (1 - exp(-t / build_up))."""
    build_up_s_err: float
    rate_per_s: float
    """Cross-relaxation rate on resonance."""
    rate_per_s_err: float
    line_shift_khz: float
    """Of the right NV by its cold bath."""
    line_shift_khz_err: float
    believed: dict[str, float]
    """Number of the release -> the share of its variance that rests on what was believed of the baths beforehand: that
    little but the NVs acts on them. No unit."""
    reduced_chi2: float
    """Of the release. No unit."""


def cool(lab: Lab, plan: CoolPlan) -> Stream[CoolResult]:
    """Measure the build-up and the release; stores the baths for predictions and designs."""
    lab.refuse_off_grid(plan)
    with controls.left_safe(lab):
        bench, calibration = calibrated_bench.ready(lab), calibrated_bench.pair(lab)
        holding = yield from hold.begin(lab, plan.hold)
        shares = (_BUILD_UP_SHARE, _SHIFT_SHARE, 1.0 - _BUILD_UP_SHARE - _SHIFT_SHARE)
        build_up_s, shift_s, release_s = (plan.hours * 3600.0 * share for share in shares)
        times, polarisation, error = yield from _build_up(lab, holding, plan, bench, calibration, build_up_s)
        curve = fit_build_up(times * 1e-6, polarisation, error)
        yield Estimate({"build_up_s": curve.build_up_s, "build_up_s_err": curve.build_up_err_s})
        yield Progress(_BUILD_UP_SHARE, f"build-up {curve.build_up_s * 1e6:.0f}({curve.build_up_err_s * 1e6:.0f}) us")
        shift = yield from _shift(lab, holding, plan, bench, calibration, float(polarisation[-1]), shift_s)
        found = yield from _release(lab, holding, plan, bench, calibration, shift, release_s)
        holding.keep()
    check_apart(found)
    found, notes = judged_release(found)
    lab.notes.extend(notes)
    lab.calibration.put("bath.shift_rad_per_s", shift.rad_per_s, shift.error_rad_per_s)
    calibrated_bench.put_release(lab, found)
    result = _result(curve, found, shift)
    yield Estimate({**vars(result)})
    return result


def _result(curve: BuildUp, found: Release, shift: LineShift) -> CoolResult:
    return CoolResult(
        polarisation_left=found.polarisation[0],
        polarisation_left_err=found.polarisation_err[0],
        polarisation_right=found.polarisation[1],
        polarisation_right_err=found.polarisation_err[1],
        start_z_left=found.start_z[0],
        start_z_left_err=found.start_z_err[0],
        start_z_right=found.start_z[1],
        start_z_right_err=found.start_z_err[1],
        build_up_s=curve.build_up_s,
        build_up_s_err=curve.build_up_err_s,
        rate_per_s=found.gamma1_per_s,
        rate_per_s_err=found.gamma1_err_per_s,
        line_shift_khz=shift.rad_per_s / TWO_PI / 1e3,
        line_shift_khz_err=shift.error_rad_per_s / TWO_PI / 1e3,
        believed=dict(zip(NAMES, found.believed, strict=True)),
        reduced_chi2=found.reduced_chi2,
    )


def _build_up(
    lab: Lab, holding: Holding, plan: CoolPlan, bench: Bench, calibration: PairCalibration, seconds: float
) -> Stream[tuple[Real, Real, Real]]:
    """Heat both baths, cool for a time, then let the right NV take its bath's temperature, the left one far off."""
    gamma1 = calibrated_bench.calibrated(lab, "cr.rate_per_s")
    contact_ns = lab.whole_ticks(_CONTACTS / gamma1 * 1e9)
    contact = wait(contact_ns, "gradient", tick_ns=lab.wiring.tick_ns)
    share = float(-np.expm1(-gamma1 * contact_ns * 1e-9))
    polarisation, error = [], []
    times_us = [lab.whole_ticks_us(us) for us in _COOLING_US]
    for cooling_us in times_us:
        cycle = Cycle(lab.whole_ticks(cooling_us * 1e3), lab.wiring.tick_ns, plan.build_up_heating_steps)

        def shot(beam: Beam, after: Program | None, cycle: Cycle = cycle) -> Program:
            first = [
                heated(cycle, bench.gates),
                cooled(cycle, bench.gates),
                looked_at(bench.reading, beam, bench.gates),
            ]
            return joined("build-up", [*first, *([after] if after else []), read_out(bench.reading, beam)])

        z, z_err = yield from read_both(
            lab,
            holding,
            bench,
            calibration,
            [partial(shot, after=None), partial(shot, after=contact)],
            seconds / len(times_us) / 4.0,
        )
        polarisation.append(float(bath_after_contact(z[0, 1], z[1, 1], share, lab.guesses.bath_spins)))
        error.append(float(z_err[1, 1]) / share)
        yield Point(
            {
                "time_ms": cooling_us * 1e-3,
                "polarisation_right": polarisation[-1],
                "polarisation_right_err": error[-1],
            }
        )
        yield Progress(_BUILD_UP_SHARE * len(error) / len(times_us), f"p_R {polarisation[-1]:.3f}({error[-1]:.3f})")
    return np.array(times_us), np.array(polarisation), np.array(error)


def _shift(
    lab: Lab,
    holding: Holding,
    plan: CoolPlan,
    bench: Bench,
    calibration: PairCalibration,
    polarisation: float,
    seconds: float,
) -> Stream[LineShift]:
    """Fringes of the right NV in the engine's cycle: by how much its cold bath moves its line."""
    cycle = Cycle(lab.whole_ticks(plan.cooling_us * 1e3), lab.wiring.tick_ns, plan.heating_steps)
    gates, tick_ns = bench.gates, lab.wiring.tick_ns
    listed: list[Program] = [
        wait(guard_ns(tick_ns), "shift", tick_ns=tick_ns)
        + gates.turn_right("x")
        + wait(wait_ns, "shift", "gradient", tick_ns=tick_ns)
        + gates.turn_right(last)
        for wait_ns in (lab.whole_ticks(us * 1e3) for us in _SHIFT_WAITS_US)
        for last in ("x", "y")
    ]
    shots = [(engine_shot(cycle, gates, p, bench.reading, "depletion"), BEAMS[1], p) for p in listed]
    counted = yield from counted_shots(lab, holding, bench, shots, seconds / len(shots))
    baths = (_FORESEEN_HOT, float(np.clip(polarisation, 0.0, 1.0)))
    model = calibrated_bench.engine_model(lab, calibration, Surroundings(baths))
    release_s, start_z = 1e-9 * tick_ns, (0.0, 2.0 * calibration.fidelity[1] - 1.0)
    states = class_states(model, release_s, baths, start_z)
    vector = model.states(np.array([release_s]), baths, start_z)[0]
    played = [(d.program, d.beam) for d in counted]

    def expected(rad_per_s: float) -> tuple[Real, Real]:
        rows = engine_rows(calibration, Surroundings(baths, (0.0, rad_per_s)), states, played)
        return rows @ vector, rows[:, 1:] @ vector[1:]

    found = fit_shift(expected, counted, calibration.value("detuning_right_rad_per_s")[1])
    yield Progress(_BUILD_UP_SHARE + _SHIFT_SHARE, f"cold line shifted by {found.rad_per_s / TWO_PI / 1e3:+.1f} kHz")
    return found


def _release(
    lab: Lab,
    holding: Holding,
    plan: CoolPlan,
    bench: Bench,
    calibration: PairCalibration,
    shift: LineShift,
    seconds: float,
) -> Stream[Release]:
    """Photons after release; every evolution time makes a cycle, and a balance of heat, of its own."""
    times = np.array([*map(lab.whole_ticks_us, _RELEASED_US), plan.evolution_us])
    cooling_ns = lab.whole_ticks(plan.cooling_us * 1e3)
    nothing = Program("-", bench.gates.tick_ns)
    photons, errors = np.empty((len(times), 2)), np.empty((len(times), 2))
    for k, released_us in enumerate(times):
        cycle = Cycle(cooling_ns, lab.whole_ticks(float(released_us) * 1e3), plan.heating_steps)
        shots = [(engine_shot(cycle, bench.gates, nothing, bench.reading, beam), beam, nothing) for beam in BEAMS]
        counted = yield from counted_shots(lab, holding, bench, shots, seconds / len(times) / 2.0)
        photons[k], errors[k] = [d.per_shot for d in counted], [d.error for d in counted]
        z, z_err = sigma_z(calibration, *((photons[k, b : b + 1], errors[k, b : b + 1]) for b in (0, 1)))
        yield Point(
            {
                "released_us": float(released_us),
                "z_left": z[0, 0],
                "z_left_err": z_err[0, 0],
                "z_right": z[0, 1],
                "z_right_err": z_err[0, 1],
            }
        )
        done = _BUILD_UP_SHARE + _SHIFT_SHARE
        yield Progress(done + (1.0 - done) * (k + 1) / len(times), f"released {released_us:g} us")
    rate, rate_err = (
        calibrated_bench.calibrated(lab, "cr.rate_per_s"),
        calibrated_bench.calibrated_err(lab, "cr.rate_per_s"),
    )
    around = Surroundings((0.0, _FORESEEN_COLD), (0.0, shift.rad_per_s))
    return fit_release(
        calibration,
        lambda c: calibrated_bench.engine_model(lab, c, around),
        Released(times, photons, errors),
        max(rate_err, 1e-3 * rate),
        (plan.evolution_us, plan.cooling_us),
    )


def programs(plan: CoolPlan, wiring: Wiring) -> list[Program]:
    """The longest shot of the build-up, and one of the engine without analysis, with nominal pulses and windows."""
    tick_ns = wiring.tick_ns
    gates, reading = nominal_gates(tick_ns), nominal_reading(tick_ns)
    longest, cooling, evolution = (
        nearest_ns(us * 1e3, tick_ns) for us in (max(_COOLING_US), plan.cooling_us, plan.evolution_us)
    )
    hot = Cycle(longest, tick_ns, plan.build_up_heating_steps)
    hot_shot = [heated(hot, gates), cooled(hot, gates), looked_at(reading, "depletion", gates)]
    build_up = joined("build-up", [*hot_shot, read_out(reading, "depletion")])
    released = Cycle(cooling, evolution, plan.heating_steps)
    return [build_up, engine_shot(released, gates, Program("release", tick_ns), reading, "depletion")]


EXPERIMENT: Final = Experiment(
    name="cool",
    description="polarise the baths selectively and measure how cold each one got",
    plan=CoolPlan,
    function=cool,
    columns=COLUMNS,
    programs=programs,
    headline=(Quantity("polarisation_right", "p of the cold bath"),),
    concludes=("polarisation_left", "polarisation_right"),
    calibrates=("bath",),
    needs=("field", "shift", "microwave", "pair", "beams", "gradient", "gates", "calibrated", "wander", "cr"),
    figure="labctl.figures.experiments.cool:figure",
    docks=("Cooling",),
)
