"""The red stop in a window whose bench process is scripted: no accident triggers it, nothing hides it, it answers."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from live import settings_in
from pyqtgraph.Qt import QtCore, QtGui, QtWidgets
from scripted_bench import SAFE, ScriptedLink

from labctl.bench import watchdog_status
from labctl.config.station_file import read_station
from labctl.gui import app
from labctl.gui import window as window_module
from labctl.gui.connection import after_crash, stop_order
from labctl.gui.connection.client import Session
from labctl.gui.connection.messages import Doing, Failed, Order
from labctl.gui.docks import LAYOUT
from labctl.gui.runs.queue import Queue
from labctl.gui.window import Window

FILE = read_station(Path(__file__).parents[2] / "station.yaml")
KEY = QtCore.Qt.Key
LEFT = QtCore.Qt.MouseButton.LeftButton


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """The file that stands for a bench with a watchdog."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    return tmp_path / "bench.json"


@pytest.fixture(scope="module")
def shared(qapp, tmp_path_factory):
    """One window for all: to build one takes a second."""
    folder, links = tmp_path_factory.mktemp("stop"), []

    def connect():
        links.append(ScriptedLink())
        return links[-1]

    settings = QtCore.QSettings(str(folder / "window.ini"), QtCore.QSettings.Format.IniFormat)
    window = Window(Session(connect, Queue(folder), FILE.bounds()), FILE, folder, settings, "light")
    window.show()
    yield window, links
    window.leaving.may_go = True
    window.close()
    window.deleteLater()
    qapp.processEvents()


@pytest.fixture
def opened(shared):
    """The window on a bench that was just opened, and the links of that bench."""

    def make(watchdog_file=None):
        window, links = shared
        window.session._watchdog_file, window.session._stop = (
            watchdog_file,
            stop_order.StopOrder(watchdog_file is not None),
        )
        window.session.reopen()
        del links[:-1]
        window.tick()
        window.notices.clear()
        assert window.session.activity == "idle"
        return window, links

    return make


@pytest.fixture
def left(opened, tmp_path):
    """The window as it comes back when this was kept of it: name -> value."""

    def come_back(**kept):
        window, _ = opened()
        settings = settings_in(tmp_path)
        for name, value in kept.items():
            settings.setValue(name, value)
        settings.sync()
        window.settings = settings_in(tmp_path)
        window._restore()
        return window

    return come_back


def said(window):
    window.tick()
    return window.notices.text.text()


def test_no_key_but_f12_is_a_stop(qtbot, opened):
    """The button never has the keyboard; a key that is held down is one stop."""
    window, (link,) = opened()
    stop = window.toolbar.red_stop
    for _ in range(60):
        qtbot.keyClick(QtWidgets.QApplication.focusWidget() or window, KEY.Key_Tab)
        assert not stop.hasFocus()
    for key in (KEY.Key_Space, KEY.Key_Return, KEY.Key_Escape):
        qtbot.keyClick(stop, key)
        qtbot.keyClick(window, key)
    assert link.said == []
    window.installEventFilter(stop)
    kind, modifiers = QtCore.QEvent.Type.KeyPress, QtCore.Qt.KeyboardModifier.NoModifier
    for is_repeated in (False, True, True):
        event = QtGui.QKeyEvent(kind, KEY.Key_F12, modifiers, "", is_repeated)
        QtWidgets.QApplication.sendEvent(window, event)
    assert link.said == [Order.SAFE]
    assert not stop._key.autoRepeat()


def test_a_press_is_enough(qtbot, opened):
    """A hand in haste lets go elsewhere."""
    window, (link,) = opened()
    qtbot.mousePress(window.toolbar.red_stop, LEFT)
    assert link.said == [Order.SAFE]


def test_nothing_hides_the_bar(opened, left):
    """No menu on a right click, and no arrangement in which an older window hid it."""
    window, _ = opened()
    assert window.createPopupMenu() is None
    window.toolbar.hide()
    window = left(docks=window.saveState(LAYOUT))
    assert window.toolbar.isVisible()
    assert window.toolbar.red_stop.isVisible()


