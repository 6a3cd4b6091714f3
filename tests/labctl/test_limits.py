"""Limits of station.yaml on a plan, before anything is opened."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
from toy import InnerPlan, ToyPlan

from labctl.catalogue import ENTRIES
from labctl.faults import bounds_words
from labctl.limits import Bounds, beyond_limits, limit_of, programs_beyond
from labctl.plans import keys_of, known_keys, plan_of
from labctl.station_file import read_station
from sequences.lab import Limits

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
    assert limits <= {field.name for field in dataclasses.fields(Limits)}


BOUNDS = Bounds(LIMITS, 100)


@pytest.mark.parametrize(
    ("sequence", "key", "words"),
    [
        ("engine", "doughnut_mw", "1 to 600"),  # the plan has 2000, the station less
        ("locate", "fine_mw", "above 0, at most 600"),
        ("odmr", "power_dbm", "-60 to 10"),
        ("engine", "hours", "0.02 to 100"),
        ("rabi", "shift_a", "-0.1 to -0.05"),
    ],
)
def test_the_range_of_a_key_is_that_of_this_station(sequence, key, words):
    own = known_keys(ENTRIES[sequence].plan)[key].bounds
    assert bounds_words(BOUNDS.narrowed(key, own)) == words


def test_a_current_is_limited_to_both_sides():
    station = Bounds(SimpleNamespace(pulsed_a=0.08), 100)
    own = known_keys(ENTRIES["rabi"].plan)["shift_a"].bounds
    assert bounds_words(station.narrowed("shift_a", own)) == "-0.08 to -0.05"


@pytest.mark.parametrize(
    ("text", "words"), [("2500", "depletion_mw = 600"), ("601", "depletion_mw = 600"), ("x", ""), ("5", "")]
)
def test_a_value_beyond_both_names_the_limit_that_holds(text, words):
    assert words in BOUNDS.beyond("doughnut_mw", text)
    assert bool(BOUNDS.beyond("doughnut_mw", text)) is bool(words)


@pytest.mark.parametrize("name", ENTRIES)
def test_what_is_no_number_is_beyond_no_limit_and_a_list_may_be_so_long_at_most(name):
    for key in known_keys(ENTRIES[name].plan).values():
        if key.bounds:
            _, faults = plan_of(ENTRIES[name].plan, {key.name: "nan"})
            assert [fault.words.partition(", not")[0] for fault in faults] == ["must be a finite number"], key.name
    _, (fault,) = plan_of(ENTRIES["engine"].plan, {"evolution_us": ",".join(["1"] * 41)})
    assert fault.words.startswith("must have at most 40 values, not 41")


def test_parts_of_the_engine_are_checked_with_their_own_light():
    """The doughnut that the engine cools with is not on while the pair is located."""
    file = read_station(Path(__file__).parents[2] / "station.yaml")
    engine = ENTRIES["engine"]
    strong = engine.plan(doughnut_mw=file.limits().depletion_mw)
    assert programs_beyond(engine.parts(strong, file.wiring()), file.limits(), file.paths()) == []
    weak = dataclasses.replace(file.limits(), sample_doughnut_mw=450.0)
    for fault in programs_beyond(engine.parts(strong, file.wiring()), weak, file.paths()):
        assert "count under the doughnut" not in fault
        assert "limits.sample_doughnut_mw = 450" in fault
    assert [p.name for p in engine.programs(strong, file.wiring())] == [
        program.name for _, played in engine.parts(strong, file.wiring()) for program in played
    ]
