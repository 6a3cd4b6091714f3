"""MPB Communications VFL: a fibre laser, frequency doubled, as it is used at 775 nm for STED. Needs QCoDeS only.

A command ends in `\\r`. An answer ends in the prompt `D >` if the laser took the command, or `F >` if it refused it;
what stands before that is a value, or the reason. A laser that was switched on needs some seconds until it shines.
"""

import re
from typing import TYPE_CHECKING, Final, NoReturn

from pyvisa.resources import SerialInstrument
from qcodes.instrument import VisaInstrument
from qcodes.validators import Bool, Enum, Numbers

if TYPE_CHECKING:
    from typing import Unpack

    from qcodes.instrument import VisaInstrumentKWArgs
    from qcodes.parameters import Parameter

PROMPT: Final = " >"
_ANSWER: Final = re.compile(r"(?P<said>.*?)\s*(?P<verdict>[DF])", re.DOTALL)
STATES: Final = {
    0: "off",
    6: "key locked",
    7: "interlock open",
    8: "fault",
    20: "starting up",
    31: "turning on",
    41: "on at constant current",
    42: "on at constant power",
}
_CONTROLS: Final = {"current": 0, "power": 1}
_TUNED: Final = {0: "not tuned", 1: "tuned", 2: "aborted", 3: "tuning"}


class VFLError(RuntimeError):
    """The laser refused a command. `reason` is what it said, `state` what it was doing."""

    def __init__(self, message: str, command: str, reason: str, state: str) -> None:
        super().__init__(message)
        self.command, self.reason, self.state = command, reason, state


