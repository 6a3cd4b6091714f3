"""An interrupted run, played again from its blocks: the experiment starts anew, and every play is answered from disk.

An experiment decides by counts, calibrations and the clock alone. Given the same ones it asks for the same plays, so
what is on disk answers them, until there is no more, or until it asks for something else: from then on the bench does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from instruments.common.clock import Clock
from labctl.common.refusals import Refusal
from labctl.data.acquisitions import Block, blocks_of
from labctl.data.calibration import Pairs
from labctl.data.reader import Run, one_run
from sequences.routines.bench.verify import LOOK_AFTER_S

RESUMING: Final = "resuming"
"""What is noted with the plays that brought the bench back, and that are none of the experiment's."""

WALKED: Final = "walked_a"
MAGNET: Final = "magnet_a"
"""Noted with the first play behind a break: by how much the magnet was taken along, and its currents then."""


@dataclass(frozen=True)
class Break:
    """Between two plays of a run."""

    before: int
    """The first play behind it."""
    walked_a: Sequence[float]
    """By how much the currents of the resonance changed meanwhile."""
    stands_a: tuple[float, float, float]
    """The magnet, behind it."""


class Replay:
    """The blocks of an interrupted run, in their order, and what was known when it began."""

    def __init__(
        self, blocks: Sequence[Block], entries: Mapping[str, Mapping[str, Any]], covariances: Pairs | None = None
    ) -> None:
        """entries, covariances: the calibration with which the run began, as its record holds it."""
        self.blocks = tuple(blocks)
        self.entries, self.covariances = entries, covariances
        self.taken = 0
        """Blocks that have answered a play."""
        told = [(block.settings["times_s"], block.began_s) for block in self.blocks]
        self.began_s = max((times_s[-1] - began_s for times_s, began_s in told if times_s), default=0.0)
        """Laboratory time at which the run began: a play began just after its experiment had asked for the time."""
        self.breaks = tuple(
            Break(k, block.settings[WALKED], tuple(block.settings[MAGNET]))
            for k, block in enumerate(self.blocks)
            if WALKED in block.settings
        )
        """At which the magnet was taken along with the resonance, when the run was continued before."""
        self.over = False
        """Whether a play was asked for that no block answers: the bench has played it."""

    def answer(self, digest: str, repeats: int, settings: Mapping[str, Any]) -> Block | None:
        """The block that was this play; None from the first one on that is not there."""
        if self.over or self.exhausted:
            self.over = True
            return None
        block = self.blocks[self.taken]
        if (block.digest, block.repeats) != (digest, repeats) or block.settings["bench"] != settings:
            self.over = True
            return None
        self.taken += 1
        return block

    @property
    def exhausted(self) -> bool:
        """Whether every block has answered."""
        return self.taken == len(self.blocks)

    @property
    def goes_on(self) -> bool:
        """Whether the next play that is asked for may be answered."""
        return not (self.over or self.exhausted)

    @property
    def reached_s(self) -> float:
        """Laboratory time at which the last block was counted that has answered."""
        return self.began_s + (self.blocks[self.taken - 1].ended_s if self.taken else 0.0)

    @property
    def ended_s(self) -> float:
        """Laboratory time at which the last block was counted."""
        return self.began_s + (self.blocks[-1].ended_s if self.blocks else 0.0)


class RunClock:
    """Laboratory time of a run that goes on; of one that is played again, as it was, and on from there."""

    def __init__(self, clock: Clock, replay: Replay | None = None, gap_s: float = 0.0) -> None:
        """gap_s: how long ago the last block of the replay was counted, when this clock is made."""
        self._clock, self._replay = clock, replay
        self._known = [time_s for block in replay.blocks for time_s in block.settings["times_s"]] if replay else []
        self._next = 0
        self._later_s = replay.ended_s + gap_s - clock.now() if replay else 0.0
        self.is_apart = False
        """What happens is none of what happened before, although that shall be played again afterwards."""

    def now(self) -> float:
        """Laboratory seconds, for the record."""
        if self._replay is not None and self._replay.goes_on and not self.is_apart:
            return self._replay.reached_s
        return self._clock.now() + self._later_s

    def asked(self) -> float:
        """Laboratory seconds, for the experiment: those that it was told when it asked before."""
        if not self._was_asked:
            return self._clock.now() + self._later_s
        told_s = float(self._known[min(self._next, len(self._known) - 1)])
        self._next += 1
        return told_s

    @property
    def _was_asked(self) -> bool:
        """It has asked this before, or plays that were counted follow, for which time stands."""
        if self._replay is None or self._replay.over or not self._known:
            return False
        return self._next < len(self._known) or not self._replay.exhausted

    def sleep(self, seconds: float) -> None:
        """Wait; not for what has been waited for before."""
        if self._replay is None or self.is_apart or not self._replay.goes_on:
            self._clock.sleep(seconds)


class NotedClock:
    """A run's clock for its experiment: what it answers is noted, for it decides about the plays."""

    def __init__(self, clock: RunClock) -> None:
        self._clock = clock
        self._answers: list[float] = []

    def now(self) -> float:
        """Laboratory seconds."""
        self._answers.append(self._clock.asked())
        return self._answers[-1]

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._clock.sleep(seconds)

    def taken(self) -> list[float]:
        """What it has answered since this was asked last."""
        answers, self._answers = self._answers, []
        return answers


def kept_blocks(folder: Path, run: Run) -> tuple[Block, ...]:
    """What answers when this run is continued: what it counted, and what it continued itself, as far as it is trusted.

    A run that was interrupted before it had played all of an earlier one again is continued from that one's blocks.
    """
    own = tuple(
        block
        for block in blocks_of(folder, run.run_id)
        if block.run_id == run.run_id and RESUMING not in block.settings
    )
    before = _continued_by(folder, run)
    again = next((k for k, pair in enumerate(zip(own, before, strict=False)) if not _same(*pair)), None)
    again = min(len(own), len(before)) if again is None else again
    if again == len(own):
        return before
    new = own[again:]
    return own[:again] + (looked_at(new) if run.status in ("failed", "suspended") else new)


def _continued_by(folder: Path, run: Run) -> tuple[Block, ...]:
    if (number := run.record.get("resumes")) is None:
        return ()
    try:
        return kept_blocks(folder, one_run(folder, number))
    except Refusal:  # it was deleted
        return ()


def _same(block: Block, other: Block) -> bool:
    """Whether one is the other, played again."""
    alike = ("digest", "repeats", "signal", "reference")
    return all(getattr(block, name) == getattr(other, name) for name in alike)


def looked_at(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Those behind which all instruments were seen to be as they were set; of runs that noted no looks, by the time."""
    if not blocks or any("looks" not in block.settings for block in blocks):
        return _trusted(blocks)
    return tuple(block for block in blocks if block.settings["looks"] < blocks[-1].settings["looks"])


def _trusted(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Without the last ones: what made the run fail may have begun behind the last look at the bench."""
    left, played_s = list(blocks), 0.0
    while left and played_s <= LOOK_AFTER_S:
        last = left.pop()
        played_s += last.ended_s - last.began_s
    return tuple(left)
