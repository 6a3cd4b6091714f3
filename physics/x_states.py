"""X states of the pair, fast: closed forms of the steady state, and one eigensystem for all times of a transient.

Without a drive both sigma_z, their product and the coherence rho_01,10 obey equations of their own. The generator of
eqs 1-3 falls into small blocks, and the C n_L n_R term acts on none of these five numbers. With the sums and the
differences G = down + up and s = down - up of each NV's rates, kappa = (G_L + G_R)/2 + Gamma2_L + Gamma2_R,
Delta = delta_R - delta_L and c = rho_01,10

    z_L' = -G_L z_L + s_L - 4 g Im c        z_R' = -G_R z_R + s_R + 4 g Im c
    c'   = -(kappa + i Delta) c - i g (z_R - z_L)/2
    zz'  = -(G_L + G_R) zz + s_L z_R + s_R z_L

The coherence rho_00,11 is not carried: it begins at 0 in every product of states without coherence, and stays there.
Leading axes are a batch, as everywhere in `physics`; `tests/physics/test_x_states.py` holds it to `physics.engine`.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from physics.engine import liouvillian, propagator
from physics.paulis import INDEX, Complex, Real

_WORST_CONDITION: Final = 1e4
"""Of the eigenvectors, and closeness of rates that are subtracted: worse points lose more than 1e-11, and go the long
way through the exponential of all 16 Pauli components."""
_MANY: Final = 32
"""Times from which on it pays to multiply exponentials instead of taking them."""
_ROOT_8: Final = np.sqrt(8.0)
"""In units of it the coherence is exchanged with both sigma_z antisymmetrically: eigenvectors near orthogonal."""


@dataclass(frozen=True)
class XState:
    """States without coherences but rho_01,10: five arrays of one shape."""

    z_left: Real
    z_right: Real
    zz: Real
    re: Real
    """Of rho_01,10."""
    im: Real

    @classmethod
    def product(cls, z_left: ArrayLike, z_right: ArrayLike) -> "XState":
        """Both NVs by themselves."""
        left, right = np.broadcast_arrays(np.asarray(z_left, dtype=float), np.asarray(z_right, dtype=float))
        nothing = np.zeros(left.shape)
        return cls(left, right, left * right, nothing, nothing)

    @property
    def populations(self) -> tuple[Real, Real, Real, Real]:
        """Of |00>, |01>, |10>, |11>."""
        both, odd = self.z_left + self.z_right, self.z_left - self.z_right
        same, other = 1.0 + self.zz, 1.0 - self.zz
        return 0.25 * (same + both), 0.25 * (other + odd), 0.25 * (other - odd), 0.25 * (same - both)

    @property
    def witness(self) -> Real:
        """|rho_01,10| - sqrt(rho_00 rho_11), as `entanglement.witness`."""
        p00, _, _, p11 = self.populations
        return np.asarray(np.hypot(self.re, self.im) - _geometric_mean(p00, p11))

    @property
    def signed_concurrence(self) -> Real:
        """Wootters' l1 - l2 - l3 - l4, as `entanglement.signed_concurrence`."""
        _, p01, p10, _ = self.populations
        return np.asarray(2.0 * np.maximum(self.witness, -_geometric_mean(p01, p10)))

    @property
    def concurrence(self) -> Real:
        """The same, not below 0."""
        return np.maximum(2.0 * self.witness, 0.0)

    @property
    def pauli_vector(self) -> Real:
        """(..., 16)"""
        out = np.zeros((*np.broadcast_shapes(*(getattr(self, f.name).shape for f in fields(self))), 16))
        out[..., 0] = 1.0
        for name, value in (("ZI", self.z_left), ("IZ", self.z_right), ("ZZ", self.zz)):
            out[..., INDEX[name]] = value
        for name, value in (("XX", self.re), ("YY", self.re), ("XY", self.im), ("YX", -self.im)):
            out[..., INDEX[name]] = 2.0 * value
        return out

    @classmethod
    def from_pauli_vector(cls, vector: Real) -> "XState":
        """(..., 16): what else it has is left out."""
        re = 0.25 * (vector[..., INDEX["XX"]] + vector[..., INDEX["YY"]])
        im = 0.25 * (vector[..., INDEX["XY"]] - vector[..., INDEX["YX"]])
        return cls(vector[..., INDEX["ZI"]], vector[..., INDEX["IZ"]], vector[..., INDEX["ZZ"]], re, im)


