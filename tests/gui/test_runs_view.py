"""Queue and stored runs in their dock: by mouse, by keys, and against what is in the data folder."""

import os
import time
from pathlib import Path

import pytest
from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.data.history import Run, all_runs
from labctl.data.plain import plain
from labctl.data.store import Store
from labctl.gui.errands import Errands
from labctl.gui.listing import conclusion, lines_of, matching
from labctl.gui.queue import Queue
from labctl.gui.theme import DARK, LIGHT
from labctl.gui.views.figure_dialog import FigureDialog
from labctl.gui.views.history_model import HEADINGS
from labctl.gui.views.runs import RunsView
from labctl.refusals import Refusal
from labctl.station_file import read_station
from sequences.cool import CoolPlan
from sequences.odmr import COLUMNS, OdmrPlan

LIMITS = read_station(Path(__file__).parents[2] / "station.yaml").limits()
LEFT = QtCore.Qt.MouseButton.LeftButton
KEY = QtCore.Qt.Key
ALT = QtCore.Qt.KeyboardModifier.AltModifier
FOREGROUND = QtCore.Qt.ItemDataRole.ForegroundRole
ODMR = {"field_mt": 4.5123, "field_mt_err": 0.0021, "tilt_deg": 1.5, "tilt_deg_err": 0.2}


def written(folder):
    """1 odmr with its points, 2 engine with the parts 3 wiring and 4 cool (failed), 5 odmr aborted, 6 unfinished."""
    store = Store(folder, "a bench")
    plans = {"odmr": plain(OdmrPlan(step_mhz=0.1 + 0.2)), "cool": plain(CoolPlan(hours=2.0))}

    def begun(sequence, parent=None):
        columns = COLUMNS if sequence == "odmr" else ()
        return store.begin(sequence, columns, {"plan": plans.get(sequence, {})}, parent=parent)

    odmr = begun("odmr")
    for k in range(20):
        odmr.add({"frequency_hz": 2.8e9 + 1e5 * k, "signal": 1.0 - 0.01 * k, "signal_err": 0.003})
    odmr.end({"status": "completed", "message": "", "result": ODMR, "lab_time_s": 123.0})
    engine = begun("engine")
    begun("wiring", engine).end({"status": "completed", "message": "", "result": {"verified": ["pump"] * 6}})
    begun("cool", engine).end({"status": "failed", "message": "The baths are not\n apart", "result": None})
    engine.end({"status": "failed", "message": "its part failed", "result": None, "lab_time_s": 7500.0})
    begun("odmr").end({"status": "aborted", "message": "stopped by hand", "result": None})
    begun("wiring")
    store.close()


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stored")
    written(folder)
    return folder


@pytest.fixture
def made(qtbot, tmp_path):
    """RunsView by folder and queue."""

    def make(folder=tmp_path, queue=None, theme=LIGHT):
        view = RunsView(theme, folder, queue or Queue(tmp_path), LIMITS)
        qtbot.addWidget(view)
        view.resize(520, 700)
        view.show()
        view.tabs.setCurrentIndex(1)
        qtbot.waitUntil(lambda: not view.history._is_reading, timeout=10_000)
        return view

    return make


@pytest.fixture
def view(made, stored):
    """Of the stored runs."""
    return made(stored)


@pytest.fixture
def queued(made, tmp_path):
    """With three runs that wait."""
    queue = Queue(tmp_path)
    for sequence, settings in (("odmr", {"step_mhz": "0.5"}), ("cool", {"hours": "2"}), ("wiring", {})):
        queue.add(sequence, settings)
    return made(queue=queue)


def table(view, parent=None):
    """The tree as it is shown: rows of texts, the parts of each after it as a list."""
    model, parent = view.history.model, parent or QtCore.QModelIndex()
    shown = []
    for row in range(model.rowCount(parent)):
        index = model.index(row, 0, parent)
        texts = [model.data(model.index(row, k, parent)) for k in range(model.columnCount())]
        shown.append((texts, table(view, index) if model.rowCount(index) else []))
    return shown


def choose(view, run_id):
    view.history.tree.setCurrentIndex(view.history.model.find(run_id))


def listed(view):
    return [view.queue.list.item(row).text() for row in range(view.queue.list.count())]


def order(view):
    return [item.sequence for item in view.queue.queue.items]


# ---- the stored runs


