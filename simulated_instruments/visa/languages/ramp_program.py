"""The ramp program of a GS200: steps that each last an interval and reach their level by the end of a slope."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Step(NamedTuple):
    """One step of a program."""

    level: float
    span: float
    """Range in which it is delivered."""


class Stand(NamedTuple):
    """Where a program is."""

    level: float
    span: float
    ended: int
    """Steps that have ended since it was asked for last."""


@dataclass
class _Course:
    """A program under way."""

    started_s: float
    from_level: float
    steps: list[Step]
    interval_s: float
    slope_s: float
    repeats: bool
    paused_s: float | None = None


@dataclass
class Program:
    """Edited, saved and run; it knows the level at any time but waits for nothing."""

    steps: list[Step] = field(default_factory=list)
    is_edited: bool = False
    edited_span: float = 0.0
    """Range of the steps that are edited next."""
    next_step: int = 1
    """Where the next run begins, counted from 1."""
    name: str = ""
    """File that was loaded or saved last."""
    _files: dict[str, list[Step]] = field(default_factory=dict)
    _course: _Course | None = None
    _done: int = 0

    @property
    def is_running(self) -> bool:
        """Under way or paused."""
        return self._course is not None

    @property
    def is_moving(self) -> bool:
        """Under way and not paused."""
        return self._course is not None and self._course.paused_s is None

    def edit(self, span: float) -> None:
        """Forget the steps; levels that follow become new ones, in this range until another one is told."""
        self.steps, self.is_edited, self.edited_span, self.next_step = [], True, span, 1

    def append(self, level: float) -> None:
        """One more step."""
        self.steps.append(Step(level, self.edited_span))

    def close(self) -> None:
        """End of editing."""
        self.is_edited = False

    def save(self, name: str) -> None:
        """Keep the steps under a name."""
        self._files[name] = list(self.steps)
        self.name = name

    def load(self, name: str) -> bool:
        """Take the steps of a name; false if there is none."""
        if name not in self._files:
            return False
        self.steps, self.name, self.next_step = list(self._files[name]), name, 1
        return True

    def start(self, now_s: float, level: float, interval_s: float, slope_s: float, steps: int, repeats: bool) -> None:
        """Begin at the next step."""
        first = self.next_step - 1
        part = self.steps[first : first + steps]
        self._course = _Course(now_s, level, part, interval_s, min(slope_s, interval_s), repeats)
        self._done = 0
        self.next_step = (first + len(part)) % len(self.steps) + 1

    def stop(self) -> None:
        """Abandon what runs."""
        self._course = None

    def pause(self, now_s: float) -> None:
        """Stand still."""
        if self._course and self._course.paused_s is None:
            self._course.paused_s = now_s

    def resume(self, now_s: float) -> None:
        """Go on."""
        if self._course and self._course.paused_s is not None:
            self._course.started_s += now_s - self._course.paused_s
            self._course.paused_s = None

    def advance(self, now_s: float) -> Stand:
        """Where it is now. Ends the program at its end."""
        course = self._course
        assert course is not None
        at = now_s if course.paused_s is None else course.paused_s
        elapsed = at - course.started_s
        index = int((elapsed + 1e-9) // course.interval_s)
        ended, self._done = index - self._done, index
        if index >= len(course.steps) and not course.repeats:
            self._course = None
            return Stand(*course.steps[-1], ended)
        span = course.steps[index % len(course.steps)].span
        return Stand(self._level(course, index, elapsed - index * course.interval_s), span, ended)

    @staticmethod
    def _level(course: _Course, index: int, into_step_s: float) -> float:
        target = course.steps[index % len(course.steps)].level
        origin = course.from_level if index == 0 else course.steps[(index - 1) % len(course.steps)].level
        share = min(1.0, into_step_s / course.slope_s) if course.slope_s > 0 else 1.0
        return origin + share * (target - origin)
