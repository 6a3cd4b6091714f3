"""Axes of plots whose numbers can always be read: at least two of them, as many as fit, none upon another."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import pyqtgraph as pg
from pyqtgraph.Qt import QtCore, QtGui

_GAP_PX: Final = 8.0
"""Between two numbers beside each other."""
_PX_PER_NUMBER: Final = 60.0
_FEW: Final = 5
"""So many numbers may stand on the shortest axis, if they fit."""
_TICK_PX: Final = 10.0
_MARGINS_PX: Final = 8.0
"""Of a label, that Qt leaves on both sides of it together."""
_STEPS: Final = (1.0, 2.0, 5.0)
_IN_DECADE: Final = ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 5), (1, 3))
_DECADES: Final = (1, 2, 3, 5, 10, 20, 50)
_PLAIN: Final = (1e-3, 1e5)
"""Numbers between these are written out."""
_POWERS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_MOST_PLACES: Final = 6


class NumberedAxis(pg.AxisItem):
    """Chooses its own numbers, also where it is logarithmic and shows less than a decade."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> Any:
        """One level of numbers, with their distance; where it is logarithmic, of their logarithms."""
        low, high = sorted((float(minVal), float(maxVal)))
        if not (math.isfinite(low) and math.isfinite(high)) or high <= low or size <= 0:
            return []
        most, px_per_unit = max(_FEW, size / _PX_PER_NUMBER), size / (high - low)
        ends: tuple[float, list[float]] = (0.0, [])
        for spacing, offered in _logarithmic(low, high) if self.logMode else _linear(low, high):
            if len(offered) > 3 * most:
                continue
            inside = [
                (value, px)
                for value, px in zip(offered, self._sizes(offered, spacing), strict=True)
                if 0.5 * px <= (value - low) * px_per_unit <= size - 0.5 * px  # others would be cut off
            ]
            if 1 < len(inside) <= most and _are_apart(inside, px_per_unit):
                return [(spacing, [value for value, _ in inside])]
            if inside and (len(inside) == 1 or _are_apart(two := [inside[0], inside[-1]], px_per_unit)):
                found = [value for value, _ in (inside if len(inside) == 1 else two)]
                ends = (spacing, found) if len(found) >= len(ends[1]) else ends
        return [ends]

    def labelString(self) -> str:
        """The label, as much of it as there is room for along the axis; all of it in a tool tip."""
        along = self.size().width() if self.orientation in ("bottom", "top") else self.size().height()
        self._label_px = along
        shown = fitted(self.labelText, along - _MARGINS_PX) if along > 0 else self.labelText
        self.setToolTip(self.labelText if shown != self.labelText else "")
        return str(super().labelString()).replace(self.labelText, shown) if self.labelText else ""

    def resizeEvent(self, ev: Any = None) -> None:
        """In another length another part of the label has room."""
        along = self.size().width() if self.orientation in ("bottom", "top") else self.size().height()
        if self.label is not None and self.labelText and abs(along - getattr(self, "_label_px", along)) > 1.0:
            self._updateLabel()
        super().resizeEvent(ev)

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> Any:
        """As many places as tell them apart."""
        if self.logMode:
            numbers = [10.0**value for value in values]
            return _written(numbers, spacing) if spacing else [_short(number) for number in numbers]
        return _written([value * scale for value in values], spacing * scale)

    def _sizes(self, values: Sequence[float], spacing: float) -> list[float]:
        """Room for each number along the axis, in pixels. values: of this scale."""
        metrics = QtGui.QFontMetricsF(self.style["tickFont"] or QtGui.QGuiApplication.font())
        if self.orientation not in ("bottom", "top"):
            return [metrics.height()] * len(values)
        return [
            metrics.horizontalAdvance(text) + _GAP_PX for text in NumberedAxis.tickStrings(self, values, 1.0, spacing)
        ]


