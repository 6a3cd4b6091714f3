"""Yokogawa GS200: a current or voltage source with ranges, limiters, and programs that ramp by themselves.

Laboratory time moves only when somebody waits. A program therefore advances to the bench's clock whenever a message
arrives, and a poll of the event register waits for the register's next refresh while a program runs.
"""

from typing import Final, NoReturn

from simulated_instruments.setpoints import World
from simulated_instruments.visa.languages.ramp_program import Program
from simulated_instruments.visa.languages.scpi import Refusal, Value, boolean, choice, limit, number, only, show_integer
from simulated_instruments.visa.languages.scpi_instrument import Command, ScpiInstrument, Setting, asked, told

_CURRENT_RANGES_A: Final = (1e-3, 10e-3, 100e-3, 200e-3)
_VOLTAGE_RANGES_V: Final = (10e-3, 100e-3, 1.0, 10.0, 30.0)
_MOST: Final = {"CURR": 0.2, "VOLT": 32.0}
_STEPS: Final = 1e5
"""Steps of a range of 1, 10 or 100; the top ranges share the step of the one below."""
_TOP_STEP: Final = {0.2: 1e-6, 30.0: 1e-4}
_OVERRANGE: Final = 1.2
_REFRESH_S: Final = 0.1
"""The event register is renewed ten times a second."""
_END_OF_STEP, _END_OF_PROGRAM, _SOURCE_CHANGE = 64, 128, 32
_READY_FOR_PROGRAM: Final = 256
_LIMITING: Final = 2048


def _engineering(value: Value, decimals: int) -> str:
    mantissa, exponent = float(value), 0
    while mantissa and abs(mantissa) < 1 - 1e-9 and exponent > -12:
        mantissa, exponent = mantissa * 1e3, exponent - 3
    return f"{mantissa:+.{decimals}f}E{exponent:+d}"


def _show_range(value: Value) -> str:
    return _engineering(value, 0)


def _show_level(value: Value) -> str:
    return _engineering(value, 5)


def _show_name(value: Value) -> str:
    return str(value)


def _show_seconds(value: Value) -> str:
    return f"{float(value):.1f}"


_level: Final = number(-36.0, 36.0)
_range: Final = number(1e-3, 30.0)


def _end(text: str) -> str:
    """MIN or MAX, if that is what a text says."""
    return {"MIN": "MIN", "MINIMUM": "MIN", "MAX": "MAX", "MAXIMUM": "MAX"}.get(text.upper(), "")


_SETTINGS: Final = (
    Setting("[:SOURce]:FUNCtion", "function", "VOLT", choice("VOLTage", "CURRent"), _show_name),
    Setting("[:SOURce]:RANGe", "range", 10.0, _range, _show_range),
    Setting("[:SOURce]:LEVel[:FIXed]", "level", 0.0, _level, _show_level),
    Setting("[:SOURce]:PROTection:VOLTage", "volts_limit", 30.0, number(1.0, 30.0), _show_range),
    Setting("[:SOURce]:PROTection:CURRent", "amps_limit", 0.2, number(1e-3, 0.2), _show_range),
    Setting(":OUTPut[:STATe]", "on", False, boolean, show_integer),
    Setting(":SENSe:REMote", "remote", False, boolean, show_integer),
    Setting(":SENSe:GUARd", "guard", False, boolean, show_integer),
    Setting(":ROUTe:BNCOut", "bnc_out", "TRIG", choice("TRIGger", "OUTPut", "READy"), _show_name),
    Setting(":ROUTe:BNCIn", "bnc_in", "TRIG", choice("TRIGger", "OUTPut"), _show_name),
    Setting(":STATus:ENABle", "events_mask", 0.0, number(0, 65535), show_integer),
    Setting(":PROGram:REPeat", "repeat", False, boolean, show_integer),
    Setting(":PROGram:INTerval", "interval_s", 1.0, number(0.1, 3600.0), _show_seconds),
    Setting(":PROGram:SLOPe", "slope_s", 1.0, number(0.0, 3600.0), _show_seconds),
)


