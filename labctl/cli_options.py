"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path, typer.Option("--data", envvar="LABCTL_DATA", help="Folder of runs, figures, calibration and log.")
]
Station = Annotated[Path, typer.Option("--station", help="The bench: instruments, limits, wiring.")]
Simulated = Annotated[bool, typer.Option("--simulated", help="On the digital twin instead of the real bench.")]
Sample = Annotated[Path | None, typer.Option("--sample", help="Truth of the twin (YAML; may name only some keys).")]
Seed = Annotated[int | None, typer.Option("--seed", help="Of the twin's random numbers.")]
Pace = Annotated[float | None, typer.Option("--pace", help="Laboratory seconds a wall second; default: at once.")]
Json = Annotated[bool, typer.Option("--json", help="The last line of stdout is one JSON object.")]

DATA = Path("data")
STATION = Path("station.yaml")
