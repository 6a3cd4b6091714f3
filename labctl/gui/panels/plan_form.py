"""The form in which a plan is written: made from the plan's own dataclass, checked at every key stroke."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.common.commands import About
from labctl.common.value_errors import bounds_words
from labctl.gui.panels.over_row import OverRow
from labctl.gui.panels.plan_rows import Choice, Row
from labctl.gui.widgets.theme import Theme, monospaced
from labctl.gui.widgets.view import label
from labctl.plans.catalogue import EXPERIMENTS
from labctl.plans.parse import Key, PlanFault, known_keys, plan_of, settings_of, texts_of
from labctl.report.progress import clock_words
from labctl.safety.limits import Bounds
from sequences.core.experiment import forecast_s

_REST_MS: Final = 600
"""After Run or Queue both rest, so that a double click is not two runs."""


HERE: Final = About()


_OVER: Final = ""
"""Under this name the drafts hold what is swept; no key of a plan has it."""


def command_of(sequence: str, settings: Mapping[str, str], about: About = HERE, overs: Sequence[str] = ()) -> str:
    """The same run, or sweep, on the same bench as a command line."""
    return about.sweep(sequence, settings, overs) if overs else about.run(sequence, settings)


class PlanForm(QtWidgets.QWidget):
    """Choose an experiment, write its plan, then run it or queue it.

    `run_wanted` and `queue_wanted` carry the sequence and what differs from its defaults, dotted key -> text.
    """

    run_wanted = QtCore.Signal(str, object)
    queue_wanted = QtCore.Signal(str, object)
    sweep_wanted = QtCore.Signal(str, object, object)
    """A sweep for the queue: the sequence, what is the same at every point, and what is swept: 'key=values' texts."""
    given_up = QtCore.Signal()
    """What was being edited shall stay as it was."""

    def __init__(self, theme: Theme, bounds: Bounds, about: About = HERE) -> None:
        """bounds: of the station; about: its bench, for the command."""
        super().__init__()
        self._theme, self._bounds, self._about = theme, bounds, about
        self.rows: dict[str, Row] = {}
        self._drafts: dict[str, dict[str, str]] = {}
        """Sequence -> what was typed, for when it is chosen again."""
        self._laid_by: tuple[str, dict[str, dict[str, str]]] | None = None
        """What the form held before something that waits in the queue was edited: experiment and drafts."""
        self._plan: Any = None
        self.over = OverRow(bounds)
        self._rest = QtCore.QTimer(self, singleShot=True, interval=_REST_MS)
        self.setAccessibleName("plan")
        self._build()
        self._rest.timeout.connect(self._check)
        self.over.changed.connect(self._check)
        self.choice.currentIndexChanged.connect(lambda _: self._chosen())
        self._chosen()

    # ---- what others ask

    @property
    def sequence(self) -> str:
        """The experiment that is chosen."""
        return str(self.choice.currentData())

    @property
    def plan(self) -> Any:
        """The plan as it stands; None while something is wrong with it."""
        return self._plan

    @property
    def settings(self) -> dict[str, str]:
        """What differs from the defaults; empty while something is wrong."""
        return {} if self._plan is None else settings_of(self._plan)

    def load(self, sequence: str, settings: Mapping[str, Any], overs: Sequence[str] = ()) -> None:
        """Show this plan: settings of the queue, or the plan of a stored run; what no longer fits is named."""
        self.tell("")
        place = self.choice.findData(sequence)
        if place < 0:
            self.tell(f"{sequence} cannot be run by itself: it is a part of another experiment, or of an older version")
            return
        self.choice.setCurrentIndex(place)
        texts = texts_of(settings)
        self.reset()
        self.over.write(" ".join(overs))
        self._check()
        lost = [f"{name} = {text}" for name, text in texts.items() if not self._written(name, text)]
        if lost:
            self.tell(f"No longer possible in a plan of {sequence}, and left out: {'; '.join(lost)}")

    def reset(self) -> None:
        """All keys at their defaults."""
        self.over.write("")
        for row in self.rows.values():
            row.editor.write(row.default)
        self._check()

    def lay_by(self) -> None:
        """Something else shall be edited: what is written here comes back when that is done."""
        if self._laid_by is None:
            self._laid_by = self.sequence, {name: dict(draft) for name, draft in self._drafts.items()}

    def edit(self, what: str) -> None:
        """Edit something that waits in the queue, named so; empty: go on with what was laid by."""
        if not what and self._laid_by is not None:
            (sequence, self._drafts), self._laid_by = self._laid_by, None
            with QtCore.QSignalBlocker(self.choice):
                self.choice.setCurrentIndex(self.choice.findData(sequence))
            self._chosen()
        self.editing.setText(f"Editing {what}")
        for widget in (self.editing, self.cancel):
            widget.setVisible(bool(what))
        self.run_button.setVisible(not what)
        self.queue_button.setText("Keep" if what else "Queue")

    def tell(self, words: str) -> None:
        """Say something above the rows; empty: nothing."""
        self.message.setText(words)
        self.message.setVisible(bool(words))

    # ---- within

    def _written(self, name: str, text: str) -> bool:
        return name in self.rows and self.rows[name].editor.write(text)

    def _chosen(self) -> None:
        """Make the rows of another experiment, as they were left."""
        self.tell("")  # what was said of another plan
        self.choice.setToolTip(EXPERIMENTS[self.sequence].description)
        body, grid = QtWidgets.QWidget(), QtWidgets.QGridLayout()
        body.setLayout(grid)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 3)  # of unit and range, so that they seldom need two lines
        grid.setVerticalSpacing(3)
        grid.setHorizontalSpacing(5)
        grid.setContentsMargins(4, 4, 0, 4)
        keys = known_keys(EXPERIMENTS[self.sequence].plan)
        self.rows = {name: Row(self._theme, self._narrowed(key), body) for name, key in keys.items()}
        for line, (name, row) in enumerate(self.rows.items()):
            row.place(grid, 2 * line)
            row.editor.write(self._drafts.get(self.sequence, {}).get(name, row.default))
            row.changed.connect(self._check)
            row.focused.connect(self._focused)
        grid.setRowStretch(2 * len(self.rows), 1)
        self.area.setWidget(body)
        self.area.setMinimumWidth(body.minimumSizeHint().width() + self.area.verticalScrollBar().sizeHint().width())
        self.help.setText(EXPERIMENTS[self.sequence].description)
        self.over.write(self._drafts.get(self.sequence, {}).get(_OVER, ""))
        self._order_tabs()
        self._check()

    def _order_tabs(self) -> None:
        """Rows are made after the buttons: Tab shall reach them before, as they stand."""
        rows = [widget for row in self.rows.values() for widget in (row.editor.widget, row.reset)]
        buttons = (self.command, self.copy, self.all_back, self.queue_button, self.run_button)
        for one, after in pairwise((self.choice, self.cancel, *rows, self.over.line, *buttons)):
            self.setTabOrder(one, after)

    def _check(self) -> None:
        """Show what is wrong, what is changed, how long it lasts, and how the command line says it."""
        texts = {name: row.text for name, row in self.rows.items() if row.text or row.default}
        self._drafts[self.sequence] = {**texts, _OVER: self.over.text}
        made, faults = plan_of(EXPERIMENTS[self.sequence].plan, texts)
        if made is not None:
            faults = [_at_key(words) for words in self._bounds.faults(made)]
        else:  # the limit that is nearest is named, whether the plan's or the station's
            faults = [_at_key(self._beyond(fault, texts)) if self._beyond(fault, texts) else fault for fault in faults]
        self._plan = None if faults else made
        changed = settings_of(made) if made is not None else self._touched()
        for name, row in self.rows.items():
            row.show_state([fault.words for fault in faults if fault.key == name], name in changed)
        whole = [fault.words for fault in faults if fault.key not in self.rows]
        plans, swept = [self._plan], list[str]()
        if self.over.overs and self._plan is not None:
            plans, swept = self.over.plans(self.sequence, self.settings)
            self._plan = None if swept else self._plan
        whole += swept
        self.faults.setText("\n".join(f"✖ {words}" for words in whole))
        self.faults.setVisible(bool(whole))
        self._show_outcome(len(faults) + len(swept), bool(changed or self.over.text), plans)

    def _narrowed(self, key: Key) -> Key:
        """With the range that it has at this station."""
        bounds = self._bounds.narrowed(key)
        return replace(key, bounds=bounds, limits=bounds_words(bounds)) if bounds else key

    def _beyond(self, fault: PlanFault, texts: Mapping[str, str]) -> str:
        key = known_keys(EXPERIMENTS[self.sequence].plan).get(fault.key)
        return self._bounds.beyond(key, texts.get(fault.key, "")) if key is not None else ""

    def _touched(self) -> set[str]:
        return {name for name, row in self.rows.items() if row.text != row.default}

    def _show_outcome(self, faults: int, is_changed: bool, plans: Sequence[Any]) -> None:
        """plans: of all points of a sweep, or the one of a run."""
        self.all_back.setEnabled(is_changed)
        self.queue_button.setEnabled(not faults and not self._rest.isActive())
        self.run_button.setEnabled(self.queue_button.isEnabled() and not self.over.overs)
        self.copy.setEnabled(not faults)
        if faults:
            self.duration.setText(f"✖ {faults} {'value is' if faults == 1 else 'values are'} not possible")
            self.command.setText("")
            return
        expected_s = [forecast_s(plan) for plan in plans]
        known = [one for one in expected_s if one is not None]
        words = f"{clock_words(sum(known))} of laboratory time" if len(known) == len(plans) else "not known beforehand"
        count = f"; Queue puts the {len(plans)} points into the queue, as one" if self.over.overs else ""
        self.duration.setText(f"Expected: {words}{count}")
        self.command.setText(command_of(self.sequence, self.settings, self._about, self.over.overs))
        self.command.setCursorPosition(0)

    def _focused(self, row: Row) -> None:
        self.help.setText(row.help())
        self.area.ensureWidgetVisible(row.editor.widget)

    def _send(self, button: Any, signal: Any) -> None:
        """Unless something is wrong, or it was sent just now. A sweep is always queued."""
        if not button.isEnabled() or self._plan is None or self._rest.isActive():
            return
        sequence, settings, overs = self.sequence, self.settings, self.over.overs
        self.tell("")
        self._rest.start()
        self._check()
        if overs:
            self.sweep_wanted.emit(sequence, settings, overs)
        else:
            signal.emit(sequence, settings)

    # ---- widgets

    def _build(self) -> None:
        self.choice = Choice()
        for name, entry in EXPERIMENTS.items():
            self.choice.addItem(f"{name}:  {entry.description}", name)
        self.choice.setAccessibleName("experiment")
        self.choice.setSizePolicy(QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self.choice)
        self.message, self.faults = (_wrapped(label("", "fault")) for _ in range(2))
        self.area = QtWidgets.QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)  # it follows the row that has the keys
        self.area.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.help = _wrapped(label("", "faint"))
        self.duration = _wrapped(label())
        self.help.setMinimumHeight(2 * self.fontMetrics().lineSpacing() + 2)
        self.help.setAlignment(QtCore.Qt.AlignmentFlag.AlignTop)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.choice)
        column.addWidget(self.message)
        column.addLayout(self._editing_line())
        column.addWidget(self.area, 1)
        column.addWidget(self.over)
        column.addWidget(self.help)
        column.addWidget(self.faults)
        column.addWidget(self.duration)
        column.addLayout(self._command_line())
        column.addLayout(self._buttons())
        self.edit("")
        self.tell("")

    def _editing_line(self) -> Any:
        self.editing, self.cancel = label(), QtWidgets.QPushButton("Leave as it was")
        self.cancel.clicked.connect(self.given_up)
        line = QtWidgets.QHBoxLayout()
        line.addWidget(self.editing, 1)
        line.addWidget(self.cancel)
        return line

    def _command_line(self) -> Any:
        self.command = QtWidgets.QLineEdit(readOnly=True)
        self.command.setFont(monospaced())
        self.command.setAccessibleName("the same as a command")
        self.command.setToolTip("The same as a command")
        self.copy = QtWidgets.QPushButton("Copy")
        self.copy.setToolTip("Copy the command")
        self.copy.clicked.connect(lambda: QtWidgets.QApplication.clipboard().setText(self.command.text()))
        line = QtWidgets.QHBoxLayout()
        line.addWidget(self.command, 1)
        line.addWidget(self.copy)
        return line

    def _buttons(self) -> Any:
        self.all_back = QtWidgets.QPushButton("Defaults")
        self.all_back.setToolTip("All keys back to their defaults")
        self.all_back.clicked.connect(self.reset)
        self.run_button, self.queue_button = QtWidgets.QPushButton("Run"), QtWidgets.QPushButton("Queue")
        line = QtWidgets.QHBoxLayout()
        line.addWidget(self.all_back)
        line.addStretch(1)
        for button, signal, keys, tip in (
            (self.queue_button, self.queue_wanted, "Ctrl+Shift+Return", "Put it at the end of the queue"),
            (self.run_button, self.run_wanted, "Ctrl+Return", "Run it now, or after what runs"),
        ):
            button.clicked.connect(lambda _=False, pressed=button, wanted=signal: self._send(pressed, wanted))
            button.setToolTip(f"{tip}  ({keys})")
            self._shortcut(keys, button)
            line.addWidget(button)
        return line

    def _shortcut(self, keys: str, button: Any) -> None:
        """Only while the keys go to this form."""
        shortcut = QtGui.QShortcut(QtGui.QKeySequence(keys), self)
        shortcut.setAutoRepeat(False)  # a key that is held is one run
        shortcut.setContext(QtCore.Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.setWhatsThis(button.toolTip())
        shortcut.activated.connect(button.click)


def _wrapped(made: Any) -> Any:
    made.setWordWrap(True)
    made.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    return made


def _at_key(words: str) -> PlanFault:
    """The sentence of a limit begins with its key."""
    return PlanFault(words.partition(" = ")[0], words)
