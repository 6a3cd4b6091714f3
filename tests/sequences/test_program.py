"""A pulse program is a value: whole ticks, known lines, nothing changed in place."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequences.pulses.program import LINES, Interval, Program, PulseError, joined

pytestmark = pytest.mark.unit

lines = st.sets(st.sampled_from(LINES))
steps = st.lists(st.tuples(st.integers(1, 50), lines), min_size=1, max_size=12)


def built(parts, tick_ns=100):
    program = Program("made", tick_ns)
    for ticks, high in parts:
        program = program.then(ticks * tick_ns, *high)
    return program


@pytest.mark.parametrize("duration_ns", [0, -100, 50, 150, 99])
def test_a_duration_off_the_grid_is_refused_where_it_is_written(duration_ns):
    with pytest.raises(PulseError, match=f"{duration_ns} ns is not a whole number of 100 ns ticks") as refusal:
        Program("odd", 100).then(duration_ns, "pump")
    assert (refusal.value.value_ns, refusal.value.tick_ns) == (duration_ns, 100)


def test_an_unknown_line_is_refused_with_the_list():
    with pytest.raises(PulseError, match=r"unknown line 'laser'.*pump, depletion"):
        Program("odd", 100).then(100, "pump", "laser")


def test_different_ticks_do_not_mix():
    with pytest.raises(PulseError, match="'b' has 10 ns"):
        Program("a", 100).then(100) + Program("b", 10).then(10)


def test_then_leaves_the_shorter_program_alone():
    short = Program("p", 100).then(100, "pump")
    longer = short.then(200, "shift")
    assert short.intervals == (Interval(100, frozenset({"pump"})),)
    assert longer.duration_ns == 300


@given(steps)
def test_durations_add_up(parts):
    program = built(parts)
    assert program.duration_ns == 100 * sum(ticks for ticks, _ in parts)
    for line in LINES:
        assert program.time_high_ns(line) == 100 * sum(ticks for ticks, high in parts if line in high)


@given(steps)
def test_merging_joins_equal_neighbours_and_changes_nothing_else(parts):
    program = built(parts)
    merged = list(program.merged())
    assert sum(interval.duration_ns for interval in merged) == program.duration_ns
    assert all(a.lines != b.lines for a, b in pairwise(merged))
    unrolled = [i.lines for i in program.intervals for _ in range(i.duration_ns // 100)]
    assert [i.lines for i in merged for _ in range(i.duration_ns // 100)] == unrolled


@given(steps, steps)
def test_joining_is_playing_one_after_the_other(first, second):
    one, two = built(first), built(second)
    both = joined("both", [one, two])
    assert both.name == "both"
    assert both.intervals == (one + two).intervals == one.intervals + two.intervals


@given(steps, lines)
def test_lines_can_be_held_high_throughout(parts, held):
    program = built(parts)
    raised = program.with_lines(*held)
    assert all(b.lines == a.lines | held for a, b in zip(program.intervals, raised.intervals, strict=True))
    assert raised.duration_ns == program.duration_ns
