"""The safe state: whatever shines, radiates or heats is off, in order, each step guarded alone and read back."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Protocol

LOG: Final = logging.getLogger(__name__)
SMALL_A: Final = 1e-4
"""A current below this is none: the supplies' read-back is no finer."""
_TRIES: Final = 2


class Switches(Protocol):
    """What has to be switched off: a Lab, or as much of the bench as answers."""

    @property
    def pulse_generator(self) -> Any: ...

    @property
    def aom(self) -> Any: ...

    @property
    def depletion_beam(self) -> Any: ...

    @property
    def green_laser(self) -> Any: ...

    @property
    def microwave(self) -> Any: ...

    @property
    def shift_coil(self) -> Any: ...

    @property
    def gradient_coil(self) -> Any: ...

    @property
    def compensation_coil(self) -> Any: ...

    @property
    def magnet(self) -> Any: ...


@dataclass(frozen=True)
class Step:
    """One step of the safe state, and how it went."""

    what: str
    """As a sentence: 'the green laser is off'."""
    by_hand: str
    """What to do at the bench if it could not be confirmed."""
    fault: str = ""
    """Why it may not be so; empty if the read-back agreed."""

    def __str__(self) -> str:
        return f"it is not confirmed that {self.what}: {self.fault}. {self.by_hand}" if self.fault else self.what


def make_safe(bench: Switches, ramp_magnet: bool) -> list[Step]:
    """Bring the bench into its safe state. Never raises; the caller shows the steps that have a fault."""
    return [_tried(step, partial(act, bench)) for step, act in _STEPS if ramp_magnet or step.what != _NO_FIELD]


def _tried(step: Step, act: Callable[[], str]) -> Step:
    """What a step's read-back found; one that fails is tried once more."""
    for _ in range(_TRIES):
        if not (fault := _fault(act)):
            return step
    LOG.error("Not safe: that %s could not be confirmed: %s", step.what, fault)
    return replace(step, fault=fault)


def _fault(act: Callable[[], str]) -> str:
    try:
        return act()
    except Exception as error:
        LOG.debug("Safe state", exc_info=True)
        return f"{type(error).__name__}: {error}"


def _faults(acts: dict[str, Callable[[], str]]) -> str:
    """Of several parts, each guarded alone."""
    return "; ".join(f"{name}: {fault}" for name, act in acts.items() if (fault := _fault(act)))


def _lines_low(bench: Switches) -> str:
    bench.pulse_generator.hold(0)
    found = bench.pulse_generator.levels()
    return f"they were left at {found:#x}" if found else ""


def _aom_off(bench: Switches) -> str:
    channels = {"pump": bench.aom.pump, "doughnut": bench.aom.doughnut}
    return _faults({name: partial(_output_off, channel) for name, channel in channels.items()})


def _output_off(source: Any) -> str:
    source.output(False)
    return "its output is still on" if source.output() else ""


def _doughnut_off(bench: Switches) -> str:
    bench.depletion_beam.power_mw(0.0)
    found = bench.depletion_beam.power_mw()
    return f"its power reads {found:g} mW" if found else ""


def _green_off(bench: Switches) -> str:
    bench.green_laser.emission(False)
    return "it still emits" if bench.green_laser.emission() else ""


def _microwave_off(bench: Switches) -> str:
    bench.microwave.enable_RF("OFF")
    found = bench.microwave.enable_RF()
    return f"its output reads {found}" if found not in ("OFF", False, 0) else ""


def _coils_off(bench: Switches) -> str:
    names = ("shift_coil", "gradient_coil", "compensation_coil")
    return _faults({name.removesuffix("_coil"): partial(_coil_off, bench, name) for name in names})


def _coil_off(bench: Switches, name: str) -> str:
    coil = getattr(bench, name)
    coil.set_current(0.0)
    return _output_off(coil)


def _magnet_down(bench: Switches) -> str:
    bench.magnet.ramp_down()
    left = [current for current in bench.magnet.currents() if abs(current) > SMALL_A]
    return f"{', '.join(f'{current:g} A' for current in left)} left" if left else ""


_NO_FIELD: Final = "the magnet carries no current"
_STEPS: Final[tuple[tuple[Step, Callable[[Switches], str]], ...]] = (
    (Step("the pulse lines are low", "Unplug the NI card's connector block, or switch its computer off"), _lines_low),
    (Step("the AOM channels are off", "Switch the AOM driver off at its front"), _aom_off),
    (Step("the doughnut beam is off", "Turn the key of the depletion laser to OFF"), _doughnut_off),
    (Step("the green laser is off", "Turn the key of the green laser to OFF"), _green_off),
    (Step("the microwave is off", "Switch the microwave source to standby"), _microwave_off),
    (Step("the pulsed coils carry no current", "Press Output Off on the supplies of the pulsed coils"), _coils_off),
    (Step(_NO_FIELD, "Turn the magnet's supplies down at their fronts, slowly"), _magnet_down),
)
"""Light first: it is what harms."""
