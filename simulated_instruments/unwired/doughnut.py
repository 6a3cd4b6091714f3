"""Sprout-G, its AOM channel and the steering as one beam: the laser stands at a coarse power, the AOM sets the rest."""

import math
from typing import Final, Literal

from simulated_instruments.setpoints import Clock
from simulated_instruments.unwired.aom import LOWEST_EFFICIENCY, AomChannel
from simulated_instruments.unwired.box import Box, Refused, Unwatched
from simulated_instruments.unwired.card import Card
from simulated_instruments.unwired.parameter import Parameter

MAX_POWER_MW: Final = 5000.0
STEP_MW: Final = 10.0
"""Of the laser."""
COARSE_EFFICIENCY: Final = 0.8
"""Of the AOM when the laser's power is newly chosen."""
KEPT_EFFICIENCY: Final = (0.1, 0.95)
"""The laser's power is kept while the AOM stays within."""
STEERING_LIMIT_V: Final = 10.0
RISE_LIMIT_S: Final = 120.0
POLL_S: Final = 1.0
TOLERANCE: Final = 0.005
"""Relative, of every power read back, and never less than half a step of the laser."""


class DepletionBeam(Unwatched):
    """power_mw: behind the AOM while its gate is open; 0 closes the AOM and takes the laser to IDLE."""

    selects: Literal["outside", "inside"] = "outside"
    """Which NV of two: the one outside of the null, or the one inside."""
    powers_mw = (STEP_MW, MAX_POWER_MW, STEP_MW)
    """Of the laser: least, most, step."""

    def __init__(self, box: Box, aom: AomChannel, card: Card, clock: Clock, steering_nm_per_v: float = 1000.0) -> None:
        self.steering_outputs = ("ao0", "ao1")
        self.box, self._aom, self._card, self._clock = box, aom, card, clock
        self._steering_nm_per_v = steering_nm_per_v
        self._laser_mw = 0.0
        self._position_nm = (0.0, 0.0)
        self.power_mw = Parameter(self._power_mw, self._set_power, 0.0, self.powers_mw[1])
        self.position = Parameter(lambda: self._position_nm)

    def steer(self, x_nm: float, y_nm: float) -> None:
        """Centre the null here. Refuses a position beyond the analogue outputs before anything moves."""
        volts = (x_nm / self._steering_nm_per_v, y_nm / self._steering_nm_per_v)
        if not all(abs(v) <= STEERING_LIMIT_V for v in volts):
            raise Refused(f"({x_nm:.6g}, {y_nm:.6g}) nm needs {volts} V, beyond ±{STEERING_LIMIT_V:g} V")
        self._card.write_analog(dict(zip(self.steering_outputs, volts, strict=True)))
        self._position_nm = (x_nm, y_nm)

    @property
    def limit_mw(self) -> float:
        """Largest power."""
        return self.power_mw.most

    @limit_mw.setter
    def limit_mw(self, mw: float) -> None:
        self.power_mw.most = mw

    def set_power(self, mw: float) -> None:
        """The power while its gate is open; 0 switches it off."""
        self.power_mw(mw)

    def asked_mw(self) -> float:
        """The power as it was set or read last."""
        return float(self.power_mw.cache.get())

    def make_safe(self) -> str:
        """Its gate closed and its laser dark."""
        self.set_power(0.0)
        return f"its power reads {self.power_mw():g} mW" if self.power_mw() else ""

    def verify(self) -> None:
        """Raises the box's complaint if the laser was set to shine and does not, or otherwise."""
        wanted_mw = self._laser_mw
        if not wanted_mw:
            return
        seen_mw = self._laser_now_mw() if self._is_on() else 0.0
        if abs(seen_mw - wanted_mw) > _tolerance(wanted_mw):
            self._laser_mw = 0.0
            raise self.box.changed(self.box.name, f"it shines with {seen_mw:.0f} mW, was at {wanted_mw:.0f} mW")

    def _ask(self, key: str) -> str:
        return self.box.ask(f"{key}?").removeprefix(f"{key}=")

    def _tell(self, order: str) -> None:
        if (reply := self.box.ask(order)) != "0":
            raise Refused(f"{self.box.name} refused {order!r}: it answered {reply!r}")

    def _is_on(self) -> bool:
        return self._ask("OPMODE") == "ON"

    def _laser_now_mw(self) -> float:
        return float(self._ask("POWER")) * 1e3

    def _standing_mw(self) -> float:
        return round(float(self._ask("POWER SET")) * 1e3, 3) if self._is_on() else 0.0

    def _idle(self) -> None:
        self._tell("OPMODE=IDLE")

    def _light(self, laser_mw: float) -> None:
        self._tell(f"POWER SET={laser_mw / 1e3:.2f}")
        self._tell("OPMODE=ON")

    def _power_mw(self) -> float:
        return self._laser_now_mw() * float(self._aom.efficiency()) if self._is_on() else 0.0

    def _set_power(self, power_mw: float) -> None:
        self._laser_mw = 0.0
        if power_mw == 0.0:
            self._switch_off()
            return
        standing_mw = self._standing_mw()
        laser_mw, efficiency = _split(power_mw, standing_mw, self.powers_mw)
        if efficiency < LOWEST_EFFICIENCY:
            raise Refused(f"{power_mw:.4g} mW is less than laser and AOM make together. Ask for more, or for 0")
        self._aom.gate("external")
        if laser_mw != standing_mw:
            self._move_laser(laser_mw)
        self._aom.efficiency(efficiency)
        seen_mw = self._power_mw()
        if abs(seen_mw - power_mw) > TOLERANCE * power_mw + _tolerance(laser_mw) * efficiency:
            raise Refused(f"{power_mw:.4g} mW of the doughnut were set, {seen_mw:.4g} mW are there")
        self._laser_mw = laser_mw

    def _switch_off(self) -> None:
        """First the fast switch, then the laser."""
        self._aom.efficiency(0.0)
        self._idle()
        if self._aom.output() or self._is_on():
            raise Refused("the doughnut is not off")

    def _move_laser(self, laser_mw: float) -> None:
        """Take the laser to another power behind a closed AOM, and wait until it is there."""
        self._aom.output(False)
        self._light(laser_mw)
        deadline_s = self._clock.now() + RISE_LIMIT_S
        while abs(self._laser_now_mw() - laser_mw) > _tolerance(laser_mw):
            if self._clock.now() > deadline_s:
                raise Refused(f"{self.box.name} is not at {laser_mw:.0f} mW after {RISE_LIMIT_S:.0f} s")
            self._clock.sleep(POLL_S)


def _split(power_mw: float, standing_mw: float, powers_mw: tuple[float, float, float]) -> tuple[float, float]:
    """Laser power and AOM efficiency for a total; standing_mw is the laser's present power, kept if it will do."""
    least_mw, most_mw, step_mw = powers_mw
    if standing_mw > 0 and KEPT_EFFICIENCY[0] <= power_mw / standing_mw <= KEPT_EFFICIENCY[1]:
        return standing_mw, power_mw / standing_mw
    laser_mw = min(most_mw, max(least_mw, step_mw * math.ceil(power_mw / COARSE_EFFICIENCY / step_mw - 1e-9)))
    return laser_mw, power_mw / laser_mw


def _tolerance(laser_mw: float) -> float:
    return max(0.5 * STEP_MW, TOLERANCE * laser_mw)
