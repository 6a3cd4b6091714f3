"""What the simulated card refuses, with DAQmx's own error and the value in the message."""

from collections.abc import Callable, Iterator

import grpc
import nidaqmx
import numpy as np
import pytest
from nidaqmx._stubs import nidaqmx_pb2, nidaqmx_pb2_grpc
from nidaqmx.constants import AcquisitionType, LineGrouping, RegenerationMode, TaskMode, TriggerType
from nidaqmx.errors import DaqReadError
from nidaqmx.stream_readers import CounterReader
from nidaqmx.system import Device
from support.nidaq_bench import Client, CountingWorld, client, refusal

from simulated_instruments.nidaq.calls.table import CALLS
from simulated_instruments.nidaq.server import NIServer, Servicer


@pytest.fixture
def card() -> Iterator[Client]:
    with client() as made:
        yield made


Call = Callable[[Client], object]


def started_twice(card: Client) -> None:
    task = card.counter()
    task.start()
    task.start()


def lines_in_use(card: Client) -> None:
    card.pattern([1, 2], 2).start()
    card.lines("Dev1/port0/line6:7").write(0)


def counter_in_use(card: Client) -> None:
    card.counter("ctr0").start()
    card.counter("ctr0").start()


def buffer_of_another_length(card: Client) -> None:
    card.write(card.pattern([1, 2], 4), [1, 2, 3])


def buffer_too_small(card: Client) -> None:
    task = card.pattern([1, 2], 4)
    task.out_stream.output_buf_size = 2
    card.write(task, [1, 2, 3])


def buffer_not_filled(card: Client) -> None:
    task = card.pattern([1, 2], 4)
    task.out_stream.output_buf_size = 3
    task.start()


def buffer_gone(card: Client) -> None:
    task = card.pattern([1, 2], 4)
    task.control(TaskMode.TASK_UNRESERVE)
    task.start()


def played_once_only(card: Client) -> None:
    task = card.pattern([1, 2], 4)
    task.out_stream.regen_mode = RegenerationMode.DONT_ALLOW_REGENERATION
    task.start()


def unreserved_while_running(card: Client) -> None:
    task = card.pattern([1, 2], 4)
    task.start()
    task.control(TaskMode.TASK_UNRESERVE)


def rewritten_while_running(card: Client) -> None:
    task = card.pattern([1, 2], 4)
    task.start()
    card.write(task, [2, 1])


def timed_while_running(card: Client) -> None:
    task = card.counter()
    task.start()
    task.timing.cfg_samp_clk_timing(1e3, "/Dev1/PFI9")


def property_while_running(card: Client) -> None:
    task = card.counter()
    task.start()
    task.ci_channels[0].ci_count_edges_term = "/Dev1/PFI8"


def unstarted_counter(card: Client) -> None:
    task = card.counter()
    task.in_stream.auto_start = False
    task.read()


def unstarted_lines(card: Client) -> None:
    card.lines().write(1, auto_start=False)


def too_long_a_wait(card: Client) -> None:
    task = card.pattern([1, 2], 20_000_000)
    task.start()
    task.wait_until_done(1.5)


def endless_wait(card: Client) -> None:
    task = card.pattern([1, 2], 2, mode=AcquisitionType.CONTINUOUS)
    task.start()
    task.wait_until_done(-1)


def volts(card: Client, value: float) -> None:
    task = card.task()
    task.ao_channels.add_ao_voltage_chan("Dev1/ao0")
    task.write(value)


def mixed(card: Client) -> None:
    task = card.counter()
    task.ao_channels.add_ao_voltage_chan("Dev1/ao0")


def wrong_arm(card: Client) -> None:
    task = card.counter()
    arm = task.triggers.arm_start_trigger
    arm.trig_type, arm.dig_edge_src = TriggerType.DIGITAL_EDGE, "/Dev1/RTSI2"
    task.start()


def too_many_latches(card: Client) -> None:
    card.clocked("/Dev1/PFI9", 100).start()
    card.pattern([64, 0] * 40, 80).start()


