"""A task: its states, its channels, its timing and its buffer. No time passes in here and nothing is played."""

from dataclasses import replace
from enum import IntEnum
from typing import Final

import numpy as np
from nidaqmx.constants import TriggerType
from nidaqmx.error_codes import DAQmxErrors
from nidaqmx.utils import unflatten_channel_string
from numpy.typing import NDArray

from simulated_instruments.nidaq.device.attributes import ATTRIBUTES, Attr, Value, checked
from simulated_instruments.nidaq.device.channels import Channel, Edges, Gauge, Kind, Lines, Pulses
from simulated_instruments.nidaq.device.data_sheet import Model
from simulated_instruments.nidaq.device.refusals import Refusal, while_running
from simulated_instruments.nidaq.device.terminals import EDGES_AT, GATES_AT, OUT_AT, full, terminal
from simulated_instruments.nidaq.device.timing import Timing, coerced_hz

Buffer = NDArray[np.uint32] | NDArray[np.float64]
"""(ticks,) words of a port, or (channels, ticks) volts."""
_CLOCKED: Final = ("ai", "ao", "di", "do")
_OUTPUTS: Final = ("ao", "do", "co")


class State(IntEnum):
    """How far a task has come; from RESERVED on it owns its channels."""

    UNVERIFIED = 0
    VERIFIED = 1
    RESERVED = 2
    COMMITTED = 3
    RUNNING = 4


