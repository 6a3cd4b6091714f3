"""All keys of the window, read off its actions, so that none is missing and none is wrong."""

import html
from dataclasses import dataclass
from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.gui.widgets import dialogs

_BY_THEMSELVES: Final = (
    "Tab and Shift+Tab go from one field to the next and back; arrows go within a list or a table; Alt with an "
    "underlined letter opens a menu."
)
_SIZE: Final = (620, 560)


@dataclass(frozen=True)
class Keyed:
    """One key."""

    keys: str
    """'Ctrl+P', as this desktop writes it."""
    what: str
    where: str
    """Empty: in the whole window; else where the keys must go to."""


def keys_of(window: Any) -> list[Keyed]:
    """Of the actions, the buttons and the bare keys of a window; those of the whole window first."""
    found = [*map(_of_action, window.findChildren(QtGui.QAction)), *map(_of_key, window.findChildren(QtGui.QShortcut))]
    buttons = window.findChildren(QtWidgets.QAbstractButton)
    found += [_keyed(button.shortcut(), button.toolTip() or button.text(), "") for button in buttons]
    unique = dict.fromkeys(one for one in found if one.keys)
    return sorted(unique, key=lambda one: one.where)


def show_keys(window: Any) -> Any:
    """A list beside the window, which goes on working."""
    dialog = QtWidgets.QDialog(window)
    dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle("Keys")
    text = QtWidgets.QTextBrowser()
    text.setAccessibleName("keys")
    text.setHtml(_page(keys_of(window)))
    column = QtWidgets.QVBoxLayout(dialog)
    column.addWidget(text)
    dialog.resize(*_SIZE)
    dialogs.show(dialog, window)
    return dialog


def _page(found: list[Keyed]) -> str:
    parts = []
    for where in dict.fromkeys(one.where for one in found):
        rows = "".join(
            f"<tr><td><b>{html.escape(one.keys)}</b>&nbsp;&nbsp;</td><td>{html.escape(one.what)}</td></tr>"
            for one in found
            if one.where == where
        )
        heading = f"In the {where}" if where else "Everywhere"
        parts.append(f"<p><i>{html.escape(heading)}</i></p><table>{rows}</table>")
    return "".join(parts) + f"<p>{html.escape(_BY_THEMSELVES)}</p>"


def _of_action(action: Any) -> Keyed:
    words = action.toolTip() or action.text()
    is_local = action.shortcutContext() == QtCore.Qt.ShortcutContext.WidgetShortcut
    said = f"{action.text()}: {_lower(words)}" if is_local and not words.startswith(action.text()) else words
    return _keyed(action.shortcut(), said, _name(action.parent()) if is_local else "")


def _of_key(key: Any) -> Keyed:
    return _keyed(key.key(), key.whatsThis(), _name(key.parent()))


def _name(widget: Any) -> str:
    return str(widget.accessibleName()) if isinstance(widget, QtWidgets.QWidget) else ""


def _keyed(sequence: Any, words: str, where: str) -> Keyed:
    """Without the keys in brackets at the end, which a tool tip has."""
    keys = sequence.toString(QtGui.QKeySequence.SequenceFormat.NativeText)
    return Keyed(keys, _lower(words.replace("&", "").replace(" …", "").partition("  (")[0]), where)


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
