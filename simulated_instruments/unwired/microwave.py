"""The carrier of an SG386."""

from typing import Final

from simulated_instruments.unwired.box import Box, Refused, Unwatched
from simulated_instruments.unwired.parameter import Parameter

FREQUENCY_HZ: Final = (0.95e6, 6.075e9)
POWER_DBM: Final = (-110.0, 16.5)
_LOOPS: Final = 0b11111
"""Bits of INSR? for the loops that hold the carrier on its frequency: 1, that one was open."""


class Microwave(Unwatched):
    """Frequency, power and output of the carrier."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self._standing: dict[str, float] = {}
        self._retuned = True
        self.frequency = Parameter(lambda: float(box.ask("FREQ?")), lambda hz: self._take("FREQ", hz, 3), *FREQUENCY_HZ)
        self.amplitude_RF = Parameter(
            lambda: float(box.ask("AMPR?")), lambda dbm: self._take("AMPR", dbm, 2), *POWER_DBM
        )
        self.enable_RF = Parameter(
            lambda: "ON" if int(box.ask("ENBR?")) else "OFF", lambda on: self._take("ENBR", on == "ON", 0)
        )

    @property
    def reach_hz(self) -> tuple[float, float]:
        """Lowest and highest frequency."""
        return FREQUENCY_HZ

    @property
    def least_dbm(self) -> float:
        """Lowest power."""
        return POWER_DBM[0]

    @property
    def limit_dbm(self) -> float:
        """Largest power."""
        return self.amplitude_RF.most

    @limit_dbm.setter
    def limit_dbm(self, dbm: float) -> None:
        self.amplitude_RF.most = dbm

    def set_frequency(self, hz: float) -> None:
        """Tune the carrier."""
        self.frequency(hz)

    def set_power(self, dbm: float) -> None:
        """Set the carrier's power."""
        self.amplitude_RF(dbm)

    def switch_on(self) -> None:
        """Let the carrier out."""
        self.enable_RF("ON")

    def switch_off(self) -> None:
        """No carrier."""
        self.enable_RF("OFF")

    def carrier(self) -> tuple[float, float, bool]:
        """Frequency, power and whether it is on."""
        return self.frequency(), self.amplitude_RF(), self.enable_RF() == "ON"

    def asked_dbm(self) -> float | None:
        """The power as it was set or read last, None if it is off."""
        return float(self.amplitude_RF.cache.get()) if self.enable_RF.cache.get() == "ON" else None

    def make_safe(self) -> str:
        """No carrier."""
        self.switch_off()
        return "" if self.enable_RF() == "OFF" else "its output is still on"

    def verify(self) -> None:
        """Raises the box's complaint if the carrier is not as it was set last, or does not hold its frequency."""
        *seen, loops = self.box.numbers(*self._standing, "INSR?")
        self.box.compare(self._standing, seen)
        if int(loops) & _LOOPS and self._retuned:  # a loop opens while it follows to another frequency
            (loops,) = self.box.numbers("INSR?")
        self._retuned = False
        if int(loops) & _LOOPS and self._standing.get("ENBR?"):
            self.box.compare(self._standing, list(self._standing.values()), "its carrier is not locked")

    def _take(self, name: str, value: float, digits: int) -> None:
        """Set a value and read it back. Before that all must be as it was set; switching off is always obeyed."""
        question = f"{name}?"
        before = {} if name == "ENBR" and not value else dict(self._standing)
        self._standing.pop(question, None)
        self._retuned |= name == "FREQ"
        *were, seen = self.box.numbers(*before, f"{name} {value:.{digits}f}", question)
        try:
            self.box.compare(before, were)
        except Exception:
            self._standing.clear()
            raise
        if abs(seen - value) > 0.51 * 10**-digits:
            raise Refused(f"{self.box.name} did not take {name} {value}: it answers {seen:.10g}")
        self._standing[question] = seen
