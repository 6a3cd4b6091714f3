"""Cobolt 06-DPL, 532 nm, 100 mW: the short command set of the RS-232 heads, power in watts.

Refusals are told apart: an unknown command, a value out of range, and `l1` to a head with autostart. What the manual
leaves open is assumed: a start that a fault or the interlock forbids is refused as if the command were unknown; faults
latch until `cf` finds their cause gone; and the first actual power asked for after the light came on reads `1`, a slip
of these heads that drivers must survive. The 5 V input that `@cobasdr` lets start the head has no cable.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from simulated_instruments.setpoints import World

REFUSED: Final = "Syntax error: illegal command"
OUT_OF_RANGE: Final = "Syntax error: Value is out of range."
AUTOSTARTS: Final = "Syntax error: not allowed in autostart mode."
MAX_POWER_W: Final = 0.1
MAX_CURRENT_MA: Final = 2000.0
MAX_CRYSTAL_C: Final = 100.0
TEC_SETTLING_S: Final = 30.0
"""From power-on until the crystals are at temperature."""
WARM_UP_S: Final = 10.0
"""Of the autostart sequence, once at temperature; there is light already."""

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
"""As programs write it: 0.05, 5e-05."""
_THRESHOLD_MA: Final = 500.0
_SLOPE_W_PER_MA: Final = 1e-4
_RUN_TOGETHER: Final = ("@cobasdr0", "@cobasdr1")
"""Setters that are documented without a space."""


class Stage(IntEnum):
    """Operating mode of a DPL head, as `gom?` numbers it; pycobolt calls the second one "waiting for 5V"."""

    OFF = 0
    WAITING_FOR_KEY = 1
    WAITING_FOR_TEC = 2
    WARM_UP = 3
    COMPLETED = 4
    FAULT = 5
    ABORTED = 6
    MODULATION = 7


class Mode(IntEnum):
    """What is held constant, as `gam?` numbers it."""

    CURRENT = 0
    POWER = 1
    MODULATION = 2


@dataclass
class _Settings:
    """What the commands set, as at power-on."""

    power_w: float = 0.0
    current_ma: float = 0.0
    mode: Mode = Mode.POWER
    autostart: int = 1
    direct: int = 0
    crystal_c: float = 25.0
    """Of the crystal that a modulated head keeps at a temperature of its own."""
    digital: int = 0
    analogue: int = 0
    fifty_ohm: int = 0
    high_ma: float = 0.0
    low_ma: float = 0.0


_LIGHT: Final = (Stage.WARM_UP, Stage.COMPLETED, Stage.MODULATION)


class Cobolt06:
    """One head. Its light follows at every message and at every hand laid on key or interlock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._set = _Settings()
        self._powered_s = world.clock.now()
        self._started_s: float | None = None
        self._warm_up_s = WARM_UP_S
        self._aborted = False
        self._fault = 0
        self._interlock_open = False
        self._key = True
        self._slip_due = False
        self._queries = self._query_table()
        self._actions = self._action_table()
        self._setters = self._setter_table()

    def answer(self, message: bytes) -> bytes | None:
        """Reply to one command."""
        text = message.decode("ascii", "replace").strip()
        reply = self._reply(text) if text else None
        self._shine()
        return None if reply is None else reply.encode()

    def turn_key(self, on: bool) -> None:
        """The key switch on the controller."""
        self._key = on
        if not on:
            self._started_s = None
        self._shine()

    def open_interlock(self, is_open: bool = True) -> None:
        """The remote interlock plug: opening it is a fault that stays after it is closed."""
        self._interlock_open = is_open
        if is_open:
            self._fault, self._started_s = 3, None
        self._shine()

    def drop_out(self) -> None:
        """The light goes out by itself: the head could not hold its power, and says so until the fault is cleared."""
        self._fault, self._started_s = 4, None
        self._shine()

    # ---- the head itself ---------------------------------------------------------------------------------------

    def _stage(self) -> Stage:
        if self._fault:
            return Stage.FAULT
        if self._aborted:
            return Stage.ABORTED
        if self._started_s is None:
            return Stage.OFF
        if not self._key:
            return Stage.WAITING_FOR_KEY
        return self._running(self._world.clock.now())

    def _running(self, now_s: float) -> Stage:
        """Stage of a started head: first the temperature, then the warm-up."""
        ready_s = self._powered_s + TEC_SETTLING_S
        if now_s < ready_s:
            return Stage.WAITING_FOR_TEC
        if now_s < max(self._started_s or 0.0, ready_s) + self._warm_up_s:
            return Stage.WARM_UP
        return Stage.MODULATION if self._set.mode is Mode.MODULATION else Stage.COMPLETED

    def _is_lit(self) -> bool:
        return self._stage() in _LIGHT

    def _current_ma(self) -> float:
        """Through the diode. Nothing is cabled to the modulation input: a modulated head rests at its low current."""
        if not self._is_lit():
            return 0.0
        by_mode = {
            Mode.CURRENT: self._set.current_ma,
            Mode.POWER: _THRESHOLD_MA + self._set.power_w / _SLOPE_W_PER_MA if self._set.power_w else 0.0,
            Mode.MODULATION: self._set.low_ma,
        }
        return by_mode[self._set.mode]

    def _light_w(self) -> float:
        if self._set.mode is Mode.POWER:
            return self._set.power_w if self._is_lit() else 0.0
        return min(MAX_POWER_W, max(0.0, self._current_ma() - _THRESHOLD_MA) * _SLOPE_W_PER_MA)

    def _shine(self) -> None:
        light_w = self._light_w()
        if light_w != self._world.knobs.green_w:
            self._world.turn(green_w=light_w)

    # ---- commands ----------------------------------------------------------------------------------------------

    def _reply(self, text: str) -> str:
        if text in self._queries:
            return self._queries[text]()
        if text in self._actions:
            return "OK" if self._actions[text]() else REFUSED
        if text == "l1":
            return self._laser_on()
        name, _, argument = text.partition(" ")
        if text in _RUN_TOGETHER:
            name, argument = text[:-1], text[-1]
        if name not in self._setters or not _NUMBER.fullmatch(argument):
            return REFUSED
        return "OK" if self._setters[name](float(argument)) else OUT_OF_RANGE

    def _query_table(self) -> dict[str, Callable[[], str]]:
        s = self._set
        return {
            "?": lambda: "OK",
            "gsn?": lambda: "22345",
            "sn?": lambda: "22345",
            "glm?": lambda: "0532-06-91-0100-100",
            "gfv?": lambda: "50.113",
            "hrs?": lambda: f"{1234.5 + (self._world.clock.now() - self._powered_s) / 3600:.2f}",
            "gmlp?": lambda: f"{MAX_POWER_W * 1e3:.1f}",
            "gkses?": lambda: f"{self._key:d}",
            "l?": lambda: f"{self._is_lit():d}",
            "ilk?": lambda: f"{self._interlock_open:d}",
            "f?": lambda: str(self._fault),
            "gom?": lambda: str(int(self._stage())),
            "gam?": lambda: str(int(s.mode)),
            "@cobas?": lambda: str(s.autostart),
            "@cobasdr?": lambda: str(s.direct),
            "p?": lambda: f"{s.power_w:.4f}",
            "pa?": self._actual_power,
            "i?": lambda: f"{self._current_ma():.1f}",
            "glc?": lambda: f"{s.current_ma:.1f}",
            "gdmes?": lambda: str(s.digital),
            "games?": lambda: str(s.analogue),
            "galis?": lambda: str(s.fifty_ohm),
            "gmc?": lambda: f"{s.high_ma:.1f}",
            "glth?": lambda: f"{s.low_ma:.1f}",
            "rtec4t?": lambda: f"{s.crystal_c:.2f}",
            "gtec4t?": lambda: f"{s.crystal_c:.2f}",
        }

    def _action_table(self) -> dict[str, Callable[[], bool]]:
        return {
            "l0": self._laser_off,
            "@cob1": self._restart,
            "@cob0": self._abort,
            "cp": lambda: self._choose(Mode.POWER),
            "ecp": lambda: self._choose(Mode.POWER),
            "ci": lambda: self._choose(Mode.CURRENT),
            "ecc": lambda: self._choose(Mode.CURRENT),
            "em": lambda: self._choose(Mode.MODULATION),
            "cf": self._clear_fault,
        }

    def _setter_table(self) -> dict[str, Callable[[float], bool]]:
        return {
            "p": lambda x: self._store("power_w", round(x, 4), MAX_POWER_W),
            "slc": lambda x: self._store("current_ma", x, MAX_CURRENT_MA),
            "smc": lambda x: self._store("high_ma", x, MAX_CURRENT_MA),
            "slth": lambda x: self._store("low_ma", x, MAX_CURRENT_MA),
            "@cobasp": lambda x: self._store("power_w", round(x, 4), MAX_POWER_W),
            "@cobas": lambda x: self._flag("autostart", x),
            "@cobasdr": lambda x: self._flag("direct", x),
            "stec4t": lambda x: self._store("crystal_c", x, MAX_CRYSTAL_C),
            "sdmes": lambda x: self._flag("digital", x),
            "sames": lambda x: self._flag("analogue", x),
            "salis": lambda x: self._flag("fifty_ohm", x),
        }

    def _store(self, name: str, value: float, highest: float) -> bool:
        if not 0.0 <= value <= highest:
            return False
        setattr(self._set, name, value)
        return True

    def _flag(self, name: str, value: float) -> bool:
        return value in (0.0, 1.0) and self._store(name, int(value), 1)

    def _choose(self, mode: Mode) -> bool:
        self._set.mode = mode
        return True

    def _actual_power(self) -> str:
        slip, self._slip_due = self._slip_due and self._is_lit(), self._slip_due and not self._is_lit()
        return "1" if slip else f"{self._light_w():.4f}"

    def _laser_on(self) -> str:
        """Straight on. A head with autostart obeys only `@cob1`, which goes through the CDRH sequence."""
        if self._set.autostart:
            return AUTOSTARTS
        return "OK" if self._start(0.0) else REFUSED

    def _restart(self) -> bool:
        return self._start(WARM_UP_S)

    def _start(self, warm_up_s: float) -> bool:
        if self._fault or self._interlock_open:
            return False
        self._aborted, self._slip_due = False, True
        self._started_s, self._warm_up_s = self._world.clock.now(), warm_up_s
        return True

    def _laser_off(self) -> bool:
        self._started_s, self._aborted = None, False
        return True

    def _abort(self) -> bool:
        """Stop an autostart sequence that is under way."""
        self._aborted = self._started_s is not None
        self._started_s = None
        return True

    def _clear_fault(self) -> bool:
        self._fault = 3 if self._interlock_open else 0
        return True
