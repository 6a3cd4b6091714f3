"""The form of a plan: what it gives back, what it refuses and in which words, and what it takes from a stored plan."""

import json
import shlex
from pathlib import Path

import pytest
from plan_form import BOUNDS, shown_faults, typed
from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.common.commands import About
from labctl.data.serialise import serialisable
from labctl.gui.panels.plan_form import PlanForm
from labctl.gui.widgets.theme import LIGHT
from labctl.plans import catalogue
from labctl.plans.parse import known_keys, make_plan, plan_of
from sequences.cool import CoolPlan
from sequences.engine import EnginePlan
from sequences.odmr import OdmrPlan

LEFT = QtCore.Qt.MouseButton.LeftButton


@pytest.fixture
def form(qtbot):
    made = PlanForm(LIGHT, BOUNDS)
    qtbot.addWidget(made)
    made.resize(520, 640)
    made.show()
    return made


@pytest.mark.parametrize("name", list(catalogue.EXPERIMENTS))
def test_every_form_gives_the_default_plan_back(form, name):
    form.load(name, {})
    plan = catalogue.EXPERIMENTS[name].plan
    assert form.plan == plan()
    assert list(form.rows) == list(known_keys(plan))
    assert form.settings == {}
    assert form.command.text() == f"labctl run {name}"
    assert not any(row.reset.isVisible() for row in form.rows.values())
    assert form.run_button.isEnabled()
    assert catalogue.EXPERIMENTS[name].description in form.choice.currentText()


@pytest.mark.parametrize("name", list(catalogue.EXPERIMENTS))
def test_every_default_typed_as_text_is_the_default(form, name):
    plan = catalogue.EXPERIMENTS[name].plan
    form.load(name, {})
    assert plan_of(plan, {key: row.text for key, row in form.rows.items()}) == (plan(), [])


def test_a_bad_value_is_named_beneath_its_row_and_cannot_be_run(qtbot, form):
    form.load("cool", {})
    typed(qtbot, form, "hours", "60")
    assert shown_faults(form) == {"hours": "✖ must be at most 50, not '60' (allowed: 0.02 to 50 h)"}
    assert form.rows["hours"].text == "60", "nothing is clamped"
    assert not form.run_button.isEnabled()
    assert not form.queue_button.isEnabled()
    assert form.command.text() == ""
    with qtbot.assertNotEmitted(form.run_wanted), qtbot.assertNotEmitted(form.queue_wanted):
        qtbot.mouseClick(form.run_button, LEFT)
        qtbot.keyClick(form.rows["hours"].editor.widget, QtCore.Qt.Key.Key_Return, _control())
    typed(qtbot, form, "hours", "6")
    assert shown_faults(form) == {}
    assert form.run_button.isEnabled()


def test_the_words_are_those_of_the_command_line(qtbot, form):
    form.load("cool", {})
    typed(qtbot, form, "heating_steps", "x")
    typed(qtbot, form, "cooling_us", "")
    assert shown_faults(form) == {
        "cooling_us": "✖ must be a number, not '' (allowed: 1 to 10000 us)",
        "heating_steps": "✖ must be a whole number, not 'x' (allowed: 0 to 500)",
    }
    assert form.duration.text() == "✖ 2 values are not possible"


def test_the_limits_of_the_station_hold_too(qtbot, form):
    form.load("engine", {})
    typed(qtbot, form, "doughnut_mw", "1500")
    assert shown_faults(form) == {
        "doughnut_mw": "✖ doughnut_mw = 1500 is beyond the station's limits.depletion_mw = 1200"
    }
    assert not form.run_button.isEnabled()


def test_a_value_beyond_plan_and_station_is_told_the_limit_that_holds(qtbot, form):
    """The plan would allow 2000 mW, this station 1200: to name the wider one would mislead."""
    form.load("engine", {})
    typed(qtbot, form, "doughnut_mw", "2500")
    assert shown_faults(form) == {
        "doughnut_mw": "✖ doughnut_mw = 2500 is beyond the station's limits.depletion_mw = 1200"
    }
    assert form.rows["doughnut_mw"].hint.text() == "mW, 1 to 1200"


def test_every_label_says_what_its_unit_is_of(form):
    for sequence in catalogue.EXPERIMENTS:
        form.load(sequence, {})
        for name, row in form.rows.items():
            if row.key.unit in ("mW", "dBm", "A", "us", "ns", "s"):
                assert any(word in row.name.text() for word in ("power", "current", "time", "seconds")), name


@pytest.mark.parametrize("width", [320, 420, 700])
def test_units_and_names_are_never_cut_off(form, width):
    for sequence in catalogue.EXPERIMENTS:
        form.load(sequence, {})
        form.resize(width, 700)
        form.show()
        QtWidgets.QApplication.processEvents()
        right = form.area.viewport().mapToGlobal(form.area.viewport().rect().topRight()).x()
        for name, row in form.rows.items():
            for label in (row.name, row.hint):
                assert label.width() >= label.minimumSizeHint().width(), (sequence, name)
                assert label.height() >= label.heightForWidth(label.width()), (sequence, name)
                assert label.mapToGlobal(label.rect().topRight()).x() <= right, (sequence, name)


