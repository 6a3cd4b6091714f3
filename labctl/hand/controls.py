"""A control: a quantity of the bench that a person sets, with its name, unit and limits; values as they are typed."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from labctl.common.refusals import Refusal
from sequences.core.lab import Lab

Value = float | bool
_ON: Final = ("on", "high", "true", "yes", "1")
_OFF: Final = ("off", "low", "false", "no", "0")
SAME: Final = 1e-9
"""Relative: two readings of a setting that nobody has touched."""
_WANDERS: Final = 0.25
"""Relative. The drivers compare more strictly; here a reset or a trip shows that came behind their look."""
_STEPS: Final = 1e-4
"""Of the whole range: no instrument here has coarser ones where its value is near 0."""


def never(_value: Value) -> bool:
    """Of what only says where."""
    return False


def always(_value: Value) -> bool:
    """Of what has no value that is off."""
    return True


def _as_it_is(lab: Lab, _value: Value) -> Lab:
    return lab


@dataclass(frozen=True)
class Control:
    """One quantity, or one switch."""

    name: str
    """'microwave.frequency'."""
    read: Callable[[], Value]
    """Asks the instrument, where it can be asked."""
    write: Callable[[Value], None]
    """Sets it; the driver reads it back."""
    unit: str = ""
    bounds: tuple[float, float] | None = None
    """Lowest and highest value in `unit`; None for a switch."""
    supposed: Callable[[Lab, Value], Lab] = _as_it_is
    """The lab as if it had been set, for the limits across instruments. Nothing moves."""
    line: str = ""
    """The pulse line that this switch takes high; empty if it is none."""
    lets_out: Callable[[Value], bool] = bool
    """Whether at this value something may shine, radiate or flow: then no interlock may be open."""

    @property
    def is_switch(self) -> bool:
        """On or off, and nothing between."""
        return self.bounds is None

    def value_of(self, text: str) -> Value:
        """What was typed, as a value. Raises Refusal if it is none, or beyond the limits."""
        word = text.strip().lower()
        if self.bounds is None:
            if word not in (*_ON, *_OFF):
                raise Refusal(f"{self.name} is a switch: say {' or '.join(self.words)}, not {text!r}")
            return word in _ON
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        least, most = self.bounds
        if not math.isfinite(value):
            raise Refusal(f"{self.name} is a number{f' in {self.unit}' if self.unit else ''}, not {text!r}")
        if not least <= value <= most:
            raise Refusal(f"{self.name} = {self.said(value)} is beyond its limits, {self.limits}. Nothing was set")
        return value

    def is_near(self, seen: Value, wanted: Value) -> bool:
        """Whether what was read back is what was set, but for the steps of an instrument and what a laser wanders."""
        if self.bounds is None:
            return bool(seen) == bool(wanted)
        span = self.bounds[1] - self.bounds[0]
        steps = _STEPS * span if math.isfinite(span) else SAME
        return bool(abs(seen - wanted) <= _WANDERS * abs(wanted) + steps)

    @property
    def words(self) -> tuple[str, str]:
        """Of a switch: what it is called when it is on, and when it is off."""
        return ("high", "low") if self.line else ("on", "off")

    @property
    def limits(self) -> str:
        """'-110 to 10 dBm', 'on or off'."""
        if self.bounds is None:
            return " or ".join(self.words)
        if not math.isfinite(self.bounds[1]):
            return f"as far as it reaches, in {self.unit}"
        return f"{self.bounds[0]:.10g} to {self.bounds[1]:.10g} {self.unit}".rstrip()

    def said(self, value: Value) -> str:
        """'2.87e+09 Hz', 'on'."""
        if self.bounds is None:
            return self.words[0 if value else 1]
        return f"{value:.10g} {self.unit}".rstrip()


def alike(one: Value, other: Value) -> bool:
    """Whether two readings are the same."""
    return math.isclose(float(one), float(other), rel_tol=SAME, abs_tol=SAME)
