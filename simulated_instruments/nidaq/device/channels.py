"""The virtual channels of a task: what each kind is, and what it owns. Frozen: a channel is made anew to change it."""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from nidaqmx.constants import ChannelType

Kind = Literal["ai", "ao", "di", "do", "ci", "co"]
TYPES: Final[dict[Kind, int]] = {
    "ai": int(ChannelType.ANALOG_INPUT.value),
    "ao": int(ChannelType.ANALOG_OUTPUT.value),
    "di": int(ChannelType.DIGITAL_INPUT.value),
    "do": int(ChannelType.DIGITAL_OUTPUT.value),
    "ci": int(ChannelType.COUNTER_INPUT.value),
    "co": int(ChannelType.COUNTER_OUTPUT.value),
}
TICK_S: Final = 1e-8
"""Of the 100 MHz timebase, in which counters measure and put out."""


@dataclass(frozen=True)
class Lines:
    """A digital channel over lines of one port."""

    port: int
    lines: tuple[int, ...]
    output: bool

    @property
    def kind(self) -> Kind:
        """Of the task that has such a channel."""
        return "do" if self.output else "di"

    @property
    def mask(self) -> int:
        """Its lines in the word of the port."""
        return sum(1 << line for line in self.lines)

    @property
    def resources(self) -> frozenset[str]:
        """What a task with this channel owns."""
        return frozenset(f"port{self.port}/line{line}" for line in self.lines)

    @property
    def physical(self) -> tuple[str, ...]:
        """Names of the physical channels, without the device."""
        return tuple(f"port{self.port}/line{line}" for line in self.lines)


@dataclass(frozen=True)
class Analogue:
    """An analogue output channel."""

    kind: ClassVar[Kind] = "ao"
    number: int
    max_v: float
    min_v: float

    @property
    def output(self) -> str:
        """E.g. ao0."""
        return f"ao{self.number}"

    @property
    def resources(self) -> frozenset[str]:
        """What a task with this channel owns."""
        return frozenset({self.output})

    @property
    def physical(self) -> tuple[str, ...]:
        """Names of the physical channels, without the device."""
        return (self.output,)


@dataclass(frozen=True)
class Voltage:
    """An analogue input channel."""

    kind: ClassVar[Kind] = "ai"
    number: int
    max_v: float
    min_v: float
    wired_as: int
    """DAQmx's number of its terminal configuration."""

    @property
    def resources(self) -> frozenset[str]:
        """The card has one converter: an input task owns all inputs."""
        return frozenset({"ai"})

    @property
    def physical(self) -> tuple[str, ...]:
        """Names of the physical channels, without the device."""
        return (f"ai{self.number}",)


@dataclass(frozen=True)
class _Counter:
    counter: int

    @property
    def resources(self) -> frozenset[str]:
        """What a task with this channel owns."""
        return frozenset({f"ctr{self.counter}"})

    @property
    def physical(self) -> tuple[str, ...]:
        """Names of the physical channels, without the device."""
        return (f"ctr{self.counter}",)


@dataclass(frozen=True)
class Edges(_Counter):
    """A counter that counts edges upwards."""

    kind: ClassVar[Kind] = "ci"
    initial: int


@dataclass(frozen=True)
class Gauge(_Counter):
    """A counter that measures the frequency or the period of a signal."""

    kind: ClassVar[Kind] = "ci"
    measures: Literal["FREQ", "PERIOD"]
    least: float
    most: float


@dataclass(frozen=True)
class Pulses(_Counter):
    """A counter that puts out pulses: low and high for whole ticks, the first one after a delay."""

    kind: ClassVar[Kind] = "co"
    said_in: Literal["FREQ", "TIME", "TICKS"]
    low_ticks: int
    high_ticks: int
    delay_ticks: int
    idle_high: bool

    @property
    def rate_hz(self) -> float:
        """Pulses a second."""
        return 1.0 / (TICK_S * (self.low_ticks + self.high_ticks))

    @property
    def duty(self) -> float:
        """Share of the time in which it is high."""
        return self.high_ticks / (self.low_ticks + self.high_ticks)


Channel = Lines | Analogue | Voltage | Edges | Gauge | Pulses
