"""What people say of runs: notes, tags and stars, in a file beside the database. Nothing in the database is changed.

The file holds one JSON object a line, and lines are only added. A line names its run by the QCoDeS guid, which the run
keeps when a repair gives it another number.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from filelock import FileLock, Timeout

from labctl.common.refusals import Refusal, known, printable
from labctl.data.reader import Run

FILE: Final = "remarks.jsonl"
LOCK: Final = ".remarks.lock"
Kind = Literal["note", "tag", "untag", "star", "unstar"]
_PATIENCE_S: Final = 10.0
"""A line is written in a millisecond; so long we wait for others who write."""
_TAG: Final = re.compile(r"\w[\w.+-]{0,39}")
_MOST_LETTERS: Final = 10_000


@dataclass(frozen=True)
class Note:
    """Something said of a run."""

    time: str
    """ISO 8601 with time zone."""
    text: str


@dataclass(frozen=True)
class Remarks:
    """All that was said of one run."""

    notes: tuple[Note, ...] = ()
    tags: tuple[str, ...] = ()
    """In the order in which they were given."""
    is_starred: bool = False

    def plain(self) -> dict[str, Any]:
        """As `--json` shows it."""
        return {"notes": [vars(note) for note in self.notes], "tags": list(self.tags), "starred": self.is_starred}


NONE: Final = Remarks()


def remarks_in(folder: Path) -> dict[str, Remarks]:
    """Guid of a run -> what was said of it, for those of which something was. A line that is none of ours is left out.

    Raises Refusal if the file is there and cannot be read.
    """
    try:
        text = (folder / FILE).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Refusal(f"{folder / FILE} cannot be read ({error.strerror or error}). Make it readable for you") from None
    found: dict[str, Remarks] = {}
    for line in text.split("\n")[:-1]:  # what follows the last line end was not written to its end
        said = _said(line)
        if said:
            found[said["guid"]] = _with(found.get(said["guid"], NONE), said)
    return found


def remarks_of(folder: Path, run: Run) -> Remarks:
    """What was said of this run."""
    return remarks_in(folder).get(run.guid, NONE)


def add_note(folder: Path, run: Run, text: str) -> None:
    """Say something of a run. Raises Refusal if it is empty or too long, or cannot be written."""
    said = " ".join(printable(text).split())
    if not said:
        raise Refusal(f'The note is empty. Write what you want to keep: `labctl note {run.run_id} "…"`')
    if len(said) > _MOST_LETTERS:
        raise Refusal(f"The note has {len(said)} letters, and {_MOST_LETTERS} is the most. Shorten it")
    _append(folder, run, "note", said)


def add_tag(folder: Path, run: Run, tag: str) -> None:
    """Give a run a tag; one that it has already is no fault. Raises Refusal if it is no tag or cannot be written."""
    check_tag(tag)
    if tag not in remarks_of(folder, run).tags:
        _append(folder, run, "tag", tag)


def remove_tag(folder: Path, run: Run, tag: str) -> None:
    """Take a tag from a run. Raises Refusal if the run does not have it."""
    tags = remarks_of(folder, run).tags
    if tag not in tags:
        raise Refusal(
            f"Run {run.run_id} has no tag {tag!r}; {known(tag, tags)}" if tags else f"Run {run.run_id} has no tags"
        )
    _append(folder, run, "untag", tag)


def set_star(folder: Path, run: Run, starred: bool) -> None:
    """Give a run a star, or take it away."""
    if remarks_of(folder, run).is_starred != starred:
        _append(folder, run, "star" if starred else "unstar")


def check_tag(tag: str) -> None:
    """Raises Refusal if it cannot be a tag."""
    if not _TAG.fullmatch(tag):
        raise Refusal(f"{tag!r} is no tag: use one word of at most 40 letters, digits, '-', '_', '.' or '+'")


def _append(folder: Path, run: Run, kind: Kind, text: str = "") -> None:
    if not run.guid:
        raise Refusal(f"Run {run.run_id} in {folder} has no guid, so nothing can be kept about it")
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    line = {"guid": run.guid, "run_id": run.run_id, "time": now, "kind": kind, "text": text}
    file = folder / FILE
    try:
        with FileLock(folder / LOCK, timeout=_PATIENCE_S):
            _write(file, json.dumps(line, ensure_ascii=False))
    except Timeout:
        raise Refusal(f"{file} is being written by another program for {_PATIENCE_S:g} s. Try again") from None
    except OSError as error:
        why = error.strerror or error
        raise Refusal(f"{file} cannot be written ({why}). Free the disk, or make the folder writable for you") from None


def _write(file: Path, line: str) -> None:
    """A line as a whole or not at all; a line that was cut off before stays alone. Raises OSError."""
    with file.open("a+b") as stream:
        end = stream.seek(0, os.SEEK_END)
        if end:
            stream.seek(end - 1)
        cut_off = end and stream.read(1) != b"\n"
        try:
            stream.write(("\n" if cut_off else "").encode() + line.encode("utf-8") + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        except OSError:
            os.truncate(file, end)
            raise


def _said(line: str) -> dict[str, str]:
    """What a line says; empty if it is none of ours."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    said = {key: printable(found[key]) for key in ("guid", "time", "kind", "text") if isinstance(found.get(key), str)}
    return said if len(said) == 4 else {}


def _with(before: Remarks, said: Mapping[str, str]) -> Remarks:
    text = said["text"]
    match said["kind"]:
        case "note":
            return replace(before, notes=(*before.notes, Note(said["time"], text)))
        case "tag" if text not in before.tags:
            return replace(before, tags=(*before.tags, text))
        case "untag":
            return replace(before, tags=tuple(tag for tag in before.tags if tag != text))
        case "star" | "unstar":
            return replace(before, is_starred=said["kind"] == "star")
    return before
