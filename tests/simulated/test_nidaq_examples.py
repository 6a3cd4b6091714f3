"""What the public examples of nidaqmx-python do (ni/nidaqmx-python, examples/), written anew from its documentation.

Each test is named after its example, and says what comes back on this bench. They share one card, which is reset
between them. What an example does in an endless loop is done here a few times.
"""

from collections.abc import Iterator

import nidaqmx
import numpy as np
import pytest
from nidaqmx.constants import (
    READ_ALL_AVAILABLE,
    AcquisitionType,
    LineGrouping,
    ProductCategory,
    RegenerationMode,
)
from nidaqmx.errors import DaqError
from nidaqmx.stream_readers import AnalogSingleChannelReader, DigitalSingleChannelReader
from nidaqmx.stream_writers import AnalogMultiChannelWriter, AnalogSingleChannelWriter
from nidaqmx.system import Device, System
from support.nidaq_bench import Client, client

LIGHT_V = 0.02 * 0.8 * 50.0
"""Of the photodiode, with the knobs of `lit`."""


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    with client() as made:
        yield made


@pytest.fixture
def card(shared: Client) -> Iterator[Client]:
    yield shared
    shared.reset()


@pytest.fixture
def lit(card: Client) -> Iterator[Client]:
    card.world.turn(green_w=0.02, pump_aom=0.8, pump_gate="on")
    yield card
    card.world.turn(green_w=0.0, pump_aom=0.0, pump_gate="off")


def voltage_in(card: Client, channels: str = "Dev1/ai0") -> nidaqmx.Task:
    task = card.task()
    task.ai_channels.add_ai_voltage_chan(channels)
    return task


# ---- analogue in -------------------------------------------------------------------------------------------------


def test_voltage_sample(lit: Client) -> None:
    assert voltage_in(lit).read() == pytest.approx(LIGHT_V, abs=5e-3)


def test_voltage_acq_int_clk(lit: Client) -> None:
    task, before_s = voltage_in(lit), lit.world.clock.now()
    task.timing.cfg_samp_clk_timing(1000.0, sample_mode=AcquisitionType.FINITE, samps_per_chan=50)
    data = task.read(READ_ALL_AVAILABLE)
    assert len(data) == 50
    assert np.mean(data) == pytest.approx(LIGHT_V, abs=1e-3)
    assert 1e-4 < np.std(data) < 1e-3, "the converter's noise"
    assert lit.world.clock.now() - before_s == pytest.approx(0.049)
    assert len(task.read(READ_ALL_AVAILABLE)) == 50, "a read starts it anew"


def test_cont_voltage_acq_int_clk(lit: Client) -> None:
    task = voltage_in(lit, "Dev1/ai0:2")
    task.timing.cfg_samp_clk_timing(1000.0, sample_mode=AcquisitionType.CONTINUOUS)
    task.start()
    before_s = lit.world.clock.now()
    blocks = [np.array(task.read(number_of_samples_per_channel=1000)) for _ in range(3)]
    task.stop()
    assert [block.shape for block in blocks] == [(3, 1000)] * 3
    assert lit.world.clock.now() - before_s == pytest.approx(2.999)
    assert np.abs(blocks[-1].mean(axis=1) - [LIGHT_V, 0.0, 0.0]).max() < 1e-3


def test_cont_voltage_acq_int_clk_dig_start(card: Client) -> None:
    task, gate = voltage_in(card), card.lines("Dev1/port0/line6")
    task.timing.cfg_samp_clk_timing(1000.0, sample_mode=AcquisitionType.CONTINUOUS)
    task.triggers.start_trigger.cfg_dig_edge_start_trig("/Dev1/PFI9")
    gate.write(False)
    task.start()
    card.world.clock.sleep(1.0)
    assert task.in_stream.avail_samp_per_chan == 0
    gate.write(True)
    card.world.clock.sleep(1.0)
    assert task.in_stream.avail_samp_per_chan == 1001
    assert len(task.read(number_of_samples_per_channel=1001)) == 1001


def test_playrec(lit: Client) -> None:
    """Played and recorded at once: the output starts on the input's start trigger."""
    record, play = voltage_in(lit), lit.task()
    low, high = Device("Dev1", grpc_options=lit.options).ao_voltage_rngs[:2]
    output = play.ao_channels.add_ao_voltage_chan("Dev1/ao0", min_val=low, max_val=high)
    assert (output.ao_min, output.ao_max) == (-5.0, 5.0)
    for task in (record, play):
        task.timing.cfg_samp_clk_timing(1000.0, source="OnboardClock", samps_per_chan=100)
    play.triggers.start_trigger.cfg_dig_edge_start_trig(record.triggers.start_trigger.term)
    play.write(np.linspace(0.0, 1.0, 100), auto_start=False)
    play.start()
    lit.world.clock.sleep(1.0)
    assert not play.is_task_done()
    assert len(record.read(100)) == 100
    play.wait_until_done(1.0)
    play.stop()
    assert lit.world.setpoints.steering_v[0] == pytest.approx(1.0)


# ---- analogue out ------------------------------------------------------------------------------------------------


