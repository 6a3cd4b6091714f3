"""Hangs the dialects on their resource names inside PyVISA-sim.

PyVISA caches one library object per YAML file and the devices in it outlive every session, so each `connect` replaces
them all: a bench starts from power-on state whatever the one before it did.
"""

import threading
from functools import cache
from pathlib import Path
from typing import Final

import pyvisa
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError
from pyvisa.rname import to_canonical_name
from pyvisa_sim.component import NoResponse, OptionalBytes
from pyvisa_sim.devices import Device, Devices
from pyvisa_sim.highlevel import SimVisaLibrary
from pyvisa_sim.parser import get_devices

from simulated_instruments.faults.injector import Injector
from simulated_instruments.faults.kinds import RESOURCES
from simulated_instruments.setpoints import World
from simulated_instruments.visa.dialects import DIALECTS
from simulated_instruments.visa.framing import first_message
from simulated_instruments.visa.line import Line, LineLost

STATION_FILE: Final = Path(__file__).with_name("station_sim.yaml")
VISALIB: Final = f"{STATION_FILE}@sim"
_NAMES: Final = {resource: name for name, resource in RESOURCES.items()}


class Station(Devices):
    """Devices by resource name; a name that nobody answers to is the error that a real VISA library raises."""

    def __getitem__(self, item: str) -> Device:
        try:
            device = super().__getitem__(item)
        except KeyError:
            raise VisaIOError(StatusCode.error_resource_not_found) from None
        if isinstance(device, Wire) and not device.line.open():
            raise VisaIOError(StatusCode.error_resource_not_found)
        return device


class Wire(Device):
    """A PyVISA-sim device whose every answer comes over a line from a dialect."""

    def __init__(self, name: str, line: Line, like: Device) -> None:
        """like: the device of the YAML file whose terminators hold here."""
        super().__init__(name, b"")
        self.line = line
        self._eoms = like._eoms
        self._lock = threading.RLock()

    @property
    def message_end(self) -> bytes:
        """What ends a message to this instrument."""
        return self._query_eom

    @property
    def keys(self) -> bytes:
        """What it obeys at once, without that end."""
        return bytes(getattr(self.line.dialect, "KEYS", b""))

    def write(self, data: bytes) -> None:
        """Take bytes, and answer every message that is whole by now."""
        self._input_buffer.extend(data)
        try:
            while (message := first_message(self._input_buffer, self._query_eom, self.keys)) is not None:
                self._match(message)
        except VisaIOError:
            self._input_buffer.clear()
            raise

    def exchange(self, message: bytes) -> bytes:
        """What it sends back for a message, both with their ends; empty if it is silent."""
        with self._lock:
            self.write(message)
            sent = b"".join(map(bytes, self._output_buffers))
            self._output_buffers.clear()
        return sent

    def look(self) -> None:
        """Let the light and the currents follow the time that passed since it was last spoken to."""
        with self._lock:
            self.line.dialect.answer(b"")

    def read(self) -> tuple[bytes, bool]:
        """A byte of what was answered, and whether it is the last. What will never come has timed out at once."""
        if self.line.is_lost:
            self._output_buffers.clear()
            raise VisaIOError(StatusCode.error_connection_lost)
        if self.line.is_mute and not self._output_buffers:
            self.line.is_mute = False
            raise VisaIOError(StatusCode.error_timeout)
        return super().read()

    def _match(self, query: bytes) -> OptionalBytes:
        try:
            with self._lock:
                reply = self.line.exchange(query.strip(b"\r\n"))
        except LineLost:
            raise VisaIOError(StatusCode.error_connection_lost) from None
        if reply:
            self._output_buffers.append(bytearray(reply))
        return NoResponse


def connect(world: World, injector: Injector | None = None) -> str:
    """Switch on every instrument of the bench; returns the `visalib` through which drivers reach them.

    injector: what shall go wrong; None: nothing.
    """
    files = get_devices(STATION_FILE, False)
    injector = injector or Injector(world.clock)
    devices = Station()
    for resource, build in DIALECTS.items():
        name = to_canonical_name(resource)
        ((_, reply_end),) = files[name]._eoms.values()
        line = Line(_NAMES[resource], build, world, reply_end, injector)
        devices.add_device(name, Wire(name, line, files[name]))
    _library().devices = devices
    return VISALIB


def wires() -> dict[str, Wire]:
    """The instruments that are switched on, by the resource names of DIALECTS."""
    devices = _library().devices._internal  # to look is not to open a session
    found = {resource: devices.get(to_canonical_name(resource)) for resource in DIALECTS}
    return {resource: wire for resource, wire in found.items() if isinstance(wire, Wire)}


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