class GS200(ScpiInstrument):
    """Drives one coil. Without the monitor option it measures nothing."""

    def __init__(self, world: World, knob: str, serial: str, load_ohm: float) -> None:
        """knob: the world's current that this source feeds; load_ohm: resistance of its coil."""
        self._world = world
        self._knob = knob
        self._load_ohm = load_ohm
        self._program = Program()
        self._events = 0
        super().__init__(f"YOKOGAWA,GS210,{serial},2.02", _SETTINGS)

    @property
    def _now(self) -> dict[str, Value]:
        return self.values[1]

    def commands(self) -> tuple[Command, ...]:
        """Programs, registers and options."""
        return (
            Command("[:SOURce]:LEVel:AUTO", self._ask_level_auto, self._level_auto),
            Command(":STATus:EVENt", asked(self._read_event)),
            Command(":STATus:CONDition", asked(lambda: str(self._condition()))),
            Command(":SYSTem:LFRequency", asked(lambda: "50")),
            Command("*OPT", asked(lambda: "NONE")),
            Command("*TRG", tell=told(lambda: None)),
            Command(":SENSe[:STATe]", asked(self._refuse_monitor), lambda _, __: self._refuse_monitor()),
            Command(":MEASure", asked(self._refuse_monitor)),
            Command(":PROGram:EDIT:STARt", tell=told(lambda: self._program.edit(float(self._now["range"])))),
            Command(":PROGram:EDIT:END", tell=told(self._program.close)),
            Command(":PROGram:COUNt", asked(lambda: str(self._program.next_step)), self._set_count),
            Command(":PROGram:RUN", tell=told(lambda: self._run_program(len(self._program.steps)))),
            Command(":PROGram:STEP", tell=told(lambda: self._run_program(1))),
            Command(":PROGram:HOLD", tell=told(self._hold)),
            Command(":PROGram:PAUSe", tell=told(self._pause)),
            Command(":PROGram:CONTinue", tell=told(self._resume)),
            Command(":PROGram:SAVE", tell=lambda _, arguments: self._program.save(only(arguments).strip("'\""))),
            Command(":PROGram:LOAD", asked(lambda: f'"{self._program.name}"'), self._load),
        )

    def answer(self, message: bytes) -> bytes | None:
        """Bring the program up to the clock, then do what the message says."""
        self._advance()
        return super().answer(message)

    def check(self, channel: int, key: str, value: Value) -> Value:
        """Ranges and resolution; what a running program or a live output forbids."""
        values = self.values[channel]
        if key == "function" and value != values["function"] and values["on"]:
            raise Refusal(-221)
        if key in ("amps_limit", "volts_limit", "interval_s", "slope_s"):
            digits = 3 if key == "amps_limit" else 0 if key == "volts_limit" else 1
            return round(float(value), digits)
        return value

    def changed(self, channel: int, key: str) -> None:
        """Hand the new current to the world."""
        values = self.values[channel]
        match key:
            case "function":
                values["level"] = 0.0
                values["range"] = 1e-3 if values["function"] == "CURR" else 10.0
            case "range":
                reach = self._reach(float(values["range"]))
                values["level"] = max(-reach, min(reach, float(values["level"])))
            case "on" | "" if not values["on"]:
                self._program.stop()
        self._events |= _SOURCE_CHANGE if key in ("function", "range", "level", "on") else 0
        self._drive()

    def clear(self) -> None:
        """*CLS also empties the event register."""
        super().clear()
        self._events = 0

    def status(self) -> int:
        """Summary of the event register."""
        return 2 if self._events & int(self._now["events_mask"]) else 0

    # ---- level -------------------------------------------------------------------------------------------------

    def _drive(self) -> None:
        self._world.turn(**{self._knob: self._delivered_a()})

    def _delivered_a(self) -> float:
        level = float(self._now["level"]) if self._now["on"] else 0.0
        if self._now["function"] == "CURR":
            most = float(self._now["volts_limit"]) / self._load_ohm
            return max(-most, min(most, level))
        most = float(self._now["amps_limit"])
        return max(-most, min(most, level / self._load_ohm))

    def _ranges(self) -> tuple[float, ...]:
        return _CURRENT_RANGES_A if self._now["function"] == "CURR" else _VOLTAGE_RANGES_V

    def _fitting_range(self, value: float) -> float:
        fitting = next((r for r in self._ranges() if abs(value) <= r * (1 + 1e-9)), None)
        if fitting is None:
            raise Refusal(-222)
        return fitting

    def _reach(self, span: float) -> float:
        """The largest level of a range."""
        return min(_OVERRANGE * span, _MOST[str(self._now["function"])])

    def _checked_level(self, value: float, span: float) -> float:
        if self._program.is_running:
            raise Refusal(-221)
        if abs(value) > self._reach(span) * (1 + 1e-9):
            raise Refusal(-222)
        step = _TOP_STEP.get(span, span / _STEPS)
        return round(round(value / step) * step, 12)

    def _level_auto(self, channel: int, arguments: tuple[str, ...]) -> None:
        """A level in the smallest range that holds it; an end of all levels in the largest range."""
        word = _end(only(arguments))
        span = self._ranges()[-1] if word else self._fitting_range(float(_level(arguments[0])))
        value = self._level_end(word, span) if word else float(_level(arguments[0]))
        level = self._checked_level(value, span)
        if self._program.is_edited:
            self._program.edited_span = span
            self._program.append(level)
            return
        self._now.update({"range": span, "level": level})
        self.changed(channel, "level")

    def _ask_level_auto(self, _: int, arguments: tuple[str, ...]) -> str:
        if not arguments:
            return _show_level(self._now["level"])
        return _show_level(self._level_end(_end(limit(arguments)), self._ranges()[-1]))

    def _level_end(self, word: str, span: float) -> float:
        if not word:
            raise Refusal(-224)
        return self._reach(span) if word == "MAX" else -self._reach(span)

    def _span(self) -> float:
        """The range that a level is meant for: of the output, or of the step that is edited."""
        return self._program.edited_span if self._program.is_edited else float(self._now["range"])

    def _named_level(self, text: str) -> float:
        word = _end(text)
        return self._level_end(word, self._span()) if word else float(_level(text))

    def _named_range(self, text: str) -> float:
        """A range by its value, as an end of all ranges, or as the neighbour of the present one; there may be none."""
        ranges, word = self._ranges(), _end(text)
        if word:
            return ranges[-1] if word == "MAX" else ranges[0]
        by = {"UP": 1, "DOWN": -1}.get(text.upper())
        if by is None:
            return self._fitting_range(float(_range(text)))
        return ranges[min(max(ranges.index(self._span()) + by, 0), len(ranges) - 1)]

    # ---- programs ----------------------------------------------------------------------------------------------

    def _stored(self, setting: Setting) -> Command:
        """Levels and ranges have words of their own. While a program is edited, they belong to its next step."""
        command = super()._stored(setting)
        if setting.key not in ("level", "range"):
            return command
        named = self._named_level if setting.key == "level" else self._named_range

        def ask(channel: int, arguments: tuple[str, ...]) -> str:
            return setting.show(named(limit(arguments)) if arguments else self.values[channel][setting.key])

        def tell(channel: int, arguments: tuple[str, ...]) -> None:
            value = named(only(arguments))
            if setting.key == "level":
                value = self._checked_level(value, self._span())
            if self._program.is_edited:
                self._edit(setting.key, value)
                return
            self.values[channel][setting.key] = value
            self.changed(channel, setting.key)

        return Command(setting.header, ask, tell)

    def _edit(self, key: str, value: float) -> None:
        if key == "level":
            self._program.append(value)
        else:
            self._program.edited_span = value

    def _run_program(self, steps: int) -> None:
        of_other_function = any(step.span not in self._ranges() for step in self._program.steps)
        if not self._program.steps or self._program.is_running or not self._now["on"] or of_other_function:
            raise Refusal(-221)
        self._program.start(
            self._world.clock.now(),
            float(self._now["level"]),
            float(self._now["interval_s"]),
            float(self._now["slope_s"]),
            steps,
            bool(self._now["repeat"]),
        )
        self._advance()

    def _advance(self) -> None:
        if not self._program.is_running:
            return
        stand = self._program.advance(self._world.clock.now())
        self._now.update({"level": stand.level, "range": stand.span})
        self._events |= _END_OF_STEP if stand.ended else 0
        self._events |= 0 if self._program.is_running else _END_OF_PROGRAM
        self._drive()

    def _read_event(self) -> str:
        if self._program.is_moving and not self._events & _END_OF_PROGRAM:
            self._world.clock.sleep(_REFRESH_S)
            self._advance()
        events, self._events = self._events, 0
        return str(events)

    def _condition(self) -> int:
        limiting = self._now["on"] and self._delivered_a() != self._now["level"] and self._now["function"] == "CURR"
        return (0 if self._program.is_running else _READY_FOR_PROGRAM) | (_LIMITING if limiting else 0)

    def _hold(self) -> None:
        if self._program.is_moving:
            self._pause()
        else:
            self._resume()

    def _pause(self) -> None:
        self._program.pause(self._world.clock.now())

    def _resume(self) -> None:
        self._program.resume(self._world.clock.now())

    def _set_count(self, _: int, arguments: tuple[str, ...]) -> None:
        most = max(1, len(self._program.steps))
        self._program.next_step = int(float(number(1, most)(only(arguments))))

    def _load(self, _: int, arguments: tuple[str, ...]) -> None:
        if not self._program.load(only(arguments).strip("'\"")):
            raise Refusal(-224)

    def _refuse_monitor(self) -> NoReturn:
        raise Refusal(-241)
