"""The safe state: everything that shines, heats or radiates is off, in order, each step read back and guarded alone.

Also the limits of station.yaml, checked on a whole plan before anything is opened.
"""

import dataclasses
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sequences.lab import Lab, Limits

LOG: Final = logging.getLogger(__name__)
SMALL_A: Final = 1e-4
"""A current below this is none: the supplies' read-back is no finer."""


@dataclass(frozen=True)
class Step:
    """One step of the safe state, and how it went."""

    what: str
    """As a sentence: 'the green laser is off'."""
    fault: str = ""
    """Why it may not be so; empty if the read-back agreed."""


def make_safe(lab: "Lab", ramp_magnet: bool) -> list[Step]:
    """Bring the bench into its safe state. Never raises; the caller shows the steps that have a fault."""
    steps = [_tried(what, act) for what, act in _steps(lab, ramp_magnet)]
    for step in steps:
        if step.fault:
            LOG.error("Not safe: that %s could not be confirmed: %s", step.what, step.fault)
    return steps


def _steps(lab: "Lab", ramp_magnet: bool) -> Iterator[tuple[str, Callable[[], str]]]:
    """Light first: it is what harms. Each act returns what its read-back found wrong, or nothing."""
    yield "the pulse lines are low", lambda: _lines_low(lab)
    yield "the doughnut beam is off", lambda: _doughnut_off(lab)
    yield "the green laser is off", lambda: _green_off(lab)
    yield "the AOM channels are off", lambda: _aom_off(lab)
    yield "the microwave is off", lambda: _microwave_off(lab)
    yield "the pulsed coils carry no current", lambda: _coils_off(lab)
    if ramp_magnet:
        yield "the magnet carries no current", lambda: _magnet_down(lab)


def _tried(what: str, act: Callable[[], str]) -> Step:
    try:
        return Step(what, act())
    except Exception as error:
        LOG.debug("Safe state: %s", what, exc_info=True)
        return Step(what, f"{type(error).__name__}: {error}")


def _lines_low(lab: "Lab") -> str:
    lab.pulse_generator.hold(0)
    found = lab.pulse_generator.levels()
    return f"they were left at {found:#x}" if found else ""


def _doughnut_off(lab: "Lab") -> str:
    lab.depletion_beam.power_mw(0.0)
    found = lab.depletion_beam.power_mw()
    return f"its power reads {found:g} mW" if found else ""


def _green_off(lab: "Lab") -> str:
    lab.green_laser.emission(False)
    return "it still emits" if lab.green_laser.emission() else ""


def _aom_off(lab: "Lab") -> str:
    channels = {"pump": lab.aom.pump, "doughnut": lab.aom.doughnut}
    for channel in channels.values():
        channel.output(False)
    on = [name for name, channel in channels.items() if channel.output()]
    return f"channel {' and '.join(on)} still on" if on else ""


def _microwave_off(lab: "Lab") -> str:
    lab.microwave.enable_RF("OFF")
    found = lab.microwave.enable_RF()
    return f"its output reads {found}" if found not in ("OFF", False, 0) else ""


def _coils_off(lab: "Lab") -> str:
    coils = {"shift": lab.shift_coil, "gradient": lab.gradient_coil, "compensation": lab.compensation_coil}
    faults = []
    for name, coil in coils.items():
        fault = _tried(name, partial(_coil_off, coil)).fault
        faults += [f"{name}: {fault}"] if fault else []
    return "; ".join(faults)


def _coil_off(coil: Any) -> str:
    coil.set_current(0.0)
    coil.output(False)
    return "its output is still on" if coil.output() else ""


def _magnet_down(lab: "Lab") -> str:
    lab.magnet.ramp_to((0.0, 0.0, 0.0))
    left = [current for current in lab.magnet.currents() if abs(current) > SMALL_A]
    return f"{', '.join(f'{current:g} A' for current in left)} left" if left else ""


# ---- limits of station.yaml on a plan ------------------------------------------------------------------------------

_LIMITED: Final = (
    ("*_dbm", "microwave_dbm"),
    ("*green*_mw", "green_mw"),
    ("*depletion*_mw", "depletion_mw"),
    ("*doughnut*_mw", "depletion_mw"),
    ("*shift*_a", "pulsed_a"),
    ("*gradient*_a", "pulsed_a"),
    ("*compensation*_a", "pulsed_a"),
    ("*trim*_a", "trim_a"),
    ("*main*_a", "main_a"),
)
"""Names of plan fields, and the limit of station.yaml that holds for each."""


def beyond_limits(plan: Any, limits: "Limits", prefix: str = "") -> list[str]:
    """What in this plan, or in a plan within it, is beyond the station's limits; a sentence each."""
    faults: list[str] = []
    for field in dataclasses.fields(plan):
        value, name = getattr(plan, field.name), prefix + field.name
        if dataclasses.is_dataclass(value):
            faults += beyond_limits(value, limits, f"{name}.")
        else:
            faults += _beyond(name, value, limits)
    return faults


def _beyond(name: str, value: Any, limits: "Limits") -> list[str]:
    limit = next((limit for pattern, limit in _LIMITED if fnmatchcase(name.rsplit(".", 1)[-1], pattern)), None)
    numbers: Sequence[Any] = value if isinstance(value, tuple | list) else (value,)
    if limit is None:
        return []
    highest = getattr(limits, limit)
    sizes = [abs(n) if name.endswith("_a") else n for n in numbers if isinstance(n, int | float)]
    beyond = [number for number in sizes if number > highest]
    return [f"{name} = {max(beyond):g} is beyond the station's limits.{limit} = {highest:g}"] if beyond else []
