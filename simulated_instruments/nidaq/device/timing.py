"""When a task samples: on demand, by a sample clock, or by the signal itself; and the rates that a clock can have."""

from dataclasses import dataclass
from typing import Final, Literal

from simulated_instruments.nidaq.device.channels import Kind
from simulated_instruments.nidaq.device.data_sheet import Model
from simulated_instruments.nidaq.device.terminals import ON_BOARD

_SETTLING_S: Final = 10e-6
"""By which the driver lets an input settle longer than it must."""


@dataclass(frozen=True)
class Timing:
    """The timing of one task, as it was asked for."""

    by: Literal["demand", "clock", "implicit"] = "demand"
    rate_hz: float = 1000.0
    source: str = ""
    falling: bool = False
    finite: bool = False
    per_channel: int = 1000
    """Samples of a finite task; of a continuous one what the buffer is made for."""

    @property
    def samples(self) -> int | None:
        """Per channel; None for continuous."""
        return self.per_channel if self.finite else None

    @property
    def on_board(self) -> bool:
        """Whether the task's own clock beats."""
        return self.source.lower() in ON_BOARD


def coerced_hz(model: Model, kind: Kind, rate_hz: float) -> float:
    """The rate that a clock really has: the timebase divided by a whole number.

    NI's knowledge base: of inputs of voltage the divisor is rounded down, of all others to the nearest.
    """
    if not 0 < rate_hz < float("inf"):
        return rate_hz
    wanted = model.timebase_hz / rate_hz
    divisor = max(int(wanted + 1e-9) if kind == "ai" else round(wanted), 1)
    return model.timebase_hz / divisor


def convert_hz(model: Model, rate_hz: float, channels: int) -> float:
    """How fast the converter goes from channel to channel: 10 us more than it needs for each, if there is time."""
    relaxed_hz = coerced_hz(model, "ai", 1.0 / (1.0 / model.ai_total_hz + _SETTLING_S))
    needed_hz = rate_hz * channels
    return relaxed_hz if needed_hz <= relaxed_hz else needed_hz


def fastest_hz(model: Model, kind: Kind, channels: int) -> float:
    """Fastest sample clock of a task with so many channels."""
    if kind == "ao":
        return model.ao_max_hz[min(channels, len(model.ao_max_hz)) - 1]
    if kind == "ai":
        return model.ai_max_hz if channels == 1 else model.ai_total_hz / channels
    return model.do_max_hz if kind in ("di", "do") else model.timebase_hz
