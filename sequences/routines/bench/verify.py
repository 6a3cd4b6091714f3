"""Whether the bench still is as the sequence set it: no result from one that was reset, tripped or went dark."""

from contextlib import suppress
from typing import Final

from instruments.common.errors import ChangedError
from instruments.interface.roles import Role
from sequences.core.lab import Lab

LOOK_AFTER_S: Final = 5.0
"""Of playing: a look costs nine exchanges, some 50 ms of a bench: a hundredth."""


def still_set(lab: Lab) -> None:
    """Ask every instrument that was set whether it is so. Raises ChangedError naming one that is not."""
    for part in parts(lab):
        part.verify()
    lab.run.looks.unchecked_s = 0.0
    lab.run.looks.count += 1


def as_it_is(lab: Lab) -> None:
    """Take the bench as it is: what changed before a sequence began is forgotten, for that sets everything anew."""
    for part in parts(lab):
        with suppress(ChangedError):
            part.verify()
    lab.run.looks.unchecked_s = 0.0


def parts(lab: Lab) -> tuple[Role, ...]:
    """Everything that can say how it is, each once: a supply speaks for all its channels, and for the magnet."""
    sources = (*lab.magnet.sources, lab.shift_coil, lab.gradient_coil, lab.compensation_coil)
    supplies = {id(source.supply): source.supply for source in sources}
    lights = (lab.green_laser, lab.aom, lab.depletion_beam)
    return (*supplies.values(), lab.microwave, *lights, lab.pulse_generator, lab.photon_counter)


def look_now_and_then(lab: Lab, played_s: float) -> None:
    """As `still_set`, if enough was played since the last look."""
    lab.run.looks.unchecked_s += played_s
    if lab.run.looks.unchecked_s >= LOOK_AFTER_S:
        still_set(lab)