def test_the_tree_is_what_is_stored_newest_first_parts_beneath(view, stored):
    started = {run.run_id: run.started[5:16].replace("T", " ") for run in all_runs(stored)}
    field = "field 4.5123 ± 0.0021 mT, tilt 1.50 ± 0.20 deg"
    assert [HEADINGS[k] for k in range(6)] == ["run", "sequence", "status", "started", "lab time", "conclusion"]
    assert table(view) == [
        (["6", "wiring", "… unfinished", started[6], "", ""], []),
        (["5", "odmr", "■ aborted", started[5], "", "stopped by hand"], []),
        (
            ["2", "engine", "✖ failed", started[2], "2 h 05 min", "its part failed"],
            [
                (["3", "wiring", "✔ completed", started[3], "", "6 verified, 0 not"], []),
                (["4", "cool", "✖ failed", started[4], "", "The baths are not apart"], []),
            ],
        ),
        (["1", "odmr", "✔ completed", started[1], "2 min 03 s", field], []),
    ]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_status_has_a_colour_beside_its_sign(made, stored, theme):
    view = made(stored, theme=theme)
    model = view.history.model
    colours = [model.data(model.index(row, 2), FOREGROUND) for row in range(4)]
    assert colours[0] is None
    assert [QtGui.QBrush(colour).color().name() for colour in colours[1:]] == [theme.warning, theme.fault, theme.ok]


def test_an_empty_folder_says_so(made, tmp_path):
    view = made(tmp_path / "nothing")
    assert view.history.nothing.text() == f"No runs in {tmp_path / 'nothing'} yet"
    assert not view.history.nothing.isHidden()
    assert not any(action.isEnabled() for action in view.history.doable)


def test_a_folder_that_cannot_be_read_says_so(made, tmp_path, qtbot):
    (tmp_path / "runs.db").write_bytes(b"no database" * 1000)
    view = made(tmp_path)
    qtbot.waitUntil(lambda: not view.message.isHidden(), timeout=5000)
    assert "not a database of runs" in view.message.text()


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("odmr", {5: [], 1: []}),
        ("FAILED", {2: [3, 4]}),
        ("apart", {2: [4]}),
        ("cool apart", {2: [4]}),
        ("4.5123", {1: []}),
        ("nothing like this", {}),
        ("  ", {6: [], 5: [], 2: [3, 4], 1: []}),
    ],
)
def test_the_filter_leaves_what_has_all_words(qtbot, view, words, shown):
    qtbot.keyClicks(view.history.filter, words)
    assert {int(texts[0]): [int(part[0][0]) for part in parts] for texts, parts in table(view)} == shown
    assert view.history.nothing.isHidden() == bool(shown)


def test_a_part_that_the_filter_finds_is_unfolded(qtbot, view):
    tree, model = view.history.tree, view.history.model
    assert not tree.isExpanded(model.find(2))
    qtbot.keyClicks(view.history.filter, "apart")
    assert tree.isExpanded(model.find(2))
    view.history.filter.clear()
    assert not tree.isExpanded(model.find(2)), "it was not the user who had unfolded it"


def test_what_is_chosen_is_told_in_full(view):
    choose(view, 4)
    assert view.history.detail.text() == "4 cool: The baths are not apart"


def test_refresh_shows_new_runs_and_keeps_what_was_chosen_and_unfolded(qtbot, made, tmp_path):
    written(tmp_path)
    view = made(tmp_path)
    view.history.tree.expand(view.history.model.find(2))
    choose(view, 4)
    store = Store(tmp_path, "a bench")
    store.begin("rabi", (), {}).end({"status": "completed", "message": "", "result": {"rabi_mhz": 1.25}})
    store.close()
    view.refresh()
    qtbot.waitUntil(lambda: view.history.model.rowCount() == 5, timeout=10_000)
    assert table(view)[0][0][:3] == ["7", "rabi", "✔ completed"]
    assert table(view)[0][0][5] == "rabi 1.25 MHz"
    assert view.history.chosen().run_id == 4
    assert view.history.tree.isExpanded(view.history.model.find(2))


def test_open_by_double_click_and_by_key(qtbot, view):
    tree, model = view.history.tree, view.history.model
    place = tree.visualRect(model.find(5)).center()
    with qtbot.waitSignal(view.open_wanted) as sent:
        qtbot.mouseClick(tree.viewport(), LEFT, pos=place)
        qtbot.mouseDClick(tree.viewport(), LEFT, pos=place)
    assert sent.args == [5]
    view.activateWindow()
    tree.setFocus()
    choose(view, 1)
    with qtbot.waitSignal(view.open_wanted) as sent:
        qtbot.keyClick(tree, KEY.Key_Return)
    assert sent.args == [1]


