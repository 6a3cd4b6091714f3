"""Refusals of the application: what is wrong, at which place, and what would be right. Nothing has happened yet."""

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any


def printable(text: str) -> str:
    """What a terminal can show of a text: a file's own words may hold control sequences, which are told as such."""
    return "".join(sign if sign.isprintable() or sign == "\n" else repr(sign)[1:-1] for sign in text)


class Told(Exception):
    """Something that a person can read as it is: a notebook shows its sentences, and no traceback."""

    def __init__(self, faults: str | Iterable[str]) -> None:
        self.faults = tuple(printable(fault) for fault in ((faults,) if isinstance(faults, str) else faults))
        super().__init__("\n".join(self.faults))

    def _render_traceback_(self) -> list[str]:
        """What IPython asks an exception for."""
        return [f"labctl: {fault}" for fault in self.faults]


class Refusal(Told):
    """Wrong usage or configuration (exit code 2). `faults` lists every one that was found, a sentence each."""


class BenchFault(Told):
    """The bench does not do what it was asked (exit code 1). `faults` names every instrument concerned."""


def known(given: str, names: Sequence[str]) -> str:
    """'did you mean x? Known: …' for a name that is not among these."""
    close = get_close_matches(given, names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}Known: {', '.join(names)}"


def gathered(*checks: Callable[[], Any]) -> list[Any]:
    """What these checks return; if some refuse, one Refusal with the faults of all of them."""
    values: list[Any] = []
    faults: list[str] = []
    for check in checks:
        try:
            values.append(check())
        except Refusal as refusal:
            faults += refusal.faults
    if faults:
        raise Refusal(faults)
    return values
