"""A pulse source with a tick of 1 ns that counts photons itself: all that a driver of these two roles needs.

It is a QCoDeS instrument like any other, in a module that Python finds; station.yaml names it, and nothing else does.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Final

from qcodes.instrument import Instrument
from toy_hardware import BOXES, Jam

from instruments.common.clock import Clock, WallClock
from instruments.common.errors import InstrumentError, PlayError
from instruments.interface.playable import Pattern, Playable
from instruments.interface.readings import Reading, on

PLAYABLE: Final = Playable(tick_ns=1, channels=tuple(f"ch{k}" for k in range(8)), longest_s=60.0)


class _Toy(Instrument):
    """What the house asks of every instrument, for one that cannot be asked anything."""

    def verify(self) -> None:
        """Nothing: the box does not tell how it stands."""

    def causes(self) -> tuple[()]:
        """None: there is no interlock."""
        return ()

    def settings(self) -> dict[str, Any]:
        """None: a play loads its pattern anew."""
        return {}

    def get_idn(self) -> dict[str, str | None]:
        """Made up."""
        return {"vendor": "nobody", "model": "toy", "serial": None, "firmware": None}


class ToyPulseSource(_Toy):
    """Plays intervals of whole nanoseconds on eight channels."""

    def __init__(self, name: str, address: str, **kwargs: Any) -> None:
        """address: of the box."""
        super().__init__(name, **kwargs)
        if address not in BOXES:
            raise InstrumentError(f"{name}: there is no box {address!r}; look at its label", instrument=name)
        self.box = BOXES[address]
        self.clock: Clock = WallClock()
        """The station's own takes its place."""
        self._ends_s = 0.0

    @classmethod
    def playable_as(cls, **_: Any) -> Playable:
        """What it can play, before it is opened: station.yaml is checked against it."""
        return PLAYABLE

    @property
    def playable(self) -> Playable:
        """What it can play."""
        return PLAYABLE

    def load(self, pattern: Pattern) -> None:
        """A tick of the pattern is a nanosecond of the box."""
        self.box.pattern = pattern

    def start(self, repeats: int) -> None:
        """Play; returns at once."""
        with self._jam_told():
            self.box.play(repeats)
        self._ends_s = self.clock.now() + 1e-9 * self.box.lasts_ns * repeats

    def wait(self) -> None:
        """Until it is over."""
        self.clock.sleep(max(0.0, self._ends_s - self.clock.now()))

    def lower(self) -> None:
        """All lines low."""
        self.hold(0)

    def hold(self, levels: int) -> None:
        """Stop, and leave the lines like this."""
        self.box.levels, self._ends_s = levels, 0.0

    def levels(self) -> int:
        """How they were left."""
        return self.box.levels

    def renew(self) -> None:
        """After a jam the box forgets its pattern, so it is loaded again."""
        pattern = self.box.pattern
        self.box.restart()
        self.box.pattern = pattern

    def make_safe(self) -> str:
        """All lines low; the box can be asked."""
        self.hold(0)
        return f"they were left at {self.box.levels:#x}" if self.box.levels else ""

    def readings(self) -> Iterator[Reading]:
        """Length of the pattern."""
        yield Reading("pattern", float(self.box.lasts_ns), "ns", verdict=on(bool(self.box.pattern)))

    @contextmanager
    def _jam_told(self) -> Iterator[None]:
        """What may go better with a fresh start is a PlayError: `measure` then tries again."""
        try:
            yield
        except Jam as jam:
            raise PlayError(f"{self.name}: its box jammed: {jam}", instrument=self.name) from jam


class ToyCounter(_Toy):
    """The counter in the same box; its gates are wired inside."""

    built_on: ClassVar = {"source": ToyPulseSource}
    """Argument -> what the instrument that it names must be."""

    def __init__(self, name: str, source: ToyPulseSource | str, **kwargs: Any) -> None:
        """source: the pulse source, or the name of its instrument."""
        super().__init__(name, **kwargs)
        self._source = source if isinstance(source, ToyPulseSource) else Instrument.find_instrument(source)

    def arm(self, gated: bool = True) -> None:
        """Count from zero."""
        if not gated:
            raise InstrumentError(f"{self.name} counts behind its gates only", instrument=self.name)
        self._source.box.photons = {}

    def read(self) -> dict[str, int]:
        """Photons since `arm`."""
        return {gate: round(self._source.box.photons.get(gate, 0.0)) for gate in ("signal", "reference")}

    def disarm(self) -> None:
        """Nothing: it counts whenever the box plays."""

    def renew(self) -> None:
        """Nothing: the source restarts the box."""

    def inputs(self) -> Mapping[str, str]:
        """None to choose: station.yaml has no wiring.terminals then."""
        return {}

    def connect(self, inputs: Mapping[str, str]) -> None:
        """Refused."""
        raise InstrumentError(f"{self.name} has no inputs to choose, not {', '.join(inputs)}", instrument=self.name)

    def make_safe(self) -> str:
        """It lights and heats nothing."""
        return ""

    def readings(self) -> Iterator[Reading]:
        """What it counted last."""
        for gate, photons in self.read().items():
            yield Reading(gate, float(photons), verdict=on(photons > 0))
