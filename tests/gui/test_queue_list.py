"""The queue in its dock: by mouse and by keys, as it is kept in the data folder."""

import os

import pytest
from pyqtgraph.Qt import QtCore

from labctl.gui.runs.queue import Queue
from sequences.cool import CoolPlan

LEFT = QtCore.Qt.MouseButton.LeftButton
KEY = QtCore.Qt.Key
ALT = QtCore.Qt.KeyboardModifier.AltModifier
FOREGROUND = QtCore.Qt.ItemDataRole.ForegroundRole


@pytest.fixture
def queued(runs_view, tmp_path):
    """With three runs that wait."""
    queue = Queue(tmp_path)
    for sequence, settings in (("odmr", {"step_mhz": "0.5"}), ("cool", {"hours": "2"}), ("wiring", {})):
        queue.add(sequence, settings)
    return runs_view(queue=queue)


def listed(view):
    return [view.queue.list.item(row).text() for row in range(view.queue.list.count())]


def order(view):
    return [item.sequence for item in view.queue.queue.items]


def test_the_queue_is_listed_with_settings_and_durations(queued):
    assert [text.split()[:2] for text in listed(queued)] == [["1", "odmr"], ["2", "cool"], ["3", "wiring"]]
    assert "step_mhz=0.5" in listed(queued)[0]
    assert listed(queued)[1] == "2   cool  hours=2  (2 h 00 min)"
    assert queued.queue.summary.text().startswith("3 runs wait")
    assert queued.tabs.tabText(1) == "Queue (3) and history"


def test_alt_arrows_move_and_delete_removes(qtbot, queued):
    queued.activateWindow()
    box = queued.queue.list
    box.setFocus()
    box.setCurrentRow(2)
    qtbot.keyClick(box, KEY.Key_Up, ALT)
    assert order(queued) == ["odmr", "wiring", "cool"]
    qtbot.keyClick(box, KEY.Key_Up, ALT)
    qtbot.keyClick(box, KEY.Key_Up, ALT)
    assert order(queued) == ["wiring", "odmr", "cool"]
    assert box.currentRow() == 0
    qtbot.keyClick(box, KEY.Key_Down, ALT)
    assert order(queued) == ["odmr", "wiring", "cool"]
    qtbot.keyClick(box, KEY.Key_Delete)
    assert order(queued) == ["odmr", "cool"] == [text.split()[1] for text in listed(queued)]
    assert order(queued) == [item.sequence for item in Queue(queued.queue.queue.folder).items]


def test_dragging_moves(qtbot, queued):
    model, root = queued.queue.list.model(), QtCore.QModelIndex()
    assert model.moveRow(root, 0, root, 3), "what a drop does"
    assert order(queued) == ["cool", "wiring", "odmr"]
    qtbot.waitUntil(lambda: listed(queued)[0].startswith("1   cool"), timeout=3000)
    assert model.moveRow(root, 2, root, 0)
    assert order(queued) == ["odmr", "cool", "wiring"]


def test_a_queued_run_is_edited_in_its_place(qtbot, queued):
    queued.queue.list.setCurrentRow(1)
    queued.queue.edit_action.trigger()
    assert queued.tabs.currentWidget() is queued.form
    assert queued.form.editing.text() == "Editing number 2 of the queue"
    assert queued.form.plan == CoolPlan(hours=2.0)
    queued.form.rows["hours"].editor.write("5")
    with qtbot.assertNotEmitted(queued.queue_wanted):
        qtbot.mouseClick(queued.form.queue_button, LEFT)
    assert [dict(item.settings) for item in queued.queue.queue.items] == [{"step_mhz": "0.5"}, {"hours": "5"}, {}]
    assert "hours=5" in listed(queued)[1]
    assert queued.form.queue_button.text() == "Queue"


def test_what_was_given_up_stays_as_it_was(qtbot, queued):
    queued.queue.list.setCurrentRow(1)
    queued.queue.edit_action.trigger()
    queued.form.rows["hours"].editor.write("5")
    qtbot.mouseClick(queued.form.cancel, LEFT)
    assert dict(queued.queue.queue.items[1].settings) == {"hours": "2"}
    assert queued.form.editing.isHidden()
    assert queued.form.sequence == "wiring"