def wave(card: Client, channels: str = "Dev1/ao0") -> nidaqmx.Task:
    task = card.task()
    task.ao_channels.add_ao_voltage_chan(channels)
    return task


def test_voltage_update(card: Client) -> None:
    wave(card).write([1.1])
    assert card.world.setpoints.steering_v[0] == pytest.approx(1.1)


def test_gen_voltage_wfm_int_clk(card: Client) -> None:
    task, data = wave(card), [5.0 * k / 999 for k in range(1000)]
    task.timing.cfg_samp_clk_timing(1000.0, sample_mode=AcquisitionType.FINITE, samps_per_chan=1000)
    before_s = card.world.clock.now()
    assert task.write(data) == 1000
    task.start()
    task.wait_until_done()
    task.stop()
    assert card.world.clock.now() - before_s == pytest.approx(1.0)
    assert card.world.setpoints.steering_v[0] == pytest.approx(5.0)


def test_cont_gen_voltage_wfm_int_clk(card: Client) -> None:
    task = wave(card)
    task.timing.cfg_samp_clk_timing(1000.0, sample_mode=AcquisitionType.CONTINUOUS)
    assert task.timing.samp_clk_rate == 1000.0
    task.write(np.sin(np.linspace(0, 2 * np.pi, 1000, endpoint=False)))
    task.start()
    seen = []
    for _ in range(8):
        card.world.clock.sleep(0.25)
        other = card.counter("ctr3")
        other.read()  # whoever looks lets the card follow the time
        other.close()
        seen.append(card.world.setpoints.steering_v[0])
    task.stop()
    assert seen == pytest.approx([1.0, 0.0, -1.0, 0.0] * 2, abs=1e-9)


def test_nidaqmx_warnings(card: Client) -> None:
    """Five samples, started by the write and stopped at once."""
    task = wave(card)
    task.timing.cfg_samp_clk_timing(1000)
    task.write([1.1, 2.2, 3.3, 4.4, 5.5], auto_start=True)
    task.stop()
    assert card.world.setpoints.steering_v[0] == pytest.approx(1.1)


def test_ao_voltage_hw_timed_of_two_channels(card: Client) -> None:
    task = wave(card, "Dev1/ao0:1")
    task.timing.cfg_samp_clk_timing(1000)
    writer = AnalogMultiChannelWriter(task.out_stream)
    assert writer.write_many_sample(np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])) == 3
    task.start()
    card.world.clock.sleep(1.0015e-3)
    task.stop()
    assert card.world.setpoints.steering_v == pytest.approx((2.0, 5.0))


def test_ao_voltage_sw_timed(card: Client) -> None:
    writer = AnalogSingleChannelWriter(wave(card, "Dev1/ao1").out_stream, auto_start=True)
    for volts in (0.5, -0.5):
        writer.write_one_sample(volts)
        assert card.world.setpoints.steering_v[1] == volts


# ---- digital in --------------------------------------------------------------------------------------------------


def inputs(card: Client, lines: str, grouping: LineGrouping = LineGrouping.CHAN_FOR_ALL_LINES) -> nidaqmx.Task:
    task = card.task()
    task.di_channels.add_di_chan(lines, line_grouping=grouping)
    return task


def test_read_dig_lines(card: Client) -> None:
    """Terminal PFI9 is line 1 of port 2, and hears line 6 of port 0."""
    card.lines("Dev1/port0/line6").write(True)
    assert inputs(card, "Dev1/port2/line0:3", LineGrouping.CHAN_PER_LINE).read() == [False, True, False, False]


def test_read_dig_port(card: Client) -> None:
    card.lines("Dev1/port0/line6:7").write(0b1100_0000)
    assert inputs(card, "Dev1/port2").read() == 0b1010
    assert inputs(card, "Dev1/port0/line0:3").read() == 0


def test_acq_dig_port_int_clk(card: Client) -> None:
    task, before_s = inputs(card, "Dev1/port0"), card.world.clock.now()
    task.timing.cfg_samp_clk_timing(1000.0, sample_mode=AcquisitionType.FINITE, samps_per_chan=50)
    assert task.read(READ_ALL_AVAILABLE) == [0] * 50
    assert card.world.clock.now() - before_s == pytest.approx(0.049)


def test_cont_acq_dig_lines_int_clk(card: Client) -> None:
    task = inputs(card, "Dev1/port0/line0:3", LineGrouping.CHAN_PER_LINE)
    task.timing.cfg_samp_clk_timing(1000.0, sample_mode=AcquisitionType.CONTINUOUS)
    task.start()
    before_s = card.world.clock.now()
    for _ in range(2):
        assert np.shape(task.read(number_of_samples_per_channel=1000)) == (4, 1000)
    assert card.world.clock.now() - before_s == pytest.approx(1.999)


def test_di_hw_timed_into_an_array(card: Client) -> None:
    task = inputs(card, "Dev1/port0/line0:7")
    task.timing.cfg_samp_clk_timing(1e6, samps_per_chan=10)
    data = np.full(10, 7, dtype=np.uint8)
    assert DigitalSingleChannelReader(task.in_stream).read_many_sample_port_byte(data, 10) == 10
    assert not data.any()


