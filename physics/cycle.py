"""The engine in cycles, as a bench repeats it: finite baths, lines that differ from shot to shot, imperfect pumping.

One cycle: a read-out has pumped both NVs; the cold one is pumped on and cools its bath, while the gradient keeps the
hot one off its own; the hot NV is brought to the middle of its Bloch sphere (see `Heating`); both are released for an
evolution. What a bath takes in one evolution it brings into the next: in the steady state of cycles either bath ends
as it began.

Both sigma_z, the coherence and both baths are linear in what they begin with, so four columns (sigma_z of the left and
of the right NV, polarisation of the left and of the right bath) are carried along for all classes of shots at once, and
every cycle is solved from them. Gamma1 is the same in all shots. Arrays of one shape (b,) are a batch.
"""

from dataclasses import dataclass, fields
from typing import Final, Literal

import numpy as np

from physics.engine import propagators
from physics.paulis import Real
from physics.spread import normal_nodes

STEPS: Final = 96
"""Of an evolution; it may end after every second one."""
_PHASE: Final = 8.0
"""Phase of one sigma of the difference of both lines at the end of the longest evolution, rad: coherence is gone."""
_ROOT_8: Final = np.sqrt(8.0)
_COLUMNS: Final = 4
_Z_LEFT, _Z_RIGHT, _P_LEFT, _P_RIGHT = range(_COLUMNS)


@dataclass(frozen=True)
class Sample:
    """Pairs in their diamonds on a bench: arrays of one shape (b,)."""

    g_rad_per_s: Real
    gamma1_per_s: Real
    gamma2_per_s: Real
    gamma_sl_per_s: Real
    spins: Real
    """Of each bath."""
    sigma_rad_per_s: Real
    """Spread of each line beside a bath without polarisation."""
    shift_rad_per_s: Real
    """Of a line beside a wholly polarised bath."""
    pumped_z: Real
    """sigma_z of a NV that is pumped for long: 2 F - 1."""
    pump_per_s: Real
    """Rate at which the cold NV is pumped."""
    leak: Real
    """Of that rate, at the hot NV: counts where that is heated beneath the doughnut."""
    contact_share: Real
    """Of Gamma1, at the hot NV while the gradient keeps it off resonance."""
    cooling_s: Real
    """Time for which the cold NV is pumped in each cycle."""

    def sliced(self, chosen: slice) -> "Sample":
        """Some of the batch."""
        return Sample(*(getattr(self, f.name)[chosen] for f in fields(self)))

    @property
    def longest_s(self) -> Real:
        """(b,): evolutions beyond it gain nothing: exchange, baths and spread of the lines have done what they do."""
        by_exchange = self.g_rad_per_s / (1.5 * 0.25 * np.pi)
        by_bath, by_spread = self.gamma1_per_s / 8.0, np.sqrt(2.0) * self.sigma_rad_per_s / _PHASE
        return np.asarray(1.0 / np.sqrt(by_exchange**2 + by_bath**2 + by_spread**2))

    @property
    def kept(self) -> Real:
        """(b, 2): what the cooling of a cycle leaves of the distance of either bath from its pumped NV."""
        cold = self.gamma1_per_s * self.pump_per_s / (self.gamma1_per_s + self.pump_per_s)
        hot = self.gamma1_per_s * self.contact_share
        return np.asarray(np.exp(-np.stack([hot, cold], axis=-1) * (self.cooling_s / self.spins)[:, None]))


@dataclass(frozen=True)
class Response:
    """Averages over all shots at the ends (n,) of evolutions, by what was there at the release: last axis."""

    times_s: Real
    """(b, n)."""
    z: Real
    """(b, n, 2, 4): sigma_z of the left and of the right NV."""
    coherence: Real
    """(b, n, 2, 4): real and imaginary part of rho_01,10."""
    p: Real
    """(b, n, 2, 4): polarisation of the left and of the right bath."""
    zz: Real
    """(b, n, 4, 4): the mean product of both sigma_z is a form in what was there."""


