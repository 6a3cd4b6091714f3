"""Stored runs in their dock: by mouse, by keys, and against what is in the data folder."""

from pathlib import Path

import pytest
from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.data.reader import Run, all_runs
from labctl.data.serialise import plain
from labctl.data.writing.run_writer import Store
from labctl.gui.panels.figure_dialog import FigureDialog
from labctl.gui.panels.history_model import HEADINGS
from labctl.gui.runs.run_list import lines_of, matching
from labctl.gui.widgets.dialogs import Box
from labctl.gui.widgets.theme import DARK, LIGHT
from labctl.stored_runs.summary import conclusion
from sequences.cool import CoolPlan
from sequences.odmr import COLUMNS, OdmrPlan

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
def view(runs_view, stored):
    """Of the stored runs."""
    return runs_view(stored)


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
def test_the_status_has_a_colour_beside_its_sign(runs_view, stored, theme):
    view = runs_view(stored, theme=theme)
    model = view.history.model
    colours = [model.data(model.index(row, 2), FOREGROUND) for row in range(4)]
    assert colours[0] is None
    assert [QtGui.QBrush(colour).color().name() for colour in colours[1:]] == [theme.warning, theme.fault, theme.ok]


def test_an_empty_folder_says_so(runs_view, tmp_path):
    view = runs_view(tmp_path / "nothing")
    assert view.history.nothing.text() == f"No runs in {tmp_path / 'nothing'}."
    assert not view.history.nothing.isHidden()
    assert not any(action.isEnabled() for action in view.history.doable)


def test_a_folder_that_cannot_be_read_says_so(runs_view, tmp_path, qtbot):
    (tmp_path / "runs.db").write_bytes(b"no database" * 1000)
    view = runs_view(tmp_path)
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


def test_refresh_shows_new_runs_and_keeps_what_was_chosen_and_unfolded(qtbot, runs_view, tmp_path):
    written(tmp_path)
    view = runs_view(tmp_path)
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


@pytest.mark.parametrize(("run_id", "can_be"), [(1, False), (2, True), (4, False), (5, True), (6, False)])
def test_what_broke_off_can_be_continued_as_a_whole(qtbot, view, run_id, can_be):
    """Not what is complete or goes on, nor a part: its run is continued."""
    choose(view, run_id)
    assert view.history.go_on.isEnabled() is can_be
    if can_be:
        with qtbot.waitSignal(view.continue_wanted) as sent:
            view.history.go_on.trigger()
        assert sent.args == [run_id]


def written_to(qtbot, view, path, kind=None):
    """Answers the dialog that asks for a file, as a user does."""
    qtbot.waitUntil(lambda: view.findChild(QtWidgets.QFileDialog) is not None)
    dialog = view.findChild(QtWidgets.QFileDialog)
    assert not dialog.isModal(), "STOP can be reached beside it"
    if kind:
        dialog.selectNameFilter(kind)
    asked = [Path(name).name for name in dialog.selectedFiles()], dialog.nameFilters()
    dialog.setDirectory(str(path.parent) if path.parent.exists() else "")
    dialog.findChild(QtWidgets.QLineEdit, "fileNameEdit").setText(str(path))
    dialog.accept()
    qtbot.waitUntil(lambda: view.findChild(QtWidgets.QFileDialog) is None)
    return asked


def test_export_writes_the_points(qtbot, view, tmp_path):
    choose(view, 1)
    view.history.export.trigger()
    asked = written_to(qtbot, view, tmp_path / "points", "CSV (*.csv)")
    qtbot.waitUntil(lambda: view.message.text() == f"Points of run 1: {tmp_path / 'points.csv'}", timeout=20_000)
    assert asked == (["run-00001-odmr"], ["netCDF (*.nc)", "CSV (*.csv)"])
    lines = (tmp_path / "points.csv").read_text().splitlines()
    assert len(lines) == 21
    assert lines[1].split(",")[0] == repr(2.8e9)


@pytest.mark.parametrize("is_sure", [True, False])
def test_a_file_that_exists_is_written_over_only_if_that_is_wanted(qtbot, view, tmp_path, is_sure):
    there = tmp_path / "points.csv"
    there.write_text("precious", encoding="utf-8")
    choose(view, 1)
    view.history.export.trigger()
    written_to(qtbot, view, there)
    box = view.findChild(Box)
    assert str(there) in box.text.text()
    assert not box.isModal()
    qtbot.mouseClick(box.yes if is_sure else box.no, LEFT)
    qtbot.waitUntil(lambda: view.findChild(Box) is None)
    if is_sure:
        qtbot.waitUntil(lambda: view.message.text() == f"Points of run 1: {there}", timeout=20_000)
    assert (there.read_text(encoding="utf-8") == "precious") is not is_sure


def test_an_export_that_fails_says_why(qtbot, view, tmp_path):
    to = tmp_path / "gone" / "points.csv"
    choose(view, 1)
    view.history.export.trigger()
    written_to(qtbot, view, to)
    qtbot.waitUntil(lambda: "does not exist" in view.message.text(), timeout=20_000)
    assert view.message.property("role") == "fault"


def test_the_figure_is_drawn_and_kept(qtbot, view, tmp_path):
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
    dialog.save_wanted.emit()
    written_to(qtbot, view, tmp_path / "figure", "PDF (*.pdf)")
    qtbot.waitUntil(lambda: view.message.text() == f"Figure of run 1: {tmp_path / 'figure.pdf'}", timeout=20_000)
    assert (tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF")
    dialog.close()


def test_a_run_without_a_figure_says_so(qtbot, view):
    choose(view, 6)
    view.history.figure.trigger()
    qtbot.waitUntil(lambda: view.message.text() == "Run 6 (wiring) has nothing to draw", timeout=30_000)


def test_two_thousand_runs_do_not_stop_the_window(qtbot, runs_view, calls):
    """Only what happens in the thread of the window counts: filling the tree, filtering it."""
    runs = [
        Run(k, "odmr", "completed", "2026-11-24T09:00:00+00:00", k - 1 if k % 8 == 2 else None, ODMR, {}, {})
        for k in range(1, 2001)
    ]
    view = runs_view()
    view.history.lines = lines_of(runs)
    taken = calls(view.history.show_lines)
    assert view.history.model.rowCount() == 1750
    print(f"{taken / 2000:.0f} calls a run")
    assert taken / 2000 < 100
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
        assert said == "g 56000 ± 120 rad/s, gate 700 ns"
    else:
        assert said == words


def test_new_run_brings_the_form_to_the_front(view):
    view.write_plan()
    assert view.tabs.currentWidget() is view.form


def test_it_fits_its_dock(view):
    hint = view.minimumSizeHint()
    assert hint.width() <= 520
    assert hint.height() <= 560
