"""Who answers at which resource name of the bench, and what hangs on its terminals."""

from collections.abc import Callable, Mapping
from typing import Final

from simulated_instruments.setpoints import World
from simulated_instruments.visa.b2962a import B2962A
from simulated_instruments.visa.cobolt06 import Cobolt06
from simulated_instruments.visa.gs200 import GS200
from simulated_instruments.visa.line import Dialect
from simulated_instruments.visa.mpds import MPDS
from simulated_instruments.visa.sg386 import SG386
from simulated_instruments.visa.sprout import SproutG
from simulated_instruments.visa.vfl import VFL

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
    "ASRL6::INSTR": VFL,
}
"""Resource name -> the instrument that answers there, in power-on state."""
