"""`labctl note`, `tag` and `star`: what people say of runs. It is kept beside the database, which stays as it is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labctl.cli.options import DATA, Data, RunId

if TYPE_CHECKING:
    from labctl.data.reader import Run

NoteTags = Annotated[list[str], typer.Option("--tag", metavar="TAG", help="Give the run a tag too; may be repeated.")]
Remove = Annotated[bool, typer.Option("--remove", help="Take it away again.")]


def note(
    run: RunId,
    text: Annotated[str, typer.Argument(help="What to keep, in quotation marks.", show_default=False)],
    tags: NoteTags = [],  # noqa: B006  # typer copies it
    data: Data = DATA,
) -> None:
    """Write a note on a run.

    `labctl show RUN` and reports show it, and `labctl runs --text` finds the run by it.
    """
    from labctl.data.remarks import add_note, add_tag, check_tag

    found = _found(data, run)
    for tag in tags:
        check_tag(tag)
    add_note(data, found, text)
    for tag in tags:
        add_tag(data, found, tag)
    _say(data, found)


def tag(
    run: RunId,
    tags: Annotated[list[str], typer.Argument(metavar="TAG...", help="One word each: night, sample-7.")],
    remove: Remove = False,
    data: Data = DATA,
) -> None:
    """Give a run tags, or take them away.

    `labctl runs --tag night` lists the runs that have one.
    """
    from labctl.data.remarks import add_tag, check_tag, remove_tag

    found = _found(data, run)
    for one in tags:
        check_tag(one)
    for one in tags:
        (remove_tag if remove else add_tag)(data, found, one)
    _say(data, found)


def star(run: RunId, remove: Remove = False, data: Data = DATA) -> None:
    """Give a run a star, or take it away.

    `labctl runs --starred` lists the runs that have one.
    """
    from labctl.data.remarks import set_star

    found = _found(data, run)
    set_star(data, found, not remove)
    _say(data, found)


def _found(data: Path, run: str) -> "Run":
    from labctl.common.log import log_into
    from labctl.data.reader import one_run, run_number

    log_into(data)
    return one_run(data, run_number(data, run))


def _say(data: Path, run: "Run") -> None:
    """What is now said of the run."""
    from labctl.data.remarks import remarks_of

    remarks = remarks_of(data, run)
    words = [f"{len(remarks.notes)} note{'' if len(remarks.notes) == 1 else 's'}"] if remarks.notes else []
    words += [f"tags {', '.join(remarks.tags)}"] if remarks.tags else []
    words += ["a star"] if remarks.is_starred else []
    typer.echo(f"run {run.run_id} ({run.sequence}) has {', '.join(words) or 'no note, no tag and no star'}")
