"""The menus of the window; what the toolbar has stands there too, with its key."""

from collections.abc import Callable
from typing import Any, get_args

from pyqtgraph.Qt import QtCore, QtGui

from labctl.gui.shortcuts import show_keys
from labctl.gui.widgets.theme import ThemeName


def add_menus(window: Any) -> Any:
    """Make the menus; returns the action whose check says whether the docks follow the run."""
    bar, menu = window.toolbar, window.menuBar()
    menu.setNativeMenuBar(False)  # a menu bar of the desktop would have no corner for STOP
    menu.setCornerWidget(bar.red_stop, QtCore.Qt.Corner.TopRightCorner)
    bench = menu.addMenu("&Bench")
    bench.addActions([bar.new_run, bar.pause, bar.stop_run, bar.live])
    bench.addSeparator()
    _action(bench, "Open the bench again", "", window.reopen)
    _action(bench, "Leave", "Ctrl+Q", window.close, "Leave: the run is ended, the bench made safe")
    view = menu.addMenu("&View")
    for k, (title, dock) in enumerate(window.docks.docks.items(), start=1):
        keys, tip = f"Ctrl+{k % 10}" if k <= 10 else "", f"Bring {title} to the front"
        _action(view, title, keys, lambda _=False, t=title: _forward(window, t), tip)
        dock.setToolTip(title)
    view.addSeparator()
    follows = _action(view, "Follow the run", "", lambda: None)
    follows.setCheckable(True)
    follows.setChecked(True)
    follows.setToolTip("Bring the picture of the part that measures to the front")
    _action(view, "Docks as at first", "", lambda: window.docks.arrange())
    _action(view, "Put the notice away", "Esc", window.notices.clear)
    _add_themes(window, view.addMenu("Theme"))
    _action(menu.addMenu("&Help"), "Keys", "F1", lambda: show_keys(window), "this list")
    return follows


def _add_themes(window: Any, menu: Any) -> None:
    group = QtGui.QActionGroup(menu)
    for name in get_args(ThemeName):
        action = _action(menu, name.capitalize(), "", lambda _=False, n=name: window.set_theme(n))
        action.setCheckable(True)
        action.setChecked(name == window.theme_wanted)
        group.addAction(action)


def _action(menu: Any, text: str, keys: str, act: Callable[..., Any], tip: str = "") -> Any:
    action = QtGui.QAction(text, menu)
    action.setToolTip(tip or text)
    if keys:
        action.setShortcut(QtGui.QKeySequence(keys))
    action.triggered.connect(act)
    menu.addAction(action)
    return action


def _forward(window: Any, title: str) -> None:
    window.docks.bring_forward(window.docks.contents[title])
