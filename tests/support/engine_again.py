"""An engine run that was measured once, told again: every part with its result and some of its points, in seconds.

What tests of the window need of an engine run is what a runner stores and tells, not that it is measured. The run was
measured over the wires of the simulated bench; test_engine_run compares its form with that of a fresh one. Anew:

    labctl run engine --simulated --seed 1 --set "evolution_us=3, 5.4" --set regardless=true --set hours=1 \
        --set survey_hours=0.15 --set calibrate_hours=1.5 --set cool_hours=1 --data FOLDER
    PYTHONPATH=.:tests python -m support.engine_again FOLDER
"""

import json
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np

from labctl.bench.connect import Choice, opened_bench
from labctl.bench.session import OpenBench
from labctl.config.station_file import StationFile
from labctl.data.reader import Run, children, one_run, points
from labctl.plans.catalogue import ENTRIES
from sequences import engine as engines
from sequences.core.lab import Lab
from sequences.results import Estimate, Point, Progress, Stream, child

RECORDING: Final = Path(__file__).with_name("engine_again.json")


_MOST_POINTS: Final = 20
_SEEN_S: Final = 0.25
"""A window looks several times a second at what is measured: a part lasts at least so long."""


def opened_bench_again(choice: Choice, file: StationFile, folder: Path) -> AbstractContextManager[OpenBench]:
    """As `opened_bench`, on which `engine` is told again. For the bench process of a window."""
    ENTRIES["engine"] = replace(ENTRIES["engine"], function=engine)
    return opened_bench(choice, file, folder)


def engine(lab: Lab, plan: engines.EnginePlan) -> Stream[Any]:
    """Every part, then the result."""
    told = recording()
    assert list(plan.evolution_us) == told["result"]["evolution_us"], "another plan than the one that was measured"
    for k, part in enumerate(told["parts"]):
        sequence = part["sequence"]
        yield from child(sequence, ENTRIES[sequence].plan(), _part(lab, part))
        yield Progress((k + 1) / len(told["parts"]), f"{sequence} told")
    yield Estimate(told["result"])
    return result_of("engine", told["result"])


def _part(lab: Lab, part: Mapping[str, Any]) -> Stream[Any]:
    """Its points, what it concluded, and its result."""
    time.sleep(_SEEN_S)
    for values in part["points"]:
        lab.clock.sleep(1.0)
        yield Point(values)
    yield Estimate(part["result"])
    yield Progress(1.0, "told")
    return result_of(part["sequence"], part["result"])


def result_of(sequence: str, stored: Mapping[str, Any]) -> Any:
    """The result as its sequence returns it, from what is stored of it."""
    made = getattr(import_module(f"sequences.{sequence}"), f"{sequence.capitalize()}Result")
    return made(**{name: _tuples(value) for name, value in stored.items()})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


@cache
def recording() -> dict[str, Any]:
    """What is stored of the run."""
    told: dict[str, Any] = json.loads(RECORDING.read_text(encoding="utf-8"))
    return told


def recorded(folder: Path) -> dict[str, Any]:
    """The first run of this folder, in the form of the recording."""
    run = one_run(folder, 1)
    return {"result": run.result, "parts": [_recorded(folder, part) for part in children(folder, 1)]}


def _recorded(folder: Path, part: Run) -> dict[str, Any]:
    """Points that have the same columns are alike: some of each kind."""
    values, kept = points(folder, part.run_id).values, []
    of_a_kind: dict[tuple[str, ...], int] = {}
    for row in zip(*values.values(), strict=True):
        point = {name: float(value) for name, value in zip(values, row, strict=True) if np.isfinite(value)}
        of_a_kind[tuple(point)] = of_a_kind.get(tuple(point), 0) + 1
        if of_a_kind[tuple(point)] <= _MOST_POINTS:
            kept.append(point)
    return {"sequence": part.sequence, "result": part.result, "points": kept}


if __name__ == "__main__":
    RECORDING.write_text(json.dumps(recorded(Path(sys.argv[1])), indent=None) + "\n", encoding="utf-8")
