"""The bench dock: what is painted is what was answered, in place, and nothing old passes for new."""

from dataclasses import replace

import pytest
from pyqtgraph.Qt import QtCore, QtGui

from labctl.bench.status import Condition, Reading
from labctl.gui.views.bench import BenchView, used_share
from labctl.gui.widgets.theme import DARK, LIGHT, verdict_colour, verdict_sign

KEY = QtCore.Qt.Key
SUPPLY = Condition(
    "main_supply",
    "B2962A",
    "TCPIP0::192.168.10.21::inst0::INSTR",
    "warning",
    "ch1 current 0.96 A",
    (
        Reading("ch1 current", 0.96, "A", asked_for=0.95, limit=1.0, verdict="warning"),
        Reading("ch2 current", 0.0, "A", asked_for=0.0, limit=0.1, verdict="off"),
    ),
)
LASER = Condition(
    "green_laser",
    "Cobolt06",
    "ASRL3::INSTR",
    "on",
    "emission on, power 20 mW",
    (
        Reading("interlock", "closed", verdict="off"),
        Reading("emission", True),
        Reading("power", 19.8765432, "mW", asked_for=20.0, limit=100.0),
    ),
)
OPEN = replace(
    LASER, verdict="fault", words="interlock OPEN", readings=(Reading("interlock", "OPEN", verdict="fault"),)
)
AOM = Condition("aom", "MPDS", "ASRL4::INSTR", "silent", "does not answer (TimeoutError: nothing)", ())
SPROUT = Condition("sprout", "SproutG", "ASRL5::INSTR", "on", "mode on", (Reading("interlock", "OK", verdict="off"),))
ALL = (SUPPLY, LASER, AOM)


@pytest.fixture(params=[LIGHT, DARK], ids=lambda theme: theme.name)
def view(request, qtbot):
    shown = BenchView(request.param)
    qtbot.addWidget(shown)
    shown.resize(400, 500)
    shown.show()
    return shown


def row(view, name):
    found = [view.tree.topLevelItem(k) for k in range(view.tree.topLevelItemCount())]
    return next(item for item in found if item.text(0).endswith(name))


def test_rows_show_the_values_and_units_that_were_given(view):
    view.show_conditions(ALL)
    assert view.texts("main_supply") == [
        ["▲ main_supply", "ch1 current 0.96 A", "", ""],
        ["ch1 current", "▲ 0.96 A", "0.95 A", "1 A"],
        ["ch2 current", "0 A", "0 A", "0.1 A"],
    ]
    assert view.texts("green_laser")[1:] == [
        ["interlock", "closed", "", ""],
        ["emission", "on", "", ""],
        ["power", "19.8765 mW", "20 mW", "100 mW"],
    ]
    assert view.texts("aom") == [["? aom", "does not answer (TimeoutError: nothing)", "", ""]]


def test_rows_stand_in_the_order_of_the_station(view):
    view.show_conditions(ALL)
    view.show_conditions((replace(SUPPLY, verdict="fault"), OPEN, AOM))
    names = [view.tree.topLevelItem(k).text(0).split()[1] for k in range(view.tree.topLevelItemCount())]
    assert names == ["main_supply", "green_laser", "aom"]


@pytest.mark.parametrize("verdict", ["off", "on", "warning", "fault", "silent"])
def test_a_verdict_is_a_sign_and_a_colour(view, verdict):
    view.show_conditions((replace(SUPPLY, verdict=verdict),))
    item = row(view, "main_supply")
    assert item.text(0) == f"{verdict_sign(verdict)} main_supply"
    assert item.foreground(0).color() == QtGui.QColor(verdict_colour(view.theme, verdict))


def test_address_and_model_are_told(view):
    view.show_conditions(ALL)
    assert row(view, "green_laser").toolTip(0) == "Cobolt06 ASRL3::INSTR"
    assert row(view, "aom").toolTip(3) == AOM.words


def test_an_update_keeps_expansion_selection_and_items(view):
    view.show_conditions(ALL)
    laser, supply = row(view, "green_laser"), row(view, "main_supply")
    laser.setExpanded(True)
    view.tree.setCurrentItem(laser.child(2))
    warmer = replace(LASER.readings[2], value=20.5)
    view.show_conditions((SUPPLY, replace(LASER, readings=(*LASER.readings[:2], warmer)), AOM))
    assert row(view, "green_laser") is laser
    assert laser.isExpanded()
    assert not supply.isExpanded()
    assert view.tree.currentItem() is laser.child(2)
    assert laser.child(2).text(1) == "20.5 mW"


def test_an_update_keeps_the_place_that_was_scrolled_to(view, qtbot):
    many = tuple(replace(SUPPLY, instrument=f"supply_{k}") for k in range(60))
    view.show_conditions(many)
    qtbot.wait(20)
    bar = view.tree.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    before = bar.value()
    view.show_conditions(tuple(replace(one, words="something else") for one in many))
    qtbot.wait(20)
    assert bar.value() == before > 0


def test_readings_come_and_go(view):
    view.show_conditions((LASER,))
    view.show_conditions((OPEN,))
    assert view.texts("green_laser") == [["✖ green_laser", "interlock OPEN", "", ""], ["interlock", "✖ OPEN", "", ""]]
    view.show_conditions((LASER,))
    assert [texts[0] for texts in view.texts("green_laser")[1:]] == ["interlock", "emission", "power"]


