"""Tomography of the engine's state after one evolution time: programs chosen by design, counted, reconstructed."""

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from physics.paulis import NAMES
from sequences.analysis.calibration import Beam, CountedProgram, PairCalibration
from sequences.analysis.tomography import Reconstruction, estimated_concurrence, reconstruct
from sequences.lab import Lab, Wiring
from sequences.pulses.library import COOLING_US, Cycle, Gates, Reading, engine_shot
from sequences.pulses.program import Program
from sequences.results import Column, Point, Progress, SequenceError, Stream
from sequences.routines import controls, state
from sequences.routines.measure import measure
from sequences.routines.tomography_programs import Expectation, candidates, choose, expectation

Real = NDArray[np.float64]

COLUMNS: Final = (
    Column("program", "number of the program", ""),
    Column("beam", "read-out: 0 Gaussian, 1 doughnut", ""),
    Column("shots", "shots", "", ("program", "beam")),
    Column("counts", "photons counted", "", ("program", "beam")),
)
_WORST_SIGMA: Final = 6.0
_SEED: Final = 20230113
"""Of the resampling of errors: fixed, so that an analysis repeated gives the same interval."""


@dataclass(frozen=True)
class TomographyPlan:
    """Which state, and how long to look at it."""

    evolution_us: Annotated[float, Field(ge=0.1, le=1000)] = 5.4
    """Time in the dark between release and freeze."""
    hours: Annotated[float, Field(ge=0.01, le=100)] = 2.0
    """Laboratory time."""
    cooling_us: Annotated[float, Field(ge=1, le=10_000)] = COOLING_US
    """Doughnut pumping in each shot; the cold bath is still cold from the shot before."""
    heating_steps: Annotated[int, Field(ge=0, le=500)] = 0
    """(pi/2 pulse, contact) repetitions that heat both baths before cooling."""
    focus: Annotated[float, Field(ge=0, le=0.95)] = 0.5
    """Share of the time for the entanglement witness; the rest makes all fifteen Pauli terms alike precise."""

    @property
    def duration_s(self) -> float:
        """Expected laboratory time."""
        return 3600.0 * self.hours


@dataclass(frozen=True)
class TomographyResult:
    """The state at the end of the evolution; errors are 1 sigma, calibration included."""

    evolution_us: float
    rho_re: tuple[tuple[float, ...], ...]
    """(4, 4), basis |00>, |01>, |10>, |11> (left, right): most likely physical state."""
    rho_im: tuple[tuple[float, ...], ...]
    paulis: dict[str, tuple[float, float]]
    """Name -> (value, error): unconstrained estimates."""
    concurrence: float
    """Mean over all physical states that the counts allow."""
    concurrence_err: float
    concurrence_ci95: tuple[float, float]
    witness: float
    """A lower bound of half the concurrence, linear in the counts; negative on average for separable states."""
    witness_err: float
    shots: float
    photons: float
    reduced_chi2: float


def tomography(lab: Lab, plan: TomographyPlan, expected: Expectation | None = None) -> Stream[TomographyResult]:
    """Reconstruct the state after one evolution time.

    expected: what the programs are designed for; by default the calibrated model's prediction. Raises SequenceError
    when the counts contradict every state, or a calibration is missing.
    """
    with controls.left_safe(lab):
        bench, calibration = state.ready(lab), state.pair(lab)
        wanted = expected or expectation(state.predicted(lab, np.array([plan.evolution_us]))[0])
        cycle = Cycle(
            lab.whole_ticks(plan.cooling_us * 1e3), lab.whole_ticks(plan.evolution_us * 1e3), plan.heating_steps
        )

        def shot(program: Program, beam: Beam) -> Program:
            return engine_shot(cycle, bench.gates, program, bench.reading.window(beam))

        chosen = choose(list(candidates(bench.gates)), shot, calibration, wanted, plan.hours * 3600.0, plan.focus)
        data: list[CountedProgram] = []
        for k, choice in enumerate(chosen):
            repeats = max(1, round(choice.seconds / (choice.shot.duration_ns * 1e-9)))
            counts = measure(lab, choice.shot, repeats)
            data.append(CountedProgram(choice.program, choice.beam, counts.signal, 2 * repeats))
            yield Point(
                {
                    "program": float(k),
                    "beam": float(choice.beam == "depletion"),
                    "shots": 2.0 * repeats,
                    "counts": float(counts.signal),
                }
            )
            yield Progress((k + 1) / len(chosen), _note(data, calibration, wanted))
    found = reconstruct(data, calibration)
    _check(found)
    return _result(plan, found, wanted, data)


def programs(plan: TomographyPlan, wiring: Wiring) -> list[Program]:
    """A shot of the plan as it will be played, with nominal pulses and windows: for looking at beforehand."""
    tick_ns = wiring.tick_ns
    gates, reading = (
        Gates(2 * tick_ns, 236 * tick_ns, tick_ns),
        Reading(240 * tick_ns, 25 * tick_ns, 18 * tick_ns, tick_ns),
    )
    cycle = Cycle(
        round(plan.cooling_us * 1e3 / tick_ns) * tick_ns,
        round(plan.evolution_us * 1e3 / tick_ns) * tick_ns,
        plan.heating_steps,
    )
    analysis = gates.turn("x") + gates.turn_right("y") + gates.entangle() + gates.turn("y")
    return [engine_shot(cycle, gates, analysis.named("x1 right y1 gate y1"), reading.window("depletion"))]


def _note(data: list[CountedProgram], calibration: PairCalibration, wanted: Expectation) -> str:
    if len(data) < 20 or len(data) % 10:
        return f"{len(data)} programs"
    value, error = reconstruct(data, calibration).linear(wanted.target)
    return f"{len(data)} programs, witness {value:.4f}({error:.4f})"


def _check(found: Reconstruction) -> None:
    excess = (found.chi2 - found.freedom) / np.sqrt(2.0 * found.freedom)
    if excess > _WORST_SIGMA:
        raise SequenceError(
            f"No state explains the counts: chi2 is {found.chi2:.0f} for {found.freedom} degrees of freedom",
            "The bench has drifted since it was calibrated, or the state changes between programs: repeat "
            "`labctl run calibrate`, and look at the field lock and the doughnut's null",
            chi2=found.chi2,
        )


def _result(
    plan: TomographyPlan, found: Reconstruction, wanted: Expectation, data: list[CountedProgram]
) -> TomographyResult:
    entangled = estimated_concurrence(found, _SEED)
    value, value_err = found.linear(wanted.target)
    terms = zip(NAMES[1:], found.vector[1:], found.errors, strict=True)
    return TomographyResult(
        evolution_us=plan.evolution_us,
        rho_re=_rows(found.rho.real),
        rho_im=_rows(found.rho.imag),
        paulis={name: (float(v), float(e)) for name, v, e in terms},
        concurrence=entangled.value,
        concurrence_err=entangled.error,
        concurrence_ci95=entangled.interval,
        witness=value,
        witness_err=value_err,
        shots=float(sum(d.repeats for d in data)),
        photons=float(sum(d.counts for d in data)),
        reduced_chi2=found.chi2 / found.freedom,
    )


def _rows(matrix: Real) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(x) for x in row) for row in matrix)
