"""Hold field and null through a long run: short looks between its plays, and a correction after each.

In reading order: `hold` decides when to look and plays in blocks; `rates` what is believed of drifts, and what is worth
a correction; `bench` the knobs that a look may turn, and how they get back; `field_lock` the field along the axis and
D, by f+ and the frozen f-; `across_lock` the field across it, by the light; `null_tracker` the doughnut's null on the
NV where it belongs.
"""

from sequences.routines.hold.hold import COLUMNS, LOOKS, Hold, HoldChoice, Holding, Unheld, begin, begin_field
from sequences.routines.hold.rates import FIELD_KEY, NULL_KEY

__all__ = [
    "COLUMNS",
    "FIELD_KEY",
    "LOOKS",
    "NULL_KEY",
    "Hold",
    "HoldChoice",
    "Holding",
    "Unheld",
    "begin",
    "begin_field",
]
