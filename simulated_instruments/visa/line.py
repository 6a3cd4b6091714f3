"""The wire between a dialect and whoever listens: whole replies with their ends, and all that can happen to them."""

import re
from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np

from simulated_instruments.faults.injector import SLOW_S, TIME_OUT_S, Injector
from simulated_instruments.faults.kinds import Call
from simulated_instruments.faults.script import Fault
from simulated_instruments.setpoints import Setpoints, World

_END: Final = re.compile(rb"(\n\r\?| >|[\r\n]*)\Z")
"""Of a reply: line ends, or a prompt on a line of its own."""
_HAPPENINGS: Final[dict[str, Callable[[Any, Fault], None]]] = {
    "interlock": lambda dialect, _: dialect.open_interlock(True),
    "drop_out": lambda dialect, _: dialect.drop_out(),
    "trip": lambda dialect, _: dialect.trip(),
    "open_coil": lambda dialect, fault: dialect.open_coil(fault.channel, True),
    "overheat": lambda dialect, _: dialect.overheat(True),
    "unlock": lambda dialect, _: dialect.unlock(True),
    "rf_off": lambda dialect, _: dialect.drop_rf(),
    "key": lambda dialect, _: dialect.lock_key(True),
}
_ENDINGS: Final[dict[str, Callable[[Any, Fault], None]]] = {
    "interlock": lambda dialect, _: dialect.open_interlock(False),
    "open_coil": lambda dialect, fault: dialect.open_coil(fault.channel, False),
    "overheat": lambda dialect, _: dialect.overheat(False),
    "unlock": lambda dialect, _: dialect.unlock(False),
    "key": lambda dialect, _: dialect.lock_key(False),
}
"""What is over after a while."""


class Dialect(Protocol):
    """One instrument as its wire knows it."""

    def answer(self, message: bytes) -> bytes | None:
        """Reply to one message, both without terminator; None is silence."""


class LineLost(Exception):
    """The connection is gone: opening it again may help."""


class Line:
    """One instrument on its wire, whatever carries it."""

    def __init__(
        self, name: str, build: Callable[[World], Dialect], world: World, end: bytes, injector: Injector
    ) -> None:
        """name: short name in the faults. build: the instrument in power-on state. end: of its replies."""
        self._name, self._build, self._end, self._injector = name, build, end, injector
        self._world = _Remembering(world)
        self.dialect: Any = build(self._world)
        self.is_mute = False
        """What the reader still waits for will not come."""
        self._late = b""
        self._refusals_left: float = 0
        self._is_unplugged = False

    def exchange(self, message: bytes) -> bytes:
        """Everything that comes back for one message, ends included; empty for silence. Raises LineLost."""
        call, fault = self._injector.begin(self._name, message.decode("ascii", "replace"))
        self.is_mute = False
        self._check_connection()
        late, self._late = self._late, b""
        return late + self._disturbed(call, fault, message)

    def open(self) -> bool:
        """A session is opened on it; False if nobody is there."""
        if not self._is_unplugged:
            self._refusals_left = 0
        return not self._is_unplugged

    @property
    def is_lost(self) -> bool:
        """The connection is broken."""
        return self._refusals_left > 0

    def _check_connection(self) -> None:
        if self.is_lost:
            self._refusals_left -= 1
            raise LineLost(self._name)

    def _disturbed(self, call: Call, fault: Fault | None, message: bytes) -> bytes:
        if fault is None:
            return self._asked(call, message)
        if fault.kind in ("disconnect", "unplugged"):
            self._injector.note(call, fault.kind)
            self._break(fault)
        if fault.kind == "lost":
            self._injector.note(call, fault.kind)
            return self._nothing()
        if fault.kind == "reset" or fault.kind in _HAPPENINGS:
            self._injector.note(call, fault.kind)
            self._happen(fault)
            return self._asked(call, message)
        reply = self._asked(call, message)
        self._injector.note(call, fault.kind, "" if reply else "none: there was no reply")
        return self._spoiled(call, fault, reply) if reply else reply

    def _asked(self, call: Call, message: bytes) -> bytes:
        reply = self.dialect.answer(message)
        if reply is None:
            return b""
        self._injector.answered(call)
        return bytes(reply) + self._end

    def _break(self, fault: Fault) -> None:
        self._is_unplugged = fault.kind == "unplugged"
        self._refusals_left = fault.mends_after or float("inf")
        self._check_connection()

    def _nothing(self) -> bytes:
        """The reader waits in vain."""
        self.is_mute = True
        self._injector.clock.sleep(TIME_OUT_S)
        return b""

    def _happen(self, fault: Fault) -> None:
        if fault.kind == "reset":
            self._power_on()
            return
        _HAPPENINGS[fault.kind](self.dialect, fault)
        if fault.for_s is not None:
            self._injector.later(fault.for_s, lambda: _ENDINGS[fault.kind](self.dialect, fault))

    def _power_on(self) -> None:
        self._world.turn_back()
        self.dialect = self._build(self._world)

    def _spoiled(self, call: Call, fault: Fault, reply: bytes) -> bytes:
        body, end = _END.sub(b"", reply, count=1), _end_of(reply)
        match fault.kind:
            case "unanswered":
                return self._nothing()
            case "late":
                self._late = reply
                return self._nothing()
            case "slow":
                self._injector.clock.sleep(fault.for_s or SLOW_S)
            case "garbage":
                return _noise(call) + end
            case "replaced":
                return fault.text.encode() + end
            case "truncated" | "unterminated":
                self.is_mute = True
                return body[: (len(body) + 1) // 2] if fault.kind == "truncated" else body
            case "twice_terminated":
                return reply + end
        return reply


def _end_of(reply: bytes) -> bytes:
    match = _END.search(reply)
    return match[0] if match else b""


def _noise(call: Call) -> bytes:
    """A few bytes, none of them a line end; the same for the same call."""
    noise = np.random.default_rng(call.overall).integers(0, 256, 12, dtype=np.uint8).tobytes()
    return noise.translate(None, b"\r\n?")


class _Remembering:
    """The world, and which of its setpoints an instrument has turned."""

    def __init__(self, world: World) -> None:
        self._world, self._turned = world, set[str]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)

    def turn(self, **changes: object) -> None:
        """Set some fields of the setpoints."""
        self._turned |= changes.keys()
        self._world.turn(**changes)

    def turn_back(self) -> None:
        """Leave every setpoint that was turned where it is while everything is off."""
        if self._turned:
            self._world.turn(**{name: getattr(Setpoints(), name) for name in self._turned})
