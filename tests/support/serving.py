"""A bench on loopback ports, and handles on its instruments."""

from pathlib import Path

import pyvisa
from pyvisa.resources import MessageBasedResource

from simulated_instruments.bench import SimulatedBench
from simulated_instruments.faults.script import Fault
from simulated_instruments.sample import load_sample
from simulated_instruments.served.bench import Served

SUPPLY = "TCPIP0::192.168.10.21::inst0::INSTR"
GREEN, AOM, SPROUT = "ASRL3::INSTR", "ASRL4::INSTR", "ASRL5::INSTR"


def served_in(folder: Path, pace: float | None = None, *faults: Fault) -> Served:
    return Served(SimulatedBench(load_sample(), 1, pace, faults), folder / "bench.json", "simulated default", 1, pace)


def opened(served: Served, address: str, write_end: str = "\n", read_end: str = "\n") -> MessageBasedResource:
    handle = pyvisa.ResourceManager("@py").open_resource(served.wires.addresses[address])
    assert isinstance(handle, MessageBasedResource)
    handle.timeout = 2000
    handle.write_termination, handle.read_termination = write_end, read_end
    return handle
