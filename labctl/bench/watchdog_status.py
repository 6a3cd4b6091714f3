"""What the guardian of a bench says: a small file beside the bench's lock, for whoever asks if the bench is safe."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

from labctl.bench.lock import lock_file

State = Literal["watching", "making safe", "safe", "not safe"]
_ENDING: Final = ".guardian.json"


@dataclass(frozen=True)
class Word:
    """The last thing that the guardian of one process said."""

    pid: int
    """Of the process that it watches."""
    state: State
    words: str = ""
    """What was read back, or what could not be confirmed."""
    since: str = ""
    """'14:03:11', local time."""


def write(bench: Path, pid: int, state: State, words: str = "") -> None:
    """Say it. bench: the file that describes the bench. A word that cannot be written stops nobody from acting."""
    word = Word(pid, state, words, datetime.now().strftime("%H:%M:%S"))
    file = _file(bench)
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        new.write_text(json.dumps(asdict(word)), encoding="utf-8")
        os.replace(new, file)  # noqa: PTH105  # read at any instant, it is whole


def read(bench: Path, pid: int) -> Word | None:
    """What the guardian of this process said last; None if it has said nothing, or nothing that can be read."""
    with suppress(OSError, ValueError):
        found = json.loads(_file(bench).read_text(encoding="utf-8"))
        word = _word(found) if isinstance(found, dict) else None
        return word if word is not None and word.pid == pid else None
    return None


def forget(bench: Path, pid: int) -> None:
    """The process ended by itself, and needs no guardian any more."""
    if read(bench, pid) is not None:
        with suppress(OSError):
            _file(bench).unlink(missing_ok=True)


def _file(bench: Path) -> Path:
    return lock_file(bench).with_suffix(_ENDING)


def _word(found: Mapping[str, Any]) -> Word | None:
    pid, state, words, since = (found.get(key) for key in ("pid", "state", "words", "since"))
    if not isinstance(pid, int) or state not in get_args(State):
        return None
    return Word(pid, cast(State, state), str(words or ""), str(since or ""))
