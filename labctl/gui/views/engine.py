"""The engine dock: signed concurrence and populations against evolution time, as measured and as the model has them."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.common.numbers import quoted
from labctl.figures.columns import entanglement_key
from labctl.gui.runs.record import Record
from labctl.gui.widgets.axes import left_px
from labctl.gui.widgets.plots import Band, Curve, ErrorPoints, guide, keyed, new_plot
from labctl.gui.widgets.readouts import Figures
from labctl.gui.widgets.view import View, label

Real = NDArray[np.float64]

_TIME: Final = "evolution time (µs)"
_STATES: Final = ("00", "01", "10", "11")
_SYMBOLS: Final = ("o", "s", "t", "d")
_SIGNS: Final = ("●", "■", "▼", "◆")
_OF_STATE: Final = ("evolution_us", "populations", "populations_err")
_OF_CONCURRENCE: Final = ("concurrence", "concurrence_err", "concurrence_ci95")
_OF_ENTANGLEMENT: Final = (*_OF_CONCURRENCE, *(f"signed_{key}" for key in _OF_CONCURRENCE))
_SAME_US: Final = 1e-6
_MEANINGS: Final = {
    "C": "Concurrence at the best time: the signed one that is drawn, but not below 0, ±1 σ",
    "95 %": "Interval that holds the concurrence at the best time in 95 of 100 measurements; from 0: an upper limit",
    "significance": "Of the entanglement witness at the best time, which was fixed before its photons were counted",
    "expected": "Significance that the calibrated model expected after the plan's hours, before any tomography",
    "photons": "In all tomographies so far",
}


class EngineView(View):
    """A run of the engine; the tomography that is being measured now stands there too, hollow."""

    title: ClassVar[str] = "Engine"
    order: ClassVar[int] = 40

    def build(self) -> None:
        """Figures, concurrence, populations."""
        self.figures = Figures(self.theme, _MEANINGS)
        plots = QtWidgets.QSplitter(QtCore.Qt.Orientation.Vertical)
        plots.addWidget(self._concurrence())
        plots.addWidget(self._populations())
        plots.setSizes([300, 220])
        self._align_axes()
        self.why = label("", "faint")
        self.why.setWordWrap(True)
        self.content.addWidget(self.figures)
        self.content.addWidget(self.why)
        self.content.addWidget(plots, 1)
        self.clear()

    def pick(self, run: Record) -> Record | None:
        """The engine if there is one, else the newest tomography."""
        return run.newest("engine") or run.newest("tomography")

    def paint(self, record: Record, run: Record) -> None:
        """What is known so far."""
        live = _live(run)
        known = record.known if record.sequence == "engine" else _as_engine(record.known, record is _running(run))
        self._show_concurrence(known)
        self._show_live(live)
        self._show_model(known)
        self._show_populations(known)
        self._show_figures(known, live)
        self._show_why(known)

    def clear(self) -> None:
        """Nothing measured."""
        for show in (self._show_concurrence, self._show_live, self._show_model, self._show_populations):
            show({})
        self.best.setVisible(False)
        self.figures.clear()
        self._show_why({})

    def _show_concurrence(self, known: Mapping[str, Any]) -> None:
        key = entanglement_key(known)
        time, value = _row(known, "evolution_us"), _row(known, key)
        if len(value) != len(time):
            time = value = np.zeros(0)
        self.points.show(time, value, _fitting(_row(known, f"{key}_err"), time))
        self._show_interval(time, value, _table(known, f"{key}_ci95", 2))

    def _show_interval(self, time: Real, value: Real, interval: Real) -> None:
        has = 0 < len(time) == len(interval)
        if has:
            below, above = np.maximum(value - interval[:, 0], 0.0), np.maximum(interval[:, 1] - value, 0.0)
            self.interval.setData(x=time, y=value, top=above, bottom=below)
        self.interval.setVisible(has)  # after the data, which would show it

    def _show_live(self, live: Mapping[str, Any]) -> None:
        key = entanglement_key(live)
        time, value, error = (_row(live, name) for name in ("evolution_us", key, f"{key}_err"))
        if len(time) == len(value) == 1:
            self.live.show(time, value, _fitting(error, time))
        else:
            self.live.clear()

    def _show_model(self, known: Mapping[str, Any]) -> None:
        time, value, error = (_row(known, f"curve_{key}") for key in ("us", "concurrence", "concurrence_err"))
        if len(value) != len(time):
            time = value = np.zeros(0)
        self.model.show(time, value)
        if 0 < len(error) == len(time):
            self.band.show(time, value - error, value + error)
        else:
            self.band.clear()
        self.predicted.show(*_predicted(known))

    def _show_populations(self, known: Mapping[str, Any]) -> None:
        time, curve_us = _row(known, "evolution_us"), _row(known, "curve_us")
        values, errors = _table(known, "populations", 4), _table(known, "populations_err", 4)
        curves = _table(known, "curve_populations", 4)
        for k, (curve, points) in enumerate(self.populations):
            if len(values) == len(time):
                points.show(time, values[:, k], errors[:, k] if len(errors) == len(time) else None)
            else:
                points.clear()
            if len(curves) == len(curve_us):
                curve.show(curve_us, curves[:, k])
            else:
                curve.clear()

    def _show_figures(self, known: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        best = known.get("best_us")
        self.best.setVisible(best is not None)
        if best is not None:
            self.best.setPos(float(best))
        at = _at_best(known, live)
        low, high = at.get("concurrence_ci95") or (None, None)
        photons = (known.get("photons") or 0.0) + (live.get("photons") or 0.0)
        significance = at.get("significance")
        self.figures.put("C", quoted(at.get("concurrence"), at.get("concurrence_err")))
        self.figures.put("95 %", f"{low:.3f} … {high:.3f}" if low is not None and high is not None else "—")
        self.figures.put("significance", f"{significance:.1f} σ" if significance is not None else "—")
        expected = known.get("expected_significance")
        self.figures.put("expected", f"{expected:.1f} σ" if expected is not None else "—")
        self.figures.put("photons", f"{photons:.3g}" if photons else "—")

    def _show_why(self, known: Mapping[str, Any]) -> None:
        """What was expected, and why, in the run's own words."""
        words = str(known.get("why") or "")
        self.why.setText(words)
        self.why.setVisible(bool(words))

    def _concurrence(self) -> Any:
        theme = self.theme
        self.upper = new_plot(theme, _TIME, "signed concurrence")
        item = self.upper.getPlotItem()
        guide(item, theme, 0.0, vertical=False, in_view=True)
        self.best = guide(item, theme, 0.0, vertical=True, label="best")
        self.best.label.setPosition(0.93)
        self.band = Band(item, theme.model)
        self.model = Curve(item, theme.model)
        self.predicted = ErrorPoints(item, theme.model, size=8, is_hollow=True)
        self.interval = pg.ErrorBarItem(x=np.zeros(0), y=np.zeros(0), beam=0.0, pen=pg.mkPen(theme.data, width=1))
        item.addItem(self.interval)
        self.points = ErrorPoints(item, theme.data, size=9)
        self.live = ErrorPoints(item, theme.third, size=12, symbol="d", is_hollow=True)
        return keyed(
            self.upper,
            theme,
            "Signed concurrence, 2 (|ρ_01,10| − √(ρ_00 ρ_11)): 1 for a Bell state, below zero by how much the state is "
            "not entangled; of runs of older versions the concurrence, which is never negative. Thick bars 1 σ, thin "
            "bars the 95 % interval. The model knows the calibration and both baths, and no photon of the "
            "tomographies.",
            ("●", theme.data, "measured, ±1 σ (thick) and 95 % (thin)"),
            ("◇", theme.third, "being measured"),
            ("━", theme.model, "model, signed, ±1 σ"),
            ("○", theme.model, "predicted"),
        )

    def _align_axes(self) -> None:
        """The lower plot follows the upper one; a link of both would take the upper one's range from it."""
        upper, lower = self.upper.getPlotItem(), self.lower.getPlotItem()
        for item in (upper, lower):
            item.getAxis("left").setWidth(left_px())
        lower.setMouseEnabled(x=False)
        upper.getViewBox().sigXRangeChanged.connect(lambda _, both: lower.setXRange(*both, padding=0))

    def _populations(self) -> Any:
        theme = self.theme
        self.lower = new_plot(theme, _TIME, "population")
        item, colours = self.lower.getPlotItem(), (theme.data, theme.model, theme.third, theme.fourth)
        self.populations = [
            (Curve(item, colour, width=1.5), ErrorPoints(item, colour, size=9, symbol=symbol))
            for colour, symbol in zip(colours, _SYMBOLS, strict=True)
        ]
        tip = "Populations of the four states (left NV first), unconstrained, ±1 σ; one may be a little negative"
        states = [(sign, colour, f"|{name}⟩") for sign, colour, name in zip(_SIGNS, colours, _STATES, strict=True)]
        return keyed(self.lower, theme, tip, *states, ("━", theme.faint, "model"))


