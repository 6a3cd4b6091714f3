"""Which controls an instrument has, by its role: what the words of its role say, whichever driver plays it.

A role that lets something out and is not in `CONTROLS` fails a test: by hand nothing may be out of reach.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, cast

import numpy as np

from instruments.interface import roles
from labctl.hand.controls import Control, Value, always, never
from sequences.core.lab import ROLES, Lab

_AXES: Final = ("x", "y", "main")
_FIELD: Final = ("x", "y", "z")


class _Supposed:
    """An instrument that answers some questions otherwise than it would, and all others itself."""

    def __init__(self, instrument: Any, answers: Mapping[str, Any]) -> None:
        self._instrument, self._answers = instrument, answers

    def __getattr__(self, name: str) -> Any:
        return self._answers[name] if name in self._answers else getattr(self._instrument, name)


def controls_of(lab: Lab) -> dict[str, Control]:
    """All controls of a lab by their names, in the order of its roles."""
    found: list[Control] = []
    for name, role in ROLES.items():
        if role in CONTROLS:
            found += CONTROLS[role](name, lab)
    return {control.name: control for control in found}


def _supposing(name: str, question: str, answer: Callable[[Value], Any]) -> Callable[[Lab, Value], Lab]:
    """The lab, as if the instrument of this name answered a question so once the value is set."""

    def supposed(lab: Lab, value: Value) -> Lab:
        instrument = getattr(lab, name)
        return _replaced(lab, name, _Supposed(instrument, {question: lambda: answer(value)}))

    return supposed


def _replaced(lab: Lab, name: str, instrument: Any) -> Lab:
    return replace(lab, **{name: instrument})


def _switch(on: Callable[[], None], off: Callable[[], None]) -> Callable[[Value], None]:
    return lambda value: on() if value else off()


def _microwave(name: str, lab: Lab) -> Iterator[Control]:
    source: roles.MicrowaveSource = getattr(lab, name)
    yield Control(
        f"{name}.frequency",
        lambda: source.carrier()[0],
        lambda hz: source.set_frequency(round(hz, 3)),
        "Hz",
        source.reach_hz,
        lets_out=never,
    )
    yield Control(
        f"{name}.power",
        lambda: source.carrier()[1],
        lambda dbm: source.set_power(round(dbm, 2)),
        "dBm",
        (source.least_dbm, source.limit_dbm),
        _supposing(name, "asked_dbm", lambda dbm: dbm if source.carrier()[2] else None),
        lets_out=always,
    )
    yield Control(
        f"{name}.on",
        lambda: source.carrier()[2],
        _switch(source.switch_on, source.switch_off),
        supposed=_supposing(name, "asked_dbm", lambda on: source.carrier()[1] if on else None),
    )


def _pump_laser(name: str, lab: Lab) -> Iterator[Control]:
    laser: roles.PumpLaser = getattr(lab, name)
    yield Control(
        f"{name}.power",
        laser.power_mw,
        laser.set_power,
        "mW",
        (0.0, laser.limit_mw),
        _supposing(name, "asked_mw", lambda mw: mw if laser.is_on() else 0.0),
    )
    yield Control(
        f"{name}.on",
        laser.is_on,
        _switch(laser.switch_on, laser.switch_off),
        supposed=_supposing(name, "asked_mw", lambda on: laser.power_mw() if on else 0.0),
    )


def _light_switches(name: str, lab: Lab) -> Iterator[Control]:
    """The pump's; the doughnut's belongs to its beam. It always follows its line."""
    switch = getattr(lab, name).pump

    def supposing(share: Callable[[Value], float]) -> Callable[[Lab, Value], Lab]:
        def supposed(lab: Lab, value: Value) -> Lab:
            pump = _Supposed(switch, {"asked_share": lambda: share(value), "ignores_line": lambda: False})
            return _replaced(lab, name, _Supposed(getattr(lab, name), {"pump": pump}))

        return supposed

    def set_share(share: float) -> None:
        switch.follow_line()
        switch.set_share(share)

    def let_open() -> None:
        switch.follow_line()
        switch.switch_on()
        switch.share()  # asked, so that the limits of the next plays know it

    yield Control(f"{name}.pump_share", switch.share, set_share, "", (0.0, 1.0), supposing(float))
    yield Control(  # what it lets through when it is on again is not known before: all, at most
        f"{name}.pump_on", switch.is_on, _switch(let_open, switch.switch_off), supposed=supposing(float)
    )


def _doughnut(name: str, lab: Lab) -> Iterator[Control]:
    beam: roles.DepletionBeam = getattr(lab, name)
    asked = getattr(beam, "power_mw", beam.asked_mw)  # a QCoDeS parameter asks laser and AOM; else it is as set last
    yield Control(
        f"{name}.power",
        lambda: float(asked()),
        beam.set_power,
        "mW",
        (0.0, beam.limit_mw),
        _supposing(name, "asked_mw", float),
    )
    reach = (-np.inf, np.inf)  # the beam itself refuses what it does not reach, before anything moves
    for axis in (0, 1):

        def steer(nm: float, axis: int = axis) -> None:
            place = list(beam.position())
            place[axis] = nm
            beam.steer(*place)

        def position(axis: int = axis) -> float:
            return float(beam.position()[axis])

        yield Control(f"{name}.{'xy'[axis]}", position, steer, "nm", reach, lets_out=never)


def _coil(name: str, lab: Lab) -> Iterator[Control]:
    coil: roles.CurrentSource = getattr(lab, name)
    yield Control(
        f"{name}.current",
        coil.setpoint_a,
        coil.set_current,
        "A",
        (-coil.limit_a, coil.limit_a),
        _supposing(name, "asked_a", lambda amps: amps if coil.is_on() else 0.0),
    )
    yield Control(
        f"{name}.on",
        coil.is_on,
        _switch(lambda: coil.energise(coil.setpoint_a()), coil.switch_off),
        supposed=_supposing(name, "asked_a", lambda on: coil.setpoint_a() if on else 0.0),
    )


def _magnet(name: str, lab: Lab) -> Iterator[Control]:
    """Its three currents, and the field that they make by the coil matrix of station.yaml; either is a ramp."""
    magnet: roles.Magnet = getattr(lab, name)
    matrix = np.array(lab.guesses.coil_matrix_mt_per_a)

    def ramp(currents: Any) -> None:
        magnet.switch_on()
        x, y, main = (float(amps) for amps in currents)
        magnet.ramp_to((x, y, main))

    for k, axis in enumerate(_AXES):

        def ramp_one(amps: float, k: int = k) -> None:
            currents = list(magnet.currents())
            currents[k] = amps
            ramp(currents)

        def current(k: int = k) -> float:
            return float(magnet.currents()[k])

        yield Control(f"{name}.{axis}", current, ramp_one, "A", (-magnet.limits_a[k], magnet.limits_a[k]))
    for k, axis in enumerate(_FIELD):

        def ramp_field(mt: float, k: int = k) -> None:
            wanted = matrix @ np.array(magnet.currents())
            wanted[k] = mt
            ramp(np.linalg.solve(matrix, wanted))

        def field(k: int = k) -> float:
            return float(matrix[k] @ np.array(magnet.currents()))

        most = float(np.abs(matrix[k]) @ np.array(magnet.limits_a))
        yield Control(f"{name}.field_{axis}", field, ramp_field, "mT", (-most, most))


def _lines(name: str, lab: Lab) -> Iterator[Control]:
    source: roles.PulseSource = getattr(lab, name)
    for line, channel in lab.wiring.lines.items():
        bit = 1 << channel

        def is_high(bit: int = bit) -> bool:
            return bool((source.levels() or 0) & bit)

        def put(high: Value, bit: int = bit) -> None:
            levels = source.levels() or 0
            source.hold(levels | bit if high else levels & ~bit)

        yield Control(f"line.{line}", is_high, put, line=line)


CONTROLS: Final[Mapping[type[Any], Callable[[str, Lab], Iterator[Control]]]] = cast(
    Any,
    {
        roles.Magnet: _magnet,
        roles.CurrentSource: _coil,
        roles.MicrowaveSource: _microwave,
        roles.PumpLaser: _pump_laser,
        roles.LightSwitches: _light_switches,
        roles.DepletionBeam: _doughnut,
        roles.PulseSource: _lines,
    },
)
"""Role -> its controls; `name` is that of the instrument in a Lab."""
