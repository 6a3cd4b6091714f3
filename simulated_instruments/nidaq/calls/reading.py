"""What clients read: counts, frequencies, lines, voltages. Reading takes the laboratory time that the samples take."""

import numpy as np
from nidaqmx.error_codes import DAQmxErrors
from numpy.typing import NDArray

from simulated_instruments.nidaq.calls.writing import wrong_direction
from simulated_instruments.nidaq.card import Card
from simulated_instruments.nidaq.device.attributes import Attr
from simulated_instruments.nidaq.device.channels import TICK_S, Edges, Gauge, Voltage
from simulated_instruments.nidaq.device.refusals import ReadRefusal, Refusal
from simulated_instruments.nidaq.device.tasks import State, Task
from simulated_instruments.nidaq.signals.acquired import pins, voltages
from simulated_instruments.nidaq.signals.patterns import Tally

Real = NDArray[np.float64]


def default_count(card: Card, task: Task) -> int:
    """Samples that a read of all that is there asks for."""
    if task.timing.by == "demand":
        return 1
    if task.timing.finite and not task[Attr.READ_ALL_AVAILABLE]:
        return task.timing.per_channel
    return available(card, task)


def available(card: Card, task: Task) -> int:
    """Samples of each channel that can be read now."""
    with card.lock:
        now = card.clock.now()
        if task in card.running.inputs:
            return card.running.inputs[task].there(now)
        if task not in card.running.tallies:
            return 0
        card.running.look()
        return min(tally.there(now) for tally in card.running.tallies[task])


def read_counters(card: Card, task: Task, samples: int, timeout_s: float) -> list[list[float]]:
    """Of each counter of the task: counts, frequencies or periods."""
    with card.lock:
        if task.kind != "ci":
            wrong_direction("counter input")
        _started(card, task)
    if isinstance(task.first, Gauge):
        return [_measured(card, task, name, max(samples, 1), timeout_s) for name in task.channels]
    return _counted(card, task, samples, timeout_s)


def read_words(card: Card, task: Task, samples: int, timeout_s: float) -> list[NDArray[np.uint32]]:
    """Of each digital channel of the task: samples in the format of its port."""
    if task.kind not in ("di", "do"):
        wrong_direction("digital input")
    times = _times(card, task, samples, timeout_s)
    with card.lock:
        levels = card.running.levels_at(times)
        ports = {c.port: levels if c.output else pins(c.port, levels) for c in task.lines}
        return [ports[c.port] & np.uint32(c.mask) for c in task.lines]


def read_volts(card: Card, task: Task, samples: int, timeout_s: float) -> list[Real]:
    """Of each analogue input of the task: voltages."""
    channels = [c for c in task.channels.values() if isinstance(c, Voltage)]
    if not channels:
        wrong_direction("analogue input")
    times = _times(card, task, samples, timeout_s)
    with card.lock:
        levels, knobs = card.running.levels_at(times), card.world.knobs
        return [voltages(channel, knobs, levels, card.running.drawing) for channel in channels]


# ---- samples that a clock takes --------------------------------------------------------------------------------


def _times(card: Card, task: Task, samples: int, timeout_s: float) -> Real:
    """(samples,): when the samples of this read were taken."""
    with card.lock:
        _started(card, task)
        taking = card.running.inputs.get(task)
        if taking is None and not task.clock:
            _over(card, task)
            return np.full(max(samples, 1), card.clock.now())
        count = default_count(card, task) if samples < 0 else samples
        ready_s = taking.ready_s(count) if taking else np.inf
    _wait(card, ready_s, timeout_s, count, taking.there(card.clock.now()) if taking else 0)
    with card.lock:
        assert taking is not None
        times = taking.take(count)
        if taking.taken == taking.wanted:
            _over(card, task)
        return times


def _over(card: Card, task: Task) -> None:
    """An input that a read has started is stopped when that has all its samples, so that the next read starts anew."""
    if task.started_by_read and task.kind in ("ai", "di"):
        card.stop(task)


def _wait(card: Card, ready_s: float, timeout_s: float, wanted: int, there: int) -> None:
    """Until the samples are there. Raises ReadRefusal when the time is over before."""
    left_s = ready_s - card.clock.now()
    if left_s <= 0:
        return
    if np.isfinite(left_s) and (timeout_s < 0 or left_s <= timeout_s):
        card.clock.sleep(left_s)
        return
    card.clock.sleep(max(timeout_s, 0.0))
    raise ReadRefusal(
        DAQmxErrors.SAMPLES_NOT_YET_AVAILABLE,
        "Some or all of the samples requested have not yet been acquired. Wait longer, or check that the clock "
        "or the signal reaches the card.",
        Samples_Requested=wanted,
        Samples_Available=there,
    )


def _started(card: Card, task: Task) -> None:
    if task.state is State.RUNNING:
        return
    if not task[Attr.READ_AUTO_START]:
        raise Refusal(
            DAQmxErrors.CANNOT_READ_WHEN_AUTO_START_FALSE_ON_DEMAND_AND_TASK_NOT_RUNNING,
            "Read cannot be performed when the auto start property is false and the task is not running. Start the "
            "task first.",
        )
    card.start(task)
    task.started_by_read = True


# ---- counters --------------------------------------------------------------------------------------------------


def _measured(card: Card, task: Task, name: str, samples: int, timeout_s: float) -> list[float]:
    """Periods of a signal, each from one edge to the next, in whole ticks of the fastest timebase."""
    channel = task.channels[name]
    assert isinstance(channel, Gauge)
    with card.lock:
        train = card.running.train(task.listens_at(card.model, name))
        first = train.edges(card.clock.now()) if train else 0
        ready_s = train.edge_s(first + samples) if train else np.inf
    _wait(card, ready_s, timeout_s, samples, 0)
    assert train is not None
    period_s = max(round(1.0 / (train.rate_hz * TICK_S)), 1) * TICK_S
    return [1.0 / period_s if channel.measures == "FREQ" else period_s] * samples


def _counted(card: Card, task: Task, samples: int, timeout_s: float) -> list[list[float]]:
    tallies = card.running.tallies.get(task)
    if tallies is None:  # it waits for its arm start trigger
        if task.clock:
            _wait(card, np.inf, timeout_s, samples, 0)
        return [[c.initial] for c in task.channels.values() if isinstance(c, Edges)]
    if task.clock:
        return [list(map(float, _latched(card, tally, samples, timeout_s))) for tally in tallies]
    if samples > 1:
        raise Refusal(
            DAQmxErrors.NONBUFFERED_READ_MORE_THAN_SAMPS_PER_CHAN,
            "More samples are requested than a read on demand can give. Read one at a time, or use a sample clock.",
        )
    with card.lock:
        card.running.look()
        return [[tally.value(card.clock.now())] for tally in tallies]


def _latched(card: Card, tally: Tally, samples: int, timeout_s: float) -> list[int]:
    with card.lock:
        card.running.look()
        wanted = len(tally.latched) - tally.taken if samples < 0 else samples
        ready_s = card.running.ready_s(tally, wanted)
        there = tally.there(card.clock.now())
    _wait(card, ready_s, timeout_s, wanted, there)
    with card.lock:
        card.running.look()
        counts = tally.latched[tally.taken : tally.taken + wanted]
        tally.taken += len(counts)
        return counts
