"""Qt crashes if a thread other than the window's deletes a widget, and Python collects garbage in any thread."""

import gc
import threading
import weakref

from pyqtgraph.Qt import QtWidgets
from still import still_window


def test_garbage_of_the_window_is_collected_in_its_own_thread(qtbot, tmp_path):
    gc.enable()
    still_window(qtbot, tmp_path)
    deleted_in: list[int] = []
    widget = QtWidgets.QLabel("an old curve")
    widget.itself = widget  # only the collector finds it
    weakref.finalize(widget, lambda: deleted_in.append(threading.get_ident()))
    del widget
    thread = threading.Thread(target=_makes_much)
    thread.start()
    qtbot.waitUntil(lambda: not thread.is_alive(), timeout=20_000)
    assert deleted_in in ([], [threading.get_ident()])
    kept = _makes_much()
    qtbot.waitUntil(lambda: bool(deleted_in), timeout=20_000)
    assert kept
    assert deleted_in == [threading.get_ident()]


def _makes_much() -> list[list[int]]:
    """As a thread does that listens to the bench: more new objects than Python lets pass without a collection."""
    return [[] for _ in range(200_000)]
