"""A Yokogawa GS200 as the magnet sees it."""

from typing import Final

from qcodes.instrument_drivers.yokogawa import YokogawaGS200

from instruments.errors import ChangedError
from instruments.supply import TRIES, CurrentLimitError, SupplyError, check_unchanged

_RANGE_A: Final = 0.2
_STEP_A: Final = 1e-6


class TrimSource:
    """A GS200 as the magnet sees it: in its 200 mA range, verified by reading back."""

    limit_a: float = _RANGE_A

    def __init__(self, source: YokogawaGS200) -> None:
        self._source = source
        self._standing: dict[str, float] = {}
        source.ask("*ESR?")  # forgets that it was switched on before

    @property
    def full_name(self) -> str:
        """Of the GS200."""
        return str(self._source.full_name)

    def set_current(self, amps: float) -> None:
        """Set the current and verify the setting by reading it back."""
        if not abs(amps) <= self.limit_a:
            raise CurrentLimitError(self._source.full_name, amps, self.limit_a)
        self._require_current_mode()
        self._standing.pop(":SOUR:LEV?", None)
        for _ in range(TRIES):
            self._source.current(amps)
            if abs((seen_a := self.setpoint_a()) - amps) <= _STEP_A:
                self._standing[":SOUR:LEV?"] = seen_a
                return
        raise SupplyError(self._source.full_name, f"a current of {amps:g} A", str(self._source.system_errors()))

    def setpoint_a(self) -> float:
        """The setting."""
        self._require_current_mode()
        return float(self._source.current())

    def is_on(self) -> bool:
        """True if the output is on."""
        return bool(self._source.output() == "on")

    def switch_on(self) -> None:
        """Output on in current mode and full range; from 0 A if it was off or a voltage source."""
        if self.is_on() and self._source.source_mode() == "CURR":
            self._standing[":OUTP?"] = 1.0
            return
        self._source.output("off")
        self._source.source_mode("CURR")
        self._source.current_range(_RANGE_A)
        self.set_current(0.0)
        for _ in range(TRIES):
            self._source.output("on")
            if self.is_on():
                self._standing[":OUTP?"] = 1.0
                return
        raise SupplyError(self._source.full_name, "output on", str(self._source.system_errors()))

    def check_standing(self) -> None:
        """Raises ChangedError if current or output are not as they were set last, or the source was off meanwhile."""
        try:
            check_unchanged(self._source, self._standing)
        except ChangedError:
            self._standing.clear()
            raise

    def _require_current_mode(self) -> None:
        if self._source.source_mode() != "CURR":
            raise SupplyError(self._source.full_name, "a current", "that it is a voltage source")
