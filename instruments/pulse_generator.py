"""Pulse patterns on port 0 of the NI card: a buffer of words, one a tick, repeated an exact number of times."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from nidaqmx import Task
from nidaqmx.constants import AcquisitionType, LineGrouping, TaskMode
from nidaqmx.stream_writers import DigitalSingleChannelWriter
from numpy.typing import NDArray
from pydantic import Field
from qcodes.parameters import Parameter

from instruments.interface.playable import Pattern, Playable, whole_ns
from instruments.interface.readings import Reading, on
from instruments.ni_card import CardError, CardFault, CardUser, NICard

if TYPE_CHECKING:
    from instruments.interface import roles

LINES: Final = 8
Rate = Annotated[float, Field(ge=1.0, le=10e6)]
_RATE_HZ: Final = 10e6
MOST_TICKS: Final = 2**32 - 1
"""Ticks of one play: the card counts the samples of a finite generation in 32 bits."""
LONGEST_PLAY_S: Final = 400.0
"""So long is a piece of a longer play: at the highest rate the card can count 429 s."""


class PulseGenerator(CardUser):
    """Plays digital patterns. Channel k of a pattern, and bit k of a word, is line k of port 0."""

    levels: Parameter[int | None, "PulseGenerator"]

    def __init__(
        self, name: str, card: NICard | str, port: str = "port0", rate_hz: Rate = _RATE_HZ, **kwargs: Any
    ) -> None:
        """card: the NI card, or the name of its instrument. rate_hz: words per second."""
        super().__init__(name, card, **kwargs)
        self._lines = f"{self._card.address}/{port}/line0:{LINES - 1}"
        self._rate_hz = rate_hz
        self._playing: _Output | None = None
        self._static: _Output | None = None
        self._bits: NDArray[np.uint32] | None = None
        self._timed = (0, 0)
        self._lasts_s: float | None = None
        self._add_parameters(port)

    def _add_parameters(self, port: str) -> None:
        self.add_parameter(
            "tick_ns",
            label="Tick",
            unit="ns",
            get_cmd=lambda: round(1e9 / self._rate_hz),
            docstring="Duration of one word; every pulse is a whole number of them.",
        )
        self.add_parameter("port", initial_cache_value=port, set_cmd=False, docstring="Port of the card that plays.")
        self.add_parameter(
            "levels",
            label="Static levels",
            initial_cache_value=None,
            set_cmd=self._write_levels,
            docstring="Levels at which the lines were left last, bit k for line k; None before.",
        )
        self.add_parameter(
            "ticks",
            label="Length of the pattern",
            get_cmd=lambda: 0 if self._bits is None else len(self._bits),
            docstring="Words of the pattern that is loaded.",
        )
        self.add_parameter(
            "repeats", label="Repeats", initial_cache_value=0, set_cmd=False, docstring="Of the play started last."
        )

    @classmethod
    def playable_as(cls, rate_hz: float = _RATE_HZ, **_: Any) -> Playable:
        """What it can play if it is opened with these arguments. Raises ValueError if its tick is no whole ns."""
        return Playable(whole_ns(1e9 / rate_hz), tuple(f"line{k}" for k in range(LINES)), LONGEST_PLAY_S)

    @property
    def playable(self) -> Playable:
        """Its tick, its channels, its longest play."""
        return self.playable_as(self._rate_hz)

    def load(self, pattern: Pattern) -> None:
        """Take a pattern; its words are sent to the card when it is started."""
        if any(ticks != int(ticks) or ticks < 1 for ticks, _ in pattern):
            raise CardError(
                f"{self.name}: every interval of a pattern lasts a whole number of ticks, at least one",
                pattern,
                instrument=self.name,
            )
        if (length := sum(ticks for ticks, _ in pattern)) < 2:
            raise CardError(
                f"{self.name}: a pattern is a row of at least 2 words, not {length}", length, instrument=self.name
            )
        if wrong := [levels for _, levels in pattern if not 0 <= levels < 1 << LINES]:
            raise CardError(
                f"{self.name}: word {max(wrong):#x} needs lines beyond {self._lines}; wire every role to one of these",
                max(wrong),
                instrument=self.name,
            )
        self._bits = words(pattern)

    def start(self, repeats: int) -> None:
        """Play the pattern exactly so many times; returns at once."""
        if self._bits is None:
            raise CardError(f"{self.name}: no pattern is loaded; call load() first", instrument=self.name)
        ticks = len(self._bits)
        if not 1 <= repeats * ticks <= MOST_TICKS:
            raise CardError(
                f"{self.name}: {repeats} repeats of {ticks} ticks are not between 1 and {MOST_TICKS} ticks; "
                "split the play",
                repeats,
                instrument=self.name,
            )
        with self._card.doing(f"starting a play of {repeats} repeats of {ticks} ticks"):
            self._free_lines()
            self._card.lines_move()
            self._lasts_s = ticks * repeats / self._rate_hz
            playing = self._timed_output(ticks, repeats)
            playing.writer.write_many_sample_port_uint32(self._bits)
            playing.task.start()
        self.parameters["repeats"].cache.set(repeats)

    def wait(self, margin_s: float = 10.0) -> None:
        """Wait until the play is over; its last word stays on the lines.

        Raises CardFault if it still runs `margin_s` after its time.
        """
        if self._playing is None or self._lasts_s is None or self._bits is None:
            return
        with self._card.doing("waiting for the end of a play"):
            self._playing.task.wait_until_done(self._lasts_s * 1.01 + margin_s)
        self.parameters["levels"].cache.set(int(self._bits[-1]))

    def hold(self, levels: int) -> None:
        """Stop and leave the lines at static levels, bit k for line k."""
        if not 0 <= levels < 1 << LINES:
            raise CardError(
                f"{self.name}: levels {levels:#x} need lines beyond {self._lines}", levels, instrument=self.name
            )
        self.parameters["levels"].set(levels)

    def lower(self) -> None:
        """All lines low when a play is over, before its counters are read.

        Raises CardFault: unlike `hold` it makes no fresh tasks, which would take the counters' away.
        """
        self._put_levels(0)
        self.parameters["levels"].cache.set(0)

    def renew(self) -> None:
        """Give up the tasks of the card, if there is one on the lines: the next use makes new ones."""
        if self._playing is not None or self._static is not None:
            self._card.renew()

    def make_safe(self) -> str:
        """All lines low."""
        self.hold(0)
        left = self.levels()
        return f"they were left at {left:#x}" if left else ""

    def readings(self) -> Iterator[Reading]:
        """What the driver remembers: the card cannot be asked."""
        ticks, repeats = self.parameters["ticks"].get(), self.parameters["repeats"].cache.get()
        yield Reading("pattern", float(ticks), "ticks", verdict=on(ticks > 0))
        yield Reading("repeats", float(repeats), verdict=on(repeats > 0))

    def leave_safe(self) -> None:
        """All lines low."""
        self.hold(0)

    def forget_tasks(self) -> None:
        """Give the lines back."""
        for output in (self._playing, self._static):
            if output is not None:
                self._card.release(output.task)
        self._playing = self._static = self._lasts_s = None

    def _write_levels(self, levels: int) -> None:
        """Levels may be set twice: if it fails, it is tried again with fresh tasks."""
        try:
            self._put_levels(levels)
        except CardFault as fault:
            self.log.warning("%s", fault)
            self._card.renew()
            self._put_levels(levels)

    def _put_levels(self, levels: int) -> None:
        if levels:
            self._card.lines_move()
        with self._card.doing(f"setting the lines to {levels:#x}"):
            self._free_lines()
            self._static = self._static or self._output()
            self._static.writer.write_one_sample_port_uint32(levels)
            self._static.task.stop()

    def _free_lines(self) -> None:
        """Both tasks own the same lines: the pattern has to let go before the other writes."""
        if self._playing is not None and self._lasts_s is not None:
            self._playing.task.control(TaskMode.TASK_ABORT)
        self._lasts_s = None

    def _timed_output(self, ticks: int, repeats: int) -> "_Output":
        """The pattern's task, timed for this play; asks the card only for what has changed."""
        if self._playing is None:
            self._playing, self._timed = self._output(), (0, 0)
        task = self._playing.task
        if self._timed != (ticks, repeats):
            task.timing.cfg_samp_clk_timing(
                self._rate_hz, sample_mode=AcquisitionType.FINITE, samps_per_chan=ticks * repeats
            )
        if self._timed[0] != ticks:
            task.out_stream.output_buf_size = ticks
        self._timed = (ticks, repeats)
        return self._playing

    def _output(self) -> "_Output":
        task = self._card.task()
        task.do_channels.add_do_chan(self._lines, line_grouping=LineGrouping.CHAN_FOR_ALL_LINES)
        writer = DigitalSingleChannelWriter(task.out_stream)
        writer.verify_array_shape = False  # saves asking the card how many channels there are, before every write
        return _Output(task, writer)


def words(pattern: Pattern) -> NDArray[np.uint32]:
    """As the card takes it: (ticks,), a word a tick, bit k for line k."""
    ticks, levels = zip(*pattern, strict=True)
    return np.repeat(np.array(levels, dtype=np.uint32), ticks)


@dataclass(frozen=True)
class _Output:
    """A task on the lines, and what writes to it."""

    task: Task
    writer: DigitalSingleChannelWriter


if TYPE_CHECKING:
    _PLAYS: type[roles.PulseSource] = PulseGenerator
