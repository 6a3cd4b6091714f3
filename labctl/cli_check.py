"""`labctl check`: who answers on the bench."""

import dataclasses
import json
from typing import TYPE_CHECKING

import typer

from labctl.cli_options import DATA, STATION, BenchFile, Data, Faults, Json, Pace, Sample, Seed, Simulated, Station

if TYPE_CHECKING:
    from labctl.check import Finding


def check(
    simulated: Simulated = False,
    sample: Sample = None,
    seed: Seed = None,
    pace: Pace = None,
    served: BenchFile = None,
    script: Faults = None,
    station: Station = STATION,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Open every instrument and say who answers, in which state, and how fast. Switches nothing on."""
    from labctl.check import findings
    from labctl.cli_bench import Choice, bench, sole
    from labctl.interrupts import Interrupts
    from labctl.log import log_into
    from labctl.refusals import BenchFault, gathered
    from labctl.station import opened
    from labctl.station_file import read_station

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
        silent = [str(one) for one in there.silent.values()]
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(finding) for finding in found]))
    else:
        _print(found)
    if silent:
        raise BenchFault(silent)


def _print(found: "list[Finding]") -> None:
    from rich.table import Table

    from labctl.tables import console

    table = Table(box=None, pad_edge=False)
    for heading in ("role", "model", "address", "identification", "state"):
        table.add_column(heading)
    table.add_column("answers in", justify="right")
    for f in found:
        answer = "-" if f.answer_ms is None else f"{f.answer_ms:.1f} ms"
        table.add_row(f.role, f.model, f.address or "-", f.identification or "-", f.state, answer)
    console().print(table)
