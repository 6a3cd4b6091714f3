"""The runs that are being measured now, one within the other, and what becomes of each."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from instruments.common.clock import Clock
from labctl.common.commands import About
from labctl.data.acquisitions import Block
from labctl.data.calibration import CalibrationStore
from labctl.data.provenance import git_commit, versions
from labctl.data.serialise import plain
from labctl.data.writing.records import BlockEntry
from labctl.data.writing.run_writer import Recording, Store
from sequences.results import Column

LOG: Final = logging.getLogger(__name__)
Status = Literal["completed", "aborted", "failed", "suspended"]


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


@dataclass(frozen=True)
class _Playing:
    program: str
    digest: str
    repeats: int
    began_s: float
    notes: Mapping[str, Any] = field(default_factory=dict)


class Book:
    """Begins and ends runs; a run that begins within another is its child."""

    def __init__(self, store: Store, calibration: CalibrationStore, clock: Clock) -> None:
        """clock: of the laboratory."""
        self._store, self._calibration, self._clock = store, calibration, clock
        self._open: list[_Open] = []
        self._blocks = 0
        self._playing = _Playing("", "", 0, 0.0)
        self._again: Block | None = None

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
        """A run begins. record and snapshot: what else to keep with it.

        Raises NotBegun, or Unstored for a part, if the database cannot be written; it can be tried again.
        """
        if not self._open:
            self._store.ledger.flush()
            self._store.ledger.forget()
            self._blocks = 0
        origin = {"bench": self._store.label, "versions": versions(), "git": git_commit()}
        known = {"calibration": self._calibration.all(), "covariances": self._calibration.covariances()}
        kept = {"plan": plain(plan), **known, **origin, **(record or {})}
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
        self._open[-1].recording.estimate(self._open[-1].estimate)

    def ready(self) -> None:
        """Raises NotBegun if a run could not be stored now."""
        self._store.ready()

    def settle(self) -> None:
        """All has been written: leave it in the database's own file."""
        self._store.settle()

    def flush(self) -> bool:
        """Try again to write what the database has not taken; whether it holds everything now."""
        return self._store.ledger.flush()

    def complaint(self) -> str:
        """Why the database takes nothing, where the data are meanwhile, and what to do."""
        return self._store.ledger.complaint()

    def answered(self, again: Block) -> None:
        """A play of an earlier run is this one's next: it has been counted then."""
        self._again = again

    def playing(self, program: str, digest: str, repeats: int, notes: Mapping[str, Any]) -> None:
        """A play begins. notes: the bench's settings, and what else the play depends on."""
        self._again = None
        self._playing = _Playing(program, digest, repeats, self._since_s(), plain(notes))

    def counted(self, signal: int, reference: int, duration_s: float) -> None:
        """The play has been counted: a block of the outermost run, on disk at once."""
        for run in self._open:
            run.photons += signal + reference
            run.counting_s += duration_s
        outermost = self._open[0].recording.run_id
        if self._again is not None:
            block = replace(self._again, run_id=outermost, number=self._blocks, part_id=self.run_id)
        else:
            play = self._playing
            block = Block(
                outermost,
                self._blocks,
                self.run_id,
                play.program,
                play.digest,
                play.repeats,
                signal,
                reference,
                play.began_s,
                self._since_s(),
                play.notes,
            )
        self._store.ledger.write(BlockEntry(block))
        self._blocks += 1

    def _since_s(self) -> float:
        """Laboratory time since the outermost run began."""
        return self._clock.now() - self._open[0].began_lab_s

    def end(
        self,
        status: Status,
        message: str = "",
        result: Mapping[str, Any] | None = None,
        notes: Mapping[str, Any] | None = None,
    ) -> Ended:
        """The innermost open run ends; the outermost has failed if not all of it could be written."""
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
        elif self._store.ledger.trouble:
            message = self.complaint()
            if not self._store.ledger.is_gone:
                command = About.given({"data": self._store.folder}).command("runs", "--repair")
                message += f", then take it in: {command}"
            ended = replace(ended, status="failed", message=f"{ended.message}. {message}" if ended.message else message)
        return ended


def _stored(ended: Ended) -> Ended:
    try:
        ended.recording.end(ended.outcome())
    except Exception as error:
        LOG.exception("Run %s could not be stored", ended.run_id)
        message = f"The run could not be stored ({type(error).__name__}: {error})"
        return replace(ended, status="failed", message=message)
    return ended
