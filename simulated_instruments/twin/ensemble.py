"""A program in all classes of its shots at once, between one pair of baths that the mean of the classes drives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, exp

import numpy as np
from numpy.typing import NDArray

from physics.constants import TWO_PI
from simulated_instruments.twin.classes import Classes, classes_of, spread_of
from simulated_instruments.twin.conditions import Now, Rates, Scene, Tuning
from simulated_instruments.twin.pair import Baths, State
from simulated_instruments.twin.propagation import SIGMA_Z, SIZE, elements, pauli, propagators
from simulated_instruments.twin.timeline import Interval, Setting, Timeline
from simulated_instruments.twin.transitions import nuclear_weights

Real = NDArray[np.float64]

_BATH_STEP = 0.15  # of a bath's time constant
_FORGOTTEN = 7.0  # decay, in e-folds, of a coherence that no longer counts
_SCRAMBLED_RAD = 2.5  # spread of a phase under light from which on it counts as lost
_SAME = 1e-5  # change of a phase or of a decay by a bath's polarisation that is not worth a new propagator
_LINEAR = 1e-2  # the same, that a propagator's first derivative describes
_PROBE = 3e-3  # step of a polarisation for that derivative
_STILL = 1e-6  # change of a polarisation within a step that needs no looking ahead
_NEAR_HZ = 20e6  # of f-: nearer to the level crossing a nucleus decides who meets the baths


class _Model:
    """Propagators of one interval's step for polarisations near one."""

    def __init__(self, there: "Ensemble", one: "_Step", p: Real) -> None:
        self.p = p
        self._there, self._step = there, one
        self.map, self.rates = there.built(one, p)
        r, spread, weight = self.rates, there.classes.spread, there.weight
        contact, turns = r.contact_per_s, TWO_PI * one.duration_s
        self.weighed_contact = weight @ contact
        self.weighed_signed = weight[:, None] * r.signed_per_s
        self._sensitive = (contact.max(axis=0) * one.duration_s + abs(spread.shift_hz) * turns).tolist()
        self._turns = turns
        self._spread = spread.total_hz(p).tolist()
        self._slopes: dict[int, Real] = {}
        half = 0.5 * (r.bright_cps + r.faint_cps).sum(axis=1)
        self.steady_photons = (half + r.background_cps) * one.duration_s
        self.signal_cps = 0.5 * (r.bright_cps - r.faint_cps)

    def far(self, p: Real) -> list[float]:
        """Change of phases and decays by the change of each polarisation."""
        total = self._there.classes.spread.total_hz(p)
        return [
            self._sensitive[k] * abs(float(p[k]) - float(self.p[k]))
            + self._turns * abs(float(total[k]) - self._spread[k])
            for k in (0, 1)
        ]

    def carried(self, vectors: Real, p: Real, far: list[float]) -> Real:
        """(C, 18): vectors (C, 16) after the step."""
        column = vectors[:, :, None]
        out = self.map @ column
        for k in (0, 1):
            if far[k] > _SAME:
                out += (p[k] - self.p[k]) * (self._slope(k) @ column)
        return np.asarray(out[:, :, 0])

    def _slope(self, k: int) -> Real:
        if k not in self._slopes:
            near = self.p.copy()
            near[k] += _PROBE if near[k] < 0 else -_PROBE
            self._slopes[k] = (self._there.built(self._step, near)[0] - self.map) / (near[k] - self.p[k])
        return self._slopes[k]


@dataclass(frozen=True)
class _Step:
    """One of the equal steps in which an interval is played."""

    setting: Setting
    duration_s: float
    scrambled: tuple[bool, bool]
    """Whether the phases that the left and the right NV gather are lost."""
    whole_s: float
    """Of the interval."""


