"""A world without physics for one dialect, and traces: what is sent, what must come back, and the waits between."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.clock import VirtualClock
from simulated_instruments.setpoints import Clock, Knobs


@dataclass
class BareWorld:
    """Knobs that stay where they were turned, and a clock."""

    knobs: Knobs = field(default_factory=Knobs)
    clock: Clock = field(default_factory=VirtualClock)

    def turn(self, **changes: Any) -> None:
        self.knobs = replace(self.knobs, **changes)

    def hold(self, levels: int) -> None:
        raise AssertionError(f"no VISA instrument holds the digital lines, but one did: {levels}")

    def glowed(self) -> int:
        raise AssertionError("no VISA instrument counts photons, but one did")

    def play(
        self, pattern: NDArray[np.uint32], tick_s: float, repeats: int, windows: Sequence[NDArray[np.bool_]]
    ) -> list[int]:
        raise AssertionError(
            f"no VISA instrument plays patterns, but one did: {(len(pattern), tick_s, repeats, windows)}"
        )


class Dialect(Protocol):
    def answer(self, message: bytes) -> bytes | None: ...


Step = tuple[str, str | None] | float
"""A message and its reply (None: silence), or seconds to wait."""


def check_trace(dialect: Dialect, clock: Clock, trace: Sequence[Step]) -> None:
    """Send every message in turn and compare what comes back."""
    for step in trace:
        if isinstance(step, tuple):
            message, expected = step
            reply = dialect.answer(message.encode())
            assert (message, None if reply is None else reply.decode()) == (message, expected)
        else:
            clock.sleep(step)
