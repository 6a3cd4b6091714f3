"""Spectra out of a stream of points: which belong together, their mean at each frequency, and sweeps as an image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sequences.analysis.odmr.line_fit import dips, shares

Real = NDArray[np.float64]
Which = NDArray[np.intp]

FAR_HZ: Final = 3e7
"""No search of one line jumps as far as this: beyond such a gap another line, or another look at one, begins."""
MOST_BINS: Final = 600
"""Frequencies told apart in one spectrum: about as many as a picture has columns."""
MOST_COLUMNS, MOST_ROWS = 400, 200
"""Of the image of sweeps."""


@dataclass(frozen=True)
class Points:
    """Measured points in the order in which they came; every field is (points,)."""

    frequency_hz: Real
    signal: Real
    error: Real
    """1 sigma; nan where it is not known."""
    sweep: Real
    """Number of the sweep; nan where a point belongs to none."""
    row: Which
    """In the table."""

    def __len__(self) -> int:
        return len(self.row)

    def chosen(self, which: Any) -> "Points":
        """Those of a mask, an index or a slice."""
        parts = (self.frequency_hz, self.signal, self.error, self.sweep, self.row)
        return Points(*(part[which] for part in parts))

    @property
    def in_sweeps(self) -> "Points":
        """Those that belong to a sweep."""
        swept = np.isfinite(self.sweep)
        return self if swept.all() else self.chosen(swept)

    def between(self, low_hz: float, high_hz: float) -> "Points":
        """Those of these frequencies, ends included."""
        return self.chosen((self.frequency_hz >= low_hz) & (self.frequency_hz <= high_hz))


_NONE: Final = np.zeros(0)
NO_POINTS: Final = Points(_NONE, _NONE, _NONE, _NONE, np.zeros(0, dtype=np.intp))


def spectrum_points(table: Mapping[str, Real]) -> Points:
    """The points of a table that have a frequency and a signal; columns may be missing."""
    if "frequency_hz" not in table or "signal" not in table:
        return NO_POINTS
    frequency, signal = table["frequency_hz"], table["signal"]
    absent = np.full(len(frequency), np.nan)
    error, sweep = table.get("signal_err", absent), table.get("sweep", absent)
    every = Points(frequency, signal, error, sweep, np.arange(len(frequency)))
    whole = np.isfinite(frequency + signal)
    return every if whole.all() else every.chosen(whole)


def looks(points: Points) -> list[slice]:
    """Points that were taken one after the other about the same frequency, with nothing else between them."""
    if not len(points):
        return []
    new = (np.diff(points.row) != 1) | (np.abs(np.diff(points.frequency_hz)) > FAR_HZ)
    edges = [0, *(np.flatnonzero(new) + 1).tolist(), len(points)]
    return [slice(a, b) for a, b in pairwise(edges)]


def stretches(frequency_hz: Real) -> list[tuple[float, float]]:
    """(lowest, highest) of each range that was scanned, ascending; between them lies a gap of more than FAR_HZ."""
    if not len(frequency_hz):
        return []
    place = (frequency_hz * (1.0 / FAR_HZ)).astype(np.intp)
    cells = np.flatnonzero(np.bincount(place - place.min())) + place.min()
    breaks = np.flatnonzero(np.diff(cells) > 1)
    firsts, lasts = cells[np.append(0, breaks + 1)], cells[np.append(breaks, len(cells) - 1)]
    parts = [frequency_hz[(place >= a) & (place <= b)] for a, b in zip(firsts, lasts, strict=True)]
    return [(float(part.min()), float(part.max())) for part in parts]


@dataclass(frozen=True)
class Mean:
    """A spectrum, frequencies ascending; every field is (frequencies,)."""

    frequency_hz: Real
    signal: Real
    """Mean of all points there, weighted by their errors."""
    error: Real
    """1 sigma of the mean; nan where no errors are known."""
    times: Which
    """How many points there are."""

    def __len__(self) -> int:
        return len(self.times)

    @property
    def even(self) -> bool:
        """Whether every frequency was measured as often as the others, but for a sweep that goes on."""
        return not len(self) or int(np.ptp(self.times)) <= 1


def mean_spectrum(points: Points, most: int = MOST_BINS) -> Mean:
    """The mean at each frequency; frequencies closer than the range over `most` count as one."""
    if not len(points):
        return Mean(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.intp))
    place = _places(points.frequency_hz, most)
    weight, known = _weights(points.error)
    times = np.bincount(place)
    at = np.flatnonzero(times)
    total = np.bincount(place, weight)[at]
    return Mean(
        frequency_hz=np.bincount(place, points.frequency_hz)[at] / times[at],
        signal=np.bincount(place, weight * points.signal)[at] / total,
        error=1.0 / np.sqrt(total) if known else np.full(len(at), np.nan),
        times=times[at],
    )


def _places(frequency_hz: Real, most: int) -> Which:
    low, high = float(frequency_hz.min()), float(frequency_hz.max())
    width = max((high - low) / max(most - 1, 1), 1.0)
    return np.asarray((frequency_hz - (low - 0.5 * width)) * (1.0 / width), dtype=np.intp)


def _weights(error: Real) -> tuple[Real, bool]:
    """1 / error^2, and True; ones and False if an error is missing."""
    known = bool(error.min() > 0.0) and bool(error.max() < np.inf)  # nan is neither
    return (1.0 / (error * error), True) if known else (np.ones(len(error)), False)


@dataclass(frozen=True)
class Waterfall:
    """Sweep beneath sweep."""

    image: Real
    """(frequencies, sweeps): mean signal, nan where nothing was measured."""
    low_hz: float
    """Left edge of the first column."""
    high_hz: float
    """Right edge of the last column."""
    first: float
    """Lower edge of the first row, in sweeps."""
    last: float
    """Upper edge of the last row."""


def waterfall(points: Points) -> Waterfall | None:
    """An image of the points that belong to sweeps; None if there is none."""
    swept = points.in_sweeps
    if not len(swept):
        return None
    centres = mean_spectrum(swept, MOST_COLUMNS).frequency_hz
    step = _usual_step(centres)
    low = float(centres[0]) - 0.5 * step
    column = np.asarray((swept.frequency_hz - low) * (1.0 / step), dtype=np.intp)
    first, last = float(swept.sweep.min()), float(swept.sweep.max())
    together = int(np.ceil((last - first + 1.0) / MOST_ROWS))
    row = ((swept.sweep - first) // together).astype(np.intp)
    columns, rows = int(column.max()) + 1, int(row.max()) + 1
    cell = column * rows + row
    times, total = (np.bincount(cell, w, columns * rows) for w in (None, swept.signal))
    with np.errstate(invalid="ignore"):
        image = (total / times).reshape(columns, rows)
    return Waterfall(image, low, low + columns * step, first - 0.5, first - 0.5 + rows * together)


def _usual_step(centres_hz: Real) -> float:
    if len(centres_hz) < 2:
        return 1.0
    return max(float(np.median(np.diff(centres_hz))), float(np.ptp(centres_hz)) / (MOST_COLUMNS - 1))


def fitted(frequency_hz: Real, line: Mapping[str, Any]) -> Real | None:
    """The signal that a fitted line makes at these frequencies; None if something of the fit is missing."""
    keys = ("centre_hz", "linewidth_hz", "contrast", "level")
    centre, width, contrast, level = (_number(line.get(key)) for key in keys)
    if centre is None or not width or contrast is None or level is None:
        return None
    offsets = np.asarray(line.get("offsets_hz") or [0.0], dtype=float)
    weights = shares(len(offsets), _number(line.get("nuclear_polarisation")) or 0.0)
    return np.asarray(level * (1.0 - contrast * dips(frequency_hz, centre, width, offsets, weights)))


def lines_between(lines: Sequence[Mapping[str, Any]], low_hz: float, high_hz: float) -> list[Mapping[str, Any]]:
    """The fitted lines whose centre lies in a range, or less than FAR_HZ beside it."""
    centres = [_number(line.get("centre_hz")) for line in lines]
    return [
        line
        for line, centre in zip(lines, centres, strict=True)
        if centre is not None and low_hz - FAR_HZ <= centre <= high_hz + FAR_HZ
    ]


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else None
