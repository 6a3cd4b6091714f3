"""The count rate while the lines rest as they were set by hand: no pattern is played, and no line moves."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from instruments.common.errors import GarbledError, PlayError
from sequences.core.lab import Lab
from sequences.results import SequenceError

LOG: Final = logging.getLogger(__name__)
COUNTERS: Final = ("counts", "signal", "reference")
"""What can be watched: `counts` is what the first counter hears. By hand no gate closes them: all hear every photon."""
_TRIES: Final = 3
_SURE: Final = 1.2
"""Longest over shortest time that a counter may have been open: others who use a twin let its time pass in steps."""


@dataclass(frozen=True)
class Rate:
    """Photons in so much laboratory time."""

    photons: int
    seconds: float

    @property
    def cps(self) -> float:
        """Photons a second."""
        return self.photons / self.seconds

    @property
    def cps_err(self) -> float:
        """Its shot noise, 1 sigma; no photon counts as one."""
        return float(max(self.photons, 1) ** 0.5) / self.seconds


def count(lab: Lab, seconds: float) -> dict[str, Rate]:
    """Count for so long: name of a counter -> rate. The lines stay as they are.

    Raises SequenceError if the detector is flooded, PlayError or GarbledError if the counters fail time after time.
    """
    levels = lab.pulse_generator.levels() or 0
    for tries in range(1, _TRIES + 1):
        try:
            photons, lasted_s = _counted(lab, seconds)
        except (PlayError, GarbledError) as fault:
            LOG.warning("Counting by hand, try %d of %d: %s", tries, _TRIES, fault)
            if tries == _TRIES:
                raise
            lab.photon_counter.renew()
            lab.pulse_generator.hold(levels)  # fresh tasks may have let go of the lines
        else:
            break
    found = {name: Rate(number, lasted_s) for name, number in {"counts": photons["signal"], **photons}.items()}
    _check_flood(lab, max(found.values(), key=lambda rate: rate.photons))
    return found


def _counted(lab: Lab, seconds: float) -> tuple[dict[str, int], float]:
    """Photons, and how long it really was. If that is not sure, because time went on meanwhile, it is done again."""
    for _ in range(_TRIES):
        photons, surely_s, at_most_s = _counted_once(lab, seconds)
        if at_most_s <= _SURE * surely_s:
            break
    return photons, surely_s


def _counted_once(lab: Lab, seconds: float) -> tuple[dict[str, int], float, float]:
    """Photons, and for how long at least and at most the counters were open."""
    counter, clock = lab.photon_counter, lab.clock
    try:
        before_s = clock.now()
        counter.arm(gated=False)
        began_s = clock.now()
        clock.sleep(seconds)
        surely_s = max(seconds, clock.now() - began_s)
        photons = counter.read()
        return photons, surely_s, clock.now() - before_s
    finally:
        with suppress(PlayError):  # who reads hears why; a run that comes next makes fresh tasks
            counter.disarm()


def _check_flood(lab: Lab, rate: Rate) -> None:
    if rate.cps > lab.limits.count_rate_cps:
        raise SequenceError(
            f"The photon counter saw {rate.cps:.3g} counts/s, above its limit of {lab.limits.count_rate_cps:.3g}",
            "Lower the light, or limits.count_rate_cps if the detector can take it",
            count_rate_cps=rate.cps,
        )
