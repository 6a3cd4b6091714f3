"""The calls that carry voltages as waveforms: samples with their interval, the time of the first, channel and unit."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from ni.protobuf.types.waveform_conversion import float64_analog_waveform_to_protobuf
from nidaqmx._stubs import nidaqmx_pb2 as pb
from nitypes.waveform import AnalogWaveform, Timing

from simulated_instruments.nidaq.calls.properties import Call
from simulated_instruments.nidaq.calls.reading import default_count, read_volts
from simulated_instruments.nidaq.calls.writing import write_volts
from simulated_instruments.nidaq.card import Card
from simulated_instruments.nidaq.device.tasks import Task


def _read(card: Card, request: pb.ReadAnalogWaveformsRequest) -> Any:
    task = card.task(request.task.name)
    count = request.num_samps_per_chan if request.num_samps_per_chan >= 0 else default_count(card, task)
    rows = read_volts(card, task, count, request.timeout)
    timing = _timing(card, task, len(rows[0]))
    made = [_waveform(name, row, timing) for name, row in zip(task.channels, rows, strict=True)]
    return pb.ReadAnalogWaveformsResponse(waveforms=made, samps_per_chan_read=len(rows[0]))


def _timing(card: Card, task: Task, samples: int) -> Any:
    """The first sample's time is that of the computer, as the driver's is: laboratory time has no date."""
    now = datetime.now(UTC)
    if not task.clock:
        return Timing.create_with_no_interval(now)
    interval = timedelta(seconds=1.0 / task.rate_hz(card.model))
    return Timing.create_with_regular_interval(interval, now - samples * interval)


def _waveform(name: str, volts: Any, timing: Any) -> Any:
    waveform: Any = AnalogWaveform.from_array_1d(volts, np.float64, timing=timing)
    waveform.channel_name, waveform.units = name, "Volts"
    return float64_analog_waveform_to_protobuf(waveform)


def _write(card: Card, request: pb.WriteAnalogWaveformsRequest) -> Any:
    volts = np.concatenate([np.fromiter(one.y_data, dtype=np.float64) for one in request.waveforms])
    written = write_volts(card, card.task(request.task.name), volts, 0, request.auto_start)
    return pb.WriteAnalogWaveformsResponse(samps_per_chan_written=written)


WAVEFORM_CALLS: Final[dict[str, Call]] = {"ReadAnalogWaveforms": _read, "WriteAnalogWaveforms": _write}