def _geometric_mean(one: Real, other: Real) -> Real:
    return np.asarray(np.sqrt(np.maximum(one, 0.0) * np.maximum(other, 0.0)))


Pair = tuple[ArrayLike, ArrayLike]
Chosen = NDArray[np.bool_]
Change = Callable[[ArrayLike], Real]


def _arrays(pair: Pair) -> tuple[Real, Real]:
    return np.asarray(pair[0], dtype=float), np.asarray(pair[1], dtype=float)


def _real_modes(values: Complex, rows: Complex, times: Real) -> Real:
    """sum_k rows_k exp(values_k t), which is real: (b, k), (b, r, k), (n,) -> (b, r, n).

    Evenly spaced times are a few early ones after each of some wide steps.
    """
    count = len(times)
    step = (times[-1] - times[0]) / (count - 1) if count > 1 else 0.0
    even = count >= _MANY and np.max(np.abs(times - times[0] - step * np.arange(count))) <= 1e-14 * np.max(times)
    if not even:
        return _real_product(rows, np.exp(values[:, :, None] * times))
    width = int(np.ceil(np.sqrt(count)))
    early = np.exp(values[:, :, None] * (step * np.arange(width)))
    wide = np.exp(values[:, None, :] * (times[0] + step * width * np.arange(-(-count // width)))[:, None])
    begun = (rows[:, :, None, :] * wide[:, None, :, :]).reshape(len(values), -1, values.shape[1])
    return _real_product(begun, early).reshape(*rows.shape[:2], -1)[..., :count]


def _real_product(one: Complex, other: Complex) -> Real:
    """The real part of the matrix product."""
    return np.asarray(np.real(one) @ np.real(other) - np.imag(one) @ np.imag(other))


@dataclass(frozen=True)
class XEngine:
    """The engine without drive. Numbers or arrays that broadcast; pairs are (left, right)."""

    g_rad_per_s: ArrayLike
    up_per_s: Pair
    """Rates of |0> -> |1>."""
    down_per_s: Pair
    dephasing_per_s: Pair = (0.0, 0.0)
    detuning_rad_per_s: Pair = (0.0, 0.0)

    def steady(self) -> XState:
        """The state that it leaves alone. ValueError where there is more than one: without relaxation."""
        g, total, push = self._exchange, self._total, self._push
        kappa, delta = self._kappa, self._delta
        with np.errstate(invalid="ignore", divide="ignore"):
            per_difference = g / (kappa**2 + delta**2)
            k = 2.0 * g * kappa * per_difference
            whole = total[0] * total[1] + k * (total[0] + total[1])
            difference = (push[1] * total[0] - push[0] * total[1]) / whole
            left = (push[0] * (total[1] + k) + k * push[1]) / whole
            right = (push[1] * (total[0] + k) + k * push[0]) / whole
            zz = (push[0] * right + push[1] * left) / (total[0] + total[1])
        if not np.all(np.isfinite(zz)):
            raise ValueError("a pair without relaxation has more than one steady state: give its NVs rates above 0")
        half = -0.5 * difference * per_difference  # c = -i g w / 2 (kappa + i Delta)
        return XState(left, right, zz, half * delta, half * kappa)

    def transient(self, start: XState, times_s: ArrayLike) -> XState:
        """States at these times (n,) after the start, which may be a batch too: shape (..., n)."""
        times = np.asarray(times_s, dtype=float)
        end = self.steady()
        shape = np.broadcast_shapes(end.zz.shape, start.zz.shape)
        flat = self._flat(shape)
        numbers = [np.broadcast_to(getattr(start, f.name), shape).ravel() for f in fields(start)]
        begun = XState(*numbers)
        states, poor = flat._by_eigenvectors(begun, times)
        if np.any(poor):
            for each, mended in zip(states, flat._at(poor)._the_long_way(begun.pauli_vector[poor], times), strict=True):
                each[poor] = mended
        return XState(*(each.reshape(*shape, len(times)) for each in states))

    def _by_eigenvectors(self, start: XState, times: Real) -> tuple[list[Real], Chosen]:
        """Five numbers (b, n) of the states, and for which of the batch they are poor."""
        end = self.steady()
        away = np.stack([start.z_left - end.z_left, start.z_right - end.z_right], axis=-1)
        away_c = _ROOT_8 * np.stack([start.re - end.re, start.im - end.im], axis=-1)
        values, vectors = np.linalg.eig(self._block())
        vectors = vectors.astype(complex)
        poor = np.linalg.cond(vectors) > _WORST_CONDITION
        vectors[poor] = np.eye(4)
        amplitude = np.linalg.solve(vectors, np.concatenate([away, away_c], axis=-1)[..., None].astype(complex))[..., 0]
        modes = vectors * amplitude[:, None, :]
        push, all_ = self._push, self._total[0] + self._total[1]
        apart = values + all_[:, None]
        poor |= np.any(np.abs(apart) * _WORST_CONDITION < all_[:, None], axis=-1)
        apart[poor] = 1.0
        of_zz = (push[0][:, None] * modes[:, 1] + push[1][:, None] * modes[:, 0]) / apart
        rows = np.concatenate([modes[:, :2], modes[:, 2:] / _ROOT_8, of_zz[:, None, :]], axis=1)
        course = _real_modes(values, rows, times)
        own = (start.zz - end.zz - np.real(of_zz.sum(axis=-1)))[:, None] * np.exp(-np.outer(all_, times))
        return [
            end.z_left[:, None] + course[:, 0],
            end.z_right[:, None] + course[:, 1],
            end.zz[:, None] + course[:, 4] + own,
            end.re[:, None] + course[:, 2],
            end.im[:, None] + course[:, 3],
        ], poor

    def _block(self) -> Real:
        """(b, 4, 4): acts on both sigma_z and the coherence times sqrt(8)."""
        out = np.zeros((len(self._exchange), 4, 4))
        root_2_g = np.sqrt(2.0) * self._exchange
        out[:, 0, 0], out[:, 1, 1] = -self._total[0], -self._total[1]
        out[:, 2, 2] = out[:, 3, 3] = -self._kappa
        out[:, 0, 3], out[:, 1, 3], out[:, 3, 0], out[:, 3, 1] = -root_2_g, root_2_g, root_2_g, -root_2_g
        out[:, 2, 3], out[:, 3, 2] = self._delta, -self._delta
        return out

    def _the_long_way(self, start: Real, times: Real) -> list[Real]:
        """Five numbers (b, n)."""
        generator = liouvillian(
            g=self._exchange,
            detuning=_arrays(self.detuning_rad_per_s),
            up=_arrays(self.up_per_s),
            down=_arrays(self.down_per_s),
            dephasing=_arrays(self.dephasing_per_s),
        )
        states = (propagator(generator[:, None], times) @ start[:, None, :, None])[..., 0]
        found = XState.from_pauli_vector(states)
        return [getattr(found, f.name) for f in fields(found)]

    def _flat(self, shape: tuple[int, ...]) -> "XEngine":
        def one(value: ArrayLike) -> Real:
            return np.broadcast_to(np.asarray(value, dtype=float), shape).ravel()

        return self._each(one)

    def _at(self, chosen: Chosen) -> "XEngine":
        return self._each(lambda value: np.asarray(value)[chosen])

    def _each(self, change: Change) -> "XEngine":
        pairs = (self.up_per_s, self.down_per_s, self.dephasing_per_s, self.detuning_rad_per_s)
        return XEngine(change(self.g_rad_per_s), *((change(left), change(right)) for left, right in pairs))

    @property
    def _exchange(self) -> Real:
        return np.asarray(self.g_rad_per_s, dtype=float)

    @property
    def _total(self) -> tuple[Real, Real]:
        (up_l, up_r), (down_l, down_r) = _arrays(self.up_per_s), _arrays(self.down_per_s)
        return down_l + up_l, down_r + up_r

    @property
    def _push(self) -> tuple[Real, Real]:
        (up_l, up_r), (down_l, down_r) = _arrays(self.up_per_s), _arrays(self.down_per_s)
        return down_l - up_l, down_r - up_r

    @property
    def _kappa(self) -> Real:
        left, right = _arrays(self.dephasing_per_s)
        return np.asarray(0.5 * (self._total[0] + self._total[1]) + left + right)

    @property
    def _delta(self) -> Real:
        left, right = _arrays(self.detuning_rad_per_s)
        return np.asarray(right - left)
