"""A bare bench whose wires do what a list of faults says, for tests of the faults."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyvisa
from pyvisa.resources import MessageBasedResource

from simulated_instruments.faults.injector import Injector
from simulated_instruments.faults.kinds import RESOURCES
from simulated_instruments.faults.script import Fault
from simulated_instruments.visa import backend
from support.bare_world import BareWorld

ENDS = {
    "green_laser": ("\r", "\r\n"),
    "sprout": ("\r", "\r"),
    "vfl": ("\r", " >"),
    "aom": ("\r", "\n\r"),
    "microwave": ("\n", "\r\n"),
}
LIT_SUPPLY = ":SENS1:VOLT:PROT 21;:SOUR1:FUNC:MODE CURR;:SOUR1:CURR 0.5;:OUTP1 1"


@dataclass
class Wired:
    """A bare bench with faults, and sessions on it."""

    world: BareWorld
    injector: Injector
    visalib: str

    def open(self, name: str) -> MessageBasedResource:
        handle = pyvisa.ResourceManager(self.visalib).open_resource(RESOURCES[name])
        assert isinstance(handle, MessageBasedResource)
        handle.timeout = 100
        handle.write_termination, handle.read_termination = ENDS.get(name, ("\n", "\n"))
        return handle

    @property
    def done(self) -> list[tuple[str, str]]:
        return [(entry.kind, entry.call.text) for entry in self.injector.log if not entry.effect]


Bench = Callable[..., Wired]


def benches() -> Iterator[Bench]:
    """For a fixture: makes benches, one after the other."""

    def make(*faults: dict[str, object]) -> Wired:
        world = BareWorld()
        injector = Injector(world.clock, [Fault.model_validate(fault) for fault in faults], keep_calls=True)
        return Wired(world, injector, backend.connect(world, injector))

    yield make
    backend.disconnect()
