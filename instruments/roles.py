"""What an experiment asks of an instrument, by its role on the bench; and what the house asks of every one.

A driver that has these members can take the role, wherever it comes from. Nothing here opens or imports a driver.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from instruments.playable import Pattern, Playable
from instruments.readings import Reading


class Role(Protocol):
    """What the house asks of every instrument."""

    def verify(self) -> None:
        """Raises ChangedError, saying what differs, if it is not as it was set last; it is forgotten then."""

    def make_safe(self) -> str:
        """Switch off whatever shines, radiates or heats, and read it back: what is not so; empty if it is safe."""

    def readings(self) -> Iterable[Reading]:
        """What it does now, for check and window. Only asks, and nothing that somebody waits for."""

    def causes(self) -> Iterable[Any]:
        """Why it cannot go on, for the time being: interlock, trip, key, fault. Empty if it can."""

    def settings(self) -> dict[str, Any]:
        """What a play depends on and a resumed run sets again; empty if it is off. Asks nothing."""


class PulseSource(Role, Protocol):
    """What plays a pattern on the pulse lines.

    `measure` speaks to it in this order: load, then for every play arm the counter, start, wait, lower, read the
    counter. What fails underway raises PlayError; then `renew`, `hold(0)`, and the play is tried again as a whole.
    """

    @property
    def playable(self) -> Playable:
        """Its tick, its channels, its longest play. Asks nothing."""

    def load(self, pattern: Pattern) -> None:
        """Take one repeat as run-length intervals; InstrumentError if it cannot be played. Nothing moves yet."""

    def start(self, repeats: int) -> None:
        """Play the pattern exactly so many times; returns at once."""

    def wait(self) -> None:
        """Wait until the play is over. What the lines do then is up to the source, until `lower`."""

    def lower(self) -> None:
        """All lines low when a play is over, before its counter is read."""

    def hold(self, levels: int) -> None:
        """Stop a play, if there is one, and leave the lines at static levels; bit k: channel k is high."""

    def levels(self) -> int | None:
        """The static levels at which the lines were left last; None if that is not known. Asks nothing."""

    def renew(self) -> None:
        """A play failed: begin anew with whatever may be spoiled, so that the next one can do better."""


class GatedCounter(Role, Protocol):
    """What counts photons while the lines gate_signal and gate_reference of a pattern are high."""

    def arm(self, gated: bool = True) -> None:
        """Count from zero, before a play starts; gated=False: every photon, whatever the gates say."""

    def read(self) -> dict[str, int]:
        """Photons since `arm`, {"signal": …, "reference": …}, when the play is over and all lines are low."""

    def disarm(self) -> None:
        """Do not count: nobody will read. May be called whether it is armed or not."""

    def renew(self) -> None:
        """A play failed: begin anew with whatever may be spoiled."""

    def inputs(self) -> Mapping[str, str]:
        """Where it listens, if that can be chosen: photons, gate_signal, gate_reference -> terminal. Else empty."""

    def connect(self, inputs: Mapping[str, str]) -> None:
        """Listen there from the next `arm`; what is not named stays. Only for a counter that has inputs."""
