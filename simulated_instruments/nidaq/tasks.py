"""A task: its states, its channels, its timing and its buffer. No time passes in here and nothing is played."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from nidaqmx.constants import RegenerationMode, TriggerType
from nidaqmx.error_codes import DAQmxErrors
from numpy.typing import NDArray

from simulated_instruments.nidaq.attributes import ATTRIBUTES, Attr, Value, checked
from simulated_instruments.nidaq.model import COUNTER_INPUTS, DIGITAL_START, Model, terminal
from simulated_instruments.nidaq.refusals import Refusal, bad_value, not_served, while_running

ON_BOARD = ("", "onboardclock")


class State(IntEnum):
    """How far a task has come; from RESERVED on it owns its channels."""

    UNVERIFIED = 0
    VERIFIED = 1
    RESERVED = 2
    COMMITTED = 3
    RUNNING = 4


@dataclass(frozen=True)
class Lines:
    """A digital output channel over lines of port 0."""

    mask: int

    @property
    def resources(self) -> frozenset[str]:
        """What a task with this channel owns."""
        return frozenset(f"port0/line{k}" for k in range(32) if self.mask >> k & 1)


@dataclass(frozen=True)
class Analogue:
    """An analogue output channel."""

    output: str
    max_v: float
    min_v: float

    @property
    def resources(self) -> frozenset[str]:
        """What a task with this channel owns."""
        return frozenset({self.output})


@dataclass(frozen=True)
class Edges:
    """A counter that counts edges upwards."""

    counter: int
    initial: int

    @property
    def resources(self) -> frozenset[str]:
        """What a task with this channel owns."""
        return frozenset({f"ctr{self.counter}"})


Channel = Lines | Analogue | Edges


@dataclass(frozen=True)
class SampleClock:
    """Sample clock timing."""

    rate_hz: float
    source: str
    falling: bool
    samples: int | None
    """Per channel; None for continuous."""


class Task:
    """One DAQmx task."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = State.UNVERIFIED
        self.resting = State.UNVERIFIED
        """State to which a stop leads back."""
        self.channels: dict[str, Channel] = {}
        self.clock: SampleClock | None = None
        self.buffer: NDArray[np.uint32] | None = None
        self._values: dict[Attr, Value] = {}

    def __getitem__(self, attr: Attr) -> Value:
        return self._values.get(attr, ATTRIBUTES[attr].default)

    def __setitem__(self, attr: Attr, value: Value) -> None:
        if self.state is State.RUNNING:
            raise Refusal(
                DAQmxErrors.CANNOT_SET_PROPERTY_WHEN_TASK_RUNNING,
                "Specified property cannot be set while the task is running. Set it before starting, or stop first.",
                Property=ATTRIBUTES[attr].name,
            )
        self._values[attr] = checked(attr, value)

    def reset(self, attr: Attr) -> None:
        """Back to the default."""
        self[attr] = ATTRIBUTES[attr].default

    def add(self, name: str, channel: Channel) -> None:
        """Add a channel; all channels of a task are of one kind."""
        if self.state is State.RUNNING:
            raise while_running("adding a channel")
        if any(type(known) is not type(channel) for known in self.channels.values()):
            raise Refusal(
                DAQmxErrors.MULTI_CHAN_TYPES_IN_TASK,
                "Task contains channels of more than one type; a task can only contain channels of one type.",
                Channel=name,
            )
        if self.channels and isinstance(channel, Edges | Lines):
            raise not_served("more than one counter or digital channel in a task", "Use one task for each")
        if name in self.channels:
            raise Refusal(DAQmxErrors.DUPLICATED_CHANNEL, "Virtual channel name is already in use.", Channel=name)
        self.channels[name] = channel
        self.state = State.UNVERIFIED

    def time_by(self, clock: SampleClock) -> None:
        """Configure the sample clock."""
        if self.state is State.RUNNING:
            raise while_running("configuring the sample clock")
        if isinstance(self.first, Analogue):
            raise not_served("clocked analogue outputs", "Write one sample at a time")
        self.clock = clock

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
    def resources(self) -> frozenset[str]:
        """Everything that the task owns while it is reserved."""
        owned = frozenset[str]().union(*(channel.resources for channel in self.channels.values()))
        engine = {"do/SampleClock"} if self.clock and isinstance(self.first, Lines) else set()
        return owned | engine

    def counts_from(self, model: Model) -> str:
        """Terminal whose edges the counter counts."""
        edges = self.first
        assert isinstance(edges, Edges)
        named = str(self[Attr.COUNT_EDGES_TERMINAL])
        return terminal(model, named) if named else COUNTER_INPUTS[edges.counter]

    def pauses_on(self, model: Model) -> str | None:
        """Terminal of the pause trigger, if there is one."""
        if self[Attr.PAUSE_TYPE] == TriggerType.NONE.value:
            return None
        return terminal(model, str(self[Attr.PAUSE_SOURCE]))

    def latches_on(self, model: Model) -> str | None:
        """Terminal that clocks the counter's buffered samples, if it is clocked."""
        return terminal(model, self.clock.source) if self.clock else None