def test_the_window_fits_a_screen_of_640_by_400_points(opened, left):
    """What a screen of 1280 x 800 has at 200 %; and a window that was left on a larger one shrinks."""
    window, _ = opened()
    least, screen = window.minimumSizeHint(), window.screen().availableGeometry().size()
    assert least.width() <= 600
    assert least.height() <= 360
    window.resize(4000, 3000)
    window = left(geometry=window.saveGeometry())
    assert window.size().boundedTo(screen) == window.size()


def test_it_says_what_it_does_and_what_it_did(qtbot, opened):
    window, (link,) = opened()
    link.tell(Doing("paused"))
    window.tick()
    link.answers = False
    qtbot.mouseClick(window.toolbar.red_stop, LEFT)
    assert "STOP: the run is ended, everything is being switched off, and the magnet taken down" in said(window)
    link.answers = True
    qtbot.mouseClick(window.toolbar.red_stop, LEFT)
    assert "STOP: the bench is safe, read back: the pulse lines are low; the magnet carries no current" in said(window)
    link.steps = (replace(SAFE[0], fault="it still emits", by_hand="Turn the key"),)
    qtbot.mouseClick(window.toolbar.red_stop, LEFT)
    assert "THE BENCH MAY NOT BE SAFE" in said(window)
    assert "Turn the key" in said(window)


def test_a_bench_process_that_does_not_answer_is_named_and_then_ended(qtbot, opened, monkeypatch, bench):
    window, (link,) = opened(bench)
    link.answers = False
    monkeypatch.setattr(stop_order, "PATIENCE_S", 0.0)
    qtbot.mouseClick(window.toolbar.red_stop, LEFT)
    assert "not confirmed yet" in said(window)
    qtbot.mouseClick(window.toolbar.red_stop, LEFT)
    assert link.is_alive
    monkeypatch.setattr(stop_order, "FORCE_S", 0.0)
    assert "STOP once more ends the bench process by force, and its watchdog makes the bench safe" in said(window)
    qtbot.mouseClick(window.toolbar.red_stop, LEFT)
    assert not link.is_alive
    assert "The bench process has died (exit code -9)" in said(window)


@pytest.mark.parametrize(
    ("state", "words", "is_safe"),
    [
        (None, "may not be safe: its watchdog has not yet said anything", False),
        ("watching", "may not be safe: its watchdog has not yet said anything", False),
        ("making safe", "Its watchdog is making the bench safe, since", False),
        ("safe", "Its watchdog has made the bench safe at", True),
        ("not safe", "THE BENCH MAY NOT BE SAFE, says its watchdog: found", False),
    ],
)
def test_of_a_dead_process_the_watchdog_has_the_word(qtbot, opened, bench, state, words, is_safe):
    window, links = opened(bench)
    if state:
        watchdog_status.write(bench, links[0].pid, state, "found")
    links[0].die(-9)
    assert words in said(window)
    assert window.session.doubt == "" if is_safe else words in window.session.doubt
    qtbot.mouseClick(window.toolbar.red_stop, LEFT)
    if state != "not safe":
        assert "STOP: The bench process has died (exit code -9)" in window.notices.text.text()
        assert words in window.notices.text.text()
        assert len(links) == 1
    else:  # nobody makes it safe: the window tries it itself
        assert "STOP: as soon as the bench is open, everything is switched off" in window.notices.text.text()
        assert links[1].said == [Order.SAFE]
        assert "STOP: the bench is safe" in said(window)


def test_what_the_watchdog_says_later_is_told_then(opened, bench, monkeypatch):
    monkeypatch.setattr(after_crash, "_LOOK_S", 0.0)
    window, (link,) = opened(bench)
    watchdog_status.write(bench, link.pid, "watching")
    link.die(-9)
    assert "not yet said anything" in said(window)
    watchdog_status.write(bench, link.pid, "making safe")
    assert "is making the bench safe" in said(window)
    watchdog_status.write(bench, link.pid, "safe", "the pulse lines are low")
    assert "has made the bench safe" in said(window)
    assert "the pulse lines are low" in said(window)
    assert window.session.faults[0] in window.notices.text.text()


