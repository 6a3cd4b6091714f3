"""What a client that is not labctl relies on: sessions, coerced clocks, names, terminals, triggers, counters in time.

Sources: grpc_session_options of nidaqmx and the session repository of NI's gRPC device server; NI's knowledge base on
coerced sample clocks; the docstrings of nidaqmx; its component tests for a PCIe-6363; the X Series user manual.
"""

from collections.abc import Iterator

import grpc
import nidaqmx
import numpy as np
import pytest
from nidaqmx import SessionInitializationBehavior as Behaviour
from nidaqmx.constants import AcquisitionType, Edge, LineGrouping, SampleTimingType, TerminalConfiguration, TriggerType
from nidaqmx.errors import DaqReadError, RpcError
from nidaqmx.stream_readers import CounterReader, DigitalMultiChannelReader
from nidaqmx.stream_writers import DigitalMultiChannelWriter
from nidaqmx.system import Device
from support.nidaq_bench import Client, Played, client, refusal

GATE = 1 << 6


@pytest.fixture
def card() -> Iterator[Client]:
    with client() as made:
        yield made


# ---- sessions ----------------------------------------------------------------------------------------------------


def session(card: Client, behaviour: Behaviour, name: str = "mine") -> nidaqmx.Task:
    options = nidaqmx.GrpcSessionOptions(card.options.grpc_channel, name, initialization_behavior=behaviour)
    return nidaqmx.Task(name, grpc_options=options)


def status(card: Client, behaviour: Behaviour) -> grpc.StatusCode:
    with pytest.raises(RpcError) as caught:
        session(card, behaviour)
    assert "mine" in str(caught.value)
    return caught.value.rpc_code


def test_a_second_client_attaches_to_a_session_and_leaves_it_open(card: Client) -> None:
    with session(card, Behaviour.AUTO) as first:
        first.ci_channels.add_ci_count_edges_chan("Dev1/ctr0")
        for behaviour in (Behaviour.AUTO, Behaviour.ATTACH_TO_SERVER_SESSION):
            with session(card, behaviour) as second:
                assert second.channel_names == ["Dev1/ctr0"]
        first.start()
    assert status(card, Behaviour.ATTACH_TO_SERVER_SESSION) is grpc.StatusCode.FAILED_PRECONDITION


def test_a_session_that_exists_is_not_initialised_anew(card: Client) -> None:
    with session(card, Behaviour.INITIALIZE_SERVER_SESSION):
        assert status(card, Behaviour.INITIALIZE_SERVER_SESSION) is grpc.StatusCode.ALREADY_EXISTS
    session(card, Behaviour.INITIALIZE_SERVER_SESSION).close()


# ---- clocks ------------------------------------------------------------------------------------------------------


def test_clocks_are_coerced_to_what_the_timebase_divides_to(card: Client) -> None:
    """100 MHz / 2.1 MHz is 47.6: of outputs and lines the divisor is rounded, of inputs of voltage it is cut off."""
    pattern = card.pattern([1, 2], 2, rate_hz=2.1e6)
    assert pattern.timing.samp_clk_rate == pytest.approx(1e8 / 48)
    assert pattern.timing.samp_clk_timebase_div == 48
    pattern.start()
    assert card.world.played[0].tick_s == pytest.approx(48e-8)
    voltage = card.task()
    voltage.ai_channels.add_ai_voltage_chan("Dev1/ai0")
    voltage.timing.cfg_samp_clk_timing(1.3e6)
    assert voltage.timing.samp_clk_rate == pytest.approx(1e8 / 76)
    volts = card.task()
    volts.ao_channels.add_ao_voltage_chan("Dev1/ao0")
    volts.timing.cfg_samp_clk_timing(1.3e6)
    assert volts.timing.samp_clk_rate == pytest.approx(1e8 / 77)


def test_the_timing_can_be_read_set_and_reset(card: Client) -> None:
    task = card.task()
    task.ai_channels.add_ai_voltage_chan("Dev1/ai0:1")
    timing = task.timing
    assert timing.samp_timing_type is SampleTimingType.ON_DEMAND
    timing.cfg_samp_clk_timing(1000, source="PFI0", active_edge=Edge.FALLING, samps_per_chan=7)
    assert (timing.samp_clk_src, timing.samp_clk_active_edge) == ("/Dev1/PFI0", Edge.FALLING)
    assert (timing.samp_quant_samp_mode, timing.samp_quant_samp_per_chan) == (AcquisitionType.FINITE, 7)
    assert timing.samp_clk_max_rate == 5e5, "two channels share a converter of 1 MS/s"
    assert timing.ai_conv_rate == pytest.approx(1e6 / 11), "1 us for the converter, 10 us to settle"
    del timing.samp_clk_src, timing.samp_quant_samp_mode
    timing.samp_clk_rate = 2000.0
    assert (timing.samp_clk_src, timing.samp_clk_rate) == ("/Dev1/ai/SampleClockTimebase", 2000.0)
    assert timing.samp_quant_samp_mode is AcquisitionType.CONTINUOUS
    timing.samp_clk_src = "Nowhere"
    assert refusal(lambda: timing.samp_clk_src)[0] == "INVALID_ROUTING_SOURCE_TERMINAL_NAME_ROUTING"