class Task:
    """One DAQmx task."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = State.UNVERIFIED
        self.resting = State.UNVERIFIED
        """State to which a stop leads back."""
        self.started_by_read = False
        self.channels: dict[str, Channel] = {}
        self.timing = Timing()
        self.buffer: Buffer | None = None
        self._values: dict[tuple[str, Attr], Value] = {}

    def __getitem__(self, attr: Attr) -> Value:
        return self.of("", attr)

    def __setitem__(self, attr: Attr, value: Value) -> None:
        self.put("", attr, value)

    def of(self, channel: str, attr: Attr) -> Value:
        """A property of one channel, or of the task (channel "")."""
        return self._values.get((channel, attr), ATTRIBUTES[attr].default)

    def put(self, channel: str, attr: Attr, value: Value) -> None:
        """Set a property."""
        if self.state is State.RUNNING:
            raise Refusal(
                DAQmxErrors.CANNOT_SET_PROPERTY_WHEN_TASK_RUNNING,
                "Specified property cannot be set while the task is running. Set it before starting, or stop first.",
                Property=ATTRIBUTES[attr].name,
            )
        self._values[channel, attr] = checked(attr, value)

    def reset(self, channel: str, attr: Attr) -> None:
        """Back to the default."""
        self.put(channel, attr, ATTRIBUTES[attr].default)

    # ---- channels ----------------------------------------------------------------------------------------------

    def add(self, name: str, channel: Channel) -> None:
        """Add a channel; all channels of a task are of one kind."""
        if self.state is State.RUNNING:
            raise while_running("adding a channel")
        if any(known.kind != channel.kind or type(known) is not type(channel) for known in self.channels.values()):
            raise Refusal(
                DAQmxErrors.MULTI_CHAN_TYPES_IN_TASK,
                "Task contains channels of more than one type; a task can only contain channels of one type.",
                Channel=name,
            )
        if name in self.channels:
            raise Refusal(DAQmxErrors.DUPLICATED_CHANNEL, "Virtual channel name is already in use.", Channel=name)
        self.channels[name] = channel
        self.state = State.UNVERIFIED

    def exchange(self, name: str, channel: Channel) -> None:
        """Put another channel in the place of one."""
        if self.state is State.RUNNING:
            raise while_running("changing a channel")
        self.channels[name] = channel
        self.state = min(self.state, State.UNVERIFIED)

    def named(self, names: str) -> dict[str, Channel]:
        """The channels of a list of names; all of them for none."""
        wanted = unflatten_channel_string(names) or list(self.channels)
        for name in wanted:
            if name not in self.channels:
                raise Refusal(DAQmxErrors.CHAN_NOT_IN_TASK, "Channel specified is not in the task.", Channel=name)
        return {name: self.channels[name] for name in wanted}

    @property
    def first(self) -> Channel:
        """The channel that decides what the task does. Raises Refusal for an empty task."""
        if not self.channels:
            raise Refusal(
                DAQmxErrors.CAN_NOT_PERFORM_OP_WHEN_NO_CHANS_IN_TASK,
                "Specified operation cannot be performed when there are no channels in the task.",
            )
        return next(iter(self.channels.values()))

    @property
    def kind(self) -> Kind:
        """What kind of channels it has."""
        return self.first.kind

    @property
    def is_output(self) -> bool:
        """Whether it puts something out."""
        return self.kind in _OUTPUTS

    @property
    def lines(self) -> tuple[Lines, ...]:
        """Its digital channels."""
        return tuple(c for c in self.channels.values() if isinstance(c, Lines))

    @property
    def mask(self) -> int:
        """All its lines in the word of port 0."""
        return sum(1 << line for line in {line for c in self.lines if c.port == 0 for line in c.lines})

    @property
    def resources(self) -> frozenset[str]:
        """Everything that the task owns while it is reserved."""
        owned = frozenset[str]().union(*(channel.resources for channel in self.channels.values()))
        engine = {f"{self.kind}/SampleClock"} if self.clock and self.kind in _CLOCKED else set()
        return owned | engine

    # ---- timing ------------------------------------------------------------------------------------------------

    @property
    def clock(self) -> Timing | None:
        """Its timing, if a sample clock gives it."""
        return self.timing if self.timing.by == "clock" else None

    def time_by(self, timing: Timing) -> None:
        """Configure the timing."""
        if self.state is State.RUNNING:
            raise while_running("configuring the sample clock")
        _ = self.first
        self.timing = timing
        self.state = min(self.state, State.VERIFIED)

    def retime(self, **changes: object) -> None:
        """Change some of its timing."""
        self.time_by(replace(self.timing, **changes))  # type: ignore[arg-type]

    def rate_hz(self, model: Model) -> float:
        """As the clock really beats."""
        timing = self.timing
        if not timing.on_board or self.kind not in _CLOCKED:
            return timing.rate_hz
        return coerced_hz(model, self.kind, timing.rate_hz)

    # ---- terminals ---------------------------------------------------------------------------------------------

    def listens_at(self, model: Model, name: str) -> str:
        """Terminal of the signal that a counter counts or measures, or puts out."""
        channel = self.channels[name]
        attr, usual = _usual(channel)
        given = str(self.of(name, attr))
        return terminal(model, given) if given else usual

    def terminal_of(self, name: str) -> Attr | None:
        """The property that is the terminal of a channel; None if it has none."""
        channel = self.channels[name]
        return _usual(channel)[0] if isinstance(channel, Edges | Gauge | Pulses) else None

    def pauses_on(self, model: Model) -> str | None:
        """Terminal of the pause trigger, if there is one."""
        if self[Attr.PAUSE_TYPE] == TriggerType.NONE.value:
            return None
        return terminal(model, str(self[Attr.PAUSE_SOURCE]))

    def starts_on(self, model: Model) -> tuple[str, bool] | None:
        """Terminal of the start trigger, or of the arm start trigger, and whether its falling edge counts."""
        counts = self.kind == "ci"
        kind, source, edge = (
            (Attr.ARM_TYPE, Attr.ARM_SOURCE, Attr.ARM_EDGE)
            if counts
            else (Attr.START_TYPE, Attr.START_SOURCE, Attr.START_EDGE)
        )
        if self[kind] == TriggerType.NONE.value:
            return None
        return terminal(model, str(self[source])), self[edge] != ATTRIBUTES[edge].default

    def latches_on(self, model: Model) -> str | None:
        """Terminal that clocks the counter's buffered samples, if it is clocked."""
        return terminal(model, self.timing.source) if self.clock else None

    def began(self, model: Model) -> str:
        """The terminal that tells of its start."""
        return full(model, f"{self.kind}/StartTrigger")


def _usual(channel: Channel) -> tuple[Attr, str]:
    if isinstance(channel, Edges):
        return Attr.COUNT_EDGES_TERMINAL, EDGES_AT[channel.counter]
    if isinstance(channel, Gauge):
        attr = Attr.FREQ_TERMINAL if channel.measures == "FREQ" else Attr.PERIOD_TERMINAL
        return attr, GATES_AT[channel.counter]
    assert isinstance(channel, Pulses)
    return Attr.PULSE_TERMINAL, OUT_AT[channel.counter]
