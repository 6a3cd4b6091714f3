"""When each line really acts: the card's ticks, carried through delays and rise of what the lines switch.

A line's edge reaches the coils and the counters' gates at once; microwave and light follow it later. All of it repeats
with the pattern, so what is late at its end acts at its beginning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.cables import LINES
from simulated_instruments.sample import Sample
from simulated_instruments.twin.player import segments
from simulated_instruments.twin.surroundings import line

Real = NDArray[np.float64]

_ROLES = ("pump", "depletion", "mw_x", "mw_y", "shift", "gradient")
_GOVERNING = sum(1 << LINES[role] for role in _ROLES)
"""Lines that do something to the pair; the others open the counters' gates."""
_BEAMS = ("pump", "depletion")
_COILS = ("shift", "gradient")
_RISE_STEPS = 2
_TAIL_CUTS = (0.7, 2.0)
"""In time constants of a coil that settles: the mean between them leaves every free phase as it is."""
_LAG_DIGITS = 7
_SAME_NS = 1e-3
"""Edges nearer than this are one."""


@dataclass(frozen=True)
class Setting:
    """What acts on the pair while nothing changes."""

    levels: int
    """Bit k: line k of port 0 acts; that of a beam as soon as any light comes."""
    light: tuple[float, float]
    """Share of its power that the AOM of the pump and of the depletion beam has let rise."""
    lag: tuple[float, float] = (0.0, 0.0)
    """Share of their fields that the shift and the gradient coil have more than their lines ask for."""


@dataclass(frozen=True)
class Interval:
    """A stretch in which nothing changes."""

    setting: Setting
    duration_s: float
    gates: tuple[bool, ...]
    """Which counters see."""


@dataclass(frozen=True)
class Mark:
    """An evolution in the dark that is read out: by the pattern's lines, whatever is late."""

    interval: int
    """Which one begins with the rise of `shift`."""
    dark_ticks: int


@dataclass(frozen=True)
class Timeline:
    """One repeat of a program."""

    intervals: tuple[Interval, ...]
    marks: tuple[Mark, ...]

    @property
    def settings(self) -> list[Setting]:
        """All that occur, each once."""
        return list(dict.fromkeys(one.setting for one in self.intervals))


def held(levels: int) -> Setting:
    """Lines at rest: nothing is late."""
    return Setting(levels & _GOVERNING, (float(line(levels, "pump")), float(line(levels, "depletion"))))


def timeline(
    pattern: NDArray[np.uint32], tick_s: float, windows: Sequence[NDArray[np.bool_]], sample: Sample
) -> Timeline:
    """What a pattern (ticks,) does; windows: for each counter, (ticks,) true where its gate lets photons through."""
    parts = segments(pattern, windows)
    optics, microwave = sample.optics, sample.microwave
    if not (optics.aom_delay_ns or optics.aom_rise_ns or microwave.delay_ns or sample.pulsed_coils.settling_share):
        intervals = tuple(Interval(held(levels), ticks * tick_s, gates) for levels, ticks, gates in parts)
        return Timeline(intervals, tuple(Mark(at, ticks) for at, ticks in _marks(parts)))
    return _late(parts, tick_s, sample)


def _marks(parts: Sequence[tuple[int, int, tuple[bool, ...]]]) -> list[tuple[int, int]]:
    """(part, ticks in the dark before it) of each rise of `shift` after darkness that a read-out follows.

    Lines of what is late may be raised before the darkness ends: it is as long as both coils' lines are low.
    """
    found: list[tuple[int, int]] = []
    dark_ticks, raised_ticks, candidate = 0, 0, None
    for k, (levels, ticks, open_gates) in enumerate(parts):
        if line(levels, "shift") and dark_ticks > raised_ticks:
            candidate = (k, dark_ticks)
        if any(line(levels, coil) for coil in _COILS):
            dark_ticks = raised_ticks = 0
        elif dark_ticks or not levels & _GOVERNING:  # what is lit before is not dark yet, with or without coils
            dark_ticks += ticks
            raised_ticks += ticks if levels & _GOVERNING else 0
        if candidate and any(open_gates):
            found.append(candidate)
            candidate = None
    return found


