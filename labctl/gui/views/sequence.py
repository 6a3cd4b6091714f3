"""The sequence dock: the pulse timeline of the program that plays now."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from pyqtgraph.Qt import QtCore, QtGui, QtWidgets

from labctl.gui.runs.record import Record
from labctl.gui.widgets.plots import bare_plot, dress
from labctl.gui.widgets.theme import Theme
from labctl.gui.widgets.view import View, label
from labctl.report.progress import clock_words
from labctl.run.events import Playing
from sequences.pulses.program import LINES, Program

Real = NDArray[np.float64]

_DUTIES: Final = ("pump", "depletion", "mw_x", "mw_y")
_HALF_HEIGHT: Final = 0.36
_TICK_SPACE: Final = 1.0
"""Between two durations on the axis, in widths of a digit."""
_ARROWS: Final = {"Left": -1, "Right": 1}
_ROOT_AXIS: Final = "duration (µs); widths grow as its root"
_TIME_AXIS: Final = "time in one repeat (µs)"


@dataclass(frozen=True)
class Shape:
    """A program as it is drawn."""

    durations_ns: Real
    """(n,), neighbours with the same lines joined."""
    high: NDArray[np.bool_]
    """(n, lines), in the order of LINES."""

    def edges(self, linear: bool) -> Real:
        """(n + 1,) where intervals begin and end: in µs, or in roots of ns."""
        widths = self.durations_ns * 1e-3 if linear else np.sqrt(self.durations_ns)
        return np.concatenate([[0.0], np.cumsum(widths)])

    def words(self, k: int) -> str:
        """An interval: how long, from when on, which lines."""
        start_ns = int(self.durations_ns[:k].sum())
        lines = ", ".join(line for line, is_high in zip(LINES, self.high[k], strict=True) if is_high) or "all low"
        return f"{time_words(int(self.durations_ns[k]))} from {time_words(start_ns)} on: {lines}"


_EMPTY: Final = Shape(np.zeros(0), np.zeros((0, len(LINES)), dtype=bool))


def shape_of(program: Program) -> Shape:
    """In arrays, since heating alone may be a thousand intervals."""
    rows = {lines: [line in lines for line in LINES] for lines in {i.lines for i in program.intervals}}
    high = np.array([rows[i.lines] for i in program.intervals], dtype=bool).reshape(-1, len(LINES))
    durations = np.array([i.duration_ns for i in program.intervals], dtype=float)
    first = np.flatnonzero(np.concatenate([[True], np.any(high[1:] != high[:-1], axis=1)])[: len(high)])
    return Shape(np.add.reduceat(durations, first) if len(first) else durations, high[first])


class Boxes(pg.GraphicsObject):
    """Rows of filled boxes, one where a line is high; all of a row at once."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rectangles: list[list[Any]] = []
        self._width = 0.0
        self.shown: dict[str, list[tuple[float, float]]] = {}
        """What is painted: line -> its boxes, from and to."""

    def show_boxes(self, edges: Real, high: NDArray[np.bool_]) -> None:
        """Replace them."""
        self.prepareGeometryChange()
        self._width = float(edges[-1])
        self.shown = {line: _spans(edges, high[:, k]) for k, line in enumerate(LINES)}
        self._rectangles = [_rectangles(spans, len(LINES) - k) for k, spans in enumerate(self.shown.values())]
        self.update()

    def boundingRect(self) -> Any:
        """All rows."""
        return QtCore.QRectF(0.0, 0.4, self._width, len(LINES) + 0.2)

    def paint(self, painter: Any, *_: Any) -> None:
        """Crisp: antialiasing would blur what is narrower than a pixel."""
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        for line, rectangles in zip(LINES, self._rectangles, strict=False):
            painter.setBrush(pg.mkBrush(self._colour(line)))
            for rectangle in rectangles:
                painter.drawRect(rectangle)

    def _colour(self, line: str) -> str:
        theme = self._theme
        lasers = {"pump": theme.third, "depletion": theme.model}
        others = {"mw_x": theme.data, "mw_y": theme.data, "shift": theme.fourth, "gradient": theme.fourth}
        return (lasers | others).get(line, theme.faint)


