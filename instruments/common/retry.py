"""Makes any VISA instrument steady: what a bad line spoiled is repeated if that is safe; no late answer is believed.

After anything that went wrong the line is in doubt: an answer may still be under way, and would be taken for that to
the next question. So before the next exchange the device is asked who it is, and what comes before that is thrown away.
"""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, TypeVar

from pyvisa.constants import StatusCode
from pyvisa.errors import Error as VisaError
from pyvisa.errors import InvalidSession
from pyvisa.resources import MessageBasedResource, SerialInstrument, TCPIPSocket
from qcodes.instrument import VisaInstrument
from qcodes.parameters import ParameterBase

from instruments.common.errors import GarbledError, InstrumentError

T = TypeVar("T")

TRIES: Final = 3
"""Of an exchange that may be repeated."""
RECOVERY_S: Final = 1.0
"""How long a device that is asked who it is may take to answer."""
DRAIN_S: Final = 0.2
"""Silence after which nothing more is expected to come."""
_MOST_LATE: Final = 50
"""Lines thrown away before a device counts as babbling."""
_REMEDY: Final = "Is it on and connected, and does no other program hold it? Look at its cable and its display"


@dataclass(frozen=True)
class Habits:
    """What has to be known of a driver's language: a driver has them as its attribute `habits`, or these.

    Triggers, resets, stores and programs do more the second time; an error queue forgets what it has told; and light is
    not lit twice without looking.
    """

    identity: str = "*IDN?"
    """Question whose answer is always the same, and like no other."""
    ends: str | None = None
    """What ends that answer, where it is not what ends all others."""
    once: re.Pattern[str] = re.compile(r"(?!)")
    """Commands that are never repeated by themselves: a second one does more, or the first one's answer is lost."""
    form: re.Pattern[str] = re.compile(r".+", re.DOTALL)
    """Of every answer: one that is cut off shows by it."""


def each(value: str) -> re.Pattern[str]:
    """Answers of this form with semicolons between them; or text, which has commas."""
    return re.compile(rf"(?:{value})(?:;(?:{value}))*|.+,.+")


_SPOILED: Final = (VisaError, OSError, UnicodeDecodeError)
_GARBLED: Final = (*_SPOILED, ValueError, LookupError, OverflowError, RuntimeError)
"""What a parser makes of an answer that is none; the Sprout's driver says RuntimeError."""
_LOST: Final = frozenset(
    {
        StatusCode.error_connection_lost,
        StatusCode.error_io,
        StatusCode.error_invalid_object,
        StatusCode.error_resource_not_found,
        StatusCode.error_no_listeners,
        StatusCode.error_system_error,
    }
)


class LineError(InstrumentError):
    """An instrument did not answer, or not in its own language."""

    def __init__(self, instrument: VisaInstrument, exchange: str, came_back: str, repeatable: bool = False) -> None:
        """repeatable: it was tried only once; whoever knows what the exchange was for may try the whole again."""
        address = str(instrument._legacy_address)
        tried = "once, for it must not be repeated" if repeatable else f"{TRIES} times"
        super().__init__(
            f"{instrument.root_instrument.name} at {address}: {exchange} failed (tried {tried}): {came_back}",
            instrument=str(instrument.root_instrument.name),
            remedy=_REMEDY,
        )
        self.address, self.exchange, self.came_back, self.repeatable = address, exchange, came_back, repeatable


