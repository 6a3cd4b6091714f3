"""The language of SRS generators, without I/O: four letters, a number with perhaps a unit, and codes for refusals."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ILLEGAL_VALUE: Final = 10
ILLEGAL_MODE: Final = 11
NOT_ALLOWED: Final = 12
RECALL_FAILED: Final = 13
NO_DOUBLER: Final = 15
UNDEFINED_COMMAND: Final = 111
ILLEGAL_QUERY: Final = 112
ILLEGAL_SET: Final = 113
NULL_PARAMETER: Final = 114
EXTRA_PARAMETERS: Final = 115
MISSING_PARAMETERS: Final = 116
INVALID_INTEGER: Final = 120
INVALID_FLOAT: Final = 121
SYNTAX: Final = 126
TOO_MANY_ERRORS: Final = 254
_NUMBER: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z]*)")

_ZERO_DBM_V: Final = 0.05**0.5
"""RMS, into 50 ohm."""
_PEAK_FACTORS: Final = {"RMS": 1.0, "VPP": 2 * 2**0.5}
"""What an RMS voltage is multiplied with."""


class SrsError(Exception):
    """A command that is refused; the code goes to the queue that LERR? reads."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Setting:
    """A four-letter command with one value."""

    initial: float
    low: float
    high: float
    decimals: int
    """Digits after the point; 0 makes it an integer."""
    units: tuple[tuple[str, float], ...] = (("", 1.0),)
    """Suffixes that may follow the number, and what they multiply it with."""

    def parse(self, text: str) -> float:
        """The value of "2870 MHz". Raises SrsError for what is no number, no unit of this setting, or out of range."""
        match = _NUMBER.fullmatch(text)
        if match is None:
            raise SrsError(INVALID_INTEGER if self.decimals == 0 else INVALID_FLOAT)
        value = float(match[1]) * self._factor(match[2])
        if self.decimals == 0 and not value.is_integer():
            raise SrsError(INVALID_INTEGER)
        if not self.low <= value <= self.high:
            raise SrsError(ILLEGAL_VALUE)
        return round(value, self.decimals)

    def show(self, value: float, unit: str = "") -> str:
        """A plain decimal in a unit."""
        factor = self._factor(unit)
        return f"{value / factor:.{self.decimals + round(math.log10(factor))}f}"

    def _factor(self, unit: str) -> float:
        factor = dict(self.units).get(unit.upper())
        if factor is None:
            raise SrsError(SYNTAX)
        return factor


def dbm(text: str) -> str:
    """An amplitude in Vpp or Vrms as dBm into 50 ohm; any other text as it is."""
    match = _NUMBER.fullmatch(text)
    if match is None or match[2].upper() not in _PEAK_FACTORS:
        return text
    volts = float(match[1]) / _PEAK_FACTORS[match[2].upper()]
    if volts <= 0:
        raise SrsError(ILLEGAL_VALUE)
    return f"{20 * math.log10(volts / _ZERO_DBM_V):.6f}"


def volts(value_dbm: float, unit: str) -> str:
    """An amplitude in VPP or RMS."""
    return f"{_ZERO_DBM_V * 10 ** (value_dbm / 20) * _PEAK_FACTORS[unit]:.6f}"


def integer(text: str) -> int:
    """A whole number."""
    if not re.fullmatch(r"[+-]?\d+", text):
        raise SrsError(INVALID_INTEGER)
    return int(text)


def only(arguments: Sequence[str]) -> str:
    """The one argument of a command."""
    if not arguments:
        raise SrsError(MISSING_PARAMETERS)
    if len(arguments) > 1:
        raise SrsError(EXTRA_PARAMETERS)
    return arguments[0]
