"""A plan like that of a stored run, with changes: `labctl run --like RUN --set KEY=VALUE`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labctl.common.refusals import Refusal
from labctl.data.reader import FOREIGN, Run, one_run, run_number
from labctl.data.serialise import plain
from labctl.plans.catalogue import entry
from labctl.plans.parse import make_plan, plan_of, texts_of
from sequences.core.experiment import Experiment


@dataclass(frozen=True)
class Likeness:
    """A stored run whose plan shall be taken."""

    run: Run
    entry: Experiment
    texts: Mapping[str, str]
    """Dotted key -> text of its plan."""

    def plan(self, settings: Sequence[str]) -> Any:
        """Its plan with these `key=value` settings. Raises Refusal listing every fault."""
        return make_plan(self.entry.plan, settings, self.texts)

    def differences(self, plan: Any) -> list[str]:
        """'step_mhz = 0.5 (was 0.25)': what this plan has that the run had not."""
        now = texts_of(plain(plan))
        return [
            f"{key} = {text} ({f'was {self.texts[key]}' if key in self.texts else 'not known to that run'})"
            for key, text in now.items()
            if self.texts.get(key) != text
        ]

    def words(self, plan: Any) -> str:
        """What differs, in one line."""
        differs = ", ".join(self.differences(plan))
        return f"as run {self.run.run_id} ({self.entry.name}), {f'but {differs}' if differs else 'with the same plan'}"


def likeness(folder: Path, number: str, sequence: str = "") -> Likeness:
    """The run of this number. sequence: what it must have measured, if that is said.

    Raises Refusal if its plan cannot be taken.
    """
    run = one_run(folder, run_number(folder, number))
    if run.status == FOREIGN:
        raise Refusal(f"Run {run.run_id} was stored by QCoDeS without labctl: it has no plan that could be taken")
    if sequence and sequence != run.sequence:
        raise Refusal(
            f"Run {run.run_id} measured {run.sequence}, not {sequence}: leave {sequence} out, or name a run of it. "
            f"`labctl runs --sequence {sequence}` lists them"
        )
    found = entry(run.sequence)
    texts = texts_of(run.record.get("plan") or {})
    if faults := plan_of(found.plan, texts)[1]:
        head = f"The plan of run {run.run_id} does not fit this version of {run.sequence}"
        raise Refusal(f"{head}: {fault.words}" for fault in faults)
    return Likeness(run, found, texts)