class Line:
    """The line to one instrument, and whether an answer may still be under way on it."""

    def __init__(self, instrument: VisaInstrument, lock: AbstractContextManager[Any]) -> None:
        """lock: held while the line is brought back; whoever speaks on it holds it too."""
        self._instrument, self._lock = instrument, lock
        self._habits = getattr(type(instrument), "habits", Habits())
        handle = instrument.visa_handle
        self._baud_rate = handle.baud_rate if isinstance(handle, SerialInstrument) else None
        self._is_socket = isinstance(handle, TCPIPSocket)  # cannot be cleared; what is under way dies with it
        self._known = ""
        self._in_doubt = False
        self._lost = False
        with suppress(*_SPOILED):
            self._known = self._told()

    def repeats(self, exchange: str) -> bool:
        """May this command be sent again if nobody knows whether it arrived?"""
        return self._habits.once.fullmatch(exchange.strip()) is None

    def carried(self, exchange: str, act: Callable[[], T], safe: bool, spoiled: tuple[type[Exception], ...]) -> T:
        """What `act` returns, repeated if it is spoiled by the line and safe to repeat. Raises LineError."""
        for tries in range(1, TRIES + 1):
            self._settle(exchange)
            try:
                return act()
            except LineError as error:
                if not (safe and error.repeatable and tries < TRIES):
                    raise
            except BaseException as error:
                self._in_doubt |= not isinstance(error, InstrumentError) or isinstance(error, GarbledError)
                if not isinstance(error, (GarbledError, *spoiled)) or _is_refusal(error):
                    raise
                self._note(exchange, error)
                if not safe or tries == TRIES:
                    raise LineError(self._instrument, exchange, _words(error), repeatable=not safe) from error
        raise AssertionError(exchange)

    def _note(self, exchange: str, error: BaseException) -> None:
        self._instrument.log.warning("%s: %s", exchange, _words(error))
        code = getattr(error, "error_code", None)
        self._lost |= code in _LOST or isinstance(error, OSError | InvalidSession)

    def formed(self, exchange: str, answer: T) -> T:
        """An answer as it is, if it looks like one of this device."""
        if isinstance(answer, str) and not self._habits.form.fullmatch(answer.strip()):
            raise GarbledError(self._instrument.name, repr(exchange), answer)
        return answer

    def _settle(self, exchange: str) -> None:
        """Bring a line that is in doubt to where the next answer is the one to the next question."""
        if not self._in_doubt:
            return
        with self._lock:
            self._in_doubt = False  # what follows is spoken over this line too
            for reopen in (True,) if self._lost or self._is_socket else (False, True):
                try:
                    if self._agrees(reopen):
                        self._lost = False
                        return
                except _SPOILED as error:
                    said = _words(error)
                else:
                    said = f"its answer to {self._habits.identity!r} does not come"
            self._in_doubt = True
        raise LineError(self._instrument, exchange, said)

    def _agrees(self, reopen: bool) -> bool:
        """Ask the device who it is, and read until it says so."""
        handle = self._instrument.visa_handle
        if reopen:
            self._reopen(handle)
        else:
            with suppress(*_SPOILED):
                self._instrument.device_clear()
        with _patience(handle, RECOVERY_S):
            said = self._told()
            for _ in range(_MOST_LATE):
                if said.endswith(self._known):
                    break
                said = self._heard()
            else:
                return False
        if reopen or not self._known:  # asked twice, it may answer twice
            self._drain(handle)
        return True

    def _drain(self, handle: MessageBasedResource) -> None:
        """Read until nothing more comes."""
        with suppress(*_SPOILED), _patience(handle, DRAIN_S):
            for _ in range(_MOST_LATE):
                self._heard()

    def _reopen(self, handle: MessageBasedResource) -> None:
        with suppress(*_SPOILED):
            handle.close()
        handle.open(open_timeout=round(1e3 * RECOVERY_S))
        handle.write_termination = handle.write_termination
        handle.read_termination = handle.read_termination
        self._instrument.timeout.set(self._instrument.timeout.cache())
        if isinstance(handle, SerialInstrument) and self._baud_rate is not None:
            handle.baud_rate = self._baud_rate

    def _told(self) -> str:
        """The first message after the question who it is."""
        if rest := getattr(self._instrument, "rest", None):
            rest()
        self._instrument.visa_handle.write(self._habits.identity)
        return self._heard()

    def _heard(self) -> str:
        """The next message, whatever it is."""
        try:
            return str(self._instrument.visa_handle.read(termination=self._habits.ends)).strip()
        except (GarbledError, UnicodeDecodeError):
            return ""


