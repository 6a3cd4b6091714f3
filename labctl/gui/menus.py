"""The menus of the window; what the toolbar has stands there too, with its key."""

from collections.abc import Callable
from typing import Any, Final, get_args

from pyqtgraph.Qt import QtCore, QtGui

from labctl.gui import dialogs
from labctl.gui.theme import ThemeName

_KEYS: Final = (
    ("Ctrl+N", "write a plan, run it or queue it"),
    ("Ctrl+P", "pause at the next safe point, or resume"),
    ("Ctrl+.", "stop the run; the bench is left safe"),
    ("F12", "red stop: everything off, magnet down"),
    ("Ctrl+L", "back to the run that goes on"),
    ("Ctrl+1 … 9", "bring a dock to the front"),
    ("Tab, arrows, Enter", "move within a dock; open the run that is chosen"),
)


def add_menus(window: Any) -> Any:
    """Make the menus; returns the action whose check says whether the docks follow the run."""
    bar, menu = window.toolbar, window.menuBar()
    menu.setNativeMenuBar(False)  # a menu bar of the desktop would have no corner for STOP
    menu.setCornerWidget(bar.red_stop, QtCore.Qt.Corner.TopRightCorner)
    bench = menu.addMenu("&Bench")
    bench.addActions([bar.new_run, bar.pause, bar.stop_run, bar.live])
    bench.addSeparator()
    _action(bench, "Open the bench again", "", window.reopen)
    _action(bench, "Leave", "Ctrl+Q", window.close)
    view = menu.addMenu("&View")
    for k, (title, dock) in enumerate(window.docks.docks.items(), start=1):
        _action(view, title, f"Ctrl+{k}" if k < 10 else "", lambda _=False, t=title: _forward(window, t))
        dock.setToolTip(title)
    view.addSeparator()
    follows = _action(view, "Follow the run", "", lambda: None)
    follows.setCheckable(True)
    follows.setChecked(True)
    follows.setToolTip("Bring the picture of the part that measures to the front")
    _action(view, "Docks as at first", "", lambda: window.docks.arrange())
    _add_themes(window, view.addMenu("Theme"))
    _action(menu.addMenu("&Help"), "Keys", "F1", lambda: _show_keys(window))
    return follows


def _add_themes(window: Any, menu: Any) -> None:
    for name in get_args(ThemeName):
        _action(menu, name.capitalize(), "", lambda _=False, n=name: window.set_theme(n))


def _action(menu: Any, text: str, keys: str, act: Callable[..., None]) -> Any:
    action = QtGui.QAction(text, menu)
    if keys:
        action.setShortcut(QtGui.QKeySequence(keys))
    action.triggered.connect(act)
    menu.addAction(action)
    return action


def _forward(window: Any, title: str) -> None:
    window.docks.bring_forward(window.docks.contents[title])


def _show_keys(window: Any) -> None:
    rows = "".join(f"<tr><td><b>{keys}</b></td><td>&nbsp; {what}</td></tr>" for keys, what in _KEYS)
    dialogs.show(dialogs.Box(window, "Keys", f"<table>{rows}</table>"), window)
