"""SRS SG386: four-letter commands, an error code for what is refused, a list of states that triggers step through."""

import re
from collections import deque
from collections.abc import Callable
from typing import Final

from simulated_instruments.setpoints import World
from simulated_instruments.visa.languages.srs import (
    ILLEGAL_MODE,
    ILLEGAL_QUERY,
    ILLEGAL_SET,
    ILLEGAL_VALUE,
    NO_DOUBLER,
    NULL_PARAMETER,
    RECALL_FAILED,
    SYNTAX,
    TOO_MANY_ERRORS,
    UNDEFINED_COMMAND,
    Setting,
    SrsError,
    dbm,
    integer,
    only,
    volts,
)
from simulated_instruments.visa.languages.srs_status import MASKS, Status
from simulated_instruments.visa.languages.state_list import UNCHANGED, StateList

_QUEUE_LENGTH: Final = 20
_HERTZ: Final = (("", 1.0), ("HZ", 1.0), ("KHZ", 1e3), ("MHZ", 1e6), ("GHZ", 1e9))
_DBM: Final = (("", 1.0), ("DBM", 1.0))
_VOLTS: Final = (("", 1.0), ("VPP", 1.0))
_TYPE_N_FROM_HZ: Final = 950e3
_IQ_FROM_HZ: Final = 400e6
_IQ_MOST_DBM: Final = 10.0
_IQ_TYPE: Final = 6
_UNLOCKED: Final = 16
"""Bit of INSR? for the loop of the carrier's oscillator; which bit it is, is assumed."""
_WANDERS_HZ: Final = 20e6
"""So far is the carrier from its frequency while that loop is open."""
_OPTIONS: Final = {1: "1", 2: "0", 3: "1", 4: "0"}
"""Rear clock outputs, frequency doubler, I/Q inputs, timebase."""

_SETTINGS: Final[dict[str, Setting]] = {
    "FREQ": Setting(10e6, 0.0, 6.075e9, 6, _HERTZ),
    "PHAS": Setting(0.0, -360.0, 360.0, 2),
    "AMPR": Setting(-110.0, -110.0, 16.5, 2, _DBM),
    "AMPL": Setting(0.0, -47.0, 13.0, 2, _DBM),
    "AMPC": Setting(0.8, 0.4, 1.0, 2, _VOLTS),
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
    "QFNC": Setting(5, 4, 5, 0),
    "COUP": Setting(1, 0, 1, 0),
    "RATE": Setting(1e3, 1e-6, 50e3, 6, _HERTZ),
    "SRAT": Setting(100.0, 1e-6, 120.0, 6, _HERTZ),
    "FDEV": Setting(1e3, 0.1, 64e6, 1, _HERTZ),
    "SDEV": Setting(1e6, 0.1, 1e9, 1, _HERTZ),
    "PDEV": Setting(10.0, 0.0, 360.0, 2),
    "ADEP": Setting(100.0, 0.0, 100.0, 1),
    "PPER": Setting(1e-3, 1e-6, 10.0, 9),
    "PWID": Setting(1e-6, 1e-7, 10.0, 9),
    "PDTY": Setting(50.0, 0.0, 100.0, 1),
}
_IN_DBM: Final = ("AMPR", "AMPL")
_LAST_PLACE: Final = 9
"""Of the settings that *SAV keeps."""
_OVEN: Final = "1"
"""TIMB?: 0 crystal, 1 in an oven, 2 rubidium, 3 external."""
_DOUBLER: Final = frozenset({"AMPH", "ENBH"})
_ENABLE_BITS: Final = ("MODL", "ENBL", "ENBR")
_OF_TYPE: Final = {
    "FUNCTION": ("MFNC", "MFNC", "MFNC", "SFNC", "PFNC", "PFNC", "QFNC"),
    "RATE": ("RATE", "RATE", "RATE", "SRAT", "PPER", "PPER", "RATE"),
    "DEVIATION": ("ADEP", "FDEV", "PDEV", "SDEV", "PWID", "PWID", "FDEV"),
}
"""Which command a field of a state stands for in each modulation type."""


