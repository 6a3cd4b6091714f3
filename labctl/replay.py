"""An interrupted run, played again from its blocks: the experiment starts anew, and every play is answered from disk.

An experiment decides by counts, calibrations and the clock alone. Given the same ones it asks for the same plays, so
what is on disk answers them, until there is no more, or until it asks for something else: from then on the bench does.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from instruments.clock import Clock
from labctl.data.blocks import Block
from labctl.data.calibration import CalibrationStore
from labctl.settings import noted, restore
from sequences.lab import Calibrated, Lab
from sequences.results import Stream
from sequences.routines.still_set import LOOK_AFTER_S

STALE_S: Final = 600.0
"""The field walks away from the resonance in such a time."""
_FIELD: Final = ("field.x_a", "field.y_a", "field.main_a")


class Replay:
    """The blocks of an interrupted run, in their order, and what was known when it began."""

    def __init__(self, blocks: Sequence[Block], entries: Mapping[str, Mapping[str, Any]]) -> None:
        """entries: the calibration with which the run began, as its record holds it."""
        self.blocks = tuple(blocks)
        self.entries = entries
        self.taken = 0
        """Blocks that have answered a play."""
        self.over = False

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


class RunClock:
    """Laboratory time of a run that goes on; of one that is played again, as it was, and on from there."""

    def __init__(self, clock: Clock, replay: Replay | None = None, gap_s: float = 0.0) -> None:
        """gap_s: how long ago the last block of the replay was counted."""
        self._clock, self._replay, self._gap_s = clock, replay, gap_s
        self._known = [time_s for block in replay.blocks for time_s in block.settings["times_s"]] if replay else []
        self._next = 0
        self._later_s = None if replay else 0.0

    def now(self) -> float:
        """Laboratory seconds."""
        if self._is_past:
            return float(self._known[min(self._next, len(self._known) - 1)])
        now_s = self._clock.now()
        if self._later_s is None:
            last_s = self._known[self._next - 1] if self._next else now_s
            self._later_s = last_s + self._gap_s - now_s
        return now_s + self._later_s

    @property
    def _is_past(self) -> bool:
        """What happens now has happened before: the experiment will ask again, or plays that were counted follow."""
        if self._replay is None or self._replay.over or not self._known:
            return False
        return self._next < len(self._known) or not self._replay.exhausted

    def turn(self) -> None:
        """The experiment has asked: the next time it asks comes later."""
        self._next += 1

    def sleep(self, seconds: float) -> None:
        """Wait; not for what has been waited for before."""
        if self._replay is None or self._replay.over:
            self._clock.sleep(seconds)


class NotedClock:
    """A run's clock for its experiment: what it answers is noted, for it decides about the plays."""

    def __init__(self, clock: RunClock) -> None:
        self._clock = clock
        self._answers: list[float] = []

    def now(self) -> float:
        """Laboratory seconds."""
        self._answers.append(self._clock.now())
        self._clock.turn()
        return self._answers[-1]

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._clock.sleep(seconds)

    def taken(self) -> list[float]:
        """What it has answered since this was asked last."""
        answers, self._answers = self._answers, []
        return answers


class ReplayedCalibration:
    """The calibration with which the interrupted run began, and what it learned; then the store as it is now."""

    def __init__(self, replay: Replay, live: CalibrationStore) -> None:
        self._replay, self._live = replay, live
        self._put: dict[str, Calibrated] = {}
        self._covariances: dict[tuple[str, ...], NDArray[np.float64]] = {}

    def get(self, key: str) -> Calibrated | None:
        """The value, or None if it was not known."""
        if self._replay.over:
            return self._live.get(key)
        if key in self._put:
            return self._put[key]
        if (entry := self._replay.entries.get(key)) is None:
            return None
        self._live.used[key] = Calibrated(entry["value"], entry["error"], entry["run_id"], entry["unix_s"])
        return self._live.used[key]

    def put(self, key: str, value: float, error: float) -> None:
        """Keep a value. What the interrupted run learned has been kept by it, unless it died just before."""
        if self._replay.over or self._replay.exhausted:
            self._live.put(key, value, error)
        self._put[key] = Calibrated(value, error, self._live.run_id, time.time())

    def covariance(self, keys: Sequence[str]) -> NDArray[np.float64]:
        """(n, n) of values that were fitted together."""
        if self._replay.over:
            return self._live.covariance(keys)
        if (known := self._covariances.get(tuple(keys))) is not None:
            return known
        return self._live.covariance(keys)

    def put_covariance(self, keys: Sequence[str], covariance: NDArray[np.float64]) -> None:
        """Keep how these values vary together."""
        if self._replay.over or self._replay.exhausted:
            self._live.put_covariance(keys, covariance)
        self._covariances[tuple(keys)] = np.array(covariance)


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


class Journal:
    """What is noted with every play of a run, so that the run can be played again; and the run that is."""

    def __init__(
        self,
        lab: Lab,
        calibration: CalibrationStore,
        replay: Replay | None = None,
        gap_s: float = 0.0,
        align: Callable[[Lab], Stream[Any]] | None = None,
    ) -> None:
        """Takes the place of the lab's clock, and with a replay of its calibration, until `close`.

        gap_s: how long ago the run was interrupted. align: brings back to the resonance a bench that was left long ago.
        """
        self.replay, self._gap_s, self._align = replay, gap_s, align
        self._lab, self._calibration = lab, calibration
        self.bench_clock = lab.clock
        """Laboratory time, whatever is played again."""
        self.clock = RunClock(lab.clock, replay, gap_s)
        """Laboratory time of the run, for whoever keeps it."""
        self._noted = NotedClock(self.clock)
        lab.clock = self._noted
        lab.calibration = ReplayedCalibration(replay, calibration) if replay else calibration
        self.notes: dict[str, Any] = {}
        """Of the play that is about to begin: settings, times, wall time."""

    def close(self) -> None:
        """The lab has its own clock and calibration again."""
        self._lab.clock, self._lab.calibration = self.bench_clock, self._calibration

    def answer(self, digest: str, repeats: int) -> Block | None:
        """Note what the play depends on; the block that answers it, if it has been played before."""
        self.notes = {"bench": noted(self._lab), "times_s": self._noted.taken(), "unix_s": time.time()}
        self.notes["looks"] = self._lab.looks
        return self.replay.answer(digest, repeats, self.notes["bench"]) if self.replay else None

    def refreshed(self) -> Stream[None]:
        """Behind the last block that answers: the field is aligned anew if it may have walked away meanwhile.

        The magnet then goes as far from the resonance as it was before, and all else is set as it was.
        """
        align, self._align = self._align, None
        if align is None or self._gap_s < STALE_S or None in [self._calibration.get(key) for key in _FIELD]:
            return
        before, currents_a = self.notes["bench"], np.array(self._lab.magnet.currents())
        off_a = currents_a - self._resonance_a()
        yield from align(self._lab)
        x, y, main = self._resonance_a() + off_a
        self._lab.magnet.ramp_to((float(x), float(y), float(main)))
        restore(self._lab, before)

    def _resonance_a(self) -> NDArray[np.float64]:
        return np.array([found.value for key in _FIELD if (found := self._calibration.get(key)) is not None])
