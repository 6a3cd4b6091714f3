"""What is noted with every play of a run, so that the run can be played again; and the run that is."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from labctl.data.acquisitions import Block
from labctl.data.calibration import CalibrationStore
from labctl.run.past_calibration import KnownThen
from labctl.run.replay import MAGNET, RESUMING, WALKED, NotedClock, Replay, RunClock
from labctl.run.settings import noted
from sequences.core.lab import Lab, Looks, Observer, RunContext

CALIBRATION: Final = "calibration"
COVARIANCES: Final = "covariances"
"""Noted with the first play of a continued run that was not answered: what is known from there on."""


class Journal:
    """Of one run."""

    def __init__(
        self, lab: Lab, calibration: CalibrationStore, replay: Replay | None = None, gap_s: float = 0.0
    ) -> None:
        """lab: the bench. gap_s: how long ago the run was interrupted."""
        self.replay, self.gap_s, self.calibration = replay, gap_s, calibration
        self._lab = lab
        self.bench_clock = lab.clock
        """Laboratory time, whatever is played again."""
        self.clock = RunClock(lab.clock, replay, gap_s)
        """Laboratory time of the run, for whoever keeps it."""
        self._noted = NotedClock(self.clock)
        self._known = KnownThen(replay, calibration) if replay else None
        self._looks = Looks()
        self._apart_s = 0.0
        self.walked_a: Sequence[float] = ()
        """By how much the resonance's currents have changed while the run was interrupted."""
        self.notes: dict[str, Any] = {}
        """Of the play that is about to begin: settings, times, wall time."""

    def context(self, observer: Observer) -> RunContext:
        """For the experiment: its clock is noted, and what it was told and what was known then come again."""
        return RunContext(self._noted, self._known or self.calibration, observer, looks=self._looks)

    def apart(self, lab: Lab) -> Lab:
        """For plays that are none of the experiment's: no block answers them, and they answer none later."""
        self.clock.is_apart = True
        self._apart_s = self.clock.now()
        return lab.within(RunContext(self.clock, self.calibration, lab.run.observer, lab.run.notes))

    @property
    def apart_for_s(self) -> float | None:
        """For how long plays have been apart; None while they are the experiment's."""
        return self.clock.now() - self._apart_s if self.clock.is_apart else None

    def go_on(self, before: Mapping[str, Mapping[str, Any]]) -> None:
        """The experiment's plays follow. before: the calibration's entries before the plays that were apart."""
        self.clock.is_apart = False
        if self._known:
            now = self.calibration.all()
            self._known.renewed = {key for key, entry in now.items() if entry != before.get(key)}

    def answer(self, digest: str, repeats: int) -> Block | None:
        """Note what the play depends on; the block that answers it, if it has been played before."""
        self.notes = {"bench": noted(self._lab), "times_s": [], "unix_s": time.time()}
        if self.clock.is_apart:
            self.notes[RESUMING] = True
            return None
        self.notes |= {"times_s": self._noted.taken(), "looks": self._looks.count}
        if self.replay is None or self.replay.over:
            return None
        block = self.replay.answer(digest, repeats, self.notes["bench"])
        if block is None:
            self._note_what_is_known(self.replay)
        elif self._known and CALIBRATION in block.settings:
            self._known.know(block.settings[CALIBRATION], block.settings[COVARIANCES])
        return block

    def _note_what_is_known(self, replay: Replay) -> None:
        """Here the bench takes over. What has answered stays trusted, whatever a look at the bench shows later."""
        seen = [block.settings.get("looks", 0) for block in replay.blocks[: replay.taken]]
        self._looks.count = 1 + max(self._looks.count, *seen, 0)
        self.notes["looks"] = self._looks.count
        self.notes |= {CALIBRATION: self.calibration.all(), COVARIANCES: self.calibration.covariances()}
        if any(self.walked_a):
            self.notes |= {WALKED: list(self.walked_a), MAGNET: list(self._lab.magnet.currents())}
