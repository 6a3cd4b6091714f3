"""The status registers of SRS generators: standard events, the status byte, and what of each is enabled."""

from collections.abc import Callable, Sequence
from typing import Final

from simulated_instruments.visa.languages.srs import ILLEGAL_VALUE, SrsError, integer, only

MASKS: Final = ("*ESE", "*SRE", "INSE")
_OPERATION_COMPLETE, _QUERY_ERROR, _DEVICE_ERROR, _EXECUTION_ERROR, _COMMAND_ERROR, _POWER_ON = 1, 4, 8, 16, 32, 128
_INSTRUMENT_SUMMARY, _EVENT_SUMMARY, _SERVICE_REQUEST = 1, 32, 64
_KINDS: Final = ((30, _EXECUTION_ERROR), (50, _QUERY_ERROR), (110, _DEVICE_ERROR), (200, _COMMAND_ERROR))
"""Codes of LERR? below a number -> bit of *ESR?."""


class Status:
    """Registers of one generator, as at power-on."""

    def __init__(self) -> None:
        self._events = _POWER_ON
        self._masks = dict.fromkeys(MASKS, 0)

    def note(self, code: int) -> None:
        """An error was queued."""
        self._events |= next((bit for below, bit in _KINDS if code < below), _DEVICE_ERROR)

    def done(self) -> None:
        """*OPC."""
        self._events |= _OPERATION_COMPLETE

    def clear(self) -> None:
        """*CLS; what is enabled stays."""
        self._events = 0

    def read_events(self) -> str:
        """*ESR?"""
        events, self._events = self._events, 0
        return str(events)

    def byte(self, instrument_events: int) -> int:
        """*STB?, with what stands in INSR?."""
        byte = _INSTRUMENT_SUMMARY if instrument_events & self._masks["INSE"] else 0
        byte |= _EVENT_SUMMARY if self._events & self._masks["*ESE"] else 0
        return byte | (_SERVICE_REQUEST if byte & self._masks["*SRE"] else 0)

    def shown(self, name: str) -> Callable[[Sequence[str]], str]:
        """The question for a mask."""
        return lambda _: str(self._masks[name])

    def set(self, name: str) -> Callable[[Sequence[str]], None]:
        """The order that sets a mask."""

        def obey(arguments: Sequence[str]) -> None:
            mask = integer(only(arguments))
            if not 0 <= mask <= 255:
                raise SrsError(ILLEGAL_VALUE)
            self._masks[name] = mask

        return obey
