"""F1 lists every key that there is."""

import pytest
from pyqtgraph.Qt import QtGui, QtWidgets
from still import shared_window

from labctl.gui.shortcuts import keys_of


def bound(window):
    """Every key that does something in the window."""
    native = QtGui.QKeySequence.SequenceFormat.NativeText
    keys = {action.shortcut().toString(native) for action in window.findChildren(QtGui.QAction)}
    keys |= {key.key().toString(native) for key in window.findChildren(QtGui.QShortcut)}
    keys |= {button.shortcut().toString(native) for button in window.findChildren(QtWidgets.QAbstractButton)}
    return keys - {""}


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with shared_window(tmp_path_factory.mktemp("keys")) as made:
        yield made


def test_f1_lists_every_key_with_what_it_does(window):
    (help_,) = [action for action in window.findChildren(QtGui.QAction) if action.shortcut().toString() == "F1"]
    help_.trigger()
    (dialog,) = [one for one in window.children() if isinstance(one, QtWidgets.QDialog)]
    assert not dialog.isModal()
    text = dialog.findChild(QtWidgets.QTextBrowser).toPlainText()
    for keys in bound(window):
        assert keys in text, keys
    some = {"Ctrl+P", "F12", "F1", "Ctrl+1", "Ctrl+9", "Ctrl+Q", "Ctrl+Return", "Ctrl+R", "Alt+Up", "Right", "Esc"}
    assert some <= bound(window)
    said = keys_of(window)
    assert all(one.what and one.what != one.keys for one in said)
    assert len({(one.keys, one.where) for one in said}) == len(said), "no key does two things in one place"
    dialog.close()


def test_a_key_that_comes_later_is_listed_by_itself(window):
    added = QtGui.QAction("Do something new", window)
    added.setShortcut(QtGui.QKeySequence("Ctrl+J"))
    assert ("Ctrl+J", "do something new", "") in [(one.keys, one.what, one.where) for one in keys_of(window)]
