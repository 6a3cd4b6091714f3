"""Another look changes colours and nothing else, and is there again at the next start."""

from dataclasses import fields

import numpy as np
import pytest
from live import settings_in
from pyqtgraph.Qt import QtCore, QtGui, QtWidgets
from still import CONDITIONS, filled, painted, still_window

from labctl.gui.widgets.recolour import Change
from labctl.gui.widgets.theme import DARK, LIGHT, Theme, apply, remembered, theme_for

SHADES = 16
"""Of 255."""


def dressed(qtbot, folder, name):
    """A window of this look with everything in it."""
    window = still_window(qtbot, folder, name)
    painted(window, filled())
    window.docks.bench.show_conditions(CONDITIONS)
    window.docks.bench.show_ages = lambda **_: None  # what it showed gets no older
    pictures(window)  # a dock that was never in front has not been laid out yet
    return window


def pictures(window):
    """Of each dock, its content, whether it is in front or not."""
    found = {}
    for title, dock in window.docks.docks.items():
        dock.raise_()
        for _ in range(3):  # axes make room for their numbers when they are painted
            QtWidgets.QApplication.processEvents()
            dock.widget().grab()
        image = dock.widget().grab().toImage().convertToFormat(QtGui.QImage.Format.Format_RGB32)
        found[title] = np.frombuffer(image.bits().asstring(image.sizeInBytes()), dtype=np.uint8).astype(int)
    return found


def unlike(one, other):
    """Docks that do not look alike; edges of letters may be a shade apart."""
    return [title for title in one if np.abs(one[title] - other[title]).max() > SHADES]


def test_every_colour_of_a_theme_has_one_of_the_other():
    for old, new in ((LIGHT, DARK), (DARK, LIGHT)):
        change = Change(old, new)
        for field in fields(Theme):
            if field.name != "name":
                assert change.text(getattr(old, field.name)) == getattr(new, field.name), field.name


def test_a_window_that_changes_its_look_looks_like_one_that_began_with_it(qtbot, tmp_path):
    window = dressed(qtbot, tmp_path / "one", "light")
    light = pictures(window)
    window.set_theme("dark")
    turned = pictures(window)
    dark = pictures(dressed(qtbot, tmp_path / "other", "dark"))
    assert unlike(turned, dark) == []
    assert unlike(turned, light) == list(light)
    window.set_theme("light")
    assert unlike(pictures(window), light) == []


def test_nothing_but_colours_changes(qtbot, tmp_path):
    window = dressed(qtbot, tmp_path, "light")
    docks, runs = window.docks.docks, window.docks.runs
    runs.form.load("locate", {})
    runs.form.rows["coarse_mw"].editor.write("12,5 is no number")
    runs.form.area.verticalScrollBar().setValue(40)
    docks["Sequence"].setFloating(True)
    docks["Sequence"].setGeometry(100, 120, 700, 260)
    docks["Cooling"].close()
    docks["Alignment"].raise_()
    alignment, odmr = (window.docks.contents[title] for title in ("Alignment", "ODMR"))
    alignment.tabs.setCurrentIndex(2)
    odmr.panels[0].spectrum.getPlotItem().setXRange(2729.0, 2731.0, padding=0)
    odmr.panels[0].setSizes([200, 300, 0, 50])
    window.docks.sequence.linear.setChecked(True)
    runs.form.rows["fine_mw"].editor.widget.setFocus()

    def state():
        return {
            "docks": {t: (d.isFloating(), d.isVisible(), d.geometry().getRect()) for t, d in docks.items()},
            "form": (runs.form.sequence, {name: row.text for name, row in runs.form.rows.items()}),
            "faults": [row.fault.text() for row in runs.form.rows.values()],
            "scrolled": runs.form.area.verticalScrollBar().value(),
            "tab": (runs.tabs.currentIndex(), alignment.tabs.currentIndex()),
            "zoom": odmr.panels[0].spectrum.getPlotItem().viewRange(),
            "sizes": odmr.panels[0].sizes(),
            "true time": window.docks.sequence.linear.isChecked(),
            "history": window.docks.runs.history.chosen(),
            "focus": window.focusWidget(),
            "layout": bytes(window.saveState()),
        }

    qtbot.wait(1)
    before = state()
    window.set_theme("dark")
    qtbot.wait(1)
    after = state()
    for name, was in before.items():
        assert after[name] == was, name
    assert window.docks.docks is docks


def test_the_look_is_remembered_unless_another_one_is_wanted(qtbot, tmp_path):
    settings_in(tmp_path).setValue("theme", "dark")
    window = still_window(qtbot, tmp_path, None)
    assert (window._theme.now, window.theme_wanted) == (DARK, "dark")
    window.set_theme("light")
    settings = settings_in(tmp_path)
    assert remembered(settings, None) == "light"
    assert remembered(settings, "dark") == "dark"
    settings.setValue("theme", "sepia")
    assert remembered(settings, None) == "system"


@pytest.mark.usefixtures("qapp")
def test_the_desktops_look_is_the_desktops_after_any_other():
    desktop = theme_for("system")
    for other in (DARK, LIGHT):
        apply(other)
        assert theme_for("system") == desktop


@pytest.mark.usefixtures("qapp")
def test_what_is_no_colour_of_the_theme_stays():
    change = Change(LIGHT, DARK)
    assert change.colour("#123456").name() == "#123456"
    shade = QtGui.QColor(LIGHT.model)
    shade.setAlpha(50)
    assert (change.colour(shade).name(), change.colour(shade).alpha()) == (DARK.model, 50)
    assert change.brush(None).style() == QtCore.Qt.BrushStyle.NoBrush
    assert change.pen(None).style() == QtCore.Qt.PenStyle.NoPen
