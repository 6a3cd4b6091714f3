"""What station.yaml may contain: sections, keys, types and ranges. Reading it is `station_file`'s.

What the experiments get of it is `sequences.core.station`'s.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from sequences.core.station import Guesses, Limits, LinesSection, Paths, Section, Wiring

ROLES: Final = (
    "microwave", "green_laser", "aom", "pulse_generator", "photon_counter", "magnet", "depletion_beam",
)  # fmt: skip
"""Instruments that the lab asks for by name; others may be there if one of these is built on them, or feeds a coil."""
MAGNET: Final = ("x", "y", "main")
"""Keys under `init` of the magnet whose value names what feeds a coil."""
REFERENCES: Final = (*MAGNET, "laser", "aom", "card", "source")
"""Keys under `init` whose value names another instrument, or a part of it: main_supply.ch1."""

Whole = Annotated[int, Field(strict=True)]

OUTPUTS: Final = tuple(f"ao{k}" for k in range(4))


def _output(name: str) -> str:
    if name not in OUTPUTS:
        raise ValueError(f"must be an analogue output from ao0 to ao3, not {name!r}")
    return name


def _dotted(name: str) -> str:
    if "." not in name or not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"must be a driver's dotted name, like instruments.magnet.Magnet, not {name!r}")
    return name


NO_CHANNEL: Final = "must be a channel of a supply, like main_supply.ch2, or a source of its own, not"


def _channel(name: str) -> str:
    if name.count(".") > 1 or not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"{NO_CHANNEL} {name!r}")
    return name


Channel = Annotated[str, AfterValidator(_channel)]
"""Of a supply, by the name that this supply has under `instruments`; or a source that has one channel only."""


class InstrumentSection(Section):
    """One instrument, as QCoDeS's Station reads it."""

    type: Annotated[str, AfterValidator(_dotted)]
    address: str | None = None
    port: Whole | None = None
    enable_forced_reconnect: bool | None = None
    init: dict[str, Any] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    add_parameters: dict[str, Any] = Field(default_factory=dict)


class SafeStateSection(Section):
    """How the bench is left when the program ends, or its guardian ends it."""

    magnet: Literal["ramped", "held"] = "ramped"


class TerminalsSection(Section):
    """Where the counter listens; which terminals there are, its driver says."""

    photons: str
    gate_signal: str
    gate_reference: str


class SteeringSection(Section):
    x: Annotated[str, AfterValidator(_output)]
    y: Annotated[str, AfterValidator(_output)]


class CoilsSection(Section):
    """Which channel of which supply feeds each pulsed coil; older files do not say, and mean these."""

    shift: Channel = "main_supply.ch2"
    gradient: Channel = "pulsed_supply.ch1"
    compensation: Channel = "pulsed_supply.ch2"


class WiringSection(Wiring):
    """What the experiments know of the wiring, and what opening the instruments needs of it."""

    terminals: TerminalsSection | None = None
    """None for a counter whose inputs are fixed."""
    steering: SteeringSection
    coils: CoilsSection = CoilsSection()


class StationModel(Section):
    """The whole file."""

    instruments: dict[str, InstrumentSection]
    limits: Limits
    paths: Paths
    safe_state: SafeStateSection = SafeStateSection()
    wiring: WiringSection
    guesses: Guesses


SECTIONS: Final[dict[tuple[str, ...], type[Section]]] = {
    (): StationModel,
    ("limits",): Limits,
    ("paths",): Paths,
    ("safe_state",): SafeStateSection,
    ("wiring",): WiringSection,
    ("wiring", "lines"): LinesSection,
    ("wiring", "terminals"): TerminalsSection,
    ("wiring", "steering"): SteeringSection,
    ("wiring", "coils"): CoilsSection,
    ("guesses",): Guesses,
}
"""Path -> its section, so that a message can say which keys there are."""


def fed(coils: Mapping[str, Any]) -> dict[str, str]:
    """Pulsed coil -> the channel that feeds it, by what the section `wiring.coils` says, and by default else."""
    said = {coil: coils.get(coil, field.default) for coil, field in CoilsSection.model_fields.items()}
    return {coil: channel for coil, channel in said.items() if isinstance(channel, str)}


def section_at(path: tuple[str, ...]) -> type[Section] | None:
    """Which section a path leads to; None if that is no section."""
    return InstrumentSection if path[:1] == ("instruments",) and len(path) == 2 else SECTIONS.get(path)
