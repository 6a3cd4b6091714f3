"""Events and waveforms of the simulated card, through the unmodified nidaqmx client (known from its docstrings)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from queue import Empty, Queue

import numpy as np
import pytest
from nidaqmx.constants import AcquisitionType
from nitypes.waveform import AnalogWaveform
from support.nidaq_bench import Client, client, refusal

SOON_S = 5.0


@pytest.fixture
def card() -> Iterator[Client]:
    with client() as made:
        yield made


def test_an_event_comes_for_every_so_many_samples(card: Client) -> None:
    task, seen = card.task(), Queue[int]()
    task.ai_channels.add_ai_voltage_chan("Dev1/ai0")
    task.timing.cfg_samp_clk_timing(1000.0, sample_mode=AcquisitionType.CONTINUOUS)
    task.register_every_n_samples_acquired_into_buffer_event(
        100, lambda _task, _kind, count, _data: seen.put(len(task.read(count))) or 0
    )
    task.start()
    card.world.clock.sleep(0.3505)
    assert [seen.get(timeout=SOON_S) for _ in range(3)] == [100, 100, 100]
    with pytest.raises(Empty):
        seen.get(timeout=0.05)
    card.world.clock.sleep(0.1)
    assert seen.get(timeout=SOON_S) == 100
    task.stop()
    task.register_every_n_samples_acquired_into_buffer_event(100, None)


def test_an_event_tells_that_a_generation_is_done(card: Client) -> None:
    task, seen = card.task(), Queue[int]()
    task.ao_channels.add_ao_voltage_chan("Dev1/ao0")
    task.timing.cfg_samp_clk_timing(1000.0, samps_per_chan=50)
    task.register_done_event(lambda _task, status, _data: seen.put(status) or 0)
    task.write([0.0, 1.0])
    for _ in range(2):
        task.start()
        with pytest.raises(Empty):
            seen.get(timeout=0.05)
        card.world.clock.sleep(0.05)
        assert seen.get(timeout=SOON_S) == 0
        task.stop()
    task.register_done_event(None)


def test_events_that_are_none_are_refused(card: Client) -> None:
    task = card.task()
    task.ai_channels.add_ai_voltage_chan("Dev1/ai0")
    task.timing.cfg_samp_clk_timing(1000.0)
    error, _ = refusal(lambda: task.register_every_n_samples_acquired_into_buffer_event(0, lambda *_: 0))
    assert error == "INVALID_ATTRIBUTE_VALUE"


def test_voltages_come_and_go_as_waveforms(card: Client) -> None:
    task, out = card.task(), card.task()
    task.ai_channels.add_ai_voltage_chan("Dev1/ai0:1")
    task.timing.cfg_samp_clk_timing(1000.0, samps_per_chan=50)
    first, second = task.read_waveform()
    assert (first.sample_count, second.channel_name, first.units) == (50, "Dev1/ai1", "Volts")
    assert first.timing.sample_interval == timedelta(milliseconds=1)
    assert abs(datetime.now(UTC) - first.timing.start_time) < timedelta(minutes=1)
    out.ao_channels.add_ao_voltage_chan("Dev1/ao0")
    out.timing.cfg_samp_clk_timing(1000.0, samps_per_chan=3)
    assert out.write(AnalogWaveform.from_array_1d([0.0, 1.0, 2.0], np.float64)) == 3
    out.start()
    out.wait_until_done()
    out.stop()
    assert card.world.setpoints.steering_v[0] == 2.0
