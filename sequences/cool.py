"""Cool one bath: build-up of its polarisation under the doughnut, and both baths as the engine finds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sequences.analysis.baths import BuildUp, bath_after_contact, fit_build_up, fit_release, sigma_z
from sequences.analysis.calibration import PairCalibration
from sequences.analysis.release import Release
from sequences.lab import Lab, Wiring
from sequences.pulses.library import (
    COOLING_US,
    Cycle,
    Reading,
    cooled,
    engine_shot,
    heated,
    nominal_gates,
    nominal_reading,
    wait,
)
from sequences.pulses.program import Program, joined
from sequences.results import Column, Estimate, Point, Progress, SequenceError, Stream
from sequences.routines import controls, hold, state
from sequences.routines.hold import Holding
from sequences.routines.measure import repeats_for
from sequences.routines.state import Bench

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
_CONTACTS: Final = 4.0
"""Length of a contact in relaxation times of the NV."""
_LEAST_POLARISATION: Final = 0.5


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
    hold: bool = False
    """Hold field and null between the plays: f+ and f-, the light under small dithers, the doughnut's null.
    Its corrections show in the counts: for a bench that drifts."""

    @property
    def duration_s(self) -> float:
        """Expected laboratory time."""
        return 3600.0 * self.hours


@dataclass(frozen=True)
class CoolResult:
    """Both baths at release in the engine's cycle, and how fast the cold one gets cold; errors are 1 sigma."""

    polarisation_left: float
    polarisation_left_err: float
    polarisation_right: float
    polarisation_right_err: float
    start_z_left: float
    """sigma_z of the left NV at release: 0 is hot."""
    start_z_left_err: float
    start_z_right: float
    start_z_right_err: float
    build_up_s: float
    build_up_s_err: float
    rate_per_s: float
    """Cross-relaxation rate on resonance."""
    rate_per_s_err: float


def cool(lab: Lab, plan: CoolPlan) -> Stream[CoolResult]:
    """Measure the build-up and the release; stores the baths for predictions and designs."""
    with controls.left_safe(lab):
        bench, calibration = state.ready(lab), state.pair(lab)
        holding = yield from hold.begin(lab, plan.hold)
        build_up_s, release_s = (plan.hours * 3600.0 * share for share in (_BUILD_UP_SHARE, 1.0 - _BUILD_UP_SHARE))
        times, polarisation, error = yield from _build_up(lab, holding, plan, bench, calibration, build_up_s)
        curve = fit_build_up(times * 1e-6, polarisation, error)
        yield Estimate({"build_up_s": curve.build_up_s, "build_up_s_err": curve.build_up_err_s})
        yield Progress(_BUILD_UP_SHARE, f"build-up {curve.build_up_s * 1e6:.0f}({curve.build_up_err_s * 1e6:.0f}) us")
        found = yield from _release(lab, holding, plan, bench, calibration, release_s)
        holding.keep()
    _check(found)
    _store(lab, found)
    result = _result(curve, found)
    yield Estimate({**vars(result)})
    return result


def _result(curve: BuildUp, found: Release) -> CoolResult:
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
    )


def _read_both(
    holding: Holding, reading: Reading, calibration: PairCalibration, shots: Sequence[Program], seconds: float
) -> Stream[tuple[Real, Real]]:
    """sigma_z of both NVs, (n, 2), after each of these programs, each played with either read-out."""
    photons, error = np.empty((2, len(shots))), np.empty((2, len(shots)))
    for k, program in enumerate(shots):
        for b, beam in enumerate(("pump", "depletion")):
            shot = program + reading.window(beam)
            counts = yield from holding.measure(shot, repeats_for(shot, seconds))
            photons[b, k], error[b, k] = counts.per_shot, counts.per_shot_err
    return sigma_z(calibration, (photons[0], error[0]), (photons[1], error[1]))


