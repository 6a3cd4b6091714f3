"""The run dock: how far it is, when it will be done, photons, error bars now and at the end, and its parts."""

from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.common.numbers import quoted
from labctl.gui.connection.messages import Activity
from labctl.gui.runs.forecast import Expected, Follower, Outlook, is_even, quantities
from labctl.gui.runs.record import Record
from labctl.gui.widgets.view import View, label
from labctl.report.progress import clock_words

_STATUS: Final = {
    "running": "● running",
    "completed": "✔ completed",
    "aborted": "■ aborted",
    "suspended": "❚❚ suspended, goes on as another run",
    "failed": "✖ failed",
    "interrupted": "✖ interrupted",
    "unfinished": "? unfinished",
    "elsewhere": "● goes on in another process",
}
_WAITING: Final[dict[Activity, str]] = {"pausing": "◐ pausing", "paused": "❚❚ paused", "stopping": "■ stopping"}
_UNKNOWN: Final = "not known yet"
_TIPS: Final = {
    "so far": "Laboratory time of the run, and the time that it took by the clock on the wall",
    "left": "Laboratory time by the plan; by the clock on the wall as fast and as slow as the parts were so far, once "
    "that tells something. The time spent in a pause does not count",
    "photons": "Counted in both gates, and expected at the end if they come as they came so far; of an engine run once "
    "its tomographies tell how they come",
    "rate": "Photons per second of laboratory time in which something was played",
    "estimate": "What the part that measures now would conclude if it ended now",
    "error": "One sigma now, and expected at the end of this part if shot noise alone limits it: it falls with the "
    "root of the fraction that is done",
}
_HEADINGS: Final = ("part", "lab. time", "found")


class RunView(View):
    """The outermost run, and the part of it that measures now."""

    title = "Run"
    part_chosen = QtCore.Signal(int)

    def build(self) -> None:
        """Headline, two bars, figures, parts."""
        self.headline = label("no run yet", "figure")
        self.message = label("", "fault")
        self.bars = [QtWidgets.QProgressBar(), QtWidgets.QProgressBar()]
        self.note = label("", "faint")
        for text in (self.headline, self.message, self.note):
            text.setWordWrap(True)
        for widget in (self.headline, self.message, *self.bars, self.note):
            self.content.addWidget(widget)
        for bar in self.bars:
            bar.setRange(0, 1000)
        self.content.addLayout(self._figures())
        self.content.addWidget(self._parts_table(), 1)
        self.content.addStretch()
        self._activity: Activity = "idle"
        self._followers: list[Follower] = []
        self.clear()

    def pick(self, run: Record) -> Record:
        """The whole."""
        return run

    def show_activity(self, activity: Activity) -> None:
        """What the bench does now: a run that waits is not running."""
        if activity == "paused":
            self._rest()
        if activity != self._activity:
            self._activity = activity
            self.repaint_soon()

    def paint(self, _record: Record, run: Record) -> None:
        """Everything; it is little."""
        inner = run.innermost
        self._followers = [self._follower(run)] if inner is run else [self._follower(run), self._follower(inner)]
        outlooks = [follower.outlook() for follower in self._followers]
        if run.held:
            self._rest()  # from now on, until it is heard of again
        self.headline.setText(f"{self._status(run)} · run {run.run_id}, {run.sequence}")
        self.message.setText(run.message)
        self.message.setVisible(bool(run.message) and run.status != "completed")
        self.bars[1].setVisible(inner is not run)
        for bar, record in zip(self.bars, (run, inner), strict=True):
            _show_bar(bar, record)
        self.note.setText(inner.note)
        self.note.setVisible(bool(inner.note))
        self._show_figures(run, outlooks[0], outlooks[-1].quantities)
        self._show_parts(run)

    def clear(self) -> None:
        """No run."""
        self.headline.setText("no run yet")
        self._run_ids: list[int] = []
        self._followers = []
        for bar in self.bars:
            bar.setValue(0)
            bar.setFormat("")
        for widget in (self.message, self.note, self.bars[1], self.parts):
            widget.hide()
        for figure in self.figures.values():
            figure.setText("—")
        self.parts.setRowCount(0)

    def _rest(self) -> None:
        for follower in self._followers:
            follower.rest()

    def _follower(self, record: Record) -> Follower:
        followed = (follower for follower in self._followers if follower.record is record)
        return next(followed, None) or Follower(record)

    def _status(self, run: Record) -> str:
        if run.status == "running":
            held = f"❚❚ {run.held}" if run.held else None
            return _WAITING.get(self._activity) or held or _STATUS["running"]
        return _STATUS.get(run.status, run.status)

    def _figures(self) -> Any:
        figures = QtWidgets.QFormLayout()
        figures.setRowWrapPolicy(QtWidgets.QFormLayout.RowWrapPolicy.DontWrapRows)
        self.figures = {name: label("—") for name in _TIPS}
        for name, figure in self.figures.items():
            heading = label(name, "faint", selectable=False)
            figure.setWordWrap(True)
            for widget in (heading, figure):
                widget.setToolTip(f"<p>{_TIPS[name]}</p>")
            figures.addRow(heading, figure)
        return figures

    def _show_figures(self, run: Record, whole: Outlook, found: tuple[Expected, ...]) -> None:
        texts = {
            "so far": f"lab {clock_words(run.lab_time_s)}, in {clock_words(run.wall_time_s)}",
            "left": left_words(whole) if run.status == "running" else "—",
            "photons": _grouped(run.photons) + (f" of about {_grouped(whole.photons, 3)}" if whole.photons else ""),
            "rate": f"{_grouped(run.photons / run.counting_s, 4)} counts/s" if run.counting_s else "—",
            "estimate": "\n".join(_estimate_words(one) for one in found) or "—",
            "error": "\n".join(_error_words(one) for one in found if one.error is not None) or "—",
        }
        for name, text in texts.items():
            self.figures[name].setText(text)

    def _parts_table(self) -> Any:
        self.parts = QtWidgets.QTableWidget(0, len(_HEADINGS))
        self.parts.setHorizontalHeaderLabels(_HEADINGS)
        self.parts.verticalHeader().hide()
        self.parts.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        self.parts.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        self.parts.setShowGrid(False)
        self.parts.setWordWrap(True)  # what was found stands in a narrow dock whole, in two lines
        self.parts.setAccessibleName("Parts of the run")
        header, mode = self.parts.horizontalHeader(), QtWidgets.QHeaderView.ResizeMode
        header.setSectionResizeMode(mode.ResizeToContents)
        header.setSectionResizeMode(len(_HEADINGS) - 1, mode.Stretch)
        self.parts.verticalHeader().setSectionResizeMode(mode.ResizeToContents)
        self.parts.setToolTip("Double click or Enter shows one part in all views")
        self.parts.cellActivated.connect(self._choose)
        return self.parts

    def _show_parts(self, run: Record) -> None:
        self._run_ids = [part.run_id for part in run.parts]
        self.parts.setVisible(bool(run.parts))
        self.parts.setRowCount(len(run.parts))
        for row, part in enumerate(run.parts):
            sign = _STATUS.get(part.status, "?").split(" ")[0]
            found = conclusion(part)
            self._write(row, 0, f"{sign} {part.sequence}", f"run {part.run_id}, {part.status}")
            self._write(row, 1, clock_words(part.lab_time_s), "Laboratory time")
            self._write(row, 2, found, found)

    def _write(self, row: int, column: int, text: str, tip: str) -> None:
        item = self.parts.item(row, column)
        if item is None:
            item = QtWidgets.QTableWidgetItem()
            self.parts.setItem(row, column, item)
        if item.text() != text:
            item.setText(text)
            item.setToolTip(tip)

    def _choose(self, row: int, _column: int) -> None:
        if row < len(self._run_ids):
            self.part_chosen.emit(self._run_ids[row])


