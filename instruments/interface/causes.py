"""Why an instrument cannot go on for the time being: an interlock, a trip, a fault, a carrier astray."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cause:
    """Why a run cannot go on, for the time being."""

    what: str
    """'green_laser: its interlock is open'."""
    remedy: str
    """'close it'."""
    is_gone: Callable[[], bool] = field(repr=False)
    """Asks the instrument; what is latched only is forgotten. Nothing is switched on."""
    is_trip: bool = False
    """Whether a coil's supply switched off: then the magnet is ramped down."""
    needs_rest: bool = False
    """Whether a coil has to cool down first: `is_gone` is asked only after that."""
