"""The engine dock: concurrence and populations against evolution time, as measured and as the model has them."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.gui.figures import Figures
from labctl.gui.plots import Band, Curve, ErrorPoints, guide, new_plot, quoted
from labctl.gui.record import Record
from labctl.gui.view import View

Real = NDArray[np.float64]

_TIME: Final = "evolution time (µs)"
_STATES: Final = ("00", "01", "10", "11")
_MEANINGS: Final = {
    "C": "Concurrence at the best time: mean over all physical states that the counts allow, ±1 σ",
    "95 %": "Interval that holds the concurrence at the best time with this probability",
    "significance": "Of the entanglement witness at the best time, which was fixed before its photons were counted",
    "photons": "In all tomographies so far",
}


class EngineView(View):
    """A run of the engine; the tomography that is being measured now stands there too, hollow."""

    title: ClassVar[str] = "Engine"
    sequences: ClassVar[Sequence[str]] = ("engine", "tomography")

    def build(self) -> None:
        """Figures, concurrence, populations."""
        theme = self.theme
        self.figures = Figures(theme, _MEANINGS)
        self.upper, self.lower = new_plot(theme, _TIME, "concurrence"), new_plot(theme, _TIME, "population")
        item, below = self.upper.getPlotItem(), self.lower.getPlotItem()
        item.addLegend(offset=(-10, 5), labelTextColor=theme.text)
        guide(item, theme, 0.0, vertical=False)
        self.best = guide(item, theme, 0.0, vertical=True, label="best")
        self.band = Band(item, theme.model)
        self.model = Curve(item, theme.model, "model, ±1 σ")
        self.interval = pg.ErrorBarItem(x=np.zeros(0), y=np.zeros(0), beam=0.0, pen=pg.mkPen(theme.data, width=1))
        item.addItem(self.interval)
        self.points = ErrorPoints(item, theme.data, "measured, ±1 σ and 95 %", size=9)
        self.live = ErrorPoints(item, theme.third, "being measured", size=11, symbol="d")
        below.addLegend(offset=(-10, 5), labelTextColor=theme.text)
        below.setXLink(item)
        looks = zip(_STATES, (theme.data, theme.model, theme.third, theme.fourth), "ostd", strict=True)
        self.populations = [
            (Curve(below, colour, width=1.5), ErrorPoints(below, colour, f"|{state}⟩", symbol=symbol))
            for state, colour, symbol in looks
        ]
        plots = QtWidgets.QSplitter(QtCore.Qt.Orientation.Vertical)
        plots.addWidget(self.upper)
        plots.addWidget(self.lower)
        plots.setSizes([300, 220])
        self.content.addWidget(self.figures)
        self.content.addWidget(plots, 1)
        self.clear()

    def pick(self, run: Record) -> Record | None:
        """The engine if there is one, else the newest tomography."""
        return run.newest("engine") or run.newest("tomography")

    def paint(self, record: Record, run: Record) -> None:
        """What is known so far."""
        known = record.known if record.sequence == "engine" else _as_engine(record.known)
        self._show_concurrence(known)
        self._show_live(run)
        self._show_model(known)
        self._show_populations(known)
        self._show_figures(known)

    def clear(self) -> None:
        """Nothing measured."""
        self.paint_nothing()
        self.figures.clear()

    def paint_nothing(self) -> None:
        """Empty axes."""
        for part in (self.band, self.model, self.points, self.live, *(p for pair in self.populations for p in pair)):
            part.clear()
        self.interval.setData(x=np.zeros(0), y=np.zeros(0), top=None, bottom=None)
        self.best.setVisible(False)

    def _show_concurrence(self, known: Mapping[str, Any]) -> None:
        time, value, error = (_row(known, key) for key in ("evolution_us", "concurrence", "concurrence_err"))
        if not len(time) or len(value) != len(time):
            self.points.clear()
            return
        self.points.show(time, value, error if len(error) == len(time) else None)
        interval = _table(known, "concurrence_ci95", 2)
        if len(interval) == len(time):
            bottom, top = value - interval[:, 0], interval[:, 1] - value
            self.interval.setData(x=time, y=value, top=np.maximum(top, 0.0), bottom=np.maximum(bottom, 0.0))

    def _show_live(self, run: Record) -> None:
        part = run.newest("tomography")
        known = part.known if part is not None and part.status == "running" else {}
        time, value, error = (_row(known, key) for key in ("evolution_us", "concurrence", "concurrence_err"))
        if len(time) == len(value) == 1:
            self.live.show(time, value, error)
        else:
            self.live.clear()

    def _show_model(self, known: Mapping[str, Any]) -> None:
        time, value, error = (_row(known, key) for key in ("curve_us", "curve_concurrence", "curve_concurrence_err"))
        if not len(time) or len(value) != len(time):
            self.model.clear()
            self.band.clear()
            return
        self.model.show(time, value)
        if len(error) == len(time):
            self.band.show(time, np.maximum(value - error, 0.0), value + error)

    def _show_populations(self, known: Mapping[str, Any]) -> None:
        time, curve_us = _row(known, "evolution_us"), _row(known, "curve_us")
        values, errors = _table(known, "populations", 4), _table(known, "populations_err", 4)
        curves = _table(known, "curve_populations", 4)
        for k, (curve, points) in enumerate(self.populations):
            if len(values) == len(time):
                points.show(time, values[:, k], errors[:, k] if len(errors) == len(time) else None)
            if len(curves) == len(curve_us):
                curve.show(curve_us, curves[:, k])

    def _show_figures(self, known: Mapping[str, Any]) -> None:
        time, best = _row(known, "evolution_us"), known.get("best_us")
        self.best.setVisible(best is not None)
        if best is not None:
            self.best.setPos(float(best))
        at = int(np.argmin(np.abs(time - best))) if best is not None and len(time) else None
        value, error = _row(known, "concurrence"), _row(known, "concurrence_err")
        interval = _table(known, "concurrence_ci95", 2)
        significance = known.get("significance")
        is_there = at is not None and abs(time[at] - best) < 1e-6 and at < len(value)
        self.figures.put("C", quoted(float(value[at]), float(error[at])) if is_there else "—")
        there = is_there and at is not None and at < len(interval)
        self.figures.put("95 %", f"{interval[at, 0]:.3f} … {interval[at, 1]:.3f}" if there else "—")
        self.figures.put("significance", f"{significance:.1f} σ" if significance is not None else "—")
        self.figures.put("photons", f"{known['photons']:.3g}" if known.get("photons") else "—")


def _as_engine(known: Mapping[str, Any]) -> dict[str, Any]:
    """A lone tomography as an engine with one time."""
    many = ("evolution_us", "concurrence", "concurrence_err", "concurrence_ci95", "populations", "populations_err")
    return {**known, **{key: [known[key]] for key in many if key in known}, "best_us": known.get("evolution_us")}


def _row(known: Mapping[str, Any], key: str) -> Real:
    values = known.get(key)
    return np.zeros(0) if values is None else np.atleast_1d(np.asarray(values, dtype=float))


def _table(known: Mapping[str, Any], key: str, width: int) -> Real:
    values = known.get(key)
    return np.zeros((0, width)) if not values else np.asarray(values, dtype=float).reshape(-1, width)
