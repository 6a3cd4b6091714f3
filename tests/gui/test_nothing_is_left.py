"""A view that shows no run any more looks like one that never showed any."""

import pyqtgraph as pg
import pytest
from full_views import VIEWS, full, shown

from labctl.gui.runs.record import Record, Table
from labctl.gui.widgets.theme import LIGHT


def drawn(view):
    """What is to be seen in its plots: kind of item, and its numbers or words."""
    found = []
    for plot in view.findChildren(pg.PlotWidget):
        for item in plot.items():
            if item.isVisible() and not isinstance(item, pg.AxisItem):
                found += [(type(item).__name__, words) for words in content(item)]
    return sorted(found)


def content(item):
    """Of one item of a plot: empty if it draws nothing."""
    match item:
        case pg.PlotCurveItem() | pg.ScatterPlotItem():
            x, _ = item.getData()
            return [f"{len(x)} points"] if x is not None and len(x) else []
        case pg.ErrorBarItem():
            x = item.opts["x"]
            return [f"{len(x)} bars"] if x is not None and len(x) else []
        case pg.InfiniteLine() | pg.LinearRegionItem():
            return ["a line"]
        case pg.ImageItem():
            return ["an image"] if item.image is not None else []
        case pg.TextItem():
            return [item.textItem.toPlainText()]
        case pg.LabelItem():
            return [item.text] if item.text and item.isVisible() else []
    return []


@pytest.mark.parametrize("made", VIEWS, ids=lambda view: view.title)
def test_no_line_of_the_run_before_stands_in_an_empty_plot(qtbot, made):
    view, run = shown(qtbot, made, LIGHT), full(made)
    at_first = drawn(view)
    assert view.show_run(run)
    assert not view._trouble.isVisible(), view._trouble.text()
    view.grab()
    assert view.show_run(None)
    assert drawn(view) == at_first


@pytest.mark.parametrize("made", VIEWS, ids=lambda view: view.title)
def test_of_another_run_only_its_own_is_shown(qtbot, made):
    """One that has measured nothing yet, after one that fills the view."""
    full_one, empty_one = full(made), Record(9, full(made).sequence, {}, Table([]), version=1)
    fresh, used = shown(qtbot, made, LIGHT), shown(qtbot, made, LIGHT)
    used.show_run(full_one)
    for view in (fresh, used):
        view.show_run(empty_one)
    assert drawn(used) == drawn(fresh)
