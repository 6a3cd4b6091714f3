"""Program -> bits -> program, by any wiring; and a few words of bits as the card must get them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequences.pulses.compile import compiled, decompiled
from sequences.pulses.program import LINES, Program, PulseError

STATION = {line: k for k, line in enumerate(LINES)}
wirings = st.permutations(range(8)).map(lambda order: dict(zip(LINES, order, strict=True)))
steps = st.lists(st.tuples(st.integers(1, 30), st.sets(st.sampled_from(LINES))), min_size=1, max_size=12)


def test_golden_bits():
    program = Program("p").then(200, "pump").then(100).then(300, "mw_x", "shift").then(100, "pump", "gate_signal")
    assert compiled(program, STATION).tolist() == [0b1, 0b1, 0, 0b10100, 0b10100, 0b10100, 0b1000001]


def test_the_wiring_decides_which_bit_a_role_is():
    program = Program("p").then(100, "pump")
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
        compiled(Program("nothing"), STATION)
