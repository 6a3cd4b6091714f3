"""What is stored as a time is the time that was played: any other is refused where it is written."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labctl.config.station_file import read_station
from labctl.plans.catalogue import ENTRIES
from labctl.safety.limits import Bounds
from labctl.unwired import STATION
from sequences.core.lab import Lab
from sequences.pulses.grid import UNITS_NS, nearest_ns, off_grid, on_grid
from sequences.results import SequenceError

FILE = read_station(STATION)
TICK_NS = FILE.model.wiring.tick_ns
PLAYED = [
    (name, field.name)
    for name, entry in ENTRIES.items()
    for field in dataclasses.fields(entry.plan)
    if field.name.endswith(tuple(UNITS_NS))
]
COUNTED = {"point_s", "pixel_s", "train_s"}
"""Laboratory time of counting, in whole repeats of a program: no number of a result is derived from it."""


def with_time(name, field, value):
    """The plan with one of its durations changed, also where it is a list of them."""
    plan = ENTRIES[name].plan()
    was = getattr(plan, field)
    return dataclasses.replace(plan, **{field: (5.4, value) if isinstance(was, tuple) else type(was)(value)})


def test_durations_are_found_in_every_plan_that_has_some():
    found = {name for name, _ in PLAYED}
    assert found >= {"align", "cool", "engine", "rabi", "relaxometry", "tomography"}
    assert not found & {"wiring", "delays", "odmr", "locate", "calibrate"}
    named = {f.name for entry in ENTRIES.values() for f in dataclasses.fields(entry.plan)}
    assert {name for name in named if name.endswith("_s")} == COUNTED


@pytest.mark.parametrize(("name", "field"), PLAYED)
def test_a_time_off_the_grid_is_refused_where_it_is_written_and_by_the_sequence(name, field):
    unit_ns = UNITS_NS[field[-3:]]
    plan = with_time(name, field, 1140.0 / unit_ns)
    (fault,) = FILE.bounds().faults(plan)
    assert fault.startswith(f"{field} = {1140 / unit_ns:g} is not a whole number of the pulse source's 100 ns ticks")
    assert fault.endswith(f"choose {1100 / unit_ns:g} or {1200 / unit_ns:g}")
    nothing_but_a_grid = Lab(*[SimpleNamespace()] * 10, FILE.wiring(), *[SimpleNamespace()] * 4)
    with pytest.raises(SequenceError, match=f"{field} = .* choose"):
        next(ENTRIES[name].function(nothing_but_a_grid, plan))


@pytest.mark.parametrize("name", ENTRIES)
def test_defaults_are_on_the_grid_and_every_whole_number_of_ticks_is(name):
    assert FILE.bounds().faults(ENTRIES[name].plan()) == []
    for of, field in PLAYED:
        if of == name:
            assert FILE.bounds().faults(with_time(name, field, 1300 / UNITS_NS[field[-3:]])) == []


def test_a_time_shorter_than_a_tick_has_one_neighbour():
    plan = dataclasses.make_dataclass("Plan", ["wait_us"])(0.04)
    assert off_grid(plan, 100) == [
        "wait_us = 0.04 is not a whole number of the pulse source's 100 ns ticks: choose 0.1"
    ]
    inner = dataclasses.make_dataclass("Outer", ["part"])(plan)
    assert off_grid(inner, 200)[0].startswith("part.wait_us = 0.04")


@given(st.floats(1e-3, 1e4), st.sampled_from([100, 200, 300]))
def test_what_is_taken_to_the_grid_is_on_it_and_stays_there(duration_us, tick_ns):
    plan = dataclasses.make_dataclass("Plan", ["wait_us", "waits_us", "pulse_ns"])
    made = on_grid(plan(duration_us, (duration_us, 5.4), 250), tick_ns)
    assert off_grid(made, tick_ns) == []
    assert on_grid(made, tick_ns) == made
    assert isinstance(made.pulse_ns, int)
    assert abs(made.wait_us - duration_us) <= max(0.5e-3 * tick_ns, 1e-3 * tick_ns - duration_us) + 1e-9


def test_times_that_the_model_asks_for_are_those_that_are_played():
    lab = Lab(*[SimpleNamespace()] * 10, FILE.wiring(), *[SimpleNamespace()] * 4)
    wished = np.geomspace(0.05, 1000.0, 200)
    played = [lab.whole_ticks_us(float(us)) for us in wished]
    assert [float(f"{us:.1f}") for us in played] == played
    assert [nearest_ns(us * 1e3, TICK_NS) for us in played] == [lab.whole_ticks(us * 1e3) for us in wished]


def test_the_limits_are_told_beside_the_grid():
    tight = FILE.limits().model_copy(update={"depletion_mw": 10.0})
    plan = dataclasses.replace(ENTRIES["engine"].plan(), evolution_us=(0.14,))
    assert len(Bounds(tight, TICK_NS).faults(plan)) == 2
