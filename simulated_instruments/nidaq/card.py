"""The live card: its tasks, which of them owns what, and the laboratory time that waiting takes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
from nidaqmx.constants import TaskMode
from nidaqmx.error_codes import DAQmxErrors
from numpy.typing import NDArray

from simulated_instruments.knobs import World
from simulated_instruments.nidaq.attributes import Attr
from simulated_instruments.nidaq.model import Model
from simulated_instruments.nidaq.plays import Tally
from simulated_instruments.nidaq.refusals import ReadRefusal, Refusal, bad_value
from simulated_instruments.nidaq.running import Running
from simulated_instruments.nidaq.tasks import Analogue, Edges, Lines, State, Task, fill, verify

POLL_S: Final = 0.1
"""Laboratory time that passes when a client asks whether a task is done: a polling client would wait forever else."""
_NAP_S: Final = 0.5


class Card:
    """One PCIe-6363 on the bench. Thread-safe."""

    def __init__(self, world: World, model: Model | None = None) -> None:
        self.model = model or Model()
        self._clock = world.clock
        self._lock = threading.RLock()
        self._tasks: dict[str, Task] = {}
        self._made = 0
        self._running = Running(world, self.model)

    # ---- tasks -------------------------------------------------------------------------------------------------

    def create(self, name: str) -> Task:
        """A new, empty task."""
        with self._lock:
            if name in self._tasks:
                raise Refusal(DAQmxErrors.DUPLICATE_TASK, "Task cannot be created: its name exists.", Task_Name=name)
            task = Task(name or f"_unnamedTask<{self._made:X}>")
            self._made += 1
            self._tasks[task.name] = task
            return task

    def task(self, name: str) -> Task:
        """The task of this name."""
        with self._lock:
            if name not in self._tasks:
                raise Refusal(DAQmxErrors.INVALID_TASK, "Task specified is invalid or does not exist.")
            return self._tasks[name]

    @contextmanager
    def changing(self, name: str) -> Iterator[Task]:
        """The task of this name, while nobody else can change it."""
        with self._lock:
            yield self.task(name)

    def clear(self, task: Task) -> None:
        """Abort the task and forget it."""
        with self._lock:
            self._halt(task)
            self._tasks.pop(task.name, None)

    def reset(self) -> None:
        """Clear all tasks, lines low, analogue outputs at 0 V."""
        with self._lock:
            for task in list(self._tasks.values()):
                self.clear(task)
            self._running.power_on()

    def live_lines(self) -> int:
        """Lines that are high now (bit k = line k of port 0); while a pattern goes out, all that it takes high."""
        with self._lock:
            return self._running.live_lines()

    def control(self, task: Task, action: TaskMode) -> None:
        """Move the task from state to state."""
        with self._lock:
            if action is TaskMode.TASK_START:
                self.start(task)
            elif action is TaskMode.TASK_STOP:
                self.stop(task)
            elif action in (TaskMode.TASK_ABORT, TaskMode.TASK_UNRESERVE):
                self._release(task, action)
            else:
                self._advance(task, _REACHED[action])

    def start(self, task: Task) -> None:
        """Start the task; a clocked output begins to play."""
        with self._lock:
            if task.state is State.RUNNING:
                raise Refusal(
                    DAQmxErrors.CAN_NOT_PERFORM_OP_WHILE_TASK_RUNNING,
                    "Specified operation cannot be performed while the task is running: it has been started already. "
                    "Stop it first.",
                )
            resting = max(task.state, State.VERIFIED)
            self._advance(task, State.RESERVED)
            task.resting = resting
            try:
                self._running.begin(task)
            except Refusal:
                task.state = resting
                raise
            task.state = State.RUNNING

    def stop(self, task: Task) -> None:
        """Stop the task; it falls back to the state from which it was started."""
        with self._lock:
            if task.state is State.RUNNING:
                self._running.end(task)
                task.state = task.resting

    def _advance(self, task: Task, state: State) -> None:
        verify(task, self.model)
        if state >= State.RESERVED > task.state:
            self._check_free(task)
        task.state = max(task.state, state)

    def _check_free(self, task: Task) -> None:
        for other in self._tasks.values():
            shared = task.resources & other.resources if other.state >= State.RESERVED and other is not task else None
            if not shared:
                continue
            lines = any(name.startswith("port0") for name in shared)
            raise Refusal(
                DAQmxErrors.DIG_LINES_RESERVED_OR_UNAVAILABLE if lines else DAQmxErrors.PAL_RESOURCE_RESERVED,
                "Specified digital lines are either reserved or not present on this device."
                if lines
                else "The specified resource is reserved. The operation could not be completed as specified.",
                Resource=", ".join(f"{self.model.name}/{name}" for name in sorted(shared)),
                Reserved_By=other.name,
            )

    def _release(self, task: Task, action: TaskMode) -> None:
        if task.state is State.RUNNING and action is TaskMode.TASK_UNRESERVE:
            raise Refusal(
                DAQmxErrors.CAN_NOT_PERFORM_OP_WHILE_TASK_RUNNING,
                "Specified operation cannot be performed while the task is running: unreserve. Stop the task first.",
            )
        self._halt(task)

    def _halt(self, task: Task) -> None:
        self.stop(task)
        task.buffer = None
        task.state = min(task.state, State.VERIFIED)

    # ---- waiting -----------------------------------------------------------------------------------------------

    def wait(self, task: Task, timeout_s: float) -> None:
        """Let laboratory time pass until the task is done. Negative: wait as long as it takes."""
        if self._passed_until(task, self._clock.now() + (timeout_s if timeout_s >= 0 else np.inf)):
            return
        raise Refusal(
            DAQmxErrors.WAIT_UNTIL_DONE_DOES_NOT_INDICATE_DONE,
            "Wait Until Done did not indicate that the task was done within the specified timeout. Increase the "
            "timeout, check the program, and make sure that the task was started.",
            Timeout_s=timeout_s,
        )

    def is_done(self, task: Task) -> bool:
        """Whether the task is done."""
        return self._passed_until(task, self._clock.now() + POLL_S)

    def _passed_until(self, task: Task, deadline_s: float) -> bool:
        """Sleep until the task is done or the deadline is over, in naps: another client may stop the task meanwhile."""
        while (end_s := self._done_at(task)) > (now := self._clock.now()):
            until = min(end_s, deadline_s)
            if until <= now or np.isinf(until):
                return False
            self._clock.sleep(min(_NAP_S, until - now))
            if task.state is not State.RUNNING:
                raise _aborted()
            if until - now <= _NAP_S:
                return until == end_s
        return True

    def _done_at(self, task: Task) -> float:
        with self._lock:
            return self._running.done_at(task) if task.state is State.RUNNING else -np.inf

    # ---- data --------------------------------------------------------------------------------------------------

    def write_digital(self, task: Task, words: NDArray[np.uint32], auto_start: bool) -> int:
        """Write port-format words: the buffer of a clocked task, else the lines, at once."""
        with self._lock:
            first = task.first
            if not isinstance(first, Lines):
                raise _wrong_direction("digital output")
            if task.clock:
                self._fill(task, words, auto_start)
            else:
                self._started(task, auto_start)
                for word in words:
                    self._running.hold(int(word), first.mask)
            return len(words)

    def _fill(self, task: Task, words: NDArray[np.uint32], auto_start: bool) -> None:
        self._advance(task, State.RESERVED)
        fill(task, words)
        if auto_start:
            self.start(task)

    def _started(self, task: Task, auto_start: bool) -> None:
        if task.state is State.RUNNING:
            return
        if not auto_start:
            raise Refusal(
                DAQmxErrors.CANNOT_WRITE_WHEN_AUTO_START_FALSE_AND_TASK_NOT_RUNNING,
                "Write cannot be performed when the auto start input is false and the task is not running. Set auto "
                "start to true, or start the task first.",
            )
        self.start(task)

    def write_analogue(self, task: Task, volts: list[float], auto_start: bool) -> None:
        """Write one sample to each channel of the task."""
        with self._lock:
            channels = [c for c in task.channels.values() if isinstance(c, Analogue)]
            if not channels:
                raise _wrong_direction("analogue output")
            if len(volts) != len(channels):
                raise bad_value("number of samples", len(volts), Channels_In_Task=len(channels))
            outputs = {c.output: v for c, v in zip(channels, volts, strict=True) if _fits(c, v)}
            self._started(task, auto_start)
            self._running.steer(outputs)

    def read_counter(self, task: Task, samples: int, timeout_s: float) -> list[int]:
        """Counts: one now, or as many latched samples as are asked for (-1: all there are)."""
        with self._lock:
            if not isinstance(task.first, Edges):
                raise _wrong_direction("counter input")
            if task.state is not State.RUNNING:
                self._start_reading(task)
            tally = self._running.tallies[task]
        if tally.latch:
            return self._read_latched(tally, samples, timeout_s)
        if samples > 1:
            raise Refusal(
                DAQmxErrors.NONBUFFERED_READ_MORE_THAN_SAMPS_PER_CHAN,
                "More samples are requested than a read on demand can give. Read one at a time, or use a sample clock.",
            )
        with self._lock:
            self._running.look()
            return [tally.value(self._clock.now())]

    def available(self, task: Task) -> int:
        """Latched samples that can be read now."""
        with self._lock:
            tally = self._running.tallies.get(task)
            return tally.there(self._clock.now()) if tally else 0

    def _start_reading(self, task: Task) -> None:
        if not task[Attr.READ_AUTO_START]:
            raise Refusal(
                DAQmxErrors.CANNOT_READ_WHEN_AUTO_START_FALSE_ON_DEMAND_AND_TASK_NOT_RUNNING,
                "Read cannot be performed when the auto start property is false and the task is not running. Start the "
                "task first.",
            )
        self.start(task)

    def _read_latched(self, tally: Tally, samples: int, timeout_s: float) -> list[int]:
        clock = self._clock
        with self._lock:
            wanted = len(tally.latched) - tally.taken if samples < 0 else samples
            there = tally.latched[tally.taken : tally.taken + wanted]
            left_s = tally.ready_s - clock.now()
        in_time = left_s <= 0 or timeout_s < 0 or left_s <= timeout_s
        clock.sleep(left_s if in_time and there else max(timeout_s, 0.0))
        if len(there) < wanted or not in_time:
            raise ReadRefusal(
                DAQmxErrors.SAMPLES_NOT_YET_AVAILABLE,
                "Some or all of the samples requested have not yet been acquired. Wait longer, or check that the clock "
                "reaches the counter.",
                Samples_Requested=wanted,
                Samples_Available=len(there) if in_time else 0,
            )
        with self._lock:
            tally.taken += len(there)
        return there


_REACHED: Final = {
    TaskMode.TASK_VERIFY: State.VERIFIED,
    TaskMode.TASK_RESERVE: State.RESERVED,
    TaskMode.TASK_COMMIT: State.COMMITTED,
}


def _fits(channel: Analogue, volts: float) -> bool:
    if channel.min_v <= volts <= channel.max_v:
        return True
    raise Refusal(
        DAQmxErrors.INVALID_AO_DATA_WRITE,
        "Write failed: the data is beyond the minimum or maximum of the channel.",
        Channel=channel.output,
        Requested_Value=volts,
        Minimum_Value=channel.min_v,
        Maximum_Value=channel.max_v,
    )


def _aborted() -> Refusal:
    return Refusal(
        DAQmxErrors.RUNTIME_ABORTING_ROUTING,
        "The specified operation did not complete, because the task has been stopped or aborted meanwhile.",
    )


def _wrong_direction(kind: str) -> Refusal:
    return Refusal(
        DAQmxErrors.NO_CHANS_OF_GIVEN_TYPE_IN_TASK, f"The task has no channels of the type of this call: {kind}."
    )
