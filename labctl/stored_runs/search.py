"""Finding stored runs again: each with what is said of it, and those that fit what is looked for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from labctl.common.refusals import Refusal, known
from labctl.data.live_runs import LIVE, UNFINISHED
from labctl.data.reader import FOREIGN, Run, each_run
from labctl.data.remarks import NONE, Remarks, remarks_in
from labctl.plans.catalogue import ENTRIES
from labctl.stored_runs.summary import changes_of, concluded

_ENDED: Final = ("completed", "failed", "aborted", "interrupted", "suspended")
STATUSES: Final = (*_ENDED, *LIVE, UNFINISHED, FOREIGN, "unreadable")
_AGO: Final = re.compile(r"(\d{1,4}) ?(min|h|d|w)")
_AGO_UNITS: Final = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Listed:
    """A run as the list shows it."""

    run: Run
    depth: int
    """0, or more for a part of a run."""
    remarks: Remarks
    conclusion: str
    """What came out, or why nothing did."""
    changes: dict[str, str]
    """Key of its plan -> text, where it is not as by default."""

    @property
    def changed(self) -> str:
        """'field_mt=5 sweeps=3'."""
        return " ".join(f"{key}={text}" for key, text in self.changes.items())

    def plain(self) -> dict[str, Any]:
        """What the list adds to a run in `--json`."""
        return {"conclusion": self.conclusion, "changed": self.changes, "remarks": self.remarks.plain()}

    @property
    def searched(self) -> str:
        """All that a text is looked for in, in small letters."""
        notes = " ".join(note.text for note in self.remarks.notes)
        run, tags = self.run, " ".join(self.remarks.tags)
        words = f"{run.run_id} {run.sequence} {run.status} {run.started} {self.conclusion} {self.changed} {tags}"
        return f"{words} {run.record.get('bench', '')} {notes}".lower()


@dataclass(frozen=True)
class Wanted:
    """What is looked for; nothing given: every run. Of several sequences or statuses a run has one, of tags all."""

    sequences: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    text: str = ""
    """Words that must all be there, in any order."""
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is too late."""
    is_starred: bool = False

    def fits(self, one: Listed) -> bool:
        """Whether this run is looked for."""
        run, remarks = one.run, one.remarks
        return (
            (not self.sequences or run.sequence in self.sequences)
            and (not self.statuses or run.status in self.statuses)
            and set(self.tags) <= set(remarks.tags)
            and (remarks.is_starred or not self.is_starred)
            and self._is_of_time(run.started)
            and all(word in one.searched for word in self.text.lower().split())
        )

    def _is_of_time(self, started: str) -> bool:
        if self.since is None and self.until is None:
            return True
        try:
            began = datetime.fromisoformat(started).astimezone()
        except (ValueError, OSError, OverflowError):
            return False
        return (self.since is None or began >= self.since) and (self.until is None or began < self.until)


def listed(folder: Path, wanted: Wanted | None = None) -> Iterator[Listed]:
    """The runs of a data folder that are looked for, oldest first. Raises Refusal if it cannot be read."""
    said = remarks_in(folder)
    depths: dict[int | None, int] = {None: -1}
    for run in each_run(folder):
        depths[run.run_id] = depths.get(run.parent_id, -1) + 1
        remarks = said.get(run.guid, NONE)
        one = Listed(run, depths[run.run_id], remarks, concluded(run, folder), changes_of(run))
        if wanted is None or wanted.fits(one):
            yield one


def check_names(wanted: Wanted, folder: Path) -> None:
    """Raises Refusal listing what can be of no run: unknown experiments, statuses and tags."""
    faults = [f"--status {one}: there is no such status; {known(one, STATUSES)}" for one in _strange(wanted)]
    sequences = [one for one in wanted.sequences if one not in ENTRIES]
    stored = {run.sequence for run in each_run(folder)} if sequences else set()
    names = [*ENTRIES, *sorted(stored - set(ENTRIES))] if sequences else []
    faults += [f"--sequence {one}: there is none; {known(one, names)}" for one in sequences if one not in stored]
    if wanted.tags:
        tags = sorted({tag for remarks in remarks_in(folder).values() for tag in remarks.tags})
        faults += [_no_tag(one, tags) for one in wanted.tags if one not in tags]
    if faults:
        raise Refusal(faults)


def _strange(wanted: Wanted) -> list[str]:
    return [one for one in wanted.statuses if one not in STATUSES]


def _no_tag(tag: str, tags: Sequence[str]) -> str:
    there = known(tag, tags) if tags else f"`labctl tag RUN {tag}` gives it to a run"
    return f"--tag {tag}: no run has this tag; {there}"


def moment(text: str, option: str, is_end: bool = False, now: datetime | None = None) -> datetime:
    """A moment as a person gives it, local time: 'today', 'yesterday', '2026-11-24', '2026-11-24 21:00', '12h'.

    A day is its first moment; is_end: the first moment after it. Raises Refusal, naming the option, if it is none.
    """
    now, said = now or datetime.now().astimezone(), text.strip().lower()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = {"today": 0, "yesterday": 1}
    try:
        if (ago := _AGO.fullmatch(said)) is not None:
            return now - timedelta(**{_AGO_UNITS[ago[2]]: int(ago[1])})
        if said in days or _DAY.fullmatch(said):
            day = today - timedelta(days=days[said]) if said in days else datetime.fromisoformat(said)
            day += timedelta(days=1 if is_end else 0)
            return day.replace(tzinfo=None).astimezone()  # a day with a change of the clock has its own offset
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError):
        raise Refusal(
            f"{option} {text}: not a moment. Write today, yesterday, a date (2026-11-24), a date with a time "
            "('2026-11-24 21:00'), or how long ago it was: 30min, 12h, 7d, 2w"
        ) from None