def test_a_changed_key_is_marked_and_goes_back(qtbot, form):
    form.load("cool", {})
    typed(qtbot, form, "hours", "2")
    row = form.rows["hours"]
    assert row.name.font().bold()
    assert form.settings == {"hours": "2"}
    qtbot.mouseClick(row.reset, LEFT)
    assert (row.text, row.name.font().bold(), row.reset.isVisible()) == ("3", False, False)
    typed(qtbot, form, "hours", "3.00")
    assert form.settings == {}, "the same number is no change"
    typed(qtbot, form, "hours", "2")
    typed(qtbot, form, "heating_steps", "7")
    qtbot.mouseClick(form.all_back, LEFT)
    assert form.plan == CoolPlan()
    assert not form.all_back.isEnabled()


def test_the_command_addresses_the_bench_of_the_window(qtbot):
    form = PlanForm(LIGHT, BOUNDS, About.given({"simulated": True, "pace": 60.0, "data": Path("night")}))
    qtbot.addWidget(form)
    form.load("odmr", {})
    assert form.command.text() == "labctl run odmr --simulated --pace 60 --data night"


def test_the_command_is_that_run(qtbot, form):
    form.load("engine", {})
    typed(qtbot, form, "evolution_us", "1, 2.5 ,4e0")
    typed(qtbot, form, "hours", "2")
    assert form.command.text() == "labctl run engine --set evolution_us=1,2.5,4 --set hours=2"
    settings_ = [word for word in shlex.split(form.command.text())[3:] if word != "--set"]
    assert make_plan(EnginePlan, settings_) == form.plan
    qtbot.mouseClick(form.copy, LEFT)
    assert QtWidgets.QApplication.clipboard().text() == form.command.text()


def test_the_expected_duration_follows_the_plan(form):
    form.load("cool", {"hours": "2.5"})
    assert form.duration.text() == "Expected: 2 h 30 min of laboratory time"
    form.load("align", {})
    assert form.duration.text() == "Expected: not known beforehand"


def test_run_and_queue_send_what_differs_from_the_defaults_once(qtbot, form):
    form.load("odmr", {})
    typed(qtbot, form, "step_mhz", "0.1")
    with qtbot.waitSignal(form.run_wanted) as sent:
        qtbot.mouseClick(form.run_button, LEFT)
    assert sent.args == ["odmr", {"step_mhz": "0.1"}]
    with qtbot.assertNotEmitted(form.run_wanted):
        qtbot.mouseClick(form.run_button, LEFT)  # the second half of a double click
    qtbot.waitUntil(form.queue_button.isEnabled, timeout=3000)
    with qtbot.waitSignal(form.queue_wanted) as sent:
        qtbot.mouseClick(form.queue_button, LEFT)
    assert sent.args == ["odmr", {"step_mhz": "0.1"}]


def test_keys_run_and_queue(qtbot, form):
    form.activateWindow()
    form.load("odmr", {})
    line = form.rows["step_mhz"].editor.widget
    line.setFocus()
    shift = QtCore.Qt.KeyboardModifier.ShiftModifier
    with qtbot.waitSignal(form.queue_wanted, timeout=3000):
        qtbot.keyClick(line, QtCore.Qt.Key.Key_Return, _control() | shift)
    qtbot.waitUntil(form.run_button.isEnabled, timeout=3000)
    with qtbot.waitSignal(form.run_wanted, timeout=3000):
        qtbot.keyClick(line, QtCore.Qt.Key.Key_Return, _control())


def test_another_experiment_keeps_what_was_typed(qtbot, form):
    form.load("cool", {})
    typed(qtbot, form, "hours", "2")
    form.choice.setCurrentIndex(form.choice.findData("odmr"))
    assert form.plan == OdmrPlan()
    form.choice.setCurrentIndex(form.choice.findData("cool"))
    assert form.plan == CoolPlan(hours=2.0)


def test_a_stored_plan_is_loaded_over_what_stood_there(form):
    form.load("cool", {"heating_steps": "9"})
    made = CoolPlan(hours=0.1 + 0.2, cooling_us=33.0)
    form.load("cool", json.loads(json.dumps(serialisable(made))))
    assert form.plan == made
    assert form.message.isHidden()


def test_what_is_outdated_in_a_stored_plan_is_named(form):
    form.load("align", {"contact_us": 5.0, "gone": 3, "old": {"mw": 1.5}, "nitrogen": "15N"})
    assert form.plan == catalogue.EXPERIMENTS["align"].plan(contact_us=5.0)
    assert form.message.text().endswith("left out: gone = 3; old.mw = 1.5; nitrogen = 15N")
    assert form.message.isVisible()
    form.load("part", {"points": 3})
    assert form.message.text().startswith("part cannot be run by itself")
    assert form.sequence == "align"