def test_repeat_writes_the_stored_plan_into_the_form(qtbot, view):
    choose(view, 1)
    view.history.repeat.trigger()
    assert view.tabs.currentWidget() is view.form
    assert view.form.plan == OdmrPlan(step_mhz=0.1 + 0.2)
    with qtbot.waitSignal(view.run_wanted) as sent:
        qtbot.mouseClick(view.form.run_button, LEFT)
    assert sent.args == ["odmr", {"step_mhz": "0.30000000000000004"}]
    choose(view, 4)
    view.history.repeat.trigger()
    assert view.form.plan == CoolPlan(hours=2.0)


def test_export_writes_the_points(qtbot, view, tmp_path, monkeypatch):
    asked = []

    def answer(_parent, _title, name, filters):
        asked.append((name, filters))
        return str(tmp_path / "points"), "CSV (*.csv)"

    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", answer)
    choose(view, 1)
    view.history.export.trigger()
    qtbot.waitUntil(lambda: view.message.text() == f"Points of run 1: {tmp_path / 'points.csv'}", timeout=20_000)
    assert asked == [("run-00001-odmr", "netCDF (*.nc);;CSV (*.csv)")]
    lines = (tmp_path / "points.csv").read_text().splitlines()
    assert len(lines) == 21
    assert lines[1].split(",")[0] == repr(2.8e9)


def test_an_export_that_fails_says_why(qtbot, view, tmp_path, monkeypatch):
    to = tmp_path / "gone" / "points.csv"
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *_: (str(to), ""))
    choose(view, 1)
    view.history.export.trigger()
    qtbot.waitUntil(lambda: "does not exist" in view.message.text(), timeout=20_000)
    assert view.message.property("role") == "fault"