def _late(parts: Sequence[tuple[int, int, tuple[bool, ...]]], tick_s: float, sample: Sample) -> Timeline:
    """Cut at every edge where it acts, then look what acts in the middle of each piece."""
    tick_ns = tick_s * 1e9
    starts = np.concatenate([[0.0], np.cumsum([ticks for _, ticks, _ in parts])]) * tick_ns
    period = float(starts[-1])
    levels = np.array([levels for levels, _, _ in parts], dtype=np.int64)
    acting = {role: _Acting(starts, levels >> LINES[role] & 1, _delay_ns(sample, role)) for role in _ROLES}
    rise = min(sample.optics.aom_rise_ns, 0.5 * period)
    cuts = [starts[:-1], *(one.edges() for role, one in acting.items() if role not in _BEAMS)]
    for role in _BEAMS:
        cuts += [acting[role].edges() + rise * k / _RISE_STEPS for k in range(_RISE_STEPS + 1 if rise else 1)]
    if sample.pulsed_coils.settling_share:
        cuts.append(_tails(acting, sample.pulsed_coils.settling_us * 1e3, period))
    at = np.sort(np.concatenate(cuts) % period)
    at = at[np.diff(np.append(at, period)) > _SAME_NS]
    at[0] = 0.0
    ends = np.append(at[1:], period)
    middle = 0.5 * (at + ends)
    beams = np.array([acting[role].mean(middle - rise, middle) for role in _BEAMS])
    bits = np.zeros(len(at), dtype=np.int64)
    for role, one in acting.items():
        acts = beams[_BEAMS.index(role)] if role in _BEAMS else one.mean(middle, middle)
        bits |= (acts > 0).astype(np.int64) << LINES[role]
    coils = sample.pulsed_coils
    lags = np.array(
        [acting[role].lag(at, ends, coils.settling_us * 1e3) * coils.settling_share for role in _COILS]
    ).round(_LAG_DIGITS)
    part = np.searchsorted(starts, middle, side="right") - 1
    intervals = tuple(
        Interval(_setting(bits[k], beams[:, k], lags[:, k]), float(ends[k] - at[k]) * 1e-9, parts[p][2])
        for k, p in enumerate(part)
    )
    first = np.searchsorted(part, np.arange(len(parts)))
    return Timeline(intervals, tuple(Mark(int(first[at]), ticks) for at, ticks in _marks(parts)))


def _setting(bits: np.int64, beams: Real, lags: Real) -> Setting:
    return Setting(int(bits), (float(beams[0]), float(beams[1])), (float(lags[0]), float(lags[1])))


def _tails(acting: Mapping[str, "_Acting"], constant_ns: float, period: float) -> Real:
    """Where to cut behind the edges of the coils: in the dark on resonance, and under a drive.

    Frozen and undriven only the phase counts, and light drowns the rest.
    """
    edges = np.concatenate([acting[role].edges() for role in _COILS])
    cuts = (edges[:, None] + constant_ns * np.array(_TAIL_CUTS)).ravel() % period
    high = {role: one.mean(cuts, cuts) > 0 for role, one in acting.items()}
    released = ~(high["shift"] | high["pump"] | high["depletion"])
    return np.asarray(cuts[released | high["mw_x"] | high["mw_y"]])


def _delay_ns(sample: Sample, role: str) -> float:
    if role in _BEAMS:
        return sample.optics.aom_delay_ns
    return sample.microwave.delay_ns if role.startswith("mw") else 0.0


class _Acting:
    """What one line switches, as a function of time that repeats."""

    def __init__(self, starts_ns: Real, levels: NDArray[np.int64], delay_ns: float) -> None:
        self._starts, self._levels, self._delay = starts_ns, levels, delay_ns
        self._integral = np.concatenate([[0.0], np.cumsum(np.diff(starts_ns) * levels)])

    def edges(self) -> Real:
        """Where it changes, delayed, in ns."""
        return np.asarray(self._starts[:-1][np.roll(self._levels, 1) != self._levels] + self._delay)

    def mean(self, begin_ns: Real, end_ns: Real) -> Real:
        """Share of the time between these in which it acts, rounded to 1e-9; where both are one, whether it acts."""
        begin, end = begin_ns - self._delay, end_ns - self._delay
        span = end - begin
        part = np.searchsorted(self._starts, end % self._starts[-1], side="right") - 1
        now = self._levels[np.minimum(part, len(self._levels) - 1)].astype(float)
        share = (self._until(end) - self._until(begin)) / np.where(span > 0, span, 1.0)
        return np.asarray(np.where(span > 0, np.round(share, 9), now))

    def lag(self, begin_ns: Real, end_ns: Real, constant_ns: float) -> Real:
        """Mean between these, no edge between them, of what is left of every step: it dies away exponentially."""
        period = self._starts[-1]
        before = np.roll(self._levels, 1)
        steps = (self._levels - before).astype(float)
        since = np.round(begin_ns[:, None] - self._starts[None, :-1] - self._delay, 6) % period
        left = -np.exp(-since / constant_ns) @ steps / -np.expm1(-period / constant_ns)
        span = (end_ns - begin_ns) / constant_ns
        return np.asarray(left * -np.expm1(-span) / span)

    def _until(self, time_ns: Real) -> Real:
        """Integral from 0 to any time."""
        period = self._starts[-1]
        turns, rest = np.divmod(time_ns, period)
        return np.asarray(turns * self._integral[-1] + np.interp(rest, self._starts, self._integral))
