"""A sweep from the form of the real window on the simulated bench, to one dataset of both runs."""

from live import opened_window, until
from pyqtgraph.Qt import QtCore

import labctl
from labctl.data.reader import all_runs

LEFT = QtCore.Qt.MouseButton.LeftButton


def test_what_the_form_queues_runs_as_one_group(qtbot, tmp_path):
    with opened_window(qtbot, tmp_path) as window:
        form, session = window.docks.runs.form, window.session
        form.load("odmr", {})
        qtbot.keyClicks(form.over.line, "target_khz=300,400")
        qtbot.mouseClick(form.queue_button, LEFT)
        assert [one.overs for one in session.queue.items] == [("target_khz=300,400",)]
        assert window.docks.runs.message.text() == "The sweep of odmr waits in the queue"
        session.hold_queue(False)
        until(qtbot, lambda: [run.status for run in all_runs(tmp_path)] == ["completed"] * 2, 60_000)
        until(qtbot, lambda: session.activity == "idle")
        assert session.queue.items == ()
    found = labctl.open_data(tmp_path).sweep().data
    assert found.run_id.values.tolist() == [1, 2]
    assert found.target_khz.values.tolist() == [300.0, 400.0]
