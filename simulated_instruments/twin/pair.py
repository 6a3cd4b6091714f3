"""The pair of NVs and its two baths, carried through one interval of constant lines after another.

The state is the Pauli vector of both NVs and the two bath polarisations. Within an interval the Liouvillian is constant
but for the baths, which are taken at the middle of a short step. Three integrals ride along in the same matrix
exponential, exactly: the detected photons and sigma_z of either NV, which is what drives the baths.
"""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import ceil, exp, expm1

import numpy as np
from numpy.typing import NDArray

from physics.engine import liouvillian, propagator
from physics.paulis import INDEX

Real = NDArray[np.float64]
Two = tuple[float, float]
_Z = (INDEX["ZI"], INDEX["IZ"])
_SIZE = 16
_BATH_STEP = 0.15  # of a bath's time constant
_NEGLIGIBLE = 1e-7  # change of the state by the rounding of a polarisation


@dataclass(frozen=True)
class Condition:
    """Everything that governs the pair while the lines stand still. Pairs of numbers are (left, right)."""

    g_rad_per_s: float
    zz_rad_per_s: float
    detuning_rad_per_s: Two
    """From the carrier, or from any common frequency while no carrier is on."""
    drive_rad_per_s: Two
    """Rabi frequency of the x and of the y quadrature."""
    pump_up_per_s: Two
    """|0> -> |1> by imperfect pumping."""
    pump_down_per_s: Two
    relax_per_s: float
    """Spin-lattice relaxation, each way."""
    dephasing_per_s: Two
    exchange_per_s: Two
    """Cross-relaxation rate with the bath at f- = + gamma_n B, where p relaxes the NV to |0>."""
    mirror_per_s: Two
    """The same at f- = - gamma_n B, beyond the crossing, where p relaxes it to |1>."""
    bright_cps: Two
    """Photons per second of each NV in |0>, and in |1>."""
    faint_cps: Two
    background_cps: float

    @cached_property
    def contact_per_s(self) -> Two:
        """By which each NV and its bath exchange excitations, whichever way."""
        return self.exchange_per_s[0] + self.mirror_per_s[0], self.exchange_per_s[1] + self.mirror_per_s[1]

    @cached_property
    def signed_per_s(self) -> Two:
        """By which sigma_z of each NV drives its bath."""
        return self.exchange_per_s[0] - self.mirror_per_s[0], self.exchange_per_s[1] - self.mirror_per_s[1]


@dataclass(frozen=True)
class State:
    """Pauli vector of the pair, and polarisation of the left and of the right bath."""

    vector: Real = field(default_factory=lambda: np.eye(_SIZE)[0])
    polarisation: Real = field(default_factory=lambda: np.zeros(2))


@dataclass(frozen=True)
class Baths:
    """Size and lifetime of the baths."""

    spins: float
    t1n_s: float


def _rates(condition: Condition, p: Two) -> tuple[Two, Two]:
    """|0> -> |1> and |1> -> |0> of each NV in contact with baths of these polarisations, in 1/s."""
    c, up, down = condition, [], []
    for k in (0, 1):
        both = 0.5 * c.contact_per_s[k] + c.relax_per_s
        bias = 0.5 * c.signed_per_s[k] * p[k]
        up.append(both - bias + c.pump_up_per_s[k])
        down.append(both + bias + c.pump_down_per_s[k])
    return (up[0], up[1]), (down[0], down[1])


@lru_cache(maxsize=20_000)
def _carried(condition: Condition, p_left: float, p_right: float, duration_s: float) -> Real:
    """exp of the generator with its three integrals: (19, 16), Pauli vector -> (itself, photons, integrals of z).

    The cache holds some 50 MB when full: ten times more costs ten times the memory and saves 4 % of a run's time.
    """
    c = condition
    up, down = _rates(c, (p_left, p_right))
    extended = np.zeros((_SIZE + 3, _SIZE + 3))
    extended[:_SIZE, :_SIZE] = liouvillian(
        g=c.g_rad_per_s,
        zz=c.zz_rad_per_s,
        detuning=c.detuning_rad_per_s,
        drive=c.drive_rad_per_s,
        up=up,
        down=down,
        dephasing=c.dephasing_per_s,
    )
    extended[_SIZE, 0] = c.background_cps + 0.5 * (sum(c.bright_cps) + sum(c.faint_cps))
    for k in (0, 1):
        extended[_SIZE, _Z[k]] = 0.5 * (c.bright_cps[k] - c.faint_cps[k])
        extended[_SIZE + 1 + k, _Z[k]] = 1.0
    return np.ascontiguousarray(propagator(extended, duration_s)[:, :_SIZE])


def advance(state: State, condition: Condition, duration_s: float, baths: Baths) -> tuple[State, float]:
    """The state after the interval, and the photons that a counter with an open gate is expected to see in it."""
    fastest = max(condition.contact_per_s) / baths.spins
    steps = max(1, ceil(duration_s * fastest / _BATH_STEP))
    photons = 0.0
    for _ in range(steps):
        state, seen = _step(state, condition, duration_s / steps, baths)
        photons += seen
    return state, photons


def _step(state: State, condition: Condition, duration_s: float, baths: Baths) -> tuple[State, float]:
    """Every excitation counts: dp/dt = (2/N) [gamma+ P(0) - gamma- P(1)] - p/T1n, and what the NV gets the bath gives.

    For gamma+- = Gamma1 (1 -+ p)/2 the bracket is Gamma1 (z - p)/2; the mirror resonance drives p towards -z.
    """
    before: list[float] = state.polarisation.tolist()
    middle = _middle(state, condition, 0.5 * duration_s, baths)
    out = _carried(condition, middle[0], middle[1], duration_s) @ state.vector
    photons, *z_s = out[_SIZE:].tolist()
    kept = exp(-duration_s / baths.t1n_s)
    after = [
        before[k] * kept
        + (condition.signed_per_s[k] * z_s[k] - condition.contact_per_s[k] * middle[k] * duration_s) / baths.spins
        for k in (0, 1)
    ]
    return State(out[:_SIZE], np.array(after)), photons


def _middle(state: State, condition: Condition, half_s: float, baths: Baths) -> Two:
    """Bath polarisations half a step from now: each NV approaches what pumping and its bath want of it.

    Rounded to what changes the state by next to nothing, so that the propagators of many steps are one.
    """
    p: list[float] = state.polarisation.tolist()
    ups, downs = _rates(condition, (p[0], p[1]))
    out = []
    for k in (0, 1):
        both, contact = ups[k] + downs[k], condition.contact_per_s[k]
        settling = max(both * half_s, _NEGLIGIBLE)
        wanted = (downs[k] - ups[k]) / max(both, _NEGLIGIBLE)
        mean_z = wanted + (float(state.vector[_Z[k]]) - wanted) * -expm1(-settling) / settling
        rate = contact / baths.spins + 1.0 / baths.t1n_s
        target = condition.signed_per_s[k] / baths.spins * mean_z / rate
        middle = target + (p[k] - target) * exp(-rate * half_s)
        rounding = _NEGLIGIBLE / max(2.0 * contact * half_s, _NEGLIGIBLE)
        out.append(round(middle / rounding) * rounding)
    return out[0], out[1]


def idle(state: State, condition: Condition, duration_s: float, baths: Baths) -> State:
    """The state after a wait of any length with the lines at rest: the pair settles, then the baths decay slowly."""
    settling_s = min(duration_s, 2e-3)
    state, _ = advance(state, condition, settling_s, baths)
    decay = np.exp(-(duration_s - settling_s) / baths.t1n_s)
    return State(state.vector, state.polarisation * decay)
