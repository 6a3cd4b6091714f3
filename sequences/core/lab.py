"""The lab as an experiment sees it: the instruments it may ask for, typed, and what belongs to its run alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from instruments.interface import roles
from sequences.core.station import Guesses, Limits, Paths, Wiring
from sequences.pulses.grid import nearest_ns, refuse_off_grid

if TYPE_CHECKING:
    from instruments.common.clock import Clock
    from sequences.pulses.program import Program


@dataclass(frozen=True)
class Calibrated:
    """One calibrated value: what, how well, by which run, when (laboratory seconds)."""

    value: float
    error: float
    run_id: str
    measured_s: float


class Calibration(Protocol):
    """The calibration store as sequences see it."""

    def get(self, key: str) -> Calibrated | None: ...

    def put(self, key: str, value: float, error: float) -> None: ...

    def covariance(self, keys: Sequence[str]) -> NDArray[np.float64]:
        """(n, n) of values that were fitted together; of others, the squares of their errors."""

    def put_covariance(self, keys: Sequence[str], covariance: NDArray[np.float64]) -> None: ...


class Observer(Protocol):
    """Who watches the bench play: told of every play before it begins and after it was counted."""

    def recorded(self, program: "Program", repeats: int) -> tuple[int, int] | None:
        """Photons in the signal and reference windows if this play has been counted before: it is not played again."""

    def playing(self, program: "Program", repeats: int) -> None:
        """All lines are low and no light falls on the sample: it may keep the sequence waiting here."""

    def counted(self, signal: int, reference: int, duration_s: float) -> None: ...


class Nobody:
    """The observer of a lab that nobody watches."""

    def recorded(self, program: "Program", repeats: int) -> tuple[int, int] | None: ...

    def playing(self, program: "Program", repeats: int) -> None: ...

    def counted(self, signal: int, reference: int, duration_s: float) -> None: ...


@dataclass
class Looks:
    """What of the bench was verified in a run, and when."""

    unchecked_s: float = 0.0
    """Time played since all instruments were last asked whether they are as they were set."""
    count: int = 0
    """How often they were, and all of them were."""


@dataclass(frozen=True)
class RunContext:
    """What belongs to one run, and not to the bench."""

    clock: "Clock"
    """Laboratory time, as the run sees it."""
    calibration: Calibration
    """What earlier runs learned, and where this one keeps what it learns."""
    observer: Observer = field(default_factory=Nobody)
    """Who watches the plays."""
    notes: list[str] = field(default_factory=list)
    """Remarks that belong in the run's record, e.g. a limit met."""
    looks: Looks = field(default_factory=Looks)


@dataclass(frozen=True)
class Lab:
    """The instruments by role, and the run that they are used for. Nothing in here knows whether they are real."""

    magnet: roles.Magnet
    shift_coil: roles.CurrentSource
    gradient_coil: roles.CurrentSource
    compensation_coil: roles.CurrentSource
    microwave: roles.MicrowaveSource
    green_laser: roles.PumpLaser
    aom: roles.LightSwitches
    depletion_beam: roles.DepletionBeam
    photon_counter: roles.GatedCounter
    pulse_generator: roles.PulseSource
    wiring: Wiring
    limits: Limits
    paths: Paths
    guesses: Guesses
    run: RunContext

    def within(self, run: RunContext) -> "Lab":
        """The same bench, for another run."""
        return replace(self, run=run)

    @property
    def clock(self) -> "Clock":
        """Of the run."""
        return self.run.clock

    @property
    def calibration(self) -> Calibration:
        """Of the run."""
        return self.run.calibration

    @property
    def notes(self) -> list[str]:
        """Of the run."""
        return self.run.notes

    def whole_ticks(self, duration_ns: float) -> int:
        """The nearest duration that the pattern's grid can play, at least one tick: for what a sequence chooses."""
        return nearest_ns(duration_ns, self.wiring.tick_ns)

    def whole_ticks_us(self, duration_us: float) -> float:
        """The same in us: the time that is played instead of the one wished for."""
        return self.whole_ticks(duration_us * 1e3) / 1e3

    def refuse_off_grid(self, plan: Any) -> None:
        """Raises SequenceError if a duration of the plan is not a whole number of ticks: another would be played."""
        refuse_off_grid(plan, self.wiring.tick_ns)


ROLES: Final[Mapping[str, type[Any]]] = {
    part.name: part.type for part in fields(Lab) if isinstance(part.type, type) and roles.Role in part.type.__mro__
}
"""Name in a Lab -> what is asked of the instrument of this name."""
