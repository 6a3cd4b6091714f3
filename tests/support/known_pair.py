"""A pair of NVs whose numbers are known, and the counts that it would give: what analysis tests start from."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from physics.paulis import pauli_vector
from sequences.analysis.pair.calibration import NAMES, SCALES, Beam, CountedProgram, Listed, PairCalibration
from sequences.analysis.pair.shot_classes import frozen_field
from sequences.pulses.library import Gates
from sequences.pulses.program import Program
from sequences.routines.pair.calibration_programs import programs

Real = NDArray[np.float64]

GATES = Gates(quarter_ns=200, gate_ns=23_600, tick_ns=100)
VALUES = {
    "g_rad_per_s": 66.4e3,
    "zz_rad_per_s": 132.9e3,
    "rabi_x_rad_per_s": 7.84e6,
    "rabi_y_rad_per_s": 7.88e6,
    "quadrature_rad": 0.01,
    "detuning_left_rad_per_s": 3e3,
    "detuning_right_rad_per_s": -4e3,
    "gradient_left_rad_per_s": 46.8e6,
    "gradient_right_rad_per_s": 2e4,
    "leak_left_per_s": 100.0,
    "leak_right_per_s": 325.0,
    "relaxation_per_s": 200.0,
    "dephasing_per_s": 1500.0,
    "spread_left_khz2": 100.0,
    "spread_right_khz2": 150.0,
    "spread_common_khz2": 20.0,
    "microwave_late_ns": 0.0,
    "settling_share": 0.0,
    "nitrogen_zero": 0.02,
    "nitrogen_minus": 0.01,
    "neutral_left": 0.05,
    "neutral_right": 0.08,
    "pump_level": 0.578,
    "pump_left": 0.0268,
    "pump_right": 0.0266,
    "doughnut_level": 0.315,
    "doughnut_left": 0.0029,
    "doughnut_right": 0.0269,
    "fidelity_left": 0.96,
    "fidelity_right": 0.97,
}
"""Of the order of a real bench's."""
PAPER = dict.fromkeys((n for n in NAMES if n.startswith(("spread", "nitrogen", "neutral", "quadrature"))), 0.0) | {
    "fidelity_left": 0.998,
    "fidelity_right": 0.998,
}
"""What the paper's pair is free of."""


def calibration(covariance: Real | None = None, **changed: float) -> PairCalibration:
    """With these numbers changed."""
    values = tuple({**VALUES, **changed}[name] for name in NAMES)
    none = np.zeros((len(NAMES), len(NAMES)))
    return PairCalibration(values, none if covariance is None else covariance, frozen=frozen_field(102.4755, -1.0))


BELIEVED = {
    "quadrature_rad": 0.06,
    "leak_left_per_s": 1e3,
    "leak_right_per_s": 1e3,
    "relaxation_per_s": 300.0,
    "dephasing_per_s": 3e3,
    "spread_left_khz2": 1e5,
    "spread_right_khz2": 1e5,
    "spread_common_khz2": 2e3,
    "nitrogen_zero": 0.05,
    "nitrogen_minus": 0.05,
    "neutral_left": 0.2,
    "neutral_right": 0.2,
    "microwave_late_ns": 1.0,
    "settling_share": 1e-4,
    "fidelity_left": 0.05,
    "fidelity_right": 0.05,
}
"""What is believed before a calibration, to 1 sigma, of what it does not tell by itself."""


def believed() -> Real:
    """(p,): 1 sigma of every number before the calibration; infinite where nothing is known."""
    return np.array([BELIEVED.get(name, np.inf) for name in NAMES])


@cache
def known_covariance(shots: int, **changed: float) -> Real:
    """(p, p): what a calibration with so many shots of unit weight leaves uncertain, by its information."""
    listed = [(program, beam) for program, beam, _ in programs(GATES)]
    weight = np.array([w for _, _, w in programs(GATES)])
    there = calibration(None, **changed)
    whitened = there.jacobian(listed) / np.sqrt(there.expected(listed) / (shots * weight))[:, None]
    information = whitened.T @ whitened + np.diag((SCALES / believed()) ** 2)
    return np.linalg.inv(information) * np.outer(SCALES, SCALES)


def made_up_covariance() -> Real:
    """That of a day, for what only computes."""
    return known_covariance(3_000_000)


def analysis_programs() -> list[Listed]:
    """Turns of both NVs, of the right one, with and without the gate: complete for all fifteen Pauli terms."""
    none = Program("-", GATES.tick_ns)
    first = [none, GATES.turn("x"), GATES.turn("y"), GATES.turn("x", 2)]
    second = [none, GATES.turn_right("x"), GATES.turn_right("y")]
    last = [none, GATES.entangle() + GATES.turn("x"), GATES.entangle() + GATES.turn("y")]
    beams: tuple[Beam, Beam] = ("pump", "depletion")
    return [(a + b + c, beam) for a in first for b in second for c in last for beam in beams]


def counted(
    expected: Real, listed: Sequence[Listed], repeats: int | Real, rng: np.random.Generator
) -> list[CountedProgram]:
    """Poisson counts of programs that let expect (n,) photons a shot. repeats: of each, or (n,)."""
    return [
        CountedProgram(program, beam, int(rng.poisson(mean * n)), int(n))
        for (program, beam), mean, n in zip(listed, expected, np.broadcast_to(repeats, len(listed)), strict=True)
    ]


def random_state(rng: np.random.Generator, rank: int = 4) -> NDArray[np.complex128]:
    """A density matrix of two qubits."""
    a = rng.standard_normal((4, rank)) + 1j * rng.standard_normal((4, rank))
    rho: NDArray[np.complex128] = a @ a.conj().T
    return np.asarray(rho / np.trace(rho))


def random_vector(rng: np.random.Generator, rank: int = 4) -> Real:
    """Its Pauli vector."""
    return pauli_vector(random_state(rng, rank))