def test_the_interlock_is_the_green_lasers(view):
    view.show_conditions((SPROUT, LASER))
    assert view.interlock.text() == "✔ laser interlock closed"
    assert view.theme.ok in view.interlock.styleSheet()
    view.show_conditions((SPROUT, OPEN))
    assert view.interlock.text() == "✖ laser interlock OPEN"
    assert view.theme.fault in view.interlock.styleSheet()
    view.show_conditions((SPROUT, replace(LASER, verdict="silent", readings=())))
    assert view.interlock.text() == "? laser interlock not known: the green laser does not answer"


def test_silence_is_said_and_the_interlock_no_longer_vouched_for(view):
    view.show_conditions(ALL)
    view.show_silence(7.2)
    assert view.silence.isVisible()
    assert "last heard 7 s ago" in view.silence.text()
    assert not view.tree.isEnabled()
    assert view.interlock.text() == "? laser interlock not known now; last heard: closed"
    assert view.theme.ok not in view.interlock.styleSheet()
    view.show_conditions(ALL)
    assert not view.silence.isVisible()
    assert view.tree.isEnabled()
    assert view.interlock.text() == "✔ laser interlock closed"


def test_what_was_not_heard_for_two_seconds_looks_old(view):
    view.show_conditions(ALL)
    heard_s = max(view._heard_s.values())
    view.show_ages(now_s=heard_s + 1.5)
    assert view.tree.isEnabled()
    assert view.interlock.text() == "✔ laser interlock closed"
    view.show_ages(now_s=heard_s + 2.0)
    assert not view.tree.isEnabled()
    assert view.silence.isVisible()
    assert view.interlock.text() == "? laser interlock not known now; last heard: closed"


def test_one_instrument_that_is_not_heard_looks_old_alone(view):
    """Its own row, and the interlock if it is the laser; the others go on."""
    view.show_conditions(ALL)
    for name in view._heard_s:
        view._heard_s[name] -= 5.0
    view.show_conditions((SUPPLY, AOM))
    assert view.tree.isEnabled()
    assert [row(view, name).isDisabled() for name in ("main_supply", "aom", "green_laser")] == [False, False, True]
    assert view.silence.text() == "✖ last heard: green_laser 5 s ago; what is grey is old"
    assert view.interlock.text() == "? laser interlock not known now; last heard: closed"
    view.show_conditions((LASER,))
    assert not row(view, "green_laser").isDisabled()
    assert not view.silence.isVisible()
    assert view.interlock.text() == "✔ laser interlock closed"


def test_with_the_bench_process_gone_everything_is_old_at_once(view):
    view.show_conditions(ALL)
    view.show_ages(is_gone=True)
    assert not view.tree.isEnabled()
    assert view.theme.ok not in view.interlock.styleSheet()


@pytest.mark.parametrize(
    ("reading", "share"),
    [
        (Reading("current", -0.5, "A", limit=1.0), 0.5),
        (Reading("current", 1.3, "A", limit=1.0), 1.0),
        (Reading("current", float("nan"), "A", limit=1.0), None),
        (Reading("power", -110.0, "dBm", limit=10.0), None),
        (Reading("power", 20.0, "mW"), None),
        (Reading("emission", True, limit=1.0), None),
    ],
)
def test_how_much_of_a_limit_is_used(reading, share):
    assert used_share(reading) == share


def painted(view, item, colour):
    """Pixels of this colour in the limit's cell."""
    area = view.tree.visualRect(view.tree.indexFromItem(item, 3))
    image = view.tree.viewport().grab(area).toImage()
    wanted = QtGui.QColor(colour).rgb()
    return sum(image.pixel(x, image.height() - 2) == wanted for x in range(image.width())) / image.width()


def test_the_bar_is_as_long_as_the_share(view, qtbot):
    full, part = Reading("a", 1.0, "A", limit=1.0), Reading("b", 0.25, "A", limit=1.0)
    view.show_conditions((replace(SUPPLY, verdict="on", readings=(full, part)),))
    item = row(view, "main_supply")
    item.setExpanded(True)
    qtbot.wait(20)
    whole = painted(view, item.child(0), view.theme.ok)
    assert whole > 0.5
    assert painted(view, item.child(1), view.theme.ok) == pytest.approx(0.25 * whole, abs=0.05)
    assert painted(view, item.child(1), view.theme.line) == pytest.approx(0.75 * whole, abs=0.05)
    view.show_silence(9.0)
    assert painted(view, item.child(0), view.theme.ok) == 0.0


def test_words_of_an_instrument_reach_beyond_their_cell(view, qtbot):
    view.show_conditions((replace(AOM, words="W" * 80),))
    qtbot.wait(20)
    area = view.tree.visualRect(view.tree.indexFromItem(row(view, "aom"), 2))
    image = view.tree.viewport().grab(area).toImage()
    assert len({image.pixel(x, image.height() // 2) for x in range(image.width())}) > 2


def test_keys_walk_through_instruments_and_readings(view, qtbot):
    view.show_conditions(ALL)
    view.tree.setCurrentItem(view.tree.topLevelItem(0))
    for key in (KEY.Key_Down, KEY.Key_Right, KEY.Key_Down):
        qtbot.keyClick(view.tree, key)
    assert row(view, "green_laser").isExpanded()
    assert view.tree.currentItem().text(0) == "interlock"
