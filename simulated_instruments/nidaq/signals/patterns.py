"""A digital pattern being generated, and what the counters' gates let through of it."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.cables import GATE_LINES, PHOTONS
from simulated_instruments.nidaq.device.refusals import not_simulated
from simulated_instruments.nidaq.signals.trains import Train
from simulated_instruments.setpoints import World

Words = NDArray[np.uint32]
Window = NDArray[np.bool_]

MOST_WINDOWS = 30
"""Windows that one play tells apart."""
MOST_LATCHES = 20_000
"""Samples that clocked counters may take in one play."""


_ROUNDING_TICKS = 0.1
_ROUNDING_S = 1e-8


@dataclass
class Play:
    """A generation. Its photons are drawn when it begins, and trickle in evenly until it ends."""

    words: Words
    """(ticks,): the whole port, lines at rest included."""
    tick_s: float
    samples: int | None
    """None: until it is stopped."""
    started_s: float
    stopped_s: float | None = None
    counted: int = 0
    """Repeats of a continuous play whose photons have been drawn."""

    @property
    def ends_s(self) -> float:
        """When the last word is out."""
        return np.inf if self.samples is None else self.started_s + self.samples * self.tick_s

    def ticks_out(self, now_s: float) -> int:
        """Words that are out by now. A clock that was slept up to a tick may miss it by its rounding."""
        until = min(now_s, np.inf if self.stopped_s is None else self.stopped_s)
        out = max(until - self.started_s, 0.0) / self.tick_s + _ROUNDING_TICKS
        return int(out) if self.samples is None else int(min(out, self.samples))

    def share(self, now_s: float) -> float:
        """Part of its photons that has been seen, 0 to 1."""
        return 1.0 if self.samples is None else self.ticks_out(now_s) / self.samples

    def word(self, now_s: float) -> int:
        """The lines now, or the last word once it is over."""
        return int(self.levels(np.array([now_s]))[0])

    def levels(self, times_s: NDArray[np.float64]) -> Words:
        """(samples,): the lines at these times, none of them before it began."""
        ticks = np.floor((times_s - self.started_s) / self.tick_s + _ROUNDING_TICKS).astype(np.int64)
        last = np.iinfo(np.int64).max if self.samples is None else self.samples - 1
        return np.asarray(self.words[np.clip(ticks, 0, last) % len(self.words)])

    def edge_s(self, line: int, falling: bool, before: int) -> float:
        """When this line first rises or falls; infinite if it never does."""
        high = (np.append(before, self.words) >> line & 1).astype(np.int8)
        found = np.flatnonzero(np.diff(high) == (-1 if falling else 1))
        if not len(found) and high[1] != high[-1] and (high[1] == 0) == falling:
            found = np.array([len(self.words)])  # from the last word of a repeat to the first of the next
        at = int(found[0]) if len(found) else -1
        if at < 0 or (self.samples is not None and at >= self.samples):
            return np.inf
        return self.started_s + at * self.tick_s


@dataclass
class Tally:
    """A running counter."""

    initial: int
    source: str
    """Terminal whose edges it counts."""
    gate: str | None
    """Terminal of its pause trigger."""
    open_when_high: bool
    latch: str | None
    """Terminal that clocks its samples."""
    falling: bool
    wanted: int | None
    """Samples after which a clocked counter is done."""
    seen: int = 0
    """Of plays that are over."""
    shares: list[tuple[Play, int]] = field(default_factory=list)
    """Of the others."""
    latched: list[int] = field(default_factory=list)
    ready_s: float = 0.0
    """When the samples latched last can be read."""
    taken: int = 0
    carried: int = 0
    looked_s: float = 0.0
    """Until when the edges of signals that repeat have been counted."""
    known: int = 0
    """Its count then."""

    @property
    def line_latch(self) -> str | None:
        """The terminal that clocks its samples, if a line of port 0 is cabled to it."""
        return self.latch if self.latch in GATE_LINES else None

    def value(self, now_s: float) -> int:
        """Count now; 32 bits, as in the hardware."""
        return (self.initial + self.seen + sum(int(counts * play.share(now_s)) for play, counts in self.shares)) % 2**32

    def add(self, play: Play, counts: int) -> None:
        """Photons of a play that begins; what was before is over, and a counter may run for a night."""
        over = [share for share in self.shares if share[0] is not play]
        self.seen += sum(int(photons * before.share(play.started_s)) for before, photons in over)
        self.shares = [share for share in self.shares if share[0] is play] + [(play, counts)]

    def window(self, words: Words) -> Window:
        """(ticks,): where an edge would be counted."""
        if self.source != PHOTONS:
            return np.zeros(len(words), dtype=bool)
        if self.gate is None:
            return np.ones(len(words), dtype=bool)
        high = level(self.gate, words)
        return high if self.open_when_high else ~high

    def glow(self, photons: int, levels: int) -> None:
        """Photons at rest, with the lines at these levels."""
        if self.line_latch is None and self.window(np.array([levels], dtype=np.uint32))[0]:
            self.seen += photons

    def latches(self, words: Words, before: int) -> list[int]:
        """Ticks at whose beginning a sample is latched."""
        if self.line_latch is None:
            return []
        high = level(self.line_latch, np.concatenate([np.array([before], dtype=np.uint32), words])).astype(np.int8)
        return [int(k) for k in np.flatnonzero(np.diff(high) == (-1 if self.falling else 1))]

    @property
    def full(self) -> bool:
        """Whether a clocked counter has all its samples."""
        return self.wanted is not None and len(self.latched) >= self.wanted

    def there(self, now_s: float) -> int:
        """Latched samples that can be read now."""
        return len(self.latched) - self.taken if now_s >= self.ready_s - _ROUNDING_S else 0

    def follow(self, now_s: float, source: Train | None, clock: Train | None, drawing: np.random.Generator) -> None:
        """Count what came of a signal that repeats, and latch what a clock that repeats asks for, until now.

        Photons of the time since the last look came evenly: they are dealt out among the samples at random.
        """
        if source is not None:
            self.seen += source.edges(now_s) - source.edges(self.looked_s)
        if clock is not None and self.line_latch is None:
            self._latch(now_s, source, clock, drawing)
        self.looked_s = now_s

    def _latch(self, now_s: float, source: Train | None, clock: Train, drawing: np.random.Generator) -> None:
        before, come = clock.edges(self.looked_s), clock.edges(now_s)
        value = self.initial + self.seen + sum(int(counts * play.share(now_s)) for play, counts in self.shares)
        if come > before and now_s > self.looked_s:
            times = clock.times(before, come - before)
            if source is not None:
                at = value - source.edges(now_s) + np.array([source.edges(t) for t in times])
            else:
                spans = np.diff(np.concatenate([[self.looked_s], times, [now_s]])).clip(0.0)
                parts = drawing.multinomial(max(value - self.known, 0), spans / spans.sum())
                at = self.known + np.cumsum(parts)[:-1]
            room = len(times) if self.wanted is None else self.wanted - len(self.latched)
            self.latched += [int(count) % 2**32 for count in at[:room]]
        self.known = value

    def take(self, counts: list[int], play: Play) -> None:
        """Photons between latches; those after the last one wait for the next."""
        *closed, rest = counts
        for photons in closed:
            self.carried += photons
            if not self.full:
                self.latched.append((self.initial + self.carried) % 2**32)
        self.carried += rest
        self.ready_s = play.ends_s


def level(terminal: str, words: Words) -> Window:
    """(ticks,): level of a terminal; one without a cable stays low."""
    if terminal not in GATE_LINES:
        return np.zeros(len(words), dtype=bool)
    return (words >> np.uint32(GATE_LINES[terminal]) & np.uint32(1)).astype(bool)


def count(world: World, play: Play, repeats: int, rest: int, tallies: list[Tally], before: int) -> None:
    """Play so many whole repeats and `rest` ticks more, and share the photons out among the running counters."""
    clocked = [tally for tally in tallies if tally.line_latch and not tally.full]
    _check_latches(clocked, play, repeats)
    while repeats and any(not tally.full for tally in clocked):
        _once(world, play, play.words, 1, tallies, before)
        before, repeats = int(play.words[-1]), repeats - 1
    if repeats:
        _once(world, play, play.words, repeats, tallies, before)
    if rest:
        _once(world, play, play.words[:rest], 1, tallies, int(play.words[-1]) if repeats else before)


def _check_latches(clocked: list[Tally], play: Play, repeats: int) -> None:
    for tally in clocked:
        edges = len(tally.latches(play.words, int(play.words[-1])))
        samples = edges * repeats if tally.wanted is None else min(tally.wanted, edges * repeats)
        if edges > MOST_WINDOWS or samples > MOST_LATCHES:
            raise not_simulated(
                f"{samples} clocked counter samples in one play, {edges} in a repeat",
                f"At most {MOST_LATCHES} and {MOST_WINDOWS} are: play fewer repeats, or read on demand",
            )


def _once(world: World, play: Play, words: Words, repeats: int, tallies: list[Tally], before: int) -> None:
    parts = [_windows(tally, words, before) for tally in tallies]
    counts = iter(world.play(words, play.tick_s, repeats, [window for part in parts for window in part]))
    for tally, part in zip(tallies, parts, strict=True):
        got = [next(counts) for _ in part]
        if tally.line_latch:
            tally.take(got, play)
        else:
            tally.add(play, got[0])


def _windows(tally: Tally, words: Words, before: int) -> list[Window]:
    """The counter's window, cut where a sample is latched."""
    is_open = tally.window(words)
    if not tally.line_latch or tally.full:
        return [is_open]
    ticks = np.arange(len(words))
    bounds = [0, *tally.latches(words, before), len(words)]
    return [is_open & (ticks >= a) & (ticks < b) for a, b in pairwise(bounds)]
