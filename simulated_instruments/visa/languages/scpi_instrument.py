"""What SCPI instruments share: a table of headers, common commands, status registers and the error queue; no I/O."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from simulated_instruments.visa.languages.scpi import (
    Refusal,
    Unit,
    Value,
    header_pattern,
    limit,
    none,
    number,
    only,
    units,
)

_EVENT_BITS: Final = {1: 32, 2: 16, 3: 8, 4: 4}
"""Hundreds of the error code -> bit of the standard event register."""
_POWER_ON: Final = 128
_QUEUE_LENGTH: Final = 30
_ERROR_AVAILABLE, _EVENT_SUMMARY, _SERVICE_REQUEST = 4, 32, 64


Ask = Callable[[int, tuple[str, ...]], str]
Tell = Callable[[int, tuple[str, ...]], object]


@dataclass(frozen=True)
class Command:
    """What a header does: `ask(channel, arguments)` answers it, `tell(channel, arguments)` obeys it."""

    header: str
    ask: Ask | None = None
    tell: Tell | None = None


def asked(answer: Callable[[], str]) -> Ask:
    """How a question is answered that has no arguments."""

    def ask(_: int, arguments: tuple[str, ...]) -> str:
        none(arguments)
        return answer()

    return ask


def told(obey: Callable[[], object]) -> Tell:
    """How an order is obeyed that has no arguments."""

    def tell(_: int, arguments: tuple[str, ...]) -> None:
        none(arguments)
        obey()

    return tell


@dataclass(frozen=True)
class Setting:
    """A value that is set and read back."""

    header: str
    key: str
    initial: Value
    """After power-on and *RST."""
    parse: Callable[[str], Value]
    show: Callable[[Value], str]


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
            return setting.show(setting.parse(limit(arguments)) if arguments else self.values[channel][setting.key])

        def tell(channel: int, arguments: tuple[str, ...]) -> None:
            value = self.check(channel, setting.key, setting.parse(only(arguments)))
            self.values[channel][setting.key] = value
            self.changed(channel, setting.key)

        return Command(setting.header, ask, tell)

    def _common(self) -> Sequence[Command]:
        return (
            Command("*IDN", asked(lambda: self.identity)),
            Command("*RST", tell=told(self.reset)),
            Command("*CLS", tell=told(self.clear)),
            Command("*OPC", asked(lambda: "1"), told(self._complete)),
            Command("*WAI", tell=told(lambda: None)),
            Command("*TST", asked(lambda: "0")),
            Command("*ESR", asked(self._read_events)),
            Command("*STB", asked(lambda: str(self._status_byte()))),
            *(self._mask(name) for name in self._masks),
            Command(":SYSTem:ERRor[:NEXT]", asked(self._next_error)),
        )

    def _mask(self, name: str) -> Command:
        def tell(_: int, arguments: tuple[str, ...]) -> None:
            self._masks[name] = int(float(number(0, 255)(only(arguments))))

        return Command(name, asked(lambda: str(self._masks[name])), tell)

    def _complete(self) -> None:
        self._event_status |= 1

    def _next_error(self) -> str:
        return self._errors.popleft() if self._errors else self._no_error

    def _read_events(self) -> str:
        events, self._event_status = self._event_status, 0
        return str(events)

    def _status_byte(self) -> int:
        byte = self.status() | (_ERROR_AVAILABLE if self._errors else 0)
        byte |= _EVENT_SUMMARY if self._event_status & self._masks["*ESE"] else 0
        return byte | (_SERVICE_REQUEST if byte & self._masks["*SRE"] else 0)
