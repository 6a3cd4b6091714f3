"""What a pulse source takes, patterns as run-length intervals; and what it can play: tick, channels, longest play."""

import math
from dataclasses import dataclass
from typing import Final

Pattern = tuple[tuple[int, int], ...]
"""One repeat, in its order: (ticks, levels). Bit k of levels: the source's channel k is high for so many ticks."""


_SAME: Final = 1e-9
"""Relative: what differs by less is the same tick."""


@dataclass(frozen=True)
class Playable:
    """What a pulse source can play."""

    tick_ns: int
    """Every interval of a pattern is a whole number of these."""
    channels: tuple[str, ...]
    """Names of the lines that it drives, as they stand on the instrument; channel k is bit k of a pattern."""
    longest_s: float = math.inf
    """Of one uninterrupted play; what lasts longer is played in pieces."""
    most_repeats: int | None = None
    """Of one play; None: as many as one likes."""
    divisible: bool = True
    """Whether a long play may be cut into pieces; a source that cannot resume where it ended says False."""

    def __post_init__(self) -> None:
        """Raises ValueError for a tick that is no whole number of ns."""
        whole_ns(self.tick_ns)

    @property
    def levels(self) -> int:
        """All channels high."""
        return (1 << len(self.channels)) - 1

    def at_once(self, repeat_ns: int) -> float:
        """How many repeats of so long a pattern one play may have, at least one; math.inf if nothing limits it."""
        fit = self.longest_s / (repeat_ns * 1e-9)
        whole = fit if math.isinf(fit) else int(fit)
        return max(1, whole if self.most_repeats is None else min(whole, self.most_repeats))


def whole_ns(tick_ns: float) -> int:
    """A tick, of which programs want a whole number of ns. Raises ValueError if it is none."""
    whole = round(tick_ns)
    if whole < 1 or abs(tick_ns - whole) > _SAME * tick_ns:
        raise ValueError(
            f"a tick of {tick_ns:g} ns is no whole number of ns, and pulses are written in whole ns: let the driver "
            "state a multiple of it that is (5 ns for a clock of 2.5 ns) and play several of its own ticks"
        )
    return whole