# ---- names and terminals -----------------------------------------------------------------------------------------


def test_channels_have_the_names_that_the_driver_gives(card: Client) -> None:
    for lines, grouping, name, called in (
        ("Dev1/port0/line0:3", LineGrouping.CHAN_FOR_ALL_LINES, "", ["Dev1/port0/line0..."]),
        ("Dev1/port0/line4", LineGrouping.CHAN_FOR_ALL_LINES, "", ["Dev1/port0/line4"]),
        ("Dev1/port0", LineGrouping.CHAN_FOR_ALL_LINES, "", ["Dev1/port0"]),
        ("Dev1/port0/line0:1", LineGrouping.CHAN_PER_LINE, "", ["Dev1/port0/line0", "Dev1/port0/line1"]),
        ("Dev1/port0/line0:1", LineGrouping.CHAN_PER_LINE, "pump", ["pump0", "pump1"]),
        ("Dev1/port0/line0:1", LineGrouping.CHAN_FOR_ALL_LINES, "pump", ["pump"]),
    ):
        task = card.task()
        task.do_channels.add_do_chan(lines, name, grouping)
        assert task.channel_names == called
    task = card.task()
    task.ci_channels.add_ci_count_edges_chan("Dev1/ctr0:1", "photons").ci_count_edges_term = "dev1/pfi8"
    assert [channel.ci_count_edges_term for channel in task.ci_channels] == ["/Dev1/PFI8"] * 2
    assert task.ci_channels["photons1"].physical_channel.name == "Dev1/ctr1"


def test_usual_terminals_can_be_read(card: Client) -> None:
    counters = [card.counter(f"ctr{k}", photons=None).ci_channels[0] for k in range(4)]
    assert [one.ci_count_edges_term for one in counters] == [f"/Dev1/PFI{k}" for k in (8, 3, 0, 5)]
    pulses = card.task().co_channels.add_co_pulse_chan_freq("Dev1/ctr2")
    assert pulses.co_pulse_term == "/Dev1/PFI14"
    assert card.counter(gate="PFI9").triggers.pause_trigger.dig_lvl_src == "/Dev1/PFI9"


@pytest.mark.parametrize("name", ["/Dev1/RTSI3", "/Dev1/ai/ConvertClock", "Ctr0Gate", "/Dev1/FrequencyOutput"])
def test_terminals_that_the_bench_lacks_are_refused_by_name_and_not_as_unknown(card: Client, name: str) -> None:
    error, message = refusal(card.counter(photons=name).start)
    assert error == "FUNCTION_NOT_SUPPORTED_FOR_DEVICE"
    assert f"{name}: not simulated" in message


def test_the_card_tells_what_it_is(card: Client) -> None:
    device = Device("Dev1", grpc_options=card.options)
    assert (device.is_simulated, device.do_max_rate, device.ao_max_rate) == (True, 10e6, pytest.approx(2.857e6, 1e-3))
    assert (len(device.ai_physical_chans), len(device.di_lines), len(device.do_ports)) == (32, 48, 3)
    assert TerminalConfiguration.DIFF in device.ai_physical_chans[0].ai_term_cfgs
    assert TerminalConfiguration.DIFF not in device.ai_physical_chans[8].ai_term_cfgs
    interpreter = device._interpreter
    assert "Physical chan does not exist" in interpreter.get_error_string(-200170)
    assert "could not be found" in interpreter.get_error_string(-123_456), "a number that is no error of the driver"


# ---- lines -------------------------------------------------------------------------------------------------------


def test_lines_per_channel_bytes_and_words_meet_the_same_lines(card: Client) -> None:
    task = card.task()
    task.do_channels.add_do_chan("Dev1/port0/line1,Dev1/port0/line0", line_grouping=LineGrouping.CHAN_FOR_ALL_LINES)
    task.do_channels.add_do_chan("Dev1/port0/line4:5")
    writer = DigitalMultiChannelWriter(task.out_stream, auto_start=True)
    writer.write_one_sample_multi_line(np.array([[True, False], [False, True]]))
    writer.write_one_sample_port_byte(np.array([1, 0x10], dtype=np.uint8))
    writer.write_one_sample_port_uint16(np.array([2, 0xFF], dtype=np.uint16))
    writer.write_one_sample_port_uint32(np.array([0, 0x20], dtype=np.uint32))
    assert card.world.held == [0b10_0010, 0b01_0001, 0b11_0010, 0b10_0000]
    assert task.read() == [0, 0x20]


