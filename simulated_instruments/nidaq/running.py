"""What is running on the card: the pattern that plays, the counters that count, the levels and voltages at rest.

Outside of plays a counter counts while a line rests high and its gate is open. Not modelled: the dark counts while all
lines are low, and clocked counters outside of plays; a counter that is started in the middle of a play counts nothing
of it. Counters hear photons only: the edges of a gate line that is taken for the detector are not counted. A play that
is stopped early has been lived through to its end by the sample; its counters keep what they had seen. A continuous
play is lived through whenever somebody looks.
"""

import numpy as np
from nidaqmx.constants import Level

from simulated_instruments.cables import STEERING
from simulated_instruments.knobs import World
from simulated_instruments.nidaq.attributes import Attr
from simulated_instruments.nidaq.model import Model
from simulated_instruments.nidaq.plays import Play, Tally, count
from simulated_instruments.nidaq.tasks import Edges, Lines, Task, playable


class Running:
    """The moving parts of one card. The card sees to it that only one thread comes in at a time."""

    def __init__(self, world: World, model: Model) -> None:
        self.tallies: dict[Task, Tally] = {}
        self._world, self._model = world, model
        self._levels = 0
        self._volts = dict.fromkeys(STEERING, 0.0)
        self._play: tuple[Task, Play] | None = None
        self._glowed = 0
        """Photons between the plays that the counters know of."""

    def power_on(self) -> None:
        """Lines low, outputs at 0 V."""
        self.hold(0)
        self.steer(dict.fromkeys(self._volts, 0.0))

    def begin(self, task: Task) -> None:
        """A task was started. A finite play is lived through at once; the clock catches up when somebody waits."""
        self.look()
        first = task.first
        if isinstance(first, Edges):
            self.tallies[task] = self._tally(task, first)
        elif isinstance(first, Lines) and task.clock:
            self._generate(task, first, task.clock.rate_hz, task.clock.samples)

    def end(self, task: Task) -> None:
        """A running task is stopped: a play that is not over leaves the lines where they are."""
        self.tallies.pop(task, None)
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
        if task in self.tallies:
            tally = self.tallies[task]
            return tally.ready_s if tally.full else np.inf
        if self._play is not None and self._play[0] is task:
            return self._play[1].ends_s
        return -np.inf

    def look(self) -> None:
        """Let the sample live through the repeats of a continuous play that are out, and the counters see its glow."""
        self._see_glow()
        if self._play is None or self._play[1].samples is not None:
            return
        play = self._play[1]
        out = play.ticks_out(self._world.clock.now()) // len(play.words)
        if out > play.counted:
            self._count(play, out - play.counted)
            play.counted = out

    def live_lines(self) -> int:
        """Lines that are high now; while a pattern goes out, all that it takes high."""
        if self._play is None or self._world.clock.now() >= self._play[1].ends_s:
            return self._levels
        return self._levels | int(np.bitwise_or.reduce(self._play[1].words))

    def hold(self, levels: int, mask: int = 2**32 - 1) -> None:
        """Leave the lines of the mask at these levels, the others where they are."""
        self._see_glow()
        self._levels = (levels & mask) | (self._levels & ~mask)
        self._world.hold(self._levels)

    def steer(self, volts: dict[str, float]) -> None:
        """Set analogue outputs; two of them are cabled to the steering."""
        self._volts |= volts
        self._world.turn(steering_v=(self._volts[STEERING[0]], self._volts[STEERING[1]]))

    def _see_glow(self) -> None:
        """While a pattern goes out there is none: its photons are those of the play."""
        glowed = self._world.glowed()
        more, self._glowed = glowed - self._glowed, glowed
        if self._play is not None and self._world.clock.now() < self._play[1].ends_s:
            return
        for tally in self.tallies.values():
            tally.glow(more, self._levels)

    def _tally(self, task: Task, edges: Edges) -> Tally:
        clock = task.clock
        return Tally(
            initial=edges.initial,
            source=task.counts_from(self._model),
            gate=task.pauses_on(self._model),
            open_when_high=task[Attr.PAUSE_WHEN] == Level.LOW.value,
            latch=task.latches_on(self._model),
            falling=clock is not None and clock.falling,
            wanted=clock.samples if clock else None,
        )

    def _generate(self, task: Task, lines: Lines, rate_hz: float, samples: int | None) -> None:
        words = (playable(task) & np.uint32(lines.mask)) | np.uint32(self._levels & ~lines.mask)
        play = Play(words, 1.0 / rate_hz, samples, self._world.clock.now())
        if samples is not None:
            repeats, rest = divmod(samples, len(words))
            self._count(play, repeats, rest)
            self._levels = int(words[rest - 1])
        self._play = (task, play)

    def _count(self, play: Play, repeats: int, rest: int = 0) -> None:
        count(self._world, play, repeats, rest, list(self.tallies.values()), self._levels)
