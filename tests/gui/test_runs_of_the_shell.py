"""Runs that another process measures into the same folder, as the window lists, opens and lets them go on."""

from contextlib import closing

import pytest
from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.bench.requests import Orders
from labctl.data.reader import one_run
from labctl.data.writing.run_writer import Store
from labctl.gui.runs.stored_record import stored
from labctl.gui.toolbar import Toolbar
from sequences.odmr import COLUMNS

MEASURED = {"status": "completed", "message": "", "result": None, "lab_time_s": 1.0}


@pytest.fixture
def shell(tmp_path):
    """Another process, as far as the folder shows."""
    with closing(Store(tmp_path, "a bench")) as store:
        yield store


@pytest.fixture
def view(runs_view, shell, tmp_path):  # noqa: ARG001  # the folder is there
    made = runs_view(tmp_path)
    made.history._timer.setInterval(20)
    return made


def statuses(view):
    model = view.history.model
    return [model.data(model.index(row, 2)) for row in range(model.rowCount())]


def test_the_history_follows_what_another_process_begins_pauses_and_ends(qtbot, view, shell):
    assert statuses(view) == []
    run = shell.begin("odmr", COLUMNS, {"plan": {}})
    qtbot.waitUntil(lambda: statuses(view) == ["▶ running"])
    shell.presence.tell({"run_id": run.run_id, "does": "paused"})
    qtbot.waitUntil(lambda: statuses(view) == ["❚❚ paused"])
    run.end(MEASURED)
    qtbot.waitUntil(lambda: statuses(view) == ["✔ completed"])


def test_continue_lets_a_paused_run_go_on_where_it_is(qtbot, view, shell):
    asked = []
    with Orders(shell.presence, asked.append, look_s=0.01) as orders:
        orders.run_id = shell.begin("odmr", COLUMNS, {"plan": {}}).run_id
        orders.tell("running")
        qtbot.waitUntil(lambda: statuses(view) == ["▶ running"])
        assert not view.history.go_on.isEnabled()
        orders.tell("paused")
        qtbot.waitUntil(lambda: view.history.go_on.isEnabled())
        view.history.go_on.trigger()
        qtbot.waitUntil(lambda: asked == ["resume"])
        qtbot.waitUntil(lambda: view.message.text() == "Run 1 goes on")


def test_one_that_goes_on_elsewhere_is_opened_as_that(shell, tmp_path):
    run = shell.begin("odmr", COLUMNS, {"plan": {}})
    record = stored(tmp_path, run.run_id)
    assert record.status == "elsewhere"
    assert f"running in process {one_run(tmp_path, 1).process}" in record.message


@pytest.mark.parametrize("keys", ["Ctrl+Return", "Ctrl+Shift+Return"])
def test_a_key_that_is_held_in_the_form_is_one_run(view, keys):
    (shortcut,) = [one for one in view.form.findChildren(QtGui.QShortcut) if one.key().toString() == keys]
    assert not shortcut.autoRepeat()


def test_a_key_that_is_held_in_the_lists_moves_and_does_nothing_else_again(view):
    acting = [*view.history.doable, view.queue.edit_action, view.queue.remove_action]
    assert not any(action.autoRepeat() for action in acting)
    assert view.queue.up_action.autoRepeat()


def test_what_is_written_in_the_form_is_there_again_when_a_run_of_the_queue_was_edited(view, qtbot):
    view.form.load("odmr", {})
    view.form.rows["seconds_per_point"].editor.write("7")
    view.queue.queue.add("odmr", {"seconds_per_point": "3"})
    view.queue.follow()
    view.queue.edit_action.trigger()
    assert view.form.settings == {"seconds_per_point": "3"}
    qtbot.mouseClick(view.form.queue_button, QtCore.Qt.MouseButton.LeftButton)
    assert view.form.settings == {"seconds_per_point": "7"}
    assert view.form.sequence == "odmr"


def test_a_key_that_is_held_on_the_bar_does_it_once(qtbot):
    window = QtWidgets.QMainWindow()
    qtbot.addWidget(window)
    bar = Toolbar(window)
    assert not any(action.autoRepeat() for action in (bar.new_run, bar.pause, bar.stop_run, bar.live))
