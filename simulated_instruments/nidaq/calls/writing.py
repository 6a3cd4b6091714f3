"""What clients write: words and levels of lines, voltages."""

from typing import Final, NoReturn

import numpy as np
from nidaqmx.error_codes import DAQmxErrors
from numpy.typing import NDArray

from simulated_instruments.nidaq.card import Card
from simulated_instruments.nidaq.device.channels import Analogue, Lines
from simulated_instruments.nidaq.device.refusals import Refusal, bad_value
from simulated_instruments.nidaq.device.tasks import State, Task
from simulated_instruments.nidaq.device.verifying import fill

BY_SCAN: Final = 1
"""Of the layouts of a write: sample after sample, not channel after channel."""


def parted(task: Task, values: NDArray[np.generic], layout: int, width: int = 1) -> NDArray[np.generic]:
    """(channels, samples) or (channels, samples, width): what was written, channel by channel."""
    channels = max(len(task.channels), 1)
    samples, rest = divmod(len(values), channels * width)
    if rest:
        raise bad_value("number of samples", len(values), Channels_In_Task=channels)
    if layout == BY_SCAN:
        return values.reshape(samples, channels, width).swapaxes(0, 1)
    return values.reshape(channels, samples, width)


def write_words(card: Card, task: Task, values: NDArray[np.uint32], layout: int, auto_start: bool) -> int:
    """Write samples in the format of a port, bit k for line k; the number of samples of each channel."""
    channels = _outputs(task)
    by_channel = parted(task, values, layout)[..., 0].astype(np.uint32)
    masks = [np.uint32(channel.mask) for channel in channels]
    words = np.bitwise_or.reduce([row & mask for row, mask in zip(by_channel, masks, strict=True)])
    return _write(card, task, words.astype(np.uint32), auto_start)


def write_levels(card: Card, task: Task, values: NDArray[np.uint8], layout: int, auto_start: bool) -> int:
    """Write one byte a line: the lines of a channel in its own order."""
    channels = _outputs(task)
    width = max(len(channel.lines) for channel in channels)
    levels = parted(task, values, layout, width).astype(bool)
    words = np.zeros(levels.shape[1], dtype=np.uint32)
    for row, channel in zip(levels, channels, strict=True):
        for k, line in enumerate(channel.lines):
            words |= row[:, k].astype(np.uint32) << np.uint32(line)
    return _write(card, task, words, auto_start)


def write_volts(card: Card, task: Task, values: NDArray[np.float64], layout: int, auto_start: bool) -> int:
    """Write voltages: the buffer of a clocked task, else the outputs, at once."""
    with card.lock:
        channels = [c for c in task.channels.values() if isinstance(c, Analogue)]
        if not channels:
            wrong_direction("analogue output")
        volts = parted(task, values, layout)[..., 0].astype(np.float64)
        for channel, row in zip(channels, volts, strict=True):
            _check_fits(channel, row)
        if task.clock:
            _fill(card, task, volts, auto_start)
        else:
            _started(card, task, auto_start)
            card.running.steer({c.output: float(row[-1]) for c, row in zip(channels, volts, strict=True)})
        return int(volts.shape[1])


def wrong_direction(kind: str) -> NoReturn:
    """A read or a write that is not for the channels of the task."""
    raise Refusal(
        DAQmxErrors.NO_CHANS_OF_GIVEN_TYPE_IN_TASK, f"The task has no channels of the type of this call: {kind}."
    )


def _outputs(task: Task) -> tuple[Lines, ...]:
    if not task.lines or not task.lines[0].output:
        wrong_direction("digital output")
    return task.lines


def _write(card: Card, task: Task, words: NDArray[np.uint32], auto_start: bool) -> int:
    with card.lock:
        if task.clock:
            _fill(card, task, words, auto_start)
        else:
            _started(card, task, auto_start)
            for word in words:
                card.running.hold(int(word), task.mask)
        return len(words)


def _fill(card: Card, task: Task, samples: NDArray[np.uint32] | NDArray[np.float64], auto_start: bool) -> None:
    running = task.state is State.RUNNING
    if not running:
        card.advance(task, State.RESERVED)
    fill(task, samples)
    if running:
        card.running.rewritten(task)
    elif auto_start:
        card.start(task)


def _started(card: Card, task: Task, auto_start: bool) -> None:
    if task.state is State.RUNNING:
        return
    if not auto_start:
        raise Refusal(
            DAQmxErrors.CANNOT_WRITE_WHEN_AUTO_START_FALSE_AND_TASK_NOT_RUNNING,
            "Write cannot be performed when the auto start input is false and the task is not running. Set auto "
            "start to true, or start the task first.",
        )
    card.start(task)


def _check_fits(channel: Analogue, volts: NDArray[np.float64]) -> None:
    beyond = volts[~((channel.min_v <= volts) & (volts <= channel.max_v))]
    if len(beyond):
        raise Refusal(
            DAQmxErrors.INVALID_AO_DATA_WRITE,
            "Write failed: the data is beyond the minimum or maximum of the channel.",
            Channel=channel.output,
            Requested_Value=float(beyond[0]),
            Minimum_Value=channel.min_v,
            Maximum_Value=channel.max_v,
        )
