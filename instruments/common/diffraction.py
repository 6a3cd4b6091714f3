"""How much of the light an acousto-optic modulator diffracts at an RF power, and which power diffracts a share."""

import math
from typing import Final

SATURATION_DBM: Final = 22.0
"""RF power of greatest diffraction: the modulators of this bench are matched to the driver's full output."""


def diffraction(power_dbm: float) -> float:
    """Share of the light in the first order, 0 to 1, at this RF power."""
    return math.sin(0.5 * math.pi * math.sqrt(10 ** ((power_dbm - SATURATION_DBM) / 10))) ** 2


def power_for(efficiency: float) -> float:
    """RF power in dBm that diffracts this share, 0 < efficiency <= 1; may lie below what the driver can do."""
    return SATURATION_DBM + 20 * math.log10(2 / math.pi * math.asin(math.sqrt(efficiency)))


LOWEST_EFFICIENCY: Final = diffraction(0.0)
