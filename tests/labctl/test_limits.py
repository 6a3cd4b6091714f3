"""Limits of station.yaml on a plan, before anything is opened."""

import dataclasses
from types import SimpleNamespace

import pytest
from toy import InnerPlan, ToyPlan

from labctl.catalogue import ENTRIES
from labctl.limits import beyond_limits, limit_of
from labctl.plans import keys_of
from sequences.station import Limits

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
        ("seconds_per_v", 1e6, True),
        ("shift_coil_a", (0.1, -0.1), True),
        ("main_a", (0.1, -0.99), False),
    ],
)
def test_which_limit_holds_for_which_name(name, value, allowed):
    plan = dataclasses.make_dataclass("Plan", [name])(value)
    assert (beyond_limits(plan, LIMITS) == []) is allowed


@pytest.mark.parametrize("name", ["probe_mw", "bias_a", "shift_ma", "green_w", "powers_mw", "gate_v", "piezo_mv"])
def test_what_drives_something_and_has_no_limit_is_refused(name):
    plan = dataclasses.make_dataclass("Plan", [name])(1e-9)
    (fault,) = beyond_limits(dataclasses.make_dataclass("Outer", ["part"])(plan), LIMITS)
    assert fault.startswith(f"part.{name} = 1e-09: no limit of station.yaml holds for it")


@pytest.mark.parametrize("name", ENTRIES)
def test_every_field_of_every_plan_that_drives_something_names_its_limit(name):
    limits = {limit for key in keys_of(ENTRIES[name].plan) if (limit := limit_of(key.name))}
    assert limits <= set(Limits.model_fields)
