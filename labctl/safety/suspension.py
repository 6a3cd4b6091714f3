"""A run that is suspended: the bench is made safe, and the cause is asked for until it is gone or patience ends."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from instruments.common.clock import Clock
from instruments.interface.causes import Cause
from labctl.safety.interlocks import POLL_S, quietly
from labctl.safety.safe_state import make_safe
from sequences.core.lab import Lab

LOG: Final = logging.getLogger(__name__)
TOLD_EVERY_S: Final = 60.0
"""Laboratory time after which it is said again: whoever watches this process wants to hear of it."""


@dataclass(frozen=True)
class Wait:
    """How a suspension ended."""

    why: str
    """What held the run."""
    gave_up: str = ""
    """Why it does not go on; empty if it does."""


def wait_out(lab: Lab, clock: Clock, found: list[Cause], told: Callable[[str], None]) -> Wait:
    """Make the bench safe and return when every cause is gone, or when that took too long.

    clock: of the laboratory. told: called with what to read. The magnet keeps its field, unless a supply tripped.
    """
    why = "; ".join(f"{cause.what}: {cause.remedy}, the run goes on by itself" for cause in found)
    what = "; ".join(cause.what for cause in found)
    LOG.warning("Suspended: %s", why)
    told(why)
    if unsafe := [step for step in make_safe(lab, any(cause.is_trip for cause in found)) if step.fault]:
        return Wait(what, f"NOT SAFE: {unsafe[0]}")
    began_s = told_s = clock.now()
    left = list(found)
    while left := [cause for cause in left if not quietly(cause.is_gone)]:
        now_s = clock.now()
        if now_s - began_s >= lab.limits.suspend_for_s:
            return Wait(what, f"It did not go away within {lab.limits.suspend_for_s:g} s (limits.suspend_for_s)")
        if now_s - told_s >= TOLD_EVERY_S:
            told(why)
            told_s = now_s
        clock.sleep(POLL_S)
    LOG.info("%s: gone after %.0f s", what, clock.now() - began_s)
    return Wait(what)
