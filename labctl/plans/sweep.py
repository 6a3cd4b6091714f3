"""The plans of a sweep: one for each combination of the values of the keys that are swept. All are checked beforehand.

The key that is named first changes slowest, as in loops within one another.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, Self, get_args, get_origin

from labctl.common.ranges import MOST_NUMBERS, spread
from labctl.common.refusals import Refusal, known
from labctl.common.value_errors import unit_of
from labctl.plans.parse import Key, as_text, known_keys, plan_of
from sequences.core.experiment import Experiment

SWEEP: Final = "sweep"
"""Under this key the record of a run says which point of which sweep it is."""
MOST_POINTS: Final = 1000
_MOST_FAULTS: Final = 10
"""Of a sweep's values that are shown; the others are counted."""
_RANGES: Final = "start:stop:count, or start:stop:count:log for even ratios"


@dataclass(frozen=True)
class Axis:
    """A key of the plan, and the values that it takes one after the other."""

    key: str
    texts: tuple[str, ...]
    """Each as --set takes it."""
    over: str
    """As it was written after --over: 'field_mt=1:10:10'."""

    @classmethod
    def read(cls, over: str) -> Self:
        """Of 'key=start:stop:count' or 'key=value,value'. Raises Refusal if it cannot be read."""
        name, equals, text = (one.strip() for one in over.partition("="))
        if not equals or not text:
            raise Refusal(f"--over {over}: write it as key=start:stop:count, or key=value,value")
        return cls(name, tuple(_texts(over, text)), f"{name}={text}")

    @property
    def values(self) -> list[float] | None:
        """As numbers; None if one is a word."""
        try:
            found = [float(text) for text in self.texts]
        except ValueError:
            return None
        return found if all(map(math.isfinite, found)) else None

    @property
    def unit(self) -> str:
        """In ASCII; empty if the key has none."""
        return unit_of(self.key)

    @property
    def words(self) -> str:
        """'field_mt = 1 to 10 (10 values)', 'power_dbm = -20, -10'."""
        if len(self.texts) <= 3:
            return f"{self.key} = {', '.join(map(short, self.texts))}"
        return f"{self.key} = {short(self.texts[0])} to {short(self.texts[-1])} ({len(self.texts)} values)"


@dataclass(frozen=True)
class Sweep:
    """What shall be measured at every point."""

    sequence: str
    axes: tuple[Axis, ...]
    settings: Mapping[str, str]
    """Dotted key -> text of what is the same at every point."""

    @property
    def points(self) -> list[dict[str, str]]:
        """Key -> text of each point, in the order in which they are measured."""
        texts = product(*(axis.texts for axis in self.axes))
        return [dict(zip((axis.key for axis in self.axes), one, strict=True)) for one in texts]

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(len(axis.texts) for axis in self.axes)

    @property
    def overs(self) -> tuple[str, ...]:
        """What stands after each --over."""
        return tuple(axis.over for axis in self.axes)

    @property
    def words(self) -> str:
        """'field_mt = 1 to 10 (10 values) × power_dbm = -20, -10'."""
        return " × ".join(axis.words for axis in self.axes)

    def record(self, name: str, number: int) -> dict[str, Any]:
        """What the run of a point keeps of it. name: of the group of runs; number: of the point, 1, 2, …"""
        point = self.points[number - 1]
        kept = {"name": name, "over": list(self.overs), "settings": dict(self.settings), "point": point}
        return {SWEEP: {**kept, "number": number, "of": math.prod(self.shape)}}


def at(point: Mapping[str, str]) -> str:
    """'field_mt = 1, power_dbm = -10'."""
    return ", ".join(f"{key} = {short(text)}" for key, text in point.items())


def short(text: str) -> str:
    """A number with no more digits than one wants to read; anything else as it is."""
    try:
        return f"{float(text):.6g}"
    except ValueError:
        return text


