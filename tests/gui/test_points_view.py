"""The points of an experiment that nobody has drawn: curves, scans, families and images from its columns alone."""

import numpy as np
import pytest

from labctl.gui.runs.record import Record, Table
from labctl.gui.views import points as points_view
from labctl.gui.views.points import PointsView
from labctl.gui.widgets.theme import LIGHT
from sequences.results import Column

WAIT = Column("wait_ns", "wait", "ns")
COLUMNS = (WAIT, Column("signal", "light", "", ("wait_ns",)), Column("signal_err", "its shot noise", "", ("wait_ns",)))
POWER = Column("power_mw", "power", "mW")
MAP = (WAIT, POWER, Column("counts", "counts", "", ("wait_ns", "power_mw")))


def fringes(scans=2, columns=COLUMNS):
    """Scans of ten waits; each has its own number as light."""
    record = Record(3, "of_somebody", {}, Table(columns), version=1)
    for scan in range(scans):
        for wait in range(10):
            record.table.add({"wait_ns": 100.0 * wait, "signal": float(scan), "signal_err": 0.1})
    return record


def mapped(powers):
    record = Record(4, "of_somebody", {}, Table(MAP), version=1)
    for power in powers:
        for wait in range(12):
            record.table.add({"wait_ns": 100.0 * wait, "power_mw": float(power), "counts": wait + 100.0 * power})
    return record


@pytest.fixture
def view(qtbot):
    made = PointsView(LIGHT)
    qtbot.addWidget(made)
    made.resize(600, 500)
    made.show()
    return made


def labels(picture):
    item = picture.plot.getPlotItem()
    return item.getAxis("bottom").labelText, item.getAxis("left").labelText


def legend(picture):
    return picture.widget.findChild(points_view.QtWidgets.QLabel, "legend").text().replace("&nbsp;", " ")


def test_a_curve_of_means_with_the_newest_scan_beside_it(view):
    assert view.show_run(fringes())
    (picture,) = view.pictures
    x, y = picture.lines[0][1].shown
    np.testing.assert_array_equal(x, np.arange(0.0, 1000.0, 100.0))
    np.testing.assert_allclose(y, 0.5)
    np.testing.assert_allclose(picture.scan.shown[1], 1.0)
    assert labels(picture) == ("wait (ns)", "light")
    assert "mean of 2 scans" in legend(picture)
    assert view.note.text() == "20 points of of_somebody, run 3"


def test_a_new_point_is_added_to_what_was_summed_and_the_plot_stays(view, calls):
    record = fringes(200)
    view.show_run(record)
    (picture,) = view.pictures
    taken, plot = view._taken, picture.plot

    def one_more():
        record.table.add({"wait_ns": 0.0, "signal": 7.0, "signal_err": 0.1})
        record.version += 1
        assert view.show_run(record)

    one_more()
    assert view._taken == taken + 1
    assert view.pictures[0].plot is plot
    few = calls(one_more)
    for _ in range(40_000):
        record.table.add({"wait_ns": 100.0, "signal": 7.0, "signal_err": 0.1})
    while view._taken < record.table.rows:
        record.version += 1
        view.show_run(record)
    assert calls(one_more) < 1.2 * few + 50


def test_a_long_stored_run_is_taken_in_parts(view, monkeypatch):
    monkeypatch.setattr(points_view, "MOST_AT_ONCE", 7)
    record, times = fringes(), 0
    while view.show_run(record):
        times += 1
    assert (times, view._taken) == (3, 20)


def test_points_that_the_table_let_go_leave_no_trace(view):
    record = Record(3, "of_somebody", {}, Table(COLUMNS, most_rows=512), version=1)
    for k in range(2000):
        record.table.add({"wait_ns": float(k % 10), "signal": float(k), "signal_err": 1.0})
        if k % 300 == 0:
            record.version += 1
            view.show_run(record)
    record.version += 1
    view.show_run(record)
    assert record.table.dropped == 2000 - record.table.rows
    x, y = view.pictures[0].lines[0][1].shown
    assert y == pytest.approx([record.table["signal"][record.table["wait_ns"] == at].mean() for at in x])


def test_few_powers_are_curves_and_many_become_an_image(view):
    record = mapped(range(3))
    view.show_run(record)
    (picture,) = view.pictures
    assert [name in legend(picture) for name in ("power 0 mW", "power 1 mW", "power 2 mW")] == [True] * 3
    assert labels(picture) == ("wait (ns)", "counts")
    more = mapped(range(8))
    view.show_run(more)
    (picture,) = view.pictures
    assert picture.image.isVisible()
    assert picture.image.image.shape == (12, 8)
    assert labels(picture) == ("wait (ns)", "power (mW)")
    assert picture.lines[0][1].shown[0].size == 0


def test_a_kind_of_points_that_comes_later_gets_its_own_plot(view):
    columns = (*COLUMNS, Column("lit", "light on", ""), Column("rate_cps", "rate", "1/s", ("lit",)))
    record = fringes(1, columns)
    view.show_run(record)
    assert len(view.pictures) == 1
    record.table.add({"lit": 1.0, "rate_cps": 4000.0})
    record.version += 1
    view.show_run(record)
    assert [labels(picture)[1] for picture in view.pictures] == ["light", "rate (1/s)"]


def test_of_a_run_with_parts_the_newest_with_points_is_shown(view):
    whole = Record(1, "engine", {}, Table(()), version=1)
    whole.parts = [fringes(1), Record(5, "cool", {}, Table(COLUMNS))]
    view.show_run(whole)
    assert view.note.text() == "10 points of of_somebody, run 3"
