"""How a run will go on: time that is left, photons at the end, and the error bars that they will leave."""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from labctl.gui.record import Record
from labctl.progress import SPEED_OVER_S

_LEAST_FRACTION: Final = 0.01
"""Before so much of a run is done, nothing is foretold."""
_KEPT_EVERY_S: Final = SPEED_OVER_S / 100.0


@dataclass(frozen=True)
class Quantity:
    """A number that an experiment is run for."""

    key: str
    """Of its result; its error is under `<key>_err`. Of a list against evolution_us, the one at best_us counts."""
    words: str
    unit: str = ""
    scale: float = 1.0
    """Shown over stored."""
    is_counted: bool = True
    """Whether the photons that are still to come make it more certain."""


MAIN: Final[Mapping[str, tuple[Quantity, ...]]] = {
    "delays": (Quantity("pump_ns", "delay of the pump", "ns"), Quantity("mw_ns", "delay of the microwave", "ns")),
    "odmr": (Quantity("field_mt", "field", "mT"),),
    "rabi": (Quantity("rabi_mhz", "Rabi frequency", "MHz"),),
    "locate": (Quantity("separation_nm", "separation", "nm"),),
    "align": (Quantity("detuning_khz", "detuning", "kHz"), Quantity("transverse_ut", "B across", "µT")),
    "relaxometry": (Quantity("rate_per_s", "rate", "/ms", 1e-3),),
    "calibrate": (Quantity("cross_talk", "cross-talk"),),
    "cool": (Quantity("polarisation_right", "p of the cold bath"),),
    "tomography": (Quantity("concurrence", "concurrence"),),
    "engine": (
        Quantity("concurrence", "concurrence at best"),
        Quantity("witness", "witness"),
        Quantity("expected_signed_concurrence", "signed concurrence, expected", is_counted=False),
    ),
}
"""Sequence -> what it is run for, the main quantity first."""


@dataclass(frozen=True)
class Expected:
    """A quantity as it is known, and as it will be."""

    quantity: Quantity
    value: float
    error: float | None
    """Now, one sigma."""
    final_error: float | None
    """At the end, if shot noise alone limits it: it falls with the root of the photons. None once the run is over."""


@dataclass(frozen=True)
class Outlook:
    """What is expected of a run; None where nothing can be said yet."""

    wall_left_s: float | None
    lab_left_s: float | None
    photons: float | None
    """At the end."""
    quantities: tuple[Expected, ...]
    """Those of its main quantities that are known already."""


class Pace:
    """The speed of a run by some clock, over its last SPEED_OVER_S, from step to step: steps may be minutes apart."""

    def __init__(self) -> None:
        self._steps: deque[tuple[float, float]] = deque([(0.0, 0.0)])
        """Working time and fraction done, each time that more of the run was done."""
        self._at_s = self._rested_s = 0.0
        self._rests = False

    def rest(self) -> None:
        """The run waits: until it is heard of again its clock does not count."""
        self._rests = True

    def heard(self, at_s: float, done: float) -> None:
        """The clock, since the run began, and the fraction that is done."""
        passed_s = at_s - self._at_s
        if passed_s > 0.0 and self._rests:
            self._rested_s += passed_s
            self._rests = False
        self._at_s = at_s
        if done != self._steps[-1][1]:
            self._keep((self._worked_s, done))

    @property
    def left_s(self) -> float | None:
        """Expected until the end; between two steps it counts down. None before the first step."""
        (first_s, first), (last_s, last) = self._steps[0], self._steps[-1]
        if last < _LEAST_FRACTION or last <= first or last_s <= first_s:
            return None
        speed = (last - first) / (last_s - first_s)
        return max(0.0, (1.0 - last) / speed - (self._worked_s - last_s))

    @property
    def _worked_s(self) -> float:
        return self._at_s - self._rested_s

    def _keep(self, step: tuple[float, float]) -> None:
        steps = self._steps
        if len(steps) > 2 and step[0] - steps[-2][0] < _KEPT_EVERY_S:
            steps.pop()
        steps.append(step)
        while len(steps) > 2 and steps[1][0] <= step[0] - SPEED_OVER_S:
            steps.popleft()


class Follower:
    """Foretells the end of one run from all that was seen of it."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._wall, self._lab = Pace(), Pace()

    def rest(self) -> None:
        """The run waits, by order of the operator or by itself."""
        self._wall.rest()
        self._lab.rest()

    def outlook(self) -> Outlook:
        """What is expected now."""
        record, running = self.record, self.record.status == "running"
        self._wall.heard(record.wall_time_s, record.done)
        self._lab.heard(record.lab_time_s, record.done)
        return Outlook(
            wall_left_s=self._wall.left_s if running else None,
            lab_left_s=self._lab.left_s if running else None,
            photons=expected_photons(record),
            quantities=quantities(record),
        )


def expected_photons(record: Record) -> float | None:
    """At the end, if they come as they came so far."""
    return record.photons / min(1.0, record.done) if _is_under_way(record) else None


def quantities(record: Record) -> tuple[Expected, ...]:
    """What the run is for, as far as it is known."""
    known, under_way = record.known, _is_under_way(record)
    found = []
    for quantity in MAIN.get(record.sequence, ()):
        value, error = _number(known, quantity, ""), _number(known, quantity, "_err")
        if value is not None:
            sharpens = under_way and quantity.is_counted and error is not None
            final = error * math.sqrt(min(1.0, record.done)) if sharpens and error is not None else None
            found.append(Expected(quantity, value, error, final))
    return tuple(found)


def _is_under_way(record: Record) -> bool:
    return record.status == "running" and record.done >= _LEAST_FRACTION


def _number(known: Mapping[str, Any], quantity: Quantity, suffix: str) -> float | None:
    value = known.get(quantity.key + suffix)
    if isinstance(value, list | tuple):
        times = list(known.get("evolution_us") or ())
        best = times.index(known["best_us"]) if known.get("best_us") in times else len(value)
        value = value[best] if best < len(value) else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) * quantity.scale if is_number and value is not None else None
