"""Replies that are mutated on their wires, and what the drivers make of them; the twin says what is still on."""

import contextlib
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from qcodes.instrument import VisaInstrument

import simulated_instruments.nidaq.server as ni_server
from instruments.common.errors import InstrumentError
from labctl.bench.station import OpenStation, Wires
from labctl.config.station_file import read_station
from labctl.safety.safe_state import make_safe
from simulated_instruments.bench import Bench
from simulated_instruments.faults.injector import Injector
from simulated_instruments.faults.kinds import CARD
from simulated_instruments.faults.script import Fault
from simulated_instruments.sample import load_sample
from simulated_instruments.visa import backend

HOME: Final = Path(__file__).resolve().parents[2]
ROUND: Final = 50
"""Cases between two safe states."""
LIMIT_S: Final = 10.0
"""Wall time after which a call hangs."""
_MEASURED: Final = re.compile(r".*_ch[12]_(voltage|current|resistance)\?")
"""What a supply measures is none while its output is off, or no current flows: 9.91E37, and nan by design."""
LINE_KINDS: Final = ("unanswered", "garbage", "truncated", "late", "unterminated", "twice_terminated")
TOKENS: Final = (
    b"", b" ", b"0", b"1", b"-1", b"2", b"7", b"255", b"nan", b"inf", b"-inf", b"1e400", b"9.91E37", b"9" * 4000, b"OK",
    b"ON", b"OFF", b"1;", b";", b";;;;", b"1,2,3", b"+0,\"No error\"", b"-113,\"Undefined header\"", b"Syntax error",
    b"?", b"\r", b"\n", b"\r\n", b"\n\r", b"\x00", b"\xff\xfe", b"\x1b[2J", b"None", b"0x10", b"1_0", b"1.5.2",
    "\u0661\u0662".encode(), "\u00bd".encode(), b"=", b"POWER=", b"WARN", b"True", b"CURR", b"#9000000000",
)  # fmt: skip
_NUMBERS: Final = (0, 1, -1, 7, 255, 2**31 - 1, -(2**31), 0.5, 1e30, math.nan, math.inf)


class Wild(Injector):
    """Mutates the next replies of one instrument, when it is told to."""

    def __init__(self, clock: Any) -> None:
        super().__init__(clock)
        self.draw = np.random.default_rng(0)
        self.victim, self.left, self.done = "", 0, 0

    def aim(self, victim: str, seed: int) -> None:
        """From now on: one to four replies of this instrument, as the seed says."""
        self.draw = np.random.default_rng(seed)
        self.victim, self.left, self.done = victim, int(self.draw.choice([1, 1, 2, 3, 4])), 0

    def rest(self) -> None:
        """No more."""
        self.left = 0

    def strikes(self, instrument: str) -> bool:
        """Whether this reply is one."""
        if instrument != self.victim or self.left <= 0:
            return False
        self.left -= 1
        self.done += 1
        return True

    def _due(self, call: Any) -> Fault | None:
        if call.instrument == CARD or self.draw.random() > 0.2 or not self.strikes(call.instrument):
            return super()._due(call)
        return Fault(kind=str(self.draw.choice(LINE_KINDS)), instrument=call.instrument)


class _Dialect:
    """An instrument whose replies are mutated."""

    def __init__(self, line: Any, wild: Wild) -> None:
        self._line, self._plain, self._wild = line, line.dialect, wild

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def answer(self, message: bytes) -> bytes | None:
        """As the instrument answers, or nearly."""
        reply = self._plain.answer(message)
        if reply is None or not message or not self._wild.strikes(self._line._name):
            return reply  # type: ignore[no-any-return]
        self._line.is_mute = True  # what the mutation lacks never comes; a reader has timed out at once
        return mutated(bytes(reply), self._wild.draw)


