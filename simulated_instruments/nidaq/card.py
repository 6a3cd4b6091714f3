"""The live card: its tasks, which of them owns what, and the laboratory time that waiting takes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
from nidaqmx.constants import TaskMode
from nidaqmx.error_codes import DAQmxErrors

from simulated_instruments.nidaq.device.data_sheet import Model
from simulated_instruments.nidaq.device.refusals import Refusal, SessionRefusal
from simulated_instruments.nidaq.device.tasks import State, Task
from simulated_instruments.nidaq.device.verifying import verify
from simulated_instruments.nidaq.signals.running import Running
from simulated_instruments.setpoints import World

POLL_S: Final = 0.1
"""Laboratory time that passes when a client asks whether a task is done: a polling client would wait forever else."""
AUTO, NEW, ATTACH = 0, 1, 2
"""What a client wants of a session: either, a new one, one that exists."""
_NAP_S: Final = 0.5


class Card:
    """One PCIe-6363 on the bench. Thread-safe."""

    def __init__(self, world: World, model: Model | None = None) -> None:
        self.model = model or Model()
        self.world = world
        self.clock = world.clock
        self.lock = threading.RLock()
        self.running = Running(world, self.model)
        self._tasks: dict[str, Task] = {}
        self._made = 0

    # ---- tasks -------------------------------------------------------------------------------------------------

    def create(self, name: str, how: int = AUTO) -> tuple[Task, bool]:
        """A new, empty task, or the one of this name; and whether it is new.

        NI's server tells by a status of gRPC, and not by an error of the driver, that a session is there or is not.
        """
        with self.lock:
            known = self._tasks.get(name)
            if known is not None and how == NEW:
                raise SessionRefusal(
                    "ALREADY_EXISTS", f"Cannot initialize '{name}' when a session already exists. Attach to it."
                )
            if known is None and how == ATTACH:
                raise SessionRefusal(
                    "FAILED_PRECONDITION", f"Cannot attach to '{name}' because a session has not been initialized."
                )
            if known is not None:
                return known, False
            task = Task(name or f"_unnamedTask<{self._made:X}>")
            self._made += 1
            self._tasks[task.name] = task
            return task, True

    def task(self, name: str) -> Task:
        """The task of this name."""
        with self.lock:
            if name not in self._tasks:
                raise Refusal(DAQmxErrors.INVALID_TASK, "Task specified is invalid or does not exist.")
            return self._tasks[name]

    @contextmanager
    def changing(self, name: str) -> Iterator[Task]:
        """The task of this name, while nobody else can change it."""
        with self.lock:
            yield self.task(name)

    def clear(self, task: Task) -> None:
        """Abort the task and forget it."""
        with self.lock:
            self._halt(task)
            self._tasks.pop(task.name, None)

    def reset(self) -> None:
        """Clear all tasks, lines low, analogue outputs at 0 V."""
        with self.lock:
            for task in list(self._tasks.values()):
                self.clear(task)
            self.running.power_on()

    def live_lines(self) -> int:
        """Lines that are high now (bit k = line k of port 0); while a pattern goes out, all that it takes high."""
        with self.lock:
            return self.running.live_lines()

    def control(self, task: Task, action: TaskMode) -> None:
        """Move the task from state to state."""
        with self.lock:
            if action is TaskMode.TASK_START:
                self.start(task)
            elif action is TaskMode.TASK_STOP:
                self.stop(task)
            elif action in (TaskMode.TASK_ABORT, TaskMode.TASK_UNRESERVE):
                self._release(task, action)
            else:
                self.advance(task, _REACHED[action])

    def start(self, task: Task) -> None:
        """Start the task; a clocked output begins to play."""
        with self.lock:
            if task.state is State.RUNNING:
                raise Refusal(
                    DAQmxErrors.CAN_NOT_PERFORM_OP_WHILE_TASK_RUNNING,
                    "Specified operation cannot be performed while the task is running: it has been started already. "
                    "Stop it first.",
                )
            resting = max(task.state, State.VERIFIED)
            self.advance(task, State.RESERVED)
            task.resting, task.started_by_read = resting, False
            try:
                self.running.begin(task)
            except Refusal:
                task.state = resting
                raise
            task.state = State.RUNNING

    def stop(self, task: Task) -> None:
        """Stop the task; it falls back to the state from which it was started."""
        with self.lock:
            if task.state is State.RUNNING:
                self.running.end(task)
                task.state = task.resting

    def advance(self, task: Task, state: State) -> None:
        """Bring the task to a state before the running one."""
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
        if self._passed_until(task, self.clock.now() + (timeout_s if timeout_s >= 0 else np.inf)):
            return
        raise Refusal(
            DAQmxErrors.WAIT_UNTIL_DONE_DOES_NOT_INDICATE_DONE,
            "Wait Until Done did not indicate that the task was done within the specified timeout. Increase the "
            "timeout, check the program, and make sure that the task was started.",
            Timeout_s=timeout_s,
        )

    def is_done(self, task: Task) -> bool:
        """Whether the task is done."""
        return self._passed_until(task, self.clock.now() + POLL_S)

    def _passed_until(self, task: Task, deadline_s: float) -> bool:
        """Sleep until the task is done or the deadline is over, in naps: another client may stop the task meanwhile."""
        while (end_s := self._done_at(task)) > (now := self.clock.now()):
            until = min(end_s, deadline_s)
            if until <= now or np.isinf(until):
                return False
            self.clock.sleep(min(_NAP_S, until - now))
            if task.state is not State.RUNNING:
                raise _aborted()
            if until - now <= _NAP_S:
                return until == end_s
        return True

    def passed(self, task: Task) -> int:
        """Samples of each channel that a running task has taken in or put out by now."""
        with self.lock:
            return self.running.passed(task) if task.state is State.RUNNING else 0

    def _done_at(self, task: Task) -> float:
        with self.lock:
            return self.running.done_at(task) if task.state is State.RUNNING else -np.inf


_REACHED: Final = {
    TaskMode.TASK_VERIFY: State.VERIFIED,
    TaskMode.TASK_RESERVE: State.RESERVED,
    TaskMode.TASK_COMMIT: State.COMMITTED,
}


def _aborted() -> Refusal:
    return Refusal(
        DAQmxErrors.RUNTIME_ABORTING_ROUTING,
        "The specified operation did not complete, because the task has been stopped or aborted meanwhile.",
    )
