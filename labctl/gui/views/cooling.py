"""The cooling dock: polarisation of both baths against time, and the doughnut image with both NVs on it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import numpy as np
import pyqtgraph as pg
from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.figures.columns import together
from labctl.gui.figures import Figures
from labctl.gui.plots import Curve, ErrorPoints, guide, new_plot, quoted
from labctl.gui.record import Record, Table
from labctl.gui.theme import INTENSITY, Theme
from labctl.gui.view import View

_MEANINGS: Final = {
    "p left": "Polarisation of the left, hot bath at release in the engine's cycle, ±1 σ",
    "p right": "Polarisation of the right, cold bath at release in the engine's cycle, ±1 σ",
    "build-up": "Time in which the cold bath gets cold, ±1 σ",
    "apart": "Distance of both NVs, ±1 σ",
}
_SIDES: Final = ("left", "right")


class CoolingView(View):
    """The newest cooling of a run, and the newest image of where the NVs are."""

    title: ClassVar[str] = "Cooling"
    sequences: ClassVar[Sequence[str]] = ("cool", "locate")

    def __init__(self, theme: Theme) -> None:
        self._image_of: tuple[int, int, int] | None = None
        super().__init__(theme)

    def build(self) -> None:
        """Figures, build-up, release, image."""
        theme = self.theme
        self.figures = Figures(theme, _MEANINGS)
        self.build_up = new_plot(theme, "cooling time after heating (ms)", "bath polarisation p")
        self.release = new_plot(theme, "time after release (µs)", "σz of the NV")
        looks = zip(_SIDES, (theme.model, theme.data), "so", strict=True)
        self.baths, self.spins, self.ends = {}, {}, {}
        for item in (self.build_up.getPlotItem(), self.release.getPlotItem()):
            item.addLegend(offset=(-10, -10), labelTextColor=theme.text)
        for side, colour, symbol in looks:
            name = f"{side} ({'hot' if side == 'left' else 'cold'})"
            self.baths[side] = ErrorPoints(self.build_up.getPlotItem(), colour, name, symbol=symbol)
            self.spins[side] = ErrorPoints(self.release.getPlotItem(), colour, f"{side} NV", symbol=symbol)
            self.ends[side] = guide(self.build_up.getPlotItem(), theme, 0.0, vertical=False, label=f"{side} at release")
        self.curve = Curve(self.build_up.getPlotItem(), theme.data, "build-up")
        self.build_up.getPlotItem().setYRange(-0.1, 1.05)
        left = QtWidgets.QSplitter(QtCore.Qt.Orientation.Vertical)
        left.addWidget(self.build_up)
        left.addWidget(self.release)
        both = QtWidgets.QSplitter(QtCore.Qt.Orientation.Horizontal)
        both.addWidget(left)
        both.addWidget(self._image_panel())
        both.setSizes([420, 400])
        self.content.addWidget(self.figures)
        self.content.addWidget(both, 1)

    def pick(self, run: Record) -> Record | None:
        """The part that changed last is enough to know that there is something new."""
        found = [record for record in (run.newest("cool"), run.newest("locate")) if record is not None]
        return next((record for record in found if record.status == "running"), found[0] if found else None)

    def paint(self, _record: Record, run: Record) -> None:
        """Both parts."""
        cool, locate = run.newest("cool"), run.newest("locate")
        self._show_cooling(cool)
        self._show_image(locate)
        known, places = (record.known if record else {} for record in (cool, locate))
        self._show_figures(known, places)

    def clear(self) -> None:
        """Nothing."""
        self._show_cooling(None)
        self._show_image(None)
        self.figures.clear()

    def _show_cooling(self, cool: Record | None) -> None:
        table: Mapping[str, Any] = cool.table if cool is not None else {}
        known = cool.known if cool is not None else {}
        for side in _SIDES:
            _show(self.baths[side], table, "time_ms", f"polarisation_{side}")
            _show(self.spins[side], table, "released_us", f"z_{side}")
            end = known.get(f"polarisation_{side}")
            self.ends[side].setVisible(end is not None)
            if end is not None:
                self.ends[side].setPos(float(end))
        self._show_curve(table, known)

    def _show_curve(self, table: Mapping[str, Any], known: Mapping[str, Any]) -> None:
        """An exponential of the build-up time found, through the points by least squares."""
        data, build_up_s = together(table, "time_ms", "polarisation_right"), known.get("build_up_s")
        if data is None or not build_up_s or len(data[0]) < 3:
            self.curve.clear()
            return
        fine = np.linspace(0.0, float(data[0].max()), 200)
        columns = [np.column_stack([np.ones_like(t), np.exp(-t / (1e3 * build_up_s))]) for t in (data[0], fine)]
        self.curve.show(fine, columns[1] @ np.linalg.lstsq(columns[0], data[1], rcond=None)[0])

    def _show_figures(self, known: Mapping[str, Any], places: Mapping[str, Any]) -> None:
        for side in _SIDES:
            key = f"polarisation_{side}"
            self.figures.put(f"p {side}", quoted(known.get(key), known.get(f"{key}_err")))
        time_s, error_s = known.get("build_up_s"), known.get("build_up_s_err")
        in_us = quoted(1e6 * time_s, 1e6 * error_s if error_s else None, "µs") if time_s else "—"
        self.figures.put("build-up", in_us)
        self.figures.put("apart", quoted(places.get("separation_nm"), places.get("separation_nm_err"), "nm"))

    # ---- the image

    def _image_panel(self) -> Any:
        panel = QtWidgets.QWidget()
        layout = QtWidgets.QVBoxLayout(panel)
        layout.setContentsMargins(0, 0, 0, 0)
        self.powers = QtWidgets.QComboBox()
        self.powers.setToolTip("Images of different doughnut power: the region first, then the null")
        self.powers.activated.connect(self._other_power)
        self.picture = new_plot(self.theme, "x (nm)", "y (nm)")
        item = self.picture.getPlotItem()
        item.setAspectLocked(True)
        item.showGrid(x=False, y=False)
        self.pixels = pg.ImageItem()
        self.pixels.setColorMap(pg.colormap.get(INTENSITY))
        item.addItem(self.pixels)
        self.scale = pg.ColorBarItem(label="counts/s", colorMap=pg.colormap.get(INTENSITY), interactive=False)
        self.scale.setImageItem(self.pixels, insert_in=item)
        self.pair = ErrorPoints(item, self.theme.stop, size=8)
        self.names = [pg.TextItem(name, color=self.theme.stop, anchor=(1.2, 1.2)) for name in "LR"]
        for name in self.names:
            item.addItem(name)
            name.setVisible(False)
        layout.addWidget(self.powers)
        layout.addWidget(self.picture, 1)
        return panel

    def _other_power(self, _index: int) -> None:
        self._image_of = None
        self.repaint_soon()

    def _show_image(self, locate: Record | None) -> None:
        data = together(locate.table, "x_nm", "y_nm", "power_mw", "counts") if locate is not None else None
        self.pixels.setVisible(data is not None)
        self._show_pair(locate.known if locate is not None else {})
        if data is None or locate is None:
            return
        x, y, power, counts = data
        self._offer([float(p) for p in np.unique(power)])
        state = (id(locate), len(x), self.powers.currentIndex())
        if state == self._image_of:
            return
        self._image_of = state
        chosen = power == self.powers.currentData() if self.powers.currentIndex() > 0 else power == power[-1]
        image, corner, size = gridded(x[chosen], y[chosen], counts[chosen])
        self.pixels.setImage(image, autoLevels=False)
        self.pixels.setRect(QtCore.QRectF(*corner, *size))
        low, high = float(np.nanmin(image)), float(np.nanmax(image))
        self.scale.setLevels((low, high if high > low else low + 1.0))

    def _offer(self, powers: list[float]) -> None:
        if powers == [self.powers.itemData(k) for k in range(1, self.powers.count())]:
            return
        kept = max(0, self.powers.currentIndex())
        self.powers.clear()
        self.powers.addItem("newest image", None)
        for power in powers:
            self.powers.addItem(f"doughnut at {power:.3g} mW", power)
        self.powers.setCurrentIndex(min(kept, self.powers.count() - 1))

    def _show_pair(self, known: Mapping[str, Any]) -> None:
        pair = np.asarray(known.get("pair_nm") or [], dtype=float).reshape(-1, 2)
        error = np.asarray(known.get("pair_nm_err") or [], dtype=float).reshape(-1, 2)
        self.pair.show(pair[:, 0], pair[:, 1], error[:, 1] if len(error) == len(pair) else None)
        for name, place in zip(self.names, pair, strict=False):
            name.setPos(*place)
        for k, name in enumerate(self.names):
            name.setVisible(k < len(pair))


def _show(points: ErrorPoints, table: Table | Mapping[str, Any], x: str, y: str) -> None:
    """The points that have both columns, with their errors where every one has it."""
    if (data := together(table, x, y, f"{y}_err")) is not None:
        points.show(*data)
    elif (bare := together(table, x, y)) is not None:
        points.show(*bare)
    else:
        points.clear()


def gridded(x: Any, y: Any, counts: Any) -> tuple[Any, tuple[float, float], tuple[float, float]]:
    """Counts as an image, (columns, rows), nan where nothing was counted; its corner and its size.

    Pixels may lie on a turned grid: each goes to the nearest cell, and cells with several show their mean.
    """
    cells = max(2, round(np.sqrt(len(x))))
    low = np.array([x.min(), y.min()])
    span = np.maximum(np.array([x.max(), y.max()]) - low, 1e-3)
    step = span / (cells - 1)
    column, row = (np.rint((values - low[k]) / step[k]).astype(int) for k, values in enumerate((x, y)))
    total, number = np.zeros((cells, cells)), np.zeros((cells, cells))
    np.add.at(total, (column, row), counts)
    np.add.at(number, (column, row), 1.0)
    with np.errstate(invalid="ignore"):
        image = total / number
    corner = low - 0.5 * step
    size = span + step
    return image, (float(corner[0]), float(corner[1])), (float(size[0]), float(size[1]))
