"""Docks as at first: whatever was done to them, torn-off ones too, they stand as in a new window."""

import pytest
from pyqtgraph.Qt import QtCore, QtWidgets
from still import settled, shared_window, still_window

from labctl.gui.docks import LAYOUT, pictures

AREA = QtCore.Qt.DockWidgetArea


def stands(window):
    """Of every dock where it is, with which it shares its place, and whether it is in front."""
    settled()
    return {
        title: (
            dock.isFloating(),
            dock.isVisible(),
            dock.geometry().getRect() if not dock.visibleRegion().isEmpty() else None,
            window.dockWidgetArea(dock),
            sorted(other.windowTitle() for other in window.tabifiedDockWidgets(dock)),
            not dock.visibleRegion().isEmpty(),
        )
        for title, dock in window.docks.docks.items()
    }


def tabs(window):
    """Their order; in which Qt lists the bars themselves says nothing."""
    bars = [bar for bar in window.findChildren(QtWidgets.QTabBar) if bar.parent() is window and bar.isVisible()]
    return sorted([bar.tabText(k) for k in range(bar.count())] for bar in bars)


def torn_off(_window, docks):
    for k, dock in enumerate(docks.values()):
        dock.setFloating(True)
        dock.setGeometry(40 * k, 30 * k, 500, 300)


def moved(window, docks):
    for title, area in (("Run", AREA.RightDockWidgetArea), ("Runs", AREA.RightDockWidgetArea)):
        window.removeDockWidget(docks[title])
        window.addDockWidget(area, docks[title])
        docks[title].show()
    window.tabifyDockWidget(docks["Bench"], docks["Sequence"])
    window.tabifyDockWidget(docks["Tomography"], docks["ODMR"])
    window.tabifyDockWidget(docks["Run"], docks["Runs"])
    window.resizeDocks([docks["Bench"]], [600], QtCore.Qt.Orientation.Horizontal)


def closed(_window, docks):
    for title in ("Run", "ODMR", "Sequence"):
        docks[title].close()
    docks["Cooling"].raise_()


def torn_off_and_closed(window, docks):
    torn_off(window, docks)
    closed(window, docks)


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with shared_window(tmp_path_factory.mktemp("docks")) as made:
        settled()
        yield made


@pytest.mark.parametrize("change", [torn_off, moved, closed, torn_off_and_closed], ids=lambda one: one.__name__)
def test_docks_as_at_first_are_exactly_that(window, change):
    at_first, in_order = stands(window), tabs(window)
    change(window, window.docks.docks)
    assert stands(window) != at_first
    window.docks.arrange()
    assert stands(window) == at_first
    assert tabs(window) == in_order


def test_so_it_is_in_a_window_that_came_back_as_it_was_left(qtbot, tmp_path, window):
    at_first = stands(window)
    again = still_window(qtbot, tmp_path)
    torn_off(again, again.docks.docks)
    state = again.saveState(LAYOUT)
    again.docks.arrange()
    again.restoreState(state, LAYOUT)
    again.docks.arrange()
    assert stands(again) == at_first


def test_the_pictures_are_found_by_their_modules_and_those_without_a_place_come_last(window):
    titles = [view.title for view in pictures()]
    ours = ["ODMR", "Alignment", "Cooling", "Engine", "Tomography"]
    assert titles[:5] == ours
    assert "Points" in titles[5:]
    assert list(window.docks.docks) == ["Run", "Bench", *ours, "Sequence", "Runs", *titles[5:], "By hand"]


def test_an_experiment_that_names_no_dock_brings_all_columns_forward(window):
    window.docks.raise_for("of_somebody")
    settled()
    assert not window.docks.docks["Points"].visibleRegion().isEmpty()
    window.docks.raise_for("odmr")
    settled()
    assert window.docks.docks["Points"].visibleRegion().isEmpty()
