"""What is drawn of points whose experiment has no picture of its own: the one rule, for the figure and for the window.

- Every column that was measured against something is a picture; its errors stand in the column `<name>_err`.
- Against one setpoint: the mean at each of its values, weighted by the errors, with the error of the mean. Where values
  come again these are scans: a new one begins with the first value that the scan has already. The newest scan is drawn
  faintly beside the mean.
- Against two setpoints: a curve of means for each value of the one that has the fewer, if that has at most six; else an
  image, each cell the mean in it.
- Against none, or against more: each point at its number.
- A point that lacks the column or one of its setpoints is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from labctl.figures.columns import error_of
from sequences.results import Column

Real = NDArray[np.float64]

MOST_CURVES: Final = 6
MOST_CELLS: Final = 200
"""On a side of an image."""
NUMBER: Final = Column("point", "number of the point", "")
"""In place of a setpoint where there is none."""
_GREEK: Final = {"us": "µs", "uT": "µT", "um": "µm", "uA": "µA", "uW": "µW", "deg": "°"}


@dataclass(frozen=True)
class Panel:
    """One picture: a column, and what it is drawn against."""

    column: Column
    error: str | None
    """The column of its errors."""
    against: tuple[Column, ...]
    """One or two."""

    @property
    def is_numbered(self) -> bool:
        """Whether the points are drawn at their numbers."""
        return self.against == (NUMBER,)


def panels(columns: Sequence[Column]) -> tuple[Panel, ...]:
    """The pictures of these columns, in their order."""
    by_name = {column.name: column for column in columns}
    errors = {error_of(by_name, name) for name in by_name} - {None}
    setpoints = {name for column in columns for name in column.setpoints}
    found = []
    for column in columns:
        if column.name in errors or column.name in setpoints:
            continue
        against = tuple(by_name[name] for name in column.setpoints)
        found.append(Panel(column, error_of(by_name, column.name), against if len(against) in (1, 2) else (NUMBER,)))
    return tuple(found)


def axis_label(column: Column) -> str:
    """'evolution time (µs)'."""
    return f"{column.label} ({_GREEK.get(column.unit, column.unit)})" if column.unit else column.label


@dataclass(frozen=True)
class PlottedLine:
    """Means against one setpoint, ascending."""

    name: str
    """The value of the other setpoint, with its unit; empty if there is none."""
    x: Real
    y: Real
    error: Real | None
    """1 sigma of the means; None where not every point has an error."""


@dataclass(frozen=True)
class Image:
    """Means against two setpoints."""

    x_edges: Real
    y_edges: Real
    values: Real
    """(x, y); nan where nothing was measured."""

    def even(self) -> Real:
        """The same in cells of equal size, from the first edge to the last one."""
        return self.values[np.ix_(_spread(self.x_edges), _spread(self.y_edges))]


class Means:
    """What one picture shows, growing with the points; what was added before is not looked at again."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.points = 0
        """That have all the columns."""
        self.scans = 1
        self._rows = 0
        self._place: dict[tuple[float, ...], int] = {}
        """Setpoints -> column of the sums."""
        self._sums = np.zeros((len(panel.against) + 4, 256))
        """Setpoints; then number, sum, sum of weights, weighted sum of the points there."""
        self._bare = False
        """Whether a point has no error."""
        self._scan: dict[tuple[float, ...], float] = {}
        """The newest scan: setpoints -> value."""

    def add(self, rows: Mapping[str, Real]) -> None:
        """More points, in the order in which they came: column -> values. Columns may be missing."""
        names = [self.panel.column.name, *(() if self.panel.is_numbered else (c.name for c in self.panel.against))]
        count = len(next(iter(rows.values()), ()))
        numbers = np.arange(self._rows, self._rows + count, dtype=float)
        self._rows += count
        if any(name not in rows for name in names):
            return
        chosen = [np.asarray(rows[name], dtype=float) for name in names]
        whole = np.all(np.isfinite(chosen), axis=0)
        keys = [numbers[whole]] if self.panel.is_numbered else [column[whole] for column in chosen[1:]]
        errors = rows.get(self.panel.error or "", np.full(count, np.nan))[whole]
        for key, value, error in zip(
            zip(*(column.tolist() for column in keys), strict=True),
            chosen[0][whole].tolist(),
            errors.tolist(),
            strict=True,
        ):
            self._add(key, value, error)

    def lines(self) -> list[PlottedLine]:
        """The means as curves; none where they are an image."""
        if len(self.panel.against) == 1:
            return [self._line("", np.arange(len(self._place)), 0)] if self._place else []
        family = self._family()
        if family is None:
            return []
        values, column = self._sums[family, : len(self._place)], self.panel.against[family]
        unit = _GREEK.get(column.unit, column.unit)
        return [
            self._line(f"{column.label} {value:.6g} {unit}".rstrip(), np.flatnonzero(values == value), 1 - family)
            for value in np.unique(values)
        ]

    @property
    def along(self) -> Column:
        """What the curves, or the image, have from left to right."""
        return self.panel.against[1] if self._family() == 0 else self.panel.against[0]

    def newest_scan(self) -> PlottedLine | None:
        """The newest of several scans against one setpoint."""
        if self.scans < 2 or len(self.panel.against) != 1:
            return None
        keys = sorted(self._scan)
        return PlottedLine("", np.array(keys)[:, 0], np.array([self._scan[key] for key in keys]), None)

    def image(self) -> Image | None:
        """The means as an image; None where they are curves."""
        if len(self.panel.against) != 2 or not self._place or self._family() is not None:
            return None
        used = self._sums[:, : len(self._place)]
        (x, x_edges), (y, y_edges) = _cells(used[0]), _cells(used[1])
        shape = (len(x_edges) - 1, len(y_edges) - 1)
        total, weight = np.zeros(shape), np.zeros(shape)
        np.add.at(total, (x, y), used[3] if self._bare else used[5])
        np.add.at(weight, (x, y), used[2] if self._bare else used[4])
        with np.errstate(invalid="ignore"):
            return Image(x_edges, y_edges, total / weight)

    def _add(self, key: tuple[float, ...], value: float, error: float) -> None:
        self.points += 1
        if (place := self._place.get(key)) is None:
            place = self._place[key] = len(self._place)
            if place == self._sums.shape[1]:
                self._sums = np.hstack([self._sums, np.zeros_like(self._sums)])
            self._sums[: len(key), place] = key
        known = 0.0 < error < np.inf
        self._bare = self._bare or not known
        weight = error**-2 if known else 0.0
        self._sums[-4:, place] += (1.0, value, weight, weight * value)
        if self.panel.is_numbered:
            return
        if key in self._scan:
            self._scan.clear()
            self.scans += 1
        self._scan[key] = value

    def _line(self, name: str, chosen: NDArray[np.intp], along: int) -> PlottedLine:
        order = chosen[np.argsort(self._sums[along, chosen], kind="stable")]
        x, number, total, weight, weighted = self._sums[[along, -4, -3, -2, -1]][:, order]
        if self._bare:
            return PlottedLine(name, x, total / number, None)
        return PlottedLine(name, x, weighted / weight, 1.0 / np.sqrt(weight))

    def _family(self) -> int | None:
        """Of two setpoints the one whose values have a curve each."""
        if len(self.panel.against) != 2:
            return None
        counts = [len(np.unique(self._sums[k, : len(self._place)])) for k in (0, 1)]
        fewest = 0 if counts[0] < counts[1] else 1
        return fewest if counts[fewest] <= MOST_CURVES else None


