"""Lighthouse Photonics Sprout-G, 532 nm: `KEY?` answers `KEY=value`, `KEY=value` answers `0` if it was taken.

Capitals and small letters are the same to it. OPMODE? says INTERLOCK while the interlock is open, and WARMUP on the way
from OFF to light. Which digit means which refusal is assumed: 1 unknown command, 2 value out of range or off the 10 mW
grid, 3 not in this state. So are the times: from OFF the diodes need their temperature, from IDLE the power rises at
once, linearly. And so is that OPMODE=WARMUP ends in IDLE, and that IDLE is called so while the diodes still warm up.
"""

import re
from collections.abc import Callable
from typing import Final

from simulated_instruments.setpoints import World

MAX_POWER_W: Final = 5.0
WARM_UP_S: Final = 30.0
"""From OFF until the diodes are at temperature."""
RISE_S: Final = 5.0
"""From dark to the set power."""

TAKEN: Final = "0"
UNKNOWN: Final = "1"
OUT_OF_RANGE: Final = "2"
WRONG_STATE: Final = "3"

_MODES: Final = ("ON", "OFF", "IDLE", "CALIBRATE", "WARMUP")
"""That can be set."""
_ON_GRID: Final = re.compile(r"\d+(\.\d{0,2}0*)?")


class SproutG:
    """One laser. Its light follows at every message and at every hand laid on shutter or interlock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._powered_s = world.clock.now()
        self._mode = "OFF"
        self._warm_s: float | None = None
        self._risen_from: tuple[float, float] = (0.0, 0.0)
        self._setpoint_w = 0.0
        self._run_s = 0.0
        self._on_since_s: float | None = None
        self._shutter_open = True
        self._interlock_open = False
        self._values = self._value_table()

    def answer(self, message: bytes) -> bytes | None:
        """Reply to one command."""
        text = message.decode("ascii", "replace").strip().upper()
        reply = self._reply(text) if text else None
        self._shine()
        return None if reply is None else reply.encode()

    def open_shutter(self, is_open: bool) -> None:
        """The lever on the head; it cannot be moved over the wire."""
        self._shutter_open = is_open
        self._shine()

    def open_interlock(self, is_open: bool = True) -> None:
        """The interlock plug: opening it switches the laser off, and closing it does not bring it back."""
        self._interlock_open = is_open
        if is_open:
            self._enter("OFF")
        self._shine()

    # ---- the laser itself --------------------------------------------------------------------------------------

    def _power_w(self) -> float:
        """Power of the head, behind its shutter or not; it moves on the grid that it reports."""
        if self._mode != "ON" or self._warm_s is None:
            return 0.0
        since_s, from_w = self._risen_from
        share = (self._world.clock.now() - max(since_s, self._warm_s)) / RISE_S
        return round(from_w + (self._setpoint_w - from_w) * min(1.0, max(0.0, share)), 2)

    def _shown_mode(self) -> str:
        """What OPMODE? says."""
        if self._interlock_open:
            return "INTERLOCK"
        if self._mode not in ("ON", "WARMUP"):
            return self._mode
        if self._warm_s is not None and self._world.clock.now() < self._warm_s:
            return "WARMUP"
        return "ON" if self._mode == "ON" else "IDLE"

    def _enter(self, mode: str) -> None:
        now = self._world.clock.now()
        if self._on_since_s is not None:
            self._run_s += now - self._on_since_s
        self._on_since_s = now if mode == "ON" else None
        if mode == "OFF":
            self._warm_s = None
        elif self._warm_s is None:
            self._warm_s = now + WARM_UP_S
        self._mode, self._risen_from = mode, (now, 0.0)

    def _shine(self) -> None:
        light_w = self._power_w() if self._shutter_open else 0.0
        if light_w != self._world.knobs.depletion_w:
            self._world.turn(depletion_w=light_w)

    # ---- commands ----------------------------------------------------------------------------------------------

    def _value_table(self) -> dict[str, Callable[[], str]]:
        return {
            "PRODUCT": lambda: "Sprout-G-5W",
            "VERSION": lambda: "2.4.1",
            "SERIALNUMBER": lambda: "1507",
            "CONFIG": lambda: "532NM,5W,TEM00",
            "HOURS": lambda: _clock_face(45_000 + self._world.clock.now() - self._powered_s),
            "RUN HOURS": lambda: _clock_face(36_000 + self._seconds_on()),
            "OPMODE": self._shown_mode,
            "WARNING": lambda: "INTERLOCK OPEN" if self._interlock_open else "NONE",
            "SHUTTER": lambda: "OPEN" if self._shutter_open else "CLOSED",
            "INTERLOCK": lambda: "OPEN" if self._interlock_open else "OK",
            "POWER": lambda: f"{self._power_w():.2f}",
            "POWER SET": lambda: f"{self._setpoint_w:.2f}",
        }

    def _seconds_on(self) -> float:
        running_s = 0.0 if self._on_since_s is None else self._world.clock.now() - self._on_since_s
        return self._run_s + running_s

    def _query(self, key: str) -> str:
        return f"{key}={self._values[key]()}" if key in self._values else UNKNOWN

    def _reply(self, text: str) -> str:
        return self._query(text[:-1]) if text.endswith("?") else self._setter(text)

    def _setter(self, text: str) -> str:
        key, _, value = text.partition("=")
        if key == "OPMODE":
            return self._set_mode(value)
        if key == "POWER SET":
            return self._set_power(value)
        return UNKNOWN

    def _set_mode(self, mode: str) -> str:
        if mode not in _MODES:
            return OUT_OF_RANGE
        if self._interlock_open and mode != "OFF":
            return WRONG_STATE
        if mode == "CALIBRATE" and self._shown_mode() != "IDLE":
            return WRONG_STATE
        if mode != self._mode:
            self._enter(mode)
        return TAKEN

    def _set_power(self, text: str) -> str:
        if not _ON_GRID.fullmatch(text) or float(text) > MAX_POWER_W:
            return OUT_OF_RANGE
        power_w = float(text)
        if power_w != self._setpoint_w:
            self._risen_from = (self._world.clock.now(), self._power_w())
            self._setpoint_w = power_w
        return TAKEN


def _clock_face(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
