"""The carrier of an SG386."""

from typing import Final

from simulated_instruments.unwired.box import Box, Refused
from simulated_instruments.unwired.parameter import Parameter

FREQUENCY_HZ: Final = (0.95e6, 6.075e9)
POWER_DBM: Final = (-110.0, 16.5)
_LOOPS: Final = 0b11111
"""Bits of INSR? for the loops that hold the carrier on its frequency: 1, that one was open."""


class Microwave:
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

    def check_standing(self) -> None:
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