def _are_apart(numbers: Sequence[tuple[float, float]], px_per_unit: float) -> bool:
    """Whether none lies upon its neighbour. numbers: values, ascending, and the room that each needs."""
    return all(
        (there - here) * px_per_unit >= 0.5 * (one_px + other_px)
        for (here, one_px), (there, other_px) in pairwise(numbers)
    )


def left_px() -> float:
    """Width of left axes that shall stand beneath each other: the longest number and the rotated label fit."""
    metrics = QtGui.QFontMetricsF(QtGui.QGuiApplication.font())
    return float(metrics.horizontalAdvance("-0.0000") + 1.6 * metrics.height() + _TICK_PX)


def narrowest_px() -> int:
    """Width of the narrowest plot beneath which two numbers stand beside each other."""
    metrics = QtGui.QFontMetricsF(QtGui.QGuiApplication.font())
    return int(left_px() + 2.6 * (metrics.horizontalAdvance("0000.0") + _GAP_PX))


def least_px() -> int:
    """Height of the lowest plot whose left axis still has numbers."""
    return int(6.5 * QtGui.QFontMetricsF(QtGui.QGuiApplication.font()).height())


def fitted(words: str, px: float) -> str:
    """As much of a label as there is room for; its unit, in brackets at the end, always stands there."""
    metrics = QtGui.QFontMetricsF(QtGui.QGuiApplication.font())
    if not words or metrics.horizontalAdvance(words) <= px:
        return words
    name, bracket, unit = words.rpartition(" (") if words.endswith(")") else (words, "", "")
    room = max(0.0, px - metrics.horizontalAdvance(bracket + unit))
    return f"{metrics.elidedText(name, QtCore.Qt.TextElideMode.ElideRight, room)}{bracket}{unit}"


def _linear(low: float, high: float) -> Iterator[tuple[float, list[float]]]:
    """Distance and values, from many numbers to two or fewer."""
    power = math.floor(math.log10(high - low)) - 2
    for exponent in range(power, power + 5):
        for step in _STEPS:
            spacing = step * 10.0**exponent
            first, last = math.ceil(low / spacing - 1e-9), math.floor(high / spacing + 1e-9)
            if last - first < 200:
                yield spacing, [k * spacing for k in range(first, last + 1)]


def _logarithmic(low: float, high: float) -> Iterator[tuple[float, list[float]]]:
    """The same of logarithms; within a decade or so the numbers themselves are evenly spaced."""
    if high - low < 1.0:
        for spacing, values in _linear(10.0**low, 10.0**high):
            yield spacing, [math.log10(value) for value in values if value > 0.0]
        return
    decades = range(math.floor(low), math.ceil(high) + 1)
    for within in _IN_DECADE:
        values = [decade + math.log10(k) for decade in decades for k in within]
        yield 0.0, [value for value in values if low <= value <= high]
    for stride in _DECADES:
        yield 0.0, [float(decade) for decade in decades if decade % stride == 0 and low <= decade <= high]


def _written(values: Sequence[float], spacing: float) -> list[str]:
    """To the place where neighbours differ, all in one notation."""
    if spacing <= 0.0 or not len(values):
        return [f"{value:g}" for value in values]
    values = [0.0 if abs(value) < 1e-6 * spacing else value for value in values]
    largest, places = max(map(abs, values)), max(0, math.ceil(-math.log10(spacing) - 1e-9))
    if largest < 10.0 * _PLAIN[1] and places <= _MOST_PLACES:
        return [f"{value:.{places}f}" for value in values]
    digits = max(0, math.floor(math.log10(largest or 1.0)) - math.floor(math.log10(spacing)))
    return [f"{value:.{digits}e}" if value else "0" for value in values]


def _short(value: float) -> str:
    """'0.05', '300', '10⁴', '2·10⁵'."""
    exponent = math.floor(math.log10(value) + 1e-9)
    digit = round(value / 10.0**exponent)
    if _PLAIN[0] <= value < _PLAIN[1] / 10.0:
        return f"{digit * 10.0**exponent:.{max(0, -exponent)}f}"
    power = f"10{str(exponent).translate(_POWERS)}"
    return power if digit == 1 else f"{digit}·{power}"
