"""`labctl report` and `bug-report`: runs as one page for a lab book, and what is needed to find a fault."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labctl.cli.options import DATA, STATION, Data, Station

if TYPE_CHECKING:
    from labctl.data.reader import Run

Runs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN...", help="Numbers of runs, as `labctl runs` shows them, or latest.", show_default=False
    ),
]
Since = Annotated[str, typer.Option("--since", metavar="WHEN", help="All runs begun since: as for `labctl runs`.")]
Tag = Annotated[str, typer.Option("--tag", metavar="TAG", help="All runs with this tag.")]


def report(
    runs: Runs = None,
    since: Since = "",
    tag: Tag = "",
    to: Annotated[Path, typer.Option("--to", help="File to write: .html.")] = Path("report.html"),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
    data: Data = DATA,
) -> None:
    """Write runs as one page of HTML for a lab book.

    What was asked, bench, alignment, calibration, results against the model, what was believed, notes, and how to
    repeat it; figures are within the page, and it needs no network.
    """
    from labctl.common.log import log_into
    from labctl.common.refusals import Refusal
    from labctl.report.run_report import report as written

    log_into(data)
    if to.suffix.lower() not in (".html", ".htm"):
        raise Refusal(f"--to {to} has no known ending: use .html")
    if to.exists() and not (overwrite and to.is_file()):
        raise Refusal(f"--to {to} is there already. Choose another name, or add --overwrite if it is a file to replace")
    found = _chosen(data, runs or [], since, tag)
    numbers = ", ".join(str(run.run_id) for run in found)
    page = written(data, found, f"Run{'' if len(found) == 1 else 's'} {numbers}")
    try:
        to.write_text(page, encoding="utf-8")
    except OSError as error:
        raise Refusal(f"--to {to} cannot be written ({error.strerror or error})") from None
    typer.echo(f"run {numbers}: {to}")


def bug_report(
    to: Annotated[
        Path | None, typer.Option("--to", help="File to write: .zip; default: named by the time.", show_default=False)
    ] = None,
    station: Station = STATION,
    data: Data = DATA,
) -> None:
    """Collect what is needed to find a fault in one zip file.

    Versions, station file, the end of the log and the record of the last run; addresses are left out. Look through it
    before you send it.
    """
    from labctl.common.log import log_into
    from labctl.common.refusals import Refusal
    from labctl.report.bug_report import bug_report as written

    log_into(data)
    to = to or Path(f"labctl-bug-{datetime.now():%Y%m%d-%H%M%S}.zip")
    if to.suffix.lower() != ".zip":
        raise Refusal(f"--to {to} has no known ending: use .zip")
    names = written(data, station, to)
    typer.echo(f"{to}: {', '.join(names)}. Addresses are left out; look through it before you send it")


def _chosen(data: Path, numbers: list[str], since: str, tag: str) -> "list[Run]":
    """The runs that were named, or those that fit and are no part of another one."""
    from labctl.common.refusals import Refusal
    from labctl.data.reader import FOREIGN, one_run, run_number
    from labctl.stored_runs.search import Wanted, check_names, listed, moment

    if bool(numbers) == bool(since or tag):
        raise Refusal("Name runs, or say since when: `labctl report latest`, `labctl report --since yesterday`")
    if numbers:
        found = [one_run(data, number) for number in dict.fromkeys(run_number(data, one) for one in numbers)]
    else:
        wanted = Wanted(tags=(tag,) if tag else (), since=moment(since, "--since") if since else None)
        check_names(wanted, data)
        found = [one.run for one in listed(data, wanted) if not one.depth and one.run.status != FOREIGN]
    if not found:
        raise Refusal(f"No run in {data} fits, so there is nothing to report. `labctl runs` lists them")
    return found
