"""The spectrum as it grows: both lines with their fit, residuals and sweeps, and the field that they show."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import numpy as np
from pyqtgraph.Qt import QtWidgets

from labctl.common.numbers import quoted
from labctl.gui.panels.spectra import Points, line_scans, lines_between, spectrum_points, stretches
from labctl.gui.panels.spectrum_panel import SpectrumPanel
from labctl.gui.runs.record import Record
from labctl.gui.widgets.axes import narrowest_px
from labctl.gui.widgets.plots import on_click
from labctl.gui.widgets.readouts import Figures
from labctl.gui.widgets.theme import Theme
from labctl.gui.widgets.view import View, docks_of, label

_PANELS: Final = 2
_SWEEPS_EVERY_S: Final = 1.0
"""Images are dear: within a sweep they are painted no more often than this."""
_NEWEST: Final = "newest"
_MEANINGS: Final = {
    "f−": "Centre of |0⟩ → |−1⟩, of m_I = +1 where there is a 14N nucleus, ±1 σ.",
    "f+": "Centre of |0⟩ → |+1⟩, of m_I = +1 where there is a 14N nucleus, ±1 σ.",
    "B": "Magnitude of the field, from both lines: B² = (f₊² + f₋² − f₊f₋ − D²) / 3γ², exact at any angle; with "
    "14N the nine levels are inverted.",
    "tilt": "Angle between field and NV axis. Its error is large where the lines hardly depend on it.",
    "contrast": "Depth of all nuclear components together, mean of both lines.",
    "width": "Full width at half maximum of one component, mean of both lines.",
    "χ²": "Reduced chi-squared of each fit: near 1 if line shape and shot noise explain the spectrum.",
}
_NO_SPECTRUM: Final = "No spectrum yet."


class OdmrView(View):
    """The newest spectrum of a run, whichever of its parts measured it."""

    title: ClassVar[str] = "ODMR"
    order: ClassVar[int] = 10

    def __init__(self, theme: Theme) -> None:
        self._shown: Record | None = None
        self._swept: tuple[Any, ...] = ()
        self._swept_at_s = 0.0
        super().__init__(theme)

    def build(self) -> None:
        """Figures above; a panel for each line; a choice of looks where there are many."""
        self.figures = Figures(self.theme, _MEANINGS)
        self.line_scans = QtWidgets.QComboBox()
        self.line_scans.setToolTip("Which look at a line to show; 'newest' follows the run")
        self.line_scans.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.line_scans.activated.connect(self._chosen)
        self.note = label(_NO_SPECTRUM, "faint")
        self.note.setWordWrap(True)
        self.panels = [SpectrumPanel(self.theme) for _ in range(_PANELS)]
        side_by_side = QtWidgets.QHBoxLayout()
        for panel in self.panels:
            panel.setMinimumWidth(narrowest_px())
            side_by_side.addWidget(panel, 1)
            on_click(panel.spectrum, lambda mhz, _: self.picked.emit({"microwave.frequency": round(1e6 * mhz)}))
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self.line_scans)
        row.addWidget(self.note, 1)
        self.content.addWidget(self.figures)
        self.content.addLayout(row)
        self.content.addLayout(side_by_side, 1)
        self.clear()

    def pick(self, run: Record) -> Record | None:
        """The newest record that has a spectrum."""
        return next(
            (r for r in reversed(list(run.all())) if self.title in docks_of(r.sequence) and _has_spectrum(r)), None
        )

    def clear(self) -> None:
        """No spectrum."""
        self._shown = None
        self.figures.clear()
        self.line_scans.clear()
        self.line_scans.hide()
        self.note.setText(_NO_SPECTRUM)
        for panel in self.panels:
            panel.clear()
        self.panels[1].hide()

    def paint(self, record: Record, _run: Record) -> None:
        """The sweeps of both lines, or one look at one of them."""
        if record is not self._shown:
            self.clear()
            self._shown = record
        points, known = spectrum_points(record.table), record.known
        lines = known.get("lines") or []
        swept = points.in_sweeps
        if len(swept):
            self._paint_sweeps(record, swept, lines, known)
        else:
            self._paint_look(points, lines, known)
        self._paint_figures(known, lines)

    def _paint_sweeps(
        self, record: Record, points: Points, lines: Sequence[Mapping[str, Any]], known: Mapping[str, Any]
    ) -> None:
        parts = stretches(points.frequency_hz)[:_PANELS]
        chosen = [points.between(*part) for part in parts]
        for panel, part, name in zip(self.panels, chosen, _names(parts, lines), strict=False):
            self._paint_panel(panel, part, lines, known, name)
        self.panels[1].setVisible(len(parts) > 1)
        self.line_scans.hide()
        sweeps = int(np.ptp(points.sweep)) + 1
        how = "chosen one by one" if record.plan.get("method") == "adaptive" else _counted(sweeps)
        self.note.setText(f"{len(points)} points of {record.sequence}, {how}")
        state = (id(record), sweeps, len(parts), record.status)
        if state != self._swept or time.monotonic() > self._swept_at_s + _SWEEPS_EVERY_S:
            self._swept, self._swept_at_s = state, time.monotonic()
            for panel, part in zip(self.panels, chosen, strict=False):
                panel.show_sweeps(part)

    def _paint_look(self, points: Points, lines: Sequence[Mapping[str, Any]], known: Mapping[str, Any]) -> None:
        found = line_scans(points)
        self._offer(points, found)
        which = self.line_scans.currentIndex() - 1
        newest = which < 0
        chosen = points.chosen(found[which])
        middle = float(np.mean(chosen.frequency_hz)) * 1e-6
        self._paint_panel(self.panels[0], chosen, lines if newest else [], known, f"about {middle:.3f} MHz")
        self.panels[0].show_sweeps(chosen)
        self.panels[1].hide()
        self.note.setText(f"look {len(found) if newest else which + 1} of {len(found)}, {len(chosen)} points")

    def _paint_panel(
        self,
        panel: SpectrumPanel,
        points: Points,
        lines: Sequence[Mapping[str, Any]],
        known: Mapping[str, Any],
        title: str,
    ) -> None:
        panel.show_points(points, lines, title)
        low, high = float(points.frequency_hz.min()), float(points.frequency_hz.max())
        found = [float(line["centre_hz"]) for line in lines_between(lines, low, high)]
        found = found or [float(f) for f in known.get("resonances_hz") or () if f is not None]
        panel.mark([f for f in found if low <= f <= high])

    def _offer(self, points: Points, found: Sequence[slice]) -> None:
        """All looks to choose from; the choice stays as it is."""
        if not self.line_scans.count():
            self.line_scans.addItem(_NEWEST)
        for k in range(self.line_scans.count() - 1, len(found)):
            middle = float(np.mean(points.frequency_hz[found[k]])) * 1e-6
            self.line_scans.addItem(f"{k + 1}: {middle:.2f} MHz")
        while self.line_scans.count() > len(found) + 1:
            self.line_scans.removeItem(self.line_scans.count() - 1)
        self.line_scans.setVisible(len(found) > 1)

    def _chosen(self) -> None:
        if (record := self._shown) is not None:
            self.paint(record, record)

    def _paint_figures(self, known: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> None:
        by_name = {str(line.get("name", "")).split(" ")[0]: line for line in lines}
        resonances, errors = known.get("resonances_hz") or (), known.get("resonances_err_hz") or ()
        for k, (name, shown) in enumerate((("f-", "f−"), ("f+", "f+"))):
            line = by_name.get(name, {})
            value = line.get("centre_hz", resonances[k] if k < len(resonances) else None)
            error = line.get("centre_hz_err", errors[k] if k < len(errors) else None)
            self.figures.put(shown, _megahertz(value, error))
        self.figures.put("B", quoted(known.get("field_mt"), known.get("field_mt_err"), "mT"))
        self.figures.put("tilt", quoted(known.get("tilt_deg"), known.get("tilt_deg_err"), "°"))
        self.figures.put("contrast", _of_lines(known, lines, "contrast", 100.0, "%"))
        self.figures.put("width", _of_lines(known, lines, "linewidth_hz", 1e-3, "kHz"))
        chi2 = [line["reduced_chi2"] for line in lines if line.get("reduced_chi2") is not None]
        self.figures.put("χ²", " and ".join(f"{value:.2f}" for value in chi2) or "—")


def _has_spectrum(record: Record) -> bool:
    return len(spectrum_points(record.table)) > 0


def _names(parts: Sequence[tuple[float, float]], lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """Titles of the panels: the lines that lie there, else their frequency."""
    titles = []
    for low, high in parts:
        names = [str(line.get("name", "")).replace("-", "−") for line in lines_between(lines, low, high)]
        titles.append(" and ".join(filter(None, names)) or f"about {0.5e-6 * (low + high):.1f} MHz")
    return titles


def _megahertz(value: float | None, error: float | None) -> str:
    """To a tenth of a kilohertz."""
    if value is None or not np.isfinite(value):
        return "—"
    known = error is not None and np.isfinite(error)
    return f"{value * 1e-6:.4f} ± {error * 1e-6:.4f} MHz" if known and error is not None else f"{value * 1e-6:.4f} MHz"


def _of_lines(known: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], key: str, scale: float, unit: str) -> str:
    """A quantity of the result, else the mean of the lines fitted so far."""
    found = [source for source in ([known] if known.get(key) is not None else lines) if source.get(key) is not None]
    if not found:
        return "—"
    errors = [source.get(f"{key}_err") for source in found]
    error = float(np.sqrt(sum(e**2 for e in errors if e is not None))) / len(found) if None not in errors else None
    value = sum(float(source[key]) for source in found) / len(found)
    return quoted(scale * value, scale * error if error is not None else None, unit)


def _counted(sweeps: int) -> str:
    return "1 sweep" if sweeps == 1 else f"{sweeps} sweeps"


DOCK: Final = OdmrView
