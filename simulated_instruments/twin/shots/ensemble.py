"""A program in all classes of its shots at once, between one pair of baths that the mean of the classes drives."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp

import numpy as np
from numpy.typing import NDArray

from physics.constants import TWO_PI
from simulated_instruments.twin.conditions import Now, Rates, Scene, Tuning
from simulated_instruments.twin.pair import Baths, State
from simulated_instruments.twin.shots.classes import Classes
from simulated_instruments.twin.shots.levels import PLAIN, SHELVED, elements, folded, pauli, unfolded
from simulated_instruments.twin.shots.propagation import propagators
from simulated_instruments.twin.timeline import Setting

Real = NDArray[np.float64]

_SAME = 1e-4  # change of a phase or of a decay by a bath's polarisation that is not worth a new propagator
_LINEAR = 2e-2  # the same, that a propagator's first derivative describes
_PROBE = 3e-3  # step of a polarisation for that derivative
_MOST_MODELS = 8  # of one step
_MOST_SLOPES = 25_000_000  # numbers in all kept derivatives together
_STILL = 1e-6  # change of a polarisation within a step that needs no looking ahead


@dataclass(frozen=True)
class Step:
    """One of the equal steps in which an interval is played."""

    setting: Setting
    duration_s: float
    scrambled: tuple[bool, bool]
    """Whether the phases that the left and the right NV gather are lost."""
    whole_s: float
    """Of the interval."""
    shelved: bool
    """Whether an NV may be in its shelf."""


@dataclass(frozen=True)
class _Slope:
    """Derivative of a step's propagators by a polarisation, and beside what it was taken."""

    by_p: Real
    governed: Real
    """(C, n): phases, turns and decays of the step."""

    def missed(self, governed: Real) -> float:
        """By how much, of itself, it is off where others govern."""
        if self.governed.shape != governed.shape:
            return np.inf
        return float(np.abs(self.governed - governed).sum(axis=1).max())