def test_a_stored_value_out_of_range_is_shown_and_refused(form):
    form.load("cool", {"hours": 1000.0})
    assert form.rows["hours"].text == "1000"
    assert form.plan is None
    assert list(shown_faults(form)) == ["hours"]


def test_the_row_in_focus_says_what_it_means(qtbot, form):
    form.activateWindow()
    form.load("cool", {})
    form.rows["evolution_us"].editor.widget.setFocus()
    qtbot.waitUntil(lambda: "the longer, the warmer the cold bath" in form.help.text(), timeout=3000)
    assert form.help.text().endswith("Default: 5.4. Key: evolution_us")
    assert form.rows["evolution_us"].editor.widget.toolTip() == form.help.text()


def test_the_wheel_scrolls_and_changes_nothing(form):
    form.load("align", {})
    box = form.rows["resonance"].editor.widget
    point, down = QtCore.QPoint(5, 5), QtCore.QPoint(0, -120)
    wheel = QtGui.QWheelEvent(
        QtCore.QPointF(point),
        QtCore.QPointF(box.mapToGlobal(point)),
        down,
        down,
        QtCore.Qt.MouseButton.NoButton,
        QtCore.Qt.KeyboardModifier.NoModifier,
        QtCore.Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QtWidgets.QApplication.sendEvent(box, wheel)
    assert box.currentText() == "lower"


def test_editing_offers_to_keep_not_to_run(qtbot, form):
    form.edit("number 2 of the queue: odmr")
    assert form.editing.text() == "Editing number 2 of the queue: odmr"
    assert form.run_button.isHidden()
    assert form.queue_button.text() == "Keep"
    with qtbot.waitSignal(form.given_up):
        qtbot.mouseClick(form.cancel, LEFT)
    form.edit("")
    assert form.editing.isHidden()
    assert not form.run_button.isHidden()


def test_it_fits_a_dock(form):
    for name in catalogue.EXPERIMENTS:
        form.load(name, {})
        assert form.minimumSizeHint().width() <= 520
        assert form.area.widget().minimumSizeHint().width() <= 500


def _control():
    return QtCore.Qt.KeyboardModifier.ControlModifier


def test_what_is_left_to_the_run_is_a_choice_and_an_empty_list(form):
    """Hold is true, false or auto; no evolution time leaves them to the model. Plans of an older version fit."""
    form.load("engine", {"evolution_us": [], "hold": "auto"})
    hold, times = form.rows["hold"], form.rows["evolution_us"]
    assert [hold.editor.widget.itemText(k) for k in range(hold.editor.widget.count())] == ["true", "false", "auto"]
    assert (hold.text, times.text, form.settings) == ("auto", "[]", {})
    assert "none: those that the model of this pair asks for" in times.help()
    for text in ("none", "[]"):
        times.editor.write(text)
        assert (form.plan.evolution_us, form.settings) == ((), {})
    form.load("engine", {"evolution_us": [1.5, 3.0], "hours": 12.0, "hold": False})
    assert (form.plan.evolution_us, form.plan.hold) == ((1.5, 3.0), False)
    assert form.settings == {"evolution_us": "1.5,3", "hours": "12", "hold": "false"}


def test_a_row_says_what_is_swept_and_queues_it_as_one(qtbot, form):
    form.load("cool", {"heating_steps": "2"})
    qtbot.keyClicks(form.over.line, "hours=1:3:3 cooling_us=100, 200")
    assert form.duration.text() == (
        "Expected: 12 h 00 min of laboratory time; Queue puts the 6 points into the queue, as one"
    )
    assert shlex.split(form.command.text()) == [
        *("labctl", "sweep", "cool", "--over", "hours=1:3:3", "--over", "cooling_us=100,200"),
        *("--set", "heating_steps=2"),
    ]
    assert not form.run_button.isEnabled()
    with qtbot.waitSignal(form.sweep_wanted) as sent:
        qtbot.mouseClick(form.queue_button, LEFT)
    assert sent.args == ["cool", {"heating_steps": "2"}, ["hours=1:3:3", "cooling_us=100,200"]]
    form.load("odmr", {})
    assert form.over.text == ""
    form.choice.setCurrentIndex(form.choice.findData("cool"))
    assert form.over.text == "hours=1:3:3 cooling_us=100, 200", "what was typed is there when it is chosen again"


def test_a_row_that_cannot_be_swept_says_why_and_queues_nothing(qtbot, form):
    form.load("cool", {})
    for text, words in (
        ("hours", "✖ Over: hours: write it as key=start:stop:count"),
        ("hours=1,60", "✖ Over: hours: at 60: must be at most 50"),
        ("hour=1,2", "did you mean 'hours'?"),
    ):
        form.over.line.clear()
        qtbot.keyClicks(form.over.line, text)
        assert words in form.faults.text()
        assert not form.queue_button.isEnabled()
        assert form.command.text() == ""
    qtbot.mouseClick(form.all_back, LEFT)
    assert (form.over.text, form.run_button.isEnabled()) == ("", True)
