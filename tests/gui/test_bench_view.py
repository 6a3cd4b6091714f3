"""The bench dock: every instrument as it was told, its worst in sign and colour; and it says what is old."""

import pytest
from pyqtgraph.Qt import QtGui

from labctl.condition import Condition, Reading
from labctl.gui.theme import DARK, LIGHT, apply, verdict_colour
from labctl.gui.views.bench import BenchView


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def view(request, qtbot):
    apply(request.param)
    made = BenchView(request.param)
    qtbot.addWidget(made)
    made.resize(400, 460)
    made.show()
    return made


def laser(interlock_open=False, power_mw=35.0):
    readings = (
        Reading("interlock", "OPEN" if interlock_open else "closed", verdict="fault" if interlock_open else "off"),
        Reading("emission", True),
        Reading("power", power_mw, "mW", 35.0, 60.0, "on" if power_mw == 35.0 else "warning"),
    )
    verdict = "fault" if interlock_open else "on"
    return Condition("green_laser", "Cobolt06", "ASRL1", verdict, f"power {power_mw} mW", readings)


SUPPLY = Condition("main_supply", "B2962A", "", "off", "off", (Reading("ch1 current", 0.0, "A", 0.9, 1.5, "off"),))
SILENT = Condition("green_laser", "Cobolt06", "ASRL1", "silent", "does not answer (VisaIOError: timeout)", ())


def test_every_reading_stands_in_the_tree(view):
    view.show_conditions((laser(), SUPPLY))
    assert view.texts("green_laser") == [
        ["● green_laser", "power 35.0 mW"],
        ["interlock", "closed"],
        ["emission", "on"],
        ["power", "35 mW, asked for 35 mW, limit 60 mW"],
    ]
    assert view.texts("main_supply") == [
        ["○ main_supply", "off"],
        ["ch1 current", "0 A, asked for 0.9 A, limit 1.5 A"],
    ]


def test_what_is_wrong_has_a_sign_and_a_colour(view):
    view.show_conditions((laser(power_mw=20.0),))
    assert view.texts("green_laser")[3] == ["power", "▲ 20 mW, asked for 35 mW, limit 60 mW"]
    row = view.tree.topLevelItem(0)
    assert row.child(2).foreground(1).color() == QtGui.QColor(verdict_colour(view.theme, "warning"))
    assert row.foreground(0).color() == QtGui.QColor(verdict_colour(view.theme, "on"))


def test_the_interlock_is_said_in_large_letters(view):
    view.show_conditions((laser(),))
    assert view.interlock.text() == "✔ laser interlock closed"
    assert view.theme.ok in view.interlock.styleSheet()
    view.show_conditions((laser(interlock_open=True),))
    assert view.interlock.text() == "✖ laser interlock OPEN"
    assert view.theme.fault in view.interlock.styleSheet()


def test_a_laser_that_falls_silent_leaves_no_old_reading(view):
    view.show_conditions((laser(), SUPPLY))
    view.show_conditions((SILENT, SUPPLY))
    assert view.texts("green_laser") == [["? green_laser", SILENT.words]]
    assert view.interlock.text() == "✖ laser interlock not known: the green laser does not answer"
    view.show_conditions((laser(), SUPPLY))
    assert len(view.texts("green_laser")) == 4
    assert view.interlock.text() == "✔ laser interlock closed"


def test_rows_are_updated_in_place(view):
    view.show_conditions((laser(), SUPPLY))
    row = view.tree.topLevelItem(0)
    row.setExpanded(True)
    view.show_conditions((laser(power_mw=34.0), SUPPLY))
    assert view.tree.topLevelItemCount() == 2
    assert view.tree.topLevelItem(0) is row
    assert row.isExpanded()
    assert row.child(2).text(1).startswith("▲ 34 mW")


def test_a_bench_that_says_nothing_is_old(view):
    view.show_conditions((laser(),))
    view.show_silence(7.4)
    assert view.silence.isVisible()
    assert "7 s ago" in view.silence.text()
    assert not view.tree.isEnabled()
    view.show_conditions((laser(),))
    assert not view.silence.isVisible()
    assert view.tree.isEnabled()
