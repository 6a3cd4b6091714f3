"""Any parameter of a QCoDeS driver that is a current, as a current source: for a coil or a trim axis.

Of the instrument behind it station.yaml says which parameter is the current, and which one is the output.
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

from pydantic import Field
from qcodes.instrument import Instrument

from instruments.common.errors import ChangedError
from instruments.common.supply import TRIES, CurrentLimitError, SupplyError
from instruments.interface.causes import Cause
from instruments.interface.readings import Reading, amount

if TYPE_CHECKING:
    from typing import Self, Unpack

    from qcodes.instrument import InstrumentBaseKWArgs

    from instruments.interface import roles

Value = bool | float | str
Positive = Annotated[float, Field(gt=0.0)]
_ON: Final = (True, 1, "on", "ON")


class ParameterSource(Instrument):
    """A current source made of parameters of another instrument. Opening it sets nothing."""

    built_on: ClassVar = {"instrument": Instrument}

    def __init__(
        self,
        name: str,
        instrument: str,
        current: str,
        limit_a: Positive,
        output: str | None = None,
        at_limit: str | None = None,
        on_value: Value = True,
        off_value: Value = False,
        prepared: Mapping[str, Value] | None = None,
        tolerance_a: Positive = 1e-5,
        **kwargs: "Unpack[InstrumentBaseKWArgs]",
    ) -> None:
        """instrument: its name in the station; the others are paths in it, like source.current.

        current: in A, set and read back within `tolerance_a`. output: what `on_value` and `off_value` switch; None:
        always on. at_limit: whether the voltage is at its limit, so that less current flows. prepared: path -> value,
        set in this order while the output is off, before it is switched on.
        """
        super().__init__(name, **kwargs)
        self.limit_a = limit_a
        self._instrument: Instrument = Instrument.find_instrument(instrument)
        self._current_path, self._output_path, self._at_limit_path = current, output, at_limit
        self._on_value, self._off_value = on_value, off_value
        self._prepared = dict(prepared or {})
        self._tolerance_a = tolerance_a
        self._standing_a: float | None = None
        self._stands_on: bool | None = None

    def get_idn(self) -> dict[str, str | None]:
        """That of the instrument behind it."""
        return self._instrument.get_idn()

    @property
    def supply(self) -> "Self":
        """It speaks for itself."""
        return self

    def set_current(self, amps: float) -> None:
        """Set the current and verify the setting by reading it back."""
        if not abs(amps) <= self.limit_a:
            raise CurrentLimitError(self.full_name, amps, self.limit_a)
        self._standing_a = None
        for _ in range(TRIES):
            self._parameter(self._current_path).set(amps)
            if abs((seen_a := self.setpoint_a()) - amps) <= self._tolerance_a:
                self._standing_a = seen_a
                return
        raise SupplyError(self.full_name, f"a current of {amps:g} A", f"{seen_a:g} A")

    def setpoint_a(self) -> float:
        """The setting."""
        return float(self._parameter(self._current_path).get())

    def asked_a(self) -> float:
        """The current as it was set or read last, 0 if the output is off; asks for what is not known yet."""
        is_on = self._output_path is None or self._parameter(self._output_path).cache.get() == self._on_value
        return float(self._parameter(self._current_path).cache.get()) if is_on else 0.0

    def is_on(self) -> bool:
        """True if the output is on."""
        return self._output_path is None or bool(self._parameter(self._output_path).get() == self._on_value)

    def switch_on(self) -> None:
        """Output on; prepared and from 0 A if it was off."""
        if not self.is_on():
            self._prepare()
            self.set_current(0.0)
            self._put_output(True)
        self._stands_on = True

    def energise(self, amps: float) -> None:
        """Set the current, then the output on."""
        if not self.is_on():
            self._prepare()
        self.set_current(amps)
        self._put_output(True)

    def switch_off(self) -> None:
        """Current to 0 A, then the output off. What was never prepared has no current to take down."""
        if self.is_on():
            self.set_current(0.0)
        self._put_output(False)

    def verify(self) -> None:
        """Raises ChangedError if current or output are not as they were set last, or the voltage is at its limit."""
        changes = list(self._changes())
        if changes:
            self._standing_a = self._stands_on = None
            raise ChangedError(self.name, ", ".join(changes))

    def _changes(self) -> Iterator[str]:
        if self._standing_a is not None and (seen_a := self.setpoint_a()) != self._standing_a:
            yield f"its current is {seen_a:g} A, was {self._standing_a:g} A"
        if self._stands_on is not None and (is_on := self.is_on()) != self._stands_on:
            yield f"its output is {'on' if is_on else 'off'}, was {'on' if self._stands_on else 'off'}"
        if self._stands_on and self._is_at_limit():
            yield "it is at its voltage limit: its coil may have come open"

    def make_safe(self) -> str:
        """No current and the output off."""
        self.switch_off()
        if self._output_path is None:
            left_a = self.setpoint_a()
            return f"{left_a:g} A left" if abs(left_a) > self._tolerance_a else ""
        return "its output is still on" if self.is_on() else ""

    def readings(self) -> Iterator[Reading]:
        """Its current, while it is on; what is not prepared may not even be a source of current."""
        if not self.is_on():
            yield Reading("current", 0.0, "A", limit=self.limit_a, verdict="off")
            return
        yield amount("current", self.setpoint_a(), "A", self.limit_a, is_on=True)
        if self._is_at_limit():
            yield Reading("voltage limit", "REACHED: its coil may have come open", verdict="fault")

    def causes(self) -> Iterator[Cause]:
        """The voltage is at its limit: the coil heats, or is open."""
        if self._is_at_limit():
            yield Cause(
                f"{self.name}: it is at its voltage limit",
                "let the coil cool down, and see that it is connected",
                lambda: not self._is_at_limit(),
                is_trip=True,
                needs_rest=True,
            )

    def settings(self) -> dict[str, Any]:
        """Its current, if it was switched on."""
        return {"output": True, "current_a": self._standing_a} if self._stands_on else {}

    def _parameter(self, path: str) -> Any:
        """Sought each time: which part a driver offers may depend on its mode."""
        return reduce(getattr, path.split("."), self._instrument)

    def _is_at_limit(self) -> bool:
        if self._at_limit_path is None or not self.is_on():
            return False
        return self._parameter(self._at_limit_path).get() in _ON

    def _prepare(self) -> None:
        for path, value in self._prepared.items():
            self._parameter(path).set(value)

    def _put_output(self, on: bool) -> None:
        self._stands_on = None
        if self._output_path is not None:
            for _ in range(TRIES):
                self._parameter(self._output_path).set(self._on_value if on else self._off_value)
                if self.is_on() == on:
                    break
            else:
                raise SupplyError(self.full_name, f"output {'on' if on else 'off'}", "the contrary")
        self._stands_on = on


if TYPE_CHECKING:
    _PLAYS: type[roles.CurrentSource] = ParameterSource
