"""Whether every pulse line drives what station.yaml says.

Light, gates, microwave and coils are told apart at zero field, before anything is aligned (`checks.pulse_lines`). The
quadratures of the microwave differ only in their order: that needs calibrated pulses on the frozen pair.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from sequences.analysis.pair.oscillation import Segment, z_after
from sequences.core.experiment import Experiment, Quoted
from sequences.core.lab import Lab
from sequences.core.station import Wiring
from sequences.pulses.grid import nearest_ns
from sequences.pulses.program import LINES, Program
from sequences.results import Column, Point, Progress, SequenceError, Stream
from sequences.routines.bench import controls
from sequences.routines.bench.calibrated_bench import calibrated, set_field, set_pulses
from sequences.routines.checks.pulse_lines import COLUMNS as LINE_COLUMNS
from sequences.routines.checks.pulse_lines import MICROWAVE_TIMES, LinesSeen, check_lines
from sequences.routines.pair.frozen import shot

COLUMNS: Final = (
    *LINE_COLUMNS,
    Column("x_first", "order of the quadratures: 1 x then y, 0 y then x", ""),
    Column("ratio", "signal / reference", "", ("x_first",)),
    Column("ratio_err", "its shot noise", "", ("x_first",)),
)
_ORDER_WAIT_NS: Final = 600
_ORDER_SIGMA: Final = 6.0


@dataclass(frozen=True)
class WiringPlan:
    """What to test, and how long."""

    stage: Literal["all", "lines", "quadratures"] = "all"
    """lines: everything that needs no field (it is ramped to zero); quadratures: the order of mw_x and mw_y, on the
    pulses that `rabi` calibrated; all: lines, and the quadratures if they are calibrated."""
    point_s: Annotated[float, Field(ge=0.05, le=60)] = 0.5
    """Counting time of each of some 40 points; those with the microwave take eight times as long."""


@dataclass(frozen=True)
class WiringResult:
    """What was found in order."""

    verified: tuple[str, ...]
    """Roles that drive what they should."""
    unverified: tuple[str, ...]
    """Roles that have not been told apart from one another: mw_x and mw_y before `rabi`."""
    light_cps: float
    """Under the green laser; 0 if not tested."""
    dark_cps: float
    """With all light off; 0 if not tested."""
    microwave_contrast: float
    """Share of the light that the microwave takes at zero field; 0 if not tested. No unit."""
    order_sigma: float
    """By how much the order of the two quadratures is the right one; 0 if not tested. In sigma."""


def wiring(lab: Lab, plan: WiringPlan) -> Stream[WiringResult]:
    """Raise the lines one by one. Raises SequenceError naming the lines that are swapped or dead."""
    quadratures_too = plan.stage == "quadratures" or (plan.stage == "all" and _pulses_calibrated(lab))
    seen, order_sigma = LinesSeen(0.0, 0.0, 0.0), 0.0
    verified: list[str] = []
    with controls.left_safe(lab):
        if plan.stage != "quadratures":
            seen = yield from check_lines(lab, plan.point_s)
            verified += [role for role in LINES if role not in ("mw_x", "mw_y")]
        if quadratures_too:
            order_sigma = yield from _quadratures(lab, plan.point_s)
            verified += ["mw_x", "mw_y"]
    yield Progress(1.0, f"verified: {', '.join(verified)}")
    unverified = tuple(role for role in LINES if role not in verified)
    return WiringResult(tuple(verified), unverified, seen.light_cps, seen.dark_cps, seen.contrast, order_sigma)


def _pulses_calibrated(lab: Lab) -> bool:
    return lab.calibration.get("microwave.pi_half_ns") is not None


def _quadratures(lab: Lab, seconds: float) -> Stream[float]:
    """Ramsey with x then y, and y then x, off resonance by a quarter turn: one leads to |0>, the other to |1>.

    Returns by how many sigma the order is the right one.
    """
    set_field(lab)
    controls.coils_off(lab)
    set_pulses(lab)
    controls.pump(lab)
    quarter_ns = round(calibrated(lab, "microwave.pi_half_ns"))
    wait_ns = lab.whole_ticks(_ORDER_WAIT_NS)
    offset_hz = -0.25e9 / wait_ns
    line_hz = lab.calibration.get("microwave.collective_hz")
    about_hz = line_hz.value if line_hz else calibrated(lab, "microwave.frozen_hz")
    controls.carrier(lab, about_hz + offset_hz, calibrated(lab, "microwave.pi_half_dbm"))
    score = variance = 0.0
    for first, second in (("x", "y"), ("y", "x")):
        segments = [Segment(quarter_ns, first), Segment(wait_ns), Segment(quarter_ns, second)]
        seen = shot(lab, segments, MICROWAVE_TIMES * seconds)
        yield Point({"x_first": float(first == "x"), "ratio": seen.ratio, "ratio_err": seen.error})
        expected = float(z_after(segments, 0.25e3 / quarter_ns, -offset_hz))
        score, variance = score + expected * seen.ratio, variance + (expected * seen.error) ** 2
    sigma = score / variance**0.5
    yield Progress(0.98, f"x before y by {sigma:+.0f} sigma")
    if sigma < -_ORDER_SIGMA:
        _refuse_order(lab)
    if sigma < _ORDER_SIGMA:
        raise SequenceError(
            f"The two quadratures cannot be told apart: their order shows by {sigma:+.1f} sigma only",
            "Run labctl run rabi again; if it is well, one of the lines mw_x and mw_y is dead",
            order_sigma=sigma,
        )
    return float(sigma)


def _refuse_order(lab: Lab) -> None:
    x, y = lab.wiring.lines["mw_x"], lab.wiring.lines["mw_y"]
    raise SequenceError(
        f"Lines are swapped: mw_x (line {x}) and mw_y (line {y}): a quarter turn about x leads one about y wrongly",
        f"Correct wiring.lines in station.yaml (mw_x: {y}, mw_y: {x}) or the cables; if these are right, the polarity "
        "of the shift coil is reversed, which freezes the pair beyond the level crossing",
        swapped="mw_x mw_y",
    )


def programs(_plan: WiringPlan, wiring: Wiring) -> list[Program]:
    """Lines alone, with the light on: those that load antenna and coils most."""
    lines = ("mw_x", "mw_y", "shift", "gradient")
    long_ns = nearest_ns(100_000, wiring.tick_ns)
    return [Program(f"{line} alone", wiring.tick_ns).then(long_ns, "pump", line) for line in lines]


def _in_words(result: Mapping[str, Any], _quoted: Quoted) -> str:
    return f"{len(result.get('verified') or ())} verified, {len(result.get('unverified') or ())} not"


EXPERIMENT: Final = Experiment(
    name="wiring",
    description="check that every pulse line drives what station.yaml says",
    plan=WiringPlan,
    function=wiring,
    columns=COLUMNS,
    programs=programs,
    in_words=_in_words,
    figure="labctl.figures.experiments.wiring:figure",
    docks=("Sequence",),
)
