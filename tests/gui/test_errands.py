"""Errands: done in another thread, answered in the window's."""

import time

from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.common.refusals import Refusal
from labctl.gui.widgets.workers import Errands


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
