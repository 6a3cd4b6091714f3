"""The dialects on their resource names, reached through PyVISA as drivers reach them."""

from collections.abc import Iterator

import pytest
import pyvisa
from pyvisa.errors import VisaIOError
from pyvisa.resources import MessageBasedResource
from pyvisa_sim.component import NoResponse
from pyvisa_sim.devices import Device, Devices
from support.bare_world import BareWorld

from simulated_instruments.visa import backend

SUPPLY = "TCPIP0::192.168.10.21::inst0::INSTR"
# resource, what a command ends with, what a reply ends with, a query, the start of its reply
WIRES = [
    (SUPPLY, "\n", "\n", "*IDN?", "Keysight Technologies,B2962A,"),
    ("TCPIP0::192.168.10.22::inst0::INSTR", "\n", "\n", "*IDN?", "Keysight Technologies,B2962A,"),
    ("USB0::0x0B21::0x0039::91U112233::INSTR", "\n", "\n", "*IDN?", "YOKOGAWA,GS210,91U112233,"),
    ("USB0::0x0B21::0x0039::91U112234::INSTR", "\n", "\n", "*IDN?", "YOKOGAWA,GS210,91U112234,"),
    ("TCPIP0::192.168.10.23::inst0::INSTR", "\n", "\r\n", "*IDN?", "Stanford Research Systems,SG386,"),
    ("ASRL3::INSTR", "\r", "\r\n", "gsn?", "2"),
    ("ASRL4::INSTR", "\n\r", "\n\r", "L1", "l1F"),
    ("ASRL4::INSTR", "\r", "\n\r", "L2", "l2F"),
    ("ASRL5::INSTR", "\r", "\r", "PRODUCT?", "PRODUCT=Sprout"),
    ("ASRL6::INSTR", "\r", " >", "getmodel", "VFL-P-1500-775-OEM3\rD"),
]


@pytest.fixture
def world() -> Iterator[BareWorld]:
    yield BareWorld()
    backend.disconnect()


def opened(visalib: str, resource: str, write_end: str = "\n", read_end: str = "\n") -> MessageBasedResource:
    handle = pyvisa.ResourceManager(visalib).open_resource(resource)
    assert isinstance(handle, MessageBasedResource)
    handle.timeout = 200
    handle.write_termination, handle.read_termination = write_end, read_end
    return handle


@pytest.mark.parametrize(("resource", "write_end", "read_end", "query", "reply"), WIRES)
def test_every_instrument_answers_at_its_address(
    world: BareWorld, resource: str, write_end: str, read_end: str, query: str, reply: str
) -> None:
    handle = opened(backend.connect(world), resource, write_end, read_end)
    assert handle.query(query).startswith(reply)
    handle.close()


def test_every_address_has_an_instrument(world: BareWorld) -> None:
    found = pyvisa.ResourceManager(backend.connect(world)).list_resources("?*")
    assert len(found) == len(backend.DIALECTS) == len({wire[0] for wire in WIRES})


def test_replies_end_as_the_instrument_ends_them(world: BareWorld) -> None:
    handle = opened(backend.connect(world), "TCPIP0::192.168.10.23::inst0::INSTR")
    handle.write("ENBR?")
    assert handle.read_raw() == b"0\r\n"
    handle.close()


def test_compound_messages_reach_the_dialect_in_one_piece(world: BareWorld) -> None:
    handle = opened(backend.connect(world), SUPPLY)
    assert handle.query(":SOUR1:FUNC:MODE CURR;MODE?;:OUTP1?") == "CURR;0"
    handle.close()


def test_a_refused_query_is_silent_and_the_next_one_is_not_stale(world: BareWorld) -> None:
    handle = opened(backend.connect(world), SUPPLY)
    with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
        handle.query("FOO?")
    assert handle.query(":SYST:ERR?") == '-113,"Undefined header"'
    handle.close()


