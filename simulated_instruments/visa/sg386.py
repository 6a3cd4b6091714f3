"""SRS SG386: four-letter commands, an error code for what is refused, a list of states that triggers step through."""

import math
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from simulated_instruments.knobs import World

ILLEGAL_VALUE: Final = 10
ILLEGAL_MODE: Final = 11
NOT_ALLOWED: Final = 12
NO_DOUBLER: Final = 15
NO_IQ: Final = 16
UNDEFINED_COMMAND: Final = 111
ILLEGAL_QUERY: Final = 112
ILLEGAL_SET: Final = 113
NULL_PARAMETER: Final = 114
EXTRA_PARAMETERS: Final = 115
MISSING_PARAMETERS: Final = 116
INVALID_FLOAT: Final = 121
INVALID_INTEGER: Final = 120
SYNTAX: Final = 126
TOO_MANY_ERRORS: Final = 254

_QUEUE_LENGTH: Final = 20
_LIST_LENGTH: Final = 2000
_FREQUENCY_UNITS: Final = {"": 1.0, "HZ": 1.0, "KHZ": 1e3, "MHZ": 1e6, "GHZ": 1e9}
_TYPE_N_FROM_HZ: Final = 950e3
_IQ_FROM_HZ: Final = 400e6
_IQ_MOST_DBM: Final = 10.0
_IQ: Final = 6
_UNCHANGED: Final = "N"


