"""Stands in for `rabi`, which has a figure: an oscillation of known frequency."""

import math
from dataclasses import dataclass

from sequences.core.experiment import Experiment
from sequences.results import Column, Point

COLUMNS = (Column("duration_ns", "pulse length", "ns"), Column("signal", "signal", "", ("duration_ns",)))


@dataclass(frozen=True)
class RabiPlan:
    steps: int = 12


@dataclass(frozen=True)
class RabiResult:
    rabi_mhz: float
    pi_half_ns: int


def rabi(lab, plan):
    for k in range(plan.steps):
        lab.clock.sleep(1.0)
        yield Point({"duration_ns": 100.0 * k, "signal": 1 + 0.1 * math.cos(2e-3 * math.pi * 1.25 * 100 * k)})
    return RabiResult(1.25, 200)


EXPERIMENT = Experiment(
    name="rabi",
    description="a rabi for tests",
    plan=RabiPlan,
    function=rabi,
    columns=COLUMNS,
    figure="labctl.figures.experiments.rabi:figure",
)