def test_a_clocked_buffer_of_several_channels_is_one_pattern(card: Client) -> None:
    task = card.task()
    task.do_channels.add_do_chan("Dev1/port0/line0:1", line_grouping=LineGrouping.CHAN_PER_LINE)
    task.timing.cfg_samp_clk_timing(1e6, samps_per_chan=3)
    task.write([[True, False, True], [False, False, True]])
    task.start()
    assert card.world.played == [Played([1, 0, 3], 1e-6, 1)]


def test_terminals_show_the_lines_of_a_pattern_that_goes_out(card: Client) -> None:
    card.pattern([GATE, 0], 2, rate_hz=1e4, mode=AcquisitionType.CONTINUOUS).start()
    task = card.task()
    task.di_channels.add_di_chan("Dev1/port2/line1")
    seen = []
    for _ in range(4):
        seen.append(task.read())
        card.world.clock.sleep(1e-4)
    assert seen == [True, False, True, False]


def test_an_input_of_bytes_is_refused_what_does_not_fit(card: Client) -> None:
    card.lines("Dev1/port0").write(1 << 9)
    reader = DigitalMultiChannelReader(card.tasks[-1].in_stream)
    name, message = refusal(lambda: reader.read_one_sample_port_byte(np.zeros(1, dtype=np.uint8)))
    assert (name, "wider" in message) == ("NUM_LINES_MISMATCH_IN_READ_OR_WRITE", True)


def test_a_running_buffer_is_rewritten(card: Client) -> None:
    counter = card.counter(gate="/Dev1/PFI9")
    pattern = card.pattern([GATE, 0], 2, rate_hz=1e6, mode=AcquisitionType.CONTINUOUS)
    counter.start()
    pattern.start()
    card.world.clock.sleep(1e-3)
    assert counter.read() == 500
    card.write(pattern, [0, 0])
    card.world.clock.sleep(1e-3)
    assert counter.read() == 500


def test_a_photodiode_sees_the_light_that_a_line_lets_through(card: Client) -> None:
    card.world.turn(green_w=0.1, pump_aom=0.5, pump_gate="ttl")
    task, lines = card.task(), card.lines("Dev1/port0/line0:7")
    task.ai_channels.add_ai_voltage_chan("Dev1/ai0", max_val=10.0, min_val=-10.0)
    lines.write(0)
    assert task.read() == pytest.approx(0.0, abs=5e-3)
    lines.write(1)
    assert task.read() == pytest.approx(2.5, abs=5e-3)
    lines.close()
    card.tasks.remove(lines)
    card.pattern([1, 1, 0, 0], 4, rate_hz=1e4, mode=AcquisitionType.CONTINUOUS).start()
    task.timing.cfg_samp_clk_timing(1e4, samps_per_chan=8)
    assert np.round(task.read(8), 1).tolist() == [2.5, 2.5, 0.0, 0.0] * 2


# ---- triggers ----------------------------------------------------------------------------------------------------


def test_a_pattern_waits_for_the_edge_of_a_pulse(card: Client) -> None:
    pattern = card.pattern([1, 2], 20, rate_hz=1e6)
    pattern.triggers.start_trigger.cfg_dig_edge_start_trig("/Dev1/PFI12")
    pattern.start()
    assert refusal(lambda: pattern.wait_until_done(1.0))[0] == "WAIT_UNTIL_DONE_DOES_NOT_INDICATE_DONE"
    assert card.world.played == []
    pulse = card.task()
    pulse.co_channels.add_co_pulse_chan_time("Dev1/ctr0", initial_delay=0.25)
    pulse.start()
    before_s = card.world.clock.now()
    pattern.wait_until_done()
    assert card.world.clock.now() - before_s == pytest.approx(0.25 + 20e-6)
    assert card.world.played == [Played([1, 2], 1e-6, 10)]


def test_a_counter_is_armed_by_the_start_of_a_pattern(card: Client) -> None:
    counter = card.counter()
    arm = counter.triggers.arm_start_trigger
    arm.trig_type, arm.dig_edge_src = TriggerType.DIGITAL_EDGE, "/Dev1/do/StartTrigger"
    counter.start()
    card.lines("Dev1/port0/line8:9").write(0x300)
    card.world.glow += 1000
    assert counter.read() == 0, "it has not begun"
    pattern = card.pattern([1, 0], samples=200)
    pattern.start()
    pattern.wait_until_done()
    assert counter.read() == 200