def mutated(reply: bytes, draw: np.random.Generator) -> bytes:
    """Another reply."""
    out = bytearray(reply)
    at = int(draw.integers(len(out) + 1))
    token = TOKENS[int(draw.integers(len(TOKENS)))]
    match int(draw.integers(9)):
        case 0 | 1:
            return token
        case 2:
            out[at : at + 1] = draw.integers(0, 256, 1, dtype=np.uint8).tobytes()
        case 3:
            out[at:at] = token
        case 4:
            out = out[:at]
        case 5:
            out = out[at:]
        case 6:
            out = out + out
        case 7:
            out[at : at + 1] = bytes([48 + int(draw.integers(10))])
        case _:
            return draw.integers(0, 256, int(draw.integers(1, 60)), dtype=np.uint8).tobytes()
    return bytes(out)


def _response(response: Any, draw: np.random.Generator) -> Any:
    """Another response of the card: one field of it is anything."""
    fields = list(response.DESCRIPTOR.fields)
    if not fields or draw.random() < 0.15:
        return type(response)()
    field = fields[int(draw.integers(len(fields)))]
    was = getattr(response, field.name)
    number = _NUMBERS[int(draw.integers(len(_NUMBERS)))]
    with contextlib.suppress(TypeError, ValueError, AttributeError, OverflowError):  # what has no place there
        if hasattr(was, "extend"):
            kept = [] if draw.random() < 0.5 else [*was, *was]
            del was[:]
            was.extend(kept)
        elif isinstance(was, str):
            setattr(response, field.name, str(draw.choice(["", "x", "\u2603", "9" * 300])))
        elif isinstance(was, float):
            setattr(response, field.name, float(number))
        elif isinstance(was, int):
            setattr(response, field.name, int(number))
    return response


@contextlib.contextmanager
def _wild_card(wild: Wild) -> Iterator[None]:
    plain = vars(ni_server)["disturbed"]

    def disturbed(*arguments: Any) -> Any:
        response = plain(*arguments)
        return _response(response, wild.draw) if wild.strikes(CARD) else response

    vars(ni_server)["disturbed"] = disturbed
    try:
        yield
    finally:
        vars(ni_server)["disturbed"] = plain


# ---- what is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """One call of a driver."""

    victim: str
    """Whose replies are mutated."""
    name: str
    ask: Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """A question whose replies were mutated."""

    seed: int
    question: str
    struck: int
    """Replies that were mutated."""
    outcome: str
    """'value', 'refused', or what must not be."""

    @property
    def is_good(self) -> bool:
        """A value, or an error that names the instrument."""
        return self.outcome in ("value", "refused")


def questions(station: OpenStation) -> list[Question]:
    """Every parameter of every VISA instrument asked, those that may be set set to what they are, and the verbs."""
    found: list[Question] = []
    for name, instrument in station.instruments.items():
        if not isinstance(instrument, VisaInstrument):
            continue
        for part in (instrument, *instrument.instrument_modules.values()):
            for parameter in part.parameters.values():
                if parameter.gettable and parameter.name != "timeout":
                    found.append(Question(name, f"{parameter.full_name}?", parameter.get))
        verbs = ("get_idn", "verify", "errors", "status", "system_errors")
        found += [
            Question(name, f"{name}.{verb}", getattr(instrument, verb)) for verb in verbs if hasattr(instrument, verb)
        ]
    return found + _settings(station.switches()) + _card(station.instruments)


def _settings(lab: Any) -> list[Question]:
    made: Mapping[str, tuple[str, Callable[[], Any]]] = {
        "carrier": ("microwave", lambda: lab.microwave.frequency(2.87e9)),
        "carrier power": ("microwave", lambda: lab.microwave.amplitude_RF(-20.0)),
        "carrier off": ("microwave", lambda: lab.microwave.enable_RF("OFF")),
        "shift": ("main_supply", lambda: lab.shift_coil.set_current(0.01)),
        "gradient": ("pulsed_supply", lambda: lab.gradient_coil.set_current(0.01)),
        "gradient off": ("pulsed_supply", lambda: lab.gradient_coil.output(False)),
        "magnet": ("trim_x", lambda: lab.magnet.currents()),
        "magnet on": ("trim_y", lambda: lab.magnet.switch_on()),
        "magnet up": ("main_supply", lambda: lab.magnet.ramp_to((0.0, 0.0, 0.05))),
        "green power": ("green_laser", lambda: lab.green_laser.power_mw(20.0)),
        "green on": ("green_laser", lambda: lab.green_laser.emission(True)),
        "pump": ("aom", lambda: lab.aom.pump.efficiency(0.5)),
        "pump gate": ("aom", lambda: lab.aom.pump.gate("external")),
        "doughnut": ("sprout", lambda: lab.depletion_beam.power_mw(100.0)),
        "doughnut by its AOM": ("aom", lambda: lab.depletion_beam.power_mw(90.0)),
    }
    return [Question(victim, name, ask) for name, (victim, ask) in made.items()]


