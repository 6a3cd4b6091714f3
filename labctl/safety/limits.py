"""The limits of station.yaml, checked on a whole plan before anything is opened: its values, and its programs."""

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from labctl.plans.parse import Key
from sequences.core.plan_limits import Driving, Setting, driving
from sequences.core.station import Limits, Paths

if TYPE_CHECKING:
    from sequences.core.power_budget import Drive
    from sequences.pulses.program import Program


@dataclasses.dataclass(frozen=True)
class Bounds:
    """What a station allows every plan, before anything is opened."""

    limits: Limits
    tick_ns: int
    """Of the pulse source."""

    def faults(self, plan: Any) -> list[str]:
        """What in a plan the station cannot do or must not; a sentence each, which begins with 'key = value'."""
        from sequences.pulses.grid import off_grid

        return beyond_limits(plan, self.limits) + off_grid(plan, self.tick_ns)

    def narrowed(self, key: Key) -> Mapping[str, float]:
        """The bounds (ge, gt, le, lt) that a key of a plan has here: its own, or the limit of the station if less."""
        if not key.limited_by or not key.bounds:
            return key.bounds
        highest = min(float(getattr(self.limits, limit)) for limit in key.limited_by)
        bounds = dict(key.bounds)
        if min(bounds.get("le", math.inf), bounds.get("lt", math.inf)) > highest:
            bounds = {name: bound for name, bound in bounds.items() if name != "lt"} | {"le": highest}
        is_current = all(limit.endswith("_a") for limit in key.limited_by)
        if is_current and max(bounds.get("ge", -math.inf), bounds.get("gt", -math.inf)) < -highest:
            bounds = {name: bound for name, bound in bounds.items() if name != "gt"} | {"ge": -highest}
        return bounds

    def beyond(self, key: Key, text: str) -> str:
        """What a text for this key would be beyond, as `faults` says it; empty if nothing."""
        try:
            value = float(text)
        except ValueError:
            return ""
        return next(_beyond(key.name, Driving(key.name, key.limited_by, None, ""), value, self.limits), "")


def beyond_limits(plan: Any, limits: Limits, prefix: str = "") -> list[str]:
    """What in this plan, or in plans within it, is beyond the station's limits or has none; a sentence each."""
    faults: list[str] = []
    driven = {one.name: one for one in driving(type(plan))}
    for field in dataclasses.fields(plan):
        name, value = prefix + field.name, getattr(plan, field.name)
        if field.name in driven:
            faults += _beyond(name, driven[field.name], value, limits)
        for inner in _flat(value):
            if dataclasses.is_dataclass(inner):
                faults += beyond_limits(inner, limits, f"{name}.")
    return faults


def _beyond(name: str, field: Driving, value: Any, limits: Limits) -> Iterator[str]:
    if field.fault:
        yield f"{name} = {value}: {field.fault}"
        return
    for limit in field.limits:
        highest = getattr(limits, limit)
        numbers = [one for one in _flat(value) if isinstance(one, int | float)]
        sizes = [abs(one) if limit.endswith("_a") else one for one in numbers]
        if beyond := [size for size in sizes if not size <= highest]:
            yield f"{name} = {max(beyond):g} is beyond the station's limits.{limit} = {highest:g}"


def _flat(value: Any) -> Iterator[Any]:
    """A value, or all that a list or a mapping holds, at any depth."""
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if not isinstance(value, tuple | list | set | frozenset):
        yield value
        return
    for one in value:
        yield from _flat(one)


@dataclasses.dataclass(frozen=True)
class Used:
    """How much of a limit a plan uses, in the program that uses most of it."""

    limit: str
    what: str
    program: str
    least: float
    """By what the plan says, the rest of the bench's settings off."""
    most: float
    """With what the plan leaves open at the station's limit."""
    allowed: float
    unit: str

    @property
    def words(self) -> str:
        """'doughnut light at the sample: 200 of 500 mW (40 %), in program 'count under the doughnut''."""
        value = f"{self.most:.3g}" if self.is_known else f"{self.least:.3g} to {self.most:.3g}"
        share = f"{100 * self.most / self.allowed:.0f} %" + ("" if self.is_known else " at most")
        return f"{self.what}: {value} of {self.allowed:g} {self.unit} ({share}), in program {self.program!r}"

    @property
    def is_known(self) -> bool:
        """Whether the plan alone decides it; else every play is checked with what is set by then."""
        return abs(self.most - self.least) <= 1e-9 * self.most


Parts = Iterable[tuple[Any, Iterable["Program"]]]
"""Plans, each with the programs that are played with the light and the currents that it asks for."""


def used(parts: Parts, limits: Limits, paths: Paths) -> list[Used]:
    """For every limit across instruments, the program that may come nearest to it."""
    from sequences.core.power_budget import loads

    found: dict[str, Used] = {}
    for plan, programs in parts:
        least, most = _drives(plan, limits)
        for program in programs:
            for low, high in zip(
                loads(program, least, paths, limits), loads(program, most, paths, limits), strict=True
            ):
                if high.what not in found or high.value > found[high.what].most:
                    one = Used(high.limit, high.what, program.name, low.value, high.value, high.allowed, high.unit)
                    found[high.what] = one
    return [one for one in found.values() if one.most > 0.0]


def programs_beyond(parts: Parts, limits: Limits, paths: Paths) -> list[str]:
    """What the programs would surely put beyond a limit across instruments, as their plans say; a sentence each."""
    from sequences.core.power_budget import LimitError, refuse_beyond

    faults: list[str] = []
    for plan, programs in parts:
        least, _ = _drives(plan, limits)
        for program in programs:
            try:
                refuse_beyond(program, least, paths, limits)
            except LimitError as error:
                faults.append(str(error).replace("was not played", "cannot be played"))
    return list(dict.fromkeys(faults))


def _drives(plan: Any, limits: Limits) -> tuple["Drive", "Drive"]:
    """The bench as the plan sets it: with what it leaves open off, and with that at the station's limits."""
    from sequences.core.power_budget import Drive, milliwatts

    said = _largest(plan)
    efficiency = said.get("pump_efficiency")
    known = {
        "green_mw": None if efficiency is None else said.get("green_mw", limits.green_mw) * efficiency,
        "doughnut_mw": said.get("doughnut_mw"),
        "carrier_mw": milliwatts(said["carrier_dbm"]) if "carrier_dbm" in said else None,
        "shift_a": said.get("shift_a"),
        "gradient_a": said.get("gradient_a"),
        "compensation_a": said.get("compensation_a"),
    }
    most = {
        "green_mw": limits.green_mw,
        "doughnut_mw": limits.depletion_mw,
        "carrier_mw": milliwatts(limits.microwave_dbm),
        "shift_a": limits.pulsed_a,
        "gradient_a": limits.pulsed_a,
        "compensation_a": limits.pulsed_a,
    }
    least: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
    return Drive(**least), Drive(**{**most, **least})


def _largest(plan: Any) -> dict[Setting, float]:
    """The plan's own settings of what a program lets through, each with its largest value."""
    found: dict[Setting, float] = {}
    for field in driving(type(plan)):
        value = getattr(plan, field.name)
        if field.sets is None or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        size = abs(value) if field.sets.endswith("_a") else value
        found[field.sets] = max(size, found.get(field.sets, size))
    return found
