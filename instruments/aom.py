"""AA Opto-Electronic MPDS: RF for the two acousto-optic modulators, channel 1 the pump's, channel 2 the doughnut's.

The share of light that a modulator diffracts is sin^2(pi/2 sqrt(P / P_sat)) of its RF power P, greatest at the driver's
22 dBm. The lowest setting, 0 dBm, still diffracts 1.5 %: nothing lies between that and off, so efficiency 0 is off.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from pyvisa.resources import SerialInstrument
from qcodes.instrument import InstrumentChannel, VisaInstrument
from qcodes.validators import Bool, Enum, Numbers

from instruments.common.diffraction import LOWEST_EFFICIENCY, diffraction, power_for
from instruments.common.errors import ChangedError, GarbledError, InstrumentError
from instruments.common.retry import Habits
from instruments.common.safely import faults_of
from instruments.interface.causes import Cause
from instruments.interface.readings import Reading, on, wrong_if

if TYPE_CHECKING:
    from typing import Unpack

    from qcodes.instrument import VisaInstrumentKWArgs
    from qcodes.parameters import Parameter

    from instruments.interface import roles

MAX_DBM: Final = 22.0
FREQUENCY_MHZ: Final = (150.0, 250.0)

_SAME: Final = 1e-3
"""MHz or dBm: no setting is finer."""
_EOL: Final = "\n\r"
_PROMPT: Final = "?"
_CHANNEL_LINE: Final = re.compile(r"l(\d) F=\s*([\d.]+) P=\s*([\d.]+) (ON|OFF) (INT|EXT)")
_ANY: Final = re.compile(r".*", re.DOTALL)
_STATUS: Final = re.compile(rf"\s*(?:{_CHANNEL_LINE.pattern}\s+)+Blanking (?:ON|OFF) (?:INT|EXT)\s*")
_BLANKING_LINE: Final = re.compile(r"Blanking (ON|OFF) (INT|EXT)")


class AomError(InstrumentError):
    """The driver did not take a setting, or none gives what was asked for."""

    def __init__(self, message: str, *, instrument: str, command: str, reply: str) -> None:
        super().__init__(message, instrument=instrument)
        self.command, self.reply = command, reply


@dataclass(frozen=True)
class ChannelStatus:
    """One channel as the driver reports it."""

    frequency_mhz: float
    power_dbm: float
    """0 to 22."""
    is_on: bool
    is_external: bool
    """Opened by its gate input, not by the driver itself."""


class AomChannel(InstrumentChannel["MPDS"]):
    """One modulator.

    efficiency: share of the light that it diffracts while its gate is open. 0 switches the channel off; more sets the
    RF power and switches it on; between 0 and what 0 dBm diffracts (0.0155) nothing can be set.
    gate: 'external' lets the pulse line open it, 'internal' leaves it open.
    """

    def __init__(self, parent: "MPDS", name: str, number: int) -> None:
        super().__init__(parent, name)
        self._number = number
        self._standing: dict[str, float | bool] = {}
        self.efficiency: Parameter = self.add_parameter(
            "efficiency", vals=Numbers(0.0, 1.0), get_cmd=self._efficiency, set_cmd=self._set_efficiency
        )
        self.power_dbm: Parameter = self.add_parameter(
            "power_dbm",
            unit="dBm",
            vals=Numbers(0.0, MAX_DBM),
            get_cmd=lambda: self.status().power_dbm,
            set_cmd=self._set_power,
        )
        self.frequency_mhz: Parameter = self.add_parameter(
            "frequency_mhz",
            unit="MHz",
            vals=Numbers(*FREQUENCY_MHZ),
            get_cmd=lambda: self.status().frequency_mhz,
            set_cmd=self._set_frequency,
        )
        self.output: Parameter = self.add_parameter(
            "output", vals=Bool(), get_cmd=lambda: self.status().is_on, set_cmd=self._set_output
        )
        self.gate: Parameter = self.add_parameter(
            "gate", vals=Enum("internal", "external"), get_cmd=self._gate, set_cmd=self._set_gate
        )

    def status(self) -> ChannelStatus:
        """Everything about this channel, asked in one go."""
        found = self.parent.status()
        if self._number not in found:
            raise AomError(
                f"AOM driver {self.parent.name!r} reports channels {sorted(found)}, not {self._number}. Check that it "
                "is an MPDS with two channels",
                instrument=self.full_name,
                command="S",
                reply=str(sorted(found)),
            )
        return found[self._number]

    def set_share(self, share: float) -> None:
        """The share of the light, 0 to 1, that passes while it is open; 0 switches it off, more switches it on."""
        self.efficiency(share)

    def follow_line(self) -> None:
        """Open only while its pulse line is high."""
        self.gate("external")

    def ignore_line(self) -> None:
        """Open whatever its pulse line does."""
        self.gate("internal")

    def switch_on(self) -> None:
        """Let it open."""
        self.output(True)

    def switch_off(self) -> None:
        """Closed, whatever its line does."""
        self.output(False)

    def is_on(self) -> bool:
        """Whether it may open."""
        return bool(self.output())

    def share(self) -> float:
        """The share that passes while it is open, asked of the driver; 0 if it is off."""
        return float(self.efficiency())

    def opening(self) -> "roles.Opening":
        """Share, whether it follows its line, whether it is on, asked of the driver."""
        return float(self.efficiency()), self.gate() == "external", bool(self.output())

    def asked_share(self) -> float:
        """The share as it was set or read last; asks if it is not known yet."""
        return float(self.efficiency.cache.get())

    def ignores_line(self) -> bool:
        """Whether it was last set, or seen, to be open whatever its line does. Asks nothing."""
        return bool(self.gate.cache.get(get_if_invalid=False) == "internal")

    def make_safe(self) -> str:
        """Closed."""
        self.switch_off()
        return "its output is still on" if self.output() else ""

    def _set(self, units: str, **expected: float | bool) -> None:
        """Send some units of a command to this channel, and see that they were taken; if not, send them once more."""
        command = f"L{self._number}{units}"
        self._standing = {known: value for known, value in self._standing.items() if known not in expected}
        try:
            self._send(command, **expected)
        except AomError as error:
            self.log.warning("%s; once more", error)
            self._send(command, **expected)
        self._standing |= expected

    def changes(self, status: ChannelStatus) -> list[str]:
        """What is not as it was set last, a phrase each; it is forgotten then."""
        seen = {field: getattr(status, field) for field in self._standing}
        found = [
            f"{self.short_name} {field} is {seen[field]}, was {was}"
            for field, was in self._standing.items()
            if abs(seen[field] - was) > _SAME
        ]
        if found:
            self._standing = {}
        return found

    def _send(self, command: str, **expected: float | bool) -> None:
        line = self.parent.command(command)
        status = self.status()
        if any(abs(getattr(status, field) - value) > _SAME for field, value in expected.items()):
            raise AomError(
                f"AOM driver {self.parent.name!r} did not take {command!r}: channel {self._number} stands at "
                f"{status.frequency_mhz} MHz, {status.power_dbm} dBm, {'on' if status.is_on else 'off'}, "
                f"{'external' if status.is_external else 'internal'} gate. Check its front panel and its cable",
                instrument=self.full_name,
                command=command,
                reply=line,
            )

    def _efficiency(self) -> float:
        status = self.status()
        return diffraction(status.power_dbm) if status.is_on else 0.0

    def _set_efficiency(self, efficiency: float) -> None:
        if efficiency == 0.0:
            self._set("D0.00O0", power_dbm=0.0, is_on=False)
            return
        dbm = round(power_for(efficiency), 2)
        if dbm < 0.0:
            raise AomError(
                f"AOM channel {self.full_name!r}: efficiency {efficiency:.4g} lies below {LOWEST_EFFICIENCY:.4f}, the "
                "share that its lowest power (0 dBm) diffracts. Set 0 to switch it off, or lower the laser's power",
                instrument=self.full_name,
                command="efficiency",
                reply=f"{dbm:.2f} dBm",
            )
        self._set(f"D{dbm:.2f}O1", power_dbm=dbm, is_on=True)

    def _set_power(self, dbm: float) -> None:
        self._set(f"D{dbm:.2f}", power_dbm=round(dbm, 2))

    def _set_frequency(self, mhz: float) -> None:
        self._set(f"F{mhz:.3f}", frequency_mhz=round(mhz, 3))

    def _set_output(self, on: bool) -> None:
        self._set(f"O{on:d}", is_on=on)

    def _gate(self) -> str:
        return "external" if self.status().is_external else "internal"

    def _set_gate(self, gate: str) -> None:
        external = gate == "external"
        self._set(f"I{not external:d}", is_external=external)


class MPDS(VisaInstrument):
    """The driver with its two channels.

    blanking: 'internal' leaves the channels to themselves; 'external' darkens all while the blanking input is low, and
    this bench has no cable there.
    """

    habits: ClassVar = Habits("q", ends=_PROMPT, once=re.compile(r"[EM]"), form=_ANY)

    def __init__(self, name: str, address: str, **kwargs: "Unpack[VisaInstrumentKWArgs]") -> None:
        super().__init__(name, address, **kwargs)
        handle = self.visa_handle
        handle.write_termination, handle.read_termination = "\r", _EOL
        if isinstance(handle, SerialInstrument):
            handle.baud_rate = 57_600
        self.blanking: Parameter = self.add_parameter(
            "blanking", vals=Enum("internal", "external"), get_cmd=self._blanking, set_cmd=self._set_blanking
        )
        self.pump = self.add_submodule("pump", AomChannel(self, "pump", 1))
        self.doughnut = self.add_submodule("doughnut", AomChannel(self, "doughnut", 2))

    def get_idn(self) -> dict[str, str | None]:
        """Who answers; the driver tells only its product."""
        product = self._block("q").strip()
        return {"vendor": "AA Opto-Electronic", "model": product, "serial": None, "firmware": None}

    def status(self) -> dict[int, ChannelStatus]:
        """Every channel by its number."""
        return {
            int(number): ChannelStatus(float(mhz), float(dbm), on == "ON", source == "EXT")
            for number, mhz, dbm, on, source in _CHANNEL_LINE.findall(self._status())
        }

    def command(self, command: str) -> str:
        """A command that answers one line. Refuses the empty line, which precedes the prompt: it was no command."""
        line = self.ask(command)
        if not line:
            self.visa_handle.read(termination=_PROMPT)
            raise AomError(
                f"AOM driver {self.name!r} does not know {command!r}: it answered with its prompt. Check the channel "
                "number and that the driver is an MPDS",
                instrument=self.name,
                command=command,
                reply=_PROMPT,
            )
        return line

    def make_safe(self) -> str:
        """Both channels closed."""
        return faults_of({"pump": self.pump.make_safe, "doughnut": self.doughnut.make_safe})

    def readings(self) -> Iterator[Reading]:
        """Of both channels."""
        status = self.status()
        for name, number in (("pump", 1), ("doughnut", 2)):
            channel = status[number]
            is_open = channel.is_on and not channel.is_external
            gate = "external" if channel.is_external else "internal: always open"
            yield Reading(f"{name} output", channel.is_on, verdict=on(channel.is_on))
            yield Reading(f"{name} RF", channel.power_dbm, "dBm", limit=MAX_DBM, verdict=on(channel.is_on))
            yield Reading(f"{name} frequency", channel.frequency_mhz, "MHz", verdict="off")
            yield Reading(f"{name} gate", gate, verdict=wrong_if(is_open, "warning", False))

    def causes(self) -> tuple[Cause, ...]:
        """It tells of none."""
        return ()

    def settings(self) -> dict[str, Any]:
        """The pump's channel, if it is on; the doughnut's belongs to its beam."""
        if not self.pump.output.cache.get(get_if_invalid=False):
            return {}
        return {"pump_output": True, "pump_efficiency": self.pump.efficiency.cache.get(get_if_invalid=False)}

    def verify(self) -> None:
        """Raises ChangedError if a channel is not as it was set last."""
        status = self.status()
        channels = {1: self.pump, 2: self.doughnut}
        if changes := [
            change for k, channel in channels.items() if k in status for change in channel.changes(status[k])
        ]:
            raise ChangedError(self.name, ", ".join(changes))

    def store(self) -> None:
        """Keep frequencies and powers through power-off."""
        self._block("E")

    def _block(self, command: str, form: re.Pattern[str] = _ANY) -> str:
        """A command that answers lines up to the prompt. Raises GarbledError if they have not this form."""
        self.write(command)
        block = str(self.visa_handle.read(termination=_PROMPT))
        if not form.fullmatch(block):
            raise GarbledError(self.name, repr(command), block)
        return block

    def _status(self) -> str:
        """Lines of all channels, then that of the blanking."""
        return self._block("S", _STATUS)

    def _blanking(self) -> str:
        found = _BLANKING_LINE.search(self._status())
        return "internal" if found is not None and found[2] == "INT" else "external"

    def _set_blanking(self, source: str) -> None:
        self.command(f"L0I{source == 'internal':d}O1")


if TYPE_CHECKING:
    _PLAYS: type[roles.LightSwitches] = MPDS
