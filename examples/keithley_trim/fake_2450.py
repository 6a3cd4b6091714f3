"""As much of a Keithley 2450 as a trim coil needs: it answers in its own words and feeds the twin's coil."""

import re

from simulated_instruments.setpoints import World

LOAD_OHM = 20.0
_FIRST = {
    "SOUR:FUNC": "VOLT",
    "SENS:FUNC": '"CURR:DC"',
    "OUTP": "0",
    "SOUR:CURRENT": "0",
    "SOUR:CURRENT:RANGE": "1e-4",
    "SOUR:CURRENT:VLIM": "2.1",
}
"""After power-on: a voltage source, its output off."""


class Keithley2450:
    """Set `coil_is_open` and any current takes the voltage to its limit."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._settings = dict(_FIRST)
        self.coil_is_open = False
        self.heard: list[str] = []

    def answer(self, message: bytes) -> bytes | None:
        """Reply to one message; None is silence."""
        text = message.decode("ascii").strip()
        self.heard.append(text)
        reply = self._answer(text)
        self._world.turn(trim_x_a=self._flows_a())
        return None if reply is None else reply.encode("ascii")

    def _answer(self, text: str) -> str | None:
        header, _, value = text.lstrip(":").partition(" ")
        header = re.sub(r"^SOURCE", "SOUR", header.upper())
        match header:
            case "*IDN?":
                return "KEITHLEY INSTRUMENTS,MODEL 2450,04096331,1.7.3b"
            case "*LANG?":
                return "SCPI"
            case "SOUR:CURRENT:VLIM:TRIPPED?":
                return str(int(self._is_at_limit()))
        if header.endswith("?"):
            return self._settings.get(header[:-1], "0")
        if header:
            self._settings[header] = value
        return None

    def _set_a(self) -> float:
        is_source = self._settings["OUTP"] == "1" and self._settings["SOUR:FUNC"] == "CURR"
        return float(self._settings["SOUR:CURRENT"]) if is_source else 0.0

    def _is_at_limit(self) -> bool:
        set_a, limit_v = self._set_a(), float(self._settings["SOUR:CURRENT:VLIM"])
        return abs(set_a) > 0 and (self.coil_is_open or abs(set_a) * LOAD_OHM > limit_v)

    def _flows_a(self) -> float:
        if not self._is_at_limit():
            return self._set_a()
        return 0.0 if self.coil_is_open else float(self._settings["SOUR:CURRENT:VLIM"]) / LOAD_OHM
