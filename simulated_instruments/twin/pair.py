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


@dataclass(frozen=True, eq=False)
class Passage:
    """One interval under one condition: all that does not depend on the state is computed once, for every repeat.

    It is compared by identity, so that a look into the cache of propagators costs no comparison of conditions.
    """

    condition: Condition
    steps: int
    step_s: float
    spins: float
    kept: float
    """Of a bath's polarisation after a step, by its own relaxation."""
    sides: tuple["_Side", "_Side"]

    def advance(self, state: State) -> tuple[State, float]:
        """The state after it, and the photons that a counter with an open gate is expected to see in it."""
        vector, photons = state.vector, 0.0
        p: list[float] = state.polarisation.tolist()
        for _ in range(self.steps):
            vector, p, seen = self._step(vector, p)
            photons += seen
        return State(vector, np.array(p)), photons

    def _step(self, vector: Real, p: list[float]) -> tuple[Real, list[float], float]:
        """Every excitation counts: dp/dt = (2/N) [gamma+ P(0) - gamma- P(1)] - p/T1n; what the NV gets the bath gives.

        For gamma+- = Gamma1 (1 -+ p)/2 the bracket is Gamma1 (z - p)/2; the mirror resonance drives p towards -z.
        """
        left, right = self.sides
        p_left, p_right = p
        middle_left = left.middle(vector.item(_Z[0]), p_left)
        middle_right = right.middle(vector.item(_Z[1]), p_right)
        out = _carried(self, middle_left, middle_right) @ vector
        photons, z_left, z_right = out[_SIZE:].tolist()
        after = [
            p_left * self.kept
            + (left.signed_per_s * z_left - left.contact_per_s * middle_left * self.step_s) / self.spins,
            p_right * self.kept
            + (right.signed_per_s * z_right - right.contact_per_s * middle_right * self.step_s) / self.spins,
        ]
        return out[:_SIZE], after, photons


@dataclass(frozen=True, eq=False)
class _Side:
    """What one NV and its bath do in half a step of an interval."""

    contact_per_s: float
    signed_per_s: float
    half_s: float
    both_per_s: float
    """By which contact and relaxation flip the NV, either way."""
    pump_up_per_s: float
    pump_down_per_s: float
    driven: float
    """Pull of sigma_z at the bath, over the rate at which the bath forgets."""
    forgets_per_s: float
    kept: float
    """Of a bath's distance from where it is drawn."""
    rounding: float

    @classmethod
    def of(cls, condition: Condition, k: int, half_s: float, baths: Baths) -> "_Side":
        """Of the left (0) or the right (1) NV."""
        contact, signed = condition.contact_per_s[k], condition.signed_per_s[k]
        rate = contact / baths.spins + 1.0 / baths.t1n_s
        return cls(
            contact,
            signed,
            half_s,
            0.5 * contact + condition.relax_per_s,
            condition.pump_up_per_s[k],
            condition.pump_down_per_s[k],
            signed / baths.spins,
            rate,
            exp(-rate * half_s),
            _NEGLIGIBLE / max(2.0 * contact * half_s, _NEGLIGIBLE),
        )

    def rates(self, p: float) -> Two:
        """|0> -> |1> and |1> -> |0> of the NV in contact with a bath of this polarisation, in 1/s."""
        bias = 0.5 * self.signed_per_s * p
        return self.both_per_s - bias + self.pump_up_per_s, self.both_per_s + bias + self.pump_down_per_s

    def middle(self, z: float, p: float) -> float:
        """Bath polarisation half a step from now: the NV approaches what pumping and its bath want of it.

        Rounded to what changes the state by next to nothing, so that the propagators of many steps are one.
        """
        if self.signed_per_s == 0.0:
            return round(p * self.kept / self.rounding) * self.rounding
        up, down = self.rates(p)
        both = up + down
        settling = max(both * self.half_s, _NEGLIGIBLE)
        wanted = (down - up) / max(both, _NEGLIGIBLE)
        mean_z = wanted + (z - wanted) * -expm1(-settling) / settling
        target = self.driven * mean_z / self.forgets_per_s
        middle = target + (p - target) * self.kept
        return round(middle / self.rounding) * self.rounding


@lru_cache(maxsize=20_000)
def _carried(passage: Passage, p_left: float, p_right: float) -> Real:
    """exp of the generator with its three integrals: (19, 16), Pauli vector -> (itself, photons, integrals of z).

    The cache holds some 50 MB when full: ten times more costs ten times the memory and saves 4 % of a run's time.
    """
    c = passage.condition
    up, down = zip(passage.sides[0].rates(p_left), passage.sides[1].rates(p_right), strict=True)
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
    return np.ascontiguousarray(propagator(extended, passage.step_s)[:, :_SIZE])


@lru_cache(maxsize=5_000)
def passage(condition: Condition, duration_s: float, baths: Baths) -> Passage:
    """One interval. The same one for the same arguments, for its propagators are kept."""
    fastest = max(condition.contact_per_s) / baths.spins
    steps = max(1, ceil(duration_s * fastest / _BATH_STEP))
    step_s = duration_s / steps
    sides = _Side.of(condition, 0, 0.5 * step_s, baths), _Side.of(condition, 1, 0.5 * step_s, baths)
    return Passage(condition, steps, step_s, baths.spins, exp(-step_s / baths.t1n_s), sides)


def advance(state: State, condition: Condition, duration_s: float, baths: Baths) -> tuple[State, float]:
    """The state after an interval, and the photons that a counter with an open gate is expected to see in it."""
    return passage(condition, duration_s, baths).advance(state)


def idle(state: State, condition: Condition, duration_s: float, baths: Baths) -> State:
    """The state after a wait of any length with the lines at rest: the pair settles, then the baths decay slowly."""
    settling_s = min(duration_s, 2e-3)
    state, _ = advance(state, condition, settling_s, baths)
    decay = np.exp(-(duration_s - settling_s) / baths.t1n_s)
    return State(state.vector, state.polarisation * decay)