def test_each_bench_starts_from_power_on(world: BareWorld) -> None:
    first = opened(backend.connect(world), SUPPLY)
    first.write(":SOUR1:FUNC:MODE CURR;:SOUR1:CURR 0.5;:OUTP1 1;FOO;:SOUR1:CURR?")
    assert first.query(":OUTP1?;:SOUR1:CURR?") == "1;+5.00000000E-01"
    first.write(":OUTP1?")  # an answer that nobody reads
    backend.disconnect()
    second = opened(backend.connect(BareWorld()), SUPPLY)
    assert second.query(":OUTP1?;:SOUR1:CURR?;:SYST:ERR?") == '0;+0.00000000E+00;+0,"No error"'
    first.close()
    second.close()


# AllenNeuralDynamics/aaopto-aotf 0.0.12, device_codes.py: E, M and q are sent without a line end, all else with "\n\r".
@pytest.mark.parametrize(
    ("sent", "replies"),
    [
        (b"L1D20.00\n\rE", b"l1F200.000P20.0S0\n\r\n\r?"),
        (b"L1D20.00\n\rML1\n\r", b"l1F200.000P20.0S0\n\rl1F200.000P0.0S0\n\r"),
        (b"q", b"MPDS2C-B66-22-150.250\n\r?"),
        (b"q\n\r", b"MPDS2C-B66-22-150.250\n\r?"),  # a line end behind a key is no second command
        (b"E\rE\r", b"\n\r?\n\r?"),
        (b"66X1\r", b"l1F200.001P0.0S0\n\rl1F200.002P0.0S0\n\rl1F200.002P0.0S0\n\r"),
        (b"\n\r\r", b""),
        (b"L1F2", b""),  # a key within a command is none
    ],
)
def test_keys_of_the_aom_driver_act_at_once(world: BareWorld, sent: bytes, replies: bytes) -> None:
    backend.connect(world)
    assert backend.wires()["ASRL4::INSTR"].exchange(sent) == replies


def test_two_messages_in_one_write_are_two(world: BareWorld) -> None:
    handle = opened(backend.connect(world), SUPPLY)
    handle.write("*CLS\n*ESR?\n:OUTP1?")
    assert (handle.read(), handle.read()) == ("0", "0")
    handle.close()


@pytest.mark.parametrize("resource", ["TCPIP0::192.168.10.99::inst0::INSTR", "ASRL9::INSTR"])
def test_nobody_answers_at_other_addresses(world: BareWorld, resource: str) -> None:
    manager = pyvisa.ResourceManager(backend.connect(world))
    with pytest.raises(VisaIOError, match="VI_ERROR_RSRC_NFOUND"):
        manager.open_resource(resource)


def test_nobody_answers_after_the_bench_is_off(world: BareWorld) -> None:
    visalib = backend.connect(world)
    backend.disconnect()
    with pytest.raises(VisaIOError, match="VI_ERROR_RSRC_NFOUND"):
        pyvisa.ResourceManager(visalib).open_resource(SUPPLY)


def test_the_private_parts_of_pyvisa_sim_that_the_backend_leans_on(world: BareWorld) -> None:
    """A change of these upstream must be noticed here, not as a bench that says strange things."""

    class Asked(Device):
        def _match(self, query: bytes) -> type[NoResponse] | bytes | None:
            return b"<" + query + b">"

    device = Asked("any", b"")
    device._eoms = backend.get_devices(backend.STATION_FILE, False)[SUPPLY]._eoms
    Devices().add_device(SUPPLY, device)
    device.write(b"a;b\n")
    assert b"".join(device.read()[0] for _ in range(6)) == b"<a;b>\n"
    library = pyvisa.ResourceManager(backend.connect(world)).visalib
    assert library is pyvisa.ResourceManager(backend.VISALIB).visalib
    assert isinstance(library.devices, backend.Station)  # type: ignore[attr-defined]
