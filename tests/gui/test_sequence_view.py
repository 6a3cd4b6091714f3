"""The sequence view: the boxes that are painted against the program, line by line."""

import pickle
from functools import partial

import numpy as np
import pytest
from pyqtgraph.Qt import QtCore, QtTest

from labctl.gui.runs.record import Record, Table
from labctl.gui.views.sequence import SequenceView, shape_of, time_words
from labctl.gui.widgets.theme import DARK, LIGHT, apply
from labctl.run.events import Playing
from sequences.pulses.library import Cycle, Gates, cw_odmr, engine_shot, nominal_reading, pulsed, wait
from sequences.pulses.program import LINES, Program

GATES = Gates(quarter_ns=200, gate_ns=2000, tick_ns=100)
SHOT = pulsed("rabi", wait(400, "mw_x", "shift", tick_ns=100))


def engine(heating_steps, name="engine"):
    cycle = Cycle(75_000, 3000, heating_steps)
    return engine_shot(cycle, GATES, wait(1000, "shift", tick_ns=100), nominal_reading(100), "depletion").named(name)


def playing(program, repeats=1000, status="running"):
    return Record(1, "odmr", {}, Table([]), status=status, playing=Playing(program, repeats), version=1)


def expected_boxes(program, width_of):
    """Line -> from and to, straight from the intervals, neighbours joined."""
    boxes, at = {line: [] for line in LINES}, 0.0
    for interval in program.merged():
        end = at + width_of(interval.duration_ns)
        for line in interval.lines:
            if boxes[line] and boxes[line][-1][1] == pytest.approx(at):
                boxes[line][-1] = (boxes[line][-1][0], end)
            else:
                boxes[line].append((at, end))
        at = end
    return boxes


def assert_boxes(view, program, width_of):
    wanted = expected_boxes(program, width_of)
    assert list(view.boxes.shown) == list(LINES)
    for line, boxes in view.boxes.shown.items():
        np.testing.assert_allclose(np.reshape(boxes, (-1, 2)), np.reshape(wanted[line], (-1, 2)))


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def view(qtbot, request):
    apply(request.param)
    made = SequenceView(request.param)
    qtbot.addWidget(made)
    made.resize(860, 280)
    made.show()
    return made


def ticks(view):
    """Places and texts under the time axis."""
    return view.item.getAxis("bottom")._tickLevels[0]


@pytest.mark.parametrize("program", [cw_odmr(100), SHOT, engine(0), engine(50)], ids=lambda p: p.name)
def test_every_line_is_high_where_the_program_says_so(view, program):
    assert view.show_run(playing(program))
    assert_boxes(view, program, lambda ns: ns**0.5)
    view.linear.setChecked(True)
    assert_boxes(view, program, lambda ns: ns * 1e-3)
    view.linear.setChecked(False)
    assert_boxes(view, program, lambda ns: ns**0.5)


def pixel(view, line, x):
    """Colour painted on a row."""
    at = view.item.vb.mapViewToScene(QtCore.QPointF(x, len(LINES) - LINES.index(line)))
    picture = view.plot.grab().toImage()
    scale = picture.width() / view.plot.width()
    return picture.pixelColor(round(at.x() * scale), round(at.y() * scale)).name()


def test_the_colours_of_the_kinds_are_really_on_the_screen(view, qtbot):
    view.show_run(playing(cw_odmr(100)))
    qtbot.wait(20)
    (begin, end), theme = view.boxes.shown["mw_x"][0], view.theme
    middle = 0.5 * (begin + end)
    assert pixel(view, "pump", middle) == theme.third
    assert pixel(view, "mw_x", middle) == theme.data
    assert pixel(view, "gate_signal", end - 5.0) == theme.faint
    assert pixel(view, "depletion", middle) == theme.base
    assert pixel(view, "mw_x", end + 5.0) == theme.base


def test_rows_are_named_from_top_to_bottom(view):
    rows = view.item.getAxis("left")._tickLevels[0]
    assert [text for _, text in sorted(rows, reverse=True)] == list(LINES)


def test_the_heading_tells_name_times_and_duty(view):
    view.show_run(playing(cw_odmr(100), 5000))
    assert view.heading.text() == "cw odmr: 200 µs × 5000 = 1.0 s; duty: pump 100 %, mw_x 50 %"
    view.show_run(playing(cw_odmr(100), 5000, "completed"))
    assert view.heading.text().startswith("played last: cw odmr: 200 µs × 5000")


def test_durations_stand_under_their_intervals_and_never_over_each_other(view):
    program = engine(50)
    view.show_run(playing(program))
    shape = shape_of(program)
    edges = np.concatenate([[0.0], np.cumsum(shape.durations_ns**0.5)])
    texts = dict(zip((0.5 * (edges[1:] + edges[:-1])).tolist(), shape.durations_ns, strict=True))
    assert 5 < len(ticks(view)) < 50
    for place, text in ticks(view):
        assert float(text) == pytest.approx(texts[place] * 1e-3)
    low, high = view.item.vb.viewRange()[0]
    pixels = np.diff([place for place, _ in ticks(view)]) * view.item.vb.width() / (high - low)
    widths = np.array([view.fontMetrics().horizontalAdvance(text) for _, text in ticks(view)])
    assert (pixels > 0.5 * (widths[1:] + widths[:-1])).all()
    view.item.setXRange(0.0, edges[8], padding=0)
    assert {text for place, text in ticks(view)} >= {"0.2", "4"}
    assert all(place < edges[8] for place, _ in ticks(view))