class SequenceView(View):
    """Eight lines over one repeat; short pulses are drawn wide enough to be seen unless true time is asked for."""

    title = "Sequence"

    def build(self) -> None:
        """Heading and switch, plot, what is pointed at."""
        self.setAccessibleName("pulses")
        self._shown: tuple[Playing, bool] | None = None
        self._program: Program | None = None
        self._at: int | None = None
        self.content.addLayout(self._top())
        self.plot = bare_plot()
        self.item = self.plot.getPlotItem()
        self.boxes = Boxes(self.theme)
        self._furnish()
        self.pointed = label("", "faint")
        self.pointed.setWordWrap(True)
        self.content.addWidget(self.plot, 1)
        self.content.addWidget(self.pointed)
        self.item.scene().sigMouseMoved.connect(self._point_at)
        self.item.vb.sigXRangeChanged.connect(self._label_time)
        for key, step in _ARROWS.items():
            arrow = QtGui.QShortcut(QtGui.QKeySequence(key), self)
            arrow.setContext(QtCore.Qt.ShortcutContext.WidgetWithChildrenShortcut)
            arrow.setWhatsThis("Point at the next interval" if step > 0 else "Point at the interval before")
            arrow.activated.connect(lambda step=step: self.step(step))
        self.setFocusProxy(self.plot)
        self.clear()

    def pick(self, run: Record) -> Record | None:
        """The outermost run knows what plays in any of its parts."""
        return run if run.playing is not None else None

    def paint(self, record: Record, _run: Record) -> None:
        """Draw the program if it is another one."""
        if record.playing is None:
            return
        shown = (record.playing, record.status == "running")
        if shown == self._shown:
            return
        self._shown = shown
        self.heading.setText(heading(*shown))
        if record.playing.program != self._program:
            self._program = record.playing.program
            self.shape = shape_of(self._program)
            self._redraw()

    def clear(self) -> None:
        """No program."""
        self.heading.setText("no program has played yet")
        self._shown, self._program, self._at = None, None, None
        self.shape = _EMPTY
        self._redraw()

    def step(self, by: int) -> None:
        """Point at the next interval, or the one before."""
        n = len(self.shape.durations_ns)
        start = (-1 if by > 0 else n) if self._at is None else self._at
        self._point(min(max(start + by, 0), n - 1) if n else None)

    def _top(self) -> Any:
        top = QtWidgets.QHBoxLayout()
        self.heading = label()
        self.heading.setWordWrap(True)
        self.linear = QtWidgets.QCheckBox("true time")
        self.linear.setToolTip(
            "<p>Unchecked: every interval is as wide as the root of its duration, which is written below. "
            "Wheel and drag zoom and pan; a right click shows all again</p>"
        )
        self.linear.toggled.connect(self._redraw_whole)
        top.addWidget(self.heading, 1)
        top.addWidget(self.linear)
        return top

    def _furnish(self) -> None:
        dress(self.item, self.theme, _ROOT_AXIS, "")
        self.item.showGrid(x=False, y=False)
        self.item.getAxis("left").setTicks([[(len(LINES) - k, line) for k, line in enumerate(LINES)]])
        self.item.setYRange(0.4, len(LINES) + 0.6, padding=0)
        self.item.setMouseEnabled(x=True, y=False)
        shade = QtGui.QColor(self.theme.accent)
        shade.setAlpha(40)
        self.mark = pg.LinearRegionItem(movable=False, brush=shade, pen=pg.mkPen(self.theme.accent))
        self.item.addItem(self.mark, ignoreBounds=True)
        self.item.addItem(self.boxes)
        self.plot.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.plot.setToolTip("Point, or press the left and right arrow keys, for start, duration and lines")

    def _redraw_whole(self) -> None:
        """In another measure of time nothing that was zoomed into is where it was."""
        self.item.enableAutoRange(x=True)
        self._redraw()

    def _redraw(self) -> None:
        self._edges = self.shape.edges(self.linear.isChecked())
        self.boxes.show_boxes(self._edges, self.shape.high)
        self.item.vb.updateAutoRange()
        self._label_time()
        n = len(self.shape.durations_ns)
        self._point(self._at if self._at is not None and self._at < n else None)

    def _label_time(self, *_: Any) -> None:
        """In true time the axis counts; else durations stand under the widest intervals, as many as there is room."""
        axis, linear = self.item.getAxis("bottom"), self.linear.isChecked()
        if axis.labelText != (wanted := _TIME_AXIS if linear else _ROOT_AXIS):
            axis.setLabel(wanted, color=self.theme.text)
        axis.setTicks(None if linear else [self._durations()])

    def _durations(self) -> list[tuple[float, str]]:
        """Place and text of the durations that fit into what is seen of the axis."""
        low, high = self.item.vb.viewRange()[0]
        middles = 0.5 * (self._edges[1:] + self._edges[:-1])
        px_per_unit = max(self.item.vb.width(), 1) / (high - low)
        seen = np.flatnonzero((middles >= low) & (middles <= high))
        order = seen[np.argsort(-np.diff(self._edges)[seen], kind="stable")]
        texts = [f"{duration_us:g}" for duration_us in self.shape.durations_ns[order] / 1e3]
        rooms = (np.array([len(text) for text in texts]) + _TICK_SPACE) * self.fontMetrics().horizontalAdvance("0")
        free = np.ones(len(order), dtype=bool)
        ticks = []
        while free.any():
            at = int(np.argmax(free))
            ticks.append((float(middles[order[at]]), texts[at]))
            apart_px = np.abs(middles[order] - middles[order[at]]) * px_per_unit
            free &= apart_px >= 0.5 * (rooms + rooms[at])
        return sorted(ticks)

    def _point_at(self, place: Any) -> None:
        x = self.item.vb.mapSceneToView(place).x()
        k = int(np.searchsorted(self._edges, x, side="right")) - 1
        self._point(k if 0 <= k < len(self.shape.durations_ns) else None)

    def _point(self, at: int | None) -> None:
        """Mark an interval and say what it is."""
        self._at = at
        self.mark.setVisible(at is not None)
        self.pointed.setText("" if at is None else self.shape.words(at))
        if at is not None:
            self.mark.setRegion((float(self._edges[at]), float(self._edges[at + 1])))


