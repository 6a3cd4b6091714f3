"""Opening a database to read it, wherever it is: in a folder that can be written, or in one that cannot."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

DATABASE: Final = "runs.db"
LOG: Final = "-wal"
"""Ending of SQLite's log: what was written last is only in there until it is taken into the database."""
MISSING: Final = (
    f"If {DATABASE} was copied from elsewhere, its newest runs may have stayed behind in {DATABASE}{LOG}: "
    f"copy {DATABASE}, {DATABASE}{LOG} and {DATABASE}-shm together"
)
_CLOSED_TO_US: Final = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)


@contextmanager
def readable(file: Path) -> Iterator[str]:
    """URI under which SQLite reads this database, with all that is in its log. Raises sqlite3.Error if it cannot.

    In a folder that can be written SQLite may write, so that the last one to leave can tidy its side files away. A
    folder that cannot be written has no place for them: then the file is read as one that nobody changes, or, if it
    has a log, a copy of both is.
    """
    uri, log = file.resolve().as_uri(), file.with_name(file.name + LOG)
    fitting = next((mode for mode in ("rw", "ro") if _answers(f"{uri}?mode={mode}")), None)
    if fitting:
        yield f"{uri}?mode={fitting}"
    elif not log.exists() or not log.stat().st_size:
        yield f"{uri}?mode=ro&immutable=1"
    else:
        with TemporaryDirectory(prefix="labctl-") as folder:
            for part in (file, log):
                shutil.copyfile(part, Path(folder) / part.name)
            yield f"{(Path(folder) / file.name).as_uri()}?mode=rw"


def _answers(uri: str) -> bool:
    """Whether SQLite can read it so. Raises sqlite3.Error for what no other way of opening would mend."""
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _CLOSED_TO_US:
            raise
        return False
    return True
