"""The pulse card: patterns that are played at once, with laboratory time passing when they are waited for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.cables import GATE_LINES, PHOTONS, STEERING
from simulated_instruments.setpoints import World
from simulated_instruments.unwired.box import Refused, Unwatched
from simulated_instruments.unwired.parameter import Parameter, Stored

LINES: Final = 8
MOST_TICKS: Final = 2**32 - 1
"""Ticks of one play: the card counts the samples of a finite generation in 32 bits."""
LARGEST_V: Final = 10.0
_GATES: Final = tuple(GATE_LINES)
"""Terminals of gate_signal and gate_reference."""
_NAP_S: Final = 0.5
"""Whoever waits for the card looks again so often; the clock goes in these steps."""

Words = NDArray[np.uint32]
Window = NDArray[np.bool_]
Pattern = tuple[tuple[int, int], ...]
"""(ticks, levels) one after the other; bit k of levels: line k is high."""


@dataclass
class Card:
    """What generator, counters and steering share: the world that they act upon, and the counters that hear it."""

    world: World
    tick_s: float
    counters: dict[str, str | None] = field(default_factory=dict)
    """Counter that runs -> terminal of its gate; None lets every photon through."""
    photons: str = PHOTONS
    """Terminal that the counters listen to."""
    counted: dict[str, int] = field(default_factory=dict)
    """Of each counter, since it was started."""
    _volts: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STEERING, 0.0))

    def play(self, words: Words, repeats: int) -> None:
        """Play a pattern; no laboratory time passes in here."""
        windows = [self._window(gate, words) for gate in self.counters.values()]
        photons = self.world.play(words, self.tick_s, repeats, windows)
        for counter, more in zip(self.counters, photons, strict=True):
            self.counted[counter] += more

    def write_analog(self, volts: dict[str, float]) -> None:
        """Set analogue outputs; two of them are cabled to the steering."""
        if not all(abs(v) <= LARGEST_V for v in volts.values()):
            raise Refused(f"{volts} V are beyond ±{LARGEST_V:g} V")
        self._volts |= volts
        self.world.turn(steering_v=(self._volts[STEERING[0]], self._volts[STEERING[1]]))

    def _window(self, gate: str | None, words: Words) -> Window:
        """(ticks,): where a photon would be counted. A terminal without a cable stays low."""
        if self.photons != PHOTONS:
            return np.zeros(len(words), dtype=bool)
        if gate is None:
            return np.ones(len(words), dtype=bool)
        if gate not in GATE_LINES:
            return np.zeros(len(words), dtype=bool)
        return (words & np.uint32(1 << GATE_LINES[gate])).astype(bool)


class _OnCard(Unwatched):
    """What the house asks of a user of the card, where nothing can break."""

    def renew(self) -> None:
        """There is nothing to make anew: no line to this card can break."""

    def verify(self) -> None:
        """Nothing changes but by what it is told."""


class PulseGenerator(_OnCard):
    """Plays digital patterns. Bit k of a word is line k of port 0."""

    def __init__(self, card: Card, playable: Any) -> None:
        """playable: tick, channels and longest play, in the words of the lab; the card's tick is the same."""
        self.card, self.playable = card, playable
        self._bits: Words | None = None
        self._ends_s = -np.inf
        self.levels = Parameter(lambda: self.levels.cache.get(get_if_invalid=False), card.world.hold, 0, 2**LINES - 1)

    def load(self, pattern: Pattern) -> None:
        """Take a pattern."""
        ticks, levels = zip(*pattern, strict=True)
        if sum(ticks) < 2 or min(ticks) < 1 or max(levels) >= 1 << LINES:
            raise Refused(f"a pattern is a row of at least 2 ticks for {LINES} lines")
        self._bits = np.repeat(np.array(levels, dtype=np.uint32), ticks)

    def start(self, repeats: int) -> None:
        """Play the pattern exactly so many times; returns at once."""
        if self._bits is None:
            raise Refused("no pattern is loaded; call load() first")
        samples = repeats * len(self._bits)
        if not 1 <= samples <= MOST_TICKS:
            raise Refused(f"{repeats} repeats of {len(self._bits)} ticks cannot be played at once")
        self._ends_s = self.card.world.clock.now() + samples * self.card.tick_s
        self.card.play(self._bits, repeats)

    def wait(self) -> None:
        """Let laboratory time pass until the play is over; its last word stays on the lines."""
        clock = self.card.world.clock
        while (left_s := self._ends_s - clock.now()) > 0:
            clock.sleep(min(_NAP_S, left_s))
            if left_s <= _NAP_S:
                break
        if self._bits is not None:
            self.levels.cache.keep(int(self._bits[-1]))

    def hold(self, levels: int) -> None:
        """Stop and leave the lines at static levels, bit k for line k."""
        self._ends_s = -np.inf
        self.levels(levels)

    def lower(self) -> None:
        """All lines low when a play is over, before its counters are read."""
        self.hold(0)

    def make_safe(self) -> str:
        """All lines low."""
        self.hold(0)
        return ""


class PhotonCounter(_OnCard):
    """Two counters that count photons while the lines of a pattern open their gates."""

    def __init__(
        self, card: Card, photons: str = PHOTONS, gate_signal: str = _GATES[0], gate_reference: str = _GATES[1]
    ) -> None:
        """photons, gate_signal, gate_reference: terminals; unless they are chosen, those that the cables lead to."""
        self.card = card
        self.parameters: dict[str, Any] = {
            "photons_terminal": Stored(photons),
            "gate_signal_terminal": Stored(gate_signal),
            "gate_reference_terminal": Stored(gate_reference),
        }
        self._is_armed = False

    def inputs(self) -> dict[str, str]:
        """The terminals where it listens."""
        return {name.removesuffix("_terminal"): str(terminal()) for name, terminal in self.parameters.items()}

    def connect(self, inputs: Mapping[str, str]) -> None:
        """Listen at these terminals from the next `arm`."""
        for name, terminal in inputs.items():
            self.parameters[f"{name}_terminal"](terminal)

    def make_safe(self) -> str:
        """It lights and heats nothing."""
        return ""

    def arm(self, gated: bool = True) -> None:
        """Count from zero; do it before the pulse generator starts."""
        if self._is_armed:
            raise Refused("the counters are armed already; read() or disarm() them first")
        gates = {role: self.parameters[f"gate_{role}_terminal"]() for role in ("signal", "reference")}
        self.card.photons = self.parameters["photons_terminal"]()
        self.card.counters = gates if gated else dict.fromkeys(gates)
        self.card.counted = dict.fromkeys(gates, 0)
        self._is_armed = True

    def read(self) -> dict[str, int]:
        """Photons since `arm`: {"signal": …, "reference": …}."""
        if not self._is_armed:
            raise Refused("the counters are not armed; arm() them before the pulse generator starts")
        self._is_armed = False
        return dict(self.card.counted)

    def disarm(self) -> None:
        """Stop both counters."""
        self._is_armed = False
        self.card.counters, self.card.counted = {}, {}
