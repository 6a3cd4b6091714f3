"""The commands of `labctl hand`: a line in, lines out. Everything that is not a command is refused with a sentence."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import takewhile
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
_QUIT: Final = ("quit", "exit", "q")
_POINT_S: Final = 1.0
"""Laboratory time of a point that is watched."""
_LONGEST_S: Final = 86400.0


_FORMS: Final[Mapping[str, str]] = {"get": "get NAME", "set": "set NAME VALUE", "watch": "watch NAME [SECONDS]"}
_ALONE: Final = ("list", "off", "help", *_QUIT)


def check(line: str) -> None:
    """Raises Refusal if a line is no command, whatever bench it is said to: a wrong word, or too few of them."""
    verb, *rest = _split(line)
    if not verb or is_end(line):
        return
    if verb not in (*_FORMS, *_ALONE):
        raise Refusal(f"{verb!r} is no command; {known(verb, (*_FORMS, *_ALONE))}")
    least, most = {"get": (1, 1), "set": (2, 2), "watch": (1, 2)}.get(verb, (0, 0))
    if not least <= len(rest) <= most:
        raise Refusal(f"Say: {_FORMS.get(verb, verb)}")
    if verb == "watch" and len(rest) == 2:
        _seconds(rest[1])


def is_end(line: str) -> bool:
    """Whether somebody has had enough."""
    return _split(line)[0] in _QUIT and len(_split(line)) == 1


def check_all(lines: Iterable[str]) -> None:
    """Of all that come before the end. Raises Refusal for the first one that is no command."""
    for line in takewhile(lambda line: not is_end(line), lines):
        check(line)


def _split(line: str) -> list[str]:
    """Its words, without what stands behind a #."""
    return line.split("#", 1)[0].split() or [""]


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
        check(line)
        verb, *rest = _split(line)
        if not verb:
            return
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
        (name,) = words
        yield f"{name}: {self._hand.control(name).said(self._hand.value(name))}"

    def _set(self, words: list[str]) -> Iterator[str]:
        name, value = words
        yield str(self._hand.set(name, value))

    def _off(self, _: list[str]) -> Iterator[str]:
        yield "; ".join(self._hand.dark())

    def _watch(self, words: list[str]) -> Iterator[str]:
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


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.0 < seconds <= _LONGEST_S:
        raise Refusal(f"Watch for more than 0 and at most {_LONGEST_S:g} s, not {text!r}")
    return seconds
