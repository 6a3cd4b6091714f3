"""The SCPI language, without I/O: messages to units, headers of the manuals to patterns, words to values.

A header is written as in the manuals, "[:SOURce#]:FUNCtion:MODE": capitals are the short form, brackets may be left
out, # is a channel. Within a message a unit that does not begin with a colon continues the path of the one before it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

Value = float | bool | str

_MESSAGES: Final = {
    -102: "Syntax error",
    -104: "Data type error",
    -108: "Parameter not allowed",
    -109: "Missing parameter",
    -113: "Undefined header",
    -114: "Header suffix out of range",
    -131: "Invalid suffix",
    -141: "Invalid character data",
    -221: "Settings conflict",
    -222: "Data out of range",
    -224: "Illegal parameter value",
    -241: "Hardware missing",
    -350: "Queue overflow",
}
_NUMBER: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?)\s*([A-Z]*)", re.IGNORECASE)
_LIMITS: Final = frozenset({"MIN", "MINIMUM", "MAX", "MAXIMUM", "DEF", "DEFAULT"})
_MOST_CHANNELS: Final = 100
"""More than any instrument has."""
_UNITS: Final = ("OHM", "HZ", "A", "V", "S")
_MULTIPLIERS: Final = {"": 1.0, "N": 1e-9, "U": 1e-6, "M": 1e-3, "K": 1e3, "MA": 1e6, "G": 1e9}


class Refusal(Exception):
    """A command that the instrument refuses; the code goes to its error queue."""

    def __init__(self, code: int) -> None:
        super().__init__(f'{code},"{_MESSAGES[code]}"')
        self.code = code


@dataclass(frozen=True)
class Unit:
    """One unit of a message."""

    header: str
    """Absolute path in capitals, ":SOUR1:CURR" or "*CLS", without the question mark."""
    query: bool
    arguments: tuple[str, ...]


def units(message: str) -> Iterator[Unit]:
    """The units of a message with their paths completed. Raises Refusal where the syntax breaks."""
    path = ""
    for text in message.split(";"):
        if not text.strip():
            continue
        head, *data = text.split(maxsplit=1)  # any white space parts a header from its data: IEEE 488.2, 7.4.1.2
        header = head.rstrip("?").upper()
        if not header.startswith("*"):
            header = header if header.startswith(":") else f"{path}:{header}"
            path = header.rpartition(":")[0]
        if not re.fullmatch(r"\*[A-Z]+|(?::[A-Z]+\d*)+", header):
            raise Refusal(-102)
        arguments = tuple(part.strip() for part in data[0].split(",")) if data else ()
        yield Unit(header, head.endswith("?"), arguments)


def header_pattern(header: str) -> re.Pattern[str]:
    """A header of a manual as a regular expression; # becomes the group `channel`."""
    out = ""
    for token in re.findall(r"\[|\]|:|\*|#|[A-Za-z]+", header):
        match token:
            case "[":
                out += "(?:"
            case "]":
                out += ")?"
            case "#":
                out += r"(?P<channel>\d*)"
            case "*":
                out += r"\*"
            case ":":
                out += ":"
            case _:
                short = "".join(letter for letter in token if letter.isupper())
                out += f"(?:{short}|{token.upper()})"
    return re.compile(out)


def number(low: float, high: float, default: float | None = None) -> Callable[[str], Value]:
    """Parses "0.5", "500 mA", MIN, MAX and DEF; refuses what lies outside."""

    def parse(text: str) -> float:
        words = {"MIN": low, "MINIMUM": low, "MAX": high, "MAXIMUM": high}
        if default is not None:
            words |= {"DEF": default, "DEFAULT": default}
        value = words.get(text.upper())
        if value is None:
            value = _quantity(text)
        if not low <= value <= high:
            raise Refusal(-222)
        return value

    return parse


def _quantity(text: str) -> float:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise Refusal(-104)
    suffix = match[2].upper()
    unit = next((u for u in _UNITS if suffix.endswith(u)), "")
    factor = _MULTIPLIERS.get(suffix.removesuffix(unit)) if suffix == "" or unit else None
    if factor is None:
        raise Refusal(-131)
    return float(match[1]) * factor


def boolean(text: str) -> Value:
    """Parses 0, 1, OFF and ON."""
    try:
        return {"0": False, "OFF": False, "1": True, "ON": True}[text.upper()]
    except KeyError:
        raise Refusal(-224 if _NUMBER.fullmatch(text) else -141) from None


def choice(*words: str) -> Callable[[str], Value]:
    """Parses one of some words, short or long; the value is the short form."""
    forms = {word.upper(): "".join(c for c in word if c.isupper()) for word in words}
    forms |= {short: short for short in forms.values()}

    def parse(text: str) -> str:
        try:
            return forms[text.upper()]
        except KeyError:
            raise Refusal(-224 if _NUMBER.fullmatch(text) else -141) from None

    return parse


def show_integer(value: Value) -> str:
    """NR1."""
    return str(int(value))


def show_exponent(value: Value) -> str:
    """NR3 as Keysight writes it: +9.31800000E-01."""
    return f"{float(value):+.8E}"


def channel_list(arguments: Sequence[str]) -> list[int]:
    """(@1,2), (@2,1), (@1:2) or (@2:1) -> [1, 2]: in the order of the channels; channel 1 if nothing is named."""
    text = re.sub(r"\s", "", ",".join(arguments))
    if not text:
        return [1]
    match = re.fullmatch(r"\(@(\d+(?::\d+)?(?:,\d+(?::\d+)?)*)\)", text)
    if match is None:
        raise Refusal(-104)
    return sorted({channel for part in match[1].split(",") for channel in _channels(part)})


def _channels(part: str) -> range:
    first, _, last = part.partition(":")
    low, high = sorted((int(first), int(last or first)))
    if high > _MOST_CHANNELS:
        raise Refusal(-222)
    return range(low, high + 1)


def only(arguments: tuple[str, ...]) -> str:
    """The one argument of a command."""
    if not arguments:
        raise Refusal(-109)
    if len(arguments) > 1:
        raise Refusal(-108)
    return arguments[0]


def none(arguments: tuple[str, ...]) -> None:
    """Refuses arguments of a command that has none."""
    if arguments:
        raise Refusal(-108)


def limit(arguments: tuple[str, ...]) -> str:
    """The argument of a question about a setting: which of its limits, MIN, MAX or DEF, is asked for."""
    if only(arguments).upper() not in _LIMITS:
        raise Refusal(-108)
    return arguments[0]