def make_steady(instrument: VisaInstrument, lock: AbstractContextManager[Any]) -> None:
    """Let this instrument's exchanges, and its parameters as a whole, be repeated where that is safe.

    lock: held by whoever speaks to it, from several threads. Parameters are repeated as a whole because that is where
    an answer is understood, or is not; setting one again is always safe.
    """
    setattr(instrument.visa_handle, "read", _whole_read(instrument))  # noqa: B010  # an instance's own
    line = Line(instrument, lock)
    for name in ("ask_raw", "write_raw", "_block"):
        if (speak := getattr(instrument, name, None)) is not None:
            setattr(instrument, name, _exchange(line, speak))
    for part in (instrument, *instrument.instrument_modules.values()):
        for parameter in part.parameters.values():
            if parameter is not instrument.timeout:
                _steady_parameter(line, parameter)


def _exchange(line: Line, speak: Callable[..., T]) -> Callable[..., T]:
    @wraps(speak)
    def exchange(cmd: str, *arguments: Any) -> T:
        return line.carried(repr(cmd), lambda: line.formed(cmd, speak(cmd, *arguments)), line.repeats(cmd), _SPOILED)

    return exchange


def _steady_parameter(line: Line, parameter: ParameterBase) -> None:
    """A value that its validator refuses is the asker's affair; whatever else does not parse was spoiled."""
    ask: Any = getattr(parameter, "get", None)
    give: Any = getattr(parameter, "set", None)

    def get() -> Any:
        return line.carried(f"asking {parameter.full_name}", lambda: _number(ask(), parameter), True, _GARBLED)

    def set_(value: Any, **named: Any) -> None:
        parameter.validate(value)
        line.carried(f"setting {parameter.full_name} to {value!r}", lambda: give(value, **named), True, _GARBLED)

    for name, own, steady in (("get", ask, get), ("set", give, set_)):
        if own is not None:
            setattr(parameter, name, wraps(own)(steady))


def _number(value: Any, parameter: ParameterBase) -> Any:
    """A value as it is. Raises ValueError for a number that is none, unless the parameter's metadata expect it."""
    if isinstance(value, float) and not math.isfinite(value) and str(value) not in parameter.metadata:
        raise ValueError(f"{value} is no number")
    return value


def _whole_read(instrument: VisaInstrument) -> Callable[..., str]:
    """Reads as PyVISA does, but raises GarbledError where the end of the message is missing."""
    handle = instrument.visa_handle

    def read(termination: str | None = None, encoding: str | None = None) -> str:
        usual = handle.read_termination
        ends = usual if termination is None else termination
        try:
            if ends != usual:
                handle.read_termination = ends
            message = handle.read_raw().decode(encoding or handle.encoding)
        finally:
            if ends != usual:
                handle.read_termination = usual
        if ends and not message.endswith(ends):
            raise GarbledError(instrument.name, "a message without its end", message)
        return message.removesuffix(ends or "")

    return read


@contextmanager
def _patience(handle: MessageBasedResource, most_s: float) -> Iterator[None]:
    """Wait no longer than this for a message, meanwhile."""
    usual_ms = handle.timeout
    handle.timeout = min(usual_ms, 1e3 * most_s)
    try:
        yield
    finally:
        with suppress(*_SPOILED):
            handle.timeout = usual_ms


def _is_refusal(error: BaseException) -> bool:
    """Did the instrument understand, and decline?"""
    return isinstance(error, InstrumentError) and not isinstance(error, GarbledError)


def _words(error: BaseException) -> str:
    """What came back, as a reader wants it."""
    if getattr(error, "error_code", None) == StatusCode.error_timeout:
        return "no answer came in time"
    if isinstance(error, GarbledError):
        return f"{error.came_back!r} came back, which is no answer"
    return " ".join(str(error.args[0] if error.args else type(error).__name__).split())
