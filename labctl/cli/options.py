"""Arguments and options of the commands, and what they are if they are not given."""

from pathlib import Path
from typing import Annotated

import typer

from labctl.common import commands

Data = Annotated[
    Path, typer.Option("--data", envvar=commands.DATA_VARIABLE, help="Folder of runs, figures, calibration and log.")
]
Station = Annotated[Path, typer.Option("--station", help="The bench: instruments, limits, wiring.")]
Simulated = Annotated[bool, typer.Option("--simulated", help="On the digital twin instead of the real bench.")]
Sample = Annotated[
    Path | None,
    typer.Option(
        "--sample",
        metavar="FILE|NAME",
        help="Truth of the twin: YAML that may name only some keys, or one that is shipped: lab, natural, paper.",
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Of the twin's random numbers.")]
Pace = Annotated[float | None, typer.Option("--pace", help="Laboratory seconds a wall second; default: at once.")]
Faults = Annotated[Path | None, typer.Option("--faults", help="What shall go wrong on the twin, and when (YAML).")]
BenchFile = Annotated[
    Path | None,
    typer.Option("--bench", metavar="FILE", help="On the digital twin that `--serve --file FILE` started elsewhere."),
]
Json = Annotated[bool, typer.Option("--json", help="The last line of stdout is one JSON object.")]


def _sequences(incomplete: str) -> list[str]:
    from labctl.plans.catalogue import EXPERIMENTS

    return [name for name in EXPERIMENTS if name.startswith(incomplete)]


Sequence = Annotated[
    str, typer.Argument(help="What to measure: see --list.", show_default=False, autocompletion=_sequences)
]
Settings = Annotated[list[str], typer.Option("--set", metavar="KEY=VALUE", help="A key of the plan; may be repeated.")]
Overs = Annotated[
    list[str],
    typer.Option(
        "--over",
        metavar="KEY=VALUES",
        help="A key to sweep: start:stop:count, start:stop:count:log, or values with commas; may be repeated.",
    ),
]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="Number of the run, as `labctl runs` shows it, or latest.")]
Like = Annotated[
    str | None,
    typer.Option(
        "--like", metavar="RUN", help="With the plan of this stored run, but for what --set says.", show_default=False
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show plan, duration and pulses; switch on nothing.")]
Keys = Annotated[bool, typer.Option("--keys", help="Show the keys that --set takes.")]
List = Annotated[bool, typer.Option("--list", help="Show what can be run.")]
At = Annotated[
    str,
    typer.Option(
        "--at", metavar="TIME", help="Start then: 23:30, or '2026-12-01 23:30'; all is checked now.", show_default=False
    ),
]
LogEvery = Annotated[
    float | None,
    typer.Option(
        "--log-every",
        metavar="SECONDS",
        min=1.0,
        help="Log what the instruments say, so often; default: as your settings say.",
        show_default=False,
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Model and state of each, and why it does not answer.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Add the twin's truth to the result (simulated).")]

DATA = commands.DATA
STATION = commands.STATION
