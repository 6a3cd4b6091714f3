"""Currents for the coils: a Keysight B2962A, which trips, heats and answers as one for both of its channels."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field
from qcodes.instrument_drivers.Keysight import KeysightB2962A

from instruments.common.errors import ChangedError, GarbledError
from instruments.common.retry import Habits, each
from instruments.common.safely import faults_of
from instruments.common.supply import POWER_ON, WAS_OFF, check_unchanged
from instruments.current_channel import OPENED, CurrentChannel
from instruments.interface.causes import Cause
from instruments.interface.readings import Reading

if TYPE_CHECKING:
    from typing import Unpack

    from qcodes.instrument import VisaInstrumentKWArgs

    from instruments.interface import roles

__all__ = ["B2962A", "CurrentChannel", "Limit", "Range"]

_RANGES_A: Final = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 1.5, 3.0)


def _has_range(amps: float) -> float:
    if amps not in _RANGES_A:
        raise ValueError(f"must be one of {', '.join(f'{one:g}' for one in _RANGES_A)} A, not {amps:g}")
    return amps


Range = Annotated[float, AfterValidator(_has_range)]
Limit = Annotated[float, Field(ge=0.2, le=210)]
_IDENTITY: Final = ("vendor", "model", "serial", "firmware")
_TOO_HOT: Final = 16
"""Bit of the questionable status: over-temperature of either channel."""
_EITHER_OPENED: Final = sum(OPENED.values())
_PARTS: Final = ("ch1", "ch2")
_UNPROTECTED: Final = "the protection of {part} was off"
_MEANINGS: Final = {
    f":SENS{chan}:VOLT:PROT:TRIP?": f"{part} is at its compliance voltage: its coil may have come open"
    for chan, part in enumerate(_PARTS, start=1)
} | {f":OUTP{chan}:PROT?": _UNPROTECTED.format(part=part) for chan, part in enumerate(_PARTS, start=1)}
"""Question -> what it means if its answer is not as it stands."""


class B2962A(KeysightB2962A):
    """Two current sources; connecting sets ranges and limits but neither currents nor outputs."""

    habits: ClassVar = Habits(
        once=re.compile(r"\*(TRG|RST|SAV|RCL).*|\*ESR\?|.*:?SYST:ERR.*|:?INIT.*", re.IGNORECASE),
        form=each(r"[+-]\d\.\d{8}E[+-]\d\d|\d+|[A-Z]+"),
    )
    ch1: CurrentChannel
    ch2: CurrentChannel

    def __init__(
        self,
        name: str,
        address: str,
        current_range_a: tuple[Range, Range] = (1.0, 0.1),
        voltage_limit_v: tuple[Limit, Limit] = (21.0, 6.0),
        **kwargs: "Unpack[VisaInstrumentKWArgs]",
    ) -> None:
        """current_range_a, voltage_limit_v: of channel 1 and 2. A current's range is one that the supply has."""
        super().__init__(name, address, **kwargs)
        self._opened = 0
        for chan, (range_a, limit_v) in enumerate(zip(current_range_a, voltage_limit_v, strict=True), start=1):
            channel_name = _PARTS[chan - 1]
            del self.submodules[channel_name], self.instrument_modules[channel_name]
            self.add_submodule(channel_name, CurrentChannel(self, channel_name, chan, range_a, limit_v))
        self.ask("*ESR?")  # forgets that it was switched on before
        self.ask(":STAT:QUES:EVEN?")  # and what befell it before

    def get_idn(self) -> dict[str, str | None]:
        """Vendor, model, serial, firmware. Raises GarbledError if the answer is not these four."""
        reply = self.ask("*IDN?")
        words = [word.strip() for word in reply.split(",")]
        if len(words) != len(_IDENTITY):
            raise GarbledError(self.name, "'*IDN?'", reply)
        return dict(zip(_IDENTITY, words, strict=True))

    def is_too_hot(self) -> bool:
        """Whether its protection keeps both outputs off until it has cooled down (command reference, table 4-4)."""
        return bool(int(self.ask(":STAT:QUES:COND?")) & _TOO_HOT)

    def openings(self) -> int:
        """Bits of the channels whose protection has switched the output off since it was switched on last.

        The supply forgets an event once it is told, so it is remembered here. Raises GarbledError.
        """
        now, since = self._questionable(":STAT:QUES:COND?", ":STAT:QUES:EVEN?")
        self._opened |= since
        return self._opened | now

    def forget_trip(self, chan: int) -> None:
        """What the protection of a channel has done so far is past. Raises GarbledError."""
        (since,) = self._questionable(":STAT:QUES:EVEN?")
        self._opened = (self._opened | since) & ~OPENED[chan]

    def _questionable(self, *questions: str) -> list[int]:
        message = ";".join(questions)
        reply = self.ask(message)
        try:
            found = [int(number) & _EITHER_OPENED for number in reply.split(";")]
        except ValueError:
            found = []
        if len(found) != len(questions):
            raise GarbledError(self.name, repr(message), reply)
        return found

    def make_safe(self) -> str:
        """Both channels without current."""
        return faults_of({part: channel.make_safe for part, channel in zip(_PARTS, self._channels, strict=True)})

    def readings(self) -> Iterator[Reading]:
        """Of both channels."""
        for channel in self._channels:
            yield from channel.readings()

    def causes(self) -> Iterator[Cause]:
        """Too hot, or the protection of a channel has switched its output off."""
        if self.is_too_hot():
            what = f"{self.name}: it is too hot, and keeps its outputs off"
            yield Cause(what, "see to its fan and its air", lambda: not self.is_too_hot(), is_trip=True)
        if tripped := [part for part, channel in zip(_PARTS, self._channels, strict=True) if channel.tripped()]:
            yield Cause(
                f"{self.name}: the protection of {' and '.join(tripped)} has tripped",
                "let the coil cool down, and see that it is connected",
                self._forgotten,
                is_trip=True,
                needs_rest=True,
            )

    def _forgotten(self) -> bool:
        """Its trips are past then, so that a later failure is not taken for one."""
        for number in OPENED:
            self.forget_trip(number)
        return True

    def settings(self) -> dict[str, Any]:
        """Those of each channel that is on."""
        found = {part: channel.settings() for part, channel in zip(_PARTS, self._channels, strict=True)}
        return {part: settings for part, settings in found.items() if settings}

    @property
    def _channels(self) -> tuple[CurrentChannel, CurrentChannel]:
        return self.ch1, self.ch2

    def verify(self) -> None:
        """Raises ChangedError if a channel is not as it was set last, cannot drive its current, or was off meanwhile.

        A protection that was off is set again, as all is after the supply was: a coil that is open trips it then.
        """
        standing = self.ch1.standing() | self.ch2.standing()
        try:
            check_unchanged(self, standing, _MEANINGS)
        except ChangedError as error:
            unprotected = any(_UNPROTECTED.format(part=part) in error.changes for part in _PARTS)
            self._forget(unprotected or WAS_OFF in error.changes)
            raise ChangedError(self.name, f"{error.changes}{self._trips()}") from None

    def _trips(self) -> str:
        """What its protection has done, for a sentence; nothing if it does not answer."""
        with suppress(Exception):
            opened = self.openings()
            return "".join(
                f", the protection of {part} has switched its output off"
                for part, bit in zip(_PARTS, OPENED.values(), strict=True)
                if opened & bit
            )
        return ""

    def check_power(self) -> None:
        """Raises ChangedError if the supply was off meanwhile: limits and protections were gone, and are set again."""
        if int(self.ask("*ESR?")) & POWER_ON:
            self._forget(was_off=True)
            raise ChangedError(self.name, WAS_OFF)

    def _forget(self, was_off: bool) -> None:
        for channel in self._channels:
            channel.forget_standing()
            if was_off:
                channel.configure()


if TYPE_CHECKING:
    _STANDS_BEHIND: type[roles.Role] = B2962A