def test_axes_have_units(view):
    view.show_run(playing(SHOT))
    assert "µs" in view.item.getAxis("bottom").labelText
    view.linear.setChecked(True)
    assert view.item.getAxis("bottom").labelText == "time in one repeat (µs)"
    assert view.item.getAxis("bottom")._tickLevels is None


def test_all_is_seen_until_someone_zooms_and_then_stays_zoomed(view):
    view.linear.setChecked(True)
    view.show_run(playing(SHOT))
    low, high = view.item.vb.viewRange()[0]
    assert low <= 0.0
    assert high >= SHOT.duration_ns * 1e-3
    view.item.vb.setRange(xRange=(1.0, 2.0), padding=0)
    view.item.vb.disableAutoRange(view.item.vb.XAxis)
    view.show_run(playing(SHOT.named("next")))
    np.testing.assert_allclose(view.item.vb.viewRange()[0], [1.0, 2.0])
    view.linear.setChecked(False)
    assert view.item.vb.viewRange()[0][1] >= view.boxes.boundingRect().right()


def hover(view, x):
    view._point_at(view.item.vb.mapViewToScene(QtCore.QPointF(x, 4.0)))


def test_pointing_tells_start_duration_and_lines(view):
    view.show_run(playing(cw_odmr(100)))
    hover(view, 0.5 * view._edges[1])
    assert view.pointed.text() == "10 µs from 0 ns on: pump, mw_x"
    hover(view, 0.5 * (view._edges[3] + view._edges[4]))
    assert view.pointed.text() == "90 µs from 110 µs on: pump, gate_reference"
    np.testing.assert_allclose(view.mark.getRegion(), view._edges[3:5])
    assert view.mark.isVisible()
    hover(view, view._edges[-1] + 10.0)
    assert view.pointed.text() == ""
    assert not view.mark.isVisible()


def test_arrow_keys_point_too(view, qtbot):
    view.show_run(playing(cw_odmr(100)))
    view.activateWindow()
    view.setFocus()
    qtbot.waitUntil(lambda: view.plot.hasFocus())
    seen = []
    for key in (*["Key_Right"] * 5, "Key_Left"):
        QtTest.QTest.keyClick(view.plot, getattr(QtCore.Qt.Key, key))
        seen.append(view.pointed.text().split(" on:")[0])
    first = ["10 µs from 0 ns", "90 µs from 10 µs", "10 µs from 100 µs", "90 µs from 110 µs"]
    assert seen == [*first, first[3], first[2]]


def test_without_a_program_nothing_is_drawn(view):
    for _ in range(2):
        assert view.heading.text() == "no program has played yet"
        assert not any(view.boxes.shown.values())
        view.step(1)
        assert view.pointed.text() == ""
        view.show_run(playing(SHOT))
        assert any(view.boxes.shown.values())
        assert view.show_run(Record(2, "odmr", {}, Table([]), version=1))
    view.grab()


@pytest.mark.parametrize("program", [Program("dark", 100).then(1000), Program("nothing", 100)], ids=lambda p: p.name)
def test_a_program_without_any_line_high_is_drawn_as_such(view, program):
    view.show_run(playing(program))
    assert not view._trouble.isVisible()
    assert not any(view.boxes.shown.values())
    assert view.heading.text().startswith(program.name)
    view.grab()


def test_an_equal_program_is_not_drawn_again(view, monkeypatch):
    program, drawn = engine(50), []
    view.show_run(playing(program))
    monkeypatch.setattr(view, "_redraw", lambda: drawn.append(1))
    twin = pickle.loads(pickle.dumps(program))
    assert view.show_run(playing(twin))
    assert view.show_run(playing(twin, 7))
    assert drawn == []
    assert "× 7 =" in view.heading.text()
    view.show_run(playing(engine(51)))
    assert drawn == [1]


def test_long_programs_cost_a_few_calls_an_interval(view, calls):
    """Four hundred intervals, and two thousand."""

    def drawn(record):
        assert view.show_run(record)

    drawn(playing(engine(10)))
    programs = [playing(engine(steps, f"{steps} steps")) for steps in (100, 500)]
    short, long = (calls(partial(drawn, program)) for program in programs)
    again = calls(lambda: drawn(playing(pickle.loads(pickle.dumps(programs[1].playing.program)))))
    print(f"{(long - short) / 1600:.1f} calls an interval, {again / 2000:.1f} for the same program out of a pipe")
    assert (long - short) / 1600 < 4
    assert again < long


@pytest.mark.parametrize(
    ("duration_ns", "words"),
    [(0, "0 ns"), (100, "100 ns"), (5400, "5.4 µs"), (215_200, "215.2 µs"), (1_200_000, "1.2 ms")],
)
def test_durations_in_words(duration_ns, words):
    assert time_words(duration_ns) == words
