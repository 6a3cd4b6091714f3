"""What the magnet asks of a current source, what its drivers complain of, and whether it still is as it was set."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol, runtime_checkable

from qcodes.instrument import VisaInstrument

from instruments.errors import ChangedError, GarbledError, InstrumentError

TRIES: Final = 2
"""Of a setting whose read-back differs."""
POWER_ON: Final = 128
"""Bit of *ESR?: power came on since it was asked last."""
WAS_OFF: Final = "it was switched off and on again"


class CurrentLimitError(InstrumentError, ValueError):
    """A current that a source must not give. Nothing was sent."""

    def __init__(self, source: str, value_a: float, limit_a: float) -> None:
        super().__init__(
            f"{source}: {value_a:g} A is beyond its limit of ±{limit_a:g} A; "
            "ask for less, or give the source a larger range in station.yaml",
            instrument=source,
        )
        self.source, self.value_a, self.limit_a = source, value_a, limit_a


class SupplyError(InstrumentError):
    """A source did not do what it was told."""

    def __init__(self, source: str, request: str, answer: str) -> None:
        super().__init__(
            f"{source}: {request} was not obeyed, it answers {answer}; check the source's front panel",
            instrument=source,
        )
        self.source, self.request, self.answer = source, request, answer


@runtime_checkable
class CurrentSource(Protocol):
    """What the magnet asks of a source."""

    limit_a: float
    """Largest current either way."""

    @property
    def full_name(self) -> str:
        """As errors name it: main_supply_ch1."""

    def set_current(self, amps: float) -> None:
        """Set the current and verify the setting by reading it back."""

    def setpoint_a(self) -> float:
        """The setting as the source holds it, whether its output is on or off."""

    def is_on(self) -> bool:
        """True if the output carries the setting."""

    def switch_on(self) -> None:
        """Output on, as a current source; from 0 A if it was off, untouched if it was on."""

    def check_standing(self) -> None:
        """Raises ChangedError if the source is not as it was set last."""


def check_unchanged(
    source: VisaInstrument, standing: dict[str, float], meanings: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Ask everything in one message. Raises ChangedError if an answer is not as it stands here, or power was away.

    meanings: question -> what it means if its answer is another one, where the question does not say it.
    """
    message = ";".join(("*ESR?", *standing))
    reply = source.ask(message)
    try:
        status, *seen = (float(number) for number in reply.split(";"))
        changes = [
            meanings.get(question, f"{question} is {now:g}, was {was:g}")
            for (question, was), now in zip(standing.items(), seen, strict=True)
            if now != was
        ]
    except ValueError:
        raise GarbledError(source.name, repr(message), reply) from None
    if int(status) & POWER_ON:
        changes.insert(0, WAS_OFF)
    if changes:
        raise ChangedError(source.name, ", ".join(changes))