class Slopes:
    """Derivatives from play to play: a bench that has hardly moved has hardly others. The oldest make room."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Step, int], _Slope] = OrderedDict()
        self._numbers = 0

    def near(self, step: Step, k: int) -> _Slope | None:
        """What was kept of this step and the bath of NV k."""
        return self._kept.get((step, k))

    def keep(self, step: Step, k: int, slope: _Slope) -> None:
        """Instead of what was kept."""
        old = self._kept.pop((step, k), None)
        self._kept[step, k] = slope
        self._numbers += slope.by_p.size - (old.by_p.size if old else 0)
        while self._numbers > _MOST_SLOPES:
            self._numbers -= self._kept.popitem(last=False)[1].by_p.size


class _Model:
    """Propagators of one step for polarisations near one.

    It does not hold its ensemble: in a circle, megabytes would stay until Python searches for garbage, which it does by
    the number of objects and not by their size.
    """

    def __init__(self, there: "Ensemble", one: Step, p: Real) -> None:
        self.p = p
        self._step = one
        self.map, self.rates = there.built(one, p)
        r, spread, weight = self.rates, there.classes.spread, there.weight
        contact, turns = r.contact_per_s, TWO_PI * one.duration_s
        self.weighed_contact = weight[:, None] * contact
        self.mean_contact = weight @ contact
        self.weighed_signed = weight[:, None] * r.signed_per_s
        self._sensitive = (contact.max(axis=0) * one.duration_s + abs(spread.shift_hz) * turns).tolist()
        self._turns = turns
        self._lines, self._spread = spread, spread.total_hz(p).tolist()
        driven = np.broadcast_to(r.drive_rad_per_s, contact.shape)
        rates = (r.detuning_rad_per_s, r.exchange_per_s, r.mirror_per_s, r.pump_per_s, r.dephasing_per_s, driven)
        self._governed = np.concatenate(rates, axis=1) * one.duration_s
        self._slopes: dict[int, tuple[_Slope, float]] = {}
        self.mean_cps, self.signal_cps = 0.5 * (r.bright_cps + r.faint_cps), 0.5 * (r.bright_cps - r.faint_cps)
        self.background = r.background_cps * one.duration_s

    def far(self, p: Real) -> list[float]:
        """Change of phases and decays by the change of each polarisation."""
        total = self._lines.total_hz(p)
        return [
            self._sensitive[k] * abs(float(p[k]) - float(self.p[k]))
            + self._turns * abs(float(total[k]) - self._spread[k])
            for k in (0, 1)
        ]

    def carried(self, there: "Ensemble", vectors: Real, p: Real, far: list[float]) -> Real:
        """Vectors (C, size) after the step, and behind them the integrals."""
        column = vectors[:, :, None]
        out = self.map @ column
        for k in (0, 1):
            if far[k] > _SAME:
                out += (p[k] - self.p[k]) * (self._slope(there, k, far[k]) @ column)
        return np.asarray(out[:, :, 0])

    def _slope(self, there: "Ensemble", k: int, far: float) -> Real:
        """A kept one as long as what it misses is not worth a new one."""
        if k not in self._slopes:
            kept = there.slopes.near(self._step, k)
            if kept is not None:
                self._slopes[k] = kept, kept.missed(self._governed)
        if k not in self._slopes or self._slopes[k][1] * far > _SAME:
            near = self.p.copy()
            near[k] += _PROBE if near[k] < 0 else -_PROBE
            by_p = (there.built(self._step, near)[0] - self.map) / (near[k] - self.p[k])
            self._slopes[k] = _Slope(by_p, self._governed), 0.0
            there.slopes.keep(self._step, k, self._slopes[k][0])
        return self._slopes[k][0].by_p


@dataclass
class Ensemble:
    """All classes of one program on the bench as it stands. Vectors are (C, 16), elements of density matrices; where
    an NV may be in its shelf they are (C, 25)."""

    now: Now
    baths: Baths
    scenes: Mapping[Setting, Scene]
    tuning: Tuning
    classes: Classes
    singlet_s: float
    steps: tuple[tuple[Step, int], ...]
    """For each interval of the program its step, and how many of them."""
    slopes: Slopes
    _models: dict[Step, list[_Model]] = field(default_factory=dict)
    """Of each step the newest, the latest used first."""

    @property
    def weight(self) -> Real:
        """(C,): share of the shots."""
        return self.classes.weight

    def begun(self, state: State) -> State:
        """Every class in one and the same state, a Pauli vector."""
        return State(np.tile(elements(state.vector), (len(self.weight), 1)), state.polarisation)

    def mean(self, state: State) -> State:
        """Of the shots in which both NVs are negative: a Pauli vector."""
        share = self.weight * self.classes.negative.all(axis=1)
        return State(pauli(share @ state.vector / share.sum()), state.polarisation)

    def advance(self, state: State, k: int) -> tuple[State, Real]:
        """The state after interval k, and the photons of each class (C,) that an open gate lets through in it."""
        step, steps = self.steps[k]
        photons = np.zeros(len(self.weight))
        for _ in range(steps):
            state, seen = self._stepped(state, step)
            photons += seen
        return state, photons

    def built(self, step: Step, p: Real) -> tuple[Real, Rates]:
        """Propagators and rates of a step beside baths of these polarisations."""
        shots = self.classes.shots(p)
        r = self.now.rates(step.setting, self.scenes[step.setting], self.tuning, shots)
        detuning, dephasing = r.detuning_rad_per_s, r.dephasing_per_s
        if any(step.scrambled):
            spread, lost = self.classes.spread, np.array(step.scrambled)
            own = (shots.offset_hz - spread.shift_hz * p) * shots.negative
            detuning = detuning - lost * TWO_PI * own * (-1.0 if self.tuning.plus else 1.0)
            dephasing = dephasing + lost * 0.5 * (TWO_PI * spread.total_hz(p)) ** 2 * step.whole_s
        coefficients = {"g": r.g_rad_per_s, "zz": r.zz_rad_per_s}
        up, down = self._flips(r, p)
        if step.shelved:
            dephasing = dephasing - 0.5 * r.pump_per_s  # the way to the shelf takes as much
            emptying = 1.0 / self.singlet_s
            pumping = {"shelving": r.pump_per_s, "to_0": emptying * r.purity, "to_1": emptying * (1.0 - r.purity)}
        else:
            up, down = up + r.pump_per_s * (1.0 - r.purity), down + r.pump_per_s * r.purity
            pumping = {}
        own_rates = {"detuning": detuning, "up": up, "down": down, "dephasing": dephasing, **pumping}
        for k in (0, 1):
            coefficients[f"drive{k}"] = np.array(r.drive_rad_per_s[k])
            coefficients |= {f"{name}{k}": values[:, k] for name, values in own_rates.items()}
        driven = r.drive_rad_per_s != (0.0, 0.0)
        return propagators(SHELVED if step.shelved else PLAIN, coefficients, driven, step.duration_s), r

    @staticmethod
    def _flips(r: Rates, p: Real) -> tuple[Real, Real]:
        """(C, 2) each: |0> -> |1> and back, without light."""
        both, bias = 0.5 * r.contact_per_s + r.relax_per_s, 0.5 * r.signed_per_s * p
        return both - bias, both + bias

    def _model(self, step: Step, p: Real) -> tuple[_Model, list[float]]:
        """A model at hand if one is near enough, or a new one; and how far it is.

        A program that cools in turns comes to a step beside the same few polarisations again and again.
        """
        models = self._models.setdefault(step, [])
        for k, model in enumerate(models):
            far = model.far(p)
            if sum(far) < _LINEAR:
                models.insert(0, models.pop(k))
                return model, far
        models.insert(0, _Model(self, step, p))
        del models[_MOST_MODELS:]
        return models[0], [0.0, 0.0]

    def _stepped(self, state: State, step: Step) -> tuple[State, Real]:
        """See `pair._step`: every excitation that an NV gets its bath gives, in the mean of the classes."""
        before, t = state.polarisation, step.duration_s
        models = self._models.get(step)
        middle = self._middle(state, models[0] if models else self._model(step, before)[0], 0.5 * t)
        model, far = self._model(step, middle)
        vectors = unfolded(state.vector) if step.shelved else folded(state.vector)
        out = model.carried(self, vectors, middle, far)
        size = vectors.shape[1]
        z_s, there_s = out[:, size : size + 2], out[:, size + 2 :] if step.shelved else t
        given = model.weighed_contact * there_s
        gained = (model.weighed_signed * z_s - given * middle).sum(axis=0)
        after = before * exp(-t / self.baths.t1n_s) + gained / self.baths.spins
        photons = (model.mean_cps * there_s + model.signal_cps * z_s).sum(axis=1) + model.background
        return State(out[:, :size], after), photons

    def _middle(self, state: State, model: _Model, half_s: float) -> Real:
        """(2,): see `pair._middle`."""
        p, w, r = state.polarisation, self.weight, model.rates
        rate = model.mean_contact / self.baths.spins + 1.0 / self.baths.t1n_s
        if rate.max() * half_s < _STILL:
            return p
        up, down = self._flips(r, p)
        up, both = up + r.pump_per_s * (1.0 - r.purity), up + down + r.pump_per_s
        settling = np.maximum(both * half_s, 1e-7)
        wanted = (both - 2.0 * up) / np.maximum(both, 1e-7)
        mean_z = wanted + (self._z(state.vector) - wanted) * -np.expm1(-settling) / settling
        target = w @ (r.signed_per_s * mean_z) / self.baths.spins / rate
        return np.asarray(target + (p - target) * np.exp(-rate * half_s))

    @staticmethod
    def _z(vectors: Real) -> Real:
        """(C, 2): sigma_z of both NVs."""
        space = PLAIN if vectors.shape[1] == PLAIN.size else SHELVED
        return np.asarray(vectors[:, : space.levels**2] @ space.seen[:2].T)