@dataclass
class Ensemble:
    """All classes of one program on the bench as it stands. Vectors are (C, 16), elements of density matrices."""

    now: Now
    baths: Baths
    scenes: Mapping[Setting, Scene]
    tuning: Tuning
    classes: Classes
    steps: tuple[tuple[_Step, int], ...]
    """For each interval of the program its step, and how many of them."""
    _models: dict[_Step, _Model] = field(default_factory=dict)

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

    def built(self, step: _Step, p: Real) -> tuple[Real, Rates]:
        """Propagators (C, 18, 16) and rates of a step beside baths of these polarisations."""
        shots = self.classes.shots(p)
        r = self.now.rates(step.setting, self.scenes[step.setting], self.tuning, shots)
        detuning, dephasing = r.detuning_rad_per_s, r.dephasing_per_s
        if any(step.scrambled):
            spread, lost = self.classes.spread, np.array(step.scrambled)
            own = (shots.offset_hz - spread.shift_hz * p) * shots.negative
            detuning = detuning - lost * TWO_PI * own * (-1.0 if self.tuning.plus else 1.0)
            dephasing = dephasing + lost * 0.5 * (TWO_PI * spread.total_hz(p)) ** 2 * step.whole_s
        bias = 0.5 * r.signed_per_s * p
        both = 0.5 * r.contact_per_s + r.relax_per_s
        out = propagators(
            g=r.g_rad_per_s,
            zz=r.zz_rad_per_s,
            detuning=detuning,
            drive=r.drive_rad_per_s,
            up=both - bias + r.pump_up_per_s,
            down=both + bias + r.pump_down_per_s,
            dephasing=dephasing,
            duration_s=step.duration_s,
        )
        return out, r

    def _model(self, step: _Step, p: Real) -> tuple[_Model, list[float]]:
        """The model at hand if it is near enough, or a new one; and how far it is."""
        model = self._models.get(step)
        if model is not None:
            far = model.far(p)
            if sum(far) < _LINEAR:
                return model, far
        model = self._models[step] = _Model(self, step, p)
        return model, [0.0, 0.0]

    def _stepped(self, state: State, step: _Step) -> tuple[State, Real]:
        """See `pair._step`: every excitation that an NV gets its bath gives, in the mean of the classes."""
        before, t = state.polarisation, step.duration_s
        model = self._models.get(step) or self._model(step, before)[0]
        middle = self._middle(state, model, 0.5 * t)
        model, far = self._model(step, middle)
        out = model.carried(state.vector, middle, far)
        z_s = out[:, SIZE:]
        gained = (model.weighed_signed * z_s).sum(axis=0) - model.weighed_contact * middle * t
        after = before * exp(-t / self.baths.t1n_s) + gained / self.baths.spins
        return State(out[:, :SIZE], after), model.steady_photons + (model.signal_cps * z_s).sum(axis=1)

    def _middle(self, state: State, model: _Model, half_s: float) -> Real:
        """(2,): see `pair._middle`."""
        p, w, r = state.polarisation, self.weight, model.rates
        rate = model.weighed_contact / self.baths.spins + 1.0 / self.baths.t1n_s
        if rate.max() * half_s < _STILL:
            return p
        contact = r.contact_per_s
        bias = 0.5 * r.signed_per_s * p
        up = 0.5 * contact + r.relax_per_s - bias + r.pump_up_per_s
        both = up + 0.5 * contact + r.relax_per_s + bias + r.pump_down_per_s
        settling = np.maximum(both * half_s, 1e-7)
        wanted = (both - 2.0 * up) / np.maximum(both, 1e-7)
        z = state.vector[:, :4] @ SIGMA_Z.T
        mean_z = wanted + (z - wanted) * -np.expm1(-settling) / settling
        target = w @ (r.signed_per_s * mean_z) / self.baths.spins / rate
        return np.asarray(target + (p - target) * np.exp(-rate * half_s))


def ensemble_of(
    now: Now, baths: Baths, program: Timeline, scenes: Mapping[Setting, Scene], tuning: Tuning, polarisation: Real
) -> Ensemble:
    """The classes that this program tells apart, at these polarisations of the baths (2,)."""
    sample = now.sample
    rates = {setting: now.condition(setting, scene, tuning) for setting, scene in scenes.items()}
    spread_rad_per_s = TWO_PI * spread_of(sample).total_hz(polarisation)
    scrambled, decays = [], []
    for one in program.intervals:
        r = rates[one.setting]
        lit = max(one.setting.light) > 0
        lost = spread_rad_per_s * one.duration_s > _SCRAMBLED_RAD
        scrambled.append((bool(lit and lost[0]), bool(lit and lost[1])))
        decay = (np.array(r.dephasing_per_s) + 0.5 * np.array(r.contact_per_s)) * one.duration_s
        decays.append(np.where(scrambled[-1], 2.0 * _FORGOTTEN, decay))
    driven = any(now.driven(setting) for setting in scenes)
    near = any(abs(spin.minus_hz[0]) < _NEAR_HZ for scene in scenes.values() for spin in scene.spins)
    nuclear = [1.0]
    if sample.nitrogen == "14N" and (driven or near):
        nuclear = [float(w) for w in nuclear_weights(now.static_mt, sample.nitrogen_polarisation)]
    durations = np.array([one.duration_s for one in program.intervals])
    pulsed = [now.driven(one.setting) for one in program.intervals]
    coherent_s = np.array([_longest(durations, np.array(decays)[:, k], pulsed) for k in (0, 1)])
    classes = classes_of(sample, nuclear, coherent_s, near, polarisation)
    mean = {
        setting: classes.weight @ now.rates(setting, scene, tuning, classes.shots(polarisation)).contact_per_s
        for setting, scene in scenes.items()
    }
    steps = tuple(
        _divided(one, lost, float(np.max(mean[one.setting])) / baths.spins)
        for one, lost in zip(program.intervals, scrambled, strict=True)
    )
    return Ensemble(now, baths, scenes, tuning, classes, steps)


def _divided(one: Interval, scrambled: tuple[bool, bool], fastest_per_s: float) -> tuple[_Step, int]:
    steps = max(1, ceil(one.duration_s * fastest_per_s / _BATH_STEP))
    return _Step(one.setting, one.duration_s / steps, scrambled, one.duration_s), steps


def _longest(durations_s: Real, decays: Real, pulsed: Sequence[bool]) -> float:
    """The longest time, round and round the program, from one pulse to another while a coherence is not forgotten."""
    n = len(durations_s)
    ends = np.cumsum(np.tile(durations_s, 2))
    decay = np.cumsum(np.tile(decays, 2))
    pulses = [k for k in range(2 * n) if pulsed[k % n]]
    best, first = 0.0, 0
    for last in pulses:
        while decay[last] - decay[pulses[first]] > _FORGOTTEN:
            first += 1
        best = max(best, float(ends[last] - ends[pulses[first]] + durations_s[pulses[first] % n]))
    return min(best, float(durations_s.sum()))