def _running(run: Record) -> Record | None:
    """The tomography that is being measured."""
    part = run.newest("tomography")
    return part if part is not None and part.status == "running" else None


def _live(run: Record) -> Mapping[str, Any]:
    """What it would conclude now."""
    part = _running(run)
    return part.known if part is not None else {}


def _as_engine(known: Mapping[str, Any], is_live: bool) -> dict[str, Any]:
    """A lone tomography as an engine with one time; while it runs, it is the live point alone."""
    many = _OF_STATE if is_live else (*_OF_STATE, *_OF_ENTANGLEMENT)
    best = {"best_us": known["evolution_us"]} if "evolution_us" in known else {}
    found = {key: [known[key]] for key in many if key in known}
    if is_live:
        return {**found, **best}
    return {**found, **best, "significance": _significance(known), "photons": known.get("photons")}


def _at_best(known: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """Concurrence, its error and interval, and significance at the best time, as far as they are known."""
    best, time = known.get("best_us"), _row(known, "evolution_us")
    if best is None:
        return {}
    if "evolution_us" in live and abs(live["evolution_us"] - best) < _SAME_US:
        return {**live, "significance": _significance(live)}
    at = np.flatnonzero(np.abs(time - best) < _SAME_US)
    found = {key: known[key][at[0]] for key in _OF_ENTANGLEMENT if len(at) and at[0] < len(known.get(key) or ())}
    return {**found, "significance": known.get("significance")}


def _significance(known: Mapping[str, Any]) -> float | None:
    """Of the witness, corrected for looks; of runs stored without it, the witness over its error."""
    if known.get("significance") is not None:
        return float(known["significance"])
    value, error = known.get("witness"), known.get("witness_err")
    return value / error if value is not None and error else None


def _predicted(known: Mapping[str, Any]) -> tuple[Real, Real, Real | None]:
    """Of all planned times where they are known, else of the measured ones."""
    for time_key, key in (("planned_us", "planned_concurrence"), ("evolution_us", "predicted_concurrence")):
        time, value = _row(known, time_key), _row(known, key)
        if 0 < len(time) == len(value):
            return time, value, _fitting(_row(known, f"{key}_err"), time)
    return np.zeros(0), np.zeros(0), None


def _fitting(error: Real, time: Real) -> Real | None:
    return error if len(error) == len(time) else None


def _row(known: Mapping[str, Any], key: str) -> Real:
    values = known.get(key)
    return np.zeros(0) if values is None else np.atleast_1d(np.asarray(values, dtype=float))


def _table(known: Mapping[str, Any], key: str, width: int) -> Real:
    values = known.get(key)
    return np.zeros((0, width)) if not values else np.asarray(values, dtype=float).reshape(-1, width)


DOCK: Final = EngineView