class SG386:
    """Drives the carrier of the bench; without the frequency doubler, as station.yaml's is."""

    def __init__(self, world: World, serial: str = "001671") -> None:
        self._world = world
        self._identity = f"Stanford Research Systems,SG386,s/n{serial},ver1.21.26"
        self._errors: deque[int] = deque()
        self._status = Status()
        self._places: dict[int, dict[str, float]] = {}
        self._states = StateList()
        self._unlocks = 0
        self._wanders_hz = 0.0
        self._values = {name: s.initial for name, s in _SETTINGS.items()}
        self._queries: dict[str, Callable[[list[str]], str]] = {
            "*IDN": lambda _: self._identity,
            "*OPC": lambda _: "1",
            "*TST": lambda _: "0",
            "*ESR": lambda _: self._status.read_events(),
            "*STB": lambda _: str(self._status.byte(self._unlocks)),
            **{name: self._status.shown(name) for name in MASKS},
            "LERR": lambda _: str(self._errors.popleft() if self._errors else 0),
            "OPTN": self._option,
            "TEMP": lambda _: "38.5",
            "TIMB": lambda _: _OVEN,
            "INSR": lambda _: self._read_unlocks(),
            "ORNG": lambda _: "0",
            "LSTC": lambda arguments: self._states.create(arguments),
            "LSTP": lambda arguments: self._states.show(arguments),
            "LSTE": lambda _: str(int(self._states.is_armed)),
            "LSTI": lambda _: str(self._states.index),
            "LSTS": lambda _: str(len(self._states.states)),
        }
        self._orders: dict[str, Callable[[list[str]], None]] = {
            "*CLS": lambda _: self._clear(),
            "*WAI": lambda _: None,
            "*SAV": self._save,
            "*RCL": self._recall,
            **{name: self._status.set(name) for name in MASKS},
            "*RST": lambda _: self._reset(),
            "*TRG": lambda _: self._trigger(),
            "*OPC": lambda _: self._status.done(),
            "LSTP": self._set_state,
            "LSTE": lambda arguments: self._states.arm(arguments),
            "LSTI": lambda arguments: self._states.go_to(arguments),
            "LSTR": lambda _: self._states.rewind(),
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

    def unlock(self, is_open: bool) -> None:
        """The loop that holds the carrier opens, or closes again; the status remembers that it was open."""
        self._wanders_hz = _WANDERS_HZ if is_open else 0.0
        self._unlocks |= _UNLOCKED if is_open else 0
        self._drive()

    def drop_rf(self) -> None:
        """The output goes off by itself."""
        self._values |= {"ENBR": 0.0}
        self._drive()

    def _read_unlocks(self) -> str:
        """INSR?: what happened since it was asked last; what lasts is there again."""
        unlocks, self._unlocks = self._unlocks, _UNLOCKED if self._wanders_hz else 0
        return str(unlocks)

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
        self._status.note(code)
        if len(self._errors) < _QUEUE_LENGTH:
            self._errors.append(code)
        else:
            self._errors[-1] = TOO_MANY_ERRORS

    # ---- settings ----------------------------------------------------------------------------------------------

    def _show(self, name: str, arguments: list[str]) -> str:
        value, unit = self._values[name], only(arguments).upper() if arguments else ""
        if unit in ("RMS", "VPP") and name in _IN_DBM:
            return volts(value, unit)
        return _SETTINGS[name].show(value, unit)

    def _set(self, name: str, arguments: list[str]) -> None:
        text = only(arguments)
        self._store({name: _SETTINGS[name].parse(dbm(text) if name in _IN_DBM else text)})

    def _store(self, changes: dict[str, float]) -> None:
        values = self._values | changes
        _check(values, changes)
        self._values = values
        self._drive()

    def _drive(self) -> None:
        v = self._values
        self._world.turn(
            carrier_hz=v["FREQ"] + self._wanders_hz,
            carrier_dbm=v["AMPR"],
            carrier_on=bool(v["ENBR"]) and v["FREQ"] >= _TYPE_N_FROM_HZ,
        )

    def _option(self, arguments: list[str]) -> str:
        option = integer(only(arguments))
        if option not in _OPTIONS:
            raise SrsError(ILLEGAL_VALUE)
        return _OPTIONS[option]

    def _reset(self) -> None:
        self._delete_list()
        self._values = {name: s.initial for name, s in _SETTINGS.items()}
        self._drive()

    def _clear(self) -> None:
        self._errors.clear()
        self._status.clear()
        self._unlocks = 0

    def _save(self, arguments: list[str]) -> None:
        self._places[_place(arguments, 1)] = dict(self._values)

    def _recall(self, arguments: list[str]) -> None:
        """Settings as they were saved; from place 0, as *RST leaves them."""
        place = _place(arguments, 0)
        if place == 0:
            self._reset()
        elif place in self._places:
            self._store(self._places[place])
        else:
            raise SrsError(RECALL_FAILED)

    # ---- list of states ----------------------------------------------------------------------------------------

    def _set_state(self, arguments: list[str]) -> None:
        index, fields = self._states.read(arguments)
        self._changes(fields)  # refuses what no output could do
        self._states.states[index] = fields

    def _trigger(self) -> None:
        self._store(self._changes(self._states.advance()))

    def _delete_list(self) -> None:
        self._states = StateList()

    def _changes(self, fields: dict[str, str]) -> dict[str, float]:
        """Settings that a state changes."""
        given = {name: text for name, text in fields.items() if text != UNCHANGED and name != "DISP"}
        kind = int(_SETTINGS["TYPE"].parse(given["TYPE"]) if "TYPE" in given else self._values["TYPE"])
        changes: dict[str, float] = {}
        for name, text in given.items():
            if name == "ENABLE":
                bits = integer(text)
                changes |= {output: float(bits >> k & 1) for k, output in enumerate(_ENABLE_BITS)}
            else:
                changes |= _change(name, text, kind)
        return changes


def _place(arguments: list[str], lowest: int) -> int:
    place = integer(only(arguments))
    if not lowest <= place <= _LAST_PLACE:
        raise SrsError(ILLEGAL_VALUE)
    return place


def _change(name: str, text: str, kind: int) -> dict[str, float]:
    if name in _DOUBLER:
        raise SrsError(NO_DOUBLER)
    command = _OF_TYPE[name][kind] if name in _OF_TYPE else name
    return {command: _SETTINGS[command].parse(text)}


def _check(values: dict[str, float], changes: dict[str, float]) -> None:
    """What the hardware cannot do at once."""
    iq = values["MODL"] and values["TYPE"] == _IQ_TYPE
    if iq and values["FREQ"] < _IQ_FROM_HZ:
        raise SrsError(ILLEGAL_MODE)
    if iq and values["AMPR"] > _IQ_MOST_DBM:
        raise SrsError(ILLEGAL_VALUE if "AMPR" in changes else ILLEGAL_MODE)
