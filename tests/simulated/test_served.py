"""The bench on loopback ports: many callers, and the control port."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from support.serving import AOM, GREEN, SPROUT, SUPPLY, opened, served_in

from simulated_instruments.faults.script import Fault
from simulated_instruments.served.bench import Served
from simulated_instruments.served.client import ServedBench
from simulated_instruments.served.ports import Ports, messages

# address, what a command ends with, what a reply ends with, a query, the start of its reply
WIRES = [
    (SUPPLY, "\n", "\n", "*IDN?", "Keysight Technologies,B2962A,"),
    ("TCPIP0::192.168.10.22::inst0::INSTR", "\n", "\n", "*IDN?", "Keysight Technologies,B2962A,"),
    ("USB0::0x0B21::0x0039::91U112233::INSTR", "\n", "\n", "*IDN?", "YOKOGAWA,GS210,91U112233,"),
    ("USB0::0x0B21::0x0039::91U112234::INSTR", "\n", "\n", "*IDN?", "YOKOGAWA,GS210,91U112234,"),
    ("TCPIP0::192.168.10.23::inst0::INSTR", "\r\n", "\r\n", "*IDN?", "Stanford Research Systems,SG386,"),
    (GREEN, "\r", "\r\n", "gsn?", "2"),
    (AOM, "\n\r", "\n\r", "L1", "l1F"),
    (SPROUT, "\r", "\r", "PRODUCT?", "PRODUCT=Sprout"),
    ("ASRL6::INSTR", "\r", " >", "getmodel", "VFL-P-1500-775-OEM3\rD"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_in(tmp_path_factory.mktemp("served")) as bench:
        yield bench


@pytest.fixture
def twin(served: Served) -> Iterator[ServedBench]:
    caller = ServedBench(served.wires)
    yield caller
    caller.close()


@pytest.mark.parametrize(("address", "write_end", "read_end", "query", "reply"), WIRES)
def test_every_instrument_answers_at_its_port(
    served: Served, address: str, write_end: str, read_end: str, query: str, reply: str
) -> None:
    handle = opened(served, address, write_end, read_end)
    assert handle.query(query).startswith(reply)
    handle.close()


def test_callers_at_once_get_each_their_own_answers(served: Served) -> None:
    def ask(query: str, found: list[str]) -> None:
        handle = opened(served, SUPPLY)
        found += [handle.query(query) for _ in range(50)]
        handle.close()

    answers: dict[str, list[str]] = {"*IDN?": [], ":OUTP1?": [], ":SOUR1:FUNC:MODE?": []}
    callers = [threading.Thread(target=ask, args=pair) for pair in answers.items()]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [len(found) for found in answers.values()] == [50, 50, 50]
    assert all(len(set(found)) == 1 for found in answers.values())
    assert len({found[0] for found in answers.values()}) == 3


def test_a_second_command_does_not_wait_for_the_acknowledgement_of_the_first(served: Served) -> None:
    handle = opened(served, SUPPLY)
    began_s = time.perf_counter()
    for _ in range(20):
        handle.write("*CLS")
        handle.query("*IDN?")
    took_s = (time.perf_counter() - began_s) / 20
    handle.close()
    assert took_s < (0.02 if hasattr(socket, "TCP_QUICKACK") else 0.5)


@pytest.mark.parametrize("noise", [b"\x00\xff\xfe\n", b"\n\n\n", b"FOO?\n", b"x" * 2**21, b"half a mess"])
def test_noise_from_one_caller_leaves_the_others_their_answers(served: Served, noise: bytes) -> None:
    host, port = served.wires.addresses[SUPPLY].split("::")[1:3]
    with socket.create_connection((host, int(port))) as caller:
        caller.sendall(noise)
        handle = opened(served, SUPPLY)
        assert handle.query("*IDN?").startswith("Keysight")
        handle.write("*CLS")
        handle.close()


def test_whoever_never_ends_a_message_is_dropped() -> None:
    ports, heard = Ports(), list[bytes]()
    port = ports.listen(lambda caller: heard.extend(messages(caller, b"\n", longest=10)))
    ports.open()
    with socket.create_connection(("127.0.0.1", port), timeout=5.0) as caller:
        caller.sendall(b"one\ntwo\n" + b"x" * 11)
        assert caller.recv(1) == b""
    ports.close()
    assert heard == [b"one\n", b"two\n"]


# What a web page may send across sites (Fetch standard, "CORS-safelisted request"): the body comes behind the headers.
HTTP = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n\r\n"


@pytest.mark.parametrize(
    ("address", "order", "question", "reply"),
    [
        (SUPPLY, b"*RST\n:OUTP1 1\n", ":OUTP1?", "0"),
        (AOM, b"L1O1\r", "L1", "l1F200.000P0.0S0"),
        (GREEN, b"@cob1\r", "gom?", "0"),
    ],
)
def test_an_instrument_hangs_up_on_http(served: Served, address: str, order: bytes, question: str, reply: str) -> None:
    host, port = served.wires.addresses[address].split("::")[1:3]
    with socket.create_connection((host, int(port)), timeout=5.0) as caller, suppress(ConnectionError):
        caller.sendall(HTTP + order)
        assert caller.recv(100) == b""
    ends = next(ends for where, *ends, _, __ in WIRES if where == address)
    handle = opened(served, address, *ends)
    assert handle.query(question) == reply
    handle.close()


@pytest.mark.parametrize("first_line", [b"GET / HTTP/1.1\r\n", HTTP, b"\r\nOPTIONS * HTTP/1.0\n"])
def test_the_control_port_hangs_up_on_http(served: Served, twin: ServedBench, first_line: bytes) -> None:
    before_s = twin.now()
    host, port = served.wires.control.split(":")
    with socket.create_connection((host, int(port)), timeout=5.0) as caller, suppress(ConnectionError):
        caller.sendall(first_line + b'\n{"ask": "sleep", "seconds": 100}\n')
        assert caller.recv(100) == b""
    assert twin.now() == before_s


def test_the_ni_port_hangs_up_on_http(served: Served) -> None:
    host, port = served.wires.ni_target.split(":")
    heard = b""
    with socket.create_connection((host, int(port)), timeout=5.0) as caller, suppress(ConnectionError):
        caller.sendall(HTTP)
        while chunk := caller.recv(1000):
            heard += chunk
    assert b"HTTP/1" not in heard  # gRPC speaks HTTP/2 only: settings at most, then the end


@pytest.mark.parametrize("seconds", ["1e300", "Infinity", "1e309", "31622401"])
def test_nobody_sleeps_the_clock_away(served: Served, twin: ServedBench, seconds: str) -> None:
    before_s = twin.now()
    host, port = served.wires.control.split(":")
    with socket.create_connection((host, int(port)), timeout=5.0) as caller, caller.makefile("rwb") as both:
        both.write(b'{"ask": "sleep", "seconds": ' + seconds.encode() + b"}\n")
        both.flush()
        assert "cannot sleep for" in json.loads(both.readline())["error"]
    assert twin.now() == before_s


def test_it_listens_on_loopback_only(served: Served) -> None:
    listening = [c.laddr for c in psutil.Process().net_connections("tcp") if c.status == psutil.CONN_LISTEN]
    ours = {int(socket_.split("::")[2]) for socket_ in served.wires.addresses.values()}
    ours |= {int(where.split(":")[1]) for where in (served.wires.control, served.wires.ni_target)}
    assert ours <= {address.port for address in listening}
    assert {address.ip for address in listening if address.port in ours} <= {"127.0.0.1", "::ffff:127.0.0.1"}


@pytest.mark.parametrize(("kind", "comes_back"), [("disconnect", True), ("unplugged", False)])
def test_a_line_that_breaks_hangs_up_on_its_caller(tmp_path: Path, kind: str, comes_back: bool) -> None:
    fault = Fault(kind=kind, instrument="main_supply", call=2)
    with served_in(tmp_path, None, fault) as bench:
        host, port = bench.wires.addresses[SUPPLY].split("::")[1:3]
        with socket.create_connection((host, int(port)), timeout=5.0) as caller:
            caller.sendall(b"*IDN?\n")
            assert caller.recv(100).startswith(b"Keysight")
            caller.sendall(b"*IDN?\n")
            assert caller.recv(100) == b""
        with socket.create_connection((host, int(port)), timeout=5.0) as caller:
            if comes_back:
                caller.sendall(b"*IDN?\n")
                assert caller.recv(100).startswith(b"Keysight")
            else:
                assert caller.recv(100) == b""
        other = opened(bench, GREEN, "\r", "\r\n")
        assert other.query("l?") == "0"
        other.close()


# ---- control -------------------------------------------------------------------------------------------------------


def test_the_clock_is_the_benchs(twin: ServedBench) -> None:
    before_s = twin.now()
    twin.sleep(3600.0)
    twin.sleep(-1.0)
    assert twin.now() == before_s + 3600.0


def test_one_thread_sleeps_while_another_asks(tmp_path: Path) -> None:
    opened_s = time.monotonic()
    with served_in(tmp_path, pace=10.0) as bench:
        caller = ServedBench(bench.wires)
        sleeper = threading.Thread(target=caller.sleep, args=(10.0,))
        sleeper.start()
        began_s = time.monotonic()
        assert caller.now() < 10.0
        assert time.monotonic() - began_s < 0.5
        sleeper.join()
        now_s = caller.now()
        assert 10.0 <= now_s <= 10.0 * (time.monotonic() - opened_s)
        caller.close()


def test_without_a_pace_time_stands_still_until_somebody_waits(served: Served, twin: ServedBench) -> None:
    before_s = twin.now()
    laser = opened(served, SPROUT, "\r", "\r")
    laser.query("OPMODE=IDLE")
    hours = laser.query("HOURS?")
    time.sleep(0.05)
    assert (twin.now(), laser.query("HOURS?")) == (before_s, hours)
    laser.query("OPMODE=OFF")
    laser.close()


def test_the_truth_is_that_of_the_bench(served: Served, twin: ServedBench) -> None:
    assert twin.truth({})["g_rad_per_s"] == served._bench.twin.g_rad_per_s


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"[]\n",
        b"{}\n",
        b'{"ask": "reboot"}\n',
        b'{"ask": "sleep", "seconds": NaN}\n',
        b"\xff\n",
        b"[" * 9999 + b"\n",
    ],
)
def test_what_is_no_question_is_an_error_and_the_line_stays_open(served: Served, line: bytes) -> None:
    host, port = served.wires.control.split(":")
    with socket.create_connection((host, int(port)), timeout=5.0) as caller, caller.makefile("rwb") as both:
        both.write(line)
        both.flush()
        assert set(json.loads(both.readline())) == {"error"}
        both.write(b'{"ask": "now"}\n')
        both.flush()
        assert set(json.loads(both.readline())) == {"answer"}


def test_a_question_that_the_bench_refuses_and_a_bench_that_is_gone_are_said(tmp_path: Path) -> None:
    with served_in(tmp_path) as bench:
        caller = ServedBench(bench.wires)
        with pytest.raises(RuntimeError, match="'sleep': ValueError: cannot sleep for nan s"):
            caller._ask("sleep", seconds=float("nan"))
    with pytest.raises(ConnectionError, match=r"does not answer .* Is it still running\?"):
        caller.sleep(1.0)


def test_laboratory_time_goes_on_without_the_bench(tmp_path: Path) -> None:
    with served_in(tmp_path) as bench:
        caller = ServedBench(bench.wires)
        caller.sleep(100.0)
        left_s = caller.now()
    began_s = time.monotonic()
    first_s = caller.now()
    time.sleep(0.05)
    second_s = caller.now()
    assert left_s == 100.0
    assert left_s <= first_s < second_s < left_s + 1.0 + time.monotonic() - began_s


# ---- what is still on ----------------------------------------------------------------------------------------------


def test_a_laser_that_lights_without_being_spoken_to_is_seen(tmp_path: Path) -> None:
    with served_in(tmp_path) as bench:
        caller = ServedBench(bench.wires)
        assert caller.state()["still_on"] == []
        green, sprout = opened(bench, GREEN, "\r", "\r\n"), opened(bench, SPROUT, "\r", "\r")
        assert (green.query("p 0.0500"), green.query("@cob1")) == ("OK", "OK")
        assert (sprout.query("POWER SET=0.50"), sprout.query("OPMODE=ON")) == ("0", "0")
        assert caller.state()["still_on"] == []  # both warm up
        caller.sleep(600.0)
        lit = ["the green laser emits 50 mW", "the doughnut's laser emits 500 mW"]
        assert caller.state()["still_on"] == lit
        green.close()  # a caller that leaves switches nothing off
        sprout.close()
        assert caller.state()["still_on"] == lit
        caller.close()


def test_a_coil_with_current_and_a_carrier_are_seen(tmp_path: Path) -> None:
    with served_in(tmp_path) as bench:
        caller, supply = ServedBench(bench.wires), opened(bench, SUPPLY)
        source = opened(bench, "TCPIP0::192.168.10.23::inst0::INSTR")
        supply.write(":SOUR1:FUNC:MODE CURR;:SOUR1:CURR 0.1;:OUTP1 1;:SOUR2:FUNC:MODE CURR;:SOUR2:CURR -0.05;:OUTP2 1")
        source.write("FREQ 2870 MHZ;AMPR -10;ENBR 1")
        supply.query("*IDN?")
        source.query("*IDN?")
        assert caller.state()["still_on"] == ["the microwave radiates -10 dBm", "main_a is 0.1 A", "shift_a is -0.05 A"]
        assert bench._bench.still_on(magnet=False) == ["the microwave radiates -10 dBm", "shift_a is -0.05 A"]
        for handle in (supply, source, caller):
            handle.close()
