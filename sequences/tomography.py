"""Tomography of the engine's state after one evolution time: programs chosen by design, counted, reconstructed.

They are played in rounds, so that what is concluded sharpens while the photons come, and slow drifts average out.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from physics.paulis import NAMES
from sequences.analysis.calibration import Beam, CountedProgram
from sequences.analysis.tomography import (
    ConcurrenceEstimate,
    Reconstruction,
    estimated_concurrence,
    reconstruct_from,
)
from sequences.lab import Lab, Wiring
from sequences.pulses.library import COOLING_US, Cycle, engine_shot, nominal_gates, nominal_reading
from sequences.pulses.program import Program
from sequences.results import Column, Estimate, Point, Progress, SequenceError, Stream
from sequences.routines import controls, hold, state
from sequences.routines.hold import Holding
from sequences.routines.tomography_programs import Choice, Expectation, Turn, candidates, choose, expectation, in_rounds

Real = NDArray[np.float64]

COLUMNS: Final = (
    Column("program", "number of the program", ""),
    Column("beam", "read-out: 0 Gaussian, 1 doughnut", ""),
    Column("round", "number of the round", ""),
    Column("shots", "shots", "", ("program", "beam", "round")),
    Column("counts", "photons counted", "", ("program", "beam", "round")),
    *hold.COLUMNS,
)
_WORST_SIGMA: Final = 6.0
_SEED: Final = 20230113
"""Of the resampling of errors: fixed, so that an analysis repeated gives the same interval."""
_LIVE_SAMPLES: Final = 100
"""Of the concurrence while it is being measured: a fifth of those of a result, for a tenth of a second."""


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
    hold: bool = False
    """Hold field and null between the plays: f+ and f-, the light under small dithers, the doughnut's null.
    Its corrections show in the counts: for a bench that drifts."""

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
    populations: tuple[float, float, float, float]
    """Of |00>, |01>, |10>, |11>: unconstrained estimates, so that one may be a little negative."""
    populations_err: tuple[float, float, float, float]
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
        tally = _Tally(chosen)
        holding = yield from hold.begin(lab, plan.hold)
        yield from _counted(holding, plan, tally, wanted)
        holding.keep()
    found = tally.reconstructed()
    _check(found)
    result = _result(plan, found, wanted, tally.data(), estimated_concurrence(found, _SEED))
    yield Estimate({**vars(result)})
    return result


class _Tally:
    """What each of the chosen programs has counted so far."""

    def __init__(self, chosen: list[Choice]) -> None:
        self.chosen = chosen
        self._counts, self._cycles = np.zeros(len(chosen), dtype=int), np.zeros(len(chosen), dtype=int)

    def add(self, turn: Turn, counts: int) -> None:
        """A program was played; a repeat of its shot is two cycles of the engine."""
        self._counts[turn.choice] += counts
        self._cycles[turn.choice] += 2 * turn.repeats

    def data(self) -> list[CountedProgram]:
        """Of the programs played so far."""
        counted = zip(self.chosen, self._counts, self._cycles, strict=True)
        return [CountedProgram(c.program, c.beam, int(counts), int(cycles)) for c, counts, cycles in counted if cycles]

    def is_complete(self) -> bool:
        """Whether these ask for every Pauli term."""
        return bool(np.linalg.matrix_rank(self._played("row")) == 16)

    def reconstructed(self) -> Reconstruction:
        """The state by their counts."""
        return reconstruct_from(self._played("row"), self._played("moves"), self.data())

    def _played(self, name: str) -> Real:
        return np.array([getattr(self.chosen[k], name) for k in np.flatnonzero(self._cycles)])


def _counted(holding: Holding, plan: TomographyPlan, tally: _Tally, wanted: Expectation) -> Stream[None]:
    """Play all rounds, and say after each what it would be if it ended there."""
    rounds = in_rounds(tally.chosen)
    entangled: ConcurrenceEstimate | None = None
    note = ""
    for done, turns in enumerate(rounds, start=1):
        yield from _played(holding, tally, turns, (done, len(rounds)), note)
        if done == len(rounds) or not tally.is_complete():
            continue
        found = tally.reconstructed()
        if entangled is None or done & (done - 1) == 0:  # the concurrence takes time: after 1, 2, 4, 8 rounds
            entangled = estimated_concurrence(found, _SEED, _LIVE_SAMPLES)
        now = _result(plan, found, wanted, tally.data(), entangled)
        yield Estimate({**vars(now)})
        note = _note(now)


def _played(holding: Holding, tally: _Tally, turns: list[Turn], place: tuple[int, int], note: str) -> Stream[None]:
    """Play one round; place: its number from 1, and how many there are. note: what is known before it."""
    number, rounds = place
    for k, turn in enumerate(turns, start=1):
        choice = tally.chosen[turn.choice]
        played = yield from holding.measure(choice.shot, turn.repeats)
        counts = played.signal
        tally.add(turn, counts)
        yield Point(
            {
                "program": float(turn.choice),
                "beam": float(choice.beam == "depletion"),
                "round": float(number),
                "shots": 2.0 * turn.repeats,
                "counts": float(counts),
            }
        )
        yield Progress((number - 1 + k / len(turns)) / rounds, f"round {number} of {rounds}{note}")


def programs(plan: TomographyPlan, wiring: Wiring) -> list[Program]:
    """A shot of the plan as it will be played, with nominal pulses and windows: for looking at beforehand."""
    tick_ns = wiring.tick_ns
    gates, reading = nominal_gates(tick_ns), nominal_reading(tick_ns)
    cycle = Cycle(
        round(plan.cooling_us * 1e3 / tick_ns) * tick_ns,
        round(plan.evolution_us * 1e3 / tick_ns) * tick_ns,
        plan.heating_steps,
    )
    analysis = gates.turn("x") + gates.turn_right("y") + gates.entangle() + gates.turn("y")
    return [engine_shot(cycle, gates, analysis.named("x1 right y1 gate y1"), reading.window("depletion"))]


def _note(now: TomographyResult) -> str:
    return f", C {now.concurrence:.3f}({now.concurrence_err:.3f}), witness {now.witness:.4f}({now.witness_err:.4f})"


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
    plan: TomographyPlan,
    found: Reconstruction,
    wanted: Expectation,
    data: list[CountedProgram],
    entangled: ConcurrenceEstimate,
) -> TomographyResult:
    value, value_err = found.linear(wanted.target)
    terms = zip(NAMES[1:], found.vector[1:], found.errors, strict=True)
    (p00, e00), (p01, e01), (p10, e10), (p11, e11) = found.populations()
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
        populations=(p00, p01, p10, p11),
        populations_err=(e00, e01, e10, e11),
        shots=float(sum(d.repeats for d in data)),
        photons=float(sum(d.counts for d in data)),
        reduced_chi2=found.chi2 / found.freedom,
    )


def _rows(matrix: Real) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(x) for x in row) for row in matrix)
