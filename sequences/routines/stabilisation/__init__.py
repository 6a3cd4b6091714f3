"""Hold field and null through a long run: short looks between its plays, and a correction after each.

- `drift_rates`: how fast the bench is believed to drift.
- `outputs`: what a correction may turn: the magnet, light and microwave.
- `field_lock`: the field along the axis and D, from two points on the slopes of each line.
- `transverse_lock`: the field across the axis, from the light under small dithers.
- `null_tracker`: keeps the null of the doughnut on the left NV.
- `schedule`: when to look, and what is played between two looks.
"""

from sequences.routines.stabilisation.drift_rates import FIELD_KEY, NULL_KEY
from sequences.routines.stabilisation.schedule import (
    COLUMNS,
    LOOKS,
    Hold,
    HoldChoice,
    Holding,
    Unheld,
    begin,
    begin_field,
)

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
