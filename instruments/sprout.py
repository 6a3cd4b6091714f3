"""Lighthouse Photonics Sprout-G: the laser behind the depletion beam, with contrib's driver."""

import re
from collections.abc import Iterator
from typing import ClassVar, Final

from qcodes_contrib_drivers.drivers.LighthousePhotonics.Lighthouse_Photonics_Sprout_G import LighthousePhotonicsSproutG

from instruments.common.retry import Habits
from instruments.interface.readings import LIGHT_TOLERANCE, Reading, differs, on, wrong_if

_LEAST_MW: Final = 10.0
"""A step of its power: no tolerance is finer."""


class SproutG(LighthousePhotonicsSproutG):  # type: ignore[misc]  # published without types
    """contrib's driver, with what it says of itself."""

    habits: ClassVar = Habits("SERIALNUMBER?", once=re.compile(r"OPMODE=CALIBRATE"))

    def readings(self) -> Iterator[Reading]:
        """Mode and power, and what could keep it dark."""
        mode, interlock = str(self.output_mode()), str(self.interlock_status())
        shutter, warned, is_on = str(self.shutter_status()), str(self.warning_status()), mode == "on"
        yield Reading("mode", mode, verdict=on(is_on))
        set_mw, seen_mw = 1e3 * float(self.output_setpoint()), 1e3 * float(self.output_power())
        away = is_on and differs(seen_mw, set_mw, max(LIGHT_TOLERANCE * set_mw, _LEAST_MW))
        yield Reading("power", seen_mw, "mW", set_mw, verdict=wrong_if(away, "warning", is_on))
        yield Reading("its interlock", interlock, verdict=wrong_if(interlock == "OPEN", "fault", False))
        yield Reading("shutter", shutter.lower(), verdict=wrong_if(is_on and shutter == "CLOSED", "warning", False))
        yield Reading("warning", warned.lower(), verdict=wrong_if(warned != "NONE", "warning", False))