def _card(instruments: Mapping[str, Any]) -> list[Question]:
    card, pulses, counter = (instruments[name] for name in ("ni_card", "pulse_generator", "photon_counter"))
    pattern = ((1, 1), (1, 0)) * 50

    def play() -> Any:
        try:
            counter.arm()
            pulses.load(pattern)
            pulses.start(100)
            pulses.wait()
            pulses.lower()
            return counter.read()
        finally:
            with contextlib.suppress(InstrumentError):
                counter.disarm()

    made = {
        "a play": play,
        "another play": play,
        "lines": lambda: pulses.hold(0),
        "an output": lambda: card.write_analog({"ao0": 0.5}),
        "card": card.get_idn,
        "fastest": lambda: card.do_max_hz,
    }
    return [Question(CARD, name, ask) for name, ask in made.items()]


def wire_cases(seeds: range) -> Iterator[Case]:
    """Every case on one open bench, and a look at it after each round. Raises nothing that a driver may."""
    sample = load_sample()
    with Bench(sample, 1) as twin, _wild_card(wild := Wild(twin.clock)):
        _infect(wild)
        with closing(
            OpenStation(read_station(HOME / "station.yaml"), Wires(twin.visalib, twin.ni_target, twin.clock))
        ) as station:
            if station.silent:
                raise RuntimeError("; ".join(map(str, station.silent.values())))
            station._prepare()
            asked = questions(station)
            lab = station.switches()
            for seed in seeds:
                if seed % ROUND == 0:
                    _light(lab)
                yield _case(asked[seed % len(asked)], seed, wild, set(station.instruments))
                if seed % ROUND == ROUND - 1 or seed == seeds[-1]:
                    unsafe = [str(step) for step in make_safe(lab, ramp_magnet=True) if step.fault]
                    if unsafe or (unsafe := twin.still_on()):
                        yield Case(seed, "safe state", 0, f"unsafe: {'; '.join(unsafe)}")


def _infect(wild: Wild) -> None:
    for wire in backend.wires().values():
        wire.line._injector = wild
        wire.line.dialect = _Dialect(wire.line, wild)


def _light(lab: Any) -> None:
    """Something to switch off."""
    with contextlib.suppress(InstrumentError):  # a card or a line that is still in doubt from the case before
        lab.microwave.enable_RF("ON")
        lab.shift_coil.set_current(0.02)
        lab.shift_coil.output(True)
        lab.green_laser.emission(True)
        lab.aom.pump.efficiency(0.5)


def _case(question: Question, seed: int, wild: Wild, names: set[str]) -> Case:
    wild.aim(question.victim, seed)
    began_s = time.monotonic()
    try:
        answer = question.ask()
        is_value = _is_value(answer) or (answer != answer and _MEASURED.fullmatch(question.name))
        outcome = "value" if is_value else f"no value: {answer!r}"
    except InstrumentError as error:
        text = str(error)
        outcome = "refused" if any(name in text for name in names) else f"nameless: {text}"
    except Exception as error:
        outcome = f"{type(error).__name__}: {error}"
    finally:
        wild.rest()
    if time.monotonic() - began_s > LIMIT_S:
        outcome = f"hang: {time.monotonic() - began_s:.0f} s"
    return Case(seed, question.name, wild.done, outcome[:300])


def _is_value(answer: Any) -> bool:
    """No number that is none, anywhere in it."""
    if isinstance(answer, dict):
        return all(map(_is_value, answer.values()))
    if isinstance(answer, list | tuple):
        return all(map(_is_value, answer))
    return not isinstance(answer, float) or math.isfinite(answer)
