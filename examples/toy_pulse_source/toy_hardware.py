"""A made-up pulse box with a counter in it, for examples and tests: it takes intervals, and keeps every edge to 1 ns.

Channels 0, 2, 6 and 7 are cabled to light, microwave and the counter's two gates. The sample is one spin without noise:
light pumps it, the microwave turns it, and turned it is darker.
"""

from dataclasses import dataclass, field
from math import pi, sin
from typing import Final

LIGHT, MICROWAVE, SIGNAL, REFERENCE = (1 << channel for channel in (0, 2, 6, 7))
RABI_MHZ: Final = 5.0
CONTRAST: Final = 0.3
BRIGHT_CPS: Final = 100e3


class Jam(Exception):
    """The box stopped in the middle of a play."""


@dataclass(frozen=True)
class Edge:
    """One change of one channel."""

    at_ns: int
    """Since the repeat began."""
    channel: int
    up: bool


@dataclass
class ToyBox:
    """The box: a pattern, static levels, and a counter."""

    pattern: tuple[tuple[int, int], ...] = ()
    """(ns, levels)"""
    levels: int = 0
    plays: list[int] = field(default_factory=list)
    """Repeats of every play that was begun."""
    jams: int = 0
    """So many of the next plays stop in the middle."""
    restarts: int = 0
    photons: dict[str, float] = field(default_factory=dict)

    def play(self, repeats: int) -> None:
        """Play and count; the last levels stay."""
        self.plays.append(repeats)
        if self.jams:
            self.jams -= 1
            raise Jam("out of step")
        signal, reference = self._counted()
        self.photons = {"signal": signal * repeats, "reference": reference * repeats}
        self.levels = self.pattern[-1][1]

    def restart(self) -> None:
        """Forget everything."""
        self.pattern, self.levels, self.photons = (), 0, {}
        self.restarts += 1

    @property
    def lasts_ns(self) -> int:
        """One repeat."""
        return sum(ns for ns, _ in self.pattern)

    def edges(self) -> list[Edge]:
        """Of one repeat that begins with all lines low, in their order."""
        found, at_ns, before = [], 0, 0
        for ns, levels in (*self.pattern, (0, 0)):
            changed = levels ^ before
            for channel in range(changed.bit_length()):
                if changed >> channel & 1:
                    found.append(Edge(at_ns, channel, bool(levels >> channel & 1)))
            at_ns, before = at_ns + ns, levels
        return found

    def _counted(self) -> tuple[float, float]:
        """Photons of one repeat in both gates."""
        seen, turned_ns = {SIGNAL: 0.0, REFERENCE: 0.0}, 0
        for ns, levels in self.pattern:
            turned_ns += ns if levels & MICROWAVE else 0
            if not levels & LIGHT:
                continue
            for gate in seen:
                if levels & gate:
                    dark = CONTRAST * sin(pi * RABI_MHZ * 1e-3 * turned_ns) ** 2
                    seen[gate] += BRIGHT_CPS * 1e-9 * ns * (1.0 - dark)
            if not levels & (SIGNAL | REFERENCE):
                turned_ns = 0
        return seen[SIGNAL], seen[REFERENCE]


BOXES: Final[dict[str, ToyBox]] = {"toy-1": ToyBox()}
"""Address -> box: what a vendor's library would find on the network."""