def test_cont_ai_di_acq(card: Client) -> None:
    """Voltages and lines by one clock: the lines are started first, and take theirs from that of the voltages."""
    voltage, lines = voltage_in(card), inputs(card, "Dev1/port0")
    (device,) = voltage.devices
    assert device.product_category is ProductCategory.X_SERIES_DAQ
    voltage.timing.cfg_samp_clk_timing(1000.0, sample_mode=AcquisitionType.CONTINUOUS)
    lines.timing.cfg_samp_clk_timing(1000.0, f"/{device.name}/ai/SampleClock", sample_mode=AcquisitionType.CONTINUOUS)
    lines.start()
    card.world.clock.sleep(1.0)
    assert lines.in_stream.avail_samp_per_chan == 0
    voltage.start()
    card.world.clock.sleep(0.5)
    assert (voltage.in_stream.avail_samp_per_chan, lines.in_stream.avail_samp_per_chan) == (501, 501)
    assert (len(voltage.read(100)), len(lines.read(100))) == (100, 100)


# ---- digital out -------------------------------------------------------------------------------------------------


def test_write_dig_lines(card: Client) -> None:
    task = card.task()
    task.do_channels.add_do_chan("Dev1/port0/line0:3", line_grouping=LineGrouping.CHAN_PER_LINE)
    task.start()
    task.write([True, False, True, False])
    task.stop()
    assert card.world.held == [0b0101]


def test_write_dig_port(card: Client) -> None:
    task = card.lines("Dev1/port0")
    task.start()
    task.write(0xFFFFFFFF)
    task.stop()
    assert card.world.held == [0xFFFFFFFF]


def test_gen_dig_line_int_clk(card: Client) -> None:
    task, data = card.task(), [bool(k % 2) for k in range(1000)]
    task.do_channels.add_do_chan("Dev1/port0/line0", line_grouping=LineGrouping.CHAN_PER_LINE)
    task.timing.cfg_samp_clk_timing(1000.0, sample_mode=AcquisitionType.FINITE, samps_per_chan=len(data))
    before_s = card.world.clock.now()
    assert task.write(data) == 1000
    task.start()
    task.wait_until_done()
    task.stop()
    (played,) = card.world.played
    assert (played.words, played.tick_s, played.repeats) == ([0, 1] * 500, 1e-3, 1)
    assert card.world.clock.now() - before_s == pytest.approx(1.0)


def test_cont_gen_dig_port_int_clk(card: Client) -> None:
    task = card.task()
    channel = task.do_channels.add_do_chan("Dev1/port0", line_grouping=LineGrouping.CHAN_FOR_ALL_LINES)
    task.timing.cfg_samp_clk_timing(10.0, sample_mode=AcquisitionType.CONTINUOUS)
    walking = [1 << line for line in range(channel.do_num_lines)]
    task.write(walking)
    task.start()
    card.world.clock.sleep(0.45)
    task.stop()
    assert len(walking) == 32
    assert card.world.held == [1 << 4]


def test_do_data_gen_ends_where_its_buffer_does(card: Client) -> None:
    task = card.lines("Dev1/port0/line0:7")
    task.timing.cfg_samp_clk_timing(1000.0, samps_per_chan=4)
    task.out_stream.regen_mode = RegenerationMode.DONT_ALLOW_REGENERATION
    task.write([1, 2, 4, 8])
    task.start()
    task.wait_until_done()
    assert [played.words for played in card.world.played] == [[1, 2, 4, 8]]


# ---- the system --------------------------------------------------------------------------------------------------


def test_system_properties(card: Client) -> None:
    system = System.remote(card.options)
    assert system.driver_version.major_version == 25
    told = [(device.name, device.product_category, device.product_type) for device in system.devices]
    assert told == [("Dev1", ProductCategory.X_SERIES_DAQ, "PCIe-6363")]
    assert list(system.tasks) == []


def test_channel_properties(card: Client) -> None:
    task = voltage_in(card)
    channel = task.ai_channels[0]
    assert (channel.physical_channel.name, channel.ai_min, channel.ai_max) == ("Dev1/ai0", -5.0, 5.0)
    channel.ai_max = 0.1
    assert (channel.ai_max, channel.ai_rng_high) == (0.1, 5.0), "the range is what holds both bounds"
    channel.ai_min = -0.1
    assert (channel.ai_rng_low, channel.ai_rng_high) == (-0.1, 0.1)
    channel.ai_min = 0.2
    with pytest.raises(DaqError, match="Minimum value"):
        task.read()
    assert [other.name for other in Device("Dev1", grpc_options=card.options).ao_physical_chans] == [
        f"Dev1/ao{k}" for k in range(4)
    ]


def test_voltages_into_an_array(lit: Client) -> None:
    task = voltage_in(lit)
    task.timing.cfg_samp_clk_timing(2e6, samps_per_chan=200)
    data = np.zeros(200)
    assert AnalogSingleChannelReader(task.in_stream).read_many_sample(data, 200) == 200
    assert data.mean() == pytest.approx(LIGHT_V, abs=1e-3)
