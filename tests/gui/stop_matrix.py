"""STOP in every state, under every dialog: python stop_matrix.py FOLDER; for every Qt and size of fonts."""

import base64
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from pyqtgraph.Qt import QtCore, QtGui, QtTest, QtWidgets
from scripted_bench import ScriptedLink

from labctl.config.station_file import read_station
from labctl.gui.connection.client import Session
from labctl.gui.connection.messages import Doing, Order
from labctl.gui.panels.figure_dialog import FigureDialog
from labctl.gui.runs.queue import Queue
from labctl.gui.widgets import dialogs
from labctl.gui.widgets.theme import following_scale
from labctl.gui.window import Window

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
STATES = ("opening", "idle", "running", "pausing", "paused", "stopping", "closing", "closed")
NONE, LEFT, F12 = QtCore.Qt.KeyboardModifier.NoModifier, QtCore.Qt.MouseButton.LeftButton, QtCore.Qt.Key.Key_F12


class Matrix:
    """One window, and what was found wrong."""

    def __init__(self, folder: Path) -> None:
        self.link = ScriptedLink()
        file = read_station(Path(__file__).parents[2] / "station.yaml")
        settings = QtCore.QSettings(str(folder / "window.ini"), QtCore.QSettings.Format.IniFormat)
        session = Session(lambda: self.link, Queue(folder), file.bounds())
        self.window, self.folder, self.wrong = Window(session, file, folder, settings, "light"), folder, []
        self.stop = self.window.toolbar.red_stop
        self.window.resize(QtGui.QGuiApplication.primaryScreen().availableGeometry().size())
        self.window.move(0, 0)
        self.window.show()
        self.window.activateWindow()
        waited(lambda: self.window.session.activity == "idle" and self.window.isActiveWindow())

    # ---- what can be open: each returns the window that has the keyboard then

    def dialogs(self) -> dict[str, Callable[[], object]]:
        window, runs = self.window, self.window.docks.runs
        return {
            "nothing": lambda: window,
            "keys": lambda: self.opened(lambda: menu_action(window, "Keys").trigger()),
            "figure": lambda: self.opened(lambda: dialogs.show(FigureDialog(runs, "Figure", PNG), runs)),
            "a file to write": lambda: self.opened(lambda: dialogs.ask_for_file(runs, "x", "CSV (*.csv)", print)),
            "write over?": lambda: self.opened(lambda: dialogs.ask(runs, "Write over?", "It exists.", "Y", "N", print)),
            "leave?": self.asked,
            "not safe": lambda: self.opened(lambda: dialogs.show(dialogs.Box(window, "Not safe", "W " * 600), window)),
            "a question of Qt's own": self.modal,
            "a field": lambda: self.focused(runs.form.findChild(QtWidgets.QLineEdit)),
            "a list": lambda: self.popped(runs.form.findChild(QtWidgets.QComboBox)),
            "a menu": lambda: self.menu_open(window.menuBar().actions()[0].menu()),
            "a dock torn off": self.torn_off,
        }

    def opened(self, act: Callable[[], object]) -> object:
        before = set(QtWidgets.QApplication.topLevelWidgets())
        act()
        return next(one for one in QtWidgets.QApplication.topLevelWidgets() if one not in before and one.isVisible())

    def asked(self) -> object:
        """The question of a window that shall be closed while a run goes on."""
        ask = dialogs.ask
        return self.opened(lambda: ask(self.window, "Leave?", "A run goes on. End it now?", "Leave", "Stay", print))

    def modal(self) -> object:
        """It is none of ours, and blocks the window: no click gets past it, but F12 does."""
        box = QtWidgets.QMessageBox(self.window)
        box.setWindowModality(QtCore.Qt.WindowModality.ApplicationModal)
        box.show()
        return box

    def focused(self, field: object) -> object:
        self.window.docks.runs.write_plan()
        field.setFocus()
        return self.window

    def popped(self, combo: object) -> object:
        combo.showPopup()
        return self.window

    def menu_open(self, menu: object) -> object:
        menu.popup(self.window.mapToGlobal(QtCore.QPoint(5, 40)))
        return self.window

    def torn_off(self) -> object:
        dock = self.window.docks.docks["Run"]
        dock.setFloating(True)
        dock.move(20, 200)
        return dock

    def put_away(self) -> None:
        while (popup := QtWidgets.QApplication.activePopupWidget()) is not None:
            popup.close()
        for one in QtWidgets.QApplication.topLevelWidgets():
            if isinstance(one, QtWidgets.QDialog) and one.isVisible():
                one.close()
        self.window.docks.docks["Run"].setFloating(False)
        QtWidgets.QApplication.processEvents()

    # ---- what must be so

    def check(self, state: str, name: str, opens: Callable[[], object]) -> None:
        where = f"{state}, {name}"
        self.reach(state)
        has_keys = opens()
        QtWidgets.QApplication.processEvents()
        self.look(where)
        has_keys.activateWindow()
        waited(has_keys.isActiveWindow)  # a screen takes its time to give a new window the keyboard
        QtTest.QTest.keyClick(has_keys.windowHandle(), F12)
        self.expect(f"{where}: F12", state)
        if opens != self.modal:
            self.window.tick()
            self.click()
            self.expect(f"{where}: click", state)
        self.put_away()

    def reach(self, state: str) -> None:
        self.link.is_alive, self.link.exit_code = True, None
        self.window.session._aftermath, self.window.session.faults = None, ()
        self.link.tell(Doing(state))
        if state == "closed":
            self.window.session.activity = "running"
            self.window.tick()
            self.link.die(-9)
            self.window.session.activity = "running"
        self.window.tick()
        if self.window.session.activity != state:
            self.wrong.append(f"{state} was not reached: {self.window.session.activity}")
        self.link.said.clear()
        self.window.notices.clear()

    def look(self, where: str) -> None:
        """It is on the screen, whole, and nothing lies over it."""
        area = QtCore.QRect(self.stop.mapToGlobal(QtCore.QPoint(0, 0)), self.stop.size())
        screen = QtGui.QGuiApplication.primaryScreen().geometry()
        if not self.stop.isVisible() or not screen.contains(area):
            self.wrong.append(f"{where}: STOP at {area} is not within {screen}")
        points = (area.center(), area.topLeft() + QtCore.QPoint(4, 4), area.bottomRight() - QtCore.QPoint(4, 4))
        over = {QtWidgets.QApplication.widgetAt(point) for point in points}
        if over != {self.stop}:
            self.wrong.append(f"{where}: STOP is covered by {over}")
        if self.stop.visibleRegion().boundingRect().size() != self.stop.size():
            self.wrong.append(f"{where}: STOP is cut off")

    def click(self) -> None:
        at = self.stop.mapTo(self.window, self.stop.rect().center())
        QtTest.QTest.mouseClick(self.window.windowHandle(), LEFT, NONE, at)

    def expect(self, what: str, state: str) -> None:
        wanted = [] if state == "closed" else [Order.SAFE]
        if self.link.said != wanted:
            self.wrong.append(f"{what}: the bench heard {self.link.said}")
        first = self.window.notices.text.text()
        self.window.tick()
        said = self.window.notices.text.text()
        if "STOP" not in first or ("nothing is on" if state == "closed" else "the bench is safe") not in said:
            self.wrong.append(f"{what}: said {first!r}, then {said!r}")
        self.link.said.clear()
        self.window.notices.clear()


def waited(reached: Callable[[], bool]) -> bool:
    """Let the window work until something is so; whether it came to be."""
    for _ in range(400):
        if reached():
            return True
        QtTest.QTest.qWait(5)
    return False


def menu_action(window: Window, text: str) -> object:
    """The action of this name, in whichever menu."""
    found = (action for menu in window.menuBar().actions() for action in menu.menu().actions())
    return next(action for action in found if action.text() == text)


def main() -> None:
    """Prints what was found wrong, as JSON."""
    following_scale()
    app = QtWidgets.QApplication(sys.argv[:1])
    matrix = Matrix(Path(sys.argv[1]))
    for state in STATES:
        for name, opens in matrix.dialogs().items():
            matrix.check(state, name, opens)
    screen = app.primaryScreen().geometry()
    least = matrix.window.minimumSizeHint()
    size = (screen.width(), screen.height(), least.width(), least.height())
    print(json.dumps({"wrong": matrix.wrong, "size": size, "platform": app.platformName()}), flush=True)
    os._exit(0)  # the scripted bench does not leave


if __name__ == "__main__":
    main()
