"""An interrupted run of the data folder, ready to be continued: its plan, its blocks, and how long ago it ended."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from labctl.bench.session import Interrupted
from labctl.common.refusals import Refusal
from labctl.data.acquisitions import Block
from labctl.data.live_runs import LIVE
from labctl.data.reader import Run, one_run, run_number
from labctl.plans.catalogue import entry
from labctl.run.replay import Replay, kept_blocks
from sequences.core.experiment import Experiment


@dataclass(frozen=True)
class Continuation:
    """What is needed to continue a run."""

    run: Run
    entry: Experiment
    plan: Any
    blocks: tuple[Block, ...]

    @property
    def another_seed(self) -> int:
        """For a twin that is switched on anew: with the same seed it would count the same photons again."""
        return int(self.run.record.get("seed", 0)) + 1

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
        last = self.blocks[-1]
        gap_s = max(0.0, time.time() - last.settings["unix_s"] - (last.ended_s - last.began_s))
        replay = Replay(self.blocks, run.record["calibration"], run.record.get("covariances"))
        return Interrupted(run.run_id, replay, gap_s)


def continuation(folder: Path, number: str) -> Continuation:
    """The run of this number. Raises Refusal saying why it cannot be continued."""
    run = one_run(folder, run_number(folder, number))
    number = str(run.run_id)
    if run.parent_id is not None:
        raise Refusal(f"Run {number} is a part of run {run.parent_id}: continue that one")
    if run.status in LIVE:
        raise Refusal(
            f"Run {number} is {run.status} in process {run.process}: `labctl resume {number}` lets it go on if it is "
            f"paused, `labctl stop {number}` ends it"
        )
    if run.status == "completed":
        raise Refusal(f"Run {number} is complete: there is nothing to continue. `labctl show {number}` shows it")
    blocks = kept_blocks(folder, run)
    if not blocks or any("bench" not in block.settings for block in blocks):
        raise Refusal(f"Run {number} has counted nothing that could be continued: start it anew")
    found = entry(run.sequence)
    try:
        plan = TypeAdapter(found.plan).validate_python(run.record["plan"])
    except (ValidationError, KeyError) as error:
        raise Refusal(f"The plan of run {number} does not fit this version of {run.sequence}: {error}") from None
    return Continuation(run, found, plan, blocks)
