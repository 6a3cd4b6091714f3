"""Limits of station.yaml on a plan, before anything is opened: which one holds for a field, its type says."""

import dataclasses
import inspect
import math
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field
from toy import InnerPlan, ToyPlan

import sequences
from labctl.common.refusals import Refusal
from labctl.config.station_file import read_station
from labctl.plans.catalogue import ENTRIES
from labctl.plans.parse import keys_of
from labctl.report.plan_overview import check_limits
from labctl.safety.limits import beyond_limits, used
from sequences.calibrate import CalibratePlan
from sequences.core.plan_limits import LimitedBy, Sets, driving
from sequences.pulses.program import Program

pytestmark = pytest.mark.unit

FILE = read_station(Path(__file__).parents[2] / "station.yaml")
LIMITS = FILE.limits()
Pulsed = Annotated[float, LimitedBy("pulsed_a")]
Carrier = Annotated[float, LimitedBy("microwave_dbm"), Field(ge=-60)]
Doughnut = Annotated[float, LimitedBy("depletion_mw")]


def plan_with(name: str, hint: Any, value: Any) -> Any:
    return dataclasses.make_dataclass("UserPlan", [(name, hint)], frozen=True)(value)


def plans() -> list[type[Any]]:
    """Every plan that a module of sequences/ defines, in the catalogue or not, and the plans of the catalogue."""
    found = {entry.plan for entry in ENTRIES.values()}
    for module in pkgutil.walk_packages(sequences.__path__, "sequences."):
        for name, one in inspect.getmembers(import_module(module.name), inspect.isclass):
            if name.endswith("Plan") and dataclasses.is_dataclass(one):
                found.add(one)
    return sorted(found, key=lambda plan: plan.__qualname__)


def test_limits_of_the_station_hold_for_a_plan_and_for_plans_in_it():
    assert beyond_limits(ToyPlan(), LIMITS) == []
    assert beyond_limits(ToyPlan(inner=InnerPlan(200.0)), LIMITS) == [
        "inner.green_mw = 200 is beyond the station's limits.green_mw = 100"
    ]


@pytest.mark.parametrize("plan", plans())
def test_every_field_of_every_plan_that_drives_something_names_its_limit(plan):
    assert [f"{plan.__name__}.{one.name}: {one.fault}" for one in driving(plan) if one.fault] == []
    inner = {type(value) for value in vars(plan()).values() if dataclasses.is_dataclass(value)}
    assert inner <= set(plans())


def test_the_plans_of_the_catalogue_have_the_limits_that_they_had():
    found = {(one.name, *one.limits) for plan in plans() for one in driving(plan) if one.limits}
    assert found >= {
        ("power_dbm", "microwave_dbm"),
        ("shift_a", "pulsed_a"),
        ("gradient_a", "pulsed_a"),
        ("doughnut_mw", "depletion_mw"),
        ("coarse_mw", "depletion_mw"),
        ("fine_mw", "depletion_mw"),
    }


@pytest.mark.parametrize(
    ("name", "hint", "value", "allowed"),
    [
        ("power_dbm", Carrier, 10.0, True),
        ("power_dbm", Carrier, 10.5, False),
        ("power_dbm", Carrier, -math.inf, True),
        ("bias_a", Pulsed, -0.1, True),
        ("bias_a", Pulsed, -0.11, False),
        ("bias_a", Pulsed, math.nan, False),
        ("probe_mw", Doughnut, 1201.0, False),
        ("probe_mw", Doughnut | None, None, True),
        ("probe_mw", Doughnut | None, 1201.0, False),
        ("each_mw", tuple[Doughnut, ...], (1.0, 1201.0), False),
        ("each_mw", Annotated[dict[str, float], LimitedBy("depletion_mw")], {"left": 1201.0}, False),
        ("coil_a", Annotated[tuple[float, ...], LimitedBy("trim_a")], (0.1, -0.2), True),
        ("main_a", Annotated[tuple[float, ...], LimitedBy("main_a")], (0.1, -0.99), False),
        ("slope_a_per_us", Annotated[float, LimitedBy("pulsed_a_per_us")], 1.3, False),
        ("seconds_per_v", float, 1e6, True),
        ("shift_mt_per_a", float, 1e6, True),
        ("doughnut_nm", float, 1e6, True),
    ],
)
def test_the_type_of_a_field_says_which_limit_holds(name, hint, value, allowed):
    faults = beyond_limits(plan_with(name, hint, value), LIMITS)
    assert (faults == []) is allowed
    assert all(fault.startswith(f"{name} = ") for fault in faults)
    assert all("is beyond the station's limits." in fault for fault in faults)


