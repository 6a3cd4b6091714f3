"""The limits of station.yaml, checked on a whole plan before anything is opened: its values, and its programs."""

import dataclasses
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sequences.load import Drive
    from sequences.pulses.program import Program
    from sequences.station import Limits, Paths

_COILS: Final = ("shift_a", "gradient_a", "compensation_a")
_LIMITED: Final = (
    ("*_dbm", "microwave_dbm"),
    ("*green*_mw", "green_mw"),
    ("*depletion*_mw", "depletion_mw"),
    ("*doughnut*_mw", "depletion_mw"),
    ("fine_mw", "depletion_mw"),
    ("coarse_mw", "depletion_mw"),
    ("*shift*_a", "pulsed_a"),
    ("*gradient*_a", "pulsed_a"),
    ("*compensation*_a", "pulsed_a"),
    ("*trim*_a", "trim_a"),
    ("*main*_a", "main_a"),
)
"""Names of plan fields, and the limit of station.yaml that holds for each."""
_DRIVES: Final = ("w", "mw", "uw", "kw", "dbm", "a", "ma", "ua", "v", "mv", "kv")
"""Units, at the end of a field's name, of what heats, shines or drives: none of it is set without a limit."""


@dataclasses.dataclass(frozen=True)
class Bounds:
    """What a station allows every plan, before anything is opened."""

    limits: "Limits"
    tick_ns: int
    """Of the card's grid."""

    def faults(self, plan: Any) -> list[str]:
        """What in a plan the station cannot do or must not; a sentence each, which begins with 'key = value'."""
        from sequences.pulses.grid import off_grid

        return beyond_limits(plan, self.limits) + off_grid(plan, self.tick_ns)


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


def limit_of(name: str) -> str | None:
    """The limit that holds for a plan's field of this name, by the end of it; None for what needs none.

    Raises LookupError for a power, a current or a voltage that no limit holds for.
    """
    field = name.rsplit(".", 1)[-1]
    limit = next((limit for pattern, limit in _LIMITED if fnmatchcase(field, pattern)), None)
    before, _, unit = field.rpartition("_")
    if limit is None and unit in _DRIVES and not before.endswith("_per"):
        raise LookupError(
            f"no limit of station.yaml holds for it, so it is not set: name it like one that has a limit "
            f"({', '.join(pattern for pattern, _ in _LIMITED)}), in that unit, or add its limit to labctl.limits"
        )
    return limit


def _beyond(name: str, value: Any, limits: "Limits") -> list[str]:
    try:
        limit = limit_of(name)
    except LookupError as error:
        return [f"{name} = {value}: {error.args[0]}"]
    if limit is None:
        return []
    numbers: Sequence[Any] = value if isinstance(value, tuple | list) else (value,)
    highest = getattr(limits, limit)
    sizes = [abs(n) if name.endswith("_a") else n for n in numbers if isinstance(n, int | float)]
    beyond = [number for number in sizes if number > highest]
    return [f"{name} = {max(beyond):g} is beyond the station's limits.{limit} = {highest:g}"] if beyond else []


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


def used(plan: Any, programs: Iterable["Program"], limits: "Limits", paths: "Paths") -> list[Used]:
    """For every limit across instruments, the program that may come nearest to it."""
    from sequences.load import loads

    least, most = _drives(plan, limits)
    found: dict[str, Used] = {}
    for program in programs:
        for low, high in zip(loads(program, least, paths, limits), loads(program, most, paths, limits), strict=True):
            if high.what not in found or high.value > found[high.what].most:
                one = Used(high.limit, high.what, program.name, low.value, high.value, high.allowed, high.unit)
                found[high.what] = one
    return [one for one in found.values() if one.most > 0.0]


def programs_beyond(plan: Any, programs: Iterable["Program"], limits: "Limits", paths: "Paths") -> list[str]:
    """What the plan's programs would surely put beyond a limit across instruments; a sentence each."""
    from sequences.load import LimitError, refuse_beyond

    least, _ = _drives(plan, limits)
    faults: list[str] = []
    for program in programs:
        try:
            refuse_beyond(program, least, paths, limits)
        except LimitError as error:
            faults.append(str(error).replace("was not played", "cannot be played"))
    return faults


def _drives(plan: Any, limits: "Limits") -> tuple["Drive", "Drive"]:
    """The bench as the plan sets it: with what it leaves open off, and with that at the station's limits."""
    from sequences.load import Drive, milliwatts

    said = _largest(plan)
    efficiency = said.get("pump_efficiency")
    known = {
        "green_mw": None if efficiency is None else said.get("green_mw", limits.green_mw) * efficiency,
        "doughnut_mw": said.get("depletion_mw"),
        "carrier_mw": milliwatts(said["microwave_dbm"]) if "microwave_dbm" in said else None,
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


def _largest(plan: Any) -> dict[str, float]:
    """The plan's own settings of what a program lets through: name -> its largest value."""
    found: dict[str, float] = {}
    for field in dataclasses.fields(plan):
        value = getattr(plan, field.name)
        limit = next((limit for pattern, limit in _LIMITED if fnmatchcase(field.name, pattern)), None)
        name = field.name if field.name in (*_COILS, "pump_efficiency") else limit
        if name is None or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        size = abs(value) if name.endswith("_a") else value
        found[name] = max(size, found.get(name, size))
    return found