def test_a_trigger_that_never_comes_costs_the_timeout(card: Client) -> None:
    task = card.task()
    task.ai_channels.add_ai_voltage_chan("Dev1/ai0")
    task.timing.cfg_samp_clk_timing(1000.0, samps_per_chan=5)
    task.triggers.start_trigger.cfg_dig_edge_start_trig("/Dev1/PFI2")
    with pytest.raises(DaqReadError) as caught:
        task.read(5, timeout=2.0)
    assert caught.value.error_type.name == "SAMPLES_NOT_YET_AVAILABLE"
    assert card.world.clock.now() == pytest.approx(2.0)


# ---- counters ----------------------------------------------------------------------------------------------------


def test_several_counters_in_a_task_count_each_at_its_own_terminal(card: Client) -> None:
    task = card.task()
    task.ci_channels.add_ci_count_edges_chan("Dev1/ctr0", initial_count=10).ci_count_edges_term = "/Dev1/PFI8"
    task.ci_channels.add_ci_count_edges_chan("Dev1/ctr1").ci_count_edges_term = "/Dev1/100kHzTimebase"
    pattern = card.pattern([1] * 10, samples=1000)
    task.start()
    pattern.start()
    pattern.wait_until_done()
    assert task.read() == [1010, 10]
    assert refusal(card.counter("ctr1").start)[0] == "PAL_RESOURCE_RESERVED"


def test_frequency_and_period_are_whole_ticks_of_the_timebase(card: Client) -> None:
    out = card.task()
    channel = out.co_channels.add_co_pulse_chan_freq("Dev1/ctr2", freq=3.1e6, duty_cycle=0.3)
    out.timing.cfg_implicit_timing(sample_mode=AcquisitionType.CONTINUOUS)
    out.start()
    assert channel.co_pulse_freq == pytest.approx(1e8 / 32)
    assert (channel.co_pulse_high_ticks, channel.co_pulse_low_ticks) == (10, 22)
    readings = []
    for kind in ("freq", "period"):
        with nidaqmx.Task(grpc_options=card.options) as task:
            gauge = getattr(task.ci_channels, f"add_ci_{kind}_chan")("Dev1/ctr0")
            assert getattr(gauge, f"ci_{kind}_term") == "/Dev1/PFI9"
            setattr(gauge, f"ci_{kind}_term", "/Dev1/PFI14")
            readings.append(task.read())
    assert readings == pytest.approx([1e8 / 32, 32e-8])


def test_a_finite_train_ends_and_its_pulses_are_counted(card: Client) -> None:
    out, counter = card.task(), card.counter("ctr1", photons="/Dev1/Ctr0InternalOutput")
    out.co_channels.add_co_pulse_chan_freq("Dev1/ctr0", freq=100.0)
    out.timing.cfg_implicit_timing(samps_per_chan=25)
    counter.start()
    out.start()
    out.wait_until_done()
    assert card.world.clock.now() == pytest.approx(0.25)
    assert counter.read() == 25
    card.world.clock.sleep(1.0)
    assert counter.read() == 25


def test_bins_of_photons_hold_all_of_them_whenever_they_are_read(card: Client) -> None:
    out, counter = card.task(), card.counter()
    out.co_channels.add_co_pulse_chan_freq("Dev1/ctr1", freq=1000.0)
    out.timing.cfg_implicit_timing(sample_mode=AcquisitionType.CONTINUOUS)
    counter.timing.cfg_samp_clk_timing(1e3, "/Dev1/Ctr1InternalOutput", sample_mode=AcquisitionType.CONTINUOUS)
    pattern = card.pattern([1, 1], samples=1_000_000)
    for task in (counter, out, pattern):
        task.start()
    reader, counts = CounterReader(counter.in_stream), np.zeros(25, dtype=np.uint32)
    seen: list[int] = []
    for _ in range(4):
        reader.read_many_sample_uint32(counts, 25)
        seen += counts.tolist()
    assert np.all(np.diff(seen) >= 0)
    assert seen[-1] == pytest.approx(990_000, abs=10)
    assert np.diff(seen).mean() == pytest.approx(10_000, rel=1e-3)


def test_the_frequency_of_single_photons_is_refused_by_name(card: Client) -> None:
    task = card.task()
    task.ci_channels.add_ci_freq_chan("Dev1/ctr0").ci_freq_term = "/Dev1/PFI8"
    assert "single photons: not simulated" in refusal(task.read)[1]
