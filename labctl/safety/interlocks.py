"""Causes for which a run is suspended: an interlock, a laser's fault, a supply tripped or too hot, a carrier astray.

Asked of the instruments themselves when a run has failed, whatever it failed with; then again and again until the cause
is gone. Nothing in here switches on light, microwave or current: that is the run's own affair, when it goes on.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from instruments.common.clock import Clock
from instruments.interface.causes import Cause
from sequences.core.lab import Lab
from sequences.routines.bench.verify import parts

LOG: Final = logging.getLogger(__name__)
POLL_S: Final = 2.0
"""Laboratory time between two looks whether the cause is gone."""


def causes(lab: Lab, clock: Clock) -> list[Cause]:
    """What holds the bench now; empty if a run failed for another reason. Never raises."""
    found: list[Cause] = []
    for part in parts(lab):
        try:
            found += [_rested(cause, clock, lab.limits.trip_rest_s) for cause in part.causes()]
        except Exception:  # an instrument that does not answer is the run's own failure
            LOG.debug("Looking for the cause of a failure", exc_info=True)
    return found


def _rested(cause: Cause, clock: Clock, rest_s: float) -> Cause:
    """A coil that tripped is left to cool down before anybody asks whether its cause is gone."""
    if not cause.needs_rest:
        return cause
    until_s = clock.now() + rest_s
    return replace(
        cause,
        remedy=f"{cause.remedy} (it rests for {rest_s:g} s)",
        is_gone=lambda: clock.now() >= until_s and cause.is_gone(),
    )


def quietly(is_gone: Callable[[], bool]) -> bool:
    """False also where the instrument does not answer or declines: it is asked again."""
    with suppress(Exception):
        return is_gone()
    return False
