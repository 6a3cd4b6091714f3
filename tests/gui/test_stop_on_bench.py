"""The red stop on a bench that outlives its process: safe by its own account, in every state and after a death."""

import os
import signal
import time

import pytest
from live import STATION, opened_window, until
from pyqtgraph.Qt import QtCore, QtTest

from tools.trials.served_bench import served

F12 = QtCore.Qt.Key.Key_F12
OLD_WITHIN_S = 2.0


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A bench served by another process: (its folder, its file, its client). Paced so that a run lasts."""
    folder = tmp_path_factory.mktemp("bench")
    with served(folder, pace=20.0) as (wires, client):
        yield folder, wires, client


@pytest.fixture
def window(qtbot, bench):
    """Its magnet keeps its field between runs: only STOP takes it down."""
    folder, wires, _ = bench
    station = folder / "station.yaml"
    station.write_text(STATION.read_text(encoding="utf-8").replace("{magnet: ramped}", "{magnet: held}"))
    with opened_window(qtbot, folder, bench=wires, station=station) as opened:
        yield opened


def still_on(bench):
    return bench[2].state()["still_on"]


def measuring(qtbot, window, bench):
    window.run_wanted("odmr", {})
    until(qtbot, lambda: window.session.activity == "running" and any("emits" in what for what in still_on(bench)))


def reached(qtbot, window, bench, state):
    until(qtbot, lambda: window.session.activity == "idle")
    if state != "idle":
        measuring(qtbot, window, bench)
    if state in ("pausing", "paused"):
        window.toolbar.pause.trigger()
    if state == "stopping":
        window.toolbar.stop_run.trigger()
    until(qtbot, lambda: window.session.activity == state)
    window.notices.clear()


def stopped(qtbot, window):
    QtTest.QTest.keyClick(window.windowHandle(), F12)
    assert "STOP: " in window.notices.text.text()
    until(qtbot, lambda: "STOP: the bench is safe, read back" in window.notices.text.text())
    assert "the magnet carries no current" in window.notices.text.text()


def test_in_every_state_the_bench_is_safe_after_stop(qtbot, window, bench):
    for state in ("idle", "running", "pausing", "paused", "stopping"):
        reached(qtbot, window, bench, state)
        stopped(qtbot, window)
        assert still_on(bench) == [], state
    measuring(qtbot, window, bench)
    window.close()  # the question lies open
    stopped(qtbot, window)
    assert still_on(bench) == []
    measuring(qtbot, window, bench)
    window.session.leave()
    window.session.make_safe()  # behind the wish to leave: the magnet, which would be held, comes down too
    until(qtbot, lambda: window.session.has_left())
    assert still_on(bench) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither SIGSTOP nor SIGKILL")
def test_a_bench_process_that_is_gone_leaves_nothing_that_looks_good(qtbot, window, bench):
    view, pid = window.docks.bench, window.session._link.pid
    until(qtbot, lambda: view.interlock.text() == "✔ laser interlock closed")
    measuring(qtbot, window, bench)
    os.kill(pid, signal.SIGSTOP)  # silent, not dead
    until(qtbot, lambda: looks_old(view))
    os.kill(pid, signal.SIGCONT)
    until(qtbot, lambda: view.interlock.text() == "✔ laser interlock closed")
    os.kill(pid, signal.SIGKILL)
    began_s = time.monotonic()
    until(qtbot, lambda: looks_old(view))
    assert time.monotonic() - began_s < OLD_WITHIN_S
    until(qtbot, lambda: "Its watchdog has made the bench safe at" in window.notices.text.text())
    assert not any("emits" in what or "high" in what for what in still_on(bench))
    QtTest.QTest.keyClick(window.windowHandle(), F12)
    assert "STOP: The bench process has died" in window.notices.text.text()
    assert "read back: the pulse lines are low" in window.notices.text.text()
    window.reopen()
    QtTest.QTest.keyClick(window.windowHandle(), F12)
    assert "STOP: as soon as the bench is open" in window.notices.text.text()
    until(qtbot, lambda: "STOP: the bench is safe, read back" in window.notices.text.text(), 60_000)
    assert still_on(bench) == []


def looks_old(view):
    return not view.tree.isEnabled() and view.theme.ok not in view.interlock.styleSheet() and view.silence.isVisible()
