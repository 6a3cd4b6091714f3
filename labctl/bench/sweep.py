"""The points of a sweep, measured one after the other on an open bench; what was interrupted is gone on with."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ruamel.yaml import YAML

from labctl.bench.continuation import continuation
from labctl.bench.session import Interrupted, OpenBench
from labctl.common.commands import About
from labctl.common.refusals import Refusal, printable
from labctl.data.reader import Run
from labctl.data.writing.database_writer import NotBegun
from labctl.data.writing.recorder import EndedRun
from labctl.plans.sweep import Sweep, at
from labctl.run.events import Listener
from labctl.run.pause import Pause
from labctl.stored_runs.sweeps import StoredSweep, sweep_named
from sequences.core.experiment import Experiment

_CONTINUED: Final = ("interrupted", "aborted")
"""A run that ended so is gone on with; one that failed is measured anew."""


@dataclass(frozen=True)
class SweptPoint:
    """A point that shall be measured."""

    number: int
    """1 for the first of the sweep."""
    words: str
    """'field_mt = 1, power_dbm = -10'."""
    plan: Any
    record: dict[str, Any]
    """For its run."""
    interrupted: Interrupted | None
    """What it goes on with."""


@dataclass(frozen=True)
class Ended:
    """How a point ended."""

    point: SweptPoint
    status: str
    message: str
    run: EndedRun | None
    """None if none has begun."""

    def words(self, about: About) -> str:
        """'point 3 (field_mt = 4) failed: … (run 12)'. about: the bench, for commands."""
        run = f" (run {self.run.run_id})" if self.run else ""
        why = about.in_words(printable(self.message))
        return f"point {self.point.number} ({self.point.words}) {self.status}: {why}{run}"


def what_is_left(bench: OpenBench, name: str, sweep: Sweep, plans: Sequence[Any]) -> list[SweptPoint]:
    """The points of the sweep of this name that have no completed run, in their order. plans: of all points.

    Raises Refusal if the others were measured on another bench or by another station file, would be counted with the
    same photons, or are measured now.
    """
    try:
        stored: StoredSweep | None = sweep_named(bench.store.folder, name)
    except Refusal:  # nothing of it has been measured
        stored = None
    runs = stored.runs if stored else {}
    if stored and stored.live:
        number, process = stored.live.run_id, stored.live.process
        raise Refusal(f"Run {number} of this sweep goes on in process {process}: `labctl stop {number}` ends it")
    if other := next((run for run in runs.values() if run.record.get("bench") != bench.store.label), None):
        there = other.record.get("bench")
        raise Refusal(f"The sweep was begun on {there!r}, and this is {bench.store.label!r}: go on with it there")
    for run in runs.values():
        _check_same(bench, run)
    points = sweep.points
    return [
        SweptPoint(n, at(points[n - 1]), plans[n - 1], sweep.record(name, n), _interrupted(bench, runs.get(n)))
        for n in (stored.left if stored else range(1, len(points) + 1))
    ]


def measured(
    bench: OpenBench,
    experiment: Experiment,
    points: Sequence[SweptPoint],
    listeners: Sequence[Listener],
    pause: Pause,
    begins: Callable[[int], None],
) -> Iterator[Ended]:
    """Measure one point after the other. begins: called with the place of each in the list before it begins.

    A point that fails, or is refused before it begins, is passed over. It ends early when a point is aborted or leaves
    something on, and when two are refused for the same reason.
    """
    refused = ""
    for place, point in enumerate(points):
        begins(place)
        try:
            outcome = bench.run(experiment, point.plan, listeners, pause, point.interrupted, point.record)
        except NotBegun as error:
            yield Ended(point, "failed", str(error), None)
            if str(error) == refused:
                return
            refused = str(error)
            continue
        except KeyboardInterrupt:  # between two runs
            yield Ended(point, "aborted", "aborted by the operator", None)
            return
        run = outcome.run
        yield Ended(point, run.status, run.message, run)
        if run.status == "aborted" or outcome.unsafe:
            return


def _check_same(bench: OpenBench, run: Run) -> None:
    """The points of a sweep differ in the swept keys, and in nothing else."""
    file = bench.station.file
    if (before := run.record.get("station_file")) and _said_by(before) != _said_by(file.text):
        raise Refusal(
            f"Run {run.run_id} of this sweep was measured with another station file than {file.path}, and "
            "addresses and comments are all that may differ: go on with that one, or begin a new sweep"
        )
    seed, twin = run.record.get("seed"), run.record.get("twin")
    if seed is not None and seed == bench.record.get("seed") and twin != bench.record.get("twin"):
        raise Refusal(
            f"Run {run.run_id} of this sweep was counted with --seed {seed} on a simulated bench that has been "
            "switched off since, and the same photons would be counted again: leave --seed out, or give another one"
        )


def _said_by(station_file: str) -> Any:
    """What a station file says of the bench, without where the computer finds it."""
    said = YAML(typ="safe", pure=True).load(station_file)
    for entry in said.get("instruments", {}).values():
        entry.pop("address", None)
    return said


def _interrupted(bench: OpenBench, run: Run | None) -> Interrupted | None:
    if run is None or run.status not in _CONTINUED:
        return None
    try:
        return continuation(bench.store.folder, str(run.run_id)).on(bench.store.label, bench.record)
    except Refusal:  # it has counted nothing: it is measured anew
        return None
