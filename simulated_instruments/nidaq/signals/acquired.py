"""What inputs take: samples of voltages and lines by a clock, and what a photodiode and the lines show."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.cables import GATE_LINES, LINES, PHOTODIODE, PHOTODIODE_V_PER_W
from simulated_instruments.nidaq.device.channels import Voltage
from simulated_instruments.nidaq.signals.trains import Train
from simulated_instruments.setpoints import Knobs

Real = NDArray[np.float64]
Words = NDArray[np.uint32]

_NOISE_V: Final = {10.0: 315e-6, 5.0: 157e-6, 2.0: 64e-6, 1.0: 38e-6, 0.5: 27e-6, 0.2: 21e-6, 0.1: 17e-6}
"""Range -> rms noise of a reading (NI 6363 specifications, random noise)."""
_STEPS: Final = 2**16


@dataclass
class Acquisition:
    """A clocked input that runs. Its buffer never overflows."""

    wanted: int | None
    """Samples of a finite one."""
    clock: Train | None
    """None while nothing beats at its source."""
    before: int = 0
    """Edges of the clock before it was started."""
    source: str = ""
    """Terminal of a clock that is not its own."""
    taken: int = 0

    def there(self, now_s: float) -> int:
        """Samples that can be read now."""
        come = self.clock.edges(now_s) - self.before if self.clock else 0
        return max((come if self.wanted is None else min(come, self.wanted)) - self.taken, 0)

    def ready_s(self, count: int) -> float:
        """When so many more will be there."""
        last = self.taken + count
        if self.clock is None or (self.wanted is not None and last > self.wanted):
            return np.inf
        return self.clock.edge_s(self.before + last - 1) if count > 0 else 0.0

    def take(self, count: int) -> Real:
        """(count,): when these samples were taken; they are read once."""
        assert self.clock is not None
        times = self.clock.times(self.before + self.taken, count)
        self.taken += count
        return times

    @property
    def done_s(self) -> float:
        """When it has all its samples."""
        return np.inf if self.wanted is None else self.ready_s(self.wanted - self.taken)


def ranged_v(channel: Voltage) -> float:
    """The smallest range of the card that holds what is expected at the channel."""
    most = max(abs(channel.max_v), abs(channel.min_v))
    return min((v for v in _NOISE_V if v >= most), default=max(_NOISE_V))


def voltages(channel: Voltage, knobs: Knobs, levels: Words, drawing: np.random.Generator) -> Real:
    """(samples,): what the converter shows of a channel, with the lines at these levels."""
    reach = ranged_v(channel)
    true = photodiode_v(knobs, levels) if channel.physical == (PHOTODIODE,) else np.zeros(len(levels))
    noisy = true + drawing.normal(0.0, _NOISE_V[reach], len(levels))
    step = 2 * reach / _STEPS
    return np.asarray(np.clip(np.round(noisy / step) * step, -reach, reach - step))


def photodiode_v(knobs: Knobs, levels: Words) -> Real:
    """(samples,): of the photodiode behind the pump's AOM. It does not see what leaks through a closed one."""
    high = (levels >> np.uint32(LINES["pump"]) & np.uint32(1)).astype(float)
    let_through = {"off": np.zeros(len(levels)), "on": np.ones(len(levels)), "ttl": high}[knobs.pump_gate]
    return np.asarray(knobs.green_w * knobs.pump_aom * let_through * PHOTODIODE_V_PER_W)


def pins(port: int, levels: Words) -> Words:
    """(samples,): the word of a port that is read. Ports 1 and 2 are the PFI terminals; inputs of port 0 hear nothing.

    The detector's pulses are too short to be met.
    """
    word = np.zeros(len(levels), dtype=np.uint32)
    for name, line in GATE_LINES.items():
        at_port, bit = divmod(int(name.removeprefix("PFI")), 8)
        if at_port + 1 == port:
            word |= (levels >> np.uint32(line) & np.uint32(1)) << np.uint32(bit)
    return word
