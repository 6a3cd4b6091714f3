"""Tomography of the engine's state after one evolution time: programs chosen by design, counted, reconstructed.

They are played in rounds, so that what is concluded sharpens while the photons come, and slow drifts average out.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from physics.paulis import NAMES
from sequences.analysis.pair.calibration import Beam, CountedProgram
from sequences.analysis.tomography.interim import corrected, interim_after
from sequences.analysis.tomography.reconstruction import Asked, Beliefs, Counted, Reconstruction, reconstruct
from sequences.analysis.tomography.signed_concurrence import signed_concurrence
from sequences.core.experiment import Experiment, Quantity
from sequences.core.lab import Lab
from sequences.core.station import Wiring
from sequences.pulses.grid import nearest_ns
from sequences.pulses.library import COOLING_US, Cycle, engine_shot, nominal_gates, nominal_reading
from sequences.pulses.program import Program
from sequences.results import Column, Estimate, Point, Progress, SequenceError, Stream
from sequences.routines import stabilisation as hold
from sequences.routines.bench import calibrated_bench, controls
from sequences.routines.bench.rounds import Turn, in_rounds
from sequences.routines.engine.engine_offer import beliefs, offered
from sequences.routines.pair.judgement import judged_state
from sequences.routines.pair.shots import STRETCH_S
from sequences.routines.pair.tomography_programs import Choice, Expectation, choose, expectation
from sequences.routines.stabilisation import HoldChoice, Holding

Real = NDArray[np.float64]

_SETPOINTS: Final = ("program", "beam", "round")
COLUMNS: Final = (
    Column("program", "number of the program", ""),
    Column("beam", "read-out: 0 Gaussian, 1 doughnut", ""),
    Column("round", "number of the round", ""),
    Column("shots", "shots", "", _SETPOINTS),
    Column("counts", "photons counted", "", _SETPOINTS),
    Column("reference", "photons of pumped NVs in the same shots", "", _SETPOINTS),
    *hold.COLUMNS,
)
_ROUND_S: Final = 4500.0
_FEWEST_ROUNDS, _MOST_ROUNDS = 4, 16


@dataclass(frozen=True)
class TomographyPlan:
    """Which state, and how long to look at it."""

    evolution_us: Annotated[float, Field(ge=0.1, le=1000)] = 5.4
    """Time in the dark between release and freeze."""
    hours: Annotated[float, Field(ge=0.01, le=100)] = 2.0
    """Most laboratory time."""
    significance: Annotated[float, Field(ge=0, le=100)] = 0.0
    """Of the witness, corrected for the looks, at which it ends earlier, after 1/8, 1/4 or 1/2 of the time; 0: never.
    In sigma."""
    cooling_us: Annotated[float, Field(ge=1, le=10_000)] = COOLING_US
    """Doughnut pumping in each shot; the cold bath is still cold from the shot before."""
    heating_steps: Annotated[int, Field(ge=0, le=500)] = 0
    """(pi/2 pulse, contact) repetitions that heat both baths before cooling."""
    focus: Annotated[float, Field(ge=0, le=0.95)] = 0.5
    """Share of the time for the entanglement witness; the rest makes all fifteen Pauli terms alike precise."""
    hold: HoldChoice = "auto"
    """Hold field and null between the plays: true from the beginning, false never, auto as soon as the bench is seen to
    move."""

    @property
    def duration_s(self) -> float:
        """Most laboratory time."""
        return 3600.0 * self.hours


@dataclass(frozen=True)
class TomographyResult:
    """The state at the end of the evolution; errors are 1 sigma, calibration included."""

    evolution_us: float
    """Time of free evolution before the state is read."""
    rho_re: tuple[tuple[float, ...], ...]
    """Real part, (4, 4), basis |00>, |01>, |10>, |11> (left, right): most likely physical state. No unit."""
    rho_im: tuple[tuple[float, ...], ...]
    """Imaginary part of the same. No unit."""
    paulis: dict[str, tuple[float, float]]
    """Name -> (value, error): unconstrained estimates. No unit."""
    concurrence: float
    """`signed_concurrence`, but not below 0. No unit."""
    concurrence_err: float
    """That of `signed_concurrence`. No unit."""
    concurrence_ci95: tuple[float, float]
    """95 % interval: that of `signed_concurrence`, cut at 0. If it begins at 0, its end is an upper limit. No unit."""
    signed_concurrence: float
    """2 (|rho_01,10| - sqrt(rho_00 rho_11)), by the unconstrained estimates, corrected for what noise does to the mean:
    not clipped, so negative where the state is not entangled. No unit."""
    signed_concurrence_err: float
    signed_concurrence_ci95: tuple[float, float]
    """Interval that holds the true value in 95 of 100 measurements. No unit."""
    witness: float
    """A lower bound of half the concurrence, linear in the counts; negative on average for separable states.
    No unit."""
    witness_err: float
    significance: float
    """Of the witness: over its error, corrected for the looks at which the measurement could have ended. In sigma."""
    populations: tuple[float, float, float, float]
    """Of |00>, |01>, |10>, |11>: unconstrained estimates, so that one may be a little negative. No unit."""
    populations_err: tuple[float, float, float, float]
    shots: float
    """Repeats of all plays. In shots."""
    photons: float
    """Counted in all plays. In photons."""
    reduced_chi2: float
    """Of the state to the counts. No unit."""
    p_value: float
    """Probability of counts that fit as badly, if some state and the model hold. No unit."""


def tomography(lab: Lab, plan: TomographyPlan, expected: Expectation | None = None) -> Stream[TomographyResult]:
    """Reconstruct the state after one evolution time.

    expected: what the programs are designed for; by default the calibrated model's prediction. Raises SequenceError
    when the counts contradict every state, a calibration is missing, or a time is not a whole number of ticks.
    """
    lab.refuse_off_grid(plan)
    with controls.left_safe(lab):
        bench = calibrated_bench.ready(lab)
        wanted = expected or expectation(calibrated_bench.predicted(lab, np.array([plan.evolution_us]))[0])
        cycle = Cycle(
            lab.whole_ticks(plan.cooling_us * 1e3), lab.whole_ticks(plan.evolution_us * 1e3), plan.heating_steps
        )
        offer = offered(lab, bench, cycle)
        chosen, asked = choose(offer, wanted, plan.hours * 3600.0, plan.focus)
        tally = _Tally(chosen, asked, beliefs(lab), calibrated_bench.usual_light(lab, bench.reading))
        holding = yield from hold.begin(lab, plan.hold)
        look = yield from _counted(holding, plan, tally, wanted)
        holding.keep()
    found, notes = judged_state(tally.reconstructed(), tally.names())
    lab.notes.extend(notes)
    result = _result(plan, found, wanted, tally.data(), look)
    yield Estimate({**vars(result)})
    return result


class _Tally:
    """What each of the chosen programs has counted so far, round by round."""

    def __init__(self, chosen: list[Choice], asked: Asked, known: Beliefs, usual: dict[Beam, float]) -> None:
        self.chosen = chosen
        self._asked, self._known, self._usual = asked, known, usual
        self._rounds: list[list[Counted]] = []

    def begin_round(self) -> None:
        """What is added from here on may have drifted since."""
        self._rounds.append([])

    def add(self, turn: Turn, counts: int, reference: int) -> None:
        """A program was played; a repeat of its shot is two cycles of the engine."""
        c = self.chosen[turn.choice]
        done = CountedProgram(c.program, c.beam, counts, 2 * turn.repeats, reference, self._usual[c.beam])
        self._rounds[-1].append((turn.choice, done))

    def data(self) -> list[CountedProgram]:
        """All plays so far."""
        return [done for part in self._rounds for _, done in part]

    def names(self) -> list[str]:
        """Of the program of each play."""
        return [f"{done.program.name} under {done.beam}" for done in self.data()]

    def is_complete(self) -> bool:
        """Whether these ask for every Pauli term."""
        played = sorted({k for part in self._rounds for k, _ in part})
        return bool(np.linalg.matrix_rank(self._asked.rows[played]) == 16)

    def reconstructed(self) -> Reconstruction:
        """The state by their counts."""
        return reconstruct(self._asked, self._known, self._rounds)


def _counted(holding: Holding, plan: TomographyPlan, tally: _Tally, wanted: Expectation) -> Stream[int | None]:
    """Play all rounds, and say after each what it would be if it ended there. Returns the look at which it ended."""
    count = int(np.clip(round(plan.hours * 3600.0 / _ROUND_S), _FEWEST_ROUNDS, _MOST_ROUNDS))
    rounds = in_rounds([(choice.seconds, choice.repeats) for choice in tally.chosen], count)
    note = ""
    for done, turns in enumerate(rounds, start=1):
        tally.begin_round()
        yield from _played(holding, tally, turns, (done, len(rounds)), note)
        if done == len(rounds) or not tally.is_complete():
            continue
        look = interim_after(done, len(rounds)) if plan.significance else None
        found = tally.reconstructed()
        now = _result(plan, found, wanted, tally.data(), look)
        yield Estimate({**vars(now)})
        if look is not None and _is_enough(plan, found, wanted, tally.names(), look):
            return look
        note = _note(now)
    return interim_after(len(rounds), len(rounds)) if plan.significance else None


def _is_enough(plan: TomographyPlan, found: Reconstruction, wanted: Expectation, names: list[str], look: int) -> bool:
    """Whether the witness is as significant as the plan wants, with the errors that the result would have.

    Counts that no state explains never end the measurement: they are judged when all of them are there.
    """
    try:
        sure, _ = judged_state(found, names)
    except SequenceError:
        return False
    value, error = sure.linear(wanted.target)
    return corrected(value / error, look) >= plan.significance


def _played(holding: Holding, tally: _Tally, turns: list[Turn], place: tuple[int, int], note: str) -> Stream[None]:
    """Play one round; place: its number from 1, and how many there are. note: what is known before it."""
    number, rounds = place
    began_s = holding.now_s()
    for k, turn in enumerate(turns, start=1):
        if holding.now_s() - began_s > STRETCH_S:
            tally.begin_round()
            began_s = holding.now_s()
        choice = tally.chosen[turn.choice]
        played = yield from holding.measure(choice.shot, turn.repeats)
        tally.add(turn, played.signal, played.reference)
        yield Point(
            {
                "program": float(turn.choice),
                "beam": float(choice.beam == "depletion"),
                "round": float(number),
                "shots": 2.0 * turn.repeats,
                "counts": float(played.signal),
                "reference": float(played.reference),
            }
        )
        yield Progress((number - 1 + k / len(turns)) / rounds, f"round {number} of {rounds}{note}")


def programs(plan: TomographyPlan, wiring: Wiring) -> list[Program]:
    """A shot of the plan as it will be played, with nominal pulses and windows: for looking at beforehand."""
    tick_ns = wiring.tick_ns
    gates, reading = nominal_gates(tick_ns), nominal_reading(tick_ns)
    cooling_ns, evolution_ns = (nearest_ns(us * 1e3, tick_ns) for us in (plan.cooling_us, plan.evolution_us))
    cycle = Cycle(cooling_ns, evolution_ns, plan.heating_steps)
    analysis = gates.turn("x") + gates.turn_right("y") + gates.entangle() + gates.turn("y")
    return [engine_shot(cycle, gates, analysis.named("x1 right y1 gate y1"), reading, "depletion")]


def _note(now: TomographyResult) -> str:
    signed = f"signed C {now.signed_concurrence:+.3f}({now.signed_concurrence_err:.3f})"
    return f", {signed}, witness {now.witness:.4f}({now.witness_err:.4f})"


def _result(
    plan: TomographyPlan,
    found: Reconstruction,
    wanted: Expectation,
    data: list[CountedProgram],
    look: int | None,
) -> TomographyResult:
    """look: the one of the plan's looks after which it stands so; None if the plan has none, or between them."""
    signed = signed_concurrence(found.vector, found.covariance)
    value, value_err = found.linear(wanted.target)
    terms = zip(NAMES[1:], found.vector[1:], found.errors, strict=True)
    (p00, e00), (p01, e01), (p10, e10), (p11, e11) = found.populations()
    return TomographyResult(
        evolution_us=plan.evolution_us,
        rho_re=_rows(found.rho.real),
        rho_im=_rows(found.rho.imag),
        paulis={name: (float(v), float(e)) for name, v, e in terms},
        concurrence=signed.concurrence,
        concurrence_err=signed.error,
        concurrence_ci95=signed.concurrence_interval,
        signed_concurrence=signed.value,
        signed_concurrence_err=signed.error,
        signed_concurrence_ci95=signed.interval,
        witness=value,
        witness_err=value_err,
        significance=value / value_err if look is None else corrected(value / value_err, look),
        populations=(p00, p01, p10, p11),
        populations_err=(e00, e01, e10, e11),
        shots=float(sum(d.repeats for d in data)),
        photons=float(sum(d.counts for d in data)),
        reduced_chi2=found.chi2 / found.freedom,
        p_value=found.fit.p_value,
    )


def _rows(matrix: Real) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(x) for x in row) for row in matrix)


EXPERIMENT: Final = Experiment(
    name="tomography",
    description="the two-spin density matrix after one evolution time",
    plan=TomographyPlan,
    function=tomography,
    columns=COLUMNS,
    programs=programs,
    headline=(Quantity("concurrence", "concurrence"),),
    concludes=("evolution_us", "concurrence"),
    needs=("field", "shift", "microwave", "pair", "beams", "gradient", "gates", "calibrated", "wander", "cr", "bath"),
    figure="labctl.figures.experiments.tomography:figure",
    docks=("Tomography", "Engine"),
)
