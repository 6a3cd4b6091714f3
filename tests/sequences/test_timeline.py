"""A program as text and as a picture."""

import pytest
from matplotlib.figure import Figure

from sequences.pulses.library import cw_odmr
from sequences.pulses.program import LINES, Program
from sequences.pulses.timeline import as_text, draw

pytestmark = pytest.mark.unit

ODMR = """\
cw odmr: 200 us
         0.0 us       10.0 us  pump mw_x
        10.0 us       90.0 us  pump mw_x gate_signal
       100.0 us       10.0 us  pump
       110.0 us       90.0 us  pump gate_reference"""

SHOT = """\
shot: 9.1 us
         0.0 us        6.0 us  pump shift
         6.0 us        1.0 us  shift
         7.0 us        0.2 us  mw_x shift
         7.2 us        0.3 us  -
         7.5 us        1.6 us  pump shift gate_signal"""


def shot():
    pumped = Program("shot", 100).then(6_000, "pump", "shift").then(500, "shift").then(500, "shift")
    return pumped.then(200, "shift", "mw_x").then(300).then(1_600, "gate_signal", "shift", "pump")


def test_text_of_a_spectrum():
    assert as_text(cw_odmr(100)) == ODMR


def test_text_joins_equal_neighbours_and_names_lines_in_the_order_of_the_port():
    assert as_text(shot()) == SHOT


def test_text_of_nothing_is_its_name():
    assert as_text(Program("nothing", 100)) == "nothing: 0 us"


def test_picture_has_a_box_for_every_line_of_every_interval():
    axes = Figure().add_subplot()
    draw(shot(), axes)
    assert len(axes.patches) == sum(len(interval.lines) for interval in shot().merged())
    assert [label.get_text() for label in axes.get_yticklabels()] == list(LINES)
    assert {text.get_text() for text in axes.texts} == {"6", "1", "0.2", "0.3", "1.6"}
    widths = {round(patch.get_width(), 6) for patch in axes.patches}
    assert round(200**0.5, 6) in widths
    assert "9.1 us" in axes.get_title()


def test_a_finer_grid_is_told_to_the_last_nanosecond():
    program = Program("fine", 1).then(1_234_567, "pump").then(37, "mw_x")
    assert as_text(program).splitlines() == [
        "fine: 1234.604 us",
        "       0.000 us   1234.567 us  pump",
        "    1234.567 us      0.037 us  mw_x",
    ]
    axes = Figure().add_subplot()
    draw(program, axes)
    assert {text.get_text() for text in axes.texts} == {"1234.567", "0.037"}
