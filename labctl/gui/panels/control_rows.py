"""The controls of the bench as rows: a box for a switch, a field for a number; both show what was read back."""

from collections.abc import Iterable
from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.gui.connection.messages import ControlState
from labctl.gui.widgets.view import label

_LETTERS: Final = 12
"""Of a number that is seen whole: a frequency in Hz."""
_INDENT_PX: Final = 12


class ControlRows(QtWidgets.QWidget):
    """A row for each control, made when it is first heard of. Return in a field, or a click on a box, asks for it."""

    wanted = QtCore.Signal(str, str)
    """Name of a control, and the value as it was typed."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QtWidgets.QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self.editors: dict[str, Any] = {}
        self._states: dict[str, ControlState] = {}
        self._groups: set[str] = set()

    def show_states(self, states: Iterable[ControlState]) -> None:
        """What was read just now. What is being typed in a field stays."""
        for state in states:
            if state.name not in self.editors:
                self._add(state)
            self._states[state.name] = state
            self._show(state)

    def restore(self) -> None:
        """Every row as it was read last: what was asked for has not been done."""
        for state in self._states.values():
            self._show(state, is_typed_kept=False)

    def _add(self, state: ControlState) -> None:
        group, _, what = state.name.partition(".")
        if group not in self._groups:
            self._groups.add(group)
            self._grid.addWidget(label(group.replace("_", " "), "faint"), self._grid.rowCount(), 0, 1, 3)
        row = self._grid.rowCount()
        editor = QtWidgets.QCheckBox() if state.is_switch else QtWidgets.QLineEdit()
        editor.setAccessibleName(state.name)
        editor.setToolTip(f"<p>{state.name}: {state.limits}</p>")
        if state.is_switch:
            editor.clicked.connect(lambda checked, name=state.name: self._click(name, checked))
        else:
            editor.setMinimumWidth(editor.fontMetrics().averageCharWidth() * _LETTERS)
            editor.returnPressed.connect(lambda name=state.name: self._typed(name))
        name = label(what.replace("_", " "), selectable=False)
        name.setToolTip(editor.toolTip())
        name.setContentsMargins(_INDENT_PX, 0, 0, 0)
        name.setBuddy(editor)
        for column, widget in enumerate((name, editor, label(state.unit, "faint"))):
            self._grid.addWidget(widget, row, column)
        self.editors[state.name] = editor

    def _show(self, state: ControlState, is_typed_kept: bool = True) -> None:
        editor = self.editors[state.name]
        if state.is_switch:
            editor.setChecked(bool(state.value))
            editor.setText("?" if state.value is None else state.said)
        elif not (is_typed_kept and editor.hasFocus() and editor.isModified()):
            editor.setText("" if state.value is None else f"{state.value:.10g}")
            editor.setPlaceholderText("does not answer")
            editor.setModified(False)

    def _click(self, name: str, checked: bool) -> None:
        """The box shows what is, and not what was asked for."""
        self.editors[name].setChecked(not checked)
        self.wanted.emit(name, "on" if checked else "off")

    def _typed(self, name: str) -> None:
        editor = self.editors[name]
        editor.setModified(False)
        self.wanted.emit(name, editor.text())
