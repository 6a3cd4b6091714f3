"""Following a sequence: its result, its points and its estimates, in order."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labctl.data.serialise import plain
from sequences.results import Estimate, Point, Stream


@dataclass
class Followed:
    """What a sequence said."""

    result: Any = None
    points: list[dict[str, float]] = field(default_factory=list)
    estimates: list[dict[str, Any]] = field(default_factory=list)

    def column(self, name: str) -> np.ndarray:
        """Of the points that have it."""
        return np.array([values[name] for values in self.points if name in values])

    def course(self, *names: str) -> list[Any]:
        """What the estimates that know this said of it, in order."""
        found = []
        for values in self.estimates:
            if all(name in values for name in names):
                found.append(tuple(values[name] for name in names) if len(names) > 1 else values[names[0]])
        return found


def followed(stream: Stream[Any]) -> Followed:
    """Run a sequence to its end. Every estimate must be what a runner can keep."""
    seen = Followed()
    while True:
        try:
            event = next(stream)
        except StopIteration as stop:
            seen.result = stop.value
            return seen
        if isinstance(event, Point):
            seen.points.append(dict(event.values))
        if isinstance(event, Estimate):
            seen.estimates.append(plain(event.values))


def assert_ends_as(seen: Followed) -> None:
    """The last estimate says what the result says, as far as it knows the result's keys; and it knows most of them."""
    result, last = plain(seen.result), seen.estimates[-1]
    known = result.keys() & last.keys()
    assert len(known) > 0.5 * len(result)
    assert {name: last[name] for name in known} == {name: result[name] for name in known}
