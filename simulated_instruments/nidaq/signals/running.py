"""What is running on the card: the pattern that plays, the counters that count, the levels and voltages at rest.

Outside of plays a counter counts while a line rests high and its gate is open. Not modelled: the dark counts while all
lines are low, and counters outside of plays that a line clocks; a counter that is started in the middle of a play
counts nothing of it, and one that an edge of a pattern arms counts all of it. Counters hear photons, timebases and the
pulses of other counters: the edges of a gate line that is taken for the detector are not counted. A play that is
stopped early has been lived through to its end by the sample; its counters keep what they had seen. A continuous play
is lived through whenever somebody looks, and the light follows voltages that a clock puts out likewise.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from nidaqmx.constants import Level
from numpy.typing import NDArray

from simulated_instruments.cables import GATE_LINES, STEERING
from simulated_instruments.nidaq.device.attributes import Attr
from simulated_instruments.nidaq.device.channels import TICK_S, Analogue, Channel, Edges, Kind, Pulses
from simulated_instruments.nidaq.device.data_sheet import Model
from simulated_instruments.nidaq.device.tasks import Task
from simulated_instruments.nidaq.device.terminals import TIMEBASES_HZ
from simulated_instruments.nidaq.device.verifying import playable
from simulated_instruments.nidaq.signals.acquired import Acquisition
from simulated_instruments.nidaq.signals.patterns import Play, Tally, count
from simulated_instruments.nidaq.signals.trains import Train
from simulated_instruments.nidaq.signals.waves import Wave
from simulated_instruments.setpoints import World

LEAST_DELAY_TICKS: Final = 2
"""Before the first pulse of a counter, even if no delay is asked for."""
_SEED: Final = 6363
"""Of noise that concerns nobody but the reader: what the twin draws stays as it is."""


class Running:
    """The moving parts of one card. The card sees to it that only one thread comes in at a time."""

    def __init__(self, world: World, model: Model) -> None:
        self.tallies: dict[Task, tuple[Tally, ...]] = {}
        """Of counters that count edges."""
        self.inputs: dict[Task, Acquisition] = {}
        """Clocked inputs."""
        self.drawing = np.random.default_rng(_SEED)
        self._world, self._model = world, model
        self._levels = 0
        self._volts = {f"ao{k}": 0.0 for k in range(model.analogue_outputs)}
        self._play: tuple[Task, Play] | None = None
        self._waves: dict[Task, Wave] = {}
        self._trains: dict[Task, dict[str, Train]] = {}
        """By the terminal at which they come out."""
        self._waiting: dict[Task, tuple[str, bool]] = {}
        """Started, and waiting for this edge."""
        self._glowed = 0
        """Photons between the plays that the counters know of."""
        self._launch: Final[dict[Kind, Callable[[Task, float], None]]] = {
            "ai": self._acquire,
            "ao": self._put_out,
            "ci": self._count_on,
            "co": self._pulse,
            "di": self._acquire,
            "do": self._generate,
        }

    def power_on(self) -> None:
        """Lines low, outputs at 0 V."""
        self.hold(0)
        self.steer(dict.fromkeys(self._volts, 0.0))

    # ---- start and stop ----------------------------------------------------------------------------------------

    def begin(self, task: Task) -> None:
        """A task was started. A finite play is lived through at once; the clock catches up when somebody waits."""
        self.look()
        awaited = task.starts_on(self._model)
        if awaited is not None:
            self._waiting[task] = awaited
        else:
            self._begin(task, self._world.clock.now())

    def end(self, task: Task) -> None:
        """A running task is stopped: a play that is not over leaves the lines where they are."""
        if task in self._trains or task in self._waves:
            self.look()
        self._waiting.pop(task, None)
        self.tallies.pop(task, None)
        self.inputs.pop(task, None)
        self._disconnect(task)
        self._waves.pop(task, None)
        if self._play is None or self._play[0] is not task:
            return
        self.look()
        play, now = self._play[1], self._world.clock.now()
        self._play = None
        if now < play.ends_s:
            play.stopped_s = now
            self.hold(play.word(now))

    def done_at(self, task: Task) -> float:
        """Laboratory time at which a running task will be done."""
        if task in self._waiting or task.kind == "ci":
            return self._counted_at(task)
        if self._play is not None and self._play[0] is task:
            return self._play[1].ends_s
        if task in self._waves:
            return self._waves[task].ends_s
        if task in self._trains:
            return max(train.ends_s for train in self._trains[task].values())
        return self.inputs[task].done_s if task in self.inputs else -np.inf

    def passed(self, task: Task) -> int:
        """Samples of each channel that a clocked task has taken in or put out by now."""
        now = self._world.clock.now()
        if task in self.inputs:
            return self.inputs[task].taken + self.inputs[task].there(now)
        if task in self._waves:
            return self._waves[task].ticks_out(now)
        return self._play[1].ticks_out(now) if self._play is not None and self._play[0] is task else 0

    def rewritten(self, task: Task) -> None:
        """The buffer of a running generation has new words: they come from now on."""
        self.look()
        self._launch[task.kind](task, self._world.clock.now())

    def _counted_at(self, task: Task) -> float:
        tallies = self.tallies.get(task, ())
        if not tallies or any(tally.wanted is None for tally in tallies):
            return np.inf
        return max(self.ready_s(tally, (tally.wanted or 0) - tally.taken) for tally in tallies)

    def _begin(self, task: Task, at_s: float) -> None:
        if task.clock and task.kind != "ci":
            self._fire(f"{task.kind}/StartTrigger", False, at_s)
        self._launch[task.kind](task, at_s)
        self._connect()

    def _fire(self, terminal: str, falling: bool, at_s: float) -> None:
        """An edge comes at this terminal: who waits for it begins."""
        for task in [task for task, awaited in self._waiting.items() if awaited == (terminal, falling)]:
            del self._waiting[task]
            self._begin(task, at_s)

    # ---- looking -----------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Let the sample live through the repeats of a continuous play that are out, and the counters see its glow."""
        self._see_glow()
        self._see_play()
        now = self._world.clock.now()
        for wave in self._waves.values():
            self.steer(wave.volts(now))
        for tallies in self.tallies.values():
            for tally in tallies:
                clock = self.train(tally.latch) if tally.latch else None
                tally.follow(now, self.train(tally.source), clock, self.drawing)

    def train(self, terminal: str) -> Train | None:
        """The signal that repeats at this terminal, if there is one."""
        if terminal in TIMEBASES_HZ:
            return Train(TIMEBASES_HZ[terminal])
        return next((trains[terminal] for trains in self._trains.values() if terminal in trains), None)

    def ready_s(self, tally: Tally, count: int) -> float:
        """When so many more samples of a clocked counter can be read."""
        missing = count - (len(tally.latched) - tally.taken)
        if missing <= 0:
            return tally.ready_s
        clock = self.train(tally.latch) if tally.latch and not tally.line_latch else None
        return np.inf if clock is None else clock.edge_s(clock.edges(tally.looked_s) + missing - 1)

    def levels_at(self, times_s: NDArray[np.float64]) -> NDArray[np.uint32]:
        """(samples,): all lines at these times."""
        if self._play is None or self._world.clock.now() < self._play[1].started_s:
            return np.full(len(times_s), self._levels, dtype=np.uint32)
        return self._play[1].levels(times_s)

    def live_lines(self) -> int:
        """Lines that are high now; while a pattern goes out, all that it takes high."""
        if self._play is None or self._world.clock.now() >= self._play[1].ends_s:
            return self._levels
        return self._levels | int(np.bitwise_or.reduce(self._play[1].words))

    def _see_glow(self) -> None:
        """While a pattern goes out there is none: its photons are those of the play."""
        glowed = self._world.glowed()
        more, self._glowed = glowed - self._glowed, glowed
        if self._play is not None and self._world.clock.now() < self._play[1].ends_s:
            return
        for tallies in self.tallies.values():
            for tally in tallies:
                tally.glow(more, self._levels)

    def _see_play(self) -> None:
        if self._play is None or self._play[1].samples is not None:
            return
        play = self._play[1]
        out = play.ticks_out(self._world.clock.now()) // len(play.words)
        if out > play.counted:
            self._count(play, out - play.counted)
            play.counted = out

    # ---- putting out -------------------------------------------------------------------------------------------

    def hold(self, levels: int, mask: int = 2**32 - 1) -> None:
        """Leave the lines of the mask at these levels, the others where they are."""
        self._see_glow()
        before, self._levels = self._levels, (levels & mask) | (self._levels & ~mask)
        self._world.hold(self._levels)
        for name, line in GATE_LINES.items():
            was, now = before >> line & 1, self._levels >> line & 1
            if was != now:
                self._fire(name, bool(was), self._world.clock.now())

    def steer(self, volts: dict[str, float]) -> None:
        """Set analogue outputs; two of them are cabled to the steering."""
        self._volts |= volts
        self._world.turn(steering_v=(self._volts[STEERING[0]], self._volts[STEERING[1]]))

    def _generate(self, task: Task, at_s: float) -> None:
        if not task.clock:
            return
        words = (playable(task).astype(np.uint32) & np.uint32(task.mask)) | np.uint32(self._levels & ~task.mask)
        samples, before = task.clock.samples, self._levels
        play = Play(words, 1.0 / task.rate_hz(self._model), samples, at_s)
        self._fire_edges(play, before)
        if samples is not None:
            repeats, rest = divmod(samples, len(words))
            self._count(play, repeats, rest)
            self._levels = int(words[rest - 1])
        self._play = (task, play)

    def _fire_edges(self, play: Play, before: int) -> None:
        """The first edges of a pattern on the lines that are cabled to terminals, in their order."""
        edges = [(play.edge_s(k, down, before), at, down) for at, k in GATE_LINES.items() for down in (False, True)]
        for when_s, at, down in sorted(edges):
            if np.isfinite(when_s):
                self._fire(at, down, when_s)

    def _put_out(self, task: Task, at_s: float) -> None:
        if not task.clock:
            return
        outputs = [c.output for c in task.channels.values() if isinstance(c, Analogue)]
        volts = np.asarray(playable(task), dtype=np.float64)
        tick_s = 1.0 / task.rate_hz(self._model)
        self._waves[task] = Wave(tuple(outputs), volts, tick_s, task.clock.samples, at_s)
        self._trains.setdefault(task, {})["ao/SampleClock"] = Train(1.0 / tick_s, at_s, task.clock.samples, tick_s)

    def _pulse(self, task: Task, at_s: float) -> None:
        trains: dict[str, Train] = {}
        most = task.timing.samples if task.timing.by == "implicit" else 1
        for name, channel in task.channels.items():
            assert isinstance(channel, Pulses)
            first = max(channel.delay_ticks, LEAST_DELAY_TICKS) + (channel.low_ticks if channel.idle_high else 0)
            last = channel.high_ticks + (0 if channel.idle_high else channel.low_ticks)
            train = Train(channel.rate_hz, at_s + first * TICK_S, most, last * TICK_S)
            out = task.listens_at(self._model, name)
            trains |= {f"Ctr{channel.counter}InternalOutput": train, out: train}
        self._trains[task] = trains
        for terminal, train in trains.items():
            self._fire(terminal, False, train.first_s)

    # ---- taking in ---------------------------------------------------------------------------------------------

    def _acquire(self, task: Task, at_s: float) -> None:
        clock = task.clock
        if clock is None:
            return
        if clock.on_board:
            rate_hz = task.rate_hz(self._model)
            own = Train(rate_hz, at_s, clock.samples, 1.0 / rate_hz)
            self._trains[task] = {f"{task.kind}/SampleClock": own}
            self.inputs[task] = Acquisition(clock.samples, own)
            return
        source = task.latches_on(self._model) or ""
        other = self.train(source)
        before = other.edges(np.nextafter(at_s, -np.inf)) if other else 0
        self.inputs[task] = Acquisition(clock.samples, other, before, source)

    def _connect(self) -> None:
        """Inputs that were started before the clock at their source was."""
        for taking in self.inputs.values():
            taking.clock = taking.clock or self.train(taking.source)

    def _disconnect(self, task: Task) -> None:
        """No more edges come of a clock whose task is stopped."""
        now = self._world.clock.now()
        for train in self._trains.pop(task, {}).values():
            for taking in self.inputs.values():
                if taking.clock is train:
                    taking.clock = train.stopped(now)

    def _count_on(self, task: Task, at_s: float) -> None:
        if not isinstance(task.first, Edges):
            return
        self.tallies[task] = tuple(self._tally(task, name, c, at_s) for name, c in task.channels.items())

    def _tally(self, task: Task, name: str, edges: Channel, at_s: float) -> Tally:
        assert isinstance(edges, Edges)
        clock = task.clock
        return Tally(
            initial=edges.initial,
            source=task.listens_at(self._model, name),
            gate=task.pauses_on(self._model),
            open_when_high=task[Attr.PAUSE_WHEN] == Level.LOW.value,
            latch=task.latches_on(self._model),
            falling=clock is not None and clock.falling,
            wanted=clock.samples if clock else None,
            looked_s=at_s,
            known=edges.initial,
        )

    def _count(self, play: Play, repeats: int, rest: int = 0) -> None:
        tallies = [tally for tallies in self.tallies.values() for tally in tallies]
        count(self._world, play, repeats, rest, tallies, self._levels)
