"""The run view: what stands there against the record, and that a part can be chosen."""

import pytest
from pyqtgraph.Qt import QtCore, QtTest, QtWidgets

from labctl.gui.runs.record import Record, Table
from labctl.gui.toolbar import Toolbar
from labctl.gui.views.run import RunView, conclusion
from labctl.gui.widgets.theme import DARK, LIGHT, apply

HOUR_S = 3600.0


def record(run_id, sequence, **known):
    return Record(run_id, sequence, {}, Table([]), **known)


def nested():
    """An engine run in the midst of its tomography."""
    cool = {"polarisation_right": 0.612, "polarisation_right_err": 0.011}
    parts = [
        record(2, "align", status="completed", lab_time_s=1400.0, note="aligned"),
        record(3, "cool", status="completed", lab_time_s=3 * HOUR_S, result=cool),
        record(
            4,
            "tomography",
            lab_time_s=5 * HOUR_S,
            photons=10_172_983,
            fraction=0.25,
            note="round 5 of 20",
            estimate={"concurrence": 0.1123, "concurrence_err": 0.042},
        ),
    ]
    known = {"expected_s": 40 * HOUR_S, "lab_time_s": 10 * HOUR_S, "wall_time_s": 300.0}
    return record(1, "engine", photons=23_456_789, counting_s=1e4, parts=parts, version=1, **known)


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def view(qtbot, request):
    apply(request.param)
    made = RunView(request.param)
    qtbot.addWidget(made)
    made.resize(420, 500)
    made.show()
    return made


def texts(view):
    return {name: figure.text().replace("\u202f", " ") for name, figure in view.figures.items()}


def bars(view):
    return [(bar.text(), bar.value()) for bar in view.bars if bar.isVisible()]


def rows(view):
    table = view.parts
    return [[table.item(row, k).text() for k in range(table.columnCount())] for row in range(table.rowCount())]


@pytest.mark.parametrize("held", ["suspended", "waiting"])
def test_a_run_that_stands_still_by_itself_is_not_said_to_run(view, held):
    run = nested()
    run.held, run.parts[-1].note = held, f"{held} since 03:15:00: the interlock of green_laser is open"
    view.show_run(run)
    assert view.headline.text() == f"❚❚ {held} · run 1, engine"
    assert view.note.text().endswith("the interlock of green_laser is open")
    assert texts(view)["left"] == "lab 30 h 00 min, in about 15 min 00 s"
    run.wall_time_s, run.version = run.wall_time_s + HOUR_S, 2
    view.show_run(run)
    assert texts(view)["left"] == "lab 30 h 00 min, in about 15 min 00 s"  # the hour was no work
    run.held, run.version = "", 3
    view.show_run(run)
    assert view.headline.text() == "● running · run 1, engine"


def test_the_toolbar_says_so_too(qtbot):
    window = QtWidgets.QMainWindow()
    qtbot.addWidget(window)
    bar = Toolbar(window)
    said = []
    for held in ("", "suspended", "waiting"):
        bar.show_activity("running", "run 1", True, held)
        said.append(bar.state.text())
        assert bar.stop_run.isEnabled()
    assert said == ["running", "suspended, bench safe: see the run", "waiting, all lines low: see the run"]
    bar.show_activity("paused", "run 1", True, "waiting")
    assert bar.state.text() == "paused, all lines low"


def test_an_engine_run_with_its_parts(view):
    assert view.show_run(nested())
    assert not view._trouble.isVisible()
    assert view.headline.text() == "● running · run 1, engine"
    assert bars(view) == [("engine 25 %", 250), ("tomography 25 %", 250)]
    assert view.note.text() == "round 5 of 20"
    assert texts(view) == {
        "so far": "lab 10 h 00 min, in 5 min 00 s",
        "left": "lab 30 h 00 min, in about 15 min 00 s",
        "photons": "23 456 789 of about 84 500 000",
        "rate": "2 346 counts/s",
        "estimate": "concurrence 0.112 ± 0.042",
        "error": "± 0.042 now, ± 0.021 at the end",
    }
    assert rows(view) == [
        ["✔ align", "23 min 20 s", "aligned"],
        ["✔ cool", "3 h 00 min", "p of the cold bath 0.612 ± 0.011"],
        ["● tomography", "5 h 00 min", "concurrence 0.112 ± 0.042"],
    ]
    assert view.parts.item(1, 0).toolTip() == "run 3, completed"


def test_an_alignment_is_run_for_two_numbers(view):
    known = {"detuning_khz": -3.2, "detuning_khz_err": 4.0, "transverse_ut": 0.9, "transverse_ut_err": 0.3}
    view.show_run(record(5, "align", fraction=0.25, estimate=known, version=1))
    assert texts(view)["estimate"] == "detuning -3.2 ± 4.0 kHz\nB across 0.90 ± 0.30 µT"
    assert texts(view)["error"] == "± 4 kHz now, ± 2 kHz at the end\n± 0.3 µT now, ± 0.15 µT at the end"
    assert "shot noise" in view.figures["error"].toolTip()
    assert bars(view) == [("align 25 %", 250)]
    assert not view.parts.isVisible()


def test_at_the_beginning_nothing_is_foretold(view):
    view.show_run(record(1, "odmr", lab_time_s=1.0, wall_time_s=0.2, version=1))
    assert texts(view)["left"] == "not known yet"
    assert texts(view)["photons"] == "0"
    assert (texts(view)["rate"], texts(view)["estimate"], texts(view)["error"]) == ("—", "—", "—")


