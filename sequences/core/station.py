"""What station.yaml tells the experiments: its limits, paths, guesses and wiring, each with the range it may have.

The file is read into these models, and a Lab carries them: nothing is copied between the two. What only the opening of
instruments needs is `labctl.config.schema`'s.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, GetPydanticSchema, PlainSerializer, create_model
from pydantic_core.core_schema import no_info_after_validator_function

from sequences.pulses.program import LINES

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Row = tuple[Number, Number, Number]


class Section(BaseModel):
    """A mapping whose keys are all known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(Section):
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
    """Means of a repeat of a program from here on: `sequences.core.power_budget`."""
    sample_doughnut_mw: Annotated[Positive, Field(le=20000)]
    sample_light_mw: Annotated[Positive, Field(le=20000)]
    """Both beams together."""
    antenna_mw: Annotated[Positive, Field(le=1e5)]
    pulsed_w: Annotated[Positive, Field(le=100)]
    """Heat in each pulsed coil."""
    pulsed_a_per_us: Annotated[Positive, Field(le=100)]
    magnet_w: Annotated[Positive, Field(le=1000)]
    """Heat in the three coils of the magnet together."""
    suspend_for_s: Annotated[Number, Field(ge=0, le=604800)]
    """Laboratory time for which a run waits until an interlock is closed, a trip has cooled down, a carrier holds."""
    trip_rest_s: Annotated[Number, Field(ge=0, le=86400)]
    """Laboratory time that a coil whose supply tripped is left without current."""


class Paths(Section):
    """What lies between the instruments and the sample, the antenna and the coils."""

    green_throughput: Annotated[Positive, Field(le=1)]
    """From the green laser's head to the sample, its AOM apart."""
    doughnut_throughput: Annotated[Positive, Field(le=1)]
    """From behind its AOM to the sample."""
    microwave_gain_db: Annotated[Number, Field(ge=-100, le=100)]
    """From the generator to the antenna: amplifier, cables and switches."""
    main_ohm: Positive
    trim_ohm: Positive
    shift_ohm: Positive
    gradient_ohm: Positive
    compensation_ohm: Positive
    pulsed_rise_us: Positive
    """In which a pulse line switches its coil's current."""


class Guesses(Section):
    """First guesses: nominal values that the sequences start from and then measure."""

    coil_matrix_mt_per_a: tuple[Row, Row, Row]
    """Rows lab x, y, z; columns trim x, trim y, main."""
    shift_mt_per_a: Number
    gradient_ut_per_nm_per_a: Number
    compensation_mt_per_a: Number
    rabi_mhz_at_0dbm: Positive
    pump_fidelity: Annotated[float, Field(strict=True, ge=0.5, le=1)]
    """Spin polarisation by optical pumping, P(0): no measurement of this bench separates it from the contrast."""
    pump_fidelity_err: Share
    doughnut_radius_nm: Positive
    pair_separation_nm: Positive
    cr_half_width_khz: Positive
    c13_percent: Annotated[Positive, Field(le=100)]
    bath_spins: Positive


_LINE_FIELDS: Final[dict[str, Any]] = dict.fromkeys(LINES, (Annotated[int, Field(strict=True, ge=0)], ...))
LinesSection: Final[type[Section]] = create_model("LinesSection", __base__=Section, **_LINE_FIELDS)
"""Every line that a program may raise -> the channel of the pulse source that drives it."""
Lines = Annotated[
    Mapping[str, int],
    GetPydanticSchema(lambda _type, handler: no_info_after_validator_function(dict, handler(LinesSection))),
    PlainSerializer(dict),
]
"""Checked key by key like any section, and then a plain mapping: roles are looked up by name."""


class Wiring(Section):
    """Line <-> role, and the grid of the pattern."""

    tick_ns: Annotated[int, Field(strict=True, ge=1, le=200)]
    """That of the pulse source, which is asked when it is open; plans are held to it before. In a longer one pulses and
    read-outs are too coarse."""
    lines: Lines
    """pump, depletion, mw_x, mw_y, shift, gradient, gate_signal, gate_reference -> channel of the pulse source."""
