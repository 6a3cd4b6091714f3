"""One bench, one program: whoever opens a bench holds its lock, and whoever comes later is told who that is."""

import getpass
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from labctl.common.paths import state_folder
from labctl.common.refusals import BenchFault


@contextmanager
def held(path: Path, patience_s: float = 0.0) -> Iterator[None]:
    """Hold the bench that this file describes. The system lets go of it when this process dies, however it does.

    patience_s: how long to wait for whoever holds it.

    The lock is one for a user and a file, wherever the data go. Raises BenchFault naming the holder, if there is one,
    or saying that there can be no lock.
    """
    file = lock_file(path)
    holder = file.with_suffix(".json")
    lock = FileLock(file, timeout=patience_s)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        holder.write_text(json.dumps(_ourselves()), encoding="utf-8")
    except Timeout:
        raise BenchFault(
            f"{path} is in use by {_words(holder)}. Wait until it ends, or end it: `labctl runs` shows its run, and "
            "`labctl stop RUN` ends that"
        ) from None
    except OSError as error:
        lock.release()
        raise BenchFault(f"{path} cannot be locked: {error}. Make {file.parent} a folder that can be written") from None
    try:
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def lock_file(path: Path) -> Path:
    """The file whose lock stands for this one."""
    resolved = path.resolve()
    return state_folder() / "locks" / f"{resolved.stem}-{sha256(os.fsencode(resolved)).hexdigest()[:12]}.lock"


def _ourselves() -> dict[str, str | int]:
    command = " ".join(["labctl", *sys.argv[1:]])
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    return {"user": _user(), "host": socket.gethostname(), "pid": os.getpid(), "since": since, "command": command}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such variable, and no such user
        return "?"


def _words(holder: Path) -> str:
    """Who holds it: 'anna on lab-pc (pid 4711) since 2026-11-24 21:10:03+01:00: labctl run engine'."""
    try:
        found = json.loads(holder.read_text(encoding="utf-8"))
        return "{user} on {host} (pid {pid}) since {since}: {command}".format_map(found)
    except (OSError, ValueError, KeyError, TypeError):
        return "another labctl"
