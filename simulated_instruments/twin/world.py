"""The bench behind the wires: knobs in, photon counts out. It decodes the very bits that the card was given."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from physics.constants import (
    GAMMA_1_PER_S,
    GAMMA_2_PER_S,
    GAMMA_13C_HZ_PER_MT,
    GAMMA_E_HZ_PER_MT,
    NATURAL_C13_PERCENT,
    TWO_PI,
)
from physics.coupling import dipolar_rad_per_s, flip_flop_spin1_rad_per_s, lorentzian
from physics.paulis import density_matrix
from simulated_instruments.cables import LINES
from simulated_instruments.clock import VirtualClock
from simulated_instruments.knobs import Knobs
from simulated_instruments.sample import Sample
from simulated_instruments.twin.pair import Baths, Condition, State, advance, idle
from simulated_instruments.twin.player import Pass, repeated, segments
from simulated_instruments.twin.surroundings import Drift, Light, light, line, pulsed_field_mt, static_field_mt
from simulated_instruments.twin.transitions import Lines, lines_at, nuclear_weights

Real = NDArray[np.float64]
_ROLES = ("pump", "depletion", "mw_x", "mw_y", "shift", "gradient")
_GOVERNING = sum(1 << LINES[role] for role in _ROLES)
"""Lines that do something to the pair; the others open the counters' gates."""
_CARRIER = frozenset({"carrier_on", "carrier_hz", "carrier_dbm"})
_FASTEST_GATE_S = 2e-9


@dataclass(frozen=True)
class Freeze:
    """The truth at the end of an evolution in the dark, just before `shift` stops it."""

    vector: Real
    """(16,): Pauli vector, averaged over the cycles of a program."""
    polarisation: Real
    """(2,): left and right bath."""


@dataclass(frozen=True)
class _Scene:
    """What surrounds the pair while the lines stand at some levels, whatever the nucleus."""

    spins: tuple[Lines, ...]
    along_mt: Real
    """(2,)."""
    shine: Light


@dataclass(frozen=True)
class _Tuning:
    """Which transition the carrier addresses in a program, and the frame that it sets."""

    plus: bool
    sign: int
    """Sense in which the addressed spin precesses: -1 beyond the level crossing."""
    frame_hz: float


