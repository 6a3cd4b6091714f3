"""How much room a data folder takes and leaves, how much a night takes, and what may be thrown away."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from labctl.common.refusals import Refusal
from labctl.data.bench_log import FOLDER as BENCH_LOG
from labctl.data.open_database import DATABASE
from labctl.data.reader import each_run

LEAST_BYTES: Final = 100_000_000
"""With less room than this no run begins: QCoDeS, SQLite's log and figures need some at any time."""
FEW_BYTES: Final = 1_000_000_000
"""With less than this one is warned, where it is not known how much a night takes."""
NIGHT_H: Final = 12.0
_LEAST_HISTORY_H: Final = 0.5
"""Of laboratory time, before its share of the database says how much a night takes."""


@dataclass(frozen=True)
class Share:
    """Files of one kind."""

    name: str
    files: tuple[Path, ...]
    size_bytes: int
    may_go: str
    """Why it may be thrown away; empty if it is kept."""


@dataclass(frozen=True)
class Room:
    """What a data folder takes and leaves."""

    shares: tuple[Share, ...]
    free_bytes: int
    night_bytes: float | None
    """What 12 h of laboratory time take, as the runs so far say; None if they are too short to say it."""


_KINDS: Final = (
    (
        "figures",
        ("figures/run-[0-9]*.png", "figures/sweep-[0-9]*.png"),
        "`labctl show RUN --figure FILE` draws them again",
    ),
    ("bench log", (f"{BENCH_LOG}/*.csv",), "what the instruments said in past nights"),
    ("damaged queues", ("queue-damaged-*.json",), "what was put aside because it could not be read"),
    ("program log", ("labctl.log*",), "what a bug report would need"),
    ("database", (DATABASE, f"{DATABASE}-*"), ""),
    ("damaged databases", (f"{DATABASE}.damaged-*",), ""),
)
NAMES: Final = tuple(name for name, _, why in _KINDS if why)
"""What may be thrown away."""


def room(folder: Path) -> Room:
    """What is there now. Raises Refusal if there is no such folder."""
    if not folder.is_dir():
        raise Refusal(f"There is no folder {folder}. --data chooses another one")
    taken: set[Path] = set()
    shares = []
    for name, patterns, may_go in _KINDS:
        files = sorted({file for one in patterns for file in folder.glob(one) if file.is_file()} - taken)
        taken.update(files)
        shares.append(Share(name, tuple(files), _size(files), may_go))
    rest = sorted(file for file in folder.rglob("*") if file.is_file() and file not in taken)
    shares.append(Share("other", tuple(rest), _size(rest), ""))
    database = next(share.size_bytes for share in shares if share.name == "database")
    return Room(tuple(shares), free_bytes(folder), _night_bytes(folder, database))


def free_bytes(folder: Path) -> int:
    """What is left on the disk of this folder, which need not exist yet."""
    there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
    return shutil.disk_usage(there).free


def check_room(folder: Path) -> str:
    """A warning if the disk is nearly full, or an empty text. Raises Refusal if nothing should begin on it."""
    try:
        free = free_bytes(folder)
    except OSError:  # it is said by whatever writes first
        return ""
    if free < LEAST_BYTES:
        raise Refusal(
            f"The disk of {folder} has {size_words(free)} left, and a run needs {size_words(LEAST_BYTES)} to begin. "
            "Free it, or choose another folder with --data: `labctl disk` shows what may be thrown away"
        )
    if free >= FEW_BYTES:
        return ""
    return f"the disk of {folder} has only {size_words(free)} left; `labctl disk` tells how long that lasts"


def throw_away(files: Iterable[Path]) -> list[str]:
    """Delete these files; why some could not be, a sentence each."""
    faults = []
    for file in files:
        try:
            file.unlink()
        except OSError as error:
            faults.append(f"{file} could not be deleted ({error.strerror or error})")
    return faults


def size_words(size_bytes: float) -> str:
    """'1.2 GB', '34 MB', '512 B'."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= scale:
            return f"{size_bytes / scale:.3g} {unit}"
    return f"{size_bytes:.0f} B"


def _size(files: Iterable[Path]) -> int:
    total = 0
    for file in files:
        try:
            total += file.stat().st_size
        except OSError:  # it has gone meanwhile
            continue
    return total


def _night_bytes(folder: Path, database_bytes: int) -> float | None:
    whole = (run.outcome.get("lab_time_s", 0.0) for run in each_run(folder) if run.parent_id is None)
    hours = sum(whole) / 3600.0
    return database_bytes / hours * NIGHT_H if hours > _LEAST_HISTORY_H else None
