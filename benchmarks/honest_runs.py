"""One engine run without wires on a bench with imperfections, judged by the twin's truth: a row of a table."""

import signal
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from honest_bound import bound_sigma
from honest_knobs import ALL, Bench

from labctl.config.station_file import read_station
from labctl.unwired import STATION, Unwired, unwired
from physics.entanglement import signed_concurrence
from physics.paulis import pauli_vector
from sequences.engine import EnginePlan, EngineResult, engine
from sequences.results import Begin, End, SequenceError, Stream
from simulated_instruments.safe import still_on
from simulated_instruments.twin.shots.classes import spread_of

PULLS: Final = (
    "witness",
    "rho_00",
    "rho_01",
    "rho_10",
    "rho_11",
    "p_left",
    "p_right",
    "cool_left",
    "cool_right",
    "F_left",
    "F_right",
    "sigma_left",
    "sigma_right",
    "predicted",
)
"""What is judged: (said - true) / error. p: as the engine says, at its best time; cool: where `cool` measures it.
predicted: the model's signed concurrence."""
ROW: Final = (
    *("commit", "name", "times", "regardless", "seed", "kind", "estimate", "outcome", "where", "message", "safe"),
    *("wall_s", "lab_h", "expected", "expected_significance", "significance", "witness", "witness_err"),
    *("true_witness", "true_signed", "bound_sigma", "best_us", "reduced_chi2", "calibrate_chi2", "notes"),
    *(f"pull_{name}" for name in PULLS),
    *ALL,
)


MOST_WALL_S: Final = 3600
"""A run that takes longer counts as failed, so that a campaign ends."""


class Followed:
    """A stream to its end or its failure, with what its parts found on the way."""

    def __init__(self, there: Unwired, stream: Stream[Any]) -> None:
        self._there = there
        self.result: Any = None
        self.cooled: dict[str, Any] = {}
        """Truth when `cool` had ended."""
        self.ended: dict[str, Any] = {}
        self.where: list[str] = ["engine"]
        """Runs that have begun and not ended, the failed one last."""
        self.fault: Exception | None = None
        try:
            while True:
                self._take(next(stream))
        except StopIteration as stop:
            self.result = stop.value
        except Exception as fault:  # a row of the table says which
            self.fault = fault

    def _take(self, event: Any) -> None:
        if isinstance(event, Begin):
            self.where.append(event.sequence)
        elif isinstance(event, End):
            ended = self.where.pop()
            self.ended[ended] = event.result
            if ended == "cool":
                self.cooled = self._there.truth({})


def run(bench: Bench, commit: str, plan: Mapping[str, Any], station: Path = STATION) -> dict[str, Any]:
    """Play the engine on the bench of this station file and judge it. Never raises."""
    began_s = time.monotonic()
    engine_plan = EnginePlan(**plan)
    row: dict[str, Any] = {
        "commit": commit,
        "name": bench.name,
        "times": bench.times,
        "regardless": engine_plan.regardless,
        "seed": bench.seed,
        "kind": bench.kind,
        "estimate": round(bench.estimate, 4),
        **{name: round(float(value), 5) for name, value in bench.knobs.items()},
    }
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(MOST_WALL_S)
    there = unwired(bench.sample, bench.seed, read_station(station))
    followed = Followed(there, engine(there.lab, engine_plan))
    signal.alarm(0)
    on = still_on(there.twin.setpoints, there.twin.levels, magnet=False)
    row |= {"safe": "; ".join(on) or "dark", "wall_s": round(time.monotonic() - began_s, 1)}
    row |= {"lab_h": round(there.lab.clock.now() / 3600.0, 2), "notes": " | ".join(there.lab.notes)}
    try:
        row |= {**_outcome(followed), **_found(followed, there)}
    except Exception as fault:
        row |= {"outcome": "unjudged", "message": _short(fault)}
    return row


def _too_long(*_: object) -> None:
    raise TimeoutError(f"Not at its end after {MOST_WALL_S} s of wall time")