def heading(playing: Playing, is_running: bool) -> str:
    """Name, one repeat, how many, all of them, and how much of the time beams and microwave are on."""
    program, whole_ns = playing.program, playing.program.duration_ns
    duty = {line: 100.0 * program.time_high_ns(line) / max(whole_ns, 1) for line in _DUTIES}
    duties = ", ".join(f"{line} {share:.3g} %" for line, share in duty.items() if share)
    lasts = f"{time_words(whole_ns)} × {playing.repeats} = {clock_words(whole_ns * 1e-9 * playing.repeats)}"
    return f"{'' if is_running else 'played last: '}{program.name}: {lasts}" + (f"; duty: {duties}" if duties else "")


def time_words(duration_ns: int) -> str:
    """'300 ns', '5.4 µs', '1.2 ms'."""
    if duration_ns < 1000:
        return f"{duration_ns} ns"
    return f"{duration_ns / 1e3:g} µs" if duration_ns < 1_000_000 else f"{duration_ns / 1e6:.6g} ms"


def _spans(edges: Real, high: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Where a line is high without a break."""
    steps = np.diff(np.concatenate([[False], high, [False]]).astype(np.int8))
    return list(zip(edges[np.flatnonzero(steps > 0)].tolist(), edges[np.flatnonzero(steps < 0)].tolist(), strict=True))


def _rectangles(spans: list[tuple[float, float]], middle: float) -> list[Any]:
    low, height = middle - _HALF_HEIGHT, 2 * _HALF_HEIGHT
    return [QtCore.QRectF(begin, low, end - begin, height) for begin, end in spans]