def conclusion(record: Record) -> str:
    """What it found, in a few words; why it did not, if it failed."""
    if record.status == "failed" and record.message:
        return record.message
    found = quantities(record)
    return _estimate_words(found[0]) if found else record.note


def left_words(outlook: Outlook) -> str:
    """'lab 20 h 05 min, in about 12 min 00 s', 'lab 20 h 05 min, in 4 min 00 s to 12 min 00 s', 'lab 20 h 05 min'."""
    if outlook.lab_left_s is None:
        return _UNKNOWN
    lab = f"lab {clock_words(outlook.lab_left_s)}"
    if outlook.wall_left_s is None:
        return lab
    least, most = outlook.wall_left_s
    by_the_clock = (
        f"about {clock_words(most)}" if is_even(least, most) else f"{clock_words(least)} to {clock_words(most)}"
    )
    return f"{lab}, in {by_the_clock}"


def _estimate_words(expected: Expected) -> str:
    return f"{expected.quantity.words} {quoted(expected.value, expected.error, expected.quantity.unit)}"


def _error_words(expected: Expected) -> str:
    unit = expected.quantity.unit
    now, at_end = (
        f"± {error:.2g} {unit}".rstrip() + f" {when}" if error is not None else ""
        for error, when in ((expected.error, "now"), (expected.final_error, "at the end"))
    )
    return ", ".join(filter(None, (now, at_end)))


def _grouped(number: float, digits: int = 15) -> str:
    """'23 456 789', rounded to so many digits."""
    return f"{float(f'{number:.{digits}g}'):,.0f}".replace(",", "\u202f")


def _show_bar(bar: Any, record: Record) -> None:
    done = min(1.0, max(0.0, record.done))
    bar.setValue(round(1000 * done))
    bar.setFormat(f"{record.sequence} {100 * done:.0f} %")
