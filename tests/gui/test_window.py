"""The real window on the simulated bench: run, pause, resume, stop, red stop, start again, open, queue, leave."""

import json
import os
import signal

import numpy as np
import pytest
from live import opened_window, rows, settings_in, until
from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.data.acquisitions import blocks_of
from labctl.data.live_runs import ask
from labctl.data.reader import all_runs, one_run, points
from labctl.gui.widgets.dialogs import Box

_STORED_DIGITS = 1e-14
"""QCoDeS writes fifteen of them."""
LEFT = QtCore.Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("window")


@pytest.fixture
def window(qtbot, folder):
    with opened_window(qtbot, folder) as opened:
        yield opened


def started(qtbot, window, sequence="odmr", **settings):
    """A run that measures, begun as its form begins it."""
    before = window.session.journal.run
    window.run_wanted(sequence, settings)
    until(qtbot, lambda: window.session.journal.run is not before and rows(window) > 3)
    return window.session.journal.run


def completed_run(qtbot, window):
    """A run that has completed."""
    run = started(qtbot, window)
    until(qtbot, idle(window))
    return run


def idle(window):
    return lambda: window.session.activity == "idle"


def test_what_is_painted_is_what_is_stored(qtbot, window, folder):
    run = completed_run(qtbot, window)
    stored = points(folder, run.run_id).values
    assert run.status == "completed"
    for column in ("frequency_hz", "signal", "signal_err"):
        np.testing.assert_allclose(run.table[column], stored[column], rtol=_STORED_DIGITS)
    assert run.result == one_run(folder, run.run_id).result
    outcome = one_run(folder, run.run_id).outcome
    assert outcome["photons"] == run.photons > 1e6
    assert outcome["counting_s"] == pytest.approx(run.counting_s)


def test_a_run_pauses_in_the_dark_and_goes_on_where_it_was(qtbot, window):
    run = started(qtbot, window)
    window.toolbar.pause.trigger()
    until(qtbot, lambda: window.session.activity == "paused")
    until(qtbot, lambda: window.toolbar.pause.text() == "Resume")
    held = rows(window)
    qtbot.wait(500)
    assert rows(window) == held
    window.toolbar.pause.trigger()
    until(qtbot, idle(window))
    assert run.status == "completed"
    assert rows(window) > held


def test_stop_keeps_what_was_measured_and_the_next_run_starts(qtbot, window, folder):
    run = started(qtbot, window)
    window.toolbar.stop_run.trigger()
    until(qtbot, idle(window))
    kept = one_run(folder, run.run_id)
    assert (run.status, kept.status, kept.outcome["message"]) == ("aborted", "aborted", "aborted by the operator")
    np.testing.assert_allclose(points(folder, run.run_id).values["signal"], run.table["signal"], rtol=_STORED_DIGITS)
    again = completed_run(qtbot, window)
    assert again.run_id > run.run_id
    assert again.status == "completed"


def test_a_stopped_run_is_continued(qtbot, window, folder):
    """What it counted answers from disk; while something goes on it has to wait."""
    run = started(qtbot, window)
    window.continue_wanted(run.run_id)
    assert "when the bench is idle" in window.notices.text.text()
    window.toolbar.stop_run.trigger()
    until(qtbot, idle(window))
    blocks = [(block.digest, block.signal) for block in blocks_of(folder, run.run_id)]
    window.continue_wanted(run.run_id)
    until(qtbot, lambda: window.session.journal.run is not run)
    until(qtbot, idle(window))
    on = window.session.journal.run
    assert (on.status, one_run(folder, on.run_id).record["resumes"]) == ("completed", run.run_id)
    assert [(block.digest, block.signal) for block in blocks_of(folder, on.run_id)][: len(blocks)] == blocks
    window.continue_wanted(on.run_id)
    until(qtbot, lambda: f"Run {on.run_id} is complete" in window.notices.text.text())


def test_stop_ends_a_paused_run_too_and_what_was_wanted_meanwhile_waits(qtbot, window, folder):
    run = started(qtbot, window)
    ask(folder, one_run(folder, run.run_id).record["writer"], run.run_id, "pause")  # as `labctl pause` does
    until(qtbot, lambda: window.session.activity == "paused")
    window.run_wanted("odmr", {})
    assert "odmr is number 1 of the queue: a run goes on. It starts by itself" in window.notices.text.text()
    window.toolbar.stop_run.trigger()
    until(qtbot, idle(window))
    assert run.status == "aborted"
    assert window.session.is_queue_held
    window.session.queue.remove(window.session.queue.items[0].ticket)