class Twin:
    """One bench. Thread-safe; deterministic for a seed and an order of commands."""

    def __init__(self, sample: Sample, clock: VirtualClock | None = None, seed: int | None = None) -> None:
        self.sample = sample
        self.clock = clock or VirtualClock()
        self.freezes: dict[int, Freeze] = {}
        """Time in the dark in ns -> the state that was frozen after it, newest play of each."""
        streams = np.random.SeedSequence(sample.seed if seed is None else seed).spawn(3)
        self._counting, self._walking, self._warming = (np.random.default_rng(s) for s in streams)
        self._knobs = Knobs()
        self._levels = 0
        self._state = State()
        self._drift = Drift(np.zeros(3), np.zeros(2))
        self._time_s = 0.0
        self._lock = threading.RLock()
        self._baths = Baths(sample.bath.spins, sample.bath.t1n_s)
        pair = sample.pair
        along = np.append(np.diff(pair.positions_nm, axis=0)[0] / pair.separation_nm, 0.0) @ sample.nv_axis.unit_vector
        self.zz_rad_per_s = float(dipolar_rad_per_s(pair.separation_nm, np.arccos(along)))
        self.g_rad_per_s = float(flip_flop_spin1_rad_per_s(pair.separation_nm, np.arccos(along)))

    @property
    def knobs(self) -> Knobs:
        """What the wires have set."""
        with self._lock:
            return self._knobs

    @property
    def levels(self) -> int:
        """The digital lines at rest."""
        with self._lock:
            return self._levels

    @property
    def state(self) -> State:
        """The truth about the pair now."""
        with self._lock:
            self._catch_up()
            return self._state

    @property
    def drift(self) -> Drift:
        """Where the slow walks stand now."""
        with self._lock:
            self._catch_up()
            return self._drift

    def turn(self, **changes: object) -> None:
        """Set some fields of the knobs; until now the old ones governed."""
        with self._lock:
            if not _CARRIER.issuperset(changes) or line(self._levels, "mw_x") or line(self._levels, "mw_y"):
                self._catch_up()  # a carrier that no line lets through governs nothing
            self._knobs = replace(self._knobs, **changes)  # type: ignore[arg-type]

    def hold(self, levels: int) -> None:
        """Leave the lines at static levels."""
        with self._lock:
            self._catch_up()
            self._levels = int(levels)

    def play(
        self, pattern: NDArray[np.uint32], tick_s: float, repeats: int, windows: Sequence[NDArray[np.bool_]]
    ) -> list[int]:
        """Play a digital pattern and count: see World.play."""
        with self._lock:
            self._catch_up()
            parts = [(levels & _GOVERNING, ticks, gates) for levels, ticks, gates in segments(pattern, windows)]
            scenes = {levels: self._scene(levels) for levels, _, _ in parts}
            tuning = self._tuning(scenes)
            expected = np.zeros(len(windows))
            final = State(np.zeros(16), np.zeros(2))
            for nuclear, weight in self._nuclear_weights(parts):
                conditions = {
                    levels: self._condition(levels, scene, tuning, nuclear) for levels, scene in scenes.items()
                }
                state, photons = self._played(parts, tick_s, repeats, len(windows), conditions)
                expected += weight * photons
                final = State(final.vector + weight * state.vector, final.polarisation + weight * state.polarisation)
            self._state = final
            self._walk(len(pattern) * repeats * tick_s)
            self._time_s += len(pattern) * repeats * tick_s
            self._levels = int(pattern[-1])
            return [int(n) for n in self._counting.poisson(expected)]

    def field_mt(self, levels: int = 0) -> tuple[Real, float]:
        """The truth: field along the axis at the left and right NV (2,), and across it."""
        with self._lock:
            self._catch_up()
            return self._field_mt(levels)

    def _field_mt(self, levels: int) -> tuple[Real, float]:
        along, across = static_field_mt(self.sample, self._knobs, self._drift)
        return along + pulsed_field_mt(self.sample, self._knobs, levels), across

    def lines(self, along_mt: float, across_mt: float) -> Lines:
        """Lines of an NV of this sample in a field, D as it stands now.

        |-1> and |0> know only D - gamma B, so what D gains is less field along the axis for them; |+1> gains twice.
        """
        zero_field_hz = self._drift.zero_field_hz
        less_mt = zero_field_hz / GAMMA_E_HZ_PER_MT
        lines = lines_at(along_mt - less_mt, across_mt, self.sample.nitrogen == "14N")
        return replace(lines, plus_hz=lines.plus_hz + 2.0 * zero_field_hz) if zero_field_hz else lines

    # ---- one repeat of a program -------------------------------------------------------------------------------

    def _played(
        self,
        parts: list[tuple[int, int, tuple[bool, ...]]],
        tick_s: float,
        repeats: int,
        counters: int,
        conditions: Mapping[int, Condition],
    ) -> tuple[State, Real]:
        frozen: list[tuple[int, State]] = []

        def play_once(state: State) -> Pass:
            photons = np.zeros(counters)
            frozen.clear()
            dark_ticks, candidate = 0, None
            for levels, ticks, open_gates in parts:
                if line(levels, "shift") and dark_ticks:
                    candidate = (dark_ticks, state)
                dark_ticks = 0 if any(line(levels, role) for role in _ROLES) else dark_ticks + ticks
                state, seen = advance(state, conditions[levels], ticks * tick_s, self._baths)
                if any(open_gates):
                    photons += seen * np.array(open_gates)
                    if candidate:
                        frozen.append(candidate)
                        candidate = None
            return Pass(state, photons)

        state, photons = repeated(play_once, self._state, repeats)
        self._remember(frozen, tick_s)
        return state, photons

    def _remember(self, frozen: list[tuple[int, State]], tick_s: float) -> None:
        for ticks in {ticks for ticks, _ in frozen}:
            states = [state for n, state in frozen if n == ticks]
            self.freezes[round(ticks * tick_s * 1e9)] = Freeze(
                np.mean([s.vector for s in states], axis=0), np.mean([s.polarisation for s in states], axis=0)
            )

    def _nuclear_weights(self, parts: list[tuple[int, int, tuple[bool, ...]]]) -> list[tuple[int, float]]:
        """Nuclear states worth following. Only a driven spin tells them apart."""
        if self.sample.nitrogen != "14N" or not any(self._driven(levels) for levels, _, _ in parts):
            return [(0, 1.0)]
        along, _ = static_field_mt(self.sample, self._knobs, self._drift)
        return [(k, float(w)) for k, w in enumerate(nuclear_weights(along)) if w > 0]

    def _driven(self, levels: int) -> bool:
        return self._knobs.carrier_on and (line(levels, "mw_x") or line(levels, "mw_y"))

    def _tuning(self, scenes: Mapping[int, _Scene]) -> _Tuning:
        driven = next((levels for levels in scenes if self._driven(levels)), None)
        levels = driven if driven is not None else 0
        right = (scenes[levels] if levels in scenes else self._scene(levels)).spins[1]
        sign = -1 if right.minus_hz[0] < 0 else 1
        if driven is None:
            return _Tuning(False, sign, float(right.minus_hz[0]))
        carrier = self._knobs.carrier_hz
        plus = abs(carrier - right.plus_hz[0]) < abs(carrier - abs(right.minus_hz[0]))
        return _Tuning(plus, 1 if plus else sign, carrier if plus else sign * carrier)

    def _scene(self, levels: int) -> _Scene:
        along, across = self._field_mt(levels)
        spins = tuple(self.lines(float(b), across) for b in along)
        return _Scene(spins, along, light(self.sample, self._knobs, levels, self._drift))

    def _at_rest(self, levels: int) -> Condition:
        scene = self._scene(levels)
        return self._condition(levels, scene, self._tuning({levels: scene}), 0)

    def _condition(self, levels: int, scene: _Scene, tuning: _Tuning, nuclear: int) -> Condition:
        s, spins, shine = self.sample, scene.spins, scene.shine
        gamma1 = GAMMA_1_PER_S * s.c13_percent / NATURAL_C13_PERCENT
        gamma2 = GAMMA_2_PER_S * s.c13_percent / NATURAL_C13_PERCENT
        width = gamma2 if s.bath.cr_half_width_khz == "paper" else TWO_PI * 1e3 * s.bath.cr_half_width_khz
        minus = np.array([spin.minus_hz[nuclear] for spin in spins])
        addressed = np.array([spin.plus_hz[nuclear] for spin in spins]) if tuning.plus else minus
        larmor = GAMMA_13C_HZ_PER_MT * scene.along_mt
        met = 0.0 if tuning.plus else gamma1  # |1> is m_s +1 then, far from every nuclear line
        exchange = met * lorentzian(TWO_PI * (minus - larmor), width)
        mirror = met * lorentzian(TWO_PI * (minus + larmor), width)
        rabi = self._rabi_rad_per_s() if self._driven(levels) else 0.0
        weight0 = np.array([spin.weight_0[nuclear] for spin in spins])
        purity = s.optics.pump_fidelity * weight0 + (1 - s.optics.pump_fidelity) * (1 - weight0)
        dark = 1 - s.optics.contrast
        return Condition(
            g_rad_per_s=self.g_rad_per_s,
            zz_rad_per_s=self.zz_rad_per_s,
            detuning_rad_per_s=_two(TWO_PI * (addressed - tuning.frame_hz)),
            drive_rad_per_s=(
                rabi * line(levels, "mw_x"),
                rabi * line(levels, "mw_y") * tuning.sign,
            ),
            pump_up_per_s=_two(shine.pump_per_s * (1 - purity)),
            pump_down_per_s=_two(shine.pump_per_s * purity),
            relax_per_s=0.5 * s.rates.gamma_sl_per_s,
            dephasing_per_s=_two(gamma2 + shine.pump_per_s),
            exchange_per_s=_two(exchange),
            mirror_per_s=_two(mirror),
            bright_cps=_two(shine.emission_cps * (weight0 + dark * (1 - weight0))),
            faint_cps=_two(shine.emission_cps * (dark * weight0 + 1 - weight0)),
            background_cps=shine.background_cps,
        )

    def _rabi_rad_per_s(self) -> float:
        return float(TWO_PI * 1e6 * self.sample.microwave.rabi_mhz_at_0dbm * 10 ** (self._knobs.carrier_dbm / 20))

    # ---- laboratory time ---------------------------------------------------------------------------------------

    def _catch_up(self) -> None:
        """Let the pair, the baths and the walks live through the time since they were last looked at."""
        now = self.clock.now()
        waited = now - self._time_s
        if waited <= _FASTEST_GATE_S:
            return
        self._state = idle(self._state, self._at_rest(self._levels), waited, self._baths)
        self._walk(waited)
        self._time_s = now

    def _walk(self, seconds: float) -> None:
        steps = np.sqrt(seconds / 60.0)
        walk = self._walking.standard_normal(5) * steps
        field_mt = walk[:3] * self.sample.field_drift_ut_per_sqrt_min * 1e-3
        steering_nm = walk[3:] * self.sample.optics.steering_drift_nm_per_sqrt_min
        zero_field_hz = (
            float(self._warming.standard_normal() * steps) * self.sample.zero_field_drift_khz_per_sqrt_min * 1e3
        )
        drift = self._drift
        self._drift = Drift(
            drift.field_mt + field_mt, drift.steering_nm + steering_nm, drift.zero_field_hz + zero_field_hz
        )

    # ---- the truth, for after a run ----------------------------------------------------------------------------

    def frozen_density_matrix(self, dark_ns: int) -> NDArray[np.complex128]:
        """The state at the end of an evolution of this length. Raises KeyError if none was played."""
        with self._lock:
            return density_matrix(self.freezes[dark_ns].vector)


def _two(values: Real) -> tuple[float, float]:
    return float(values[0]), float(values[1])
