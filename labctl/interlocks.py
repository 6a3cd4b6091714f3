"""Causes for which a run is suspended: an interlock, a laser's fault, a supply tripped or too hot, a carrier astray.

Asked of the instruments themselves when a run has failed, whatever it failed with; then again and again until the cause
is gone. Nothing in here switches on light, microwave or current: that is the run's own affair, when it goes on.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from instruments.clock import Clock
from instruments.errors import ChangedError
from sequences.lab import Lab

LOG: Final = logging.getLogger(__name__)
POLL_S: Final = 2.0
"""Laboratory time between two looks whether the cause is gone."""
_UNLOCKED: Final = "not locked"
"""In what the microwave's driver says of a carrier that does not hold its frequency."""


@dataclass(frozen=True)
class Cause:
    """Why a run cannot go on, for the time being."""

    what: str
    """'green_laser: its interlock is open'."""
    remedy: str
    """'close it'."""
    is_gone: Callable[[], bool] = field(repr=False)
    """Asks the instrument; what is latched only is forgotten."""
    is_trip: bool = False
    """Whether a coil's supply switched off: then the magnet is ramped down."""


def causes(lab: Lab, error: BaseException, clock: Clock) -> list[Cause]:
    """What holds the bench now; empty if the run failed for another reason. Never raises."""
    found: list[Cause] = []
    for look in (_green, _doughnut, _supplies, _carrier):
        try:
            found += look(lab, error, clock)
        except Exception:  # an instrument that does not answer is the run's own failure
            LOG.debug("Looking for the cause of a failure", exc_info=True)
    return found


def _green(lab: Lab, _error: BaseException, _clock: Clock) -> Iterator[Cause]:
    laser = lab.green_laser
    if laser.interlock_open():
        yield Cause("green_laser: its interlock is open", "close it", lambda: _closed(laser))
    elif (fault := str(laser.fault())) != "none":
        yield Cause(f"green_laser: fault {fault}", "remove its cause", lambda: _closed(laser))


def _closed(laser: Any) -> bool:
    """Interlock closed, and no fault that outlives being cleared. It stays dark."""
    if laser.interlock_open():
        return False
    if str(laser.fault()) != "none":
        laser.clear_fault()
    return str(laser.fault()) == "none"


def _doughnut(lab: Lab, _error: BaseException, _clock: Clock) -> Iterator[Cause]:
    if lab.depletion_beam.interlock_open():
        yield Cause(
            "depletion_beam: its laser's interlock is open",
            "close it",
            lambda: not lab.depletion_beam.interlock_open(),
        )


def _supplies(lab: Lab, _error: BaseException, clock: Clock) -> Iterator[Cause]:
    since_s = clock.now()
    for name, supply in _feeding(lab).items():
        if supply.is_too_hot():
            yield Cause(
                f"{name}: it is too hot, and keeps its outputs off",
                "see to its fan and its air",
                partial(_is_cool, supply),
                is_trip=True,
            )
        tripped = [part for part in ("ch1", "ch2") if getattr(supply, part).tripped()]
        if tripped:
            yield Cause(
                f"{name}: the protection of {' and '.join(tripped)} has tripped",
                f"let the coil cool down ({lab.limits.trip_rest_s:g} s), and see that it is connected",
                partial(_has_rested, supply, clock, since_s + lab.limits.trip_rest_s),
                is_trip=True,
            )


def _feeding(lab: Lab) -> dict[str, Any]:
    """The supplies that feed coils, by their names. A trim source has no supply behind it."""
    sources = (*lab.magnet.sources, lab.shift_coil, lab.gradient_coil, lab.compensation_coil)
    parents: list[Any] = [getattr(source, "parent", None) for source in sources]
    return {parent.name: parent for parent in parents if hasattr(parent, "is_too_hot")}


def _has_rested(supply: Any, clock: Clock, until_s: float) -> bool:
    """Its trips are past then, so that a later failure is not taken for one."""
    if clock.now() < until_s:
        return False
    for number in (1, 2):
        supply.forget_trip(number)
    return True


def _is_cool(supply: Any) -> bool:
    return not supply.is_too_hot()


def _carrier(lab: Lab, error: BaseException, _clock: Clock) -> Iterator[Cause]:
    """Only after a failure that named it: a loop may have been open for as long as the carrier was led elsewhere."""
    if isinstance(error, ChangedError) and error.instrument == lab.microwave.name and _UNLOCKED in error.changes:
        yield Cause(
            "microwave: its carrier does not hold its frequency",
            "let it warm up, and look at its reference",
            lambda: lab.microwave.is_locked(),
        )


def quietly(is_gone: Callable[[], bool]) -> bool:
    """False also where the instrument does not answer or declines: it is asked again."""
    with suppress(Exception):
        return is_gone()
    return False
