"""Every fault of the card's gRPC calls, seen through the unmodified nidaqmx client."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import nidaqmx
import pytest
from nidaqmx._stubs import nidaqmx_pb2 as pb
from nidaqmx._stubs.nidaqmx_pb2_grpc import NiDAQmxStub
from nidaqmx.errors import DaqError, RpcError
from nidaqmx.stream_readers import CounterReader
from nidaqmx.stream_writers import DigitalSingleChannelWriter
from support.nidaq_bench import Client, CountingWorld

from simulated_instruments.faults.injector import Injector
from simulated_instruments.faults.kinds import Call, applicable
from simulated_instruments.faults.script import Fault
from simulated_instruments.nidaq.server import NIServer


@contextmanager
def client(*faults: dict[str, object]) -> Iterator[tuple[Client, Injector]]:
    """A fresh card with faults."""
    world = CountingWorld()
    injector = Injector(world.clock, [Fault(instrument="ni_card", **fault) for fault in faults])
    server = NIServer(world, injector)
    with grpc.insecure_channel(server.start()) as channel:
        made = Client(world, nidaqmx.GrpcSessionOptions(channel, ""))
        yield made, injector
        for task in made.tasks:
            task.close()
    server.stop()


def held(bench: Client, *words: int) -> nidaqmx.Task:
    task = bench.lines()
    writer = DigitalSingleChannelWriter(task.out_stream)
    writer.verify_array_shape = False
    for word in words:
        writer.write_one_sample_port_uint32(word)
    return task


def counted(bench: Client) -> int:
    counter = bench.counter()
    counter.start()
    play = bench.pattern([1, 1, 0, 0], samples=400)
    play.start()
    play.wait_until_done(10.0)
    return int(CounterReader(counter.in_stream).read_one_sample_uint32())


def test_a_refused_call_does_nothing_and_names_its_code() -> None:
    with client({"kind": "refused", "matching": "WriteDigitalScalar", "code": -200324}) as (bench, injector):
        task = bench.lines()
        with pytest.raises(DaqError, match="absent or unavailable") as caught:
            DigitalSingleChannelWriter(task.out_stream).write_one_sample_port_uint32(5)
        assert caught.value.error_code == -200324
        assert bench.world.held == []
        assert [entry.kind for entry in injector.log] == ["refused"]


def test_an_unavailable_server_has_done_nothing() -> None:
    with client({"kind": "unavailable", "matching": "WriteDigitalScalar"}) as (bench, _):
        task = bench.lines()
        writer = DigitalSingleChannelWriter(task.out_stream)
        with pytest.raises(RpcError, match="Failed to connect to server"):
            writer.write_one_sample_port_uint32(5)
        assert bench.world.held == []
        writer.write_one_sample_port_uint32(6)
        assert bench.world.held == [6]


def test_a_call_that_is_cut_off_was_done() -> None:
    with client({"kind": "cut_off", "matching": "WriteDigitalScalar"}) as (bench, _):
        task = bench.lines()
        with pytest.raises(RpcError, match="Failed to connect to server"):
            DigitalSingleChannelWriter(task.out_stream).write_one_sample_port_uint32(5)
        assert bench.world.held == [5]


def test_a_stuck_call_costs_laboratory_time_up_to_the_clients_deadline_and_holds_up_no_other() -> None:
    with client({"kind": "stuck", "matching": "GetDeviceAttributeDouble"}) as (bench, _):
        stub = NiDAQmxStub(bench.options.grpc_channel)
        request = pb.GetDeviceAttributeDoubleRequest(device_name="Dev1", attribute_raw=0x299A)
        with pytest.raises(grpc.RpcError) as caught:
            stub.GetDeviceAttributeDouble(request, timeout=60.0)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert bench.world.clock.now() == pytest.approx(60.0, abs=1.0)
        assert stub.GetDeviceAttributeDouble(request, timeout=60.0).value == 10e6


def test_without_a_deadline_a_stuck_call_never_returns_and_holds_up_no_other() -> None:
    with client({"kind": "stuck", "matching": "GetDeviceAttributeDouble"}) as (bench, injector):
        stub = NiDAQmxStub(bench.options.grpc_channel)
        request = pb.GetDeviceAttributeDoubleRequest(device_name="Dev1", attribute_raw=0x299A)
        stuck = stub.GetDeviceAttributeDouble.future(request)
        until_s = time.monotonic() + 60.0
        while not injector.log and time.monotonic() < until_s:  # else the next call could come first
            time.sleep(0.01)
        assert stub.GetDeviceAttributeDouble(request, timeout=60.0).value == 10e6
        assert not stuck.done()
        stuck.cancel()


def test_a_slow_call_costs_laboratory_time() -> None:
    with client({"kind": "slow", "matching": "CreateTask", "for_s": 3.0}) as (bench, _):
        bench.lines()
        assert bench.world.clock.now() == 3.0


@pytest.mark.parametrize(
    ("fault", "seen"),
    [({"kind": "no_counts"}, 0), ({"kind": "fewer_counts"}, 200), ({"kind": "fewer_counts", "share": 0.25}, 100)],
)
def test_counts_can_be_lost(fault: dict[str, object], seen: int) -> None:
    with client({**fault, "matching": "ReadCounter"}) as (bench, _):
        assert counted(bench) == seen
    with client() as (bench, _):
        assert counted(bench) == 400


def test_lost_counts_need_a_call_that_counts() -> None:
    with client({"kind": "no_counts", "matching": "CreateTask"}) as (bench, injector):
        bench.lines()
        assert [entry.effect for entry in injector.log] == ["none: this call reads no counter"]


def test_a_reset_card_has_lines_low_and_no_tasks() -> None:
    with client({"kind": "reset", "matching": "WriteDigitalScalar", "call": 2}) as (bench, _):
        with pytest.raises(DaqError, match="invalid or does not exist"):
            held(bench, 0xFF, 0x0F)
        assert bench.world.held == [0xFF, 0]
        assert bench.world.setpoints.steering_v == (0.0, 0.0)
        bench.tasks.clear()


def test_what_is_applicable_to_a_call_depends_on_whether_it_counts() -> None:
    read, start = (Call("ni_card", 1, 1, name, replied=False) for name in ("ReadCounterScalarU32", "StartTask"))
    assert set(applicable(read)) - set(applicable(start)) == {"fewer_counts", "no_counts"}
    for kind in applicable(read):
        assert Fault(kind=kind, instrument="ni_card").kind == kind
