"""The bench dock: every instrument with what it does now, its limits, and the interlock in large letters."""

import time
from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.bench.status import Condition, Reading, value_words
from labctl.gui.widgets.theme import Theme, verdict_colour, verdict_sign
from labctl.gui.widgets.view import label

_HEADINGS: Final = ("instrument", "state", "asked for", "limit")
_NAME, _STATE, _ASKED, _LIMIT = range(4)
_LASER, _INTERLOCK = "green_laser", "interlock"
_SHARE: Final = QtCore.Qt.ItemDataRole.UserRole
"""Of a limit, in the limit's cell: how much of it is used, 0 to 1, and the bar's colour."""
_BAR_PX: Final = 3
_MARGIN_PX: Final = 4
OLD_S: Final = 1.8
"""What was heard so long ago looks old; the bench is asked every second."""


class BenchView(QtWidgets.QWidget):
    """A row for each instrument, with its readings beneath; it is updated in place."""

    title = "Bench"

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        self.interlock = label("laser interlock: not asked yet", "figure")
        self.interlock.setToolTip("Of the green laser's head, as it answers")
        self.interlock.setWordWrap(True)
        self._interlock_was = "not known"
        self.silence = label("", "fault")
        self.silence.setWordWrap(True)
        self.silence.hide()
        self.tree = _Tree(theme)
        for widget in (self.interlock, self.silence, self.tree):
            layout.addWidget(widget)
        self.setFocusProxy(self.tree)
        self._rows: dict[str, Any] = {}
        self._conditions: dict[str, Condition] = {}
        self._heard_s: dict[str, float] = {}
        """Instrument -> when it was heard of last, as `time.monotonic` has it."""

    def show_conditions(self, conditions: tuple[Condition, ...]) -> None:
        """What these instruments answered just now; the others answer later."""
        now_s = time.monotonic()
        for condition in conditions:
            self._heard_s[condition.instrument] = now_s
            self._show(condition)
            if condition.instrument == _LASER:
                self.show_interlock(condition)
        self.show_ages()
        self.tree.viewport().update()  # the words of an instrument reach beyond their cell

    def show_ages(self, is_gone: bool = False, now_s: float | None = None) -> None:
        """What is old looks old; so does everything if nobody asks the instruments any more. Costs little."""
        now_s = time.monotonic() if now_s is None else now_s
        ages_s = {name: now_s - heard_s for name, heard_s in self._heard_s.items()}
        old_s = ages_s if is_gone else {name: age_s for name, age_s in ages_s.items() if age_s > OLD_S}
        if old_s and len(old_s) == len(ages_s):
            self.show_silence(min(old_s.values()))
            return
        self.silence.setVisible(bool(old_s))
        if old_s:
            said = ", ".join(f"{name} {age_s:.0f} s ago" for name, age_s in old_s.items())
            self.silence.setText(f"✖ last heard: {said}; what is grey is old")
        self.tree.setEnabled(True)
        for name, row in self._rows.items():
            if row.isDisabled() != (name in old_s):
                row.setDisabled(name in old_s)
        if _LASER in old_s:
            self._doubt_interlock()

    def show_interlock(self, laser: Condition | None) -> None:
        """What the green laser says of its interlock; None if it was not asked."""
        readings = laser.readings if laser is not None else ()
        found = next((reading for reading in readings if reading.name == _INTERLOCK), None)
        if found is None:
            self._interlock_was = "not known"
            self._say_interlock("?", "not known: the green laser does not answer", self.theme.fault)
        else:
            self._interlock_was = str(found.value)
            is_open = found.verdict == "fault"
            colour = self.theme.fault if is_open else self.theme.ok
            self._say_interlock("✖" if is_open else "✔", self._interlock_was, colour)

    def show_silence(self, seconds: float) -> None:
        """The bench has said nothing for so long: what stands here is old, the interlock too."""
        self.silence.setText(f"✖ last heard {seconds:.0f} s ago: what stands below is old")
        self.silence.show()
        self.tree.setEnabled(False)
        self._doubt_interlock()

    def texts(self, instrument: str) -> list[list[str]]:
        """What is painted of an instrument: its own row, then its readings."""
        row = self._rows[instrument]
        items = [row, *(row.child(k) for k in range(row.childCount()))]
        return [[item.text(column) for column in range(len(_HEADINGS))] for item in items]

    def recoloured(self) -> None:
        """The theme is another one."""
        for condition in self._conditions.values():
            self._show(condition)

    def _show(self, condition: Condition) -> None:
        self._conditions[condition.instrument] = condition
        row = self._rows.get(condition.instrument)
        if row is None:
            row = self._rows[condition.instrument] = QtWidgets.QTreeWidgetItem(self.tree)
            row.setToolTip(_NAME, f"{condition.model} {condition.address}".strip())
        _write(row, [f"{verdict_sign(condition.verdict)} {condition.instrument}", condition.words])
        for column in (_STATE, _ASKED, _LIMIT):
            row.setToolTip(column, condition.words)
        _colour(row, _NAME, verdict_colour(self.theme, condition.verdict))
        while row.childCount() > len(condition.readings):
            row.removeChild(row.child(row.childCount() - 1))
        for k, reading in enumerate(condition.readings):
            self._show_reading(row.child(k) if k < row.childCount() else QtWidgets.QTreeWidgetItem(row), reading)

    def _show_reading(self, item: Any, reading: Reading) -> None:
        colour, share = verdict_colour(self.theme, reading.verdict), used_share(reading)
        _write(item, _cells(reading))
        item.setToolTip(_STATE, item.text(_STATE))
        _colour(item, _STATE, colour)
        bar = None if share is None else (share, colour)
        if item.data(_LIMIT, _SHARE) != bar:
            item.setData(_LIMIT, _SHARE, bar)

    def _doubt_interlock(self) -> None:
        self._say_interlock("?", f"not known now; last heard: {self._interlock_was}", self.theme.warning)

    def _say_interlock(self, sign: str, words: str, colour: str) -> None:
        self.interlock.setText(f"{sign} laser interlock {words}")
        if self.interlock.property("colour") != colour:
            self.interlock.setProperty("colour", colour)
            self.interlock.setStyleSheet(f"color: {colour};")


