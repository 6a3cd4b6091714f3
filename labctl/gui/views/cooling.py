"""The cooling dock: polarisation of both baths against time, and the doughnut image with both NVs on it."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from pyqtgraph.Qt import QtCore, QtWidgets
from scipy.spatial import KDTree

from labctl.common.numbers import quoted
from labctl.figures.columns import together
from labctl.gui.runs.record import Record, Table
from labctl.gui.widgets.plots import Band, Curve, ErrorPoints, guide, keyed, new_plot, on_click
from labctl.gui.widgets.readouts import Figures
from labctl.gui.widgets.theme import INTENSITY, LIGHT, Theme
from labctl.gui.widgets.view import View

Real = NDArray[np.float64]

_CELLS: Final = 96
"""On a side of the picture that is painted; a doughnut image has far fewer pixels."""
_REACH: Final = 0.71
"""Of the distance of neighbouring pixels: half the diagonal of a square pixel."""
_MEANINGS: Final = {
    "p left": "Polarisation of the left, hot bath at release in the engine's cycle, ±1 σ",
    "p right": "Polarisation of the right, cold bath at release in the engine's cycle, ±1 σ",
    "build-up": "Time in which the cold bath gets cold, ±1 σ",
    "apart": "Distance of both NVs, ±1 σ",
}
_SIDES: Final = ("left", "right")
_NEWEST: Final = "newest image"


class CoolingView(View):
    """The newest cooling of a run, and the newest image of where the NVs are."""

    title: ClassVar[str] = "Cooling"
    order: ClassVar[int] = 30

    def __init__(self, theme: Theme) -> None:
        self._seen: dict[str, tuple[Record | None, int]] = {}
        """What each half shows: only the half that has something new is painted."""
        self._image_of: tuple[Table, int, float | None] | None = None
        super().__init__(theme)

    def build(self) -> None:
        """Figures, build-up, release, image."""
        self.figures = Figures(self.theme, _MEANINGS)
        left = QtWidgets.QSplitter(QtCore.Qt.Orientation.Vertical)
        left.addWidget(self._build_up_panel())
        left.addWidget(self._release_panel())
        both = QtWidgets.QSplitter(QtCore.Qt.Orientation.Horizontal)
        both.addWidget(left)
        both.addWidget(self._image_panel())
        both.setSizes([420, 400])
        self.content.addWidget(self.figures)
        self.content.addWidget(both, 1)
        self.clear()

    def pick(self, run: Record) -> Record | None:
        """The part that changed last is enough to know that there is something new."""
        found = [record for record in (run.newest("cool"), run.newest("locate")) if record is not None]
        return next((record for record in found if record.status == "running"), found[0] if found else None)

    def paint(self, _record: Record, run: Record) -> None:
        """Both parts."""
        cool, locate = run.newest("cool"), run.newest("locate")
        if self._is_new("cool", cool):
            self._show_cooling(cool)
        if self._is_new("locate", locate):
            self._show_image(locate)
        known, places = (record.known if record else {} for record in (cool, locate))
        self._show_figures(known, places)

    def clear(self) -> None:
        """Nothing."""
        self._seen.clear()
        for show in (self._show_cooling, self._show_image):
            show(None)
        self.figures.clear()

    def _is_new(self, half: str, record: Record | None) -> bool:
        version = record.version if record is not None else -1
        before = self._seen.get(half)
        self._seen[half] = (record, version)
        return before is None or before[0] is not record or before[1] != version

    def _show_cooling(self, cool: Record | None) -> None:
        table: Mapping[str, Any] = cool.table if cool is not None else {}
        known = cool.known if cool is not None else {}
        _show(self.bath, table, "time_ms", "polarisation_right")
        for side in _SIDES:
            _show(self.spins[side], table, "released_us", f"z_{side}")
        self._show_ends(self.bath.shown[0], known)
        self._show_curve(table, known)

    def _show_ends(self, time_ms: Real, known: Mapping[str, Any]) -> None:
        """Both baths at release, with the errors as bands along the whole picture."""
        across = np.array([0.0, float(time_ms.max()) if len(time_ms) else 1.0])
        for side in _SIDES:
            value, error = known.get(f"polarisation_{side}"), known.get(f"polarisation_{side}_err")
            self.ends[side].setVisible(value is not None)
            if value is not None:
                self.ends[side].setPos(float(value))
            if value is not None and error is not None:
                self.bands[side].show(across, np.full(2, value - error), np.full(2, value + error))
            else:
                self.bands[side].clear()

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

    # ---- the panels

    def _build_up_panel(self) -> Any:
        theme = self.theme
        self.build_up = new_plot(theme, "cooling time after heating (ms)", "bath polarisation p")
        item = self.build_up.getPlotItem()
        self.curve = Curve(item, theme.data)
        colours = {"left": theme.model, "right": theme.data}
        self.bands = {side: Band(item, colour, alpha=80) for side, colour in colours.items()}
        self.ends = {side: guide(item, theme, 0.0, vertical=False, label=f"{side} at release") for side in _SIDES}
        for line in self.ends.values():
            line.label.setPosition(0.6)
        self.bath = ErrorPoints(item, theme.data)
        return keyed(
            self.build_up,
            theme,
            "Points: both baths are heated, then the right one is cooled for this long; nothing there tells the left "
            "one's temperature. Bands: both baths at release in the engine's cycle. All ±1 σ",
            ("●", theme.data, "right (cold), ±1 σ"),
            ("━", theme.data, "build-up"),
            ("▬", theme.model, "left (hot) at release, ±1 σ"),
            ("▬", theme.data, "right at release, ±1 σ"),
        )

    def _release_panel(self) -> Any:
        theme = self.theme
        self.release = new_plot(theme, "time after release (µs)", "σz of the NV")
        item = self.release.getPlotItem()
        self.spins = {
            "left": ErrorPoints(item, theme.model, symbol="s"),
            "right": ErrorPoints(item, theme.data),
        }
        return keyed(
            self.release,
            theme,
            "sigma z of both NVs after the doughnut is switched off in the engine's cycle: 1 is |0⟩, 0 is hot. ±1 σ",
            ("■", theme.model, "left NV"),
            ("●", theme.data, "right NV, ±1 σ"),
        )

    def _picked(self, x_nm: float, y_nm: float) -> None:
        self.picked.emit({"depletion_beam.x": round(x_nm, 1), "depletion_beam.y": round(y_nm, 1)})

    def _image_panel(self) -> Any:
        self.powers = QtWidgets.QComboBox()
        self.powers.setToolTip("Images of different doughnut power: the region first, then the null")
        self.powers.addItem(_NEWEST, None)
        self.powers.activated.connect(self._other_power)
        self.picture = new_plot(self.theme, "x (nm)", "y (nm)")
        on_click(self.picture, self._picked)
        item = self.picture.getPlotItem()
        item.setAspectLocked(True)
        item.showGrid(x=False, y=False)
        self.pixels = pg.ImageItem()
        colours = pg.colormap.get(INTENSITY)
        self.pixels.setColorMap(colours)
        item.addItem(self.pixels)
        self.scale = pg.ColorBarItem(colorMap=colours, interactive=False, width=16)
        self.scale.setImageItem(self.pixels, insert_in=item)
        axis = self.scale.axis
        axis.enableAutoSIPrefix(False)
        axis.setScale(1e-3)  # counts/s would not fit
        axis.setLabel("10³ counts/s", color=self.theme.text)
        axis.setWidth(58)
        axis.setTextPen(self.theme.text)
        self._mark_pair(item)
        panel = QtWidgets.QWidget()
        layout = QtWidgets.QVBoxLayout(panel)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.powers)
        legend = ("●", self.theme.stop, "L and R: both NVs; crosses ±1 σ")
        tip = (
            "Counts against the doughnut's position: where its null is on an NV it is dark, or bright if the doughnut "
            "is red. Every measured pixel fills the places that are nearest to it; passes may be turned, and what was "
            "not scanned stays empty."
        )
        layout.addWidget(keyed(self.picture, self.theme, tip, legend), 1)
        return panel

    def _mark_pair(self, item: Any) -> None:
        """Crosses of the errors and names beside them, all upon a light ground."""
        halo, pen = (pg.mkPen(colour, width=width) for colour, width in (("w", 4.0), (LIGHT.stop, 2.0)))
        self.crosses = [pg.ErrorBarItem(x=np.zeros(0), y=np.zeros(0), beam=0.0, pen=p) for p in (halo, pen)]
        self.pair = pg.ScatterPlotItem(size=9, symbol="o", pen=pg.mkPen("w", width=1.5), brush=LIGHT.stop)
        for part in (*self.crosses, self.pair):
            item.addItem(part)
        ground = pg.mkBrush(255, 255, 255, 210)
        self.names = [pg.TextItem(name, LIGHT.stop, anchor=(k == 0, 1.2), fill=ground) for k, name in enumerate("LR")]
        for text in self.names:
            item.addItem(text, ignoreBounds=True)
            text.setVisible(False)
        for part in (*self.crosses, self.pair, *self.names):
            part.keeps_colours = True  # the image beneath has the same ones in every theme

    def _other_power(self, _index: int) -> None:
        self._seen.pop("locate", None)
        self.repaint_soon()

    def _show_image(self, locate: Record | None) -> None:
        data = together(locate.table, "x_nm", "y_nm", "power_mw", "counts") if locate is not None else None
        for part in (self.pixels, self.scale):
            part.setVisible(data is not None)
        self._show_pair(locate.known if locate is not None else {})
        if data is None or locate is None:
            self._image_of = None
            return
        x, y, power, counts = data
        self._offer([float(p) for p in np.unique(power)])
        chosen = self.powers.currentData()
        if self._is_painted(locate.table, len(x), chosen):
            return
        self._image_of = (locate.table, len(x), chosen)
        here = power == (power[-1] if chosen is None else chosen)
        self._paint_image(x[here], y[here], counts[here])

    def _is_painted(self, table: Table, pixels: int, chosen: float | None) -> bool:
        return self._image_of is not None and self._image_of[0] is table and self._image_of[1:] == (pixels, chosen)

    def _paint_image(self, x: Real, y: Real, counts: Real) -> None:
        image, corner, size = pictured(x, y, counts)
        low, high = float(counts.min()), float(counts.max())
        self.pixels.setImage(image, autoLevels=False)
        self.pixels.setRect(QtCore.QRectF(*corner, *size))
        self.scale.setLevels((low, high if high > low else low + 1.0))

    def _offer(self, powers: list[float]) -> None:
        if powers == [self.powers.itemData(k) for k in range(1, self.powers.count())]:
            return
        kept = self.powers.currentData()
        self.powers.clear()
        self.powers.addItem(_NEWEST, None)
        for power in powers:
            self.powers.addItem(f"doughnut at {power:.3g} mW", power)
        self.powers.setCurrentIndex(powers.index(kept) + 1 if kept in powers else 0)

    def _show_pair(self, known: Mapping[str, Any]) -> None:
        pair = np.asarray(known.get("pair_nm") or [], dtype=float).reshape(-1, 2)
        error = np.asarray(known.get("pair_nm_err") or [], dtype=float).reshape(-1, 2)
        (x, y), has_errors = pair.T, 0 < len(error) == len(pair)
        self.pair.setData(x=x, y=y)
        for cross in self.crosses:
            cross.setVisible(has_errors)  # an empty one would draw the view's range to (0, 0)
            if has_errors:
                dx, dy = error.T
                cross.setData(x=x, y=y, left=dx, right=dx, top=dy, bottom=dy)
        for k, text in enumerate(self.names):
            text.setVisible(len(pair) == 2)
            text.setPos(*(pair[k] if k < len(pair) else (0.0, 0.0)))


def _show(points: ErrorPoints, table: Table | Mapping[str, Any], x: str, y: str) -> None:
    """The points that have both columns, with their errors where every one has it."""
    if (data := together(table, x, y, f"{y}_err")) is not None:
        points.show(*data)
    elif (bare := together(table, x, y)) is not None:
        points.show(*bare)
    else:
        points.clear()


def pictured(x: Real, y: Real, counts: Real) -> tuple[Real, tuple[float, float], tuple[float, float]]:
    """Counts as an image, (columns, rows), its corner and its size, in nm.

    Pixels may lie on turned grids: every place shows the nearest pixel, or nan where none was counted nearby.
    """
    pitch = (float(np.median(np.hypot(np.diff(x), np.diff(y)))) if len(x) > 1 else 0.0) or 1.0
    low = np.array([x.min(), y.min()]) - 0.5 * pitch
    size = np.array([x.max(), y.max()]) + 0.5 * pitch - low
    columns, rows = (low[k] + size[k] * (np.arange(_CELLS) + 0.5) / _CELLS for k in (0, 1))
    places = np.stack(np.meshgrid(columns, rows, indexing="ij"), axis=-1)
    distance, nearest = KDTree(np.column_stack([x, y])).query(places, distance_upper_bound=_REACH * pitch)
    image = np.where(np.isfinite(distance), np.append(counts, np.nan)[nearest], np.nan)
    return image, (float(low[0]), float(low[1])), (float(size[0]), float(size[1]))


DOCK: Final = CoolingView
