"""How late every line acts: both beams against the counters' gates, the microwave against the coils.

A pattern raises lines; what they switch follows later, each by its own delay. `measure` then plays every line ahead by
whole ticks of its delay; what is left, at most half a tick, is for the models.
"""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from sequences.analysis.checks.late_pulse import LatePulse
from sequences.analysis.checks.light_delays import LightEdges
from sequences.core.experiment import Experiment, Quantity
from sequences.core.lab import Lab
from sequences.core.station import Wiring
from sequences.pulses.grid import nearest_ns
from sequences.pulses.program import Program
from sequences.results import Estimate, Progress, Stream
from sequences.routines.bench import controls
from sequences.routines.checks.late_pulse import COLUMNS as PULSE_COLUMNS
from sequences.routines.checks.late_pulse import Coil, cut_program, measured_late
from sequences.routines.checks.light_edges import COLUMNS as LIGHT_COLUMNS
from sequences.routines.checks.light_edges import Beam, edge_program, measured_edges
from sequences.routines.checks.pulse_lines import zero_field
from sequences.routines.estimates import gathered

COLUMNS: Final = (*LIGHT_COLUMNS, *PULSE_COLUMNS)
_BEAMS: Final[tuple[Beam, ...]] = ("pump", "depletion")
_COILS: Final[tuple[Coil, ...]] = ("shift", "gradient")
_APART_SIGMA: Final = 5.0


@dataclass(frozen=True)
class DelaysPlan:
    """What to measure, and how long."""

    stage: Literal["all", "light", "pulses"] = "all"
    """light: both beams, which needs no field (it is ramped to zero); pulses: the microwave, on the pulses that `rabi`
    calibrated; all: light, and pulses if they are calibrated."""
    point_s: Annotated[float, Field(ge=0.1, le=60)] = 1.0
    """Counting time of a tick of the scan over a beam's edges; ticks near an edge take four times as long, shots with a
    pulse two to twenty times."""


@dataclass(frozen=True)
class DelaysResult:
    """Delays are from the edge of a line to what it does; None where nothing was measured."""

    measured: tuple[str, ...]
    """Roles whose delay is known: pump and depletion, mw."""
    pump_ns: float | None = None
    """To the beginning of the rise and of the fall."""
    pump_ns_err: float | None = None
    depletion_ns: float | None = None
    """The same of the depletion beam."""
    depletion_ns_err: float | None = None
    rise_ns: float | None = None
    """In which the light of both beams rises and falls: their mean."""
    rise_ns_err: float | None = None
    pump_rise_ns: float | None = None
    """Of the pump alone."""
    pump_rise_ns_err: float | None = None
    depletion_rise_ns: float | None = None
    """Of the depletion beam alone."""
    depletion_rise_ns_err: float | None = None
    mw_ns: float | None = None
    """Of the microwave behind both coils."""
    mw_ns_err: float | None = None
    mw_shift_ns: float | None = None
    """Behind the line shift alone."""
    mw_shift_ns_err: float | None = None
    mw_gradient_ns: float | None = None
    """Behind the line gradient alone."""
    mw_gradient_ns_err: float | None = None
    reduced_chi2: float | None = None
    """The largest of the fits. No unit."""


def delays(lab: Lab, plan: DelaysPlan) -> Stream[DelaysResult]:
    """Measure the delays and keep them. Raises SequenceError for a beam without light and for a delay out of reach."""
    return (yield from gathered(_measured(lab, plan)))


def _measured(lab: Lab, plan: DelaysPlan) -> Stream[DelaysResult]:
    pulses_too = plan.stage == "pulses" or (plan.stage == "all" and _pulses_calibrated(lab))
    found: dict[str, float] = {}
    measured: tuple[str, ...] = ()
    with controls.left_safe(lab):
        if plan.stage != "pulses":
            found |= yield from _light(lab, plan.point_s)
            measured += _BEAMS
        if pulses_too:
            found |= yield from _pulses(lab, plan.point_s, found.get("reduced_chi2", 0.0))
            measured += ("mw",)
    yield Progress(1.0, _said(found))
    return DelaysResult(measured, **found)


def _pulses_calibrated(lab: Lab) -> bool:
    return lab.calibration.get("microwave.pi_half_ns") is not None


# ---- light -----------------------------------------------------------------------------------------------------------


