"""What a runner tells its listeners while a run goes on."""

from collections.abc import Callable
from dataclasses import dataclass

from sequences.pulses.program import Program
from sequences.results import Event


@dataclass(frozen=True)
class Playing:
    """A program begins to play."""

    program: Program
    repeats: int


@dataclass(frozen=True)
class Counted:
    """A play has ended, and was counted."""

    signal: int
    """Photons in the gate_signal windows."""
    reference: int
    """Photons in the gate_reference windows."""
    duration_s: float
    """Laboratory time of the play."""


@dataclass(frozen=True)
class Waiting:
    """The run waits, with all lines low; or it goes on again."""

    why: str
    """What it waits for and what to do about it; empty if it goes on."""


@dataclass(frozen=True)
class Suspended:
    """The run is suspended, the bench safe, until what holds it is gone; or that is over."""

    why: str
    """What holds it and what to do about it; empty if the run goes on or ends."""


@dataclass(frozen=True)
class News:
    """What listeners hear: an event, and the run that it belongs to. Every run starts with Begin, the outermost too."""

    run_id: int
    sequence: str
    depth: int
    """0 for the run that was asked for, 1 for its children."""
    event: Event | Playing | Counted | Waiting | Suspended
    lab_time_s: float
    """Since the outermost run began."""


Listener = Callable[[News], None]
