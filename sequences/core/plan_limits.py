"""Which limit of station.yaml holds for a field of a plan, said on its type: `Annotated[float, LimitedBy("trim_a")]`.

Every field that drives something says it: its name ends in the unit of what heats, shines or drives. One that does not
is not set, in whosever plan it stands.
"""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, get_args, get_type_hints

from sequences.core.station import Limits

M = TypeVar("M")

Setting = Literal[
    "green_mw", "pump_efficiency", "doughnut_mw", "carrier_dbm", "shift_a", "gradient_a", "compensation_a"
]
"""What of the bench decides how much the lines of a program let through."""
_SET: Final[dict[str, Setting]] = {
    "green_mw": "green_mw",
    "depletion_mw": "doughnut_mw",
    "microwave_dbm": "carrier_dbm",
}
"""What a field sets that has one of these limits. Which of the three pulsed coils it feeds, a field says itself."""
_DRIVES: Final = ("w", "mw", "uw", "kw", "dbm", "a", "ma", "ua", "v", "mv", "kv")
"""Units of what heats, shines or drives: none of it is set without a limit."""
_UNIT: Final = re.compile(r"[a-z0-9]+(?:_per_[a-z0-9]+)*$")


@dataclass(frozen=True)
class LimitedBy:
    """On the type of a plan's field: the limit that holds for it, in the same unit."""

    limit: str
    """Its key under `limits` of station.yaml."""

    def __post_init__(self) -> None:
        if self.limit not in Limits.model_fields:
            raise ValueError(
                f"there is no limit {self.limit!r} in station.yaml; take one of {', '.join(Limits.model_fields)}"
            )


@dataclass(frozen=True)
class Sets:
    """On the type of a plan's field: what it sets, so that a dry run knows it. Most limits say so already."""

    setting: Setting


@dataclass(frozen=True)
class Driving:
    """What the type of one field says of it."""

    name: str
    limits: tuple[str, ...]
    sets: Setting | None
    fault: str
    """Why it must not be set, whatever its value; empty if it may."""


def driving(plan: type[Any]) -> tuple[Driving, ...]:
    """The fields of a plan, not of plans within it, that a limit holds for, or that lack one."""
    hints = get_type_hints(plan, include_extras=True)
    found = (_driving(field.name, hints.get(field.name, Any)) for field in dataclasses.fields(plan))
    return tuple(one for one in found if one.limits or one.sets or one.fault)


def _driving(name: str, hint: Any) -> Driving:
    limits = tuple(dict.fromkeys(one.limit for one in _marked(hint, LimitedBy)))
    said = [one.setting for one in _marked(hint, Sets)]
    sets = next(iter([*said, *(_SET[limit] for limit in limits if limit in _SET)]), None)
    return Driving(name, limits, sets, _fault(name, limits))


def _fault(name: str, limits: tuple[str, ...]) -> str:
    unit = _unit(name)
    if not limits and unit in _DRIVES:
        return f"no limit of station.yaml holds for it, so it is not set: {_remedy(unit)}"
    if strange := [limit for limit in limits if _unit(limit) != unit]:
        return f"its limit, limits.{strange[0]} of station.yaml, is in another unit, so it is not set: take that"
    return ""


def _remedy(unit: str) -> str:
    if same := [limit for limit in Limits.model_fields if _unit(limit) == unit]:
        return f"say on its type which one does, with LimitedBy(…) of sequences.core.plan_limits: {', '.join(same)}"
    units = dict.fromkeys(unit for limit in Limits.model_fields if (unit := _unit(limit)) in _DRIVES)
    one_of = f"take one of {', '.join(units)}, and put LimitedBy(…) of sequences.core.plan_limits on its type"
    return f"none has its unit; {one_of}"


def _unit(name: str) -> str:
    """The end of a name: 'a' of main_a, 'a_per_us' of pulsed_a_per_us."""
    found = _UNIT.search(name.lower())
    return found.group() if found else ""


def _marked(hint: Any, kind: type[M]) -> Iterator[M]:
    """The marks of one kind on a type, or on what it consists of."""
    return (one for one in _within(hint) if isinstance(one, kind))


def _within(hint: Any) -> Iterator[Any]:
    """A type and all that its annotations and arguments consist of."""
    yield hint
    for part in get_args(hint):
        yield from _within(part)
