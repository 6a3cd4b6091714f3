"""A world that only counts ticks, an NI server in front of it, and traces of calls through the unmodified client."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import grpc
import nidaqmx
import numpy as np
from nidaqmx.constants import AcquisitionType, Edge, Level, LineGrouping, TriggerType
from nidaqmx.errors import DaqError
from nidaqmx.stream_writers import DigitalSingleChannelWriter
from nidaqmx.system import Device
from numpy.typing import NDArray

from simulated_instruments.clock import VirtualClock
from simulated_instruments.nidaq.server import NIServer
from simulated_instruments.setpoints import Clock, Knobs


@dataclass(frozen=True)
class Played:
    """One play, as the world was asked for it."""

    words: list[int]
    tick_s: float
    repeats: int


@dataclass
class CountingWorld:
    """One photon in every tick, and a record of what was asked."""

    knobs: Knobs = field(default_factory=Knobs)
    clock: Clock = field(default_factory=VirtualClock)
    held: list[int] = field(default_factory=list)
    played: list[Played] = field(default_factory=list)
    glow: int = 0

    def turn(self, **changes: object) -> None:
        self.knobs = replace(self.knobs, **changes)  # type: ignore[arg-type]

    def hold(self, levels: int) -> None:
        self.held.append(levels)

    def glowed(self) -> int:
        return self.glow

    def play(
        self, pattern: NDArray[np.uint32], tick_s: float, repeats: int, windows: Sequence[NDArray[np.bool_]]
    ) -> list[int]:
        self.played.append(Played([int(w) for w in pattern], tick_s, repeats))
        return [int(window.sum()) * repeats for window in windows]


@dataclass
class Client:
    """What a test talks to: tasks on the server, cleared at the end."""

    world: CountingWorld
    options: nidaqmx.GrpcSessionOptions
    tasks: list[nidaqmx.Task] = field(default_factory=list)

    def task(self) -> nidaqmx.Task:
        self.tasks.append(nidaqmx.Task(grpc_options=self.options))
        return self.tasks[-1]

    def reset(self) -> None:
        """The card and the world as a test finds them, but for the time."""
        Device("Dev1", grpc_options=self.options).reset_device()
        self.tasks.clear()
        self.world.held.clear()
        self.world.played.clear()
        self.world.glow = 0

    def counter(self, name: str = "ctr0", gate: str | None = None, photons: str | None = "/Dev1/PFI8") -> nidaqmx.Task:
        """A counter of photons, paused while its gate is low."""
        task = self.task()
        channel = task.ci_channels.add_ci_count_edges_chan(f"Dev1/{name}")
        if photons:
            channel.ci_count_edges_term = photons
        if gate:
            pause = task.triggers.pause_trigger
            pause.trig_type, pause.dig_lvl_src, pause.dig_lvl_when = TriggerType.DIGITAL_LEVEL, gate, Level.LOW
        return task

    def clocked(self, source: str, samples: int, edge: Edge = Edge.FALLING) -> nidaqmx.Task:
        """A counter that latches a sample at every edge of a terminal."""
        task = self.counter()
        task.timing.cfg_samp_clk_timing(1e6, source, edge, AcquisitionType.FINITE, samples)
        return task

    def lines(self, lines: str = "Dev1/port0/line0:7") -> nidaqmx.Task:
        """A static digital output."""
        task = self.task()
        task.do_channels.add_do_chan(lines, line_grouping=LineGrouping.CHAN_FOR_ALL_LINES)
        return task

    def pattern(
        self, words: Sequence[int], samples: int, rate_hz: float = 1e7, mode: AcquisitionType = AcquisitionType.FINITE
    ) -> nidaqmx.Task:
        """A timed digital output with its buffer written, not started."""
        task = self.lines()
        task.timing.cfg_samp_clk_timing(rate_hz, sample_mode=mode, samps_per_chan=samples)
        self.write(task, words)
        return task

    def write(self, task: nidaqmx.Task, words: Sequence[int]) -> None:
        DigitalSingleChannelWriter(task.out_stream).write_many_sample_port_uint32(np.array(words, dtype=np.uint32))


@contextmanager
def client(pace: float | None = None) -> Iterator[Client]:
    """A fresh card, seen through the real client. pace: laboratory seconds per wall second; None for no waiting."""
    world = CountingWorld(clock=VirtualClock(pace))
    server = NIServer(world)
    with grpc.insecure_channel(server.start()) as channel:
        made = Client(world, nidaqmx.GrpcSessionOptions(channel, ""))
        yield made
        for task in made.tasks:
            task.close()
    server.stop()


def refusal(call: Callable[[], object]) -> tuple[str, str]:
    """Name of the DAQmx error that a call ends in, and its message."""
    try:
        call()
    except DaqError as error:
        return error.error_type.name, str(error)
    raise AssertionError("the call was not refused")
