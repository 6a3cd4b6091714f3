"""`labctl pause` and `stop`: a run that goes on in another process, with a window, with a terminal, or with neither."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from labctl.cli.options import DATA, Data, RunId

if TYPE_CHECKING:
    from labctl.data.live_runs import Wish
    from labctl.data.reader import Run


def pause(run: RunId, data: Data = DATA) -> None:
    """Let a run that goes on wait before its next play.

    All lines are then low. It stays paused until `labctl resume RUN`, with its window or without.
    """
    found = _asked(data, run, "pause")
    typer.echo(f"run {found.run_id} ({found.sequence}) waits before its next play, until: {_resume(data, found)}")


def stop(run: RunId, data: Data = DATA) -> None:
    """End a run that goes on, and leave the bench safe.

    What it measured is kept. One that was started in a terminal ends before its next play; asked twice, at once.
    """
    found = _asked(data, run, "stop")
    typer.echo(f"run {found.run_id} ({found.sequence}) ends, and leaves the bench safe")


def went_on(data: Path, run: str) -> bool:
    """Let a run go on that is paused; whether it is one. Raises Refusal if it goes on already."""
    from labctl.common.refusals import Refusal
    from labctl.data.reader import one_run, run_number

    found = _outermost(data, one_run(data, run_number(data, run)))
    if found.status == "running":
        raise Refusal(
            f"Run {found.run_id} goes on in process {found.process}, and is not paused: there is nothing to continue. "
            f"`labctl pause {found.run_id}` holds it, `labctl stop {found.run_id}` ends it"
        )
    if found.status not in ("pausing", "paused"):
        return False
    _leave(data, found, "resume")
    typer.echo(f"run {found.run_id} ({found.sequence}) goes on in process {found.process}")
    return True


def _asked(data: Path, run: str, wish: "Wish") -> "Run":
    """The run that this was asked of. Raises Refusal if it does not go on."""
    from labctl.common.refusals import Refusal
    from labctl.data.live_runs import LIVE
    from labctl.data.reader import one_run, run_number

    found = _outermost(data, one_run(data, run_number(data, run)))
    if found.status not in LIVE:
        raise Refusal(
            f"Run {found.run_id} is {found.status}: it does not go on in any process that this computer can reach. "
            "`labctl runs` shows those that do as running or paused"
        )
    _leave(data, found, wish)
    return found


def _leave(data: Path, run: "Run", wish: "Wish") -> None:
    from labctl.data.live_runs import ask

    ask(data, run.record["writer"], run.run_id, wish)


def _outermost(data: Path, run: "Run") -> "Run":
    """A part is paused and stopped with the whole."""
    from labctl.data.reader import one_run

    while run.parent_id is not None and run.parent_id < run.run_id:
        run = one_run(data, run.parent_id)
    return run


def _resume(data: Path, run: "Run") -> str:
    from labctl.common.commands import About

    return About.of_run(run.record, data).command("resume", str(run.run_id))
