"""Program -> pattern -> words -> program, by any wiring; and a few words of bits as the card must get them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.pulse_generator import words as played_by_the_card
from sequences.pulses import compile as pulses
from sequences.pulses.program import LINES, Program, PulseError

pytestmark = pytest.mark.unit

STATION = {line: k for k, line in enumerate(LINES)}
wirings = st.permutations(range(8)).map(lambda order: dict(zip(LINES, order, strict=True)))


def compiled(program, lines, ahead=None):
    """As words, a word a tick, as the NI card gets them."""
    pattern = pulses.compiled(program, lines, ahead)
    assert all(one[1] != other[1] for one, other in pairwise(pattern)), "equal neighbours are one interval"
    return played_by_the_card(pattern)


def decompiled(bits, lines, tick_ns):
    return pulses.decompiled(tuple((1, int(word)) for word in bits), lines, tick_ns)


steps = st.lists(st.tuples(st.integers(1, 30), st.sets(st.sampled_from(LINES))), min_size=1, max_size=12)


def test_golden_bits():
    program = Program("p", 100).then(200, "pump").then(100).then(300, "mw_x", "shift").then(100, "pump", "gate_signal")
    assert compiled(program, STATION).tolist() == [0b1, 0b1, 0, 0b10100, 0b10100, 0b10100, 0b1000001]


def test_the_wiring_decides_which_bit_a_role_is():
    program = Program("p", 100).then(100, "pump")
    assert compiled(program, STATION | {"pump": 5, "gradient": 0}).tolist() == [1 << 5]


@given(steps, wirings, st.sampled_from([10, 100]))
def test_what_is_played_is_what_was_written(parts, wiring, tick_ns):
    program = Program("p", tick_ns)
    for ticks, high in parts:
        program = program.then(ticks * tick_ns, *high)
    bits = compiled(program, wiring)
    assert bits.dtype == np.uint32
    assert len(bits) * tick_ns == program.duration_ns
    again = decompiled(bits, wiring, tick_ns)
    assert again.intervals == tuple(program.merged())
    assert np.array_equal(compiled(again, wiring), bits)


@given(st.lists(st.integers(0, 255), min_size=1, max_size=40), wirings)
def test_any_bits_are_some_program(words, wiring):
    bits = np.array(words, dtype=np.uint32)
    assert np.array_equal(compiled(decompiled(bits, wiring, 100), wiring), bits)


def test_an_empty_program_is_refused():
    with pytest.raises(PulseError, match="'nothing' is empty"):
        compiled(Program("nothing", 100), STATION)


early = st.dictionaries(st.sampled_from(LINES), st.integers(-5, 5), max_size=4)


def written(parts):
    program = Program("p", 100)
    for ticks, high in parts:
        program = program.then(ticks * 100, *high)
    return program.then(600)


@given(steps, wirings)
def test_ahead_by_nothing_is_as_written(parts, wiring):
    program = written(parts)
    none = dict.fromkeys(LINES, 0)
    assert np.array_equal(compiled(program, wiring, none), compiled(program, wiring))
    assert np.array_equal(compiled(program, wiring, {}), compiled(program, wiring))


@given(steps, wirings, early)
def test_every_line_is_turned_about_the_repeat_by_its_own_ticks(parts, wiring, ahead):
    """Ahead by n in each of many repeats: the line is at tick k as it was written for tick k + n."""
    program = written(parts)
    plain, played = compiled(program, wiring), compiled(program, wiring, ahead)
    for role, line in wiring.items():
        before, after = (bits >> np.uint32(line) & np.uint32(1) for bits in (plain, played))
        n = ahead.get(role, 0)
        assert after.sum() == before.sum()
        assert all(after[k] == before[(k + n) % len(before)] for k in range(len(before)))


@given(steps, wirings, early)
def test_what_was_played_ahead_can_be_put_back(parts, wiring, ahead):
    program = written(parts)
    played = decompiled(compiled(program, wiring, ahead), wiring, 100)
    back = compiled(played, wiring, {role: -n for role, n in ahead.items()})
    assert np.array_equal(back, compiled(program, wiring))


def test_golden_bits_of_a_line_that_is_ahead():
    program = Program("p", 100).then(200, "pump").then(200).then(100, "gate_signal")
    assert compiled(program, STATION, {"pump": 1}).tolist() == [1, 0, 0, 0, 0b1000001]


def test_a_program_shorter_than_a_delay_is_refused():
    program = Program("short", 100).then(300, "pump").then(100)
    with pytest.raises(PulseError, match=r"'short' lasts 400 ns: too short for the line pump, .* 400 ns ahead"):
        compiled(program, STATION, {"pump": 4})
    assert len(compiled(program, STATION, {"mw_x": 4})) == 4, "a line that is never raised needs no room"


@pytest.mark.parametrize("low_at_end", [(), ("gate_reference",), LINES])
def test_what_would_count_on_until_the_lines_are_lowered_is_low_in_a_last_tick(low_at_end):
    program = Program("open", 100).then(300, "pump").then(500, "pump", "shift", "gate_reference")
    played = pulses.decompiled(pulses.compiled(program, STATION, low_at_end=low_at_end), STATION, 100)
    last = Program("last", 100).then(100, *({"pump", "shift", "gate_reference"} - set(low_at_end)))
    assert played.intervals == (program + last if low_at_end else program).intervals
    closed = program.then(100, "shift")
    assert pulses.compiled(closed, STATION, low_at_end=("gate_reference",)) == pulses.compiled(closed, STATION)
