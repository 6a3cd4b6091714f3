"""The bench behind the wires: setpoints in, photon counts out. It decodes the very bits that the card was given."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from physics.coupling import dipolar_rad_per_s, flip_flop_spin1_rad_per_s
from physics.paulis import density_matrix
from simulated_instruments.clock import VirtualClock
from simulated_instruments.sample import Sample
from simulated_instruments.setpoints import Setpoints
from simulated_instruments.twin.conditions import Now, Scene, Tuning
from simulated_instruments.twin.counter import Counter
from simulated_instruments.twin.drifts import Drifts
from simulated_instruments.twin.glow import Glow
from simulated_instruments.twin.pair import Baths, Condition, State, idle, passage
from simulated_instruments.twin.player import Pass, repeated
from simulated_instruments.twin.shots.classes import has_classes
from simulated_instruments.twin.shots.ensemble import Ensemble, Slopes
from simulated_instruments.twin.shots.planning import ensemble_of
from simulated_instruments.twin.surroundings import Drift, line
from simulated_instruments.twin.timeline import Setting, Timeline, held, timeline
from simulated_instruments.twin.transitions import Lines, nuclear_weights

Real = NDArray[np.float64]
_CARRIER = frozenset({"carrier_on", "carrier_hz", "carrier_dbm"})
_FASTEST_GATE_S = 2e-9


@dataclass(frozen=True)
class Freeze:
    """The truth at the end of an evolution in the dark, just before `shift` stops it.

    Of the shots in which both NVs are negative, averaged over all that differs between them.
    """

    vector: Real
    """(16,): Pauli vector, averaged over the cycles of a program."""
    polarisation: Real
    """(2,): left and right bath."""


class Twin:
    """One bench. Thread-safe; deterministic for a seed and an order of commands."""

    def __init__(self, sample: Sample, clock: VirtualClock | None = None, seed: int | None = None) -> None:
        self.sample = sample
        self.clock = clock or VirtualClock()
        self.freezes: dict[int, Freeze] = {}
        """Time in the dark in ns -> the state that was frozen after it, newest play of each."""
        seeds = np.random.SeedSequence(sample.seed if seed is None else seed).spawn(7)
        drawing = [np.random.default_rng(s) for s in seeds]
        self._counting, walking, warming, wandering, echoing, resting, reddening = drawing
        self._drifts = Drifts(sample, (walking, warming, wandering, reddening))
        self._counter = Counter(sample, echoing)
        self._glow = Glow(Counter(sample, resting), resting)
        self._setpoints = Setpoints()
        self._levels = 0
        self._slopes = Slopes()
        self._state = State()
        self._time_s = 0.0
        self._lock = threading.RLock()
        self._baths = Baths(sample.bath.spins, sample.bath.t1n_s)
        pair = sample.pair
        along = np.append(np.diff(pair.positions_nm, axis=0)[0] / pair.separation_nm, 0.0) @ sample.nv_axis.unit_vector
        self.zz_rad_per_s = float(dipolar_rad_per_s(pair.separation_nm, np.arccos(along)))
        self.g_rad_per_s = float(flip_flop_spin1_rad_per_s(pair.separation_nm, np.arccos(along)))

    @property
    def setpoints(self) -> Setpoints:
        """What the wires have set."""
        with self._lock:
            return self._setpoints

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
        """Where the slow drifts stand now."""
        with self._lock:
            self._catch_up()
            return self._drifts.drift

    def turn(self, **changes: object) -> None:
        """Set some fields of the setpoints; until now the old ones governed."""
        with self._lock:
            if not _CARRIER.issuperset(changes) or line(self._levels, "mw_x") or line(self._levels, "mw_y"):
                self._catch_up()  # a carrier that no line lets through governs nothing
            self._setpoints = replace(self._setpoints, **changes)  # type: ignore[arg-type]

    def hold(self, levels: int) -> None:
        """Leave the lines at static levels."""
        with self._lock:
            self._catch_up()
            self._levels = int(levels)

    def glowed(self) -> int:
        """See World.glowed. Both counters hear the same photons, and plays draw theirs from elsewhere."""
        with self._lock:
            if self._levels:  # else there is no glow, and to look must leave what drifts as it is
                self._catch_up()
            return self._glow.photons

    def play(
        self, pattern: NDArray[np.uint32], tick_s: float, repeats: int, windows: Sequence[NDArray[np.bool_]]
    ) -> list[int]:
        """Play a digital pattern and count: see World.play."""
        with self._lock:
            self._catch_up()
            program = timeline(pattern, tick_s, windows, self.sample)
            now = self._now()
            scenes = {setting: now.scene(setting) for setting in program.settings}
            tuning = now.tuning(scenes)
            if has_classes(self.sample):
                p = self._state.polarisation
                ensemble = ensemble_of(now, self._baths, program, scenes, tuning, p, self._slopes)
                expected = self._averaged(program, ensemble, tick_s, repeats, len(windows))
            else:
                expected = self._alike(program, now, scenes, tuning, tick_s, repeats, len(windows))
            self._drifts.advance(len(pattern) * repeats * tick_s, self.sample)
            self._time_s += len(pattern) * repeats * tick_s
            self._levels = int(pattern[-1])
            return [self._counter.counts(n) for n in self._counting.poisson(expected)]

    def field_mt(self, levels: int = 0) -> tuple[Real, float]:
        """The truth: field along the axis at the left and right NV (2,), and across it."""
        with self._lock:
            self._catch_up()
            return self._now().field_mt(levels)

    def lines(self, along_mt: float, across_mt: float) -> Lines:
        """Lines of an NV of this sample in a field, D as it stands now: the mean of both NVs' D."""
        return self._now().lines(along_mt, across_mt)

    def spins(self, levels: int = 0) -> tuple[Lines, Lines]:
        """The truth: lines of the left and the right NV, each with its own D."""
        with self._lock:
            self._catch_up()
            now = self._now()
            return now.spins(*now.field_mt(levels))

    def _now(self) -> Now:
        return Now(self.sample, self._setpoints, self._drifts.drift, self.g_rad_per_s, self.zz_rad_per_s)

    # ---- all repeats of a program ------------------------------------------------------------------------------

    def _averaged(self, program: Timeline, ensemble: Ensemble, tick_s: float, repeats: int, counters: int) -> Real:
        """Expected counts where shots differ: all classes side by side between one pair of baths."""
        frozen: dict[int, State] = {}

        def play_once(state: State) -> Pass:
            photons = np.zeros(counters)
            for k, one in enumerate(program.intervals):
                if k in marks:
                    frozen[k] = state
                state, seen_cps = ensemble.advance(state, k)
                if any(one.gates):
                    photons += self._counter.seen(seen_cps, one.duration_s) @ ensemble.weight * np.array(one.gates)
            return Pass(state, photons)

        marks = {mark.interval for mark in program.marks}
        state, photons = repeated(play_once, ensemble.begun(self._state), repeats)
        self._state = ensemble.mean(state)
        self._remember(program, {k: ensemble.mean(one) for k, one in frozen.items()}, tick_s)
        return photons

    def _alike(
        self,
        program: Timeline,
        now: Now,
        scenes: Mapping[Setting, Scene],
        tuning: Tuning,
        tick_s: float,
        repeats: int,
        counters: int,
    ) -> Real:
        """Expected counts where all shots are alike, but for a nucleus that a driven spin sees."""
        expected = np.zeros(counters)
        final = State(np.zeros(16), np.zeros(2))
        for nuclear, weight in self._nuclear_weights(now, scenes):
            conditions = {setting: now.condition(setting, scene, tuning, nuclear) for setting, scene in scenes.items()}
            state, photons = self._played(program, conditions, tick_s, repeats, counters)
            expected += weight * photons
            final = State(final.vector + weight * state.vector, final.polarisation + weight * state.polarisation)
        self._state = final
        return expected

    def _played(
        self, program: Timeline, conditions: Mapping[Setting, Condition], tick_s: float, repeats: int, counters: int
    ) -> tuple[State, Real]:
        frozen: dict[int, State] = {}
        passages = [
            (
                passage(conditions[one.setting], one.duration_s, self._baths),
                one.duration_s,
                np.array(one.gates) if any(one.gates) else None,
            )
            for one in program.intervals
        ]

        def play_once(state: State) -> Pass:
            photons = np.zeros(counters)
            for k, (one, duration_s, gates) in enumerate(passages):
                if k in marks:
                    frozen[k] = state
                state, seen = one.advance(state)
                if gates is not None:
                    photons += self._counter.seen(seen, duration_s) * gates
            return Pass(state, photons)

        marks = {mark.interval for mark in program.marks}
        state, photons = repeated(play_once, self._state, repeats)
        self._remember(program, frozen, tick_s)
        return state, photons

    def _remember(self, program: Timeline, frozen: Mapping[int, State], tick_s: float) -> None:
        for ticks in {mark.dark_ticks for mark in program.marks}:
            states = [frozen[mark.interval] for mark in program.marks if mark.dark_ticks == ticks]
            dark_ns = round(ticks * tick_s * 1e9)
            self.freezes.pop(dark_ns, None)  # the newest stands last
            self.freezes[dark_ns] = Freeze(
                np.mean([s.vector for s in states], axis=0), np.mean([s.polarisation for s in states], axis=0)
            )

    def _nuclear_weights(self, now: Now, scenes: Mapping[Setting, Scene]) -> list[tuple[int, float]]:
        """Nuclear states worth following. Only a driven spin tells them apart."""
        if self.sample.nitrogen != "14N" or not any(now.driven(setting) for setting in scenes):
            return [(0, 1.0)]
        return [(k, float(w)) for k, w in enumerate(nuclear_weights(now.static_mt)) if w > 0]

    def _at_rest(self, levels: int) -> Condition:
        now, setting = self._now(), held(levels)
        scene = now.scene(setting)
        return now.condition(setting, scene, now.tuning({setting: scene}))

    # ---- laboratory time ---------------------------------------------------------------------------------------

    def _catch_up(self) -> None:
        """Let the pair, the baths and the drifts live through the time since they were last looked at."""
        now = self.clock.now()
        waited = now - self._time_s
        if waited <= _FASTEST_GATE_S:
            return
        condition = self._at_rest(self._levels)
        if self._levels:
            self._glow.pass_by(self._state, condition, waited, self._baths)
        self._state = idle(self._state, condition, waited, self._baths)
        self._drifts.advance(waited, self.sample)
        self._time_s = now

    # ---- the truth, for after a run ----------------------------------------------------------------------------

    def frozen_density_matrix(self, dark_ns: int) -> NDArray[np.complex128]:
        """The state at the end of an evolution of this length. Raises KeyError if none was played."""
        with self._lock:
            return density_matrix(self.freezes[dark_ns].vector)
