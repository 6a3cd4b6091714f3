"""What an experiment asks of an instrument, by its role on the bench; and what the house asks of every one.

A driver that has these members can take the role, wherever it comes from. Nothing here opens or imports a driver.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from instruments.interface.causes import Cause
from instruments.interface.playable import Pattern, Playable
from instruments.interface.readings import Reading


class Role(Protocol):
    """What the house asks of every instrument."""

    def verify(self) -> None:
        """Raises ChangedError, saying what differs, if it is not as it was set last; it is forgotten then."""

    def make_safe(self) -> str:
        """Switch off whatever shines, radiates or heats, and read it back: what is not so; empty if it is safe."""

    def readings(self) -> Iterable[Reading]:
        """What it does now, for check and window. Only asks, and nothing that somebody waits for."""

    def causes(self) -> Iterable[Cause]:
        """Why it cannot go on, for the time being: interlock, trip, key, fault. Empty if it can."""

    def settings(self) -> dict[str, Any]:
        """What a play depends on and a resumed run sets again; empty if it is off. Asks nothing."""


class CurrentSource(Role, Protocol):
    """What drives a coil."""

    limit_a: float
    """Largest current either way; the station may lower it."""

    @property
    def full_name(self) -> str:
        """As errors name it: main_supply_ch1."""

    @property
    def supply(self) -> Role:
        """What trips, heats and answers as one: the instrument that this is a channel of, or itself."""

    def set_current(self, amps: float) -> None:
        """Set the current and verify the setting by reading it back."""

    def setpoint_a(self) -> float:
        """The setting as the source holds it, whether its output is on or off."""

    def asked_a(self) -> float:
        """The current as it was set or read last, 0 if the output is off; asks for what is not known yet."""

    def is_on(self) -> bool:
        """True if the output carries the setting."""

    def switch_on(self) -> None:
        """Output on, as a current source; from 0 A if it was off, untouched if it was on."""

    def energise(self, amps: float) -> None:
        """Set the current, then the output on: for a coil that a pulse line switches."""

    def switch_off(self) -> None:
        """Current to 0 A, then the output off."""


Currents = tuple[float, float, float]
"""Of x, y and main, in A."""


class Magnet(Role, Protocol):
    """Three currents as one field."""

    limits_a: Currents
    loads_ohm: Currents
    heat_limit_w: float
    ramp_a_per_s: float
    ramped_to_a: Currents | None
    """Where the last ramp has led."""

    @property
    def sources(self) -> tuple[CurrentSource, ...]:
        """Of x, y and main."""

    def currents(self) -> Currents:
        """Settings of x, y, main in A, read back; 0 where the output is off."""

    def switch_on(self) -> None:
        """All outputs on: from 0 A where one was off; one that was on keeps its current."""

    def ramp_to(self, currents_a: Currents, /) -> None:
        """Ramp all three together, and return when they have arrived."""

    def ramp_down(self) -> None:
        """Take all currents to 0 A."""


Carrier = tuple[float, float, bool]
"""Hz, dBm, whether it is on."""


class MicrowaveSource(Role, Protocol):
    """A carrier that the lines mw_x and mw_y let through."""

    limit_dbm: float
    """Largest power; the station may lower it."""

    @property
    def reach_hz(self) -> tuple[float, float]:
        """Lowest and highest frequency."""

    @property
    def least_dbm(self) -> float:
        """Lowest power."""

    def set_frequency(self, hz: float) -> None:
        """Tune the carrier."""

    def set_power(self, dbm: float) -> None:
        """Set the carrier's power."""

    def switch_on(self) -> None:
        """Let the carrier out."""

    def switch_off(self) -> None:
        """No carrier."""

    def carrier(self) -> Carrier:
        """Frequency, power and whether it is on, asked of the instrument."""

    def asked_dbm(self) -> float | None:
        """The power as it was set or read last, None if it is off; asks for what is not known yet."""