def _light(lab: Lab, seconds: float) -> Stream[dict[str, float]]:
    edges: dict[Beam, LightEdges] = {}
    found: dict[str, float] = {}
    controls.coils_off(lab)
    controls.carrier_off(lab)
    with zero_field(lab):
        for k, beam in enumerate(_BEAMS):
            seen = edges[beam] = yield from measured_edges(lab, beam, seconds)
            found |= {f"{beam}_ns": seen.delay_ns, f"{beam}_ns_err": seen.delay_err_ns}
            found |= {f"{beam}_rise_ns": seen.rise_ns, f"{beam}_rise_ns_err": seen.rise_err_ns}
            yield Estimate(dict(found))
            yield Progress(0.2 * (k + 1), _said(found))
        controls.doughnut(lab, 0.0)
    rises = [(seen.rise_ns, seen.rise_err_ns) for seen in edges.values()]
    found["rise_ns"], error, apart = _mean(*rises)
    found["rise_ns_err"] = max(error, *(err for _, err in rises))  # what is not straight errs alike for both beams
    if apart > _APART_SIGMA:
        lab.notes.append(f"The beams rise differently, by {apart:.0f} sigma: {_said(found)}")
    found["reduced_chi2"] = max(seen.reduced_chi2 for seen in edges.values())
    for key in (*_BEAMS, "rise"):
        lab.calibration.put(f"delays.{key}_ns", found[f"{key}_ns"], found[f"{key}_ns_err"])
    yield Estimate(dict(found))
    return found


# ---- pulses ----------------------------------------------------------------------------------------------------------


def _pulses(lab: Lab, seconds: float, chi2: float) -> Stream[dict[str, float]]:
    late: list[LatePulse] = []
    found: dict[str, float] = {}
    for k, coil in enumerate(_COILS):
        seen = yield from measured_late(lab, coil, seconds)
        late.append(seen)
        found |= {f"mw_{coil}_ns": seen.delay_ns, f"mw_{coil}_ns_err": seen.delay_err_ns}
        yield Progress(0.4 + 0.3 * (k + 1), f"microwave {seen.delay_ns:.1f}({seen.delay_err_ns:.1f}) ns behind {coil}")
    found["mw_ns"], found["mw_ns_err"], apart = _mean(*((seen.delay_ns, seen.delay_err_ns) for seen in late))
    if apart > _APART_SIGMA:
        lab.notes.append(
            f"The lines shift and gradient act at different times: the microwave comes {late[0].delay_ns:.1f} ns "
            f"behind the one and {late[1].delay_ns:.1f} ns behind the other, {apart:.0f} sigma apart"
        )
    found["reduced_chi2"] = max(chi2, *(seen.reduced_chi2 for seen in late))
    lab.calibration.put("delays.mw_ns", found["mw_ns"], found["mw_ns_err"])
    yield Estimate(dict(found))
    return found


# ---- what it means ---------------------------------------------------------------------------------------------------


def _mean(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float, float]:
    """Weighted mean, its error, and how many sigma the two lie apart; the error grows if that is more than 1."""
    weight = np.array([one[1], other[1]]) ** -2.0
    mean = float(np.average([one[0], other[0]], weights=weight))
    apart = abs(one[0] - other[0]) / float(np.hypot(one[1], other[1]))
    return mean, max(1.0, apart) * float(np.sum(weight)) ** -0.5, apart


def _said(found: dict[str, float]) -> str:
    keys = ("pump_ns", "depletion_ns", "pump_rise_ns", "depletion_rise_ns", "mw_ns")
    said = [
        f"{key.removesuffix('_ns').replace('_', ' ')} {found[key]:.1f}({found[f'{key}_err']:.1f}) ns"
        for key in keys
        if key in found
    ]
    return ", ".join(said)


def programs(_plan: DelaysPlan, wiring: Wiring) -> list[Program]:
    """One window of each beam, and a half turn that each coil cuts short, of usual lengths."""
    tick_ns = wiring.tick_ns
    light = [edge_program(beam, 0, tick_ns) for beam in _BEAMS]
    pulse, begin, end = (nearest_ns(ns, tick_ns) // tick_ns for ns in (400, 200, 700))
    return [*light, *(cut_program(coil, pulse, (begin, end), tick_ns) for coil in _COILS)]


EXPERIMENT: Final = Experiment(
    name="delays",
    description="how late light and microwave act after their lines, and how the light rises",
    plan=DelaysPlan,
    function=delays,
    columns=COLUMNS,
    programs=programs,
    headline=(Quantity("pump_ns", "delay of the pump", "ns"), Quantity("mw_ns", "delay of the microwave", "ns")),
    concludes=("pump_ns", "depletion_ns", "mw_ns"),
    calibrates=("delays",),
    figure="labctl.figures.experiments.delays:figure",
    docks=("Sequence",),
)
