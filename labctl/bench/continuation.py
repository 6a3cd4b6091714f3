"""An interrupted run of the data folder, ready to be continued: plan, acquisitions, and how long ago it ended."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from labctl.bench.session import Interrupted
from labctl.common.refusals import Refusal
from labctl.data.acquisitions import Acquisition
from labctl.data.live_runs import LIVE
from labctl.data.reader import Run, one_run, run_number
from labctl.plans.catalogue import experiment_named
from labctl.plans.sweep import SWEEP
from labctl.run.replay import Replay, kept_acquisitions
from sequences.core.experiment import Experiment


@dataclass(frozen=True)
class Continuation:
    """What is needed to continue a run."""

    run: Run
    experiment: Experiment
    plan: Any
    acquisitions: tuple[Acquisition, ...]

    @property
    def another_seed(self) -> int:
        """For a twin that is switched on anew: with the same seed it would count the same photons again."""
        return int(self.run.record.get("seed", 0)) + 1

    @property
    def sweep(self) -> dict[str, Any]:
        """Which point of which sweep it is, for the record of the run that continues it; empty if it is of none."""
        return {SWEEP: self.run.record[SWEEP]} if SWEEP in self.run.record else {}

    def on(self, label: str, record: Mapping[str, Any]) -> Interrupted:
        """To be continued on the bench of this label. Raises Refusal if it was measured on another one.

        record: what runs of that bench keep about it.
        """
        run, there = self.run, self.run.record["bench"]
        if there != label:
            raise Refusal(f"Run {run.run_id} was measured on {there!r}, and this is {label!r}: continue it there")
        if record.get("twin") != run.record.get("twin") and record.get("seed") == run.record.get("seed"):
            raise Refusal(
                f"Run {run.run_id} was measured on a simulated bench that has been switched off since; with the same "
                f"seed this one would count the same photons again: open it with --seed {self.another_seed}"
            )
        last = self.acquisitions[-1]
        gap_s = max(0.0, time.time() - last.settings["unix_s"] - (last.ended_s - last.began_s))
        replay = Replay(self.acquisitions, run.record["calibration"], run.record.get("covariances"))
        return Interrupted(run.run_id, replay, gap_s)


def continuation(folder: Path, number: str) -> Continuation:
    """The run of this number. Raises Refusal saying why it cannot be continued."""
    run = one_run(folder, run_number(folder, number))
    number = str(run.run_id)
    if run.parent_id is not None:
        raise Refusal(f"Run {number} is a child of run {run.parent_id}: continue that one")
    if run.status in LIVE:
        raise Refusal(
            f"Run {number} is {run.status} in process {run.process}: `labctl resume {number}` lets it go on if it is "
            f"paused, `labctl stop {number}` ends it"
        )
    if run.status == "completed":
        raise Refusal(f"Run {number} is complete: there is nothing to continue. `labctl show {number}` shows it")
    acquisitions = kept_acquisitions(folder, run)
    if not acquisitions or any("bench" not in acquisition.settings for acquisition in acquisitions):
        raise Refusal(f"Run {number} has counted nothing that could be continued: start it anew")
    found = experiment_named(run.sequence)
    try:
        plan = TypeAdapter(found.plan).validate_python(run.record["plan"])
    except (ValidationError, KeyError) as error:
        raise Refusal(f"The plan of run {number} does not fit this version of {run.sequence}: {error}") from None
    return Continuation(run, found, plan, acquisitions)