def used_share(reading: Reading) -> float | None:
    """How much of its limit a reading uses, 0 to 1; None without a limit, and for decibels: they have no zero."""
    value, limit = reading.value, reading.limit
    if limit is None or not limit > 0 or reading.unit == "dBm" or isinstance(value, str | bool):
        return None
    return min(1.0, abs(value) / limit) if value == value else None


def _write(item: Any, texts: list[str]) -> None:
    for column, text in enumerate(texts):
        if item.text(column) != text:
            item.setText(column, text)


def _colour(item: Any, column: int, colour: str) -> None:
    brush = QtGui.QBrush(QtGui.QColor(colour))
    if item.foreground(column) != brush:
        item.setForeground(column, brush)


def _cells(reading: Reading) -> list[str]:
    unit = f" {reading.unit}" if reading.unit else ""
    asked = "" if reading.asked_for is None else f"{value_words(reading.asked_for)}{unit}"
    limit = "" if reading.limit is None else f"{value_words(reading.limit)}{unit}"
    sign = f"{verdict_sign(reading.verdict)} " if reading.verdict in ("warning", "fault") else ""
    value = f"{sign}{value_words(reading.value)}{'' if isinstance(reading.value, str) else unit}"
    return [reading.name, value, asked, limit]


class _Tree(QtWidgets.QTreeWidget):
    """An instrument's words take the rest of its row; a reading's limit has a bar beneath it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setHeaderLabels(_HEADINGS)
        self.setUniformRowHeights(True)
        self.setAccessibleName("Instruments")
        self.setItemDelegate(_Cell(theme, self))
        header, mode = self.header(), QtWidgets.QHeaderView.ResizeMode
        for column in (_NAME, _ASKED, _LIMIT):
            header.setSectionResizeMode(column, mode.ResizeToContents)
        header.setSectionResizeMode(_STATE, mode.Stretch)
        header.setStretchLastSection(False)

    def drawRow(self, painter: Any, option: Any, index: Any) -> None:
        super().drawRow(painter, option, index)
        if index.parent().isValid():
            return
        words = index.siblingAtColumn(_STATE)
        area = QtCore.QRect(option.rect)
        area.setLeft(self.visualRect(words).left() + _MARGIN_PX)
        area.setRight(self.viewport().width() - _MARGIN_PX)
        groups, roles = QtGui.QPalette.ColorGroup, QtGui.QPalette.ColorRole
        role = roles.HighlightedText if self.selectionModel().isSelected(index) else roles.Text
        painter.save()
        is_new = self.isEnabled() and bool(index.flags() & QtCore.Qt.ItemFlag.ItemIsEnabled)
        painter.setPen(self.palette().color(groups.Active if is_new else groups.Disabled, role))
        text = self.fontMetrics().elidedText(words.data(), QtCore.Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, QtCore.Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


class _Cell(QtWidgets.QStyledItemDelegate):
    def __init__(self, theme: Theme, tree: Any) -> None:
        super().__init__(tree)
        self._theme = theme

    def initStyleOption(self, option: Any, index: Any) -> None:
        super().initStyleOption(option, index)
        if index.column() == _STATE and not index.parent().isValid():
            option.text = ""  # the row paints it, longer than the cell
        if not option.state & QtWidgets.QStyle.StateFlag.State_Enabled:
            option.palette.setColor(QtGui.QPalette.ColorRole.Text, QtGui.QColor(self._theme.off))

    def sizeHint(self, option: Any, index: Any) -> Any:
        return super().sizeHint(option, index) + QtCore.QSize(0, _BAR_PX + 2)

    def paint(self, painter: Any, option: Any, index: Any) -> None:
        super().paint(painter, option, index)
        if (bar := index.data(_SHARE) if index.column() == _LIMIT else None) is None:
            return
        share, colour = bar
        colour = colour if option.state & QtWidgets.QStyle.StateFlag.State_Enabled else self._theme.off
        area = option.rect.adjusted(_MARGIN_PX, option.rect.height() - _BAR_PX - 1, -_MARGIN_PX, -1)
        painter.fillRect(area, QtGui.QColor(self._theme.line))
        area.setWidth(round(share * area.width()))
        painter.fillRect(area, QtGui.QColor(colour))
