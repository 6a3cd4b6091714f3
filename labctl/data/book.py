"""The runs that are being measured now, one within the other, and what becomes of each."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from instruments.clock import Clock
from labctl.data.calibration import CalibrationStore
from labctl.data.plain import plain
from labctl.data.provenance import git_commit, versions
from labctl.data.store import Recording, Store
from sequences.results import Column

LOG: Final = logging.getLogger(__name__)
Status = Literal["completed", "aborted", "failed"]


@dataclass(frozen=True)
class Ended:
    """A run that has ended, with its parts."""

    run_id: int
    sequence: str
    status: Status
    message: str
    """Why it did not complete, in one line; empty if it did."""
    result: Mapping[str, Any] | None
    """None unless it completed."""
    estimate: Mapping[str, Any]
    """The last one before its end, whether it completed or not."""
    photons: int
    """Counted in it and in its parts, in both windows."""
    counting_s: float
    """Laboratory time in which they were counted."""
    lab_time_s: float
    wall_time_s: float
    children: tuple["Ended", ...]
    notes: Mapping[str, Any]
    """What else became known: remarks, the calibration that was used."""
    recording: Recording = field(repr=False)

    @property
    def points(self) -> dict[str, NDArray[np.float64]]:
        """Column -> its value at every point, nan where a point lacks it."""
        rows = self.recording.points
        return {name: np.array([row.get(name, np.nan) for row in rows]) for name in {n: None for r in rows for n in r}}

    def as_dict(self) -> dict[str, Any]:
        """As the command line prints a child run."""
        shown = {"run_id": self.run_id, "sequence": self.sequence, "status": self.status, "result": self.result}
        return shown | ({"children": [child.as_dict() for child in self.children]} if self.children else {})

    def outcome(self) -> dict[str, Any]:
        """As it is stored with the run."""
        kept = {"status": self.status, "message": self.message, "result": self.result}
        kept |= {"estimate": self.estimate} if self.estimate else {}
        return kept | {
            "lab_time_s": self.lab_time_s,
            "wall_time_s": self.wall_time_s,
            "photons": self.photons,
            "counting_s": self.counting_s,
            **self.notes,
        }


@dataclass
class _Open:
    sequence: str
    recording: Recording
    began_lab_s: float
    began_wall_s: float
    children: list[Ended] = field(default_factory=list)
    estimate: Mapping[str, Any] = field(default_factory=dict)
    photons: int = 0
    counting_s: float = 0.0


class Book:
    """Begins and ends runs; a run that begins within another is its child."""

    def __init__(self, store: Store, calibration: CalibrationStore, clock: Clock) -> None:
        """clock: of the laboratory."""
        self._store, self._calibration, self._clock = store, calibration, clock
        self._open: list[_Open] = []

    @property
    def depth(self) -> int:
        """How many runs are open."""
        return len(self._open)

    @property
    def run_id(self) -> int:
        """The innermost open run."""
        return self._open[-1].recording.run_id

    @property
    def sequence(self) -> str:
        """What the innermost open run measures."""
        return self._open[-1].sequence

    def begin(
        self,
        sequence: str,
        plan: Any,
        columns: Sequence[Column],
        record: Mapping[str, Any] | None = None,
        snapshot: Mapping[str, Any] | None = None,
    ) -> None:
        """A run begins. record and snapshot: what else to keep with it."""
        origin = {"bench": self._store.label, "versions": versions(), "git": git_commit()}
        kept = {"plan": plain(plan), "calibration": self._calibration.all(), **origin, **(record or {})}
        parent = self._open[-1].recording if self._open else None
        recording = self._store.begin(sequence, columns, kept, snapshot, parent)
        self._open.append(_Open(sequence, recording, self._clock.now(), time.monotonic()))
        self._calibration.run_id = str(recording.run_id)

    def add(self, values: Mapping[str, float]) -> None:
        """A point of the innermost open run."""
        self._open[-1].recording.add(values)

    def estimate(self, values: Mapping[str, Any]) -> None:
        """What the innermost open run would conclude now; kept with it whatever becomes of it."""
        self._open[-1].estimate = plain(values)

    def counted(self, photons: int, duration_s: float) -> None:
        """So many photons more in so much laboratory time, for every run that is open."""
        for run in self._open:
            run.photons += photons
            run.counting_s += duration_s

    def end(
        self,
        status: Status,
        message: str = "",
        result: Mapping[str, Any] | None = None,
        notes: Mapping[str, Any] | None = None,
    ) -> Ended:
        """The innermost open run ends; it has failed if its last points or its outcome could not be written."""
        run = self._open.pop()
        ended = Ended(
            run.recording.run_id,
            run.sequence,
            status,
            message,
            result,
            run.estimate,
            run.photons,
            run.counting_s,
            self._clock.now() - run.began_lab_s,
            time.monotonic() - run.began_wall_s,
            tuple(run.children),
            notes or {},
            run.recording,
        )
        ended = _stored(ended)
        if self._open:
            self._open[-1].children.append(ended)
            self._calibration.run_id = str(self.run_id)
        return ended


def _stored(ended: Ended) -> Ended:
    try:
        ended.recording.end(ended.outcome())
    except Exception as error:
        LOG.exception("Run %s could not be stored", ended.run_id)
        message = f"The run could not be stored ({error}). Is the disk full, or its folder gone?"
        return replace(ended, status="failed", message=message)
    return ended
