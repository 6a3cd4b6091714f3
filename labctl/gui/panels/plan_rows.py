"""One key of a plan as a row of a form: its name in words, an editor, unit and range, a way back to the default."""

import dataclasses
from collections.abc import Callable
from types import NoneType
from typing import Any, Final, get_args

from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.common.value_errors import UNITS
from labctl.gui.widgets.theme import Theme
from labctl.gui.widgets.view import label
from labctl.plans.parse import Key, as_text, choices_of

COLUMNS: Final = 4
_GREEK: Final = {"us": "µs", "uT": "µT", "deg": "°"}
_SIGNS: Final = {"at least": "≥", "above": ">", "at most": "≤", "below": "<"}
_EDITOR_PX: Final = 64
_QUANTITIES: Final = {
    "mw": "power", "dbm": "power", "a": "current", "v": "voltage",
    "s": "time", "ms": "time", "us": "time", "ns": "time",
}  # fmt: skip
"""What a value of this unit is, where its name alone does not say it."""


class Choice(QtWidgets.QComboBox):
    """Leaves the mouse wheel to the form: who scrolls does not want to change a plan."""

    def wheelEvent(self, event: Any) -> None:
        """Not mine."""
        event.ignore()


@dataclasses.dataclass(frozen=True)
class Editor:
    """A widget that holds a text."""

    widget: Any
    read: Callable[[], str]
    write: Callable[[str], bool]
    """False if it cannot hold this text."""
    edited: Any
    """Its signal."""


def editor_for(hint: Any) -> Editor:
    """A tick for a bool, a list for what has few values, else a line: whatever is typed is kept, and checked."""
    if hint is bool:
        return _tick()
    choices = choices_of(hint)
    return _choice(choices) if choices else _line()


def words_of(key: Key) -> str:
    """'half range' for half_range_mhz, 'coarse power' for coarse_mw; the plan within the plan before it."""
    *path, last = key.name.split(".")
    ending = next((f"_{end}" for end in UNITS if key.unit and last.endswith(f"_{end}")), "")
    words = last.removesuffix(ending).replace("_", " ")
    quantity = _QUANTITIES.get(ending.removeprefix("_"), "")
    named = words if quantity in words else f"{words} {quantity}"
    return ": ".join((*(part.replace("_", " ") for part in path), named))


def hint_of(key: Key) -> str:
    """'µs, 1 to 10000', 'kHz, > 0, ≤ 100': unit and range, short."""
    optional = "or none" if NoneType in get_args(key.hint) else ""
    limits = "" if choices_of(key.hint) else key.limits
    for words, sign in _SIGNS.items():
        limits = limits.replace(words, sign)
    return ", ".join(part for part in (_GREEK.get(key.unit, key.unit), limits, optional) if part)


class Row(QtCore.QObject):
    """The row. `changed`: it was edited; `focused`: the keys go to it."""

    changed = QtCore.Signal()
    focused = QtCore.Signal(object)

    def __init__(self, theme: Theme, key: Key, parent: Any) -> None:
        super().__init__(parent)
        self.key = key
        self.default = "" if key.default is dataclasses.MISSING else as_text(key.default)
        self.editor = editor_for(key.hint)
        self.name, self.hint = label(words_of(key), selectable=False), label(hint_of(key), "faint")
        self.fault = label("", "fault")
        self.reset = QtWidgets.QToolButton()
        self._dress(theme)
        self.editor.write(self.default)
        self.editor.edited.connect(lambda *_: self.changed.emit())
        self.reset.clicked.connect(lambda: self.editor.write(self.default))

    @property
    def text(self) -> str:
        """As it stands there."""
        return self.editor.read()

    def place(self, grid: Any, line: int) -> None:
        """Put it into two lines of a grid; the second one shows what is wrong."""
        for column, widget in enumerate((self.name, self.editor.widget, self.hint, self.reset)):
            grid.addWidget(widget, line, column)
        grid.addWidget(self.fault, line + 1, 0, 1, COLUMNS)

    def show_state(self, faults: list[str], is_changed: bool) -> None:
        """What is wrong with it, and whether it differs from the default."""
        self.fault.setText("\n".join(f"✖ {fault}" for fault in faults))
        self.fault.setVisible(bool(faults))
        font = self.name.font()
        font.setBold(is_changed)
        self.name.setFont(font)
        self.reset.setVisible(is_changed)

    def help(self) -> str:
        """Meaning and default, for the line of help."""
        default = self.default or "none, it must be given"
        return f"{self.key.help or words_of(self.key)} Default: {default}. Key: {self.key.name}"

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Tell when the keys go to the editor; let everything pass."""
        if event.type() == QtCore.QEvent.Type.FocusIn:
            self.focused.emit(self)
        return bool(super().eventFilter(watched, event))

    def _dress(self, theme: Theme) -> None:
        widget = self.editor.widget
        widget.setAccessibleName(words_of(self.key))
        widget.setAccessibleDescription(self.key.help)
        widget.installEventFilter(self)
        for one in (widget, self.name, self.hint):
            one.setToolTip(self.help())
        self.name.setBuddy(widget)
        self.fault.setWordWrap(True)
        self.hint.setWordWrap(True)  # in a narrow dock the unit stands there whole
        self.fault.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.reset.setText("↺")
        self.reset.setAutoRaise(True)
        self.reset.setStyleSheet(f"color: {theme.accent}")
        self.reset.setToolTip(f"Back to {self.default or 'nothing'}, the default")
        self.reset.setAccessibleName(f"{words_of(self.key)}: back to the default")
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)


def _tick() -> Editor:
    box = QtWidgets.QCheckBox("no")
    box.toggled.connect(lambda on: box.setText("yes" if on else "no"))

    def write(text: str) -> bool:
        box.setChecked(text == "true")
        return text in ("true", "false")

    return Editor(box, lambda: as_text(box.isChecked()), write, box.toggled)


def _choice(texts: list[str]) -> Editor:
    box = Choice()
    box.addItems(texts)
    box.setMinimumWidth(_EDITOR_PX)

    def write(text: str) -> bool:
        if text in texts:
            box.setCurrentIndex(texts.index(text))
        return text in texts

    return Editor(box, box.currentText, write, box.currentIndexChanged)


def _line() -> Editor:
    line = QtWidgets.QLineEdit()
    line.setMinimumWidth(_EDITOR_PX)

    def write(text: str) -> bool:
        line.setText(text)
        line.setCursorPosition(0)
        return True

    return Editor(line, line.text, write, line.textChanged)
