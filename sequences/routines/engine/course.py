"""Entanglement against evolution time in an engine run: what is expected of it, and what is known so far."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from physics.paulis import NAMES, PAULIS
from sequences.analysis.engine.balance import quoted_at
from sequences.analysis.engine.prediction import predict
from sequences.core.lab import Lab
from sequences.routines.bench import calibrated_bench
from sequences.routines.engine.forecast import EngineForecast, uncertain
from sequences.routines.pair.tomography_programs import Expectation, expectation

Real = NDArray[np.float64]

USUAL_TIMES: Final = 7
_CURVE_POINTS: Final = 41
_COHERENCE: Final = {"re": np.real(PAULIS[:, 1, 2]) / 4.0, "im": np.imag(PAULIS[:, 1, 2]) / 4.0}


class Course:
    """The tomographies of one engine run, by the numbers of their times."""

    def __init__(self, lab: Lab, ahead: EngineForecast) -> None:
        self.forecast = ahead
        self.at = ahead.at
        self.best = ahead.best
        self.found: dict[int, Any] = {}
        """Result of the tomography at each time."""
        self._asked: dict[int, Expectation] = {}
        self._coherences: list[tuple[int, complex, float]] = []
        """Number of the time, rho_01,10 and its error, of every tomography."""
        latest = float(self.at.times_us.max()) * 1.1
        known = uncertain(lab, calibrated_bench.pair(lab))
        self._curve = predict(
            calibrated_bench.engine_model(lab),
            calibrated_bench.release(lab),
            np.linspace(0.1, latest, _CURVE_POINTS),
            known,
        )
        self._baths = quoted_at(
            calibrated_bench.engine_model(lab), calibrated_bench.release(lab), float(self.at.times_us[self.best])
        )

    @property
    def has_pilot(self) -> bool:
        """Whether photons have told the coherence's phase: the long tomography's witness must not rest on its own."""
        return bool(self._coherences)

    def order(self) -> list[int]:
        """Numbers of the times as they are played, the best one last; if alone, after a short one of itself."""
        others = [k for k in range(len(self.at.times_us)) if k != self.best]
        return [*(others or [self.best]), self.best]

    def wanted(self, k: int) -> Expectation:
        """What the tomography at a time is designed for: the model's state, with the phase that was seen so far."""
        vector = self.at.vectors[k]
        return expectation(vector, self._phase(k) if self.has_pilot else None)

    def _phase(self, k: int) -> float:
        """Of rho_01,10 at time k, by the photons of earlier tomographies.

        How the phase changes with time the model knows, but for its sense and for a constant angle.
        """
        model = self.at.vectors @ _COHERENCE["re"] + 1j * (self.at.vectors @ _COHERENCE["im"])
        sums = []
        for expected in (model, model.conj()):
            total = sum(seen * np.conj(expected[at]) / error**2 for at, seen, error in self._coherences)
            sums.append((abs(total), float(np.angle(total) + np.angle(expected[k]))))
        return max(sums)[1]

    def add(self, k: int, found: Any, wanted: Expectation) -> None:
        """The tomography at a time has ended."""
        self.found[k], self._asked[k] = found, wanted
        terms, errors = np.array([found.paulis[name] for name in NAMES[1:]]).T
        seen = complex(_COHERENCE["re"][1:] @ terms, _COHERENCE["im"][1:] @ terms)
        error = float(np.sqrt(sum(np.square(part[1:]) @ errors**2 for part in _COHERENCE.values())))
        self._coherences.append((k, seen, error))

    def known(self) -> dict[str, Any]:
        """What would be concluded now. Lists against evolution_us hold the times that were measured already."""
        planned = {
            "planned_us": _numbers(self.at.times_us),
            "planned_concurrence": _numbers(self.at.signed),
            "planned_concurrence_err": _numbers(self.at.signed_err),
        }
        return {**planned, **self.foreseen(), **self.measured(), **self.expected(), **self.concluded()}

    def foreseen(self) -> dict[str, Any]:
        """What was said before the tomographies."""
        ahead, best = self.forecast, self.best
        return {
            "expected": ahead.is_expected,
            "why": ahead.why,
            "expected_us": float(self.at.times_us[best]),
            "expected_signed_concurrence": float(self.at.signed[best]),
            "expected_signed_concurrence_err": float(self.at.signed_err[best]),
            "expected_witness": ahead.witness,
            "expected_significance": ahead.significance,
        }

    def measured(self) -> dict[str, Any]:
        """The part of the result that the tomographies give, time by time."""
        times = sorted(self.found)
        found = [self.found[k] for k in times]
        return {
            "evolution_us": _numbers(self.at.times_us[times]),
            "concurrence": tuple(r.concurrence for r in found),
            "concurrence_err": tuple(r.concurrence_err for r in found),
            "concurrence_ci95": tuple(r.concurrence_ci95 for r in found),
            "signed_concurrence": tuple(r.signed_concurrence for r in found),
            "signed_concurrence_err": tuple(r.signed_concurrence_err for r in found),
            "signed_concurrence_ci95": tuple(r.signed_concurrence_ci95 for r in found),
            "predicted_concurrence": _numbers(self.at.signed[times]),
            "predicted_concurrence_err": _numbers(self.at.signed_err[times]),
            "populations": tuple(r.populations for r in found),
            "populations_err": tuple(r.populations_err for r in found),
            "photons": float(sum(r.photons for r in found)),
        }

    def expected(self) -> dict[str, Any]:
        """The part that was known before them."""
        curve = self._curve
        return {
            "best_us": float(self.at.times_us[self.best]),
            "polarisation_left": self._baths[0],
            "polarisation_left_err": self._baths[1],
            "polarisation_right": self._baths[2],
            "polarisation_right_err": self._baths[3],
            "curve_us": _numbers(curve.times_us),
            "curve_concurrence": _numbers(curve.signed),
            "curve_concurrence_err": _numbers(curve.signed_err),
            "curve_populations": tuple(_numbers(at) for at in curve.populations),
        }

    def concluded(self) -> dict[str, Any]:
        """The part that the best time decides; before it is measured, the state at the best of those that were."""
        names = ("significance", "witness", "witness_err", "witness_phase", "witness_share", "rho_re", "rho_im")
        nothing: dict[str, Any] = dict.fromkeys(names)
        if not self.found:
            return nothing
        at = self.found[max(self.found, key=lambda k: float(self.at.signed[k]))]
        seen = nothing | {"rho_re": at.rho_re, "rho_im": at.rho_im}
        if self.best not in self.found:
            return {**seen, "rho_us": at.evolution_us}
        at, asked = self.found[self.best], self._asked[self.best]
        return {
            "rho_re": at.rho_re,
            "rho_im": at.rho_im,
            "significance": at.significance,
            "witness": at.witness,
            "witness_err": at.witness_err,
            "witness_phase": asked.witness_phase,
            "witness_share": asked.witness_share,
        }


def _numbers(values: Real) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
