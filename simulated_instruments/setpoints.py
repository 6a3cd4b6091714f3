"""What the wires can turn on the bench: one frozen value, and the interface behind which the physics answers.

The VISA devices and the NI server know the bench only through `World`. They never see a spin.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

AomGate = Literal["off", "on", "ttl"]


@dataclass(frozen=True)
class Setpoints:
    """Everything that an instrument other than the pulse card sets on the bench. All off by default."""

    main_a: float = 0.0
    """Current of the main coil (0 when the output is off)."""
    trim_x_a: float = 0.0
    trim_y_a: float = 0.0
    shift_a: float = 0.0
    """Current that the `shift` line switches into the fast coil."""
    gradient_a: float = 0.0
    compensation_a: float = 0.0
    carrier_hz: float = 10e6
    carrier_dbm: float = -110.0
    carrier_on: bool = False
    green_w: float = 0.0
    """Optical power that leaves the green laser's head."""
    depletion_w: float = 0.0
    """Optical power that leaves the doughnut's laser."""
    sted_w: float = 0.0
    """Likewise of the red laser, which takes the same way through AOM and steering on a bench that has it."""
    pump_aom: float = 0.0
    """First-order diffraction efficiency of AOM channel 1 while its gate is open, 0 to 1."""
    pump_gate: AomGate = "off"
    depletion_aom: float = 0.0
    depletion_gate: AomGate = "off"
    steering_v: tuple[float, float] = (0.0, 0.0)
    """Analogue outputs that steer the doughnut."""


class Clock(Protocol):
    """Laboratory time: seconds since the bench was switched on."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class World(Protocol):
    """The bench behind the wires."""

    @property
    def clock(self) -> Clock: ...

    @property
    def setpoints(self) -> Setpoints: ...

    def turn(self, **changes: object) -> None:
        """Set some fields of `Setpoints`."""

    def hold(self, levels: int) -> None:
        """Leave the digital lines at static levels (bit k = line k of port 0)."""

    def glowed(self) -> int:
        """Photons that an open counter has counted so far while lines rested high, between the plays."""

    def play(
        self, pattern: NDArray[np.uint32], tick_s: float, repeats: int, windows: Sequence[NDArray[np.bool_]]
    ) -> list[int]:
        """Play a digital pattern `repeats` times and count.

        pattern: (ticks,), bit k = line k of port 0. windows: for each counter, (ticks,) true where its gate lets
        photons through. Returns the counts of each window, summed over all repeats. Laboratory time does not pass
        in here: the caller lets the clock run when the card would be waited for.
        """
