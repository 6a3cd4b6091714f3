"""What a program puts on sample, antenna and coils: power x duty and dI/dt, against the limits across instruments.

Means are those of one repeat; a bench that plays repeats for minutes has no other. Nothing in here asks an instrument.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sequences.core.station import Limits, Paths
from sequences.pulses.program import Program
from sequences.results import SequenceError

_ROUNDING: Final = 1e-9
"""Relative: what stands at its limit is allowed."""


@dataclass(frozen=True)
class Drive:
    """What the lines of a program let through while they are high."""

    green_mw: float = 0.0
    """Behind the pump's AOM."""
    green_ungated: bool = False
    """Whether the pump's AOM is open whatever the line says."""
    doughnut_mw: float = 0.0
    """Behind the doughnut's AOM."""
    carrier_mw: float = 0.0
    """At the generator."""
    shift_a: float = 0.0
    gradient_a: float = 0.0
    compensation_a: float = 0.0


@dataclass(frozen=True)
class Load:
    """One quantity that has a limit."""

    limit: str
    """Its key under `limits` of station.yaml; several quantities may share one."""
    what: str
    """'green light at the sample'."""
    value: float
    allowed: float
    unit: str
    remedy: str
    """What to change if it is too much."""

    @property
    def share(self) -> float:
        """Of the limit that is used: 1 stands at the limit."""
        return self.value / self.allowed

    @property
    def is_beyond(self) -> bool:
        """Whether it must not be; what is not a number must not either."""
        return not self.share <= 1.0 + _ROUNDING

    def __str__(self) -> str:
        return f"{self.what}: {self.value:.3g} {self.unit}, limits.{self.limit} = {self.allowed:g}"


class LimitError(SequenceError):
    """A program that must not be played with the bench as it is set. It has not been."""

    def __init__(self, program: Program, load: Load) -> None:
        super().__init__(
            f"Program {program.name!r} was not played: {load.what} would be {load.value:.4g} {load.unit}, above "
            f"limits.{load.limit} = {load.allowed:g} of station.yaml",
            load.remedy,
            program=program.name,
            limit=load.limit,
            value=load.value,
            allowed=load.allowed,
        )


def milliwatts(dbm: float) -> float:
    """Power at the generator."""
    return float(10.0 ** (dbm / 10.0))


def loads(program: Program, drive: Drive, paths: Paths, limits: Limits) -> tuple[Load, ...]:
    """All quantities that have a limit, when this program is repeated."""
    return (
        *_light(program, drive, paths, limits),
        *_antenna(program, drive, paths, limits),
        *_coils(program, drive, paths, limits),
    )


def refuse_beyond(program: Program, drive: Drive, paths: Paths, limits: Limits) -> None:
    """Raises LimitError naming the quantity that is farthest beyond its limit, if one is."""
    worst = max(loads(program, drive, paths, limits), key=lambda load: (load.is_beyond, load.share))
    if worst.is_beyond:
        raise LimitError(program, worst)


def _duty(program: Program, *lines: str) -> float:
    """Sum of the shares of a repeat in which these lines are high."""
    return sum(program.time_high_ns(line) for line in lines) / max(1, program.duration_ns)


def _light(program: Program, drive: Drive, paths: Paths, limits: Limits) -> Iterator[Load]:
    green_mw = drive.green_mw * paths.green_throughput * (1.0 if drive.green_ungated else _duty(program, "pump"))
    doughnut_mw = drive.doughnut_mw * paths.doughnut_throughput * _duty(program, "depletion")
    weaker = "Lower {0}, or leave `{1}` low for longer in each repeat"
    green, doughnut = weaker.format("pump_efficiency", "pump"), weaker.format("the doughnut's power", "depletion")
    yield Load("sample_green_mw", "green light at the sample", green_mw, limits.sample_green_mw, "mW", green)
    yield Load(
        "sample_doughnut_mw", "doughnut light at the sample", doughnut_mw, limits.sample_doughnut_mw, "mW", doughnut
    )
    yield Load(
        "sample_light_mw",
        "light of both beams at the sample",
        green_mw + doughnut_mw,
        limits.sample_light_mw,
        "mW",
        doughnut if doughnut_mw > green_mw else green,
    )


def _antenna(program: Program, drive: Drive, paths: Paths, limits: Limits) -> Iterator[Load]:
    antenna_mw = drive.carrier_mw * milliwatts(paths.microwave_gain_db) * _duty(program, "mw_x", "mw_y")
    yield Load(
        "antenna_mw",
        "microwave at the antenna",
        antenna_mw,
        limits.antenna_mw,
        "mW",
        "Lower the carrier's power (longer pulses need less), or leave `mw_x` and `mw_y` low for longer in each repeat",
    )


def _coils(program: Program, drive: Drive, paths: Paths, limits: Limits) -> Iterator[Load]:
    coils = (
        ("shift", "shift", drive.shift_a, paths.shift_ohm),
        ("gradient", "gradient", drive.gradient_a, paths.gradient_ohm),
        ("compensation", "gradient", drive.compensation_a, paths.compensation_ohm),
    )
    for name, line, current_a, load_ohm in coils:
        duty = _duty(program, line)
        less = f"Ask for less current in the {name} coil, or leave `{line}` low for longer in each repeat"
        heat_w = current_a**2 * load_ohm * duty
        yield Load("pulsed_w", f"heat in the {name} coil", heat_w, limits.pulsed_w, "W", less)
        slope = abs(current_a) / paths.pulsed_rise_us if duty else 0.0
        yield Load(
            "pulsed_a_per_us",
            f"dI/dt in the {name} coil",
            slope,
            limits.pulsed_a_per_us,
            "A/us",
            f"Ask for less current in the {name} coil, or slow its switch down and correct paths.pulsed_rise_us",
        )
