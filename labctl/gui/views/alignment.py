"""How near the field is to the resonance and to the axis: target, distance, lines against theory, dip and lock."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import numpy as np
from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.bench.status import Verdict
from labctl.common.numbers import quoted
from labctl.gui.panels.alignment_numbers import (
    SMALLEST_UT,
    Goal,
    Visits,
    complete,
    goal,
    has_nitrogen,
    number,
    pair,
    theory,
    visits,
)
from labctl.gui.panels.target import ScaledAxis, Target, add_scale
from labctl.gui.runs.record import Record
from labctl.gui.widgets.plots import Curve, ErrorPoints, guide, new_plot
from labctl.gui.widgets.readouts import Figures
from labctl.gui.widgets.theme import Theme
from labctl.gui.widgets.view import View
from sequences.analysis.relaxation import surviving_curve

_MEANINGS: Final = {
    "B along": "Field along the NV axis, by the model that all measured lines fit together, ±1 σ.",
    "B across": "Field across the axis: the mean of what the measured components leave possible. It mixes |0⟩ into "
    "|−1⟩: at 20 µT 8 % are lost. In tolerance if value + 2 σ is within the plan's limit.",
    "detuning": "f− (signed) less the 13C line on its side of the crossing. Cross-relaxation needs it near 0; the "
    "dip's half width is about 100 kHz. In tolerance if |value| + 2 σ is within the plan's limit.",
    "resonance": "Where f− meets the 13C line: expected from the levels, then where the relaxation dip is found.",
    "Γ₁": "Cross-relaxation rate on resonance, from the dip.",
    "half width": "Half width at half maximum of the rate.",
}
_TARGET: Final = (
    "Field across the NV axis as a vector of two components with its error ellipse; older estimates fade. The distance "
    "is logarithmic beyond 0.5 µT. The azimuth about the axis is free: no line depends on it."
)
_DISTANCE: Final = (
    "Distance of the field along the axis from the 13C resonance, line by line; the right scale is the detuning of f− "
    "that this makes near the resonance. Dashed: tolerance."
)
_LINES: Final = (
    "Lines measured, on f− and f+ of m_I = +1 as the exact levels (S = 1 with 14N) give them along the axis."
)
_RESIDUALS: Final = (
    "Measured less model: the levels in the field that the model had after each line, with the shift that all lines "
    "share (D at this temperature, and exchange with the other NV)."
)
_DIP: Final = (
    "What a contact with the 13C baths leaves of a prepared population difference, with 1 σ; fit: a Lorentzian rate "
    "against field, with baths of finite size."
)
_LOCK: Final = "Every look at f+: by how much the field stands off from where the currents should have put it."
_LOCK_KHZ_PER_UT: Final = 28.0
_FINE: Final = 300
_DIP_COLUMNS: Final = ("offset_ut", "contact_us", "surviving", "surviving_err")
_LOCK_COLUMNS: Final = ("lock_s", "lock_ut", "lock_err_ut")
_OF_DIP: Final = ("resonance_field_mt", "rate_per_s", "half_width_khz")
"""Of the results, what a dip tells: the newest one tells it best."""


class AlignmentView(View):
    """The newest alignment of a run; a relaxometry after it has its dip and its lock, and leaves the rest standing."""

    title: ClassVar[str] = "Alignment"
    order: ClassVar[int] = 20

    def __init__(self, theme: Theme) -> None:
        self._shown: Record | None = None
        self._visits_of: tuple[Any, ...] = ()
        self._dip_of = ""
        super().__init__(theme)

    def build(self) -> None:
        """Figures above three tabs of two pictures."""
        self.figures = Figures(self.theme, _MEANINGS)
        self.tabs = QtWidgets.QTabWidget()
        self.tabs.setDocumentMode(True)
        self.content.addWidget(self.figures)
        self.content.addWidget(self.tabs, 1)
        self._build_axis()
        self._build_lines()
        self._build_dip()
        self.clear()

    def clear(self) -> None:
        """No alignment."""
        self._shown, self._visits_of = None, ()
        self.figures.clear()
        self.target.clear()
        parts = (self.visited, self.minus, self.plus, self.minus_off, self.plus_off, self.rest, self.contact, self.lock)
        for part in (*parts, self.way, self.last, self.dip_fit, self.minus_theory, self.plus_theory):
            part.clear()
        for line in (self.tolerance, self.centre):
            line.setVisible(False)
        self._name_dip("")

    def paint(self, record: Record, run: Record) -> None:
        """All that the newest one has, and what it leaves as the alignment before it found it."""
        aligned = record if record.sequence == "align" else run.newest("align") or record
        if aligned is not self._shown:
            self.clear()
            self._shown = aligned
        plan, known = aligned.plan, aligned.known
        nitrogen = has_nitrogen(plan, known)
        aim = goal(plan, known, nitrogen)
        self._paint_figures({**known, **_of_dip(record.known)}, aim)
        self.target.set_limit(aim.transverse_limit_ut)
        if (across := pair(known, "across_ut")) is not None:
            self.target.put(across, pair(known, "across_ut_err"))
        self._paint_visits(aligned, nitrogen, aim)
        with_dip = record if len(_dip_points(record)[0]) else aligned
        self._paint_dip(with_dip)
        self._paint_lock((record if len(complete(record.table, *_LOCK_COLUMNS)[0]) else aligned).table)

    def _build_axis(self) -> None:
        self.target = Target(self.theme, 2.0)
        self.distance = new_plot(self.theme, "line measured", "|B along − resonance| (µT)")
        self.distance_khz = ScaledAxis(self.theme, "detuning (kHz)", 19.7, True)
        item = self.distance.getPlotItem()
        item.getAxis("left").setLogMode(y=True)
        add_scale(self.distance, self.distance_khz)
        self.way = Curve(item, self.theme.faint, width=1.0)
        self.visited = ErrorPoints(item, self.theme.data)
        self.last = Curve(item, self.theme.model, width=4.0)
        self.tolerance = guide(item, self.theme, 0.0, False, "tolerance")
        self._tab("Axis", (self.target.plot, _TARGET), (self.distance, _DISTANCE), QtCore.Qt.Orientation.Horizontal)

    def _build_lines(self) -> None:
        lines = new_plot(self.theme, "B along (mT)", "line (MHz)")
        item = lines.getPlotItem()
        item.addLegend(offset=(8, 8), labelTextColor=self.theme.text, verSpacing=-4)
        self.minus_theory = Curve(item, self.theme.model, "levels, B across = 0", 1.0)
        self.plus_theory = Curve(item, self.theme.model, width=1.0)
        self.minus = ErrorPoints(item, self.theme.data, "f−")
        self.plus = ErrorPoints(item, self.theme.third, "f+", symbol="t1")
        residuals = new_plot(self.theme, "line measured", "measured − model (kHz)")
        item = residuals.getPlotItem()
        guide(item, self.theme, 0.0, False)
        self.minus_off = ErrorPoints(item, self.theme.data)
        self.plus_off = ErrorPoints(item, self.theme.third, symbol="t1")
        self._tab("Lines", (lines, _LINES), (residuals, _RESIDUALS), QtCore.Qt.Orientation.Vertical)

    def _build_dip(self) -> None:
        dip = new_plot(self.theme, "B along, from the first guess of the resonance (µT)", "difference left")
        self.dip = item = dip.getPlotItem()
        item.addLegend(offset=(8, -8), labelTextColor=self.theme.text, verSpacing=-4)
        self.rest = ErrorPoints(item, self.theme.fourth, "without contact", symbol="s")
        self.contact = ErrorPoints(item, self.theme.data, "after contact")
        self.dip_fit = Curve(item, self.theme.model, "fit")
        self.centre = guide(item, self.theme, 0.0, True, "centre")
        lock = new_plot(self.theme, "laboratory time (min)", "deviation (µT)")
        add_scale(lock, ScaledAxis(self.theme, "f+ (kHz)", _LOCK_KHZ_PER_UT))
        guide(lock.getPlotItem(), self.theme, 0.0, False)
        self.lock = ErrorPoints(lock.getPlotItem(), self.theme.data)
        self._tab("Dip and lock", (dip, _DIP), (lock, _LOCK), QtCore.Qt.Orientation.Vertical)

    def _tab(self, name: str, first: tuple[Any, str], second: tuple[Any, str], way: Any) -> None:
        halves = QtWidgets.QSplitter(way)
        for plot, meaning in (first, second):
            plot.setToolTip(f"<p>{meaning}</p>")
            plot.setMinimumWidth(200)
            halves.addWidget(plot)
        halves.setChildrenCollapsible(False)
        halves.setSizes([1000, 1000])
        place = self.tabs.addTab(halves, name)
        self.tabs.setTabToolTip(place, f"<p>{first[1]}</p><p>{second[1]}</p>")

    def _paint_figures(self, known: Mapping[str, Any], aim: Goal) -> None:
        across, detuning = number(known, "transverse_ut"), number(known, "detuning_khz")
        self.figures.put("B along", _quoted(known, "field_mt", "mT"))
        self.figures.put(
            "B across", _quoted(known, "transverse_ut", "µT"), _within(known, "transverse_ut", across, aim)
        )
        self.figures.put(
            "detuning", _quoted(known, "detuning_khz", "kHz"), _within(known, "detuning_khz", detuning, aim)
        )
        measured = _quoted(known, "resonance_field_mt", "mT")
        self.figures.put("resonance", measured if measured != "—" else f"{aim.resonance_mt:.4f} mT expected")
        self.figures.put("Γ₁", _quoted(known, "rate_per_s", "/ms", 1e-3))
        self.figures.put("half width", _quoted(known, "half_width_khz", "kHz"))

    def _paint_visits(self, record: Record, nitrogen: bool, aim: Goal) -> None:
        """The levels are dear: only when there is a line more, or the goal moved."""
        known, table = record.known, record.table
        seen = int(np.isfinite(table["visit"]).sum()) if "visit" in table else 0
        ends = (number(known, "detuning_khz"), number(known, "detuning_khz_err"))
        state = (seen, nitrogen, number(known, "shift_hz"), aim, ends)
        if state == self._visits_of:
            return
        self._visits_of = state
        self._show_visits(visits(table, nitrogen, number(known, "shift_hz") or 0.0), aim, ends)
        field, minus, plus = theory(nitrogen)
        self.minus_theory.show(field, minus * 1e-6)
        self.plus_theory.show(field, plus * 1e-6)

    def _show_visits(self, found: Visits, aim: Goal, ends: tuple[float | None, float | None]) -> None:
        order = np.arange(1.0, len(found.number) + 1.0)
        away = np.log10(np.maximum(np.abs(found.along_mt - aim.resonance_mt) * 1e3, SMALLEST_UT))
        self.visited.show(order, away)
        self.way.show(order, away)
        self.tolerance.setVisible(True)
        self.tolerance.setPos(float(np.log10(aim.detuning_limit_khz / aim.khz_per_ut)))
        self.distance_khz.set_factor(aim.khz_per_ut)
        self._show_last(len(order) + 1.0, aim, ends)
        for chosen, points, off in ((~found.plus, self.minus, self.minus_off), (found.plus, self.plus, self.plus_off)):
            points.show(found.along_mt[chosen], found.line_hz[chosen] * 1e-6)
            off.show(order[chosen], found.residual_khz[chosen], found.error_hz[chosen] * 1e-3)

    def _show_last(self, place: float, aim: Goal, ends: tuple[float | None, float | None]) -> None:
        """Where the field was left, once the dip has told where the resonance is: a bar of one sigma."""
        value, error = ends
        if value is None or error is None or not aim.measured:
            self.last.clear()
            return
        low, high = ((abs(value) + sign * error) / aim.khz_per_ut for sign in (-1.0, 1.0))
        self.last.show(np.array([place, place]), np.log10(np.maximum([low, high], SMALLEST_UT)))

    def _paint_dip(self, record: Record) -> None:
        known = record.known
        offset, contact, left, error = _dip_points(record)
        self._name_dip(f"{record.sequence}, run {record.run_id}" if len(offset) else "")
        for chosen, part in ((contact == 0.0, self.rest), (contact > 0.0, self.contact)):
            part.show(offset[chosen], left[chosen], error[chosen])
        dip = known.get("dip") or {}
        centre = number(dip, "centre_ut")
        self.centre.setVisible(centre is not None)
        if centre is None or not (contact > 0.0).any():
            self.dip_fit.clear()
            return
        self.centre.setPos(centre)
        fine = np.linspace(float(offset.min()), float(offset.max()), _FINE)
        self.dip_fit.show(fine, surviving_curve(fine, float(contact.max()), dip))

    def _name_dip(self, words: str) -> None:
        """Whose dip it is: that of the alignment, or of a relaxometry after it."""
        if words != self._dip_of:
            self._dip_of = words
            self.dip.setTitle(words or None, color=self.theme.text, size="9pt")

    def _paint_lock(self, table: Mapping[str, Any]) -> None:
        time_s, deviation, error = complete(table, *_LOCK_COLUMNS)
        began_s = float(time_s[0]) if len(time_s) else 0.0
        self.lock.show((time_s - began_s) / 60.0, deviation, error)


def _dip_points(record: Record) -> list[Any]:
    return list(complete(record.table, *_DIP_COLUMNS))


def _of_dip(known: Mapping[str, Any]) -> dict[str, Any]:
    """What this record's dip tells, each with its error; nothing of what it does not know."""
    found = [key for key in _OF_DIP if number(known, key) is not None]
    return {key: known.get(key) for name in found for key in (name, f"{name}_err")}


def _quoted(known: Mapping[str, Any], key: str, unit: str, scale: float = 1.0) -> str:
    value, error = number(known, key), number(known, f"{key}_err")
    return quoted(None if value is None else scale * value, None if error is None else scale * error, unit)


def _within(known: Mapping[str, Any], key: str, value: float | None, aim: Goal) -> Verdict | None:
    """Whether it is surely within tolerance, as the sequence judges."""
    if value is None:
        return None
    limit = aim.transverse_limit_ut if key == "transverse_ut" else aim.detuning_limit_khz
    return "on" if abs(value) + 2.0 * (number(known, f"{key}_err") or 0.0) <= limit else "warning"


DOCK: Final = AlignmentView
