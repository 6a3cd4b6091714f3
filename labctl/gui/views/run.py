"""The run dock: how far it is, when it will be done, photons, error bars now and at the end, and its parts."""

from typing import Any, Final

from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.gui.messages import Activity
from labctl.gui.outlook import MAIN, main_quantity, outlook
from labctl.gui.plots import quoted
from labctl.gui.record import Record
from labctl.gui.view import View, label
from labctl.progress import clock_words

_STATUS: Final = {
    "running": "● running",
    "completed": "✔ completed",
    "aborted": "■ aborted",
    "failed": "✖ failed",
    "unfinished": "? unfinished",
}
_ROWS: Final = ("laboratory time", "time left", "photons", "rate", "estimate", "error")
_TIPS: Final = {
    "time left": "At the speed so far",
    "photons": "Counted in both gates, and expected at the end",
    "rate": "Photons per second of laboratory time in which something was played",
    "error": "One sigma now, and expected at the end if shot noise alone limits it: it falls with the root of time",
}


class RunView(View):
    """The outermost run, and the part of it that measures now."""

    title = "Run"
    part_chosen = QtCore.Signal(int)

    def build(self) -> None:
        """Headline, two bars, figures, parts."""
        self.headline = label("no run yet", "figure")
        self.message = label("", "fault")
        self.message.setWordWrap(True)
        self.bars = [QtWidgets.QProgressBar(), QtWidgets.QProgressBar()]
        self.note = label("", "faint")
        self.note.setWordWrap(True)
        for widget in (self.headline, self.message, *self.bars, self.note):
            self.content.addWidget(widget)
        figures = QtWidgets.QFormLayout()
        self.figures = {name: label("—") for name in _ROWS}
        for name, figure in self.figures.items():
            heading = label(name, "faint", selectable=False)
            for widget in (heading, figure):
                widget.setToolTip(_TIPS.get(name, ""))
            figures.addRow(heading, figure)
        self.content.addLayout(figures)
        self.content.addWidget(self._parts_table(), 1)
        for bar in self.bars:
            bar.setRange(0, 1000)
        self._activity: Activity = "idle"

    def pick(self, run: Record) -> Record:
        """The whole."""
        return run

    def show_activity(self, activity: Activity) -> None:
        """What the bench does now: a run that waits is not running."""
        if activity != self._activity:
            self._activity = activity
            self.repaint_soon()

    def paint(self, _record: Record, run: Record) -> None:
        """Everything; it is little."""
        inner = innermost(run)
        self.headline.setText(f"{self._status(run)} · run {run.run_id}, {run.sequence}")
        self.message.setText(run.message)
        self.message.setVisible(bool(run.message) and run.status != "completed")
        self._bar(self.bars[0], run)
        self._bar(self.bars[1], inner)
        self.bars[1].setVisible(inner is not run)
        self.note.setText(inner.note)
        self._show_figures(run, inner)
        self._show_parts(run)

    def clear(self) -> None:
        """No run."""
        self.headline.setText("no run yet")
        self.message.hide()
        self.note.clear()
        for bar in self.bars:
            bar.setValue(0)
            bar.setFormat("")
        self.bars[1].hide()
        for figure in self.figures.values():
            figure.setText("—")
        self.parts.setRowCount(0)

    def _status(self, run: Record) -> str:
        if run.status == "running" and self._activity in ("pausing", "paused", "stopping"):
            return {"pausing": "◐ pausing", "paused": "⏸ paused"}.get(self._activity, "■ stopping")
        return _STATUS.get(run.status, run.status)

    def _bar(self, bar: Any, record: Record) -> None:
        bar.setValue(round(1000 * min(1.0, max(0.0, record.done))))
        bar.setFormat(f"{record.sequence} {100 * record.done:.0f} %")

    def _show_figures(self, run: Record, inner: Record) -> None:
        whole, part = outlook(run), outlook(inner)
        left = "—"
        if whole.wall_left_s is not None and whole.lab_left_s is not None:
            left = f"about {clock_words(whole.wall_left_s)} ({clock_words(whole.lab_left_s)} of laboratory time)"
        photons = f"{run.photons:.3g}" + (f" of about {whole.photons:.3g}" if whole.photons is not None else "")
        error = "—" if part.error is None else f"± {part.error:.2g}"
        error += f" now, ± {part.final_error:.2g} at the end" if part.final_error is not None else ""
        texts = {
            "laboratory time": f"{clock_words(run.lab_time_s)}, in {clock_words(run.wall_time_s)}",
            "time left": left if run.status == "running" else "—",
            "photons": photons,
            "rate": f"{run.photons / run.counting_s / 1e3:.4g} kcps" if run.counting_s else "—",
            "estimate": f"{part.quantity}: {quoted(part.value, part.error)}" if part.value is not None else "—",
            "error": error,
        }
        for name, text in texts.items():
            self.figures[name].setText(text)

    def _parts_table(self) -> Any:
        self.parts = QtWidgets.QTableWidget(0, 4)
        self.parts.setHorizontalHeaderLabels(["part", "status", "laboratory time", "found"])
        self.parts.verticalHeader().hide()
        self.parts.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        self.parts.setSelectionBehavior(QtWidgets.QAbstractItemView.SelectionBehavior.SelectRows)
        self.parts.setShowGrid(False)
        self.parts.horizontalHeader().setStretchLastSection(True)
        self.parts.setToolTip("Double click or Enter shows one part in all views")
        self.parts.cellActivated.connect(self._choose)
        return self.parts

    def _show_parts(self, run: Record) -> None:
        self._run_ids = [part.run_id for part in run.parts]
        self.parts.setRowCount(len(run.parts))
        for row, part in enumerate(run.parts):
            status = _STATUS.get(part.status, part.status)
            for column, text in enumerate((part.sequence, status, clock_words(part.lab_time_s), conclusion(part))):
                item = self.parts.item(row, column)
                if item is None:
                    self.parts.setItem(row, column, QtWidgets.QTableWidgetItem(text))
                elif item.text() != text:
                    item.setText(text)

    def _choose(self, row: int, _column: int) -> None:
        if row < len(self._run_ids):
            self.part_chosen.emit(self._run_ids[row])


def innermost(run: Record) -> Record:
    """The part that measures now, or the run itself."""
    return next((part for part in reversed(list(run.all())) if part.status == "running"), run)


def conclusion(record: Record) -> str:
    """What it found, in a few words."""
    words, value, error = main_quantity(record)
    if record.sequence in MAIN and value is not None:
        return f"{words} {quoted(value, error)}"
    return record.note