def response(sample: Sample, narrowed: tuple[Real, Real], apart_rad_per_s: Real) -> Response:
    """Release into finite baths.

    narrowed: spread of the left and of the right line, rad/s; apart_rad_per_s: mean of the right line less the left.
    """
    step_s = sample.longest_s / STEPS
    at, weight, fold = _classes(apart_rad_per_s)
    delta = apart_rad_per_s[:, None] + np.hypot(*narrowed)[:, None] * at
    move = _moves(sample, delta, step_s)
    b = len(step_s)
    now = np.zeros((b, len(at), 6, _COLUMNS))
    now[:, :, 0, _Z_LEFT] = now[:, :, 1, _Z_RIGHT] = 1.0
    p = np.zeros((b, 2, _COLUMNS))
    p[:, 0, _P_LEFT] = p[:, 1, _P_RIGHT] = 1.0
    half = -np.expm1(-0.5 * sample.gamma1_per_s / sample.spins * step_s)[:, None, None]
    mean = _mean(now, weight, fold)
    product = np.zeros((b, _COLUMNS, _COLUMNS))
    product[:, _Z_LEFT, _Z_RIGHT] = 1.0
    sources, kept = [_source(p, mean)], []
    for k in range(1, STEPS + 1):
        between = p + half * (mean[:, :2] - p)
        now[:, :, 4:] = between[:, None]
        now[:, :, :4] = move @ now
        mean = _mean(now, weight, fold)
        p = between + half * (mean[:, :2] - between)
        sources.append(_source(p, mean))
        if k % 2 == 0:
            product = _after_two_steps(sample, product, sources[-3:], step_s)
            kept.append((mean[:, :2], mean[:, 2:] / _ROOT_8, p, product))
    z, coherence, baths, zz = (np.stack(each, axis=1) for each in zip(*kept, strict=True))
    return Response(step_s[:, None] * np.arange(2, STEPS + 1, 2), z, coherence, baths, zz)


def _classes(apart: Real) -> tuple[Real, Real, bool]:
    """Nodes and weights of the lines' difference. If it is even, only those from 0 on: im is even in it, re is odd."""
    at, weight = normal_nodes(_PHASE)
    if np.any(apart):
        return at, weight, False
    middle = len(at) // 2
    return at[middle:], np.where(np.arange(middle + 1) == 0, 1.0, 2.0) * weight[middle:], True


def _mean(now: Real, weight: Real, fold: bool) -> Real:
    """(b, c, 6, 4) -> (b, 4, 4): of both sigma_z and of the coherence."""
    out = (weight @ now.reshape(*now.shape[:2], -1)).reshape(len(now), 6, _COLUMNS)[:, :4]
    if fold:
        out[:, 2] = 0.0
    return np.asarray(out)


def _moves(sample: Sample, delta: Real, step_s: Real) -> Real:
    """(b, c, 4, 6): one step of both sigma_z and sqrt(8) times the coherence, with baths that stand still in it."""
    gamma = sample.gamma1_per_s + sample.gamma_sl_per_s
    kappa = (gamma + 2.0 * sample.gamma2_per_s)[:, None]
    exchange = np.sqrt(2.0) * sample.g_rad_per_s[:, None]
    generator = np.zeros((*delta.shape, 6, 6))
    generator[..., 0, 0] = generator[..., 1, 1] = -gamma[:, None]
    generator[..., 2, 2] = generator[..., 3, 3] = -kappa
    generator[..., 1, 3] = generator[..., 3, 0] = exchange
    generator[..., 0, 3] = generator[..., 3, 1] = -exchange
    generator[..., 2, 3], generator[..., 3, 2] = delta, -delta
    generator[..., 0, 4] = generator[..., 1, 5] = sample.gamma1_per_s[:, None]
    return propagators(generator * step_s[:, None, None, None])[..., :4, :]


def _source(p: Real, mean: Real) -> Real:
    """(b, 4, 4): what drives the product of both sigma_z, over Gamma1."""
    return np.asarray(p[:, 0, :, None] * mean[:, 1, None, :] + p[:, 1, :, None] * mean[:, 0, None, :])


def _after_two_steps(sample: Sample, product: Real, sources: list[Real], step_s: Real) -> Real:
    """Simpson's rule for zz' = -2 G zz + Gamma1 source."""
    fall = np.exp(-2.0 * (sample.gamma1_per_s + sample.gamma_sl_per_s) * step_s)[:, None, None]
    gain = (sample.gamma1_per_s * step_s / 3.0)[:, None, None]
    return np.asarray(
        fall**2 * product + gain * (fall**2 * sources[0] + 4.0 * fall * sources[1] + sources[2]), dtype=float
    )


@dataclass(frozen=True)
class Cycles:
    """The steady state of cycles, at the end of the evolution that shows most: arrays (b,)."""

    signed_concurrence: Real
    """2 (|rho_01,10| - sqrt(rho_00 rho_11))."""
    evolution_s: Real
    p_left: Real
    p_right: Real
    """Polarisation of both baths at the release."""
    start_z_left: Real
    start_z_right: Real


