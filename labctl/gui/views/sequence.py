"""The sequence dock: the pulse timeline of the program that plays now."""

from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from pyqtgraph.Qt import QtWidgets

from labctl.gui.plots import dress
from labctl.gui.record import Record
from labctl.gui.view import View, label
from labctl.progress import clock_words
from sequences.pulses.program import LINES, Interval, Program

_DUTIES: Final = ("pump", "depletion", "mw_x", "mw_y")
_MOST_TICKS: Final = 24


class SequenceView(View):
    """Eight lines over one repeat; short pulses are drawn wide enough to be seen unless true time is asked for."""

    title = "Sequence"

    def build(self) -> None:
        """Heading, switch, plot."""
        top = QtWidgets.QHBoxLayout()
        self.heading = label("no program has played yet")
        self.heading.setWordWrap(True)
        self.linear = QtWidgets.QCheckBox("true time")
        self.linear.setToolTip(
            "Unchecked: every interval is as wide as the root of its duration, which is written below"
        )
        self.linear.toggled.connect(self._redraw)
        top.addWidget(self.heading, 1)
        top.addWidget(self.linear)
        self.content.addLayout(top)
        self.plot = pg.PlotWidget()
        self.item = self.plot.getPlotItem()
        dress(self.item, self.theme, "", "")
        self.item.showGrid(x=False, y=False)
        self.item.getAxis("left").setTicks([[(len(LINES) - k, line) for k, line in enumerate(LINES)]])
        self.item.setYRange(0.4, len(LINES) + 0.6, padding=0)
        self.item.setMouseEnabled(x=True, y=False)
        self.boxes = pg.BarGraphItem(x0=[], x1=[], y0=[], y1=[])
        self.item.addItem(self.boxes)
        self.pointed = label("", "faint")
        self.content.addWidget(self.plot, 1)
        self.content.addWidget(self.pointed)
        self.item.scene().sigMouseMoved.connect(self._point_at)
        self._program: Program | None = None
        self._edges = np.zeros(0)
        self._intervals: list[Interval] = []

    def pick(self, run: Record) -> Record | None:
        """The outermost run knows what plays in any of its parts."""
        return run if run.playing is not None else None

    def paint(self, record: Record, _run: Record) -> None:
        """Draw the program if it is another one."""
        if record.playing is None:
            return
        program, repeats = record.playing.program, record.playing.repeats
        lasts_s = program.duration_ns * 1e-9 * repeats
        duty = {line: 100.0 * program.time_high_ns(line) / program.duration_ns for line in _DUTIES}
        duties = ", ".join(f"{line} {share:.3g} %" for line, share in duty.items() if share)
        self.heading.setText(
            f"{program.name}: {time_words(program.duration_ns)} × {repeats} = {clock_words(lasts_s)}"
            + (f"; duty: {duties}" if duties else "")
        )
        if program != self._program:
            self._program = program
            self._redraw()

    def clear(self) -> None:
        """No program."""
        self.heading.setText("no program has played yet")
        self.boxes.setOpts(x0=[], x1=[], y0=[], y1=[])
        self._program, self._intervals, self._edges = None, [], np.zeros(0)

    def _redraw(self) -> None:
        if self._program is None:
            return
        self._intervals = list(self._program.merged())
        durations = np.array([interval.duration_ns for interval in self._intervals], dtype=float)
        widths = durations * 1e-3 if self.linear.isChecked() else np.sqrt(durations)
        self._edges = np.concatenate([[0.0], np.cumsum(widths)])
        boxes = [
            (k, LINES.index(line)) for k, interval in enumerate(self._intervals) for line in sorted(interval.lines)
        ]
        which, rows = np.array(boxes, dtype=int).reshape(-1, 2).T
        middle = len(LINES) - rows
        self.boxes.setOpts(
            x0=self._edges[which],
            x1=self._edges[which + 1],
            y0=middle - 0.36,
            y1=middle + 0.36,
            brushes=[self._colour(LINES[row]) for row in rows],
            pens=[pg.mkPen(self.theme.base, width=0.5)] * len(rows),
        )
        self._label_time(durations)
        self.item.setXRange(0.0, float(self._edges[-1]), padding=0.01)

    def _label_time(self, durations: Any) -> None:
        axis = self.item.getAxis("bottom")
        if self.linear.isChecked():
            axis.setTicks(None)
            axis.setLabel("time in one repeat (µs)", color=self.theme.text)
            return
        wide = np.argsort(-np.diff(self._edges))[:_MOST_TICKS]
        middles = 0.5 * (self._edges[1:] + self._edges[:-1])
        axis.setTicks([[(float(middles[k]), f"{durations[k] / 1e3:g}") for k in sorted(wide)]])
        axis.setLabel("duration of the interval (µs); its width is the root of it", color=self.theme.text)

    def _colour(self, line: str) -> Any:
        theme = self.theme
        kinds = {"pump": theme.third, "depletion": theme.model, "mw_x": theme.data, "mw_y": theme.data}
        return pg.mkBrush(kinds.get(line, theme.fourth if line in ("shift", "gradient") else theme.faint))

    def _point_at(self, place: Any) -> None:
        """What stands under the mouse."""
        x = self.item.vb.mapSceneToView(place).x()
        k = int(np.searchsorted(self._edges, x, side="right")) - 1
        if not 0 <= k < len(self._intervals):
            self.pointed.setText("")
            return
        start_ns = sum(interval.duration_ns for interval in self._intervals[:k])
        interval = self._intervals[k]
        high = ", ".join(line for line in LINES if line in interval.lines) or "all low"
        self.pointed.setText(f"{time_words(interval.duration_ns)} from {time_words(start_ns)} on: {high}")


def time_words(duration_ns: int) -> str:
    """'300 ns', '5.4 µs', '1.2 ms'."""
    if duration_ns < 1000:
        return f"{duration_ns} ns"
    return f"{duration_ns / 1e3:g} µs" if duration_ns < 1_000_000 else f"{duration_ns / 1e6:g} ms"
