"""The commands of `labctl hand`: a line in, lines out. Everything that is not a command is refused with a sentence."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from labctl.common.refusals import BenchFault, Refusal, known
from labctl.hand.by_hand import ByHand
from labctl.hand.counters import COUNTERS

HELP: Final = """\
list                      every control with its value and its limits
get NAME                  one of them
set NAME VALUE            set it: a number in its unit, or on/off, high/low
watch NAME [SECONDS]      a counter (counts, signal, reference) or a control, once a second; else until the next line
off                       dark now: lines low, light, microwave and pulsed coils off; the magnet keeps its field
help                      these lines
quit                      leave the bench safe, and end; so does the end of the input"""
QUIT: Final = ("quit", "exit", "q")
_POINT_S: Final = 1.0
"""Laboratory time of a point that is watched."""
_LONGEST_S: Final = 86400.0


class Commands:
    """What somebody may say at a bench."""

    def __init__(self, hand: ByHand, interrupted: Callable[[], bool] = lambda: False) -> None:
        """interrupted: whether what is watched without an end shall end."""
        self._hand, self._interrupted = hand, interrupted
        self._known: Mapping[str, Callable[[list[str]], Iterator[str]]] = {
            "list": self._list,
            "get": self._get,
            "set": self._set,
            "watch": self._watch,
            "off": self._off,
            "help": self._help,
        }

    def obey(self, line: str) -> Iterator[str]:
        """Do what a line says, and yield what it answers. An empty line, and one that begins with #, does nothing.

        Raises Refusal if nothing was done, BenchFault if the bench does not do it.
        """
        verb, *rest = line.split("#", 1)[0].split() or [""]
        if not verb:
            return
        if verb not in self._known:
            raise Refusal(f"{verb!r} is no command; {known(verb, (*self._known, QUIT[0]))}")
        yield from self._known[verb](rest)

    def _help(self, _: list[str]) -> Iterator[str]:
        yield HELP

    def _list(self, _: list[str]) -> Iterator[str]:
        """One that does not answer is told in its place."""
        width = max(map(len, self._hand.controls))
        for name, control in self._hand.controls.items():
            try:
                value = control.said(self._hand.value(name))
            except BenchFault as fault:
                value = f"does not answer ({fault.faults[0]})"
            yield f"{name:{width}}  {value:>18}  {control.limits}"

    def _get(self, words: list[str]) -> Iterator[str]:
        (name,) = _exactly(words, "get NAME")
        yield f"{name}: {self._hand.control(name).said(self._hand.value(name))}"

    def _set(self, words: list[str]) -> Iterator[str]:
        name, value = _exactly(words, "set NAME VALUE")
        yield str(self._hand.set(name, value))

    def _off(self, _: list[str]) -> Iterator[str]:
        yield "; ".join(self._hand.dark())

    def _watch(self, words: list[str]) -> Iterator[str]:
        if not 1 <= len(words) <= 2:
            raise Refusal("Say: watch NAME [SECONDS]")
        name, seconds = words[0], _seconds(words[1]) if len(words) == 2 else math.inf
        if name not in COUNTERS and name not in self._hand.controls:
            raise Refusal(f"{name!r} cannot be watched; {known(name, (*COUNTERS, *self._hand.controls))}")
        passed_s = 0.0
        while passed_s < seconds and not (math.isinf(seconds) and passed_s and self._interrupted()):
            point_s = min(_POINT_S, seconds - passed_s)
            rate = self._hand.count(point_s)  # it also lets the laboratory's time pass
            passed_s += point_s
            self._hand.look()
            if name in COUNTERS:
                yield f"{passed_s:8.1f} s  {name} {rate[name].cps:.0f} ± {rate[name].cps_err:.0f} /s"
            else:
                yield f"{passed_s:8.1f} s  {name} {self._hand.control(name).said(self._hand.value(name))}"


def _exactly(words: list[str], form: str) -> list[str]:
    if len(words) != len(form.split()) - 1:
        raise Refusal(f"Say: {form}")
    return words


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.0 < seconds <= _LONGEST_S:
        raise Refusal(f"Watch for more than 0 and at most {_LONGEST_S:g} s, not {text!r}")
    return seconds
