"""The points of any experiment as they come: every column against what it was measured against.

What is drawn, and how scans go together, `labctl.figures.series` says, as for the figure. A point that is new is added
to what was summed before; nothing else is looked at again.
"""

from collections.abc import Sequence
from typing import ClassVar, Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from pyqtgraph.Qt import QtCore, QtWidgets

from labctl.figures.series import Image, Line, Means, axis_label, panels
from labctl.gui.runs.record import Record
from labctl.gui.widgets.plots import Curve, ErrorPoints, dress, legend_of, new_plot, thinned
from labctl.gui.widgets.theme import INTENSITY, Theme
from labctl.gui.widgets.view import View, label

MOST_AT_ONCE: Final = 2000
"""Points that are summed before the window does something else; of a stored run the rest follows frame by frame."""
MOST_PICTURES: Final = 6
_SYMBOLS: Final = ("o", "s", "t", "d", "o", "s")
_SIGNS: Final = ("●", "■", "▼", "◆", "○", "□")
_TIP: Final = (
    "Points: means over all scans, weighted by their errors, ±1 σ. A scan ends where a value comes again. Thin: the "
    "newest scan"
)
_NOTHING: Final = "No points yet."


class Picture:
    """A plot of one column: curves, or an image. It stays when the column goes, and takes another one."""

    def __init__(self, theme: Theme, means: Means) -> None:
        self.means, self._theme, self._is_image = means, theme, False
        self.plot = new_plot(theme, "", "")
        item = self.plot.getPlotItem()
        self.image = pg.ImageItem(axisOrder="col-major")
        self.image.setColorMap(pg.colormap.get(INTENSITY))
        self.image.setVisible(False)
        item.addItem(self.image)
        self.scan = Curve(item, theme.faint, width=1)
        colours = (theme.data, theme.model, theme.third, theme.fourth, theme.data, theme.model)
        self._colours = colours
        self.lines = [
            (Curve(item, colour, width=1), ErrorPoints(item, colour, symbol=symbol, is_hollow=k > 3))
            for k, (colour, symbol) in enumerate(zip(colours, _SYMBOLS, strict=True))
        ]
        self.widget, self._legend = legend_of(self.plot, theme, _TIP)
        self._title = ""
        self._dress()

    def take(self, means: Means) -> None:
        """Another column from now on."""
        self.means, self._is_image = means, False
        self._dress()
        self.widget.show()

    def clear(self) -> None:
        """Nothing, and no room for it."""
        for part in (self.scan, *(part for pair in self.lines for part in pair)):
            part.clear()
        self.image.setVisible(False)
        self._name("")
        self._legend([])
        self.widget.hide()

    def show(self) -> None:
        """What the means are now."""
        image = self.means.image()
        if (image is not None) != self._is_image:
            self._is_image = image is not None
            self._dress()
        self._show_image(image)
        lines = [] if image is not None else self.means.lines()
        for k, (curve, points) in enumerate(self.lines):
            if k < len(lines):
                _show_line(curve, points, lines[k])
            else:
                curve.clear()
                points.clear()
        scan = self.means.newest_scan()
        if scan is None:
            self.scan.clear()
        else:
            self.scan.show(*thinned(scan.x, scan.y))
        self._legend(self._entries(lines))

    def _show_image(self, image: Image | None) -> None:
        self.image.setVisible(image is not None)
        if image is None:
            return
        x, y, values = image.x_edges, image.y_edges, image.even()
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        self.image.setImage(values, autoLevels=False, levels=(low, high if high > low else low + 1.0))
        self.image.setRect(QtCore.QRectF(float(x[0]), float(y[0]), float(np.ptp(x)), float(np.ptp(y))))
        self._name(f"{axis_label(self.means.panel.column)}: {low:.4g} (dark) to {high:.4g} (bright)")

    def _dress(self) -> None:
        panel = self.means.panel
        across = panel.against[0] if self._is_image else self.means.along
        up = panel.against[1] if self._is_image else panel.column
        self._title = ""
        dress(self.plot.getPlotItem(), self._theme, axis_label(across), axis_label(up))

    def _name(self, title: str) -> None:
        if title != self._title:
            self._title = title
            self.plot.getPlotItem().setTitle(title or None, color=self._theme.text, size="10pt")

    def _entries(self, lines: Sequence[Line]) -> list[tuple[str, str, str]]:
        scans = self.means.scans
        entries = [(_SIGNS[k], self._colours[k], line.name) for k, line in enumerate(lines) if line.name]
        if scans > 1 and not entries and lines:
            entries = [(_SIGNS[0], self._colours[0], f"mean of {scans} scans"), ("━", self._theme.faint, "newest scan")]
        return entries


class PointsView(View):
    """The newest part of a run that has points, whatever it measures."""

    title: ClassVar[str] = "Points"

    def build(self) -> None:
        """A line of words, then a picture for each column that has points."""
        self._record: Record | None = None
        self._dropped = self._taken = 0
        self._means: list[Means] = []
        self.pictures: list[Picture] = []
        """Those that are shown."""
        self._spare: list[Picture] = []
        self.note = label(_NOTHING, "faint")
        self.note.setWordWrap(True)
        self.area = QtWidgets.QSplitter(QtCore.Qt.Orientation.Vertical)
        self.content.addWidget(self.note)
        self.content.addWidget(self.area, 1)

    def pick(self, run: Record) -> Record | None:
        """The one that began last, of those that have points."""
        return next((record for record in reversed(list(run.all())) if record.table.rows), None)

    def clear(self) -> None:
        """No points."""
        self._record, self._means, self._taken = None, [], 0
        for picture in self.pictures:
            picture.clear()
        self._spare, self.pictures = [*self.pictures, *self._spare], []
        self.note.setText(_NOTHING)

    def paint(self, record: Record, _run: Record) -> None:
        """Add the points that are new."""
        table = record.table
        if record is not self._record or table.dropped != self._dropped:
            self.clear()
            self._record, self._dropped = record, table.dropped
            self._means = [Means(panel) for panel in panels(tuple(table.columns.values()))]
        upto = min(table.rows, self._taken + MOST_AT_ONCE)
        if upto > self._taken:
            rows: dict[str, NDArray[np.float64]] = {name: table[name][self._taken : upto] for name in table}
            for means in self._means:
                means.add(rows)
            self._taken = upto
        self._add_pictures()
        for picture in self.pictures:
            picture.show()
        self.note.setText(self._words(record))
        if upto < table.rows:
            self.repaint_soon()

    def _add_pictures(self) -> None:
        """Of columns that have their first points."""
        there = {id(picture.means) for picture in self.pictures}
        for means in self._means:
            if means.points and id(means) not in there and len(self.pictures) < MOST_PICTURES:
                self.pictures.append(self._picture(means))
                self.area.addWidget(self.pictures[-1].widget)

    def _picture(self, means: Means) -> Picture:
        if not self._spare:
            return Picture(self.theme, means)
        picture = self._spare.pop(0)
        picture.take(means)
        return picture

    def _words(self, record: Record) -> str:
        left_out = [means for means in self._means if means.points][MOST_PICTURES:]
        more = f"; not shown: {', '.join(means.panel.column.label for means in left_out)}" if left_out else ""
        return f"{self._taken} points of {record.sequence}, run {record.run_id}{more}"


def _show_line(curve: Curve, points: ErrorPoints, line: Line) -> None:
    x, y, *error = thinned(line.x, line.y, *(() if line.error is None else (line.error,)))
    curve.show(x, y)
    points.show(x, y, error[0] if error else None)


DOCK: Final = PointsView
