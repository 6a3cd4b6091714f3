"""The count rate as a large number and as a trace with its history, of any counter."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.Qt import QtWidgets

from labctl.gui.widgets.plots import Curve, new_plot, thinned
from labctl.gui.widgets.theme import Theme
from labctl.gui.widgets.view import label

Real = NDArray[np.float64]

COUNTERS: Final = ("counts", "signal", "reference")
SPANS_S: Final[Mapping[str, float]] = {"1 min": 60.0, "10 min": 600.0, "1 h": 3600.0, "all": np.inf}
MOST_POINTS: Final = 2**18
"""Ten hours at seven points a second; then every second one of the older half goes."""
_FIRST: Final = 1024
_HIGH_LINES: Final = 10
"""Height of the trace at least, in lines of text: its axes are readable then."""


class History:
    """Times and rates of all counters, one row each; it grows up to a limit."""

    def __init__(self, most: int = MOST_POINTS) -> None:
        self._most, self._rows = most, np.empty((1 + len(COUNTERS), min(most, _FIRST)))
        self.length = 0

    def add(self, at_s: float, cps: Mapping[str, float]) -> None:
        """A point, later than all before."""
        if self.length == self._rows.shape[1]:
            self._make_room()
        self._rows[:, self.length] = (at_s, *(cps.get(name, np.nan) for name in COUNTERS))
        self.length += 1

    def since(self, span_s: float, counter: str) -> tuple[Real, Real]:
        """Seconds before the last point, and rates, within so long."""
        times, rates = self._rows[0, : self.length], self._rows[1 + COUNTERS.index(counter), : self.length]
        if not self.length:
            return times, rates
        first = int(np.searchsorted(times, times[-1] - span_s))
        return times[first:] - times[-1], rates[first:]

    def _make_room(self) -> None:
        if self.length < self._most:
            wider = np.empty((len(self._rows), min(self._most, 2 * self.length)))
            wider[:, : self.length] = self._rows
            self._rows = wider
            return
        half = self.length // 2
        kept = np.concatenate((self._rows[:, :half:2], self._rows[:, half:]), axis=1)
        self.length = kept.shape[1]
        self._rows[:, : self.length] = kept


class CountTrace(QtWidgets.QWidget):
    """A choice of counter and span above the number, and the trace beneath it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.history = History()
        self.counter, self.span = QtWidgets.QComboBox(), QtWidgets.QComboBox()
        self.counter.addItems(COUNTERS)
        self.counter.setToolTip("Which counter; by hand no gate closes them, so that both hear every photon")
        self.span.addItems(list(SPANS_S))
        self.span.setToolTip("How far back the trace goes, in laboratory time")
        self.number = label("—", "figure")
        self.number.setToolTip("Photons a second, of the last point")
        self.plot = new_plot(theme, "before now (s)", "rate (1/s)")
        self.plot.setMinimumHeight(_HIGH_LINES * self.fontMetrics().height())
        self._curve = Curve(self.plot.getPlotItem(), theme.data, width=1.5)
        row = QtWidgets.QHBoxLayout()
        self.beginning = row
        """The row above, for what else belongs there."""
        for widget in (self.counter, self.span):
            widget.setAccessibleName(widget.toolTip())
            widget.activated.connect(self.paint)
            row.addWidget(widget)
        row.addStretch(1)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.number)
        layout.addWidget(self.plot, 1)

    def add(self, at_s: float, cps: Mapping[str, float]) -> None:
        """A point; it is painted if anybody can see it."""
        self.history.add(at_s, cps)
        if self.isVisible():
            self.paint()

    def paint(self, _: Any = None) -> None:
        """What is known, as far back as was chosen."""
        name = self.counter.currentText()
        at_s, cps = self.history.since(SPANS_S[self.span.currentText()], name)
        self.number.setText(f"{cps[-1]:.4g} /s" if len(cps) else "—")
        self._curve.show(*thinned(at_s, cps))
