"""What a source with two channels measures, as text: the newest reading of each, and which of its elements are told."""

from dataclasses import astuple, dataclass
from typing import Final

from simulated_instruments.visa.languages.scpi import choice, show_exponent

NOT_A_NUMBER: Final = 9.91e37


@dataclass(frozen=True)
class Reading:
    """One measurement of a channel. In the order in which its elements are told."""

    volts: float = NOT_A_NUMBER
    amps: float = NOT_A_NUMBER
    ohms: float = NOT_A_NUMBER
    time_s: float = NOT_A_NUMBER
    status: float = NOT_A_NUMBER
    source: float = NOT_A_NUMBER
    """What the channel was set to, V or A."""


ELEMENTS: Final = ("VOLTage", "CURRent", "RESistance", "TIME", "STATus", "SOURce")
"""As the commands call the fields of a reading, in their order."""
_element: Final = choice(*ELEMENTS)
_SHORT: Final = tuple(str(_element(name)) for name in ELEMENTS)


class Readings:
    """The newest reading of every channel, and the elements that a client wants to hear."""

    def __init__(self) -> None:
        self._newest: dict[int, Reading] = {}
        self._told = _SHORT

    def keep(self, channel: int, reading: Reading) -> None:
        """A new reading of a channel."""
        self._newest[channel] = reading

    def choose(self, elements: tuple[str, ...]) -> None:
        """Tell these elements from now on; their order stays. Raises Refusal for what is none."""
        wanted = {_element(name) for name in elements}
        self._told = tuple(name for name in _SHORT if name in wanted)

    def chosen(self) -> str:
        """The elements that are told."""
        return ",".join(self._told)

    def show(self, channel: int, element: str = "") -> str:
        """The chosen elements of a channel's newest reading, or one by its name; 9.91E+37 where there is none."""
        values = dict(zip(_SHORT, astuple(self._newest.get(channel, Reading())), strict=True))
        names = (str(_element(element)),) if element else self._told
        return ",".join(show_exponent(values[name]) for name in names)