def test_a_watchdog_that_never_says_anything_is_not_trusted(qtbot, opened, bench, monkeypatch):
    monkeypatch.setattr(after_crash, "SILENT_S", 0.0)
    monkeypatch.setattr(after_crash, "_LOOK_S", 0.0)
    window, links = opened(bench)
    links[0].die(-9)
    assert "THE BENCH MAY NOT BE SAFE: its watchdog says nothing" in said(window)
    qtbot.mouseClick(window.toolbar.red_stop, LEFT)
    assert links[1].said == [Order.SAFE]


def test_a_window_that_never_had_the_bench_does_not_doubt_it(qtbot, opened):
    window, (link,) = opened()
    window.session.reopen()
    link = window.session._link
    link._received.clear()
    link.tell(Failed(("bench.json is in use by anna",)), Doing("closed"))
    link.die(0)
    assert "in use by anna" in said(window)
    qtbot.mouseClick(window.toolbar.red_stop, LEFT)
    assert "STOP: this window has no bench, and has switched nothing on. bench.json is in use by anna" in said(window)
    assert window.session.doubt == ""


def test_a_stop_of_a_bench_that_does_not_open_is_not_waited_for(qtbot, opened, monkeypatch):
    monkeypatch.setattr(stop_order, "PATIENCE_S", 0.0)
    window, _ = opened()
    window.session.reopen()
    link = window.session._link
    link.answers = False
    link._received.clear()
    qtbot.mouseClick(window.toolbar.red_stop, LEFT)
    assert "STOP: as soon as the bench is open" in window.notices.text.text()
    link.tell(Failed(("green_laser does not answer",)), Doing("closed"))
    link.die(0)
    for _ in range(3):
        assert said(window).endswith("green_laser does not answer")


def test_a_process_that_falls_silent_is_not_said_to_run(opened):
    window, (link,) = opened()
    link.silent_s = 7.0
    window.tick()
    assert window.toolbar.state.text() == "? no word from the bench for 7 s"


@pytest.mark.parametrize("value", [17, "text", ["a", "b"], {"a": 1}, QtCore.QByteArray(b"no layout"), True])
def test_an_arrangement_that_is_none_is_passed_over(left, value):
    window = left(geometry=value, docks=value)
    assert window.docks.docks["Engine"].isVisibleTo(window)


class Failing:
    """Stands for a window that cannot be built as it was left, or not at all."""

    can_be_built = True

    def __init__(self, _session, _file, _folder, settings, _theme):
        if settings.contains("docks") or not self.can_be_built:
            raise RuntimeError("no such layout")
        self.settings, self.notices = settings, SimpleNamespace(trouble=print)


@pytest.fixture
def failing(monkeypatch, tmp_path):
    """The settings of a window that cannot be built with them."""
    settings = settings_in(tmp_path)
    settings.setValue("docks", "whatever")
    monkeypatch.setattr(window_module, "Window", Failing)
    monkeypatch.setattr(app, "_settings", lambda: settings)
    monkeypatch.setattr(QtWidgets.QApplication, "topLevelWidgets", lambda: [])
    return settings


def test_a_window_that_cannot_be_built_as_it_was_left_is_built_as_at_first(failing, capsys):
    window = app._built(None, None, None, "light")
    assert window.settings is failing
    assert not failing.contains("docks")
    assert "as at its first start" in capsys.readouterr().out


def test_what_was_kept_stays_if_the_window_cannot_be_built_either_way(failing, monkeypatch):
    monkeypatch.setattr(Failing, "can_be_built", False)
    with pytest.raises(RuntimeError, match="no such layout"):
        app._built(None, None, None, "light")
    assert failing.contains("docks")