def _build_up(
    lab: Lab, holding: Holding, plan: CoolPlan, bench: Bench, calibration: PairCalibration, seconds: float
) -> Stream[tuple[Real, Real, Real]]:
    """Heat both baths, cool for a time, then let the right NV take its bath's temperature, the left one far off."""
    gamma1 = state.calibrated(lab, "cr.rate_per_s")
    contact_ns = lab.whole_ticks(_CONTACTS / gamma1 * 1e9)
    contact = wait(contact_ns, "gradient", tick_ns=lab.wiring.tick_ns)
    share = float(-np.expm1(-gamma1 * contact_ns * 1e-9))
    polarisation, error = [], []
    for cooling_us in _COOLING_US:
        cycle = Cycle(lab.whole_ticks(cooling_us * 1e3), lab.wiring.tick_ns, plan.build_up_heating_steps)
        prepared = joined("build-up", [heated(cycle, bench.gates), cooled(cycle, bench.gates)])
        z, z_err = yield from _read_both(
            holding, bench.reading, calibration, [prepared, prepared + contact], seconds / len(_COOLING_US) / 4.0
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
        yield Progress(_BUILD_UP_SHARE * len(error) / len(_COOLING_US), f"p_R {polarisation[-1]:.3f}({error[-1]:.3f})")
    return np.array(_COOLING_US), np.array(polarisation), np.array(error)


def _release(
    lab: Lab, holding: Holding, plan: CoolPlan, bench: Bench, calibration: PairCalibration, seconds: float
) -> Stream[Release]:
    """Populations of both NVs after release; every evolution time makes a cycle, and a balance of heat, of its own."""
    times = np.array([*_RELEASED_US, plan.evolution_us])
    z, z_err = np.empty((len(times), 2)), np.empty((len(times), 2))
    for k, released_us in enumerate(times):
        cycle = Cycle(
            lab.whole_ticks(plan.cooling_us * 1e3), lab.whole_ticks(float(released_us) * 1e3), plan.heating_steps
        )
        z[k], z_err[k] = yield from _released(holding, cycle, bench, calibration, seconds / len(times) / 2.0)
        yield Point(
            {
                "released_us": float(released_us),
                "z_left": z[k, 0],
                "z_left_err": z_err[k, 0],
                "z_right": z[k, 1],
                "z_right_err": z_err[k, 1],
            }
        )
        yield Progress(_BUILD_UP_SHARE + (1.0 - _BUILD_UP_SHARE) * (k + 1) / len(times), f"released {released_us:g} us")
    rate, rate_err = state.calibrated(lab, "cr.rate_per_s"), state.calibrated_err(lab, "cr.rate_per_s")
    return fit_release(
        state.engine_model(lab), max(rate_err, 1e-3 * rate), times, z, z_err, evolution_us=plan.evolution_us
    )


def _released(
    holding: Holding, cycle: Cycle, bench: Bench, calibration: PairCalibration, seconds: float
) -> Stream[tuple[Real, Real]]:
    photons, error = np.empty((2, 1)), np.empty((2, 1))
    for b, beam in enumerate(("pump", "depletion")):
        shot = engine_shot(cycle, bench.gates, Program("-", bench.gates.tick_ns), bench.reading.window(beam))
        counts = yield from holding.measure(shot, repeats_for(shot, seconds))
        photons[b], error[b] = 0.5 * counts.per_shot, 0.5 * counts.per_shot_err
    z, z_err = sigma_z(calibration, (photons[0], error[0]), (photons[1], error[1]))
    return z[0], z_err[0]


def _check(found: Release) -> None:
    left, right = found.polarisation
    if right - left < _LEAST_POLARISATION:
        raise SequenceError(
            f"The baths are not apart in temperature: p_L = {left:.2f}(±{found.polarisation_err[0]:.2f}), "
            f"p_R = {right:.2f}(±{found.polarisation_err[1]:.2f}); the engine has no heat to run on",
            "Look at the doughnut's null and power (labctl run locate, calibrate), and at the gradient's compensation",
            polarisation_left=left,
            polarisation_right=right,
        )


def _store(lab: Lab, found: Release) -> None:
    put = lab.calibration.put
    for k, side in enumerate(("left", "right")):
        put(f"bath.{side}", found.polarisation[k], found.polarisation_err[k])
        put(f"bath.{side}_slope_per_us", found.slope_per_us[k], 0.0)
        put(f"bath.start_z_{side}", found.start_z[k], found.start_z_err[k])
    put("bath.evolution_us", found.evolution_us, 0.0)
    put("cr.rate_per_s", found.gamma1_per_s, found.gamma1_err_per_s)


def programs(plan: CoolPlan, wiring: Wiring) -> list[Program]:
    """The longest shot of the build-up, and one of the engine without analysis, with nominal pulses and windows."""
    tick_ns = wiring.tick_ns
    gates, reading = nominal_gates(tick_ns), nominal_reading(tick_ns)
    longest, cooling, evolution = (
        round(us * 1e3 / tick_ns) * tick_ns for us in (max(_COOLING_US), plan.cooling_us, plan.evolution_us)
    )
    hot = Cycle(longest, tick_ns, plan.build_up_heating_steps)
    build_up = joined("build-up", [heated(hot, gates), cooled(hot, gates), reading.window("depletion")])
    released = Cycle(cooling, evolution, plan.heating_steps)
    return [build_up, engine_shot(released, gates, Program("release", tick_ns), reading.window("depletion"))]
