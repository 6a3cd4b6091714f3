"""The calibrated pair: its numbers and both read-outs, fitted together to counts of known programs.

One fit for everything, so that what is known badly together is known to be so: the covariance goes on into tomography.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from sequences.analysis.pair import PairModel, pumped_state
from sequences.analysis.readout import Readout
from sequences.pulses.program import Program

Real = NDArray[np.float64]
Beam = Literal["pump", "depletion"]

PARAMETERS: Final = (
    ("g_rad_per_s", 1e3),
    ("zz_rad_per_s", 1e3),
    ("rabi_x_rad_per_s", 1e4),
    ("rabi_y_rad_per_s", 1e4),
    ("detuning_left_rad_per_s", 1e4),
    ("detuning_right_rad_per_s", 1e4),
    ("gradient_left_rad_per_s", 1e4),
    ("gradient_right_rad_per_s", 1e4),
    ("leak_left_per_s", 1e2),
    ("leak_right_per_s", 1e2),
    ("relaxation_per_s", 1e2),
    ("dephasing_per_s", 1e3),
    ("pump_level", 1e-2),
    ("pump_left", 1e-3),
    ("pump_right", 1e-3),
    ("doughnut_level", 1e-2),
    ("doughnut_left", 1e-3),
    ("doughnut_right", 1e-3),
    ("fidelity", 1e-3),
)
"""Name of each number and the size of a small change of it; `fidelity` is P(0) after pumping."""
NAMES: Final = tuple(name for name, _ in PARAMETERS)
SCALES: Final[Real] = np.array([scale for _, scale in PARAMETERS])


@dataclass(frozen=True)
class CountedProgram:
    """Counts of one frozen program played on the pumped pair."""

    program: Program
    """From the end of pumping to the read-out."""
    beam: Beam
    counts: int
    repeats: int

    @property
    def per_shot(self) -> float:
        """Photons a shot."""
        return self.counts / self.repeats

    @property
    def error(self) -> float:
        """Its shot noise, 1 sigma."""
        return float(np.sqrt(max(self.counts, 1))) / self.repeats


@dataclass(frozen=True)
class PairCalibration:
    """Values in the order of PARAMETERS, with their covariance."""

    values: tuple[float, ...]
    covariance: Real
    """(19, 19)."""
    reduced_chi2: float = 1.0

    @cached_property
    def pair(self) -> PairModel:
        v = self.values
        return PairModel(v[0], v[1], v[2], v[3], (v[4], v[5]), (v[6], v[7]), (v[8], v[9]), v[10], v[11])

    def readout(self, beam: Beam) -> Readout:
        """What the detector says under a beam."""
        first = NAMES.index("pump_level" if beam == "pump" else "doughnut_level")
        return Readout(*self.values[first : first + 3])

    @property
    def fidelity(self) -> float:
        """P(0) of a pumped NV."""
        return self.values[-1]

    @property
    def errors(self) -> Real:
        """(19,): 1 sigma of each value."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    def value(self, name: str) -> tuple[float, float]:
        """A value by name, and its error."""
        k = NAMES.index(name)
        return self.values[k], float(self.errors[k])

    def moved(self, index: int, change: float) -> "PairCalibration":
        """The same calibration with one value changed: for derivatives."""
        values = list(self.values)
        values[index] += change
        return PairCalibration(tuple(values), self.covariance)

    def row(self, program: Program, beam: Beam) -> Real:
        """(16,): photons a shot expected of a frozen program = row . Pauli vector at its beginning."""
        return np.asarray(self.readout(beam).row() @ self.pair.propagator(program))

    def expected(self, program: Program, beam: Beam) -> float:
        """Photons a shot expected of a program on the pumped pair."""
        return float(self.row(program, beam) @ pumped_state(self.fidelity))


def fit_calibration(
    start: PairCalibration, prior_sigma: Real, data: Sequence[CountedProgram], free: Sequence[str] = NAMES
) -> PairCalibration:
    """Fit all numbers to all counts, starting from (and weakly held by) what is known.

    prior_sigma: (19,), 1 sigma of the start values; infinite where nothing is known. free: names that may move.
    """
    index = np.array([NAMES.index(name) for name in free])
    origin, scale = np.array(start.values), SCALES
    counts = np.array([d.per_shot for d in data])
    sigma = np.array([d.error for d in data])

    def placed(x: Real) -> PairCalibration:
        values = origin.copy()
        values[index] += x * scale[index]
        return PairCalibration(tuple(float(v) for v in values), start.covariance)

    def residual(x: Real) -> Real:
        model = placed(x)
        expected = np.array([model.expected(d.program, d.beam) for d in data])
        return np.concatenate([(expected - counts) / sigma, x * scale[index] / prior_sigma[index]])

    fit = least_squares(residual, np.zeros(len(index)), jac=_forward(residual, 0.02), xtol=1e-5, ftol=1e-7)
    covariance = np.zeros((len(NAMES), len(NAMES)))
    inner = np.linalg.inv(fit.jac.T @ fit.jac) * np.outer(scale[index], scale[index])
    covariance[np.ix_(index, index)] = inner
    chi2 = float(np.sum(fit.fun[: len(data)] ** 2)) / max(1, len(data) - len(index))
    return PairCalibration(placed(fit.x).values, covariance, chi2)


def _forward(function: Callable[[Real], Real], step: float) -> Callable[[Real], Real]:
    """Jacobian by central differences of a fixed step: the parameters are scaled to small changes."""

    def jacobian(x: Real) -> Real:
        columns = []
        for k in range(len(x)):
            move = np.zeros_like(x)
            move[k] = step
            columns.append((function(x + move) - function(x - move)) / (2.0 * step))
        return np.stack(columns, axis=-1)

    return jacobian
