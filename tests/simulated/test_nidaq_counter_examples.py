"""What the public examples of nidaqmx-python do with counters (examples/counter_in, counter_out), written anew.

As in `test_nidaq_examples`, each test is named after its example, and they share one card.
"""

from collections.abc import Iterator

import nidaqmx
import numpy as np
import pytest
from nidaqmx.constants import AcquisitionType, Edge, Level
from nidaqmx.stream_readers import CounterReader
from support.nidaq_bench import Client, client


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    with client() as made:
        yield made


@pytest.fixture
def card(shared: Client) -> Iterator[Client]:
    yield shared
    shared.reset()


def test_cnt_dig_event(card: Client) -> None:
    task = card.task()
    channel = task.ci_channels.add_ci_count_edges_chan("Dev1/ctr0", edge=Edge.RISING, initial_count=5)
    channel.ci_count_edges_term = "/Dev1/PFI8"
    task.start()
    card.lines().write(1)
    card.world.glow += 1000
    assert task.read() == 1005


def pulses(card: Client, counter: str, freq: float, duty: float = 0.5) -> nidaqmx.Task:
    task = card.task()
    task.co_channels.add_co_pulse_chan_freq(
        f"Dev1/{counter}", idle_state=Level.LOW, initial_delay=0.0, freq=freq, duty_cycle=duty
    )
    task.timing.cfg_implicit_timing(sample_mode=AcquisitionType.CONTINUOUS)
    return task


def test_cont_cnt_buff_event_ext_clk(card: Client) -> None:
    """Photons in bins: the pulses of another counter clock them."""
    clock, counter = pulses(card, "ctr1", 100.0), card.counter("ctr0")
    counter.timing.cfg_samp_clk_timing(1000, source="/Dev1/PFI13", sample_mode=AcquisitionType.CONTINUOUS)
    card.lines().write(1)
    counter.start()
    clock.start()
    card.world.clock.sleep(0.995)
    card.world.glow += 99_500
    counts = np.array(counter.read(number_of_samples_per_channel=100))
    bins = np.diff(counts)
    assert counts[0] == 0
    assert counts[-1] == pytest.approx(99_000, abs=500)
    assert np.abs(bins - 1000).max() < 6 * np.sqrt(1000)
    assert np.std(bins) > 10, "photons come at random"


def test_read_freq(card: Client) -> None:
    pulses(card, "ctr1", 12_345.0).start()
    task = card.task()
    channel = task.ci_channels.add_ci_freq_chan("Dev1/ctr0", min_val=2.0, max_val=100000.0)
    channel.ci_freq_term = "/Dev1/PFI13"
    task.start()
    assert task.read() == pytest.approx(12_345.0, rel=1e-4)


def test_cont_read_buff_freq(card: Client) -> None:
    pulses(card, "ctr1", 1000.0).start()
    task = card.task()
    task.ci_channels.add_ci_freq_chan("Dev1/ctr0", min_val=2.0, max_val=100000.0).ci_freq_term = "Ctr1InternalOutput"
    task.timing.cfg_implicit_timing(sample_mode=AcquisitionType.CONTINUOUS)
    task.start()
    before_s = card.world.clock.now()
    assert task.read(number_of_samples_per_channel=100) == pytest.approx([1000.0] * 100)
    assert card.world.clock.now() - before_s == pytest.approx(0.101, abs=1e-3)


def test_cont_gen_dig_pulse_train(card: Client) -> None:
    task = pulses(card, "ctr0", 1.0)
    task.co_channels[0].co_pulse_term = "/Dev1/PFI12"
    task.start()
    counter = card.counter("ctr1", photons="/Dev1/PFI12")
    counter.start()
    card.world.clock.sleep(10.5)
    assert counter.read() == 11, "the first pulse comes at once"
    assert not task.is_task_done()
    task.stop()
    card.world.clock.sleep(10.0)
    assert counter.read() == 11, "the first pulse comes at once"


def test_write_single_dig_pulse(card: Client) -> None:
    task, before_s = card.task(), card.world.clock.now()
    channel = task.co_channels.add_co_pulse_chan_time(
        "Dev1/ctr0", idle_state=Level.LOW, initial_delay=0.0, low_time=0.5, high_time=1.0
    )
    channel.co_pulse_term = "/Dev1/PFI12"
    task.start()
    task.wait_until_done(timeout=10)
    task.stop()
    assert card.world.clock.now() - before_s == pytest.approx(1.5)


def test_ci_count_edges_into_an_array(card: Client) -> None:
    pulses(card, "ctr1", 1e6).start()
    counter = card.counter("ctr0", photons="/Dev1/100kHzTimebase")
    counter.timing.cfg_samp_clk_timing(1e6, "/Dev1/Ctr1InternalOutput", samps_per_chan=21)
    data = np.zeros(21, dtype=np.uint32)
    CounterReader(counter.in_stream).read_many_sample_uint32(data, 21)
    assert int(data[-1]) - int(data[0]) == 2
