"""The list of states that triggers step an SG386 through."""

from collections.abc import Sequence
from typing import Final

from simulated_instruments.visa.languages.srs import (
    EXTRA_PARAMETERS,
    ILLEGAL_VALUE,
    MISSING_PARAMETERS,
    NOT_ALLOWED,
    SrsError,
    integer,
    only,
)

FIELDS: Final = (
    "FREQ", "PHAS", "AMPL", "OFSL", "AMPR", "DISP", "ENABLE", "TYPE", "FUNCTION", "RATE", "DEVIATION", "AMPC", "OFSC",
    "AMPH", "OFSD",
)  # fmt: skip
"""What the fifteen values of a state set: commands, or what the modulation type makes of them."""
UNCHANGED: Final = "N"
_LENGTH: Final = 2000


class StateList:
    """States as text, an index, and whether triggers count."""

    def __init__(self) -> None:
        self.states: list[dict[str, str]] = []
        self.is_armed = False
        self.index = 0

    def create(self, arguments: Sequence[str]) -> str:
        """LSTC? n: a new list of n empty states; 1 if there is room for it."""
        size = integer(only(arguments))
        if not 1 <= size <= _LENGTH:
            return "0"
        self.states = [dict.fromkeys(FIELDS, UNCHANGED) for _ in range(size)]
        self.is_armed, self.index = False, 0
        return "1"

    def show(self, arguments: Sequence[str]) -> str:
        """LSTP? i: the fields of a state."""
        return ",".join(self._at(only(arguments))[name] for name in FIELDS)

    def read(self, arguments: Sequence[str]) -> tuple[int, dict[str, str]]:
        """The arguments of LSTP i,...: which state, and its fields."""
        if len(arguments) < 1 + len(FIELDS):
            raise SrsError(MISSING_PARAMETERS)
        if len(arguments) > 1 + len(FIELDS):
            raise SrsError(EXTRA_PARAMETERS)
        self._at(arguments[0])
        return integer(arguments[0]), dict(zip(FIELDS, (text.upper() for text in arguments[1:]), strict=True))

    def arm(self, arguments: Sequence[str]) -> None:
        """LSTE 0|1."""
        on = integer(only(arguments))
        if on not in (0, 1):
            raise SrsError(ILLEGAL_VALUE)
        if on and not self.states:
            raise SrsError(NOT_ALLOWED)
        self.is_armed = bool(on)

    def go_to(self, arguments: Sequence[str]) -> None:
        """LSTI i."""
        self._at(only(arguments))
        self.index = integer(arguments[0])

    def rewind(self) -> None:
        """LSTR."""
        self.index = 0

    def advance(self) -> dict[str, str]:
        """The state that a trigger brings; nothing changes while the list is not armed."""
        if not self.is_armed:
            return {}
        state = self.states[self.index]
        self.index = (self.index + 1) % len(self.states)
        return state

    def _at(self, text: str) -> dict[str, str]:
        index = integer(text)
        if not 0 <= index < len(self.states):
            raise SrsError(ILLEGAL_VALUE)
        return self.states[index]
