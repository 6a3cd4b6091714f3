"""What on the bench shines, radiates or carries current, read from the twin and not from what anybody believes of it.

For tests and for whoever looks after the served bench; a lab reads its instruments back.
"""

from typing import Any, Final

from simulated_instruments.cables import LINES
from simulated_instruments.setpoints import Setpoints

SMALL_A: Final = 1e-4
"""A current below this is none."""
COILS: Final = ("main_a", "trim_x_a", "trim_y_a", "shift_a", "gradient_a", "compensation_a")
"""Currents among the setpoints."""
MAGNET: Final = ("main_a", "trim_x_a", "trim_y_a")
"""Those that may be held through a night if the lab wants it so; the others are off on a safe bench."""


def still_on(setpoints: Setpoints, lines: int, magnet: bool = True) -> list[str]:
    """What keeps the bench from being safe; empty if it is.

    lines: bit k is line k of port 0. magnet: whether its current counts.
    """
    found = [
        f"the green laser emits {setpoints.green_w * 1e3:g} mW" if setpoints.green_w > 0 else "",
        f"the doughnut's laser emits {setpoints.depletion_w * 1e3:g} mW" if setpoints.depletion_w > 0 else "",
        f"the doughnut's laser at 775 nm emits {setpoints.sted_w * 1e3:g} mW" if setpoints.sted_w > 0 else "",
        "the pump's AOM is driven" if setpoints.pump_gate != "off" else "",
        "the doughnut's AOM is driven" if setpoints.depletion_gate != "off" else "",
        f"the microwave radiates {setpoints.carrier_dbm:g} dBm" if setpoints.carrier_on else "",
        *(f"the line {role} is high" for role in high_lines(lines)),
        *(f"{coil} is {amps:g} A" for coil, amps in currents_a(setpoints).items() if magnet or coil not in MAGNET),
    ]
    return [what for what in found if what]


def high_lines(lines: int) -> list[str]:
    """Roles of the lines that are high."""
    return [role for role, line in LINES.items() if lines >> line & 1]


def currents_a(setpoints: Setpoints) -> dict[str, float]:
    """Coils that carry current, in A."""
    amps = {coil: float(getattr(setpoints, coil)) for coil in COILS}
    return {coil: value for coil, value in amps.items() if abs(value) > SMALL_A}


def state(setpoints: Setpoints, lines: int) -> dict[str, Any]:
    """All of it as plain values: light in W, currents in A, the high lines by their roles."""
    return {
        "green_w": setpoints.green_w,
        "depletion_w": setpoints.depletion_w,
        "sted_w": setpoints.sted_w,
        "pump_aom": setpoints.pump_aom,
        "pump_gate": setpoints.pump_gate,
        "depletion_aom": setpoints.depletion_aom,
        "depletion_gate": setpoints.depletion_gate,
        "carrier_on": setpoints.carrier_on,
        "carrier_dbm": setpoints.carrier_dbm,
        "high_lines": high_lines(lines),
        "currents_a": {coil: float(getattr(setpoints, coil)) for coil in COILS},
        "still_on": still_on(setpoints, lines),
    }
