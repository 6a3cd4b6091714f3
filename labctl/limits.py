"""The limits of station.yaml, checked on a whole plan before anything is opened."""

import dataclasses
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sequences.lab import Limits

_LIMITED: Final = (
    ("*_dbm", "microwave_dbm"),
    ("*green*_mw", "green_mw"),
    ("*depletion*_mw", "depletion_mw"),
    ("*doughnut*_mw", "depletion_mw"),
    ("*shift*_a", "pulsed_a"),
    ("*gradient*_a", "pulsed_a"),
    ("*compensation*_a", "pulsed_a"),
    ("*trim*_a", "trim_a"),
    ("*main*_a", "main_a"),
)
"""Names of plan fields, and the limit of station.yaml that holds for each."""


def beyond_limits(plan: Any, limits: "Limits", prefix: str = "") -> list[str]:
    """What in this plan, or in a plan within it, is beyond the station's limits; a sentence each."""
    faults: list[str] = []
    for field in dataclasses.fields(plan):
        value, name = getattr(plan, field.name), prefix + field.name
        if dataclasses.is_dataclass(value):
            faults += beyond_limits(value, limits, f"{name}.")
        else:
            faults += _beyond(name, value, limits)
    return faults


def _beyond(name: str, value: Any, limits: "Limits") -> list[str]:
    limit = next((limit for pattern, limit in _LIMITED if fnmatchcase(name.rsplit(".", 1)[-1], pattern)), None)
    numbers: Sequence[Any] = value if isinstance(value, tuple | list) else (value,)
    if limit is None:
        return []
    highest = getattr(limits, limit)
    sizes = [abs(n) if name.endswith("_a") else n for n in numbers if isinstance(n, int | float)]
    beyond = [number for number in sizes if number > highest]
    return [f"{name} = {max(beyond):g} is beyond the station's limits.{limit} = {highest:g}"] if beyond else []