def sweep_of(experiment: Experiment, overs: Sequence[str], settings: Sequence[str]) -> tuple[Sweep, list[Any]]:
    """The sweep of these `key=values` and `key=value` texts, and the plan of each point.

    Raises Refusal listing every fault: a bad value with its key.
    """
    split = [setting.partition("=") for setting in settings]
    fixed = {name.strip(): text.strip() for name, equals, text in split if equals}
    faults = [f"--set {setting}: write it as key=value" for setting in settings if "=" not in setting]
    axes, wrong = _axes(experiment, overs)
    faults += [*wrong, *_twice([axis.key for axis in axes], fixed)]
    if faults:
        raise Refusal(faults)
    sweep = Sweep(experiment.name, axes, fixed)
    return sweep, plans_of(experiment, sweep)


def plans_of(experiment: Experiment, sweep: Sweep) -> list[Any]:
    """The plan of every point. Raises Refusal, naming the key and the value, if one is none."""
    plans, faults = [], dict[str, None]()
    for point in sweep.points:
        plan, found = plan_of(experiment.plan, {**sweep.settings, **point})
        plans.append(plan)
        faults |= dict.fromkeys(_in_words(fault.key, fault.words, point) for fault in found)
    if faults:
        raise Refusal(few(list(faults)))
    return plans


def few(faults: Sequence[str]) -> list[str]:
    """So many faults as one wants to read, and how many there are more."""
    more = len(faults) - _MOST_FAULTS
    return [*faults[:_MOST_FAULTS], *([f"and {more} more of this kind"] if more > 0 else [])]


def _in_words(key: str, words: str, point: Mapping[str, str]) -> str:
    """What is wrong, with the option that said it."""
    if key in point:
        return f"--over {key}: at {short(point[key])}: {words}"
    return f"--set {key}: {words}" if key else f"at {at(point)}: {words}"


def _axes(experiment: Experiment, overs: Sequence[str]) -> tuple[tuple[Axis, ...], list[str]]:
    """The axes, and what is wrong with the others."""
    axes, faults = [], []
    if not overs:
        faults.append("Say which key is swept: --over KEY=START:STOP:COUNT, or --over KEY=VALUE,VALUE")
    for over in overs:
        try:
            axes.append(_axis(experiment, over))
        except Refusal as refusal:
            faults += refusal.faults
    count = math.prod(len(axis.texts) for axis in axes)
    if count > MOST_POINTS:
        faults.append(f"The sweep has {count} points, and {MOST_POINTS} is the most: take fewer values of a key")
    return tuple(axes), faults


def _axis(experiment: Experiment, over: str) -> Axis:
    axis, keys = Axis.read(over), known_keys(experiment.plan)
    if axis.key not in keys:
        raise Refusal(f"--over {over}: {experiment.plan.__name__} has no key {axis.key!r}; {known(axis.key, [*keys])}")
    if _is_list(keys[axis.key]):
        raise Refusal(f"--over {over}: {axis.key} is a list, and only keys with one value can be swept")
    numbers = [_number(text) for text in axis.texts]
    if same := next((text for k, text in enumerate(axis.texts) if numbers[k] in numbers[:k]), None):
        raise Refusal(f"--over {over}: {axis.key} has the value {short(same)} twice; a sweep measures each value once")
    return axis


def _texts(over: str, text: str) -> list[str]:
    if ":" not in text:
        found = [part.strip() for part in text.split(",")]
    else:
        try:
            found = [as_text(_rounded(value)) for value in spread(text)]
        except ValueError:
            most = f"; its count is 2 to {MOST_NUMBERS}, and even ratios need ends above 0"
            raise Refusal(f"--over {over} cannot be read: give values a,b,c or a range {_RANGES}{most}") from None
    if len(found) > MOST_NUMBERS or not all(found):
        raise Refusal(f"--over {over}: give 1 to {MOST_NUMBERS} values, with a comma between two of them")
    return found


def _rounded(value: float) -> float:
    """Without the last digits, in which only the arithmetic of a computer shows."""
    return float(f"{value:.12g}")


def _is_list(key: Key) -> bool:
    options = get_args(key.hint) or (key.hint,)
    return any((get_origin(one) or one) in (list, tuple) for one in (key.hint, *options))


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _twice(swept: Sequence[str], fixed: Mapping[str, str]) -> Iterator[str]:
    for key in dict.fromkeys(swept):
        if swept.count(key) > 1:
            yield f"--over {key} is given twice: name all its values in one"
        if key in fixed:
            yield f"{key} is swept with --over and fixed with --set: leave one of them out"