class SrsError(Exception):
    """A command that is refused; the code goes to the queue that LERR? reads."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Setting:
    """A four-letter command with one value."""

    initial: float
    low: float
    high: float
    decimals: int
    """Digits after the point; 0 makes it an integer."""
    units: dict[str, float] | None = None
    """Suffixes that may follow the number, and what they multiply it with."""


_SETTINGS: Final[dict[str, Setting]] = {
    "FREQ": Setting(10e6, 0.0, 6.075e9, 6, _FREQUENCY_UNITS),
    "PHAS": Setting(0.0, -360.0, 360.0, 2),
    "AMPR": Setting(-110.0, -110.0, 16.5, 2, {"": 1.0, "DBM": 1.0}),
    "AMPL": Setting(0.0, -47.0, 13.0, 2, {"": 1.0, "DBM": 1.0}),
    "AMPC": Setting(0.8, 0.4, 1.0, 2, {"": 1.0, "VPP": 1.0}),
    "OFSL": Setting(0.0, -1.5, 1.5, 2),
    "OFSD": Setting(0.0, -10.0, 10.0, 2),
    "OFSC": Setting(0.0, -2.0, 2.0, 2),
    "ENBR": Setting(0, 0, 1, 0),
    "ENBL": Setting(0, 0, 1, 0),
    "ENBC": Setting(0, 0, 1, 0),
    "NOIS": Setting(0, 0, 1, 0),
    "MODL": Setting(0, 0, 1, 0),
    "TYPE": Setting(1, 0, 6, 0),
    "MFNC": Setting(0, 0, 5, 0),
    "PFNC": Setting(3, 3, 5, 0),
    "SFNC": Setting(2, 0, 5, 0),
    "QFNC": Setting(5, 0, 5, 0),
    "COUP": Setting(1, 0, 1, 0),
    "RATE": Setting(1e3, 1e-6, 50e3, 6, _FREQUENCY_UNITS),
    "SRAT": Setting(100.0, 1e-6, 120.0, 6, _FREQUENCY_UNITS),
    "FDEV": Setting(1e3, 0.1, 64e6, 1, _FREQUENCY_UNITS),
    "SDEV": Setting(1e6, 0.1, 1e9, 1, _FREQUENCY_UNITS),
    "PDEV": Setting(10.0, 0.0, 360.0, 2),
    "ADEP": Setting(100.0, 0.0, 100.0, 1),
    "PPER": Setting(1e-3, 1e-6, 10.0, 9),
    "PWID": Setting(1e-6, 1e-7, 10.0, 9),
    "PDTY": Setting(50.0, 0.0, 100.0, 1),
}
_DOUBLER: Final = frozenset({"AMPH", "ENBH"})
_STATE_FIELDS: Final = (
    "FREQ", "PHAS", "AMPL", "OFSL", "AMPR", "DISP", "ENABLE", "TYPE", "FUNCTION", "RATE", "DEVIATION", "AMPC", "OFSC",
    "AMPH", "OFSD",
)  # fmt: skip
_ENABLE_BITS: Final = ("MODL", "ENBL", "ENBR")
_FUNCTION_OF_TYPE: Final = ("MFNC", "MFNC", "MFNC", "SFNC", "PFNC", "PFNC", "QFNC")
_RATE_OF_TYPE: Final = ("RATE", "RATE", "RATE", "SRAT", "PPER", "PPER", "RATE")
_DEVIATION_OF_TYPE: Final = ("ADEP", "FDEV", "PDEV", "SDEV", "PWID", "PWID", "FDEV")


def _number(text: str, setting: Setting) -> float:
    match = re.fullmatch(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z]*)", text)
    if match is None:
        raise SrsError(INVALID_INTEGER if setting.decimals == 0 else INVALID_FLOAT)
    factor = (setting.units or {"": 1.0}).get(match[2].upper())
    if factor is None:
        raise SrsError(SYNTAX)
    value = float(match[1]) * factor
    if setting.decimals == 0 and value != int(value):
        raise SrsError(INVALID_INTEGER)
    if not setting.low <= value <= setting.high:
        raise SrsError(ILLEGAL_VALUE)
    return round(value, setting.decimals)


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d+", text):
        raise SrsError(INVALID_INTEGER)
    return int(text)


class SG386:
    """Drives the carrier of the bench; without the frequency doubler, as station.yaml's is."""

    def __init__(self, world: World, serial: str = "001671") -> None:
        self._world = world
        self._identity = f"Stanford Research Systems,SG386,s/n{serial},ver1.21.26"
        self._errors: deque[int] = deque()
        self._list: list[dict[str, str]] = []
        self._list_on = False
        self._index = 0
        self._values = {name: s.initial for name, s in _SETTINGS.items()}
        self._queries: dict[str, Callable[[list[str]], str]] = {
            "*IDN": lambda _: self._identity,
            "*OPC": lambda _: "1",
            "*STB": lambda _: str(4 if self._errors else 0),
            "LERR": lambda _: str(self._errors.popleft() if self._errors else 0),
            "OPTN": self._option,
            "TEMP": lambda _: "38.5",
            "INSR": lambda _: "0",
            "ORNG": lambda _: "0",
            "LSTC": self._create_list,
            "LSTP": self._list_entry,
            "LSTE": lambda _: str(int(self._list_on)),
            "LSTI": lambda _: str(self._index),
            "LSTS": lambda _: str(len(self._list)),
        }
        self._orders: dict[str, Callable[[list[str]], None]] = {
            "*CLS": lambda _: self._errors.clear(),
            "*RST": lambda _: self._reset(),
            "*TRG": lambda _: self._trigger(),
            "*OPC": lambda _: None,
            "LSTP": self._set_list_entry,
            "LSTE": self._arm_list,
            "LSTI": self._set_index,
            "LSTR": lambda _: self._rewind(),
            "LSTD": lambda _: self._delete_list(),
        }

    def answer(self, message: bytes) -> bytes | None:
        """Replies of a message's queries joined by semicolons; what is refused is silent and fills LERR?."""
        replies = []
        for text in message.decode("ascii", "replace").split(";"):
            try:
                reply = self._run(text.strip()) if text.strip() else None
            except SrsError as error:
                self._queue(error.code)
                continue
            replies += [] if reply is None else [reply]
        return ";".join(replies).encode() if replies else None

    def _run(self, text: str) -> str | None:
        match = re.fullmatch(r"(\*?[A-Za-z]+)(\?)?\s*(.*)", text)
        if match is None:
            raise SrsError(SYNTAX)
        name, query = match[1].upper(), bool(match[2])
        arguments = [part.strip() for part in match[3].split(",")] if match[3] else []
        if "" in arguments:
            raise SrsError(NULL_PARAMETER)
        if name in _DOUBLER:
            raise SrsError(NO_DOUBLER)
        if name in _SETTINGS:
            if query:
                return self._show(name, arguments)
            self._set(name, arguments)
            return None
        return self._special(name, query, arguments)

    def _special(self, name: str, query: bool, arguments: list[str]) -> str | None:
        if name not in self._queries and name not in self._orders:
            raise SrsError(UNDEFINED_COMMAND)
        if query:
            if name not in self._queries:
                raise SrsError(ILLEGAL_QUERY)
            return self._queries[name](arguments)
        if name not in self._orders:
            raise SrsError(ILLEGAL_SET)
        self._orders[name](arguments)
        return None

    def _queue(self, code: int) -> None:
        if len(self._errors) < _QUEUE_LENGTH:
            self._errors.append(code)
        else:
            self._errors[-1] = TOO_MANY_ERRORS

    # ---- settings ----------------------------------------------------------------------------------------------

    def _show(self, name: str, arguments: list[str]) -> str:
        setting, value = _SETTINGS[name], self._values[name]
        if len(arguments) > 1:
            raise SrsError(EXTRA_PARAMETERS)
        unit = arguments[0].upper() if arguments else ""
        if unit == "RMS" and name in ("AMPR", "AMPL"):
            return f"{0.05**0.5 * 10 ** (value / 20):.6f}"
        factor = (setting.units or {"": 1.0}).get(unit)
        if factor is None:
            raise SrsError(SYNTAX)
        return f"{value / factor:.{setting.decimals + round(math.log10(factor))}f}"

    def _set(self, name: str, arguments: list[str]) -> None:
        if not arguments:
            raise SrsError(MISSING_PARAMETERS)
        if len(arguments) > 1:
            raise SrsError(EXTRA_PARAMETERS)
        self._store({name: _number(arguments[0], _SETTINGS[name])})

    def _store(self, changes: dict[str, float]) -> None:
        values = self._values | changes
        _check(values, changes)
        self._values = values
        self._drive()

    def _drive(self) -> None:
        v = self._values
        self._world.turn(
            carrier_hz=v["FREQ"],
            carrier_dbm=v["AMPR"],
            carrier_on=bool(v["ENBR"]) and v["FREQ"] >= _TYPE_N_FROM_HZ,
        )

    def _option(self, arguments: list[str]) -> str:
        """1: rear clock, 2: doubler, 3: I/Q inputs, 4: timebase. This one has clock and I/Q."""
        if not arguments:
            raise SrsError(MISSING_PARAMETERS)
        option = _integer(arguments[0])
        if not 1 <= option <= 4:
            raise SrsError(ILLEGAL_VALUE)
        return "1" if option in (1, 3) else "0"

    def _reset(self) -> None:
        self._delete_list()
        self._values = {name: s.initial for name, s in _SETTINGS.items()}
        self._drive()

    # ---- list of states ----------------------------------------------------------------------------------------

    def _create_list(self, arguments: list[str]) -> str:
        if not arguments:
            raise SrsError(MISSING_PARAMETERS)
        size = _integer(arguments[0])
        if not 1 <= size <= _LIST_LENGTH:
            return "0"
        self._list = [dict.fromkeys(_STATE_FIELDS, _UNCHANGED) for _ in range(size)]
        self._list_on, self._index = False, 0
        return "1"

    def _entry(self, arguments: list[str]) -> dict[str, str]:
        if not arguments:
            raise SrsError(MISSING_PARAMETERS)
        index = _integer(arguments[0])
        if not 0 <= index < len(self._list):
            raise SrsError(ILLEGAL_VALUE)
        return self._list[index]

    def _list_entry(self, arguments: list[str]) -> str:
        return ",".join(self._entry(arguments)[field] for field in _STATE_FIELDS)

    def _set_list_entry(self, arguments: list[str]) -> None:
        entry = self._entry(arguments)
        fields = [text.upper() for text in arguments[1:]]
        if len(fields) != len(_STATE_FIELDS):
            raise SrsError(MISSING_PARAMETERS if len(fields) < len(_STATE_FIELDS) else EXTRA_PARAMETERS)
        new = dict(zip(_STATE_FIELDS, fields, strict=True))
        self._changes(new)  # refuses what no output could do
        entry.update(new)

    def _changes(self, entry: dict[str, str]) -> dict[str, float]:
        """Settings that a state of the list changes."""
        given = {field: text for field, text in entry.items() if text not in (_UNCHANGED, "NULL")}
        given.pop("DISP", None)
        if "AMPH" in given:
            raise SrsError(NO_DOUBLER)
        kind = int(_number(given["TYPE"], _SETTINGS["TYPE"])) if "TYPE" in given else int(self._values["TYPE"])
        names = {
            "FUNCTION": _FUNCTION_OF_TYPE[kind],
            "RATE": _RATE_OF_TYPE[kind],
            "DEVIATION": _DEVIATION_OF_TYPE[kind],
        }
        changes: dict[str, float] = {}
        for field, text in given.items():
            if field == "ENABLE":
                bits = _integer(text)
                changes |= {name: float(bits >> k & 1) for k, name in enumerate(_ENABLE_BITS)}
            else:
                name = names.get(field, field)
                changes[name] = _number(text, _SETTINGS[name])
        return changes

    def _arm_list(self, arguments: list[str]) -> None:
        if not arguments:
            raise SrsError(MISSING_PARAMETERS)
        on = _integer(arguments[0])
        if on not in (0, 1):
            raise SrsError(ILLEGAL_VALUE)
        if on and not self._list:
            raise SrsError(NOT_ALLOWED)
        self._list_on = bool(on)

    def _set_index(self, arguments: list[str]) -> None:
        self._entry(arguments)
        self._index = _integer(arguments[0])

    def _trigger(self) -> None:
        """The state at the index takes effect, and the index moves on."""
        if not self._list_on:
            return
        entry = self._list[self._index]
        self._index = (self._index + 1) % len(self._list)
        self._store(self._changes(entry))

    def _rewind(self) -> None:
        self._index = 0

    def _delete_list(self) -> None:
        self._list, self._list_on, self._index = [], False, 0


def _check(values: dict[str, float], changes: dict[str, float]) -> None:
    """What the hardware cannot do at once."""
    iq = values["MODL"] and values["TYPE"] == _IQ
    if iq and values["FREQ"] < _IQ_FROM_HZ:
        raise SrsError(ILLEGAL_MODE)
    if iq and values["AMPR"] > _IQ_MOST_DBM:
        raise SrsError(ILLEGAL_VALUE if "AMPR" in changes else ILLEGAL_MODE)
