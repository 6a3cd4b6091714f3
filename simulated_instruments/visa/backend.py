"""Hangs the dialects on their resource names inside PyVISA-sim.

PyVISA caches one library object per YAML file and the devices in it outlive every session, so each `connect` replaces
them all: a bench starts from power-on state whatever the one before it did.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final, Protocol

import pyvisa
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError
from pyvisa.rname import to_canonical_name
from pyvisa_sim.component import NoResponse, OptionalBytes
from pyvisa_sim.devices import Device, Devices
from pyvisa_sim.highlevel import SimVisaLibrary
from pyvisa_sim.parser import get_devices

from simulated_instruments.knobs import World
from simulated_instruments.visa.b2962a import B2962A
from simulated_instruments.visa.cobolt06 import Cobolt06
from simulated_instruments.visa.gs200 import GS200
from simulated_instruments.visa.mpds import MPDS
from simulated_instruments.visa.sg386 import SG386
from simulated_instruments.visa.sprout import SproutG

STATION_FILE: Final = Path(__file__).with_name("station_sim.yaml")
VISALIB: Final = f"{STATION_FILE}@sim"


class Dialect(Protocol):
    """One instrument as its wire knows it."""

    def answer(self, message: bytes) -> bytes | None:
        """Reply to one message, both without terminator; None is silence."""


DIALECTS: Final[Mapping[str, Callable[[World], Dialect]]] = {
    "TCPIP0::192.168.10.21::inst0::INSTR": lambda world: B2962A(
        world, ("main_a", "shift_a"), "MY51140021", (12.0, 5.0)
    ),
    "TCPIP0::192.168.10.22::inst0::INSTR": lambda world: B2962A(
        world, ("gradient_a", "compensation_a"), "MY51140022", (10.0, 10.0)
    ),
    "USB0::0x0B21::0x0039::91U112233::INSTR": lambda world: GS200(world, "trim_x_a", "91U112233", 20.0),
    "USB0::0x0B21::0x0039::91U112234::INSTR": lambda world: GS200(world, "trim_y_a", "91U112234", 20.0),
    "TCPIP0::192.168.10.23::inst0::INSTR": SG386,
    "ASRL3::INSTR": Cobolt06,
    "ASRL4::INSTR": MPDS,
    "ASRL5::INSTR": SproutG,
}
"""Resource name -> the instrument that answers there, in power-on state."""


class Station(Devices):
    """Devices by resource name; a name that nobody answers to is the error that a real VISA library raises."""

    def __getitem__(self, item: str) -> Device:
        try:
            return super().__getitem__(item)
        except KeyError:
            raise VisaIOError(StatusCode.error_resource_not_found) from None


class Wire(Device):
    """A PyVISA-sim device whose every answer comes from a dialect."""

    def __init__(self, name: str, dialect: Dialect, like: Device) -> None:
        """like: the device of the YAML file whose terminators hold here."""
        super().__init__(name, b"")
        self._dialect = dialect
        self._eoms = like._eoms

    def _match(self, query: bytes) -> OptionalBytes:
        reply = self._dialect.answer(query.strip(b"\r\n"))
        return NoResponse if reply is None else reply


def connect(world: World) -> str:
    """Switch on every instrument of the bench; returns the `visalib` through which drivers reach them."""
    files = get_devices(STATION_FILE, False)
    devices = Station()
    for resource, build in DIALECTS.items():
        name = to_canonical_name(resource)
        devices.add_device(name, Wire(name, build(world), files[name]))
    _library().devices = devices
    return VISALIB


def disconnect() -> None:
    """Switch the bench off: nothing answers at its resource names."""
    _library().devices = Station()


@cache
def _library() -> SimVisaLibrary:
    """The one library of this process; cached, because PyVISA forgets a library that nobody holds."""
    library = pyvisa.ResourceManager(VISALIB).visalib
    assert isinstance(library, SimVisaLibrary)
    # QCoDeS lets the library read its YAML afresh when the last instrument closes; a real bench stays switched on then.
    vars(library)["_init"] = lambda: None
    return library