def test_the_red_stop_switches_everything_off_and_reads_it_back(qtbot, window):
    run = started(qtbot, window)
    assert window.toolbar.red_stop.isEnabled()
    qtbot.mouseClick(window.toolbar.red_stop, LEFT)
    until(qtbot, lambda: "safe" in window.notices.text.text())
    assert run.status == "aborted"
    assert "the magnet carries no current" in window.notices.text.text()
    assert window.toolbar.red_stop.isEnabled()


def test_the_red_stop_holds_for_a_run_that_has_not_begun(qtbot, window, folder):
    before = len(all_runs(folder))
    window.run_wanted("odmr", {"seconds_per_point": "20"})
    qtbot.mouseClick(window.toolbar.red_stop, LEFT)
    until(qtbot, lambda: "safe" in window.notices.text.text())
    until(qtbot, idle(window))
    assert [run.status for run in all_runs(folder)[before:]] in ([], ["aborted"])


def test_a_stored_run_opens_in_the_same_views(qtbot, window, folder):
    completed = one_run(folder, completed_run(qtbot, window).run_id)
    window.open(completed.run_id)
    until(qtbot, lambda: window.run is not None and window.run.run_id == completed.run_id)
    until(qtbot, lambda: window.toolbar.shown.text().startswith(f"stored: run {completed.run_id}, odmr"))
    assert window.run.result == completed.result
    assert window.toolbar.live.isVisible()
    window.toolbar.live.trigger()
    assert window.run is window.session.journal.run


def test_the_queue_runs_one_after_the_other_once_it_is_let_go(qtbot, window, folder):
    last = max((run.run_id for run in all_runs(folder)), default=0)
    window.queue_wanted("odmr", {"seconds_per_point": "6"})
    window.queue_wanted("odmr", {"seconds_per_point": "4"})
    qtbot.wait(300)
    assert window.session.activity == "idle"
    window.session.hold_queue(False)
    until(qtbot, lambda: len([r for r in all_runs(folder) if r.run_id > last and r.status == "completed"]) == 2, 60_000)
    plans = [run.record["plan"]["seconds_per_point"] for run in all_runs(folder) if run.run_id > last]
    assert plans == [6.0, 4.0]
    assert json.loads((folder / "queue.json").read_text(encoding="utf-8")) == []


def test_a_plan_out_of_range_is_refused_with_its_reason(qtbot, window):
    window.run_wanted("odmr", {"step_mhz": "50"})
    until(qtbot, lambda: window.notices.isVisible())
    assert "step_mhz" in window.notices.text.text()
    assert window.session.activity == "idle"


def test_a_view_that_fails_says_so_and_the_run_completes(qtbot, window, monkeypatch):
    odmr = next(view for view in window.docks.plots if view.title == "ODMR")

    def fail(*_):
        raise RuntimeError("no such colour")

    monkeypatch.setattr(odmr, "paint", fail)
    assert completed_run(qtbot, window).status == "completed"
    assert any("no such colour" in text.text() for text in odmr.findChildren(QtWidgets.QLabel))


def test_leaving_asks_while_a_run_goes_on(qtbot, window, folder):
    """Beside the question everything else works, STOP above all."""
    run = started(qtbot, window, seconds_per_point="20")
    window.close()
    window.close()
    (question,) = window.findChildren(Box)
    assert not question.isModal()
    qtbot.mouseClick(question.no, LEFT)
    until(qtbot, lambda: not window.findChildren(Box))
    assert window.isVisible()
    assert window.session.is_busy
    window.close()
    (question,) = window.findChildren(Box)
    qtbot.mouseClick(question.yes, LEFT)
    until(qtbot, lambda: not window.isVisible())
    assert window.session.has_left()
    assert (window.session.faults, window.session.unsafe) == ((), ())
    assert one_run(folder, run.run_id).status == "aborted"


def test_docks_come_back_as_they_were_left(qtbot, window, folder):
    until(qtbot, lambda: settings_in(folder).contains("docks"))
    window.docks.docks["Sequence"].close()
    window.leave_at_once()
    until(qtbot, lambda: not window.isVisible())
    with opened_window(qtbot, folder) as again:
        assert not again.docks.docks["Sequence"].isVisible()
        assert again.docks.docks["Engine"].isVisibleTo(again)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL; the window sees a dead process alike")
def test_a_dead_bench_process_is_said_loudly_and_the_bench_opens_again(qtbot, window):
    run = started(qtbot, window, seconds_per_point="20")
    os.kill(window.session._link._process.pid, signal.SIGKILL)
    until(qtbot, lambda: window.session.activity == "closed")
    until(qtbot, lambda: "simulated bench ended with it: nothing is on" in window.notices.text.text())
    assert run.status == "failed"
    window.reopen()
    until(qtbot, idle(window))
    assert completed_run(qtbot, window).run_id > run.run_id
