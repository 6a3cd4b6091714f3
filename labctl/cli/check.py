"""`labctl check`: who answers on the bench."""

import dataclasses
import json
from typing import TYPE_CHECKING

import typer

from labctl.cli.options import (
    DATA,
    STATION,
    BenchFile,
    Data,
    Faults,
    Json,
    Pace,
    Sample,
    Seed,
    Simulated,
    Station,
    Verbose,
)

if TYPE_CHECKING:
    from labctl.bench.check import Finding


def check(
    simulated: Simulated = False,
    sample: Sample = None,
    seed: Seed = None,
    pace: Pace = None,
    served: BenchFile = None,
    script: Faults = None,
    station: Station = STATION,
    data: Data = DATA,
    verbose: Verbose = False,
    as_json: Json = False,
) -> None:
    """Say who answers on the bench, and how fast.

    It opens every instrument and switches nothing on; -v adds what each is set to.
    """
    from labctl.bench.check import findings
    from labctl.bench.connect import Choice, bench, sole
    from labctl.bench.station import opened
    from labctl.common.log import log_into
    from labctl.common.refusals import BenchFault, gathered
    from labctl.common.signals import Interrupts
    from labctl.config.station_file import read_station

    log_into(data)
    choice = Choice(simulated, sample, seed, pace, served, script)
    _, file = gathered(choice.check, lambda: read_station(station))
    with (
        Interrupts(),
        sole(choice, station),
        bench(choice, file) as connection,
        opened(file, connection.wires) as there,
    ):
        found = findings(there)
        silent = [*map(str, there.silent.values())] if verbose else there.faults()
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(finding) for finding in found]))
    else:
        _print(found, verbose)
    if silent:
        raise BenchFault(silent)


def _print(found: "list[Finding]", verbose: bool) -> None:
    from rich.table import Table

    from labctl.report.tables import console

    screen, table = console(), Table(box=None, pad_edge=False)
    for heading in ("role", "address"):
        table.add_column(heading, no_wrap=True)
    for heading in ("identification", *(("model", "state") if verbose else ())):
        table.add_column(heading)
    table.add_column("answers in", justify="right", no_wrap=True)
    taken = [max(len(cell) for cell in cells) for cells in zip(*map(_cells, found), strict=True)]
    room = screen.width - sum(width + 2 for width in taken)
    for f in found:
        role, address, answer = _cells(f)
        name = f.identification or "no answer"
        if verbose:
            table.add_row(role, address, name, f.model, f.state, answer)
        else:  # one line an instrument, and an address whole
            table.add_row(role, address, name if len(name) <= room else f"{name[: max(0, room - 1)]}…", answer)
    screen.print(table)


def _cells(f: "Finding") -> tuple[str, str, str]:
    return f.role, f.address or "-", "-" if f.answer_ms is None else f"{f.answer_ms:.1f} ms".rjust(len("answers in"))
