"""A run that goes on after a break: first the bench is brought back, then the experiment starts, answered from disk.

Whether the field must be aligned anew is known from the record, before anything is played again. So it is a part of the
run of its own, and over when the experiment starts. All else the experiment sets itself while it is played again; a
play with which anything was set otherwise is not answered.
"""

import logging
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import numpy as np

from labctl.run.journal import Journal
from labctl.run.replay import Replay
from sequences.core.lab import Lab
from sequences.results import Event, Progress, Stream

if TYPE_CHECKING:
    from instruments.interface.roles import Currents, Magnet

LOG: Final = logging.getLogger(__name__)
STALE_S: Final = 600.0
"""The field drifts away from the resonance in such a time."""
_FIELD: Final = ("field.x_a", "field.y_a", "field.main_a")
R = TypeVar("R")


def resumed(
    lab: Lab, journal: Journal, experiment: Callable[[Lab], Stream[R]], align: Callable[[Lab], Stream[Any]]
) -> Stream[R]:
    """A run from bringing the bench back to its end. lab: of the run. align: brings the field to the resonance."""
    if (replay := journal.replay) is not None:
        stands_a = lab.magnet.currents()
        is_aligned = yield from _brought_back(lab, journal, align)
        if is_aligned or replay.breaks:
            magnet = DriftedMagnet(lab.magnet, replay, stands_a, journal.drifted_a)
            lab = replace(lab, magnet=cast("Magnet", magnet))
        if is_aligned:
            magnet.ramp_to(stands_a)
    return (yield from experiment(lab))


def _brought_back(lab: Lab, journal: Journal, align: Callable[[Lab], Stream[Any]]) -> Generator[Event, None, bool]:
    """Align if the field may have drifted away; whether it was done."""
    before = journal.calibration.all()
    if journal.gap_s < STALE_S or any(key not in before for key in _FIELD):
        return False
    yield Progress(0.0, f"interrupted {journal.gap_s / 60.0:.0f} min ago: the field is brought back first")
    yield from align(journal.apart(lab))
    now = journal.calibration.all()
    journal.go_on(before)
    journal.drifted_a = [now[key]["value"] - before[key]["value"] for key in _FIELD]
    return True


class DriftedMagnet:
    """The magnet while a run is played again whose resonance has drifted: it goes along, unnoticed by the experiment.

    It stands as far from where the resonance is now as it stood from where that was. Once the bench plays, it is the
    magnet as it is.
    """

    def __init__(self, magnet: "Magnet", replay: Replay, stands_a: "Currents", drifted_a: Sequence[float]) -> None:
        """stands_a: where the experiment finds it. walked_a: in the last break, of which the replay knows nothing."""
        self._magnet, self._replay = magnet, replay
        self._drifted_a = np.array(drifted_a or (0.0, 0.0, 0.0))
        self._stands_a, self._since = stands_a, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._magnet, name)

    def currents(self) -> "Currents":
        """As they were read back then."""
        if self._replay.over:
            return self._magnet.currents()
        passed = [one.stands_a for one in self._replay.breaks if self._since <= one.before < self._replay.taken]
        return passed[-1] if passed else self._stands_a

    def ramp_to(self, currents_a: "Currents") -> None:
        """Go there, for a supply reads back what it can resolve; then on by as much as the resonance has drifted."""
        self._magnet.ramp_to(currents_a)
        if not self._replay.over:
            self._stands_a, self._since = self._magnet.currents(), self._replay.taken
            self._go_along()

    def _go_along(self) -> None:
        """Not without current, for that is near no resonance; and not where the magnet may not go."""
        if not any(self._stands_a):
            return
        later = [one.drifted_a for one in self._replay.breaks if one.before >= self._replay.taken]
        x, y, main = np.array([self._stands_a, self._drifted_a, *later], dtype=float).sum(axis=0).tolist()
        try:
            self._magnet.ramp_to((x, y, main))
        except ValueError as beyond:
            LOG.warning("The magnet does not follow the resonance: %s", beyond)
