"""How a sweep goes: the progress of its runs beneath that of the whole, with the time that the rest will take."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labctl.plans.sweep import Sweep, at
from labctl.report.progress import clock_words
from labctl.run.events import RunEvent
from sequences.core.experiment import forecast_s
from sequences.results import Begin, Progress

if TYPE_CHECKING:
    from labctl.run.events import Listener


class SweepProgress:
    """A listener of the runs of a sweep, which tells another one how far the whole is."""

    def __init__(
        self,
        listener: "Listener",
        sweep: Sweep,
        plans: Sequence[Any],
        left: Sequence[int],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """plans: of all points. left: numbers of the points that are to be measured, 1, 2, … now: wall time in s."""
        self._listener, self._sweep, self._now, self._left = listener, sweep, now, list(left)
        forecasts = [forecast_s(plans[number - 1]) for number in left]
        known = all(one for one in forecasts)
        self._weights = [one or 1.0 if known else 1.0 for one in forecasts]
        """How much of the whole each point is: by its forecast, if all have one."""
        self._place, self._before_s = 0, 0.0
        self._began_s = now()
        self._point_began_lab_s = 0.0
        self._said_beginning = False

    def begin(self, place: int) -> None:
        """The next event is of this point, 0 for the first of those that are left."""
        self._before_s += self._point_began_lab_s
        self._place, self._point_began_lab_s = place, 0.0

    def on_event(self, run_event: RunEvent) -> None:
        """Tell it one level deeper, and after it how far the whole is."""
        if not self._said_beginning:
            self._said_beginning = True
            self._tell(run_event, Begin("sweep", None))
        self._listener(replace(run_event, depth=run_event.depth + 1))
        if run_event.depth:
            return
        self._point_began_lab_s = run_event.lab_time_s
        match run_event.event:
            case Begin():
                self._tell(run_event, Progress(self._share(0.0), self._words(0.0)))
            case Progress(fraction):
                self._tell(run_event, Progress(self._share(fraction), self._words(fraction)))

    def _share(self, fraction: float) -> float:
        done = sum(self._weights[: self._place]) + fraction * self._weights[self._place]
        return done / sum(self._weights)

    def _words(self, fraction: float) -> str:
        number, share = self._left[self._place], self._share(fraction)
        point = f"point {number} of {len(self._sweep.points)}, {at(self._sweep.points[number - 1])}"
        rest_s = (self._now() - self._began_s) * (1.0 - share) / share if share > 0 else None
        return point if rest_s is None else f"{point}; some {clock_words(rest_s)} left"

    def _tell(self, run_event: RunEvent, event: Begin | Progress) -> None:
        lab_time_s = self._before_s + run_event.lab_time_s
        self._listener(RunEvent(run_event.run_id, "sweep", 0, event, lab_time_s))