@pytest.mark.parametrize(
    ("activity", "words"),
    [
        ("running", "● running"),
        ("pausing", "◐ pausing"),
        ("paused", "❚❚ paused"),
        ("stopping", "■ stopping"),
        ("idle", "● running"),
    ],
)
def test_what_the_bench_does_is_said_without_any_news_of_the_run(view, activity, words):
    run = nested()
    view.show_run(run)
    view.show_activity(activity)
    view.show_run(run)
    assert view.headline.text() == f"{words} · run 1, engine"


@pytest.mark.parametrize(
    ("status", "message", "words"),
    [
        ("completed", "", "✔ completed"),
        ("aborted", "aborted by the operator", "■ aborted"),
        ("failed", "No dip. Look at the microwave", "✖ failed"),
        ("interrupted", "its process ended without a word: 3 points and 5 blocks are kept", "✖ interrupted"),
        ("unfinished", "", "? unfinished"),
    ],
)
def test_how_a_run_ended_and_that_nothing_is_left(view, status, message, words):
    run = record(9, "cool", status=status, message=message, fraction=0.5, photons=7, version=1)
    view.show_activity("paused")
    view.show_run(run)
    assert view.headline.text() == f"{words} · run 9, cool"
    assert (view.message.text(), view.message.isVisible()) == (message, bool(message))
    assert texts(view)["left"] == "—"
    assert texts(view)["photons"] == "7"


def test_a_pause_does_not_delay_the_end_that_is_foretold(view):
    run = nested()
    view.show_run(run)
    view.show_activity("paused")
    view.show_run(run)
    view.show_activity("paused")
    view.show_activity("running")
    run.wall_time_s += 7200.0
    run.version += 1
    view.show_run(run)
    assert texts(view)["left"].endswith("in about 15 min 00 s")


def test_the_end_follows_the_pace_of_the_run(view):
    run = nested()
    view.show_run(run)
    for _ in range(70):
        run.wall_time_s += 10.0
        run.lab_time_s += HOUR_S / 7
        run.version += 1
        view.show_run(run)
    assert run.done == pytest.approx(0.5)
    assert texts(view)["left"] == "lab 20 h 00 min, in 10 min 00 s to 23 min 20 s"


def test_another_run_is_followed_anew(view):
    view.show_run(nested())
    other = record(7, "cool", fraction=0.5, wall_time_s=10.0, lab_time_s=100.0, version=1)
    view.show_run(other)
    assert texts(view)["left"] == "lab 1 min 40 s, in about 10.0 s"


def test_parts_are_added_updated_and_taken_away(view):
    run = nested()
    view.show_run(run)
    run.parts[2].status, run.parts[2].fraction = "completed", 1.0
    run.parts.append(record(6, "odmr", note="looking for the first line"))
    run.version += 1
    view.show_run(run)
    assert [row[0] for row in rows(view)] == ["✔ align", "✔ cool", "✔ tomography", "● odmr"]
    assert rows(view)[3][2] == "looking for the first line"
    assert view.parts.item(2, 0).toolTip() == "run 4, completed"
    assert bars(view)[1][0] == "odmr 0 %"
    view.show_run(record(8, "odmr", version=1))
    assert rows(view) == []


def test_enter_and_a_double_click_choose_a_part(view, qtbot):
    view.show_run(nested())
    with qtbot.waitSignal(view.part_chosen) as chosen:
        view.parts.setCurrentCell(1, 0)
        QtTest.QTest.keyClick(view.parts, QtCore.Qt.Key.Key_Return)
    assert chosen.args == [3]
    where = view.parts.visualItemRect(view.parts.item(2, 0)).center()
    QtTest.QTest.mouseClick(view.parts.viewport(), QtCore.Qt.MouseButton.LeftButton, pos=where)
    with qtbot.waitSignal(view.part_chosen) as chosen:
        QtTest.QTest.mouseDClick(view.parts.viewport(), QtCore.Qt.MouseButton.LeftButton, pos=where)
    assert chosen.args == [4]


def test_no_run_leaves_nothing_behind(view):
    view.show_run(nested())
    assert view.show_run(None)
    assert view.headline.text() == "no run yet"
    assert bars(view) == [("", 0)]
    assert set(texts(view).values()) == {"—"}
    assert not view.parts.isVisible()
    assert not view.note.isVisible()


def test_nothing_is_cut_off_in_a_small_dock(view, qtbot):
    view.show_run(nested())
    assert view.minimumSizeHint().width() <= 420

    def fits():
        for figure in view.figures.values():
            assert figure.width() >= figure.minimumSizeHint().width()
            assert figure.height() >= figure.heightForWidth(figure.width())
        assert view.parts.horizontalHeader().length() <= view.parts.viewport().width()

    qtbot.waitUntil(fits, timeout=2000)  # Qt lays tables out when it has time


def test_painting_is_cheap(view, calls):
    """Some hundred calls, a millisecond of an idle machine."""
    run = nested()
    view.show_run(run)
    run.version += 1
    run.photons += 1000
    painted = []
    taken = calls(lambda: painted.append(view.show_run(run)))
    print(f"{taken} calls")
    assert painted == [True]
    assert taken < 1000


def test_innermost_and_conclusion_in_words():
    run = nested()
    assert run.innermost is run.parts[2]
    run.parts[2].status = "failed"
    run.parts[2].message = "The counts fell to 3"
    assert run.innermost is run
    assert conclusion(run.parts[2]) == "The counts fell to 3"
    assert conclusion(run.parts[0]) == "aligned"