def wrong_edge(card: Client) -> None:
    task = card.counter()
    task._interpreter.set_chan_attribute_int32(task._handle, "Dev1/ctr0", 1687, 4711)


REFUSED: dict[str, tuple[Call, str, str]] = {
    "device": (
        lambda c: c.counter("ctr0").ci_channels.add_ci_count_edges_chan("Dev2/ctr1"),
        "INVALID_DEVICE_ID",
        "Dev2",
    ),
    "device's serial": (
        lambda c: Device("Dev7", grpc_options=c.options).serial_num,
        "INVALID_DEVICE_ID",
        "Dev7",
    ),
    "counter": (lambda c: c.counter("ctr4"), "PHYSICAL_CHAN_DOES_NOT_EXIST", "Dev1/ctr4"),
    "line": (lambda c: c.lines("Dev1/port0/line30:32"), "PHYSICAL_CHAN_DOES_NOT_EXIST", "line30:32"),
    "port": (lambda c: c.lines("Dev1/port3"), "PHYSICAL_CHAN_DOES_NOT_EXIST", "port3"),
    "static port": (lambda c: c.lines("Dev1/port1/line0"), "FUNCTION_NOT_SUPPORTED_FOR_DEVICE", "not simulated"),
    "port in lines": (
        lambda c: c.task().do_channels.add_do_chan("Dev1/port0", line_grouping=LineGrouping.CHAN_PER_LINE),
        "INVALID_LINE_GROUPING",
        "Name the lines",
    ),
    "analogue range upside down": (
        lambda c: c.task().ao_channels.add_ao_voltage_chan("Dev1/ao0", min_val=1.0, max_val=1.0),
        "MIN_NOT_LESS_THAN_MAX",
        "1.0",
    ),
    "analogue output": (
        lambda c: c.task().ao_channels.add_ao_voltage_chan("Dev1/ao4"),
        "PHYSICAL_CHAN_DOES_NOT_EXIST",
        "ao4",
    ),
    "analogue range": (
        lambda c: c.task().ao_channels.add_ao_voltage_chan("Dev1/ao0", max_val=11.0),
        "INVALID_ATTRIBUTE_VALUE",
        "11.0",
    ),
    "photon terminal": (
        lambda c: c.counter(photons="/Dev1/PFI16").start(),
        "INVALID_ROUTING_SOURCE_TERMINAL_NAME_ROUTING",
        "/Dev1/PFI16",
    ),
    "gate terminal": (
        lambda c: c.counter(gate="/Dev1/PFI99").start(),
        "INVALID_ROUTING_SOURCE_TERMINAL_NAME_ROUTING",
        "/Dev1/PFI99",
    ),
    "clock terminal": (
        lambda c: c.clocked("/Dev1/Nowhere", 2).start(),
        "INVALID_ROUTING_SOURCE_TERMINAL_NAME_ROUTING",
        "Nowhere",
    ),
    "counter without a clock": (
        lambda c: c.clocked("", 2).start(),
        "CI_ONBOARD_CLOCK_NOT_SUPPORTED_AS_INPUT_TERM",
        "terminal",
    ),
    "arm source": (wrong_arm, "FUNCTION_NOT_SUPPORTED_FOR_DEVICE", "RTSI2: not simulated"),
    "enumeration value": (wrong_edge, "INVALID_ATTRIBUTE_VALUE", "4711"),
    "fast pattern": (lambda c: c.pattern([1, 2], 2, rate_hz=10.1e6), "INVALID_ATTRIBUTE_VALUE", "10100000.0"),
    "long play": (lambda c: c.pattern([1, 2], 2**32), "INVALID_ATTRIBUTE_VALUE", "4294967295"),
    "empty task": (lambda c: c.task().start(), "CAN_NOT_PERFORM_OP_WHEN_NO_CHANS_IN_TASK", "channels"),
    "mixed task": (mixed, "MULTI_CHAN_TYPES_IN_TASK", "ao0"),
    "fast volts": (
        lambda c: (volts(c, 0.0), c.tasks[-1].stop(), c.tasks[-1].timing.cfg_samp_clk_timing(3e6), c.tasks[-1].start()),
        "INVALID_ATTRIBUTE_VALUE",
        "3000000.0",
    ),
    "volts": (lambda c: volts(c, 10.01), "INVALID_AO_DATA_WRITE", "10.01"),
    "volts below": (lambda c: volts(c, -10.01), "INVALID_AO_DATA_WRITE", "-10.01"),
    "volts that are none": (lambda c: volts(c, float("nan")), "INVALID_AO_DATA_WRITE", "nan"),
    "second start": (started_twice, "CAN_NOT_PERFORM_OP_WHILE_TASK_RUNNING", "Stop"),
    "lines in use": (lines_in_use, "DIG_LINES_RESERVED_OR_UNAVAILABLE", "port0/line7"),
    "counter in use": (counter_in_use, "PAL_RESOURCE_RESERVED", "Dev1/ctr0"),
    "buffer of another length": (buffer_of_another_length, "WRITE_FAILS_BUFFER_SIZE_AUTO_CONFIGURED", "3"),
    "buffer too small": (buffer_too_small, "WRITE_BUFFER_TOO_SMALL", "2"),
    "buffer not filled": (buffer_not_filled, "OUTPUT_BUFFER_EMPTY", "2"),
    "buffer gone": (buffer_gone, "OUTPUT_BUFFER_EMPTY", "0"),
    "no regeneration": (
        played_once_only,
        "GEN_STOPPED_TO_PREVENT_INTERMEDIATE_BUFFER_REGEN_OF_OLD_SAMPLES",
        "regeneration",
    ),
    "unreserved while running": (unreserved_while_running, "CAN_NOT_PERFORM_OP_WHILE_TASK_RUNNING", "unreserve"),
    "rewritten while running": (rewritten_while_running, "FUNCTION_NOT_SUPPORTED_FOR_DEVICE", "buffer of a finite"),
    "timed while running": (timed_while_running, "CAN_NOT_PERFORM_OP_WHILE_TASK_RUNNING", "clock"),
    "property while running": (property_while_running, "CANNOT_SET_PROPERTY_WHEN_TASK_RUNNING", "CI.CountEdges.Term"),
    "unstarted counter": (
        unstarted_counter,
        "CANNOT_READ_WHEN_AUTO_START_FALSE_ON_DEMAND_AND_TASK_NOT_RUNNING",
        "Start the task",
    ),
    "unstarted lines": (unstarted_lines, "CANNOT_WRITE_WHEN_AUTO_START_FALSE_AND_TASK_NOT_RUNNING", "auto start"),
    "too long a wait": (too_long_a_wait, "WAIT_UNTIL_DONE_DOES_NOT_INDICATE_DONE", "1.5"),
    "endless wait": (endless_wait, "WAIT_UNTIL_DONE_DOES_NOT_INDICATE_DONE", "-1"),
    "many at once": (
        lambda c: c.counter().read(2),
        "NONBUFFERED_READ_MORE_THAN_SAMPS_PER_CHAN",
        "one at a time",
    ),
    "too many latches": (too_many_latches, "FUNCTION_NOT_SUPPORTED_FOR_DEVICE", "40 in a repeat"),
    "unserved call": (
        lambda c: c.task().ai_channels.add_ai_thrmcpl_chan("Dev1/ai0"),
        "FUNCTION_NOT_SUPPORTED_FOR_DEVICE",
        "CreateAIThrmcplChan: not simulated",
    ),
    "pulse width": (
        lambda c: c.task().ci_channels.add_ci_pulse_width_chan("Dev1/ctr0"),
        "FUNCTION_NOT_SUPPORTED_FOR_DEVICE",
        "CreateCIPulseWidthChan",
    ),
    "unserved property": (lambda c: c.counter().ci_channels[0].ci_prescaler, "ATTR_NOT_SUPPORTED", "CI_PRESCALER"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_as_the_driver_refuses(card: Client, case: str) -> None:
    call, error, words = REFUSED[case]
    name, message = refusal(lambda: call(card))
    assert name == error
    assert words in message


def test_a_task_that_was_refused_does_not_run_and_owns_nothing(card: Client) -> None:
    pattern = card.pattern([1, 2], 4)
    pattern.out_stream.output_buf_size = 3
    assert refusal(pattern.start)[0] == "OUTPUT_BUFFER_EMPTY"
    assert card.world.played == []
    pattern.control(TaskMode.TASK_ABORT)
    card.lines().write(1)
    assert card.world.held == [1]


def test_a_stopped_task_gives_its_counter_back(card: Client) -> None:
    first, second = card.counter("ctr0"), card.counter("ctr0")
    first.start()
    first.stop()
    second.start()
    assert refusal(first.start)[0] == "PAL_RESOURCE_RESERVED"
    second.close()
    card.tasks.remove(second)
    first.start()
    assert first.read() == 0


def test_a_committed_counter_stays_owned(card: Client) -> None:
    first, second = card.counter("ctr1"), card.counter("ctr1")
    first.control(TaskMode.TASK_COMMIT)
    first.start()
    first.stop()
    assert refusal(second.start)[0] == "PAL_RESOURCE_RESERVED"


def test_samples_that_never_come_cost_the_timeout(card: Client) -> None:
    counter = card.clocked("/Dev1/PFI12", 3)
    counter.start()
    with pytest.raises(DaqReadError) as caught:
        CounterReader(counter.in_stream).read_many_sample_uint32(np.zeros(3, dtype=np.uint32), 3, timeout=2.0)
    assert caught.value.error_type.name == "SAMPLES_NOT_YET_AVAILABLE"
    assert caught.value.samps_per_chan_read == 0
    assert card.world.clock.now() == pytest.approx(2.0)


def test_a_wait_that_times_out_costs_only_its_timeout(card: Client) -> None:
    assert refusal(lambda: too_long_a_wait(card))[0] == "WAIT_UNTIL_DONE_DOES_NOT_INDICATE_DONE"
    assert card.world.clock.now() == pytest.approx(1.5)


def test_a_task_that_was_cleared_is_unknown(card: Client) -> None:
    task = card.counter()
    stub = nidaqmx_pb2_grpc.NiDAQmxStub(card.options.grpc_channel)
    stub.ClearTask(nidaqmx_pb2.ClearTaskRequest(task=task._handle))
    assert refusal(task.start)[0] == "INVALID_TASK"
    card.tasks.clear()


def test_every_call_of_the_service_is_either_served_or_refused_by_name() -> None:
    """NI's stubs are private to nidaqmx: if they change, it shows here."""
    calls = {name for name in vars(nidaqmx_pb2_grpc.NiDAQmxServicer) if name[0].isupper()}
    assert len(calls) > 400
    assert set(CALLS) <= calls
    assert all(name in vars(Servicer) for name in calls)


@pytest.mark.parametrize("name", ["RegisterSignalEvent", "ConnectTerms", "GetCalInfoAttributeBool", "ReadBinaryI16"])
def test_a_call_that_is_not_served_says_so_on_the_wire(card: Client, name: str) -> None:
    stub = nidaqmx_pb2_grpc.NiDAQmxStub(card.options.grpc_channel)
    request = getattr(nidaqmx_pb2, f"{name}Request")()
    with pytest.raises(grpc.RpcError) as caught:
        list(getattr(stub, name)(request))
    assert name in caught.value.details()
    assert ("ni-error", "-209876") in [(entry.key, entry.value) for entry in caught.value.trailing_metadata()]


def test_every_server_starts_from_power_on() -> None:
    for _ in range(2):
        server = NIServer(CountingWorld())
        with grpc.insecure_channel(server.start()) as channel:
            task = nidaqmx.Task(grpc_options=nidaqmx.GrpcSessionOptions(channel, ""))
            assert task.name == "_unnamedTask<0>"
            task.ci_channels.add_ci_count_edges_chan("Dev1/ctr0")
            task.start()
        server.stop()
