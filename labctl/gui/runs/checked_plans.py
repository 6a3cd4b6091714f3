"""Plans of what waits in the queue, checked against the bounds of the station before the bench process sees them."""

from collections.abc import Mapping, Sequence
from typing import Any

from labctl.common.refusals import Refusal
from labctl.plans.catalogue import experiment_named
from labctl.plans.parse import make_plan
from labctl.plans.sweep import Sweep, few, sweep_of
from labctl.safety.limits import Bounds


def plan_of(sequence: str, settings: Mapping[str, str], bounds: Bounds) -> Any:
    """The plan of a single run. Raises Refusal with every fault."""
    plan = make_plan(experiment_named(sequence).plan, _texts(settings))
    if faults := bounds.faults(plan):
        raise Refusal(faults)
    return plan


def points_of(
    sequence: str, settings: Mapping[str, str], overs: Sequence[str], bounds: Bounds
) -> tuple[Sweep | None, list[Any]]:
    """What a place of the queue runs: one plan, or the sweep and the plans of all its points. Raises Refusal."""
    if not overs:
        return None, [plan_of(sequence, settings, bounds)]
    sweep, plans = sweep_of(experiment_named(sequence), overs, _texts(settings))
    if faults := dict.fromkeys(fault for plan in plans for fault in bounds.faults(plan)):
        raise Refusal(few(list(faults)))
    return sweep, plans


def _texts(settings: Mapping[str, str]) -> list[str]:
    return [f"{key}={text}" for key, text in settings.items()]
