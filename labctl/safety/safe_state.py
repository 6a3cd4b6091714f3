"""The safe state: whatever shines, radiates or heats is off, in order, each step guarded alone and read back."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from instruments.common.safely import fault_of, faults_of
from instruments.interface.roles import SAFE_STATE, Magnet
from sequences.core.lab import ROLES

LOG: Final = logging.getLogger(__name__)
_TRIES: Final = 2


@dataclass(frozen=True)
class Step:
    """One step of the safe state, and how it went."""

    what: str
    """As a sentence: 'the green laser is off'."""
    by_hand: str
    """What to do at the bench if it could not be confirmed."""
    fault: str = ""
    """Why it may not be so; empty if the read-back agreed."""

    def __str__(self) -> str:
        return f"it is not confirmed that {self.what}: {self.fault}. {self.by_hand}" if self.fault else self.what


def make_safe(bench: Any, ramp_magnet: bool) -> list[Step]:
    """Bring the bench into its safe state. Never raises; the caller shows the steps that have a fault.

    bench: a Lab, or as much of it as answers.
    """
    return [
        _tried(Step(safe.what, safe.by_hand), partial(_made_safe, bench, safe.role))
        for safe in SAFE_STATE
        if ramp_magnet or safe.role is not Magnet
    ]


def _tried(step: Step, act: Callable[[], str]) -> Step:
    """What a step's read-back found; one that fails is tried once more."""
    for _ in range(_TRIES):
        if not (fault := fault_of(act)):
            return step
    LOG.error("Not safe: that %s could not be confirmed: %s", step.what, fault)
    return replace(step, fault=fault)


def _made_safe(bench: Any, role: type[Any]) -> str:
    """All instruments that have this role, each guarded alone."""
    names = [name for name, its_role in ROLES.items() if its_role is role]
    if len(names) == 1:
        return str(getattr(bench, names[0]).make_safe())
    return faults_of({name.removesuffix("_coil"): partial(_one_made_safe, bench, name) for name in names})


def _one_made_safe(bench: Any, name: str) -> str:
    return str(getattr(bench, name).make_safe())


def light_first(built_on: Callable[[str], set[str]]) -> list[str]:
    """Whoever takes over a bench that shines opens these first: what lets light out, and what that is made of.

    built_on: the instruments that one is put together from.
    """
    light = [safe.role for safe in SAFE_STATE if safe.is_light]
    first = [name for name, role in ROLES.items() if role in light]
    for name in first:
        first += sorted(built_on(name) - set(first))
    return first
