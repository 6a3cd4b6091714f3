"""SRS SG386: the carrier to 6.075 GHz, stepped through lists by triggers, with every refusal raised as an error."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from qcodes.instrument_drivers.stanford_research import SG384
from qcodes.validators import Ints, Numbers

from instruments.common.errors import ChangedError, GarbledError, InstrumentError
from instruments.common.microwave_errors import MicrowaveError
from instruments.common.retry import Habits
from instruments.interface.causes import Cause
from instruments.interface.readings import Reading, on, wrong_if

if TYPE_CHECKING:
    from typing import Unpack

    from qcodes.instrument import VisaInstrumentKWArgs
    from qcodes.parameters import Parameter

    from instruments.interface import roles

MAX_FREQUENCY_HZ: Final = 6.075e9
MAX_LIST: Final = 2000
FREQUENCY_HZ: Final = (0.95e6, MAX_FREQUENCY_HZ)
RF_POWER_DBM: Final = (-110.0, 16.5)
_LOOPS: Final = 0b11111
"""Bits of INSR? for the loops that hold the carrier on its frequency: 1, that one was open."""
_NOTHING: Final[Mapping[str, float]] = {}
_TRIES: Final = 2
"""Of a setting whose read-back differs."""
_DOUBLER_OPTION: Final = 2
_LIST_FIELDS: Final = 15
_FREQUENCY_FIELD, _POWER_FIELD = 0, 4
_FUNCTIONS: Final = {"Sine": 0, "Ramp": 1, "Triangle": 2, "Square": 3, "Noise": 4, "External": 5}


class SG386(SG384):
    """As qcodes' SG384, to 6.075 GHz at the type-N output; each setting is read back, or asks LERR? if it was taken.

    Frequency, power and output of the carrier are read back with the same message that sets one of them, which first
    asks whether all three are still as they were set: a generator that was reset meanwhile is not healed in silence.
    The doubler's parameters are dropped if there is no doubler: its queries would not be answered.
    """

    habits: ClassVar = Habits(once=re.compile(r"\*(TRG|RST|SAV|RCL|ESR).*|LERR\?.*|LSTC.*|LSTD|LSTR", re.IGNORECASE))

    def __init__(self, name: str, address: str, reset: bool = False, **kwargs: "Unpack[VisaInstrumentKWArgs]") -> None:
        super().__init__(name, address, reset, **kwargs)
        self._standing: dict[str, float] = {}
        self._retuned = True
        self._astray = False
        """Whether the last look found that the carrier does not hold its frequency."""
        self._add_carrier()
        if not self.has_option(_DOUBLER_OPTION):
            self.remove_parameter("amplitude_HF")
            self.remove_parameter("enable_HF")
        self._add_modulation()
        self._add_list()
        self.errors()

    def has_option(self, number: int) -> bool:
        """1: rear clock outputs, 2: frequency doubler, 3: I/Q inputs, 4: timebase."""
        return bool(int(self.ask(f"OPTN? {number}")))

    def errors(self) -> list[int]:
        """Read and forget the queued error codes, oldest first."""
        codes = []
        while code := self._next_error():
            codes.append(code)
        return codes

    def _next_error(self) -> int:
        """Not repeated by itself if the answer is spoiled: the generator has forgotten what it has told."""
        reply = self.ask("LERR?")
        if not reply.strip().isdecimal():
            raise GarbledError(self.name, "'LERR?'", reply)
        return int(reply)

    def write(self, cmd: str) -> None:
        """Send a command. Raises MicrowaveError if the generator refuses it."""
        super().write(cmd)
        self._raise_errors(cmd)

    def load_list(self, frequencies_hz: Sequence[float], power_dbm: float | None = None) -> None:
        """Store one state per frequency, the list not yet armed. power_dbm: of all states, None leaves it alone."""
        if not 1 <= len(frequencies_hz) <= MAX_LIST:
            raise ValueError(f"{self.name}: a list has 1 to {MAX_LIST} states, not {len(frequencies_hz)}; split it")
        for hz in frequencies_hz:
            self.frequency.validate(hz)
        if int(self.ask(f"LSTC? {len(frequencies_hz)}")) != 1:
            raise MicrowaveError(self.name, f"LSTC? {len(frequencies_hz)}", self.errors())
        for index, hz in enumerate(frequencies_hz):
            self.write_raw(_list_entry(index, hz, power_dbm))
        self._raise_errors("LSTP")

    def trigger(self) -> None:
        """Let the next state of an armed list take effect, as an edge at the rear input does."""
        self.write("*TRG")

    def delete_list(self) -> None:
        """Forget the list."""
        self.write("LSTD")

    def _raise_errors(self, cmd: str) -> None:
        codes = self.errors()
        if codes:
            raise MicrowaveError(self.name, cmd, codes)

    def _add_carrier(self) -> None:
        for name in ("frequency", "amplitude_RF", "enable_RF"):
            self.remove_parameter(name)
        self.frequency: Parameter[float, Self] = self.add_parameter(
            "frequency",
            label="Frequency",
            unit="Hz",
            get_cmd="FREQ?",
            set_cmd=lambda hz: self._take("FREQ", hz, 3),
            get_parser=float,
            vals=Numbers(*FREQUENCY_HZ),
        )
        self.amplitude_RF: Parameter[float, Self] = self.add_parameter(
            "amplitude_RF",
            label="Power of type-N RF output",
            unit="dBm",
            get_cmd="AMPR?",
            set_cmd=lambda dbm: self._take("AMPR", dbm, 2),
            get_parser=float,
            vals=Numbers(*RF_POWER_DBM),
        )
        self._limit_dbm = RF_POWER_DBM[1]
        self.enable_RF: Parameter[str, Self] = self.add_parameter(
            "enable_RF",
            label="Type-N RF output",
            get_cmd="ENBR?",
            set_cmd=lambda on: self._take("ENBR", on, 0),
            val_mapping={"OFF": 0, "ON": 1},
        )

    def _take(self, name: str, value: float, digits: int) -> None:
        """Set a value and read it back in one message; once more if it differs. Raises MicrowaveError if refused.

        Raises ChangedError if the carrier was not as it was set before; switching off is always obeyed.
        """
        order = f"{name} {value:.{digits}f}"
        before = {} if name == "ENBR" and not value else self._standing
        self._standing = {known: was for known, was in self._standing.items() if known != name}
        if name == "FREQ":
            self._retuned, self._astray = True, False
        for _ in range(_TRIES):
            *were, seen = self._numbers(";".join((*(f"{known}?" for known in before), order, f"{name}?")))
            self._compare(before, were, {name: seen})
            if abs(seen - value) <= 0.51 * 10**-digits:
                self._standing[name] = seen
                return
            self._raise_errors(order)
        raise InstrumentError(
            f"{self.name} did not take {order!r}: it answers {seen:.10g}",
            instrument=self.name,
            remedy="Look at its front panel: is it still in remote control?",
        )

    def is_locked(self) -> bool:
        """Whether the carrier holds its frequency, and has since this was asked last."""
        (loops,) = self._numbers("INSR?")
        return not int(loops) & _LOOPS

    @property
    def reach_hz(self) -> tuple[float, float]:
        """Lowest and highest frequency."""
        return FREQUENCY_HZ

    @property
    def least_dbm(self) -> float:
        """Lowest power."""
        return RF_POWER_DBM[0]

    @property
    def limit_dbm(self) -> float:
        """Largest power; the station may lower it."""
        return self._limit_dbm

    @limit_dbm.setter
    def limit_dbm(self, dbm: float) -> None:
        self._limit_dbm = dbm
        self.amplitude_RF.vals = Numbers(RF_POWER_DBM[0], dbm)

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

    def carrier(self) -> "roles.Carrier":
        """Frequency, power and whether it is on, asked of the generator."""
        return float(self.frequency()), float(self.amplitude_RF()), self.enable_RF() == "ON"

    def asked_dbm(self) -> float | None:
        """The power as it was set or read last, None if it is off; asks for what is not known yet."""
        return float(self.amplitude_RF.cache.get()) if self.enable_RF.cache.get() == "ON" else None

    def make_safe(self) -> str:
        """No carrier."""
        self.switch_off()
        found = self.enable_RF()
        return "" if found == "OFF" else f"its output reads {found}"

    def readings(self) -> Iterator[Reading]:
        """The carrier."""
        is_on = self.enable_RF() == "ON"
        power_dbm = float(self.amplitude_RF())
        beyond = is_on and power_dbm > self.limit_dbm
        yield Reading("output", is_on, verdict=on(is_on))
        yield Reading("power", power_dbm, "dBm", limit=self.limit_dbm, verdict=wrong_if(beyond, "fault", is_on))
        yield Reading("frequency", float(self.frequency()) / 1e6, "MHz", verdict=on(is_on))

    def causes(self) -> Iterator[Cause]:
        """Only after a look that found it: a loop may have been open for as long as the carrier was led elsewhere."""
        if self._astray:
            yield Cause(
                f"{self.name}: its carrier does not hold its frequency",
                "let it warm up, and look at its reference",
                self.is_locked,
            )

    def settings(self) -> dict[str, Any]:
        """The carrier, if it is on."""
        known = (self.enable_RF, self.frequency, self.amplitude_RF)
        is_on, hz, dbm = (parameter.cache.get(get_if_invalid=False) for parameter in known)
        return {"carrier": True, "carrier_hz": hz, "carrier_dbm": dbm} if is_on == "ON" else {}

    def verify(self) -> None:
        """Raises ChangedError if the carrier is not as it was set last, or does not hold its frequency."""
        self._astray = False
        *seen, loops = self._numbers(";".join((*(f"{name}?" for name in self._standing), "INSR?")))
        self._compare(self._standing, seen)
        if int(loops) & _LOOPS and self._retuned:  # a loop opens while it follows to another frequency
            (loops,) = self._numbers("INSR?")
        self._retuned = False
        if int(loops) & _LOOPS and self._standing.get("ENBR"):
            self._standing.clear()
            self._astray = True
            raise ChangedError(self.name, f"its carrier is not locked (INSR? {loops:.0f})")

    def _compare(self, standing: dict[str, float], seen: Sequence[float], new: Mapping[str, float] = _NOTHING) -> None:
        """new: what a value may be already, if this is the second time that it is set."""
        changes = [
            f"{name} is {now:.10g}, was {was:.10g}"
            for (name, was), now in zip(standing.items(), seen, strict=True)
            if now not in (was, new.get(name))
        ]
        if changes:
            self._standing.clear()
            raise ChangedError(self.name, ", ".join(changes))

    def _numbers(self, message: str) -> list[float]:
        """Answers to the questions in a message."""
        reply = self.ask(message)
        try:
            numbers = [float(number) for number in reply.split(";")]
        except ValueError:
            numbers = []
        if len(numbers) != message.count("?"):
            raise GarbledError(self.name, repr(message), reply)
        return numbers

    def _add_modulation(self) -> None:
        self.pulse_function: Parameter[str, Self] = self.add_parameter(
            "pulse_function",
            get_cmd="PFNC?",
            set_cmd="PFNC {}",
            val_mapping={"Square": 3, "Noise": 4, "External": 5},
            docstring="What gates the carrier in the types Pulse and Blank.",
        )
        self.sweep_function: Parameter[str, Self] = self.add_parameter(
            "sweep_function", get_cmd="SFNC?", set_cmd="SFNC {}", val_mapping=_FUNCTIONS
        )
        self.iq_function: Parameter[str, Self] = self.add_parameter(
            "iq_function", get_cmd="QFNC?", set_cmd="QFNC {}", val_mapping={"Noise": 4, "External": 5}
        )
        self.sweep_rate: Parameter[float, Self] = self.add_parameter(
            "sweep_rate",
            unit="Hz",
            get_cmd="SRAT?",
            set_cmd="SRAT {:.6f}",
            get_parser=float,
            vals=Numbers(1e-6, 120.0),
        )
        self.sweep_deviation: Parameter[float, Self] = self.add_parameter(
            "sweep_deviation", unit="Hz", get_cmd="SDEV?", set_cmd="SDEV {:.1f}", get_parser=float, vals=Numbers(0.1)
        )

    def _add_list(self) -> None:
        self.list_armed: Parameter[str, Self] = self.add_parameter(
            "list_armed", get_cmd="LSTE?", set_cmd="LSTE {}", val_mapping={"OFF": 0, "ON": 1}
        )
        self.list_index: Parameter[int, Self] = self.add_parameter(
            "list_index",
            get_cmd="LSTI?",
            set_cmd="LSTI {}",
            get_parser=int,
            vals=Ints(0, MAX_LIST - 1),
            docstring="State that the next trigger brings.",
        )
        self.list_size: Parameter[int, Self] = self.add_parameter("list_size", get_cmd="LSTS?", get_parser=int)


def _list_entry(index: int, hz: float, power_dbm: float | None) -> str:
    fields = ["N"] * _LIST_FIELDS
    fields[_FREQUENCY_FIELD] = f"{hz:.3f}"
    if power_dbm is not None:
        fields[_POWER_FIELD] = f"{power_dbm:.2f}"
    return f"LSTP {index},{','.join(fields)}"


if TYPE_CHECKING:
    _PLAYS: type[roles.MicrowaveSource] = SG386
