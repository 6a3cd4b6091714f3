"""Which classes a program tells apart, and in which steps they are carried through it."""

from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

from physics.constants import TWO_PI
from simulated_instruments.twin.conditions import Now, Scene, Tuning
from simulated_instruments.twin.pair import Baths
from simulated_instruments.twin.shots.classes import classes_of, spread_of
from simulated_instruments.twin.shots.ensemble import Ensemble, Slopes, Step
from simulated_instruments.twin.timeline import Interval, Setting, Timeline
from simulated_instruments.twin.transitions import nuclear_weights

Real = NDArray[np.float64]

_BATH_STEP = 0.15  # of a bath's time constant
_FORGOTTEN = 7.0  # decay, in e-folds, of a coherence that no longer counts
_DAMPED = 0.7  # the same, where a drive makes it anew all the time
_SCRAMBLED_RAD = 2.5  # spread of a phase under light from which on it counts as lost
_NEAR_HZ = 20e6  # of f-: nearer to the level crossing a nucleus decides who meets the baths
_SHELVED = 1e-3  # pumping in a shelf's lifetime: less of it, and the shelf stays empty
_EMPTY_AFTER = 15.0  # lifetimes of the shelf


def ensemble_of(
    now: Now,
    baths: Baths,
    program: Timeline,
    scenes: Mapping[Setting, Scene],
    tuning: Tuning,
    polarisation: Real,
    slopes: Slopes,
) -> Ensemble:
    """The classes that this program tells apart, at these polarisations of the baths (2,)."""
    sample, intervals = now.sample, program.intervals
    conditions = {setting: now.condition(setting, scene, tuning) for setting, scene in scenes.items()}
    spread_rad_per_s = TWO_PI * spread_of(sample).total_hz(polarisation)
    lost, decays = [], []
    for one in intervals:
        c = conditions[one.setting]
        left_alone = max(one.setting.light) > 0 and not now.driven(one.setting)
        lost.append(left_alone & (spread_rad_per_s * one.duration_s > _SCRAMBLED_RAD))
        decay = (np.array(c.dephasing_per_s) + 0.5 * np.array(c.contact_per_s)) * one.duration_s
        decays.append(np.where(lost[-1], 2.0 * _FORGOTTEN, decay))
    driven = [now.driven(one.setting) for one in intervals]
    near = any(abs(spin.minus_hz[0]) < _NEAR_HZ for scene in scenes.values() for spin in scene.spins)
    nuclear = [1.0]
    if sample.nitrogen == "14N" and (any(driven) or near):
        nuclear = [float(w) for w in nuclear_weights(now.static_mt, sample.nitrogen_polarisation)]
    durations_s = np.array([one.duration_s for one in intervals])
    coherent_s = np.array([_longest(durations_s, np.array(decays)[:, k], driven) for k in (0, 1)])
    classes = classes_of(sample, nuclear, coherent_s, near, polarisation)
    shots = classes.shots(polarisation)
    rates = {setting: now.rates(setting, scene, tuning, shots) for setting, scene in scenes.items()}
    singlet_s = sample.optics.singlet_ns * 1e-9
    pumped = {setting: float(np.max(r.pump_per_s)) * singlet_s > _SHELVED for setting, r in rates.items()}
    fastest = {setting: float(np.max(classes.weight @ r.contact_per_s)) / baths.spins for setting, r in rates.items()}
    shelved = _shelved([pumped[one.setting] for one in intervals], durations_s, singlet_s)
    steps = []
    for k, one in enumerate(intervals):
        steps.append(_divided(one, (bool(lost[k][0]), bool(lost[k][1])), shelved[k], fastest[one.setting]))
    return Ensemble(now, baths, scenes, tuning, classes, singlet_s, tuple(steps), slopes)


def _divided(one: Interval, lost: tuple[bool, bool], shelved: bool, fastest_per_s: float) -> tuple[Step, int]:
    steps = max(1, ceil(one.duration_s * fastest_per_s / _BATH_STEP))
    return Step(one.setting, one.duration_s / steps, lost, one.duration_s, shelved), steps


def _shelved(pumped: Sequence[bool], durations_s: Real, singlet_s: float) -> list[bool]:
    """In which intervals an NV may be in its shelf, round and round the program."""
    out = list(pumped)
    since_s = np.inf
    for k in (*range(len(pumped)), *range(len(pumped))):
        if pumped[k]:
            since_s = 0.0
            continue
        out[k] = out[k] or since_s < _EMPTY_AFTER * singlet_s
        since_s += float(durations_s[k])
    return out


def _longest(durations_s: Real, decays: Real, pulsed: Sequence[bool]) -> float:
    """The longest time, round and round the program, from one pulse to another while a coherence is not forgotten."""
    n = len(durations_s)
    lived_s = durations_s * np.minimum(1.0, _DAMPED / np.maximum(decays, 1e-30))
    ends = np.cumsum(np.tile(lived_s, 2))
    decay = np.cumsum(np.tile(np.minimum(decays, _FORGOTTEN), 2))
    pulses = [k for k in range(2 * n) if pulsed[k % n]]
    best, first = 0.0, 0
    for last in pulses:
        while decay[last] - decay[pulses[first]] > _FORGOTTEN:
            first += 1
        best = max(best, float(ends[last] - ends[pulses[first]] + lived_s[pulses[first] % n]))
    return min(best, float(durations_s.sum()))
