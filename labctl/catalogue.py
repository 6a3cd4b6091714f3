"""The one list of what can be run: name -> plan, sequence, columns. A sequence is loaded when it is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from labctl.refusals import Refusal, known
from sequences.results import Column, Stream


@dataclass(frozen=True)
class Entry:
    """A sequence by its name; everything else is found in its module by the convention of sequences/."""

    name: str
    """As on the command line, and the name of the generator function."""
    description: str
    """One line: what it measures."""
    module: str = ""
    """Dotted name; default sequences.<name>."""

    @property
    def plan(self) -> type[Any]:
        """The frozen dataclass <Name>Plan."""
        found: type[Any] = getattr(self._module, f"{self.name.capitalize()}Plan")
        return found

    @property
    def function(self) -> Callable[..., Stream[Any]]:
        """The generator function (lab, plan)."""
        found: Callable[..., Stream[Any]] = getattr(self._module, self.name)
        return found

    @property
    def columns(self) -> tuple[Column, ...]:
        """What its points consist of."""
        return tuple(self._module.COLUMNS)

    @property
    def programs(self) -> Callable[..., Any] | None:
        """Its function programs(plan, wiring) that shows the pulses before they are played, if it defines one."""
        found: Callable[..., Any] | None = getattr(self._module, "programs", None)
        return found if getattr(found, "__module__", "") == self._module.__name__ else None

    def parts(self, plan: Any, wiring: Any) -> list[tuple[Any, list[Any]]]:
        """Its programs with the plan that they are played by: its own, or those of the parts that it is made of.

        A module that is made of parts defines parts(plan, wiring).
        """
        found = getattr(self._module, "parts", None)
        if found is not None and found.__module__ == self._module.__name__:
            return list(found(plan, wiring))
        made = self.programs(plan, wiring) if self.programs else ()
        return [(plan, list(made.values() if isinstance(made, Mapping) else made))]

    @property
    def _module(self) -> Any:
        return import_module(self.module or f"sequences.{self.name}")


ENTRIES: Final[dict[str, Entry]] = {
    entry.name: entry
    for entry in (
        Entry("wiring", "check that every line of port 0 drives what station.yaml says"),
        Entry("delays", "how late light and microwave act after their lines, and how the light rises"),
        Entry("odmr", "resonances of the NVs; field and tilt from them"),
        Entry("rabi", "Rabi frequency, and the power that makes a pi/2 pulse a whole number of ticks"),
        Entry("locate", "both NVs in the focal plane, with the doughnut"),
        Entry("align", "bring the field onto the NV axis and to the 13C cross-relaxation resonance"),
        Entry("relaxometry", "cross-relaxation rate against field: the resonance, its rate and width"),
        Entry("calibrate", "the pair with its imperfections: coupling, gates, read-outs, cross-talk, fidelity, lines"),
        Entry("cool", "polarise the baths selectively and measure how cold each one got"),
        Entry("tomography", "the two-spin density matrix after one evolution time"),
        Entry("engine", "the whole experiment: align, calibrate, cool, say what to expect, measure it"),
    )
}


def entry(name: str) -> Entry:
    """The entry of this name. Raises Refusal with the list of names."""
    if name not in ENTRIES:
        raise Refusal(f"There is no sequence {name!r}; {known(name, list(ENTRIES))}")
    return ENTRIES[name]


def columns_of(name: str) -> tuple[Column, ...]:
    """The columns of a sequence's points: what the runner records for a child run."""
    return entry(name).columns