Heating = Literal["turned", "doughnut"]
"""How the hot NV gets to the middle of its Bloch sphere after the cooling. turned: by a pulse of its own, in two senses
whose coherences cancel, as the sequences do it. doughnut: by a pulse for both, after which the doughnut pumps the cold
NV once more, and its light at the hot NV cools that too."""

_PUMPINGS: Final = np.array([2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0])
"""Lengths of the doughnut's last pumping to choose from, in units of its time constant: too short leaves the cold NV
warm, too long cools the hot one."""
_FIRST_BATHS: Final = (0.05, 0.985)
"""Hot bath, and cold bath over the NV that cools it: what the first pass narrows and shifts the lines by."""


def best_cycles(sample: Sample, heating: Heating = "turned") -> Cycles:
    """What each pair shows at best, over evolution times (and lengths of the doughnut's last pumping)."""
    p_left = np.full(sample.g_rad_per_s.shape, _FIRST_BATHS[0])
    p_right = _FIRST_BATHS[1] * sample.pumped_z
    found = _best(sample, heating, p_left, p_right)
    return _best(sample, heating, found.p_left, found.p_right)


def _best(sample: Sample, heating: Heating, p_left: Real, p_right: Real) -> Cycles:
    """With the lines as baths of these polarisations leave them."""
    left, right = (sample.sigma_rad_per_s * np.sqrt(np.maximum(1.0 - p**2, 0.0)) for p in (p_left, p_right))
    there = response(sample, (left, right), sample.shift_rad_per_s * (p_right - p_left))
    begun = released(sample, there, start_z(sample, heating))
    values = signed(there, begun)
    b, _, m = values.shape
    flat = np.argmax(values.reshape(b, -1), axis=1)
    time, pumping, rows = flat // m, flat % m, np.arange(b)
    at_best = begun[rows, time, pumping]
    course = values[rows, :, pumping]
    return Cycles(_peak(course, time), there.times_s[rows, time], *at_best[:, [2, 3, 0, 1]].T)


def start_z(sample: Sample, heating: Heating) -> Real:
    """(b, m, 2): sigma_z of both NVs at the release, for every length m of the last pumping if there is one."""
    cold = sample.pumped_z[:, None]
    if heating == "turned":
        return np.stack([np.zeros_like(cold), cold], axis=-1)
    lengths = np.stack([sample.leak[:, None] * _PUMPINGS, np.broadcast_to(_PUMPINGS, (len(cold), len(_PUMPINGS)))], -1)
    return np.asarray(cold[..., None] * -np.expm1(-lengths))


def released(sample: Sample, there: Response, z: Real) -> Real:
    """(b, n, m, 4): sigma_z of both NVs, z (b, m, 2), and polarisation of both baths at the release of steady cycles.

    For every evolution time n and every release m.
    """
    kept = sample.kept[:, None]  # (b, 1, 2)
    matrix = np.eye(2) - kept[..., None] * there.p[..., 2:]  # (b, n, 2, 2)
    taken = np.einsum("bnij,bmj->bnmi", there.p[..., :2], z) * kept[:, :, None]
    cooled = (sample.pumped_z[:, None] * (1.0 - kept[:, 0]))[:, None, None]
    baths = np.linalg.solve(matrix[:, :, None], (taken + cooled)[..., None])[..., 0]
    return np.concatenate([np.broadcast_to(z[:, None], baths.shape), np.clip(baths, -1.0, 1.0)], axis=-1)


def signed(there: Response, begun: Real) -> Real:
    """(b, n, m): signed concurrence for what was there at the release, (b, n, m, 4)."""
    z = np.einsum("bnic,bnmc->bnmi", there.z, begun)
    coherence = np.einsum("bnic,bnmc->bnmi", there.coherence, begun)
    zz = np.einsum("bnmc,bncd,bnmd->bnm", begun, there.zz, begun, optimize=True)
    both = z.sum(axis=-1)
    p00, p11 = (np.maximum(0.25 * (1.0 + zz + sign * both), 0.0) for sign in (1.0, -1.0))
    return np.asarray(2.0 * (np.hypot(coherence[..., 0], coherence[..., 1]) - np.sqrt(p00 * p11)))


def _peak(course: Real, at: Real) -> Real:
    """(b,): the top of the parabola through the highest of evenly spaced values and its neighbours."""
    rows = np.arange(len(course))
    inner = np.clip(at, 1, course.shape[1] - 2)
    before, here, after = (course[rows, inner + k] for k in (-1, 0, 1))
    bend = before - 2.0 * here + after
    rise = np.where(bend < 0.0, 0.125 * (after - before) ** 2 / np.where(bend < 0.0, -bend, 1.0), 0.0)
    return np.asarray(np.where(inner == at, here + rise, course[rows, at]))
