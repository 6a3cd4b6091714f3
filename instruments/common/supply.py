"""What the drivers of current sources complain of, and whether one still is as it was set."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from qcodes.instrument import VisaInstrument

from instruments.common.errors import ChangedError, GarbledError, InstrumentError

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
