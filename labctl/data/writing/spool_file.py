"""A side file: what a run measured while its database could not be written, one JSON object a line."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final, Self

from labctl.common.paths import state_folder

ENDING: Final = ".side.jsonl"
TAKEN: Final = ".taken"
"""Added to the name of a file whose content is in the database."""


class SideFile:
    """A side file being written; every `add` is on disk when it returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._headed: set[int] = set()

    @classmethod
    def begun(cls, folder: Path, run_id: int) -> Self:
        """A new one, in the data folder or, if that cannot be written, wherever it can. Raises OSError if nowhere."""
        fault: OSError | None = None
        for place in places(folder):
            try:
                place.mkdir(parents=True, exist_ok=True)
                made = cls(_created(place, run_id))
            except OSError as error:
                fault = error
                continue
            try:
                made.add([json.dumps({"kind": "folder", "folder": str(folder.resolve())})])
            except OSError as error:
                fault = error
                made.path.unlink(missing_ok=True)
            else:
                return made
        raise fault or OSError("no place for a side file")

    def head(self, headers: Mapping[int, str]) -> None:
        """Lines on the runs whose entries follow; of every run the first one counts."""
        new = {run: line for run, line in headers.items() if run not in self._headed}
        self.add(list(new.values()))
        self._headed |= new.keys()

    def add(self, lines: Sequence[str]) -> None:
        """Append lines, or none of them: what a full disk left of them is cut off again. Raises OSError then."""
        before = self.path.stat().st_size
        try:
            with self.path.open("a", encoding="utf-8") as stream:
                stream.writelines(f"{line}\n" for line in lines)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError:
            os.truncate(self.path, before)
            raise

    def taken(self) -> None:
        """All of it is in the database: the file is kept under another name."""
        mark_taken(self.path)


def places(folder: Path) -> tuple[Path, ...]:
    """Where the side files of a data folder may be, the best one first."""
    return (folder, state_folder() / "side")


def side_files(folder: Path) -> list[Path]:
    """Those of a data folder that are not in its database yet."""
    found = [path for place in places(folder) for path in sorted(place.glob(f"*{ENDING}")) if path.is_file()]
    return [path for path in found if path.parent == folder or _belongs(path, folder)]


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """Its objects. A last line that was cut off is left out; any other line that is none raises ValueError."""
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines[:-1], 1):  # what follows the last line end was not written to its end
        try:
            content = json.loads(line)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise ValueError(f"line {number} is no object of JSON")
        yield content


def mark_taken(path: Path) -> None:
    """Rename it, so that nobody takes it in again."""
    path.replace(path.with_name(path.name + TAKEN))


def _created(place: Path, run_id: int) -> Path:
    names = (f"runs-{run_id}{'' if number == 1 else f'-{number}'}{ENDING}" for number in count(1))
    path = next(place / name for name in names if not any((place / (name + end)).exists() for end in ("", TAKEN)))
    path.touch(mode=0o600, exist_ok=False)
    return path


def _belongs(path: Path, folder: Path) -> bool:
    try:
        return next(lines_of(path)).get("folder") == str(folder.resolve())
    except (OSError, ValueError, StopIteration):
        return False
