"""Programs in rounds that are alike: an estimate sharpens with each of them, and a slow drift is noise, not bias."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

_EVERY_ROUND: Final = 0.03
"""Share of the time from which on a program is played in every round: a play takes time beside its counting."""
_GOLDEN: Final = 0.6180339887498949


@dataclass(frozen=True)
class Turn:
    """One play of a round."""

    choice: int
    """Which of the programs."""
    repeats: int


def in_rounds(programs: Sequence[tuple[float, int]], rounds: int) -> list[list[Turn]]:
    """Share the time of programs, each (seconds, repeats), among so many rounds.

    What is given much time is played in every round; what is given little, in fewer of them, spread evenly.
    """
    total_s = sum(seconds for seconds, _ in programs)
    out: list[list[Turn]] = [[] for _ in range(rounds)]
    for k, (seconds, repeats) in enumerate(programs):
        plays = max(1, min(rounds, repeats, int(np.ceil(rounds * seconds / total_s / _EVERY_ROUND))))
        first = (k * _GOLDEN) % 1.0
        for n in range(plays):
            now = repeats * (n + 1) // plays - repeats * n // plays
            out[int((n + first) * rounds / plays)].append(Turn(k, now))
    return [turns for turns in out if turns]
