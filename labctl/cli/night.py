"""`labctl message`, `log` and `disk`: who is told of runs, what the instruments said, how much room is left.

Nothing of this opens an instrument.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labctl.cli.options import DATA, Data, Json
from labctl.cli.runs import Since, Until, between

if TYPE_CHECKING:
    from labctl.data.bench_log import Logged
    from labctl.data.disk import Room, Share

Words = Annotated[str, typer.Argument(metavar="TEXT", help="What is sent.")]
LogFile = Annotated[Path | None, typer.Option("--to", help="File to write: .nc (netCDF) or .csv.", show_default=False)]
ThrownAway = Annotated[
    str, typer.Option("--throw-away", metavar="KIND,KIND", help="Delete files of these kinds, after they were shown.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before they are deleted.")]


def message(text: Words = "This is a test: messages of labctl arrive here.") -> None:
    """Send a message on every way that your settings name.

    So you see whether messages arrive before a night relies on them.
    """
    from labctl.common.paths import settings_file
    from labctl.common.refusals import BenchFault, Refusal
    from labctl.config.user_settings import user_settings
    from labctl.messages.messenger import sent_now
    from labctl.messages.ways import Message

    done = sent_now(user_settings().messages, Message("labctl: a test", text))
    if not done:
        raise Refusal(f"Messages are off: {settings_file()} names no webhook, no mail and no command")
    for name, why in done.items():
        if not why:
            typer.echo(f"sent by {name}")
    if faults := [why for why in done.values() if why]:
        raise BenchFault(faults)


def log(since: Since = "", until: Until = "", to: LogFile = None, data: Data = DATA) -> None:
    """Show what the instruments said.

    It is what `labctl run --log-every SECONDS` logs: of each reading the least, the most and the last value, and how
    often there was an alarm. --to writes all of it.
    """
    from labctl.common.log import log_into
    from labctl.common.refusals import Refusal
    from labctl.data.bench_log import logged

    log_into(data)
    lines = list(logged(data, *between(since, until)))
    if not lines:
        raise Refusal(f"Nothing was logged in {data} in this time: `labctl run SEQUENCE --log-every 60` logs")
    if to is None:
        _print_log(lines)
    else:
        _write_log(lines, to)
        typer.echo(f"{len(lines)} readings: {to}")


def disk(thrown_away: ThrownAway = "", yes: Yes = False, data: Data = DATA, as_json: Json = False) -> None:
    """Show how much room is left, and what may go.

    Also how much a night takes. Nothing is deleted unless --throw-away names it; then the files are shown first.
    """
    from labctl.data.disk import room, size_words
    from labctl.data.serialise import serialisable

    found = room(data)
    if thrown_away:
        return _throw_away(found, thrown_away, yes, data)
    if as_json:
        shares = [{"name": s.name, "files": len(s.files), "size_bytes": s.size_bytes} for s in found.shares]
        told: dict[str, Any] = {"free_bytes": found.free_bytes, "night_bytes": found.night_bytes, "shares": shares}
        typer.echo(json.dumps(serialisable(told)))
        return
    _print_room(found)
    night = "not known yet: the runs so far are too short"
    if found.night_bytes is not None:
        nights = found.free_bytes / max(found.night_bytes, 1.0)
        night = f"some {size_words(found.night_bytes)}, by the runs so far; there is room for {nights:.3g} nights"
    typer.echo(f"left on the disk: {size_words(found.free_bytes)}\na night of 12 h takes: {night}")


def _print_log(lines: "Sequence[Logged]") -> None:
    import math

    from rich.table import Table

    from labctl.report.tables import console

    table = Table(box=None, pad_edge=False)
    for heading in ("instrument", "reading", "least", "most", "last", "unit", "alarms"):
        table.add_column(heading)
    for name in dict.fromkeys(line.name for line in lines):
        own = [line for line in lines if line.name == name]
        numbers = [line.number for line in own if not math.isnan(line.number)]
        least, most = (f"{one(numbers):.6g}" if numbers else "-" for one in (min, max))
        last = own[-1]
        alarms = sum(line.alarm == "1" for line in own)
        table.add_row(last.instrument, last.reading, least, most, last.value, last.unit or "-", str(alarms or "-"))
    console().print(table)


def _write_log(lines: "Sequence[Logged]", to: Path) -> None:
    import csv
    from dataclasses import astuple

    from labctl.common.refusals import Refusal
    from labctl.data.bench_log import COLUMNS, as_dataset
    from labctl.data.export import ENDINGS, write_file

    def write_csv(file: Path) -> None:
        with file.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([COLUMNS, *map(astuple, lines)])

    if to.suffix.lower() not in ENDINGS:
        raise Refusal(f"--to {to} has no known ending: use {' or '.join(ENDINGS)}")
    if to.suffix.lower() == ".csv":
        return write_file(to, write_csv)
    made = as_dataset(lines)
    write_file(to, lambda file: made.to_netcdf(file, engine="h5netcdf"))


def _print_room(found: "Room") -> None:
    from rich.table import Table

    from labctl.data.disk import size_words
    from labctl.report.tables import console

    table = Table(box=None, pad_edge=False)
    for heading in ("what", "files", "size", "may be thrown away"):
        table.add_column(heading)
    for share in found.shares:
        table.add_row(share.name, str(len(share.files)), size_words(share.size_bytes), share.may_go or "no")
    console().print(table)


def _throw_away(found: "Room", kinds: str, yes: bool, data: Path) -> None:
    from labctl.common.refusals import BenchFault
    from labctl.data.disk import size_words, throw_away

    chosen = _chosen(found, [one.strip() for one in kinds.split(",")], data)
    files = [file for share in chosen for file in share.files]
    for file in files:
        typer.echo(str(file))
    size = size_words(sum(share.size_bytes for share in chosen))
    if not files:
        typer.echo("There is nothing of this kind")
    elif yes or typer.confirm(f"Delete these {len(files)} files ({size}) for good?"):
        if faults := throw_away(files):
            raise BenchFault(faults)
        typer.echo(f"{len(files)} files deleted, {size}")
    else:
        typer.echo("Nothing was deleted")


def _chosen(found: "Room", names: Sequence[str], data: Path) -> "list[Share]":
    """Raises Refusal if one of them is kept, or a run goes on."""
    from labctl.common.refusals import Refusal, known
    from labctl.data.disk import NAMES
    from labctl.data.live_runs import LIVE
    from labctl.data.reader import each_run

    if strange := [name for name in names if name not in NAMES]:
        raise Refusal(f"--throw-away {one}: this is kept; {known(one, NAMES)}" for one in strange)
    if live := next((run for run in each_run(data) if run.status in LIVE), None):
        raise Refusal(f"Run {live.run_id} goes on in {data}: throw nothing away before it has ended")
    return [share for share in found.shares if share.name in names]
