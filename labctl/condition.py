"""What every instrument does now, against its limits: asked over its wire while experiments go on."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["off", "on", "warning", "fault", "silent"]


@dataclass(frozen=True)
class Reading:
    """One quantity of an instrument."""

    name: str
    value: float | str | bool
    unit: str = ""
    asked_for: float | None = None
    """What it was set to, where that can differ from what it is."""
    limit: float | None = None
    """Of the station or of the instrument, whichever is stricter."""
    verdict: Verdict = "on"


@dataclass(frozen=True)
class Condition:
    """One instrument of station.yaml."""

    instrument: str
    model: str
    """The driver's class."""
    address: str
    verdict: Verdict
    """The worst of its readings."""
    words: str
    """One line: what it does, or why it does not answer."""
    readings: tuple[Reading, ...]