class MPBVFL(VisaInstrument):
    """Power, emission and health of one laser.

    emission: True switches the diodes on and returns at once; `state` tells when the light is there.
    control: whether the output power is held constant, or the current of the diodes.
    power_setpoint_mw counts while `control` is 'power', current_setpoint_ma while it is 'current'.
    """

    def __init__(self, name: str, address: str, **kwargs: "Unpack[VisaInstrumentKWArgs]") -> None:
        super().__init__(name, address, **kwargs)
        handle = self.visa_handle
        handle.write_termination, handle.read_termination = "\r", PROMPT
        if isinstance(handle, SerialInstrument):
            handle.baud_rate = 9600
        self._add_settings()
        self._add_readings()
        self._add_crystal()

    def _add_settings(self) -> None:
        self.emission: Parameter = self.add_parameter(
            "emission",
            vals=Bool(),
            get_cmd="getldenable",
            set_cmd=lambda on: self.order(f"setldenable {on:d}"),
            get_parser=_yes,
        )
        self.control: Parameter = self.add_parameter(
            "control",
            vals=Enum(*_CONTROLS),
            get_cmd="getpowerenable",
            set_cmd=lambda control: self.order(f"powerenable {_CONTROLS[control]}"),
            get_parser=lambda said: {code: control for control, code in _CONTROLS.items()}[int(said)],
        )
        self.power_setpoint_mw: Parameter = self.add_parameter(
            "power_setpoint_mw",
            unit="mW",
            vals=Numbers(0.0),
            get_cmd="getpower 0",
            set_cmd=lambda mw: self.order(f"setpower 0 {mw:.1f}"),
            get_parser=float,
            docstring="Within `power_limits_mw`; the laser refuses what is not.",
        )
        self.current_setpoint_ma: Parameter = self.add_parameter(
            "current_setpoint_ma",
            unit="mA",
            vals=Numbers(0.0),
            get_cmd="getldcur 1",
            set_cmd=lambda ma: self.order(f"setldcur 1 {ma:.1f}"),
            get_parser=float,
        )

    def _add_readings(self) -> None:
        self.power_mw: Parameter = self.add_parameter("power_mw", unit="mW", get_cmd="power 0", get_parser=float)
        self.power_limits_mw: Parameter = self.add_parameter(
            "power_limits_mw", unit="mW", get_cmd="getpowersetptlim 0", get_parser=_two, docstring="Least and most."
        )
        self.current_ma: Parameter = self.add_parameter(
            "current_ma", unit="mA", get_cmd="ldcurrent 1", get_parser=float
        )
        self.current_limits_ma: Parameter = self.add_parameter(
            "current_limits_ma", unit="mA", get_cmd="getldlim 1", get_parser=_two, docstring="Least and most."
        )
        self.current_max_ma: Parameter = self.add_parameter(
            "current_max_ma",
            unit="mA",
            get_cmd="getacccurmax",
            get_parser=float,
            docstring="At constant current; some lasers say 0: then the second of `current_limits_ma` holds.",
        )
        self.state: Parameter = self.add_parameter(
            "state", get_cmd="getlaserstate", get_parser=lambda said: STATES.get(int(said), f"unknown ({said})")
        )
        self.key_locked: Parameter = self.add_parameter(
            "key_locked", get_cmd="getinput 2", get_parser=lambda said: not _yes(said)
        )
        self.diode_c: Parameter = self.add_parameter("diode_c", unit="°C", get_cmd="ldtemp 1", get_parser=float)
        self.cooler_c: Parameter = self.add_parameter("cooler_c", unit="°C", get_cmd="tectemp 1", get_parser=float)
        self.model: Parameter = self.add_parameter("model", get_cmd="getmodel")
        self.serial: Parameter = self.add_parameter("serial", get_cmd="getsn")
        self.report: Parameter = self.add_parameter(
            "report",
            get_cmd="shlaser",
            get_parser=lambda said: said.split("\r"),
            snapshot_get=False,
            docstring="What the laser says of itself, line by line.",
        )

    def _add_crystal(self) -> None:
        """Of the second harmonic."""
        self.crystal_setpoint_c: Parameter = self.add_parameter(
            "crystal_setpoint_c",
            unit="°C",
            vals=Numbers(0.0, 200.0),
            get_cmd="getshgtemp",
            set_cmd=lambda celsius: self.order(f"setshgtemp {celsius:.2f}"),
            get_parser=float,
        )
        self.crystal_c: Parameter = self.add_parameter("crystal_c", unit="°C", get_cmd="shgtemp", get_parser=float)
        self.tuning: Parameter = self.add_parameter(
            "tuning", get_cmd="getshgtunestate", get_parser=lambda said: _TUNED[int(said.split()[0])]
        )
        self.tuning_ready: Parameter = self.add_parameter(
            "tuning_ready",
            get_cmd="getshgtunerdy",
            get_parser=_tuning_ready,
            docstring="Ready, hours until the next tuning is due, seconds until the laser is warm.",
        )

    def get_idn(self) -> dict[str, str | None]:
        """Who answers."""
        return {"vendor": "MPB Communications", "model": self.model(), "serial": self.serial(), "firmware": None}

    def tune(self) -> None:
        """Search the crystal's best temperature; the laser has to be on at constant power, and warm."""
        self.order("setshgcmd 1")

    def stop_tuning(self) -> None:
        """End a search."""
        self.order("setshgcmd 2")

    def ask_raw(self, cmd: str) -> str:
        """One command and what it was answered, without the prompt. Raises VFLError if the laser refused it."""
        return self._understood(cmd, super().ask_raw(cmd))

    def order(self, command: str) -> None:
        """One command that sets something."""
        self.ask(command)

    def _understood(self, command: str, answer: str) -> str:
        found = _ANSWER.fullmatch(answer.strip())
        if found is None:
            self._garbled(command, answer)
        if found["verdict"] == "F":
            self._refused(command, found["said"])
        return found["said"]

    def _garbled(self, command: str, answer: str) -> NoReturn:
        raise ValueError(f"{self.name}: {command!r} brought back {answer!r}, which has no prompt 'D >' or 'F >'")

    def _refused(self, command: str, reason: str) -> NoReturn:
        state = "not asked" if command == "getlaserstate" else str(self.state())
        raise VFLError(f"{self.name} refused {command!r}: {reason}. State: {state}", command, reason, state)


def _yes(said: str) -> bool:
    return {"0": False, "1": True}[said.strip()]


def _two(said: str) -> tuple[float, float]:
    least, most = said.split()
    return float(least), float(most)


def _tuning_ready(said: str) -> tuple[bool, float, float]:
    ready, hours, seconds = said.split()
    return _yes(ready), float(hours), float(seconds)
