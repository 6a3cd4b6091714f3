"""An experiment as one value: all that the rest of the program has to know of it stands beside its sequence.

The module of an experiment ends with `EXPERIMENT = Experiment(...)`. Lists, forms, figures, docks, forecasts and the
names of missing calibrations are read from it; nothing else has to be changed for a new one.
"""

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sequences.results import Column, Stream

if TYPE_CHECKING:
    from sequences.core.station import Wiring
    from sequences.pulses.program import Program

GENERIC: Final = "generic"
"""The figure that is drawn from the columns alone."""
NO_FIGURE: Final = ""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_PLACE: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")

Quoted = Callable[[float, Any], str]
"""A value and its error as a text: '4.512 ± 0.003'."""


@dataclass(frozen=True)
class Quantity:
    """A number that an experiment is run for."""

    key: str
    """Of its result; its error is under `<key>_err`. Of a list against evolution_us, the one at best_us counts."""
    words: str
    """What a physicist calls it."""
    unit: str = ""
    scale: float = 1.0
    """Shown over stored."""
    is_counted: bool = True
    """Whether the photons that are still to come make it more certain."""


@dataclass(frozen=True)
class Experiment:
    """What can be run by its name. Raises ValueError if it contradicts itself."""

    name: str
    """As on the command line: small letters, digits, underscores."""
    description: str
    """One line: what it measures."""
    plan: type[Any]
    """A frozen dataclass; the docstring beneath each field is its help."""
    function: Callable[..., Stream[Any]]
    """The generator function (lab, plan)."""
    columns: tuple[Column, ...] = ()
    """What its points consist of."""
    programs: "Callable[[Any, Wiring], Mapping[str, Program] | Iterable[Program]] | None" = None
    """(plan, wiring) -> the pulses, as far as they are known before they are played: for a dry run and for limits."""
    made_of: "Callable[[Any, Wiring], Iterable[tuple[Any, Iterable[Program]]]] | None" = None
    """The same part by part, each with its own plan, for an experiment that runs others."""
    headline: tuple[Quantity, ...] = ()
    """What it is run for, the main quantity first; none: the numbers of its result that have errors."""
    concludes: tuple[str, ...] = ()
    """Keys of its result that say in one line what came out; none: those of the headline."""
    in_words: Callable[[Mapping[str, Any], Quoted], str] | None = None
    """(result, quoted) -> that line, where keys alone do not say it."""
    calibrates: tuple[str, ...] = ()
    """What it stores for others: the first parts of the calibrations' keys, 'field' for field.x_a."""
    needs: tuple[str, ...] = ()
    """What of that others must have stored before it can begin."""
    figure: str = GENERIC
    """'package.module:function' of (points, result) -> Figure or None; GENERIC, or NO_FIGURE."""
    docks: tuple[str, ...] = ()
    """Titles of the docks of the window that show it, that which shows most first; none: the one for all columns."""
    filled_by: str = ""
    """Of an experiment that runs others: the one that most of its time is spent on."""

    def __post_init__(self) -> None:
        if faults := list(self._faults()):
            raise ValueError("; ".join(faults))

    def parts(self, plan: Any, wiring: "Wiring") -> "list[tuple[Any, list[Program]]]":
        """Its programs with the plan that they are played by: its own, or those of the parts that it is made of."""
        if self.made_of is not None:
            return [(part, list(played)) for part, played in self.made_of(plan, wiring)]
        made = self.programs(plan, wiring) if self.programs else ()
        return [(plan, list(made.values() if isinstance(made, Mapping) else made))]

    def _faults(self) -> Iterable[str]:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            yield f"its name is {self.name!r}: take small letters, digits and underscores, a letter first"
        if not (dataclasses.is_dataclass(self.plan) and isinstance(self.plan, type)):
            yield f"its plan is {self.plan!r}, which is no dataclass"
        elif not self.plan.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            yield f"its plan {self.plan.__name__} can be changed: write @dataclass(frozen=True)"
        if not inspect.isgeneratorfunction(self.function):
            yield f"its function {getattr(self.function, '__name__', self.function)!r} yields nothing"
        names = [column.name for column in self.columns]
        if twice := {name for name in names if names.count(name) > 1}:
            yield f"it has two columns of the name {', '.join(sorted(twice))}"
        if strange := {one for column in self.columns for one in column.setpoints} - set(names):
            yield f"a column names the setpoint {', '.join(sorted(strange))}, which is no column"
        if self.figure not in (GENERIC, NO_FIGURE) and not _PLACE.fullmatch(self.figure):
            yield f"its figure is {self.figure!r}: write 'package.module:function'"


def forecast_s(plan: Any) -> float | None:
    """Laboratory time that a plan foresees: its `duration_s`; None if it foresees none."""
    found = getattr(plan, "duration_s", None)
    return None if found is None else float(found)
