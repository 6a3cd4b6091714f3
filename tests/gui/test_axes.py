"""The numbers of all axes: there are some, and none lies upon another one."""

from itertools import combinations

import pyqtgraph as pg
import pytest
from full_views import VIEWS, full, shown
from pyqtgraph.Qt import QtGui, QtWidgets
from test_sequence_view import SHOT, engine, playing

from labctl.gui.panels.target import ScaledAxis
from labctl.gui.views.sequence import SequenceView
from labctl.gui.widgets.axes import NumberedAxis
from labctl.gui.widgets.theme import LIGHT
from sequences.pulses.library import cw_odmr, pulsed, wait

SIZES = ((480, 330), (560, 470), (1100, 700))
"""Of a dock in a window of 1280 x 800, of 1600 x 1000, and torn off."""


def numbers(axis):
    """Texts of an axis with their places, as they are painted."""
    picture = QtGui.QPicture()
    painter = QtGui.QPainter(picture)
    painter.setFont(QtWidgets.QApplication.font())
    specs = axis.generateDrawSpecs(painter)
    painter.end()
    return [] if specs is None else [(text, rect) for rect, _, text in specs[2]]


def faults(axis):
    """What is wrong with it."""
    found = numbers(axis)
    if axis._tickLevels is None and len({text for text, _ in found}) < 2:
        yield f"{axis.labelText}: {[text for text, _ in found]} within {axis.range}"
    for (one, here), (other, there) in combinations(found, 2):
        if here.intersects(there):
            yield f"{axis.labelText}: {one} upon {other}"


def label_faults(axis):
    """A label that is cut off at an end of its axis."""
    if axis.label.isVisible() and axis.labelText:
        length = axis.size().height() if axis.orientation in ("left", "right") else axis.size().width()
        if axis.label.boundingRect().width() > length + 8:
            yield f"{axis.labelText} is longer than its axis"


def all_faults(view):
    axes = [
        axis
        for plot in view.findChildren(pg.PlotWidget)
        if plot.isVisible()
        for axis in plot.items()
        if isinstance(axis, pg.AxisItem) and axis.isVisible() and axis.orientation != "top" and axis.style["showValues"]
    ]
    return [fault for axis in axes for fault in (*faults(axis), *label_faults(axis))]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("made", VIEWS, ids=lambda view: view.title)
def test_every_axis_of_every_view_can_be_read(qtbot, made, size):
    view = shown(qtbot, made, LIGHT, size)
    for run in (None, full(made)):
        view.show_run(run)
        for tabs in view.findChildren(QtWidgets.QTabWidget) or [None]:
            for place in range(tabs.count() if tabs is not None else 1):
                if tabs is not None:
                    tabs.setCurrentIndex(place)
                view.grab()
                assert all_faults(view) == []


RANGES = [
    (0.0, 1.0),
    (2726.0, 2731.3),
    (0.9951, 0.9962),
    (-3e-5, 4e-5),
    (102.4749, 102.4757),
    (0.0, 3.2e6),
    (1e5, 1.3e5),
]
DECADES = [(-2.0, 5.0), (3.2, 3.45), (0.05, 0.9), (-1.0, 1.0), (4.40, 4.41), (-14.0, 3.0)]


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("px", [70, 120, 300, 900])
@pytest.mark.parametrize("side", ["bottom", "left"])
@pytest.mark.parametrize(("low", "high", "is_log"), [(*r, False) for r in RANGES] + [(*r, True) for r in DECADES])
def test_numbers_of_any_range(low, high, is_log, side, px):
    """At least two where there is room for two, in one notation, all different, with the distance that they say."""
    axis = NumberedAxis(side)
    axis.setLogMode(y=is_log, x=is_log)
    ((spacing, values),) = axis.tickValues(low, high, px)
    texts = axis.tickStrings(values, 1.0, spacing)
    metrics = QtGui.QFontMetricsF(QtWidgets.QApplication.font())
    least_px = 3.0 * metrics.horizontalAdvance("102.4749") if side == "bottom" else 3.0 * metrics.height()
    assert len(set(texts)) == len(texts)
    assert len(texts) >= (2 if px >= least_px else 0)
    room = [metrics.horizontalAdvance(text) if side == "bottom" else metrics.height() for text in texts]
    places = [(value - low) * px / (high - low) for value in values]
    for k in range(len(places) - 1):
        assert places[k + 1] - places[k] >= 0.5 * (room[k] + room[k + 1])
    assert len(texts) <= max(5, px / 60)
    if not is_log:
        assert [float(text) for text in texts] == pytest.approx(values, abs=1e-9 * max(abs(low), abs(high)))


@pytest.mark.usefixtures("qapp")
def test_a_second_scale_has_round_numbers_of_its_own():
    axis = ScaledAxis(LIGHT, "detuning (kHz)", 19.7, logarithmic=True)
    ((spacing, values),) = axis.tickValues(-1.0, 2.0, 300.0)
    assert axis.tickStrings(values, 1.0, spacing) == ["10", "100", "1000"]
    assert [10**value * 19.7 for value in values] == pytest.approx([10.0, 100.0, 1000.0])


@pytest.mark.parametrize("width", [300, 700])
def test_durations_of_any_program_stand_beside_each_other(qtbot, width):
    view = shown(qtbot, SequenceView, LIGHT, (width, 300))
    for program in (SHOT, cw_odmr(100), engine(50), pulsed("odd", wait(123_400, "mw_x", tick_ns=100))):
        view.show_run(playing(program))
        view.grab()
        assert all_faults(view) == []