def _outcome(followed: Followed) -> dict[str, Any]:
    where = "/".join(followed.where)
    match followed.fault:
        case None:
            measured = followed.result.significance is not None
            return {"outcome": "completed" if measured else "given up", "where": "", "message": followed.result.why}
        case SequenceError():
            return {"outcome": "refused", "where": where, "message": str(followed.fault)}
        case fault:
            return {"outcome": "traceback", "where": where, "message": _short(fault)}


def _short(fault: Exception) -> str:
    """A fault and where it was raised."""
    last = traceback.extract_tb(fault.__traceback__)[-3:]
    way = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(last))
    return f"{type(fault).__name__}: {fault} ({way})"


def _found(followed: Followed, there: Unwired) -> dict[str, Any]:
    """Everything that can be held against the truth, as far as the run came."""
    row: dict[str, Any] = {}
    if "calibrate" in followed.ended:
        row |= _calibrated(followed.ended["calibrate"], there)
    if followed.cooled:
        found = followed.ended["cool"]
        for side in ("left", "right"):
            said, error = (getattr(found, f"polarisation_{side}{end}") for end in ("", "_err"))
            row |= _pull(f"cool_{side}", said, followed.cooled[f"p_{side}"], error)
    if "tomography" in followed.ended:
        row["reduced_chi2"] = round(followed.ended["tomography"].reduced_chi2, 3)
    result = followed.result
    if result is not None:
        row |= {"expected": result.expected, "expected_significance": round(result.expected_significance, 2)}
        if result.significance is not None:
            row |= _measured(result, there)
    return row


def _calibrated(found: Any, there: Unwired) -> dict[str, Any]:
    truth = there.truth({})
    spread = spread_of(there.twin.sample)
    sigma_khz = float(np.hypot(spread.sigma_hz, spread.mains_hz)) * 1e-3
    row: dict[str, Any] = {"calibrate_chi2": round(found.reduced_chi2, 3)}
    for k, side in enumerate(("left", "right")):
        row |= _pull(f"F_{side}", found.fidelity[k], truth["pump_fidelity"][k], found.fidelity_err[k])
        row |= _pull(f"sigma_{side}", found.spread_khz[k], sigma_khz, found.spread_khz_err[k])
    return row


def _measured(result: EngineResult, there: Unwired) -> dict[str, Any]:
    """The long tomography against the state at its time, the witness with the run's own phase and share."""
    truth = there.truth(result)
    rho = np.array(truth["rho_re"]) + 1j * np.array(truth["rho_im"])
    phase, share = result.witness_phase, result.witness_share
    assert phase is not None
    assert share is not None
    assert result.witness is not None
    assert result.witness_err is not None
    witness = float(np.real(rho[1, 2] * np.exp(-1j * phase)) - 0.5 * (share * rho[0, 0] + rho[3, 3] / share).real)
    at = result.evolution_us.index(result.best_us)
    row = {
        "significance": round(result.witness / result.witness_err, 3),
        "witness": round(result.witness, 6),
        "witness_err": round(result.witness_err, 6),
        "true_witness": round(witness, 6),
        "true_signed": round(float(signed_concurrence(rho)), 5),
        "bound_sigma": round(bound_sigma(there, result, pauli_vector(rho)), 3),
        "best_us": result.best_us,
        **_pull("witness", result.witness, witness, result.witness_err),
        **_pull("p_left", result.polarisation_left, truth["p_left"], result.polarisation_left_err),
        **_pull("p_right", result.polarisation_right, truth["p_right"], result.polarisation_right_err),
        **_pull(
            "predicted",
            result.predicted_concurrence[at],
            float(signed_concurrence(rho)),
            result.predicted_concurrence_err[at],
        ),
    }
    for k, name in enumerate(("rho_00", "rho_01", "rho_10", "rho_11")):
        row |= _pull(name, result.populations[at][k], rho[k, k].real, result.populations_err[at][k])
    return row


def _pull(name: str, said: float, true: float, error: float) -> dict[str, float]:
    return {f"pull_{name}": round(float((said - true) / error), 3)}
