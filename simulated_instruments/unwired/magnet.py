"""Three currents as one field: staged ramps at a limited rate."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.setpoints import Clock
from simulated_instruments.unwired.box import Refused, Unwatched
from simulated_instruments.unwired.currents import Source
from simulated_instruments.unwired.parameter import Parameter

STEP_S: Final = 1.0
"""A ramp that takes no longer is one step."""
MOST_STEPS: Final = 40
"""A slower ramp has larger steps."""

_SMALL_A: Final = 1e-4

Currents = tuple[float, float, float]


class Magnet(Unwatched):
    """Coils x, y (trims) and main. currents: settings in A, read back, 0 where the output is off."""

    def __init__(self, sources: tuple[Source, Source, Source], clock: Clock) -> None:
        """sources: of x, y and main."""
        self.sources, self._clock = sources, clock
        self.limits_a: Currents = (sources[0].limit_a, sources[1].limit_a, sources[2].limit_a)
        self.loads_ohm: Currents = (0.0, 0.0, 0.0)
        self.heat_limit_w = math.inf
        self.ramp_a_per_s = 0.05
        self.ramped_to_a: Currents | None = None
        """Where the last ramp has led."""
        self.currents = Parameter(self._currents)

    def switch_on(self) -> None:
        """All outputs on in current mode: from 0 A where one was off; one that was on keeps its current."""
        for source in self.sources:
            source.switch_on()

    def ramp_to(self, currents_a: Currents) -> None:
        """Ramp all three currents together, the slowest at `ramp_a_per_s`, and return when they have arrived."""
        target = self._permitted(currents_a)
        live = self._live(target)
        start = np.array(self.currents())
        duration_s = float(np.max(np.abs(target - start))) / self.ramp_a_per_s
        steps = min(MOST_STEPS, max(1, math.ceil(duration_s / STEP_S)))
        for step in range(1, steps + 1):
            amps = target if step == steps else start + (target - start) * step / steps
            for axis in live:
                self.sources[axis].set_current(float(amps[axis]))
            self._clock.sleep(duration_s / steps)
        self._live(target)
        self.ramped_to_a = (float(target[0]), float(target[1]), float(target[2]))

    def ramp_down(self) -> None:
        """Take all currents to 0 A."""
        self.ramp_to((0.0, 0.0, 0.0))

    def verify(self) -> None:
        """Raises a complaint if a source of it is not as it was set last."""
        for source in self.sources:
            source.verify()

    def make_safe(self) -> str:
        """No current."""
        self.ramp_down()
        return f"{self.currents()} A left" if any(abs(amps) > _SMALL_A for amps in self.currents()) else ""

    def _permitted(self, currents_a: Currents) -> NDArray[np.float64]:
        if not all(abs(amps) <= limit_a for amps, limit_a in zip(currents_a, self.limits_a, strict=True)):
            raise Refused(f"the currents {currents_a} A are beyond the magnet's limits of {self.limits_a} A")
        heat_w = sum(amps**2 * ohm for amps, ohm in zip(currents_a, self.loads_ohm, strict=True))
        if heat_w > self.heat_limit_w:
            raise Refused(f"the currents {currents_a} A would heat the coils with {heat_w:.4g} W")
        return np.array(currents_a, dtype=float)

    def _live(self, target: NDArray[np.float64]) -> list[int]:
        """Sources whose output is on. One that is off carries 0 A: it may rest, but goes nowhere else."""
        live = [axis for axis, source in enumerate(self.sources) if source.is_on()]
        if any(axis not in live for axis in np.flatnonzero(target)):
            raise Refused("a source of the magnet is off, so that its current cannot follow")
        return live

    def _currents(self) -> Currents:
        x, y, main = (source.setpoint_a() if source.is_on() else 0.0 for source in self.sources)
        return x, y, main
