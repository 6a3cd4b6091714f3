"""MPB Communications VFL, 775 nm: a command and `\\r`, and `<value>\\rD >` if it was taken, `<why>\\rF >` if not.

Capitals and small letters are the same to it. Known from public programs: the prompts, the codes of `getlaserstate`,
the words of a refusal, and that light takes some 3 s after `setldenable 1`. Assumed: which refusal comes when; that a
setter answers the value that it took; that key, interlock and fault switch the diodes off and closing them again does
not bring the light back; that a fault is forgotten when the key is turned off and on; and how long a cold laser
starts up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from simulated_instruments.setpoints import World

LEAST_MW: Final = 100.0
MOST_MW: Final = 1500.0
MOST_MA: Final = 5000.0
STARTUP_S: Final = 30.0
"""From power-on until its crystal is at temperature."""
TURNING_ON_S: Final = 3.0
RISE_S: Final = 2.0
"""From the first light to the set power."""
_MW_PER_MA: Final = 0.4
_THRESHOLD_MA: Final = 500.0

TAKEN: Final = "D "
REFUSED: Final = "F "
"""Prompts but for their last sign, with which every reply ends."""
UNKNOWN: Final = "UNKNOWN_COMMAND"
MISSING: Final = "MISSING_ARGUMENT"
CANNOT: Final = "DATA_CANNOT_BE_SET"


class State(IntEnum):
    """As `getlaserstate` numbers it."""

    OFF = 0
    KEY_LOCK = 6
    INTERLOCK = 7
    FAULT = 8
    STARTUP = 20
    TURNING_ON = 31
    MANUAL_ON = 41
    AUTO_ON = 42


@dataclass
class _Settings:
    """What the commands set, as at power-on."""

    power_mw: float = LEAST_MW
    current_ma: float = 0.0
    constant_power: bool = True
    shg_c: float = 52.0
    tuned: int = 0


class VFL:
    """One laser. Its light follows at every message and at every hand laid on key or interlock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._set = _Settings()
        self._powered_s = world.clock.now()
        self._lit_s: float | None = None
        self._key_locked = False
        self._interlock_open = False
        self._fault = False
        self._kept = 1.0
        self._queries = self._query_table()
        self._setters = self._setter_table()

    def answer(self, message: bytes) -> bytes | None:
        """Reply to one command, without the last sign of its prompt."""
        words = message.decode("ascii", "replace").strip().lower().split()
        said, taken = self._reply(words) if words else ("", True)
        self._shine()
        if not words:
            return None
        return f"{said}\r{TAKEN if taken else REFUSED}".encode()

    def open_interlock(self, is_open: bool = True) -> None:
        """The interlock plug."""
        self._interlock_open = is_open
        self._hold()

    def lock_key(self, is_locked: bool = True) -> None:
        """The key on its front."""
        self._key_locked = is_locked
        self._fault = self._fault and not is_locked
        self._hold()

    def drop_out(self) -> None:
        """The light goes out, and a fault stays."""
        self._fault = True
        self._hold()

    def fade(self, share: float) -> None:
        """Old diodes: so much is left of the light, at whatever setting."""
        self._kept = share
        self._shine()

    # ---- the laser itself --------------------------------------------------------------------------------------

    def _hold(self) -> None:
        if self._key_locked or self._interlock_open or self._fault:
            self._lit_s = None
        self._shine()

    def state(self) -> State:
        """What `getlaserstate` says."""
        if self._interlock_open:
            return State.INTERLOCK
        if self._key_locked:
            return State.KEY_LOCK
        if self._fault:
            return State.FAULT
        now = self._world.clock.now()
        if now < self._powered_s + STARTUP_S:
            return State.STARTUP
        if self._lit_s is None:
            return State.OFF
        if now < self._lit_s + TURNING_ON_S:
            return State.TURNING_ON
        return State.AUTO_ON if self._set.constant_power else State.MANUAL_ON

    def _power_mw(self) -> float:
        if self._lit_s is None or self.state() not in (State.AUTO_ON, State.MANUAL_ON):
            return 0.0
        by_current = max(0.0, (self._set.current_ma - _THRESHOLD_MA) * _MW_PER_MA)
        whole = self._set.power_mw if self._set.constant_power else by_current
        risen = (self._world.clock.now() - self._lit_s - TURNING_ON_S) / RISE_S
        return round(self._kept * whole * min(1.0, risen), 1)

    def _shine(self) -> None:
        light_w = self._power_mw() * 1e-3
        if light_w != self._world.setpoints.sted_w:
            self._world.turn(sted_w=light_w)

    # ---- commands ----------------------------------------------------------------------------------------------

    def _query_table(self) -> dict[str, Callable[[], str]]:
        s = self._set
        return {
            "getmodel": lambda: "VFL-P-1500-775-OEM3",
            "getsn": lambda: "S1823",
            "getldenable": lambda: str(int(self._lit_s is not None)),
            "getlaserstate": lambda: str(int(self.state())),
            "getpowerenable": lambda: str(int(s.constant_power)),
            "getpower 0": lambda: f"{s.power_mw:.1f}",
            "power 0": lambda: f"{self._power_mw():.1f}",
            "getpowersetptlim 0": lambda: f"{LEAST_MW:.0f} {MOST_MW:.0f}",
            "getldcur 1": lambda: f"{s.current_ma:.1f}",
            "ldcurrent 1": lambda: f"{self._current_ma():.1f}",
            "getldlim 1": lambda: f"0 {MOST_MA:.0f}",
            "getacccurmax": lambda: f"{MOST_MA:.0f}",
            "getinput 2": lambda: str(int(not self._key_locked)),
            "ldtemp 1": lambda: "25.0",
            "tectemp 1": lambda: "25.0",
            "getshgtemp": lambda: f"{s.shg_c:.2f}",
            "shgtemp": lambda: f"{s.shg_c:.2f}",
            "getshgtunerdy": self._tuning_ready,
            "getshgtunestate": lambda: f"{s.tuned} 0",
            "shlaser": lambda: f"Laser state: {int(self.state())}\rOutput power: {self._power_mw():.1f} mW",
        }

    def _current_ma(self) -> float:
        if not self._power_mw():
            return 0.0
        return self._power_mw() / _MW_PER_MA + _THRESHOLD_MA if self._set.constant_power else self._set.current_ma

    def _tuning_ready(self) -> str:
        warm_s = max(0.0, self._powered_s + STARTUP_S - self._world.clock.now())
        return f"{int(not warm_s and self.state() is State.AUTO_ON)} 100 {warm_s:.0f}"

    def _setter_table(self) -> dict[str, Callable[[float], bool]]:
        return {
            "setldenable": self._enable,
            "powerenable": self._control,
            "setpower 0": self._set_power,
            "setldcur 1": self._set_current,
            "setshgtemp": self._set_shg,
            "setshgcmd": self._tune,
        }

    def _reply(self, words: list[str]) -> tuple[str, bool]:
        text = " ".join(words)
        if text in self._queries:
            return self._queries[text](), True
        if text in self._setters or f"{text} 0" in self._setters or f"{text} 1" in self._setters:
            return MISSING, False
        if (act := self._setters.get(" ".join(words[:-1]))) is None:
            return UNKNOWN, False
        try:
            value = float(words[-1])
        except ValueError:
            return CANNOT, False
        return (words[-1], True) if act(value) else (CANNOT, False)

    def _enable(self, value: float) -> bool:
        if value == 0.0:
            self._lit_s = None
            return True
        if value != 1.0:
            return False
        if self._lit_s is None:
            if self.state() is not State.OFF:
                return False
            self._lit_s = self._world.clock.now()
        return True

    def _control(self, value: float) -> bool:
        if value not in (0.0, 1.0):
            return False
        self._set.constant_power = value == 1.0
        return True

    def _set_power(self, value: float) -> bool:
        if not LEAST_MW <= value <= MOST_MW:
            return False
        self._set.power_mw = round(value, 1)
        return True

    def _set_current(self, value: float) -> bool:
        if not 0.0 <= value <= MOST_MA:
            return False
        self._set.current_ma = round(value, 1)
        return True

    def _set_shg(self, value: float) -> bool:
        if not 10.0 <= value <= 100.0:
            return False
        self._set.shg_c = round(value, 2)
        return True

    def _tune(self, value: float) -> bool:
        if value == 2.0:
            self._set.tuned = 2
            return True
        if value != 1.0 or self.state() is not State.AUTO_ON:
            return False
        self._set.tuned = 1
        return True
