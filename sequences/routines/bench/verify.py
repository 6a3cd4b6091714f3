"""Verifies that every instrument is as the sequence set it: one that was reset or has tripped yields no result."""

from contextlib import suppress
from typing import Final

from instruments.common.errors import ChangedError
from instruments.interface.roles import Role
from sequences.core.lab import Lab

VERIFY_AFTER_S: Final = 5.0
"""Between two checks. One takes nine exchanges, about 50 ms: a hundredth of the time."""


def verify_settings(lab: Lab) -> None:
    """Ask every instrument whether it is as it was set. Raises ChangedError naming one that is not."""
    for role in verified_roles(lab):
        role.verify()
    lab.run.checks.unchecked_s = 0.0
    lab.run.checks.count += 1


def accept_changes(lab: Lab) -> None:
    """Forget what changed on the bench before a sequence began: the sequence sets everything anew."""
    for role in verified_roles(lab):
        with suppress(ChangedError):
            role.verify()
    lab.run.checks.unchecked_s = 0.0


def verified_roles(lab: Lab) -> tuple[Role, ...]:
    """Everything that can say how it is, each once: a supply speaks for all its channels, and for the magnet."""
    sources = (*lab.magnet.sources, lab.shift_coil, lab.gradient_coil, lab.compensation_coil)
    supplies = {id(source.supply): source.supply for source in sources}
    lights = (lab.green_laser, lab.aom, lab.depletion_beam)
    return (*supplies.values(), lab.microwave, *lights, lab.pulse_generator, lab.photon_counter)


def verify_now_and_then(lab: Lab, played_s: float) -> None:
    """As `verify_settings`, if enough was played since the last check."""
    lab.run.checks.unchecked_s += played_s
    if lab.run.checks.unchecked_s >= VERIFY_AFTER_S:
        verify_settings(lab)
