"""One line's spectrum: mean and fit, residuals, where it was measured how often, and its sweeps as an image."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyqtgraph as pg
from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.gui.panels.spectra import (
    NO_POINTS,
    Mean,
    Points,
    Real,
    Waterfall,
    fitted,
    lines_between,
    mean_spectrum,
    waterfall,
)
from labctl.gui.widgets.axes import left_px
from labctl.gui.widgets.plots import Band, Curve, ErrorPoints, guide, new_plot
from labctl.gui.widgets.theme import INTENSITY, Theme

_FEW: Final = 40
"""Up to so many frequencies have bars; more have a band."""
_FINE: Final = 500
_HEIGHTS: Final = (300, 110, 90, 140)
_MHZ: Final = 1e-6

SPECTRUM: Final = (
    "Photoluminescence with over without microwave (continuous wave), the mean of all sweeps at each frequency, with "
    "1 σ of its shot noise. The line through it is the fit: level × (1 − contrast × Σ shares of Lorentzian dips), one "
    "for each state of a 14N nucleus (m_I = +1, 0, −1, 2.16 MHz apart at low field)."
)
RESIDUALS: Final = "Measured less fit, over the error of the mean: noise alone leaves two thirds within ±1."
TIMES: Final = (
    "How many points were taken at each frequency. In adaptive mode the frequencies are those that tell most about the "
    "line's centre (Dushenko et al., Phys. Rev. Applied 14, 054036 (2020)): they gather on its slopes."
)
SWEEPS: Final = "Every sweep by itself, the first one at the bottom: what drifts leans to one side."


class SpectrumPanel(QtWidgets.QSplitter):
    """Four pictures of one stretch of frequencies, beneath each other, that move together."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(QtCore.Qt.Orientation.Vertical)
        self.mean = mean_spectrum(NO_POINTS)
        """What is shown."""
        self.sweeps: Waterfall | None = None
        self._theme = theme
        self.spectrum, self._residuals, self._times, self._sweeps = self._plots()
        item = self.spectrum.getPlotItem()
        item.addLegend(offset=(8, -8), labelTextColor=theme.text, verSpacing=-4, brush=_veil(theme))
        self._band = Band(item, theme.data)
        self.points = ErrorPoints(item, theme.data, "measured", size=5.0)
        self.fit = Curve(item, theme.model, "fit")
        self._guides: list[Any] = []
        self._build_beneath()
        self.clear()

    @property
    def title(self) -> str:
        """Above the spectrum."""
        return str(self.spectrum.getPlotItem().titleLabel.text)

    def show_points(self, points: Points, lines: Sequence[Mapping[str, Any]], title: str) -> None:
        """All but the sweeps. lines: fits, of which those are drawn that lie here."""
        self.mean = mean = mean_spectrum(points)
        if self.title != title:
            self.spectrum.getPlotItem().setTitle(title, color=self._theme.text, size="10pt")
        x = mean.frequency_hz * _MHZ
        known = bool(len(mean)) and bool(np.isfinite(mean.error).all())
        barred = len(mean) <= _FEW or not mean.even  # a band would bridge what adaptive mode leaves out
        self.points.show(x, mean.signal, mean.error if known and barred else None)
        if known and not barred:
            self._band.show(x, mean.signal - mean.error, mean.signal + mean.error)
        else:
            self._band.clear()
        self._show_fit(mean, lines, known)
        self._show_times(x, mean)

    def show_sweeps(self, points: Points) -> None:
        """The image alone."""
        self.sweeps = found = waterfall(points)
        several = found is not None and found.image.shape[1] > 1
        self._sweeps.setVisible(several)
        if found is None or not several:
            return
        levels = tuple(float(v) for v in np.nanpercentile(found.image, (1.0, 99.0)))
        self.image.setImage(found.image, autoLevels=False, levels=levels)
        left, width = found.low_hz * _MHZ, (found.high_hz - found.low_hz) * _MHZ
        self.image.setRect(QtCore.QRectF(left, found.first, width, found.last - found.first))
        self._sweeps.getPlotItem().setTitle(
            f"signal: dark {levels[0]:.4f} to bright {levels[1]:.4f}", color=self._theme.faint, size="8pt"
        )

    def clear(self) -> None:
        """Show nothing."""
        self.show_points(NO_POINTS, [], "")
        self.mark(())
        self._sweeps.hide()
        self._sweeps.getPlotItem().setTitle(None)
        self.image.clear()
        self.sweeps = None

    def mark(self, at_hz: Sequence[float]) -> None:
        """Dashed lines at line centres."""
        item = self.spectrum.getPlotItem()
        while len(self._guides) < len(at_hz):
            self._guides.append(guide(item, self._theme, 0.0, True))
        for k, line in enumerate(self._guides):
            line.setVisible(k < len(at_hz))
            if k < len(at_hz):
                line.setPos(at_hz[k] * _MHZ)

    def _show_fit(self, mean: Mean, lines: Sequence[Mapping[str, Any]], known: bool) -> None:
        low, high = (float(mean.frequency_hz[0]), float(mean.frequency_hz[-1])) if len(mean) else (0.0, 0.0)
        here = lines_between(lines, low, high) if len(mean) else []
        fine = np.linspace(low, high, _FINE)
        curve, at_points = _together(fine, here), _together(mean.frequency_hz, here)
        self._residuals.setVisible(at_points is not None and known)
        if curve is None or at_points is None:
            self.fit.clear()
            self.residuals.clear()
            return
        self.fit.show(fine * _MHZ, curve)
        if known:
            away = (mean.signal - at_points) / mean.error
            self.residuals.show(mean.frequency_hz * _MHZ, away, np.ones(len(away)) if len(away) <= _FEW else None)

    def _show_times(self, x: Real, mean: Mean) -> None:
        self._times.setVisible(not mean.even)
        if not mean.even:
            heights = np.column_stack([np.zeros(len(x)), mean.times]).ravel()
            self.times.setData(x=np.repeat(x, 2), y=heights, connect="pairs")

    def _plots(self) -> list[Any]:
        made = [
            new_plot(self._theme, x, y)
            for x, y in (
                ("microwave frequency (MHz)", "MW on / off"),
                ("", "off (σ)"),
                ("", "times"),
                ("", "sweep"),
            )
        ]
        for plot, tooltip in zip(made, (SPECTRUM, RESIDUALS, TIMES, SWEEPS), strict=True):
            plot.setToolTip(f"<p>{tooltip}</p>")
            plot.getPlotItem().getAxis("left").setWidth(left_px())
            if plot is not made[0]:
                plot.setXLink(made[0])
            self.addWidget(plot)
        self.setSizes(list(_HEIGHTS))
        self.setChildrenCollapsible(False)
        return made

    def _build_beneath(self) -> None:
        residuals, times, sweeps = (plot.getPlotItem() for plot in (self._residuals, self._times, self._sweeps))
        for level in (-2.0, 0.0, 2.0):
            guide(residuals, self._theme, level, False)
        self.residuals = ErrorPoints(residuals, self._theme.data, size=4.0)
        self.times = pg.PlotCurveItem(pen=pg.mkPen(self._theme.third, width=2))
        times.addItem(self.times)
        self.image = pg.ImageItem(axisOrder="col-major")
        self.image.setColorMap(pg.colormap.get(INTENSITY))
        sweeps.addItem(self.image)


def _veil(theme: Theme) -> Any:
    """Behind a legend: what lies there still shows."""
    ground = pg.mkColor(theme.base)
    ground.setAlpha(200)
    return pg.mkBrush(ground)


def _together(frequency_hz: Real, lines: Sequence[Mapping[str, Any]]) -> Real | None:
    """The signal of all these lines at once; None if there is none."""
    curves = [curve for line in lines if (curve := fitted(frequency_hz, line)) is not None]
    return np.prod(curves, axis=0) if curves else None