@pytest.mark.parametrize(
    "name", ["doughnut_mw", "shift_a", "main_a", "power_dbm", "shift_ma", "green_w", "powers_mw", "gate_v", "piezo_mV"]
)
@pytest.mark.parametrize("hint", [float, Any, tuple[float, ...], float | None])
def test_what_drives_something_and_has_no_limit_is_refused_whoever_wrote_the_plan(name, hint):
    plan = plan_with("part", Any, plan_with(name, hint, 1e-9))
    (fault,) = FILE.bounds().faults(plan)
    assert fault.startswith(f"part.{name} = 1e-09: no limit of station.yaml holds for it, so it is not set: ")
    assert "LimitedBy(…) of sequences.core.plan_limits" in fault


def test_a_limit_in_another_unit_holds_for_nothing():
    (fault,) = beyond_limits(plan_with("shift_ma", Pulsed, 1.0), LIMITS)
    assert fault == (
        "shift_ma = 1.0: its limit, limits.pulsed_a of station.yaml, is in another unit, so it is not set: take that"
    )


def test_what_stands_in_a_list_of_plans_is_checked_too():
    steps = (plan_with("probe_mw", Doughnut, 1.0), plan_with("probe_mw", Doughnut, 1300.0))
    (fault,) = beyond_limits(plan_with("steps", Any, steps), LIMITS)
    assert fault == "steps.probe_mw = 1300 is beyond the station's limits.depletion_mw = 1200"


def test_a_limit_that_station_yaml_does_not_have_is_refused_where_the_plan_is_written():
    with pytest.raises(ValueError, match=r"there is no limit 'laser_mw' in station.yaml; take one of main_a, trim_a"):
        LimitedBy("laser_mw")


def test_a_users_plan_is_refused_before_anything_is_opened_and_the_range_is_told_as_ever():
    with pytest.raises(Refusal, match=r"--set probe_mw = 1\.0: no limit of station\.yaml holds for it"):
        check_limits(ENTRIES["odmr"], plan_with("probe_mw", float, 1.0), FILE)
    key = {key.name: key for key in keys_of(CalibratePlan)}["gradient_a"]
    assert (key.limits, key.unit, key.hint) == ("0.01 to 0.1", "A", float)


def test_what_a_plan_sets_is_known_beforehand_by_its_types_alone():
    lit = Program("lit", 100).then(500, "pump", "depletion", "gradient").then(500)
    other = dataclasses.make_dataclass(
        "UserPlan",
        [
            ("ring_mw", Doughnut, 300.0),
            ("share", Annotated[float, Sets("pump_efficiency")], 0.5),
            ("wire_a", Annotated[float, LimitedBy("pulsed_a"), Sets("gradient_a")], -0.05),
        ],
    )
    same = CalibratePlan(doughnut_mw=300.0, pump_efficiency=0.5, gradient_a=0.05)
    found, wanted = (used([(plan, [lit])], LIMITS, FILE.paths()) for plan in (other(), same))
    assert found == wanted
    assert {one.what: one.is_known for one in found}["heat in the gradient coil"]
    assert {one.what: one.least for one in found}["doughnut light at the sample"] == pytest.approx(75.0)
