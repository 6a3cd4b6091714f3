"""SCPI without I/O: bytes to commands, commands to a table, refusals to an error queue.

A header is written as in the manuals, "[:SOURce#]:FUNCtion:MODE": capitals are the short form, brackets may be left
out, # is a channel. Within a message a unit that does not begin with a colon continues the path of the one before it.
"""

import re
from collections import deque
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
_EVENT_BITS: Final = {1: 32, 2: 16, 3: 8, 4: 4}
"""Hundreds of the error code -> bit of the standard event register."""
_POWER_ON: Final = 128
_QUEUE_LENGTH: Final = 30
_NUMBER: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?)\s*([A-Z]*)", re.IGNORECASE)
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


@dataclass(frozen=True)
class Command:
    """What a header does: `ask(channel, arguments)` answers it, `tell(channel, arguments)` obeys it."""

    header: str
    ask: Callable[[int, tuple[str, ...]], str] | None = None
    tell: Callable[[int, tuple[str, ...]], None] | None = None


@dataclass(frozen=True)
class Setting:
    """A value that is set and read back."""

    header: str
    key: str
    initial: Value
    """After power-on and *RST."""
    parse: Callable[[str], Value]
    show: Callable[[Value], str]


def units(message: str) -> Iterator[Unit]:
    """The units of a message with their paths completed. Raises Refusal where the syntax breaks."""
    path = ""
    for text in message.split(";"):
        head, _, data = text.strip().partition(" ")
        if not head:
            continue
        header = head.rstrip("?").upper()
        if not header.startswith("*"):
            header = header if header.startswith(":") else f"{path}:{header}"
            path = header.rpartition(":")[0]
        if not re.fullmatch(r"\*[A-Z]+|(?::[A-Z]+\d*)+", header):
            raise Refusal(-102)
        arguments = tuple(part.strip() for part in data.split(",")) if data.strip() else ()
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
    """(@1,2) -> [1, 2]; channel 1 if nothing is named."""
    text = ",".join(arguments)
    if not text:
        return [1]
    match = re.fullmatch(r"\(@(\d+(?:,\d+)*)\)", text.replace(" ", ""))
    if match is None:
        raise Refusal(-104)
    return [int(channel) for channel in match[1].split(",")]


class ScpiInstrument:
    """Common commands, status registers, error queue, and the table of a concrete instrument."""

    def __init__(self, identity: str, settings: Sequence[Setting], channels: int = 1, positive_sign: str = "") -> None:
        """positive_sign: what the instrument writes before the zero of `0,"No error"`."""
        self.identity = identity
        self.channels = channels
        self._no_error = f'{positive_sign}0,"No error"'
        self._settings = settings
        self._errors: deque[str] = deque()
        self._event_status = _POWER_ON
        self._masks = {"*ESE": 0, "*SRE": 0}
        self.values: list[dict[str, Value]] = []
        self._initialise()
        table = (*self._common(), *map(self._stored, settings), *self.commands())
        self._table = [(header_pattern(command.header), command) for command in table]

    # ---- what a concrete instrument adds -----------------------------------------------------------------------

    def commands(self) -> Sequence[Command]:
        """Commands that are more than a stored value."""
        return ()

    def check(self, channel: int, key: str, value: Value) -> Value:  # noqa: ARG002  a hook
        """The value as the instrument takes it, rounded for instance. Raises Refusal if other settings forbid it."""
        return value

    def changed(self, channel: int, key: str) -> None:
        """Called after a setting has been stored."""

    def status(self) -> int:
        """Bits of the status byte that are the instrument's own."""
        return 0

    def reset(self) -> None:
        """*RST."""
        self._initialise()
        for channel in range(1, self.channels + 1):
            self.changed(channel, "")

    def clear(self) -> None:
        """*CLS."""
        self._errors.clear()
        self._event_status = 0

    # ---- the wire ----------------------------------------------------------------------------------------------

    def answer(self, message: bytes) -> bytes | None:
        """Reply to a message: the answers of its queries joined by semicolons. A command error ends the message."""
        replies: list[str] = []
        try:
            for unit in units(message.decode("ascii", "replace")):
                replies += self._run(unit)
        except Refusal as refusal:
            self.queue(refusal)
        return ";".join(replies).encode() if replies else None

    def queue(self, refusal: Refusal) -> None:
        """Remember an error for SYST:ERR?."""
        self._event_status |= _EVENT_BITS.get(-refusal.code // 100, 8)
        if len(self._errors) < _QUEUE_LENGTH:
            self._errors.append(str(refusal))
        else:
            self._errors[-1] = str(Refusal(-350))

    @property
    def error_available(self) -> bool:
        return bool(self._errors)

    def _run(self, unit: Unit) -> list[str]:
        try:
            channel, command = self._find(unit)
            if unit.query and command.ask:
                return [command.ask(channel, unit.arguments)]
            if not unit.query and command.tell:
                command.tell(channel, unit.arguments)
                return []
            raise Refusal(-113)
        except Refusal as refusal:
            if refusal.code > -200:
                raise
            self.queue(refusal)
            return []

    def _find(self, unit: Unit) -> tuple[int, Command]:
        for pattern, command in self._table:
            match = pattern.fullmatch(unit.header)
            if match:
                channel = int(match.groupdict().get("channel") or 1)
                if not 1 <= channel <= self.channels:
                    raise Refusal(-114)
                return channel, command
        raise Refusal(-113)

    def _initialise(self) -> None:
        self.values = [{s.key: s.initial for s in self._settings} for _ in range(self.channels + 1)]

    def _stored(self, setting: Setting) -> Command:
        def ask(channel: int, arguments: tuple[str, ...]) -> str:
            return setting.show(setting.parse(arguments[0]) if arguments else self.values[channel][setting.key])

        def tell(channel: int, arguments: tuple[str, ...]) -> None:
            value = self.check(channel, setting.key, setting.parse(only(arguments)))
            self.values[channel][setting.key] = value
            self.changed(channel, setting.key)

        return Command(setting.header, ask, tell)

    def _common(self) -> Sequence[Command]:
        return (
            Command("*IDN", lambda _, __: self.identity),
            Command("*RST", tell=lambda _, __: self.reset()),
            Command("*CLS", tell=lambda _, __: self.clear()),
            Command("*OPC", lambda _, __: "1", lambda _, __: self._complete()),
            Command("*WAI", tell=lambda _, __: None),
            Command("*TST", lambda _, __: "0"),
            Command("*ESR", lambda _, __: self._read_events()),
            Command("*STB", lambda _, __: str(self._status_byte())),
            *(self._mask(name) for name in self._masks),
            Command(":SYSTem:ERRor[:NEXT]", lambda _, __: self._next_error()),
        )

    def _mask(self, name: str) -> Command:
        def tell(_: int, arguments: tuple[str, ...]) -> None:
            self._masks[name] = int(float(number(0, 255)(only(arguments))))

        return Command(name, lambda _, __: str(self._masks[name]), tell)

    def _complete(self) -> None:
        self._event_status |= 1

    def _next_error(self) -> str:
        return self._errors.popleft() if self._errors else self._no_error

    def _read_events(self) -> str:
        events, self._event_status = self._event_status, 0
        return str(events)

    def _status_byte(self) -> int:
        byte = self.status() | (32 if self._event_status & self._masks["*ESE"] else 0) | (4 if self._errors else 0)
        return byte | (64 if byte & self._masks["*SRE"] else 0)


def only(arguments: tuple[str, ...]) -> str:
    """The one argument of a command."""
    if not arguments:
        raise Refusal(-109)
    if len(arguments) > 1:
        raise Refusal(-108)
    return arguments[0]