def verify(task: Task, model: Model) -> None:
    """Refuse settings that the card cannot have. The driver looks at them here, not when they are made."""
    first = task.first
    if isinstance(first, Lines):
        _verify_output(task, model)
    elif isinstance(first, Edges):
        _verify_counter(task, model)
    task.state = max(task.state, State.VERIFIED)


def _verify_output(task: Task, model: Model) -> None:
    clock = task.clock
    if clock is None:
        return
    if not model.do_min_hz <= clock.rate_hz <= model.do_max_hz:
        bounds = {"Maximum_Value": model.do_max_hz, "Minimum_Value": model.do_min_hz}
        raise bad_value("SampClk.Rate", clock.rate_hz, **bounds)
    if clock.samples is not None and not 1 < clock.samples <= model.finite_max:
        raise bad_value("SampQuant.SampPerChan", clock.samples, Maximum_Value=model.finite_max, Minimum_Value=2)
    if clock.source.lower() not in ON_BOARD:
        terminal(model, clock.source)
        raise not_served(f"a digital sample clock from {clock.source}", "Leave the source empty")


def _verify_counter(task: Task, model: Model) -> None:
    task.counts_from(model)
    task.pauses_on(model)
    if task.clock:
        _verify_latch(task.clock, model)
    if task[Attr.ARM_TYPE] == TriggerType.NONE.value:
        return
    if terminal(model, str(task[Attr.ARM_SOURCE])) != DIGITAL_START:
        raise not_served(f"an arm start trigger from {task[Attr.ARM_SOURCE]}", f"Use {DIGITAL_START}")


def _verify_latch(clock: SampleClock, model: Model) -> None:
    if clock.source.lower() in ON_BOARD:
        raise Refusal(
            DAQmxErrors.CI_ONBOARD_CLOCK_NOT_SUPPORTED_AS_INPUT_TERM,
            "Counters have no sample clock of their own: name a terminal as the source of the sample clock.",
        )
    if terminal(model, clock.source) == DIGITAL_START:
        raise not_served("a counter clocked by the start trigger", "Use the terminal of a gate")


def playable(task: Task) -> NDArray[np.uint32]:
    """The words that a digital task is about to generate. Raises Refusal if the buffer does not suit the timing."""
    wanted, buffer = int(task[Attr.OUTPUT_BUFFER_SIZE]), task.buffer
    if buffer is None or len(buffer) < wanted:
        raise Refusal(
            DAQmxErrors.OUTPUT_BUFFER_EMPTY,
            "The generation cannot be started, because the output buffer is not filled. Write all of it first.",
            Buffer_Size=wanted,
            Samples_Written=0 if buffer is None else len(buffer),
        )
    once = task[Attr.REGENERATION] == RegenerationMode.DONT_ALLOW_REGENERATION.value
    samples = task.clock.samples if task.clock else None
    if once and (samples is None or samples > len(buffer)):
        raise Refusal(
            DAQmxErrors.GEN_STOPPED_TO_PREVENT_INTERMEDIATE_BUFFER_REGEN_OF_OLD_SAMPLES,
            "The generation has stopped to prevent the regeneration of old samples. Allow regeneration, or write as "
            "many samples as are to be generated.",
        )
    return buffer


def fill(task: Task, words: NDArray[np.uint32]) -> None:
    """Write the buffer of a clocked digital task."""
    if task.state is State.RUNNING:
        raise while_running("rewriting the buffer")
    size = int(task[Attr.OUTPUT_BUFFER_SIZE])
    if size and len(words) > size:
        raise Refusal(
            DAQmxErrors.WRITE_BUFFER_TOO_SMALL,
            "More samples are written than the output buffer holds.",
            Buffer_Size=size,
            Samples_To_Write=len(words),
        )
    if not size and task.buffer is not None and len(task.buffer) != len(words):
        raise Refusal(
            DAQmxErrors.WRITE_FAILS_BUFFER_SIZE_AUTO_CONFIGURED,
            "The buffer took its size from the first write; this write has another. Set the buffer size, or unreserve "
            "the task first.",
            Buffer_Size=len(task.buffer),
            Samples_To_Write=len(words),
        )
    task.buffer = words
