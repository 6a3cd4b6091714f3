"""A small experiment for tests of the application: counts rising with a voltage, with a part of its own."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field

from sequences.core.experiment import NO_FIGURE, Experiment
from sequences.core.plan_limits import LimitedBy
from sequences.pulses.program import Program
from sequences.results import Column, Point, Progress, SequenceError, child

COLUMNS = (
    Column("voltage_v", "voltage", "V"),
    Column("counts", "counts", "", ("voltage_v",)),
    Column("counts_err", "their shot noise", "", ("voltage_v",)),
)


@dataclass(frozen=True)
class InnerPlan:
    """A plan within a plan."""

    green_mw: Annotated[float, LimitedBy("green_mw"), Field(gt=0, le=1000)] = 10.0
    """Power of the light."""


@dataclass(frozen=True)
class ToyPlan:
    """What to measure."""

    points: Annotated[int, Field(ge=1, le=100_000)] = 5
    """Number of voltages."""
    span_mt: Annotated[float, Field(gt=0, le=10)] = 1.0
    """Highest field; a volt makes a millitesla."""
    shape: Literal["line", "step"] = "line"
    """Law of the counts."""
    times_us: tuple[float, ...] = (1.0, 2.0)
    """Evolution times."""
    limit: float | None = None
    """Stop above so many counts."""
    parts: Annotated[int, Field(ge=0, le=100)] = 1
    """Runs within this one."""
    ends: Literal["well", "badly", "wrongly", "by hand"] = "well"
    """How it ends."""
    inner: InnerPlan = InnerPlan(green_mw=20.0)

    @property
    def duration_s(self) -> float:
        """Expected."""
        return 0.5 * self.points


@dataclass(frozen=True)
class ToyResult:
    slope_per_v: float
    slope_per_v_err: float
    voltages_v: tuple[float, ...]


def programs(plan, wiring):
    """Its only program."""
    return [Program("toy", wiring.tick_ns).then(100 * plan.points, "pump").then(500, "pump", "gate_signal")]


def part(lab, plan):
    for k in range(plan.points):
        voltage = plan.span_mt * k / plan.points
        lab.clock.sleep(0.5)
        yield Point({"voltage_v": voltage, "counts": 100 * voltage, "counts_err": 10 * voltage**0.5})
        yield Progress((k + 1) / plan.points, f"slope {100 + k}(1) 1/V")
    return ToyResult(100.0, float("nan"), tuple(plan.span_mt * k / plan.points for k in range(plan.points)))


def toy(lab, plan):
    try:
        for _ in range(plan.parts):
            yield from child("part", plan, part(lab, plan))
        lab.calibration.put("toy.slope", 100.0, 1.0)
        lab.notes.append("measured twice")
        if plan.ends == "badly":
            raise SequenceError("The counts fell to 3", "Look at the shutter", counts=3.0)
        if plan.ends == "wrongly":
            raise ZeroDivisionError("division by zero")
        if plan.ends == "by hand":
            raise KeyboardInterrupt
        return (yield from part(lab, plan))
    finally:
        lab.notes.append("left safe")


EXPERIMENT = Experiment(
    name="toy",
    description="a toy for tests",
    plan=ToyPlan,
    function=toy,
    columns=COLUMNS,
    programs=programs,
    figure=NO_FIGURE,
)
PART = replace(EXPERIMENT, name="part", description="a part for tests", function=part)
