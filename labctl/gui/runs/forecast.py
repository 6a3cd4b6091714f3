"""How a run will go on: time that is left, photons at the end, and the error bars that they will leave."""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from labctl.figures.headline import headline
from labctl.figures.series import panels
from labctl.gui.runs.record import Record
from labctl.plans.catalogue import ENTRIES
from labctl.report.progress import SPEED_OVER_S
from sequences.core.experiment import Quantity

_LEAST_FRACTION: Final = 0.01
"""Before so much of a run is done, nothing is foretold."""
_KEPT_EVERY_S: Final = SPEED_OVER_S / 100.0
_EVEN: Final = 1.5
"""Parts whose speeds differ less go alike: the rest will go so too."""
_TELLING: Final = 0.1
"""When so much is done, parts that go differently show between which speeds the rest will lie."""
_LEAST_SHARE: Final = 0.01
"""Of the laboratory time so far: shorter parts say nothing of how fast a run is."""
_LAST_PART: Final = 0.9
"""A part that lasts for so much of what is left goes on to the end: how fast it goes is enough."""
_BEFORE: Final = -1
"""In place of a part: all that passed before a run was followed."""


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

    wall_left_s: tuple[float, float] | None
    """The least and the most, as the parts so far were fast and slow."""
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


class Speeds:
    """How long a second of laboratory time takes by the clock on the wall, part by part."""

    def __init__(self) -> None:
        self._spent_s: dict[int, tuple[float, float]] = {}
        """Part -> time on the wall, laboratory time."""
        self._at_s = (0.0, 0.0)
        self._rests = False

    def rest(self) -> None:
        """The run waits: until it is heard of again the clock on the wall does not count."""
        self._rests = True

    def heard(self, part: int, wall_s: float, lab_s: float) -> None:
        """Both clocks since the run began, and the part that measures."""
        wall_more_s, lab_more_s = wall_s - self._at_s[0], lab_s - self._at_s[1]
        part = part if self._spent_s else _BEFORE
        before = self._spent_s.get(part, (0.0, 0.0))
        counted_s = 0.0 if self._rests and wall_more_s > 0.0 else wall_more_s
        if wall_more_s > 0.0:
            self._rests = False
        self._spent_s[part] = (before[0] + counted_s, before[1] + lab_more_s)
        self._at_s = (wall_s, lab_s)

    def ends(self, alone: int | None = None) -> tuple[float, float] | None:
        """The fastest and the slowest part, in seconds on the wall per second of the laboratory. alone: this one."""
        spent_s = [times_s for part, times_s in self._spent_s.items() if alone in (None, part)]
        least_s = _LEAST_SHARE * self._at_s[1]
        found = [wall_s / lab_s for wall_s, lab_s in spent_s if lab_s > least_s and wall_s > 0.0]
        return (min(found), max(found)) if found else None


class Follower:
    """Foretells the end of one run from all that was seen of it."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._wall, self._lab, self._speeds = Pace(), Pace(), Speeds()

    def rest(self) -> None:
        """The run waits, by order of the operator or by itself."""
        for clock in (self._wall, self._lab, self._speeds):
            clock.rest()

    def outlook(self) -> Outlook:
        """What is expected now."""
        record, running = self.record, self.record.status == "running"
        self._wall.heard(record.wall_time_s, record.done)
        self._lab.heard(record.lab_time_s, record.done)
        self._speeds.heard(record.innermost.run_id, record.wall_time_s, record.lab_time_s)
        return Outlook(
            wall_left_s=self._wall_left_s() if running else None,
            lab_left_s=self._lab_left_s() if running else None,
            photons=expected_photons(record),
            quantities=quantities(record) or _newest_point(record),
        )

    def _lab_left_s(self) -> float | None:
        """By the plan: how far a run is it says in steps, so that their speed tells less."""
        left_s = self.record.left_s
        return self._lab.left_s if left_s is None else left_s

    def _wall_left_s(self) -> tuple[float, float] | None:
        left_s, part, done = self.record.left_s, self.record.innermost, self.record.done
        if left_s is None:
            return None if self._wall.left_s is None else (self._wall.left_s, self._wall.left_s)
        is_last = (part.left_s or 0.0) >= _LAST_PART * left_s and part.done >= _TELLING
        ends = self._speeds.ends(part.run_id if is_last else None) or self._speeds.ends()
        if ends is None or done < (_LEAST_FRACTION if is_even(*ends) else _TELLING):
            return None
        return left_s * ends[0], left_s * ends[1]


def is_even(least: float, most: float) -> bool:
    """Whether one number says both."""
    return most <= _EVEN * least


def expected_photons(record: Record) -> float | None:
    """At the end, if they come as they came so far; of a run in parts, as in the parts that the rest consists of."""
    if not _is_under_way(record):
        return None
    if not record.parts and not _filled_by(record):
        return record.photons / min(1.0, record.done)
    kind, left_s = _filled_by(record), record.left_s
    alike = [part for part in record.parts if part.sequence == kind]
    passed_s = sum(part.lab_time_s for part in alike)
    if left_s is None or sum(part.fraction for part in alike) < _TELLING or not passed_s:
        return None
    return record.photons + left_s * sum(part.photons for part in alike) / passed_s


def quantities(record: Record) -> tuple[Expected, ...]:
    """What the run is for, as far as it is known."""
    known, under_way = record.known, _is_under_way(record)
    found = []
    for quantity in headline(record.sequence, record.known):
        value, error = _number(known, quantity, ""), _number(known, quantity, "_err")
        if value is not None:
            sharpens = under_way and quantity.is_counted and error is not None
            final = error * math.sqrt(min(1.0, record.done)) if sharpens and error is not None else None
            found.append(Expected(quantity, value, error, final))
    return tuple(found)


def _newest_point(record: Record) -> tuple[Expected, ...]:
    """Of an experiment that names nothing that it is for: what was measured last."""
    if (experiment := ENTRIES.get(record.sequence)) is not None and (experiment.headline or experiment.in_words):
        return ()
    for panel in panels(tuple(record.table.columns.values())):
        measured = np.flatnonzero(np.isfinite(record.table[panel.column.name]))
        if len(measured):
            value = float(record.table[panel.column.name][measured[-1]])
            error = float(record.table[panel.error][measured[-1]]) if panel.error else math.nan
            column = panel.column
            quantity = Quantity(column.name, column.label, column.unit, is_counted=False)
            return (Expected(quantity, value, error if math.isfinite(error) else None, None),)
    return ()


def _filled_by(record: Record) -> str:
    """The parts that most of a run consists of; others count many times as many photons."""
    experiment = ENTRIES.get(record.sequence)
    return experiment.filled_by if experiment is not None else ""


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
