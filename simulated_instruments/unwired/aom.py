"""The MPDS with its two channels, the pump's and the doughnut's."""

import math
import re
from dataclasses import dataclass
from typing import Any, Final

from simulated_instruments.unwired.box import Box, Refused, Unwatched
from simulated_instruments.unwired.parameter import Parameter

SATURATION_DBM: Final = 22.0
"""RF power of greatest diffraction."""
_SAME: Final = 1e-3
"""MHz or dBm: no setting is finer."""
_CHANNEL_LINE: Final = re.compile(r"l(\d) F=\s*([\d.]+) P=\s*([\d.]+) (ON|OFF) (INT|EXT)")


@dataclass(frozen=True)
class ChannelStatus:
    """One channel as the driver reports it."""

    power_dbm: float
    is_on: bool
    is_external: bool
    """Opened by its gate input, not by the driver itself."""


def diffraction(power_dbm: float) -> float:
    """Share of the light in the first order, 0 to 1, at this RF power."""
    return math.sin(0.5 * math.pi * math.sqrt(10 ** ((power_dbm - SATURATION_DBM) / 10))) ** 2


def power_for(efficiency: float) -> float:
    """RF power in dBm that diffracts this share, 0 < efficiency <= 1."""
    return SATURATION_DBM + 20 * math.log10(2 / math.pi * math.asin(math.sqrt(efficiency)))


LOWEST_EFFICIENCY: Final = diffraction(0.0)


class AomChannel:
    """One modulator. efficiency 0 switches it off; gate: 'external' lets the pulse line open it."""

    def __init__(self, parent: "Aom", number: int) -> None:
        self._parent, self._number = parent, number
        self._standing: dict[str, float | bool] = {}
        self.efficiency = Parameter(self._efficiency, self._set_efficiency, 0.0, 1.0)
        self.output = Parameter(lambda: self._status().is_on, lambda on: self._set(f"O{on:d}", is_on=bool(on)))
        self.gate = Parameter(self._gate, self._set_gate)

    def set_share(self, share: float) -> None:
        """The share of the light that passes while it is open; 0 switches it off, more switches it on."""
        self.efficiency(share)

    def follow_line(self) -> None:
        """Open only while its pulse line is high."""
        self.gate("external")

    def ignore_line(self) -> None:
        """Open whatever its pulse line does."""
        self.gate("internal")

    def switch_on(self) -> None:
        """Let it open."""
        self.output(True)

    def switch_off(self) -> None:
        """Closed, whatever its line does."""
        self.output(False)

    def is_on(self) -> bool:
        """Whether it may open."""
        return bool(self.output())

    def share(self) -> float:
        """The share that passes while it is open; 0 if it is off."""
        return float(self.efficiency())

    def opening(self) -> tuple[float, bool, bool]:
        """Share, whether it follows its line, whether it is on."""
        return float(self.efficiency()), self.gate() == "external", bool(self.output())

    def asked_share(self) -> float:
        """The share as it was set or read last."""
        return float(self.efficiency.cache.get())

    def ignores_line(self) -> bool:
        """Whether it was last set, or seen, to be open whatever its line does."""
        return bool(self.gate.cache.get(get_if_invalid=False) == "internal")

    def make_safe(self) -> str:
        """Closed."""
        self.switch_off()
        return "its output is still on" if self.output() else ""

    def changes(self, status: ChannelStatus) -> list[str]:
        """What is not as it was set last, a phrase each; it is forgotten then."""
        found = [
            f"{field} of channel {self._number} is {getattr(status, field)}, was {was}"
            for field, was in self._standing.items()
            if abs(getattr(status, field) - was) > _SAME
        ]
        if found:
            self._standing = {}
        return found

    def _status(self) -> ChannelStatus:
        return self._parent.status()[self._number]

    def _set(self, units: str, **expected: Any) -> None:
        """Send some units of a command to this channel, and see that they were taken."""
        self._standing = {known: value for known, value in self._standing.items() if known not in expected}
        self._parent.box.tell(f"L{self._number}{units}")
        status = self._status()
        if any(abs(getattr(status, field) - value) > _SAME for field, value in expected.items()):
            raise Refused(f"{self._parent.box.name} did not take {units!r} for channel {self._number}: {status}")
        self._standing |= expected

    def _efficiency(self) -> float:
        status = self._status()
        return diffraction(status.power_dbm) if status.is_on else 0.0

    def _set_efficiency(self, efficiency: float) -> None:
        if efficiency == 0.0:
            self._set("D0.00O0", power_dbm=0.0, is_on=False)
            return
        dbm = round(power_for(efficiency), 2)
        if dbm < 0.0:
            raise Refused(f"efficiency {efficiency:.4g} lies below {LOWEST_EFFICIENCY:.4f}, the least that can be set")
        self._set(f"D{dbm:.2f}O1", power_dbm=dbm, is_on=True)

    def _gate(self) -> str:
        return "external" if self._status().is_external else "internal"

    def _set_gate(self, gate: str) -> None:
        external = gate == "external"
        self._set(f"I{not external:d}", is_external=external)


class Aom(Unwatched):
    """The driver with its two channels."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.pump, self.doughnut = AomChannel(self, 1), AomChannel(self, 2)

    def status(self) -> dict[int, ChannelStatus]:
        """Every channel by its number."""
        return {
            int(number): ChannelStatus(float(dbm), on == "ON", source == "EXT")
            for number, _, dbm, on, source in _CHANNEL_LINE.findall(self.box.ask("S"))
        }

    def make_safe(self) -> str:
        """Both channels closed."""
        return self.pump.make_safe() or self.doughnut.make_safe()

    def verify(self) -> None:
        """Raises the box's complaint if a channel is not as it was set last."""
        status = self.status()
        changes = [*self.pump.changes(status[1]), *self.doughnut.changes(status[2])]
        if changes:
            raise self.box.changed(self.box.name, ", ".join(changes))
