"""What the window and the bench process say to each other: frozen values that can be pickled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from labctl.bench.status import Condition
from labctl.run.events import RunEvent
from labctl.safety.safe_state import Step

Activity = Literal["opening", "idle", "running", "pausing", "paused", "stopping", "closing", "closed"]


@dataclass(frozen=True)
class Start:
    """Window to bench: run this, after what was asked for before."""

    ticket: int
    """Comes back with everything that is said about this run."""
    sequence: str
    plan: Any
    record: dict[str, Any] = field(default_factory=dict)
    """What else is kept with the run: which point of a sweep it is."""


@dataclass(frozen=True)
class Continue:
    """Window to bench: go on with a stored run that was interrupted, after what was asked for before."""

    ticket: int
    run_id: int


@dataclass(frozen=True)
class HandOrder:
    """Window to bench: something is done by hand, while no run goes on."""

    verb: Literal["read", "set", "off", "count", "rest", "centre"]
    """rest: count no more. centre: the null where the calibration has the NV."""
    name: str = ""
    """Of the control that is set."""
    text: str = ""
    """The value, as it was typed."""


class Order(Enum):
    """Window to bench: at once, whatever runs."""

    PAUSE = "wait at the next safe point"
    RESUME = "go on"
    STOP = "end the run now; the bench is left safe"
    SAFE = "end the run now, switch everything off, and take the magnet down"
    QUIT = "end the run now, make the bench safe, and close it"


@dataclass(frozen=True)
class Ready:
    """Bench to window: all instruments are open."""

    label: str
    """Names the bench in the data folder."""
    took_s: float


@dataclass(frozen=True)
class Doing:
    """Bench to window: what it does from now on."""

    activity: Activity
    ticket: int | None = None
    """The run that it does."""


@dataclass(frozen=True)
class RunEnded:
    """Bench to window: a run is over, and stored."""

    ticket: int
    run_id: int
    status: str
    """completed, aborted, failed."""
    message: str
    """Why it did not complete; empty if it did."""
    unsafe: tuple[Step, ...]
    """Steps of the safe state that could not be confirmed."""


@dataclass(frozen=True)
class MadeSafe:
    """Bench to window: the safe state was gone through, step by step."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Watched:
    """Bench to window: what every instrument answered just now."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class ControlState:
    """One control as it was read just now."""

    name: str
    value: float | bool | None
    """None: the instrument does not answer."""
    said: str
    """The value with its unit; or why there is none."""
    unit: str
    limits: str
    is_switch: bool


@dataclass(frozen=True)
class ControlsRead:
    """Bench to window: what these controls are at."""

    states: tuple[ControlState, ...]


@dataclass(frozen=True)
class HandDone:
    """Bench to window: what came of something that was done by hand."""

    words: str
    is_trouble: bool = False
    counts: bool = False
    """Whether photons are being counted."""


@dataclass(frozen=True)
class RatesCounted:
    """Bench to window: count rates of the bench as it stands."""

    lab_time_s: float
    cps: Mapping[str, float]
    """Name of a counter -> photons a second."""


@dataclass(frozen=True)
class Failed:
    """Bench to window: it cannot go on, and has closed."""

    faults: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """Session to window: a run of the queue has not begun, and waits in the queue as before."""

    why: str


@dataclass(frozen=True)
class Notice:
    """For the person at the window: what is known of the bench, from whoever knows it."""

    words: str
    is_trouble: bool = False


WindowMessage = Start | Continue | HandOrder | Order
FromHand = ControlsRead | HandDone | RatesCounted
BenchMessage = RunEvent | Ready | Doing | RunEnded | MadeSafe | Watched | FromHand | Failed | Kept | Notice