def test_the_figure_is_drawn_and_kept(qtbot, view, tmp_path, monkeypatch):
    choose(view, 1)
    view.history.figure.trigger()
    qtbot.waitUntil(lambda: view.findChild(FigureDialog) is not None, timeout=30_000)
    dialog = view.findChild(FigureDialog)
    picture = dialog.shown.pixmap().toImage()
    colours = {
        picture.pixelColor(x, y).name() for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)
    }
    assert picture.width() > 400
    assert len(colours) > 10, "something is drawn"
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "figure"), "PDF (*.pdf)"))
    dialog.save_wanted.emit()
    qtbot.waitUntil(lambda: view.message.text() == f"Figure of run 1: {tmp_path / 'figure.pdf'}", timeout=20_000)
    assert (tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF")
    dialog.close()


def test_a_run_without_a_figure_says_so(qtbot, view):
    choose(view, 6)
    view.history.figure.trigger()
    qtbot.waitUntil(lambda: view.message.text() == "Run 6 (wiring) has nothing to draw", timeout=30_000)


def test_two_thousand_runs_do_not_stop_the_window(qtbot, made):
    """Only what happens in the thread of the window is timed: filling the tree, filtering it."""
    runs = [
        Run(k, "odmr", "completed", "2026-11-24T09:00:00+00:00", k - 1 if k % 8 == 2 else None, ODMR, {}, {})
        for k in range(1, 2001)
    ]
    view = made()
    view.history.lines = lines_of(runs)
    began = time.perf_counter()
    view.history.show_lines()
    took_s = time.perf_counter() - began
    assert view.history.model.rowCount() == 1750
    assert took_s < 0.3
    qtbot.keyClicks(view.history.filter, "1999")
    assert [texts[0] for texts, _ in table(view)] == ["1999"]


def test_parts_of_runs_that_are_gone_stand_by_themselves():
    runs = [Run(k, "odmr", "completed", "", parent, None, {}, {}) for k, parent in ((3, 1), (4, 4), (5, 4), (6, 7))]
    assert [(line.run_id, [part.run_id for part in line.parts]) for line in lines_of(runs)] == [
        (6, []),
        (4, [5]),
        (3, []),
    ]
    assert matching(lines_of(runs), "5")[0][0].run_id == 4


@pytest.mark.parametrize(
    ("sequence", "result", "message", "words"),
    [
        ("cool", None, "first\nsecond", "first second"),
        ("cool", {"polarisation_left": 0.1, "polarisation_left_err": 0.02}, "", "polarisation left 0.100 ± 0.020"),
        ("calibrate", {"g_rad_per_s": 5.6e4, "g_rad_per_s_err": 120.0, "gate_ns": 700}, "", None),
        ("mystery", {"a_v": 2.0, "a_v_err": 0.5, "b": 3.0, "c": [1]}, "", "a 2.00 ± 0.50 V"),
        ("engine", {"best_us": 5.4}, "", ""),
        (
            "engine",
            {
                "evolution_us": [3.0, 5.4],
                "concurrence": [0.0, 0.06],
                "concurrence_err": [0.01, 0.01],
                "best_us": 5.4,
                "significance": 6.25,
            },
            "",
            "concurrence 0.060 ± 0.010 at 5.4 us, 6.2 sigma",
        ),
        ("odmr", {}, "", ""),
    ],
)
def test_conclusions_in_one_line(sequence, result, message, words):
    said = conclusion(sequence, result, message)
    assert "\n" not in said
    if words is None:
        assert said == "g rad 56000 ± 120 1/s, gate 700 ns"
    else:
        assert said == words


# ---- the queue


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
    assert order(queued) == [item.sequence for item in Queue(queued.queue.queue.file.parent).items]


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
    with qtbot.waitSignal(queued.queue_wanted) as sent:
        qtbot.mouseClick(queued.form.queue_button, LEFT)
    assert sent.args == ["cool", {"hours": "5"}]


def test_a_run_that_started_while_it_was_edited_is_told(qtbot, queued):
    queued.queue.list.setCurrentRow(0)
    queued.queue.edit_action.trigger()
    queued.queue.queue.take_next()
    qtbot.mouseClick(queued.form.queue_button, LEFT)
    assert queued.message.text() == "odmr has started meanwhile: nothing was changed"
    assert order(queued) == ["cool", "wiring"]


def test_the_list_follows_what_the_bench_takes(qtbot, queued):
    queued.queue.queue.take_next()
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


def test_an_empty_queue_cannot_be_started(made):
    view = made()
    assert view.queue.summary.text() == "Queue: empty"
    assert not view.queue.hold.isEnabled()
    assert not view.queue.remove_action.isEnabled()


def test_what_is_no_longer_possible_is_marked(made, tmp_path):
    queue = Queue(tmp_path)
    queue.add("odmr", {"power_dbm": "12"})
    queue.add("cool", {"gone": "1"})
    view = made(queue=queue)
    tips = [view.queue.list.item(row).toolTip() for row in range(2)]
    assert [text.split()[1] for text in listed(view)] == ["✖", "✖"]
    assert "beyond the station's limits.microwave_dbm" in tips[0] or "must be at most 10" in tips[0]
    assert "CoolPlan has no key" in tips[1]


def test_a_damaged_queue_is_told(made, tmp_path):
    (tmp_path / "queue.json").write_text("{")
    view = made(queue=Queue(tmp_path))
    assert "queue-damaged-" in view.message.text()
    assert not view.message.isHidden()


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0 and os.name != "nt", reason="root writes anywhere")
def test_a_queue_that_cannot_be_stored_is_told(made, tmp_path):
    view = made(queue=Queue(tmp_path))
    tmp_path.chmod(0o500)
    try:
        view.queue.queue.add("odmr", {})
        view.queue.follow()
        assert "cannot be written" in view.message.text()
    finally:
        tmp_path.chmod(0o700)


# ---- the dock


def test_new_run_brings_the_form_to_the_front(view):
    view.write_plan()
    assert view.tabs.currentWidget() is view.form


def test_it_fits_its_dock(view, queued):
    for one in (view, queued):
        hint = one.minimumSizeHint()
        assert hint.width() <= 520
        assert hint.height() <= 560


def test_errands_answer_in_the_thread_of_the_window(qtbot):
    widget, answers = QtWidgets.QWidget(), []
    qtbot.addWidget(widget)
    errands, here = Errands(widget), QtCore.QThread.currentThread()

    def answer(value):
        answers.append((value, QtCore.QThread.currentThread() is here or QtCore.QThread.currentThread() == here))

    def refuse():
        raise Refusal(["one", "two"])

    errands.do(lambda: 41 + 1, answer, answer)
    errands.do(refuse, answer, answer)
    errands.do(lambda: 1 / 0, answer, answer)
    qtbot.waitUntil(lambda: len(answers) == 3, timeout=5000)
    assert answers == [(42, True), ("one\ntwo", True), ("ZeroDivisionError: division by zero; see labctl.log", True)]


def test_nobody_is_answered_who_is_gone(qtbot):
    widget, answers = QtWidgets.QWidget(), []
    errands = Errands(widget)
    errands.do(lambda: time.sleep(0.2), answers.append, answers.append)
    widget.deleteLater()
    qtbot.wait(500)
    assert answers == []
