"""Which role's line really does what, from how the bench answers to one line at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

_STANDS_OUT_SIGMA: Final = 8.0
_SHARE: Final = 0.3
"""Part of the full effect that counts as an answer: leaking light and noise stay far below."""


@dataclass(frozen=True)
class Misled:
    """A line that is not what station.yaml says."""

    role: str
    """What should have answered to its own line."""
    answers_to: str
    """The role whose line it answers to instead."""


def rising(counts: Mapping[str, float], dark: float) -> frozenset[str]:
    """Roles whose line raises the counts above those of no line at all; empty if none stands out."""
    highest = max(counts.values()) - dark
    if highest < _STANDS_OUT_SIGMA * (max(counts.values()) + dark + 1.0) ** 0.5:
        return frozenset()
    return frozenset(role for role, seen in counts.items() if seen - dark > _SHARE * highest)


def falling(counts: Mapping[str, float], bright: float) -> frozenset[str]:
    """Roles whose line lowers the counts below those of no line at all; empty if none stands out."""
    deepest = bright - min(counts.values())
    if deepest < _STANDS_OUT_SIGMA * (2.0 * bright + 1.0) ** 0.5:
        return frozenset()
    return frozenset(role for role, seen in counts.items() if bright - seen > _SHARE * deepest)


def misled(expected: Iterable[str], answering: Iterable[str]) -> tuple[Misled, ...]:
    """Roles that should have answered but did not, each with one that answered instead; empty if all is right.

    Several at a time are paired in the order of their names: any pairing would do for lines of one kind.
    """
    wanted, seen = frozenset(expected), frozenset(answering)
    return tuple(Misled(*pair) for pair in zip(sorted(wanted - seen), sorted(seen - wanted), strict=False))
