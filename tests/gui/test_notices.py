"""Notices lie over the window and move nothing; those of a run go when another one is looked at."""

import pytest
from pyqtgraph.Qt import QtWidgets
from still import filled, nothing, settled, shared_window, still_window

from labctl.gui.connection.messages import Doing, Ended, Failed
from labctl.gui.runs.record import Record, Table
from labctl.gui.widgets.dialogs import Box
from labctl.run.events import News
from labctl.safety.safe_state import Step
from sequences.odmr import OdmrPlan
from sequences.results import Begin


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with shared_window(tmp_path_factory.mktemp("notices")) as made:
        yield made


@pytest.fixture
def window(shared):
    """At its first size, showing nothing and saying nothing."""
    shared.notices.clear()
    shared._opened = None
    shared.resize(1600, 1000)
    settled()
    return shared


def places(window):
    return {widget: widget.geometry() for widget in window.findChildren(QtWidgets.QDockWidget)} | {
        window.toolbar: window.toolbar.geometry()
    }


LONG = "The lines of the run could not be found. Look at the microwave, and at the antenna. " * 12


@pytest.mark.parametrize("size", [(1280, 800), (1600, 1000)])
def test_a_notice_moves_nothing_and_lies_beneath_the_toolbar(window, size):
    window.resize(*size)
    settled()
    before = places(window)
    for words in ("Run 1 completed", LONG, "\n".join(f"fault {k}" for k in range(80))):
        for say in (window.notices.tell, window.notices.trouble):
            say(words)
            settled()
            assert places(window) == before
            notices = window.notices.geometry()
            assert notices.top() > window.toolbar.geometry().bottom()
            assert notices.right() < window.width()
            assert notices.height() <= 0.5 * window.height()
            assert window.childAt(notices.center()) in (window.notices, *window.notices.findChildren(QtWidgets.QWidget))
    window.notices.away.click()
    assert not window.notices.isVisible()
    assert places(window) == before


def test_one_line_is_one_line_high_and_more_as_many_as_they_need(window):
    line = window.notices.text.fontMetrics().lineSpacing()
    for words, lines in (("Run 1 completed", 1), ("one\ntwo\nthree", 3)):
        window.notices.tell(words)
        settled()
        assert lines * line <= window.notices.height() < (lines + 1) * line + 8
        assert window.notices.text.height() >= lines * line
    window.notices.trouble(LONG)
    settled()
    text = window.notices.text
    assert text.height() >= text.heightForWidth(text.width()) > 1.5 * line


def test_it_stays_in_a_window_that_becomes_smaller(window):
    window.notices.trouble(LONG)
    window.resize(window.minimumSizeHint())
    settled()
    assert window.notices.geometry().right() < window.width()


def told(window):
    return window.notices.text.text() if window.notices.isVisible() else ""


def test_what_is_told_of_a_run_goes_when_another_one_is_looked_at(window):
    window._hear(Ended(1, 7, "failed", "no line", ()))
    assert "Run 7 failed: no line" in told(window)
    run = filled()
    run.run_id = 7
    window._show_opened(run)
    assert "Run 7 failed" in told(window), "it is about this one"
    window._show_opened(nothing())
    assert told(window) == ""


@pytest.mark.parametrize(
    ("heard", "stays"),
    [
        (Ended(1, 7, "completed", "", ()), False),
        (Ended(1, 7, "aborted", "by the operator", ()), False),
        (Ended(1, 7, "failed", "no line", ()), True),
        (Ended(1, 7, "completed", "", (Step("the green laser is off", "Turn its key", "no answer"),)), True),
        (Failed(("the bench is gone",)), True),
    ],
)
def test_when_the_queue_goes_on_only_trouble_stays_until_it_is_read(window, heard, stays):
    window._hear(heard)
    begin = News(8, "odmr", 0, Begin("odmr", OdmrPlan()), 0.0)
    window.session.journal.take(begin)
    window._hear(begin)
    assert bool(told(window)) is stays


def test_that_the_bench_may_not_be_safe_stays_whatever_is_looked_at(window):
    window._hear(Ended(1, 7, "completed", "", (Step("the green laser is off", "Turn its key", "no answer"),)))
    for look in (lambda: window._show_opened(nothing()), window.back_to_live, lambda: window.run_wanted("odmr", {})):
        look()
        assert "MAY NOT BE SAFE" in told(window)


def test_what_the_runs_dock_said_of_a_run_goes_when_another_one_is_chosen(window):
    runs = window.docks.runs
    runs.say("Figure of run 3: /data/run.png")
    runs.history.looked_at.emit(4)
    assert runs.message.text() == ""
    runs.form.load("odmr", {"gone": 1})
    assert "left out: gone = 1" in runs.form.message.text()
    runs.form.choice.setCurrentIndex(runs.form.choice.findData("locate"))
    assert runs.form.message.text() == ""


def test_a_window_that_never_had_the_bench_does_not_say_that_it_may_not_be_safe(qtbot, tmp_path):
    for heard, has_had in (((Doing("opening"),), False), ((), True)):
        window = still_window(qtbot, tmp_path, "light", *heard)
        window.session._guarded = tmp_path / "bench.json"
        window.tick()
        window.session._link.is_alive = False
        window.tick()
        assert window.session.activity == "closed"
        assert ("switched nothing on" in told(window)) is not has_had
        window.leaving.begin()
        window.tick()
        assert [box.windowTitle() for box in window.findChildren(Box)] == ["The bench may not be safe"] * has_had


def test_a_bench_that_refuses_to_open_is_no_danger(qtbot, tmp_path):
    window = still_window(qtbot, tmp_path, "light", Doing("opening"), Failed(("no such address",)), Doing("closed"))
    window.tick()
    assert "no such address" in told(window)
    window.leaving.begin()
    window.tick()
    assert window.findChildren(Box) == []


def test_follow_the_run_brings_a_dock_forward_for_every_experiment(window):
    from labctl.plans.catalogue import ENTRIES

    for name, entry in ENTRIES.items():
        (view,) = [view for view in window.docks.views if view.title == (*entry.docks, "Points")[0]]
        for other in window.docks.plots:
            if other is not view:
                window.docks.docks[other.title].raise_()
        begin = News(8, name, 0, Begin(name, entry.plan()), 0.0)
        window.session.journal.take(begin)
        window._hear(begin)
        assert not window.docks.docks[view.title].visibleRegion().isEmpty(), name
    record = Record(9, "odmr", {}, Table([]), version=1)
    window._show_opened(record)
    window._hear(News(10, "cool", 0, Begin("cool", ENTRIES["cool"].plan()), 0.0))
    assert window.docks.docks["Cooling"].visibleRegion().isEmpty(), "who looks at a stored run is not disturbed"


def test_an_experiment_of_another_package_that_is_left_out_is_told_at_the_start(qtbot, tmp_path, monkeypatch):
    from labctl.plans.catalogue import ENTRIES

    why = "The experiment 'lost' (broken:EXPERIMENT) is left out: no sense"
    monkeypatch.setattr(ENTRIES, "_refused", {"lost": why})
    window = still_window(qtbot, tmp_path, "light")
    assert why in told(window)