def complete(panel: Panel, rows: Mapping[str, Real]) -> Means:
    """The means of all these points."""
    means = Means(panel)
    means.add(rows)
    return means


def drawable(columns: Sequence[Column], rows: Mapping[str, Real]) -> Iterator[Means]:
    """The pictures for which there are points."""
    for panel in panels(columns):
        means = complete(panel, rows)
        if means.points:
            yield means


def _cells(values: Real) -> tuple[NDArray[np.intp], Real]:
    """For each value its cell, and the edges of the cells: one for each value, or equal ones if that were too many."""
    distinct = np.unique(values)
    if len(distinct) > MOST_CELLS:
        edges = np.linspace(distinct[0], distinct[-1], MOST_CELLS + 1)
        return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, MOST_CELLS - 1), edges
    if len(distinct) == 1:
        return np.zeros(len(values), dtype=np.intp), np.array([distinct[0] - 0.5, distinct[0] + 0.5])
    between = 0.5 * (distinct[:-1] + distinct[1:])
    edges = np.concatenate([[2.0 * distinct[0] - between[0]], between, [2.0 * distinct[-1] - between[-1]]])
    return np.searchsorted(distinct, values), edges


def _spread(edges: Real) -> NDArray[np.intp]:
    """The cell that stands at each of many equal ones."""
    widths = np.diff(edges)
    count = len(widths) if np.ptp(widths) < 1e-6 * widths.max() else MOST_CELLS
    middles = edges[0] + (np.arange(count) + 0.5) * (edges[-1] - edges[0]) / count
    return np.asarray(np.clip(np.searchsorted(edges, middles, side="right") - 1, 0, len(widths) - 1))
