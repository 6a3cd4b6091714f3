"""The cables of the simulated bench: which digital line drives what, which terminal hears what. Truth, like the sample.

station.yaml says what the lab believes; where the two differ, the experiment goes wrong as it would in the lab.
"""

from typing import Final

LINES: Final = {"pump": 0, "depletion": 1, "mw_x": 2, "mw_y": 3, "shift": 4, "gradient": 5}
"""What the lines of port 0 switch."""
GATE_LINES: Final = {"PFI9": 6, "PFI11": 7}
"""Terminals that a line of port 0 is cabled to."""
PHOTONS: Final = "PFI8"
"""Terminal of the single-photon counter's output."""
STEERING: Final = ("ao0", "ao1")
"""Analogue outputs that steer the doughnut in x and y."""
PHOTODIODE: Final = "ai0"
"""Analogue input of the photodiode behind the AOM of the pump."""
PHOTODIODE_V_PER_W: Final = 50.0