def test_a_run_that_started_while_it_was_edited_is_told(qtbot, queued):
    queued.queue.list.setCurrentRow(0)
    queued.queue.edit_action.trigger()
    queued.queue.queue.take(queued.queue.queue.items[0].ticket)
    qtbot.mouseClick(queued.form.queue_button, LEFT)
    assert queued.message.text() == "odmr has started meanwhile: nothing was changed"
    assert order(queued) == ["cool", "wiring"]


def test_the_list_follows_what_the_bench_takes(qtbot, queued):
    queued.queue.queue.take(queued.queue.queue.items[0].ticket)
    qtbot.waitUntil(lambda: len(listed(queued)) == 2, timeout=3000)
    assert listed(queued)[0].startswith("1   cool")


def test_the_queue_is_started_and_held(qtbot, queued):
    assert queued.queue.hold.text().endswith("Start the queue")
    with qtbot.waitSignal(queued.queue_held) as sent:
        qtbot.mouseClick(queued.queue.hold, LEFT)
    assert sent.args == [False]
    assert queued.queue.hold.text().endswith("Hold the queue")
    with qtbot.assertNotEmitted(queued.queue_held):
        queued.show_held(True)  # the session holds it after an abort
    assert queued.queue.hold.text().endswith("Start the queue")


def test_an_empty_queue_cannot_be_started(runs_view):
    view = runs_view()
    assert view.queue.summary.text() == "Queue: empty"
    assert not view.queue.hold.isEnabled()
    assert not view.queue.remove_action.isEnabled()


def test_what_is_no_longer_possible_is_marked(runs_view, tmp_path):
    queue = Queue(tmp_path)
    queue.add("odmr", {"power_dbm": "12"})
    queue.add("cool", {"gone": "1"})
    view = runs_view(queue=queue)
    tips = [view.queue.list.item(row).toolTip() for row in range(2)]
    assert [text.split()[1] for text in listed(view)] == ["✖", "✖"]
    assert "beyond the station's limits.microwave_dbm" in tips[0] or "must be at most 10" in tips[0]
    assert "CoolPlan has no key" in tips[1]


def test_a_damaged_queue_is_told(runs_view, tmp_path):
    (tmp_path / "queue.json").write_text("{")
    view = runs_view(queue=Queue(tmp_path))
    assert "queue-damaged-" in view.message.text()
    assert not view.message.isHidden()


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0 and os.name != "nt", reason="root writes anywhere")
def test_a_queue_that_cannot_be_stored_is_told(runs_view, tmp_path):
    view = runs_view(queue=Queue(tmp_path))
    tmp_path.chmod(0o500)
    try:
        view.queue.queue.add("odmr", {})
        view.queue.follow()
        assert "cannot be written" in view.message.text()
    finally:
        tmp_path.chmod(0o700)


def test_it_fits_its_dock(queued):
    hint = queued.minimumSizeHint()
    assert hint.width() <= 520
    assert hint.height() <= 560


def test_a_sweep_is_one_line_and_is_not_changed_once_it_has_begun(qtbot, runs_view, tmp_path):
    queue = Queue(tmp_path)
    ticket = queue.add("cool", {"heating_steps": "1"}, ["hours=1:3:3"]).ticket
    view = runs_view(queue=queue)
    assert listed(view) == ["1   cool  sweep of hours=1:3:3  heating_steps=1  0 of 3 points begun  (6 h 00 min)"]
    view.queue.edit_action.trigger()
    assert (view.form.over.text, view.form.queue_button.text()) == ("hours=1:3:3", "Keep")
    view.form.over.line.setText("hours=2,4")
    qtbot.waitUntil(view.form.queue_button.isEnabled)
    qtbot.mouseClick(view.form.queue_button, LEFT)
    assert [one.overs for one in Queue(tmp_path).items] == [("hours=2,4",)]
    queue.take_point(ticket, 2)
    view.queue.follow()
    assert listed(view) == ["1   cool  sweep of hours=2,4  heating_steps=1  1 of 2 points begun  (4 h 00 min)"]
    view.queue.edit_action.trigger()
    assert "has begun" in view.message.text()
    view.queue.remove_action.trigger()
    assert Queue(tmp_path).items == ()
