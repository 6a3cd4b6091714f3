"""Sweeps found again: the runs of one group by the points that they measured, and what is left to be measured.

Every run of a sweep keeps the whole sweep in its record, so that any one of them tells of all.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labctl.common.refusals import Refusal
from labctl.data.live_runs import LIVE
from labctl.data.reader import LATEST, Run, each_run, one_run, outermost, run_number
from labctl.plans.sweep import SWEEP, Axis, Sweep, at


@dataclass(frozen=True)
class StoredSweep:
    """A sweep of a data folder."""

    folder: Path
    name: str
    """Of the group; its runs keep it."""
    sweep: Sweep
    runs: Mapping[int, Run]
    """Number of a point, 1, 2, … -> its run: the one that completed, or else the newest."""
    first: int
    """The number of its first run, by which a person knows the sweep."""

    @property
    def size(self) -> int:
        """How many points it has."""
        return math.prod(self.sweep.shape)

    @property
    def completed(self) -> list[Run]:
        """The runs that came to their end, in the order of the points."""
        return [run for _, run in sorted(self.runs.items()) if run.status == "completed"]

    @property
    def left(self) -> list[int]:
        """The numbers of the points that have no completed run."""
        done = {number for number, run in self.runs.items() if run.status == "completed"}
        return [number for number in range(1, self.size + 1) if number not in done]

    @property
    def live(self) -> Run | None:
        """The run of it that goes on now, in some process."""
        return next((run for run in self.runs.values() if run.status in LIVE), None)

    @property
    def words(self) -> str:
        """'sweep of odmr over field_mt = 1 to 10 (10 values): 7 of 10 points completed'."""
        over = f"sweep of {self.sweep.sequence} over {self.sweep.words}"
        return f"{over}: {len(self.completed)} of {self.size} points completed"


def sweep_with(folder: Path, number: str) -> StoredSweep:
    """The sweep that this run is of; 'latest' is the newest sweep. Raises Refusal if the run is of none."""
    run = _newest(folder) if number == LATEST else outermost(folder, one_run(folder, run_number(folder, number)))
    if not (kept := _kept(run)):
        raise Refusal(
            f"Run {run.run_id} ({run.sequence}) is no point of a sweep. `labctl show latest --sweep` shows the newest"
        )
    return sweep_named(folder, kept["name"])


def sweep_named(folder: Path, name: str) -> StoredSweep:
    """The sweep of this name. Raises Refusal if no run is of it, or what its runs keep of it cannot be read."""
    runs = [run for run in each_run(folder) if run.parent_id is None and _kept(run).get("name") == name]
    if not runs:
        raise Refusal(f"There is no sweep {name} in {folder}. `labctl runs` lists the runs; --data chooses a folder")
    sweep = read_sweep(runs[0])
    return StoredSweep(folder, name, sweep, _by_point(runs, math.prod(sweep.shape)), runs[0].run_id)


def point_words(run: Run) -> str:
    """'point 3 of 20 of a sweep: field_mt = 4'; empty for a run that is of none."""
    kept = _kept(run)
    if not kept or not isinstance(point := kept.get("point"), dict):
        return ""
    values = at({str(key): str(text) for key, text in point.items()})
    return f"point {kept.get('number')} of {kept.get('of')} of a sweep: {values}"


def read_sweep(run: Run) -> Sweep:
    """The sweep as a run of it keeps it. Raises Refusal if that cannot be read."""
    kept = _kept(run)
    try:
        axes = tuple(Axis.read(str(over)) for over in kept["over"])
        settings = {str(key): str(text) for key, text in kept["settings"].items()}
    except (KeyError, TypeError, AttributeError, Refusal) as error:
        raise Refusal(f"What run {run.run_id} keeps of its sweep cannot be read ({error})") from None
    return Sweep(run.sequence, axes, settings)


def _newest(folder: Path) -> Run:
    found = [run for run in each_run(folder) if _kept(run)]
    if not found:
        raise Refusal(f"There is no sweep in {folder}. `labctl sweep SEQUENCE --over KEY=START:STOP:COUNT` begins one")
    return found[-1]


def _kept(run: Run) -> dict[str, Any]:
    kept = run.record.get(SWEEP)
    return kept if isinstance(kept, dict) and isinstance(kept.get("name"), str) else {}


def _by_point(runs: Sequence[Run], size: int) -> dict[int, Run]:
    """For each point the newest run that completed, or else the newest one."""
    found: dict[int, Run] = {}
    for run in runs:
        number = _kept(run).get("number")
        if not isinstance(number, int) or not 1 <= number <= size:
            continue
        if number not in found or run.status == "completed" or found[number].status != "completed":
            found[number] = run
    return found
