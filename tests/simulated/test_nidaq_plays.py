"""The simulated card at work, through the unmodified nidaqmx client: patterns, gates, clocked counters, steering."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import numpy as np
import pytest
from nidaqmx.constants import AcquisitionType, Edge, RegenerationMode, TaskMode
from nidaqmx.errors import DaqError
from nidaqmx.stream_readers import CounterReader
from nidaqmx.stream_writers import AnalogMultiChannelWriter
from nidaqmx.system import Device, System
from support.nidaq_bench import Client, Played, client

GATE, OTHER = 1 << 6, 1 << 7


@pytest.fixture
def card() -> Iterator[Client]:
    with client() as made:
        yield made


def test_the_client_finds_the_card(card: Client) -> None:
    device = Device("Dev1", grpc_options=card.options)
    assert System.remote(card.options).devices.device_names == ["Dev1"]
    assert (device.product_type, device.serial_num, device.do_max_rate) == ("PCIe-6363", 0x01D3A6B2, 10e6)
    assert "/Dev1/PFI8" in device.terminals


def test_a_buffer_is_repeated_exactly_and_its_photons_are_counted_behind_the_gates(card: Client) -> None:
    signal, reference = card.counter("ctr0", "/Dev1/PFI9"), card.counter("ctr1", "/Dev1/PFI11")
    words = [1, 1 | GATE, 1 | GATE, 0, OTHER]
    pattern = card.pattern(words, samples=1000 * len(words))
    for task in (signal, reference, pattern):
        task.start()
    assert (signal.read(), reference.read()) == (0, 0), "nothing is counted before laboratory time has passed"
    pattern.wait_until_done(1.0)
    assert (signal.read(), reference.read()) == (2000, 1000)
    assert card.world.played == [Played(words, 1e-7, 1000)]
    assert card.world.clock.now() == pytest.approx(5e-4)


def test_counts_trickle_in_while_the_play_goes_on(card: Client) -> None:
    counter = card.counter()
    pattern = card.pattern([1, 0], samples=20_000_000)
    counter.start()
    pattern.start()
    card.world.clock.sleep(0.5)
    assert counter.read() == 5_000_000
    assert not pattern.is_task_done()
    pattern.wait_until_done()
    assert counter.read() == 20_000_000
    assert card.world.clock.now() == pytest.approx(2.0)


@pytest.mark.parametrize("when_s", [0.0, 0.1, 12345.678, 1e6 / 3])
def test_every_photon_is_there_after_the_wait_whenever_it_began(card: Client, when_s: float) -> None:
    counter, pattern = card.counter(), card.pattern([1] * 167, samples=167 * 12_345)
    card.world.clock.sleep(when_s)
    counter.start()
    pattern.start()
    pattern.wait_until_done()
    assert counter.read() == 167 * 12_345


def test_a_wait_ends_when_another_thread_stops_the_task() -> None:
    """At the pace of the wall, so that the wait is still going on when the stop comes."""
    with client(pace=1.0) as paced:
        pattern = paced.pattern([1, 0], samples=100_000_000)
        pattern.start()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(pattern.wait_until_done, 60.0)
            sleep(0.2)
            pattern.stop()
            error = waiting.exception(timeout=5.0)
        assert isinstance(error, DaqError)
        assert error.error_type.name == "RUNTIME_ABORTING_ROUTING"
        assert 0.1 < paced.world.clock.now() < 5.0


def test_a_play_that_is_stopped_keeps_its_counts_and_its_lines(card: Client) -> None:
    counter = card.counter()
    pattern = card.pattern([1] * 500 + [2] * 500, samples=10_000_000)
    counter.start()
    pattern.start()
    card.world.clock.sleep(0.25 + 20e-6)
    pattern.stop()
    assert card.world.held == [1]
    card.world.clock.sleep(10.0)
    assert counter.read() == pytest.approx(2_500_200, abs=1)


def test_samples_that_are_no_whole_number_of_buffers_play_a_part_of_it(card: Client) -> None:
    counter = card.counter(gate="/Dev1/PFI9")
    words = [GATE, 0, GATE]
    pattern = card.pattern(words, samples=8)
    counter.start()
    pattern.start()
    pattern.wait_until_done()
    assert card.world.played == [Played(words, 1e-7, 2), Played(words[:2], 1e-7, 1)]
    assert counter.read() == 5


def test_a_finished_play_leaves_the_lines_at_its_last_word(card: Client) -> None:
    pattern = card.pattern([1, 5], samples=20)
    pattern.start()
    pattern.wait_until_done()
    pattern.stop()
    upper = card.lines("Dev1/port0/line8:9")
    upper.write(0x300)
    assert card.world.held == [0x305], "the lower lines stay where the pattern left them"


def test_static_lines_hold_and_keep_the_others(card: Client) -> None:
    low, high = card.lines("Dev1/port0/line0:3"), card.lines("Dev1/port0/line4:7")
    low.write(0b0101)
    high.write(0b1010_0000)
    low.write(0b0000)
    assert card.world.held == [0b0101, 0b1010_0101, 0b1010_0000]


def test_a_pattern_drives_only_its_own_lines(card: Client) -> None:
    high = card.lines("Dev1/port0/line8:9")
    high.write(1 << 8)
    card.pattern([1, 0xFFF], samples=2).start()
    assert card.world.played == [Played([0x101, 0x1FF], 1e-7, 1)]


def test_a_free_counter_counts_everything_and_starts_again_at_zero(card: Client) -> None:
    counter, pattern = card.counter(), card.pattern([GATE, 0], samples=200)
    counts = []
    for _ in range(2):
        counter.start()
        pattern.start()
        pattern.wait_until_done()
        counts.append(counter.read())
        counter.stop()
        pattern.stop()
    assert counts == [200, 200]


@pytest.mark.parametrize(
    ("photons", "gate", "counted"),
    [
        ("/Dev1/PFI8", "/Dev1/PFI9", 100),
        ("/Dev1/PFI8", "/Dev1/PFI12", 0),
        ("/Dev1/PFI5", "/Dev1/PFI9", 0),
        ("/Dev1/PFI5", None, 0),
        (None, "/Dev1/PFI9", 100),
    ],
    ids=[
        "as cabled",
        "gate without cable",
        "no detector behind a gate",
        "no detector",
        "ctr0 listens to PFI8 by itself",
    ],
)
def test_a_terminal_hears_only_what_is_cabled_to_it(
    card: Client, photons: str | None, gate: str | None, counted: int
) -> None:
    counter, pattern = card.counter("ctr0", gate, photons), card.pattern([GATE, 0], samples=200)
    counter.start()
    pattern.start()
    pattern.wait_until_done()
    assert counter.read() == counted


def test_a_continuous_pattern_plays_until_it_is_stopped(card: Client) -> None:
    counter = card.counter(gate="/Dev1/PFI9")
    pattern = card.pattern([GATE, 0], samples=2, mode=AcquisitionType.CONTINUOUS)
    counter.start()
    pattern.start()
    card.world.clock.sleep(1e-3)
    assert counter.read() == 5000
    card.world.clock.sleep(1e-3)
    pattern.stop()
    assert counter.read() == 10_000


def test_a_clocked_counter_latches_at_every_edge_of_its_terminal(card: Client) -> None:
    counter = card.clocked("/Dev1/PFI9", samples=4)
    pattern = card.pattern([GATE, GATE, 0, GATE, 0], samples=15)
    counter.start()
    pattern.start()
    counter.wait_until_done()
    samples = np.zeros(4, dtype=np.uint32)
    CounterReader(counter.in_stream).read_many_sample_uint32(samples, 4)
    assert samples.tolist() == [2, 4, 7, 9]
    assert card.world.clock.now() == pytest.approx(15e-7)


def test_a_clocked_counter_on_the_rising_edge(card: Client) -> None:
    counter = card.clocked("/Dev1/PFI9", samples=3, edge=Edge.RISING)
    pattern = card.pattern([GATE, GATE, 0, GATE, 0], samples=10)
    counter.start()
    pattern.start()
    samples = np.zeros(3)
    CounterReader(counter.in_stream).read_many_sample_double(samples, 3)
    assert samples.tolist() == [0, 3, 5]


def test_steering_goes_out_on_the_analogue_outputs(card: Client) -> None:
    task = card.task()
    task.ao_channels.add_ao_voltage_chan("Dev1/ao0:1")
    writer = AnalogMultiChannelWriter(task.out_stream)
    writer.auto_start = True
    writer.write_one_sample(np.array([1.25, -10.0]))
    assert card.world.setpoints.steering_v == (1.25, -10.0)
    single = card.task()
    single.ao_channels.add_ao_voltage_chan("Dev1/ao2")
    single.write(3.0)
    assert card.world.setpoints.steering_v == (1.25, -10.0), "ao2 is cabled to nothing"


def test_a_reset_clears_everything(card: Client) -> None:
    card.lines().write(3)
    Device("Dev1", grpc_options=card.options).reset_device()
    card.tasks.clear()
    assert card.world.held == [3, 0]
    card.lines().write(1)
    assert card.world.held == [3, 0, 1]


def test_a_committed_task_keeps_its_buffer_and_plays_again(card: Client) -> None:
    pattern = card.pattern([1, 2], samples=4)
    pattern.out_stream.regen_mode = RegenerationMode.ALLOW_REGENERATION
    pattern.control(TaskMode.TASK_COMMIT)
    for _ in range(2):
        pattern.start()
        pattern.wait_until_done()
        pattern.stop()
    assert card.world.played == [Played([1, 2], 1e-7, 2)] * 2


def test_what_is_set_can_be_read_back(card: Client) -> None:
    counter = card.counter("ctr1", "/Dev1/PFI11")
    assert counter.name.startswith("_unnamedTask<")
    assert counter.channel_names == ["Dev1/ctr1"]
    assert counter.ci_channels[0].ci_count_edges_term == "/Dev1/PFI8"
    assert counter.triggers.pause_trigger.dig_lvl_src == "/Dev1/PFI11"
    assert counter.in_stream.auto_start
    pattern = card.pattern([1, 2], samples=2)
    pattern.out_stream.output_buf_size = 7
    assert pattern.out_stream.output_buf_size == 7
    assert pattern.out_stream.regen_mode is RegenerationMode.ALLOW_REGENERATION