class PumpLaser(Role, Protocol):
    """The green light, before its switch."""

    limit_mw: float
    """Largest power; the station may lower it."""

    def set_power(self, mw: float) -> None:
        """Set the power at the head."""

    def power_mw(self) -> float:
        """The set power, asked of the head."""

    def measured_power_mw(self) -> float:
        """What the head itself sees of its light."""

    def asked_mw(self) -> float:
        """The power as it was set or read last, 0 if it is dark; asks for what is not known yet."""

    def is_on(self) -> bool:
        """Whether it emits."""

    def switch_on(self) -> None:
        """Light, steady when this returns."""

    def switch_off(self) -> None:
        """Dark at once."""


Opening = tuple[float, bool, bool]
"""Share of the light that passes, whether only while its line is high, whether it is on."""


class LightSwitch(Protocol):
    """A beam's fast switch, opened by its pulse line."""

    def set_share(self, share: float) -> None:
        """The share of the light, 0 to 1, that passes while it is open; 0 switches it off, more switches it on."""

    def follow_line(self) -> None:
        """Open only while its pulse line is high."""

    def ignore_line(self) -> None:
        """Open whatever its pulse line does."""

    def switch_on(self) -> None:
        """Let it open."""

    def switch_off(self) -> None:
        """Closed, whatever its line does."""

    def is_on(self) -> bool:
        """Whether it may open."""

    def share(self) -> float:
        """The share that passes while it is open, asked of the instrument; 0 if it is off."""

    def opening(self) -> Opening:
        """Share, whether it follows its line, whether it is on, asked of the instrument."""

    def asked_share(self) -> float:
        """The share as it was set or read last; asks if it is not known yet."""

    def ignores_line(self) -> bool:
        """Whether it was last set, or seen, to be open whatever its line does. Asks nothing."""


class LightSwitches(Role, Protocol):
    """The fast switches of both beams; the doughnut's belongs to the depletion beam."""

    @property
    def pump(self) -> LightSwitch:
        """Of the green beam."""


class Steering(Protocol):
    """What moves a beam in the focal plane."""

    def steer(self, x_nm: float, y_nm: float) -> None:
        """Centre it here. Refuses what is out of reach before anything moves."""

    def position(self) -> tuple[float, float]:
        """Where it was last steered to, x and y in nm. Asks nothing."""


Selected = Literal["outside", "inside"]
"""Of its null."""


class DepletionBeam(Role, Steering, Protocol):
    """The doughnut: power behind its switch, opened by the line `depletion`, and a place."""

    @property
    def selects(self) -> Selected:
        """Which of two close NVs it lets be pumped and read, alone.

        outside: it pumps by itself where it shines (GSD). inside: where it shines it forbids what the pump's light
        does, which goes on together with it (STED).
        """

    limit_mw: float
    """Largest power; the station may lower it."""

    def set_power(self, mw: float) -> None:
        """The power while it is open, read back; 0 switches it off."""

    def asked_mw(self) -> float:
        """The power as it was set or read last; asks if it is not known yet."""


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


@dataclass(frozen=True)
class Safe:
    """What a role is to the safe state."""

    role: type[Any]
    what: str
    """As a sentence: 'the green laser is off'."""
    by_hand: str
    """What to do at the bench if it could not be confirmed."""
    is_light: bool = False
    """Whether it lets light out: whoever makes a bench safe opens these first."""


SAFE_STATE: Final[tuple[Safe, ...]] = (
    Safe(
        PulseSource,
        "the pulse lines are low",
        "Unplug the NI card's connector block, or switch its computer off",
        is_light=True,
    ),
    Safe(LightSwitches, "the AOM channels are off", "Switch the AOM driver off at its front", is_light=True),
    Safe(DepletionBeam, "the doughnut beam is off", "Turn the key of the depletion laser to OFF", is_light=True),
    Safe(PumpLaser, "the green laser is off", "Turn the key of the green laser to OFF", is_light=True),
    Safe(MicrowaveSource, "the microwave is off", "Switch the microwave source to standby"),
    Safe(CurrentSource, "the pulsed coils carry no current", "Press Output Off on the supplies of the pulsed coils"),
    Safe(Magnet, "the magnet carries no current", "Turn the magnet's supplies down at their fronts, slowly"),
)
"""The roles in the order in which they are made safe. Light first: it is what harms."""
