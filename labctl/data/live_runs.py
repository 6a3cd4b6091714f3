"""Runs that go on in some process: what each does, and what it is asked to do by another process.

What is asked for lies as a file beside the lock of the process that measures, which looks for it all the time
(`labctl.bench.requests`). It needs nothing that a process without a window or a terminal would not have.
"""

import time
from pathlib import Path
from typing import Final, Literal

from labctl.common.refusals import Refusal
from labctl.data.writer_lock import ORDER, STATE, file_of, is_writing, process_of, read, write

Wish = Literal["pause", "resume", "stop"]
WISHES: Final[tuple[Wish, ...]] = ("pause", "resume", "stop")
LIVE: Final = ("running", "pausing", "paused")
"""Statuses of a run that goes on."""
UNFINISHED: Final = "unfinished"
HEARD_S: Final = 5.0
"""A process that is alive takes an order within this time; it looks several times a second."""
_LOOK_S: Final = 0.05


def status_of(folder: Path, writer: object, run_id: int) -> str:
    """Status of a run that has no outcome: what its process does with it, or 'unfinished' if that cannot be known.

    writer: the name of the process's presence, as kept with the run.
    """
    try:
        if (file := file_of(folder, writer)) is None or not is_writing(folder, writer):
            return UNFINISHED
    except OSError:
        return UNFINISHED
    state = read(file.with_suffix(STATE))
    if not state:  # it could not be written, or not yet
        return LIVE[0]
    outermost, does = state.get("run_id"), state.get("does")
    goes_on = isinstance(outermost, int) and outermost <= run_id and does in LIVE
    return str(does) if goes_on else UNFINISHED


def ask(folder: Path, writer: str, run_id: int, wish: Wish, patience_s: float = HEARD_S) -> None:
    """Leave an order for a run that goes on, and wait until its process has taken it. Raises Refusal if it does not.

    run_id: of the outermost run.
    """
    process = process_of(writer)
    if (lock := file_of(folder, writer)) is None or not write(
        file := lock.with_suffix(ORDER), {"wish": wish, "run_id": run_id}
    ):
        raise Refusal(
            f"Process {process}, which measures run {run_id}, cannot be asked to {wish} it: nothing can be written in "
            f"{folder}. Make the folder writable, or send that process SIGTERM: it then ends the run and leaves the "
            "bench safe"
        )
    until_s = time.monotonic() + patience_s
    while file.exists():
        if time.monotonic() > until_s:
            file.unlink(missing_ok=True)
            raise Refusal(
                f"Process {process}, which measures run {run_id}, does not answer: it was not asked to {wish} the "
                "run. Is it on another computer, or stopped? Send it SIGTERM there: it then ends the run and leaves "
                "the bench safe"
            )
        time.sleep(_LOOK_S)
