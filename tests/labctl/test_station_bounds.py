"""The range of a plan's key at one station, and which limit is named when it is left."""

from pathlib import Path

import pytest

from labctl.common.value_errors import bounds_words
from labctl.config.station_file import read_station
from labctl.plans.catalogue import ENTRIES
from labctl.plans.parse import known_keys, plan_of
from labctl.safety.limits import Bounds, programs_beyond

FILE = read_station(Path(__file__).parents[2] / "station.yaml")
LIMITS = FILE.limits().model_copy(update={"depletion_mw": 600.0})
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
    assert bounds_words(BOUNDS.narrowed(known_keys(ENTRIES[sequence].plan)[key])) == words


def test_a_current_is_limited_to_both_sides():
    station = Bounds(LIMITS.model_copy(update={"pulsed_a": 0.08}), 100)
    assert bounds_words(station.narrowed(known_keys(ENTRIES["rabi"].plan)["shift_a"])) == "-0.08 to -0.05"


@pytest.mark.parametrize(
    ("text", "words"), [("2500", "depletion_mw = 600"), ("601", "depletion_mw = 600"), ("x", ""), ("5", "")]
)
def test_a_value_beyond_both_names_the_limit_that_holds(text, words):
    key = known_keys(ENTRIES["engine"].plan)["doughnut_mw"]
    assert words in BOUNDS.beyond(key, text)
    assert bool(BOUNDS.beyond(key, text)) is bool(words)


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
    engine = ENTRIES["engine"]
    strong = engine.plan(doughnut_mw=FILE.limits().depletion_mw)
    assert programs_beyond(engine.parts(strong, FILE.wiring()), FILE.limits(), FILE.paths()) == []
    weak = FILE.limits().model_copy(update={"sample_doughnut_mw": 450.0})
    for fault in programs_beyond(engine.parts(strong, FILE.wiring()), weak, FILE.paths()):
        assert "count under the doughnut" not in fault
        assert "limits.sample_doughnut_mw = 450" in fault
    assert [p.name for p in engine.programs(strong, FILE.wiring())] == [
        program.name for _, played in engine.parts(strong, FILE.wiring()) for program in played
    ]
