"""AA Opto-Electronic MPDS, two channels: the driver of the acousto-optic modulators.

A command that names a channel answers with that channel's line; `S`, `q` and `E` answer with a block that ends in the
prompt `?`; `V`, `M` and the global `I` answer nothing. `E`, `M` and `q` need no line end, nor do the keys of a
terminal: `8` and `2` step the power of the selected channel up and down, `6` and `4` its frequency. What the manual
leaves open is assumed: a value out of range is not taken, and the line that answers shows the old one; text that is no
command is answered by the bare prompt; the raw power counts the steps of an attenuator, linear in dB; a key steps by
one of them or by 1 kHz, and answers with the channel's line. Replies carry their own line ends, as the prompt has none.
"""

import math
import re
from dataclasses import dataclass
from typing import Final, Literal

from simulated_instruments.setpoints import Gate, World

EOL: Final = "\n\r"
PROMPT: Final = EOL + "?"
MAX_DBM: Final = 22.0
SATURATION_DBM: Final = 22.0
"""RF power at which the crystal diffracts most."""
FREQUENCY_MHZ: Final = (150.0, 250.0)
RAW_STEPS: Final = 1023
KEY_STEPS: Final = {
    "8": ("D", MAX_DBM / RAW_STEPS),
    "2": ("D", -MAX_DBM / RAW_STEPS),
    "6": ("F", 1e-3),
    "4": ("F", -1e-3),
}
"""What a key changes, and by how much."""

_UNITS: Final = re.compile(r"([FDPOI])(\d+(?:\.\d*)?)")
_COMMAND: Final = re.compile(r"(?:L(\d))?((?:[FDPOI]\d+(?:\.\d*)?)*)")


@dataclass
class _Channel:
    """One line of the driver, as it was last stored; at power-on every line listens to its gate input."""

    frequency_mhz: float = 200.0
    dbm: float = 0.0
    is_on: bool = False
    is_internal: bool = False

    def take(self, letter: str, value: float) -> None:
        """Obey one unit of a command; a value out of range is not taken."""
        if letter == "F" and FREQUENCY_MHZ[0] <= value <= FREQUENCY_MHZ[1]:
            self.frequency_mhz = round(value, 3)
        elif letter == "D" and 0.0 <= value <= MAX_DBM:
            self.dbm = round(value, 2)
        elif letter == "P" and value <= RAW_STEPS:
            self.dbm = round(MAX_DBM * int(value) / RAW_STEPS, 2)
        elif letter == "O" and value in (0, 1):
            self.is_on = bool(value)
        elif letter == "I" and value in (0, 1):
            self.is_internal = bool(value)

    def step(self, key: str) -> None:
        """Obey a key that steps the power or the frequency."""
        letter, by = KEY_STEPS[key]
        self.take(letter, (self.dbm if letter == "D" else self.frequency_mhz) + by)

    def efficiency(self) -> float:
        """First-order diffraction, sin^2(pi/2 sqrt(P / P_sat))."""
        return math.sin(0.5 * math.pi * math.sqrt(10 ** ((self.dbm - SATURATION_DBM) / 10))) ** 2

    def gate(self) -> Gate:
        """Who opens this channel."""
        if not self.is_on:
            return "off"
        return "on" if self.is_internal else "ttl"


class MPDS:
    """One driver: channel 1 feeds the pump's modulator, channel 2 the doughnut's."""

    KEYS: Final = b"EMq2468"
    """What it obeys without a line end."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stored = [_Channel(), _Channel()]
        self._driven: dict[str, float | Gate] = {}
        self._boot()
        self._drive()

    def answer(self, message: bytes) -> bytes | None:
        """Reply to one command, line ends included; None for those that are obeyed in silence."""
        reply = self._reply(message.decode("ascii", "replace").strip())
        self._drive()
        return None if reply is None else reply.encode()

    def _boot(self) -> None:
        self._channels = [_Channel(c.frequency_mhz, c.dbm) for c in self._stored]
        self._selected = 1
        self._blanking_on, self._blanking_internal = True, True
        self._input_range_v: Literal[5, 10] = 5

    def _reply(self, text: str) -> str | None:
        if text in ("", "V0", "V1", "I0", "I1", "M"):
            self._obey_in_silence(text)
            return None
        if text == "S":
            return self._status()
        if text == "q":
            return f"MPDS2C-B66-22-150.250{PROMPT}"
        if text == "E":
            self._stored = [_Channel(c.frequency_mhz, c.dbm) for c in self._channels]
            return PROMPT
        if text in KEY_STEPS:
            self._channels[self._selected - 1].step(text)
            return self._line(self._selected)
        if text in ("X1", "X2"):
            self._selected = int(text[1])
            return self._line(self._selected)
        return self._channel_command(text)

    def _obey_in_silence(self, text: str) -> None:
        if text == "M":
            self._boot()
        elif text.startswith("V"):
            self._input_range_v = 10 if text == "V1" else 5
        elif text.startswith("I"):
            internal = text == "I0"  # the global command is coded the other way round than a channel's
            self._blanking_internal = internal
            for channel in self._channels:
                channel.is_internal = internal

    def _channel_command(self, text: str) -> str:
        match = _COMMAND.fullmatch(text)
        if match is None:
            return PROMPT
        number = int(match[1]) if match[1] else self._selected
        if number > len(self._channels):
            return PROMPT
        for letter, value in _UNITS.findall(match[2]):
            self._take(number, letter, float(value))
        return self._line(number)

    def _take(self, number: int, letter: str, value: float) -> None:
        if number:
            self._channels[number - 1].take(letter, value)
        elif letter == "I" and value in (0, 1):
            self._blanking_internal = bool(value)
        elif letter == "O" and value in (0, 1):
            self._blanking_on = bool(value)

    def _line(self, number: int) -> str:
        if number == 0:
            return self._blanking() + EOL
        c = self._channels[number - 1]
        return f"l{number}F{c.frequency_mhz:.3f}P{c.dbm:.1f}S{c.is_on:d}{EOL}"

    def _status(self) -> str:
        lines = [
            f"l{number} F={c.frequency_mhz:.3f} P={c.dbm:.3f} {_on(c.is_on)} {_source(c.is_internal)}"
            for number, c in enumerate(self._channels, start=1)
        ]
        return EOL + EOL.join([*lines, self._blanking()]) + PROMPT

    def _blanking(self) -> str:
        return f"Blanking {_on(self._blanking_on)} {_source(self._blanking_internal)}"

    def _drive(self) -> None:
        """Nothing is cabled to the blanking input: left to it, every channel is dark."""
        unblanked = self._blanking_on and self._blanking_internal
        pump, doughnut = self._channels
        driven = {
            "pump_aom": pump.efficiency(),
            "pump_gate": pump.gate() if unblanked else "off",
            "depletion_aom": doughnut.efficiency(),
            "depletion_gate": doughnut.gate() if unblanked else "off",
        }
        if driven != self._driven:
            self._world.turn(**driven)
            self._driven = driven


def _on(is_on: bool) -> str:
    return "ON" if is_on else "OFF"


def _source(is_internal: bool) -> str:
    return "INT" if is_internal else "EXT"
