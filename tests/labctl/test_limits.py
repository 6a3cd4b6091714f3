"""Limits of station.yaml on a plan, before anything is opened."""

import dataclasses
from types import SimpleNamespace

import pytest
from toy import InnerPlan, ToyPlan

from labctl.limits import beyond_limits

LIMITS = SimpleNamespace(microwave_dbm=10.0, green_mw=100.0, depletion_mw=600.0, pulsed_a=0.1, trim_a=0.2, main_a=0.98)


def test_limits_of_the_station_hold_for_a_plan_and_for_plans_in_it():
    assert beyond_limits(ToyPlan(), LIMITS) == []
    assert beyond_limits(ToyPlan(inner=InnerPlan(200.0)), LIMITS) == [
        "inner.green_mw = 200 is beyond the station's limits.green_mw = 100"
    ]


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("power_dbm", 10.0, True),
        ("power_dbm", 10.5, False),
        ("shift_a", -0.1, True),
        ("shift_a", -0.11, False),
        ("doughnut_mw", 601.0, False),
        ("powers_mw", 1e6, True),
        ("main_a", (0.1, -0.99), False),
    ],
)
def test_which_limit_holds_for_which_name(name, value, allowed):
    plan = dataclasses.make_dataclass("Plan", [name])(value)
    assert (beyond_limits(plan, LIMITS) == []) is allowed
