"""What an instrument says of itself now: a quantity with its unit, what was asked for, its limit, and a verdict."""

from dataclasses import dataclass
from typing import Final, Literal

Verdict = Literal["off", "on", "warning", "fault", "silent"]

BEYOND_LIMIT: Final = 1.002
"""Share of a limit from which on a value is wrong. At the limit a bench may well run for a night."""
LIGHT_TOLERANCE: Final = 0.05
"""Of a laser's power about what was asked for: twice what a settled head wanders."""
CURRENT_TOLERANCE_A: Final = 1e-3
"""Of a measured current about its setting: well beyond the supplies' accuracy."""


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


def on(is_on: bool) -> Verdict:
    """Of something that is as it should be."""
    return "on" if is_on else "off"


def wrong_if(wrong: bool, verdict: Verdict, is_on: bool) -> Verdict:
    """This verdict if something is wrong, or else whether it is on."""
    return verdict if wrong else on(is_on)


def differs(seen: float, wanted: float, tolerance: float) -> bool:
    """Also if what was seen is not a number."""
    return not abs(seen - wanted) <= tolerance


def amount(name: str, value: float, unit: str, limit: float, is_on: bool) -> Reading:
    """A quantity that has a limit either way."""
    return Reading(
        name, value, unit, limit=limit, verdict=wrong_if(abs(value) > BEYOND_LIMIT * limit, "warning", is_on)
    )
