"""What station.yaml may contain: sections, keys, types and ranges. Reading it is `station_file`'s."""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from sequences.pulses.program import LINES

ROLES: Final = (
    "main_supply", "pulsed_supply", "microwave", "green_laser", "aom", "ni_card", "pulse_generator", "photon_counter",
    "magnet", "depletion_beam",
)  # fmt: skip
"""Instruments that the lab asks for by name; others may be there if one of these is built on them."""
REFERENCES: Final = ("x", "y", "main", "laser", "aom", "card")
"""Keys under `init` whose value names another instrument, or a part of it: main_supply.ch1."""

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Whole = Annotated[int, Field(strict=True)]
Row = tuple[Number, Number, Number]

TERMINALS: Final = tuple(f"PFI{k}" for k in range(16))
OUTPUTS: Final = tuple(f"ao{k}" for k in range(4))


def _terminal(name: str) -> str:
    if name not in TERMINALS:
        raise ValueError(f"must be a terminal from PFI0 to PFI15, not {name!r}")
    return name


def _output(name: str) -> str:
    if name not in OUTPUTS:
        raise ValueError(f"must be an analogue output from ao0 to ao3, not {name!r}")
    return name


def _dotted(name: str) -> str:
    if "." not in name or not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"must be a driver's dotted name, like instruments.magnet.Magnet, not {name!r}")
    return name


class Section(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InstrumentSection(Section):
    """One instrument, as QCoDeS's Station reads it."""

    type: Annotated[str, AfterValidator(_dotted)]
    address: str | None = None
    port: Whole | None = None
    enable_forced_reconnect: bool | None = None
    init: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    add_parameters: dict[str, Any] = {}


class LimitsSection(Section):
    """Limits across instruments; the ranges are those of the default instruments."""

    main_a: Annotated[Positive, Field(le=3.03)]
    trim_a: Annotated[Positive, Field(le=0.2)]
    pulsed_a: Annotated[Positive, Field(le=0.105)]
    ramp_a_per_s: Annotated[Positive, Field(le=10)]
    microwave_dbm: Annotated[Number, Field(ge=-110, le=16.5)]
    green_mw: Annotated[Positive, Field(le=1000)]
    depletion_mw: Annotated[Positive, Field(le=20000)]
    count_rate_cps: Annotated[Positive, Field(le=25e6)]
    sample_green_mw: Annotated[Positive, Field(le=1000)]
    sample_doughnut_mw: Annotated[Positive, Field(le=20000)]
    sample_light_mw: Annotated[Positive, Field(le=20000)]
    antenna_mw: Annotated[Positive, Field(le=1e5)]
    pulsed_w: Annotated[Positive, Field(le=100)]
    pulsed_a_per_us: Annotated[Positive, Field(le=100)]
    magnet_w: Annotated[Positive, Field(le=1000)]
    suspend_for_s: Annotated[Number, Field(ge=0, le=604800)]
    trip_rest_s: Annotated[Number, Field(ge=0, le=86400)]


class PathsSection(Section):
    """What lies between instruments and sample, antenna, coils: see sequences.lab.Paths."""

    green_throughput: Annotated[Positive, Field(le=1)]
    doughnut_throughput: Annotated[Positive, Field(le=1)]
    microwave_gain_db: Annotated[Number, Field(ge=-100, le=100)]
    main_ohm: Positive
    trim_ohm: Positive
    shift_ohm: Positive
    gradient_ohm: Positive
    compensation_ohm: Positive
    pulsed_rise_us: Positive


class SafeStateSection(Section):
    """How the bench is left when the program ends, or its guardian ends it."""

    magnet: Literal["ramped", "held"] = "ramped"


class TerminalsSection(Section):
    photons: Annotated[str, AfterValidator(_terminal)]
    gate_signal: Annotated[str, AfterValidator(_terminal)]
    gate_reference: Annotated[str, AfterValidator(_terminal)]


class SteeringSection(Section):
    x: Annotated[str, AfterValidator(_output)]
    y: Annotated[str, AfterValidator(_output)]


Line = Annotated[int, Field(strict=True, ge=0, le=31)]
_LINE_FIELDS: Final[dict[str, Any]] = dict.fromkeys(LINES, (Line, ...))
LinesSection = create_model("LinesSection", __base__=Section, **_LINE_FIELDS)


class WiringSection(Section):
    tick_ns: Annotated[int, Field(strict=True, ge=100, le=200, multiple_of=100)]
    """In longer ones the fixed parts of the programs, 1600 ns of reading for instance, cannot be played."""
    lines: LinesSection  # type: ignore[valid-type]  # made from the list of roles
    terminals: TerminalsSection
    steering: SteeringSection


class GuessesSection(Section):
    """First guesses: see sequences.lab.Guesses."""

    coil_matrix_mt_per_a: tuple[Row, Row, Row]
    shift_mt_per_a: Number
    gradient_ut_per_nm_per_a: Number
    compensation_mt_per_a: Number
    rabi_mhz_at_0dbm: Positive
    pump_fidelity: Annotated[float, Field(strict=True, ge=0.5, le=1)]
    pump_fidelity_err: Share
    doughnut_radius_nm: Positive
    pair_separation_nm: Positive
    cr_half_width_khz: Positive
    c13_percent: Annotated[Positive, Field(le=100)]
    bath_spins: Positive


class StationModel(Section):
    """The whole file."""

    instruments: dict[str, InstrumentSection]
    limits: LimitsSection
    paths: PathsSection
    safe_state: SafeStateSection = SafeStateSection()
    wiring: WiringSection
    guesses: GuessesSection


SECTIONS: Final[dict[tuple[str, ...], type[Section]]] = {
    (): StationModel,
    ("limits",): LimitsSection,
    ("paths",): PathsSection,
    ("safe_state",): SafeStateSection,
    ("wiring",): WiringSection,
    ("wiring", "lines"): LinesSection,
    ("wiring", "terminals"): TerminalsSection,
    ("wiring", "steering"): SteeringSection,
    ("guesses",): GuessesSection,
}
"""Path -> its section, so that a message can say which keys there are."""


def section_at(path: tuple[str, ...]) -> type[Section] | None:
    """Which section a path leads to; None if that is no section."""
    return InstrumentSection if path[:1] == ("instruments",) and len(path) == 2 else SECTIONS.get(path)
