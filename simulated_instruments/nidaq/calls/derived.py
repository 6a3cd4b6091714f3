"""What a client may ask of a task beyond what it has set: names, types, rates, terminals, progress."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
from nidaqmx.constants import (
    AcquisitionType,
    Edge,
    FrequencyUnits,
    Level,
    SampleTimingType,
    TerminalConfiguration,
    TimeUnits,
    UsageTypeAI,
    UsageTypeAO,
    UsageTypeCI,
    UsageTypeCO,
    VoltageUnits,
)

from simulated_instruments.nidaq.calls.reading import available, default_count
from simulated_instruments.nidaq.card import Card
from simulated_instruments.nidaq.device.attributes import name_of, unknown
from simulated_instruments.nidaq.device.channels import (
    TICK_S,
    TYPES,
    Analogue,
    Channel,
    Edges,
    Gauge,
    Lines,
    Pulses,
    Voltage,
)
from simulated_instruments.nidaq.device.refusals import bad_value
from simulated_instruments.nidaq.device.tasks import State, Task
from simulated_instruments.nidaq.device.terminals import named
from simulated_instruments.nidaq.device.timing import convert_hz, fastest_hz
from simulated_instruments.nidaq.signals.acquired import ranged_v

OfTask = Callable[[Card, Task], Any]
OfChannel = Callable[[Any], Any]

_OUTPUT_TYPES: Final = {
    "FREQ": UsageTypeCO.PULSE_FREQUENCY,
    "TIME": UsageTypeCO.PULSE_TIME,
    "TICKS": UsageTypeCO.PULSE_TICKS,
}
_BY: Final = {
    "demand": SampleTimingType.ON_DEMAND,
    "clock": SampleTimingType.SAMPLE_CLOCK,
    "implicit": SampleTimingType.IMPLICIT,
}

# ---- channels ----------------------------------------------------------------------------------------------------

_OF_CHANNEL: Final[dict[type, dict[str, OfChannel]]] = {
    Lines: {"DO_NUM_LINES": lambda c: len(c.lines), "DI_NUM_LINES": lambda c: len(c.lines)},
    Analogue: {
        "AO_MAX": lambda c: c.max_v,
        "AO_MIN": lambda c: c.min_v,
        "AO_DAC_RNG_HIGH": lambda c: _dac_v(c),
        "AO_DAC_RNG_LOW": lambda c: -_dac_v(c),
        "AO_RESOLUTION": lambda _: 16.0,
        "AO_OUTPUT_TYPE": lambda _: UsageTypeAO.VOLTAGE.value,
        "AO_VOLTAGE_UNITS": lambda _: VoltageUnits.VOLTS.value,
        "AO_TERM_CFG": lambda _: TerminalConfiguration.RSE.value,
    },
    Voltage: {
        "AI_MAX": lambda c: c.max_v,
        "AI_MIN": lambda c: c.min_v,
        "AI_RNG_HIGH": lambda c: ranged_v(c),
        "AI_RNG_LOW": lambda c: -ranged_v(c),
        "AI_RESOLUTION": lambda _: 16.0,
        "AI_MEAS_TYPE": lambda _: UsageTypeAI.VOLTAGE.value,
        "AI_VOLTAGE_UNITS": lambda _: VoltageUnits.VOLTS.value,
        "AI_TERM_CFG": lambda c: c.wired_as,
    },
    Edges: {
        "CI_MEAS_TYPE": lambda _: UsageTypeCI.COUNT_EDGES.value,
        "CI_COUNT_EDGES_INITIAL_CNT": lambda c: c.initial,
        "CI_COUNT_EDGES_DIR": lambda _: 10128,  # up
    },
    Gauge: {
        "CI_MEAS_TYPE": lambda c: (UsageTypeCI.FREQUENCY if c.measures == "FREQ" else UsageTypeCI.PERIOD).value,
        "CI_MIN": lambda c: c.least,
        "CI_MAX": lambda c: c.most,
        "CI_FREQ_UNITS": lambda _: FrequencyUnits.HZ.value,
        "CI_PERIOD_UNITS": lambda _: TimeUnits.SECONDS.value,
    },
    Pulses: {
        "CO_OUTPUT_TYPE": lambda c: _OUTPUT_TYPES[c.said_in].value,
        "CO_PULSE_IDLE_STATE": lambda c: (Level.HIGH if c.idle_high else Level.LOW).value,
        "CO_PULSE_FREQ": lambda c: c.rate_hz,
        "CO_PULSE_DUTY_CYC": lambda c: c.duty,
        "CO_PULSE_FREQ_INITIAL_DELAY": lambda c: c.delay_ticks * TICK_S,
        "CO_PULSE_TIME_INITIAL_DELAY": lambda c: c.delay_ticks * TICK_S,
        "CO_PULSE_TICKS_INITIAL_DELAY": lambda c: c.delay_ticks,
        "CO_PULSE_HIGH_TIME": lambda c: c.high_ticks * TICK_S,
        "CO_PULSE_LOW_TIME": lambda c: c.low_ticks * TICK_S,
        "CO_PULSE_HIGH_TICKS": lambda c: c.high_ticks,
        "CO_PULSE_LOW_TICKS": lambda c: c.low_ticks,
        "CO_CTR_TIMEBASE_RATE": lambda _: 1.0 / TICK_S,
        "CO_PULSE_FREQ_UNITS": lambda _: FrequencyUnits.HZ.value,
        "CO_PULSE_TIME_UNITS": lambda _: TimeUnits.SECONDS.value,
    },
}


def _dac_v(channel: Analogue) -> float:
    """The card has two ranges; it takes the smaller one that is enough."""
    return 5.0 if max(abs(channel.max_v), abs(channel.min_v)) <= 5.0 else 10.0


def of_channel(card: Card, task: Task, channel_names: str, number: int) -> Any:
    """A property of a channel, of the first if several are asked."""
    name = name_of("Chan", number)
    channel_name, channel = next(iter(task.named(channel_names).items()))
    if name == "CHAN_TYPE":
        return TYPES[channel.kind]
    if name == "PHYSICAL_CHAN_NAME":
        return _physical(card, channel)
    if name == "CHAN_DESCR":
        return ""
    if name == "CI_COUNT" and isinstance(channel, Edges):
        return _count(card, task, channel_name)
    if name == "CO_PULSE_DONE" and isinstance(channel, Pulses):
        return task.state is not State.RUNNING or card.running.done_at(task) <= card.clock.now()
    found = _OF_CHANNEL[type(channel)].get(name)
    if found is None or not _concerns(name, channel):
        raise unknown("Chan", number)
    return found(channel)


_BOUNDS: Final = {"AO_MAX": "max_v", "AO_MIN": "min_v", "AI_MAX": "max_v", "AI_MIN": "min_v"}


def set_bound(card: Card, task: Task, channel_names: str, number: int, volts: float) -> bool:
    """Set what is expected at most or at least at voltage channels; whether this property is one of these.

    That the maximum is greater than the minimum is seen to when the task is verified: they are set one after the other.
    """
    bound = _BOUNDS.get(name_of("Chan", number))
    if bound is None:
        return False
    most = card.model.analogue_max_v
    if not abs(volts) <= most:
        raise bad_value(name_of("Chan", number), volts, Maximum_Value=most, Minimum_Value=-most)
    for name, channel in task.named(channel_names).items():
        if not _concerns(name_of("Chan", number), channel):
            raise unknown("Chan", number)
        task.exchange(name, replace(channel, **{bound: volts}))  # type: ignore[arg-type]
    return True


def _concerns(name: str, channel: Channel) -> bool:
    """Whether a property is of an input or an output, of a frequency or a period."""
    if isinstance(channel, Gauge) and name.endswith("_UNITS"):
        return name.startswith(f"CI_{channel.measures}")
    return name.startswith(channel.kind.upper())


def _physical(card: Card, channel: Channel) -> str:
    return ", ".join(f"{card.model.name}/{name}" for name in channel.physical)


def _count(card: Card, task: Task, name: str) -> int:
    with card.lock:
        card.running.look()
        tallies = card.running.tallies.get(task)
        return tallies[list(task.channels).index(name)].value(card.clock.now()) if tallies else 0


# ---- timing ------------------------------------------------------------------------------------------------------


def _clock_source(card: Card, task: Task) -> str:
    if not task.timing.on_board:
        return named(card.model, task.timing.source)
    return f"/{card.model.name}/{task.kind}/SampleClockTimebase"


_TIMING: Final[dict[str, OfTask]] = {
    "SAMP_QUANT_SAMP_MODE": lambda _, task: (
        (AcquisitionType.FINITE if task.timing.finite else AcquisitionType.CONTINUOUS).value
    ),
    "SAMP_QUANT_SAMP_PER_CHAN": lambda _, task: task.timing.per_channel,
    "SAMP_TIMING_TYPE": lambda _, task: _BY[task.timing.by].value,
    "SAMP_CLK_RATE": lambda card, task: task.rate_hz(card.model),
    "SAMP_CLK_MAX_RATE": lambda card, task: fastest_hz(card.model, task.kind, len(task.channels)),
    "SAMP_CLK_SRC": _clock_source,
    "SAMP_CLK_TERM": lambda card, task: f"/{card.model.name}/{task.kind}/SampleClock",
    "SAMP_CLK_ACTIVE_EDGE": lambda _, task: (Edge.FALLING if task.timing.falling else Edge.RISING).value,
    "SAMP_CLK_TIMEBASE_SRC": lambda card, _: f"/{card.model.name}/100MHzTimebase",
    "SAMP_CLK_TIMEBASE_RATE": lambda card, _: card.model.timebase_hz,
    "SAMP_CLK_TIMEBASE_TERM": lambda card, task: f"/{card.model.name}/{task.kind}/SampleClockTimebase",
    "SAMP_CLK_TIMEBASE_ACTIVE_EDGE": lambda _, _task: Edge.RISING.value,
    "SAMP_CLK_TIMEBASE_DIV": lambda card, task: round(card.model.timebase_hz / task.rate_hz(card.model)),
    "AI_CONV_MAX_RATE": lambda card, _: card.model.ai_total_hz,
    "AI_CONV_RATE": lambda card, task: convert_hz(card.model, task.rate_hz(card.model), len(task.channels)),
    "AI_CONV_SRC": lambda card, _: f"/{card.model.name}/ai/ConvertClockTimebase",
    "AI_CONV_ACTIVE_EDGE": lambda _, _task: Edge.RISING.value,
    "SAMP_CLK_DIG_FLTR_ENABLE": lambda _, _task: False,
    "SAMP_CLK_DIG_SYNC_ENABLE": lambda _, _task: False,
    "FIRST_SAMP_TIMESTAMP_ENABLE": lambda _, _task: False,
    "ON_DEMAND_SIMULTANEOUS_AO_ENABLE": lambda _, _task: False,
}
_OF_CLOCKS: Final = frozenset(name for name in _TIMING if name.startswith("SAMP_CLK"))


def of_timing(card: Card, task: Task, number: int) -> Any:
    """A property of the timing, whether it was set or not."""
    name, _ = name_of("Timing", number), task.first
    no_clock = name in _OF_CLOCKS and task.kind in ("ci", "co") and not task.clock
    not_its_own = task.kind != {"AI": "ai", "ON": "ao"}.get(name[:2], task.kind)
    if name not in _TIMING or no_clock or not_its_own:
        raise unknown("Timing", number)
    return _TIMING[name](card, task)


def set_timing(task: Task, number: int, value: Any) -> None:
    """Set a property of the timing."""
    name = name_of("Timing", number)
    match name:
        case "SAMP_QUANT_SAMP_MODE":
            task.retime(finite=_one_of(name, value, {AcquisitionType.FINITE: True, AcquisitionType.CONTINUOUS: False}))
        case "SAMP_QUANT_SAMP_PER_CHAN":
            task.retime(per_channel=int(value))
        case "SAMP_TIMING_TYPE":
            task.retime(by=_one_of(name, value, {kind: by for by, kind in _BY.items()}))
        case "SAMP_CLK_RATE":
            task.retime(rate_hz=float(value), by="clock")
        case "SAMP_CLK_SRC":
            task.retime(source=str(value), by="clock")
        case "SAMP_CLK_ACTIVE_EDGE":
            task.retime(falling=_one_of(name, value, {Edge.RISING: False, Edge.FALLING: True}))
        case _:
            raise unknown("Timing", number)


_DEFAULTS: Final[dict[str, Any]] = {
    "SAMP_QUANT_SAMP_MODE": AcquisitionType.CONTINUOUS.value,
    "SAMP_QUANT_SAMP_PER_CHAN": 1000,
    "SAMP_CLK_RATE": 1000.0,
    "SAMP_CLK_SRC": "",
    "SAMP_CLK_ACTIVE_EDGE": Edge.RISING.value,
    "SAMP_TIMING_TYPE": SampleTimingType.ON_DEMAND.value,
}


def reset_timing(task: Task, number: int) -> None:
    """A property of the timing, back to its default."""
    set_timing(task, number, _DEFAULTS.get(name_of("Timing", number)))


def _one_of(name: str, value: int, meanings: dict[Any, Any]) -> Any:
    for member, meaning in meanings.items():
        if member.value == value:
            return meaning
    raise bad_value(name, value)


# ---- the others --------------------------------------------------------------------------------------------------


def _most_lines(task: Task) -> int:
    return max((len(channel.lines) for channel in task.lines), default=0)


def _names(_: Card, task: Task) -> str:
    return ", ".join(task.channels)


def _position(card: Card, task: Task) -> int:
    taking = card.running.inputs.get(task)
    return taking.taken if taking else 0


def _written(_: Card, task: Task) -> int:
    return 0 if task.buffer is None else int(np.shape(task.buffer)[-1])


def _width(task: Task) -> int:
    return {"ai": 2, "ao": 2}.get(task.kind, 4)


_OF_TASK: Final[dict[tuple[str, str], OfTask]] = {
    ("Task", "NAME"): lambda _, task: task.name,
    ("Task", "CHANNELS"): _names,
    ("Task", "NUM_CHANS"): lambda _, task: len(task.channels),
    ("Task", "DEVICES"): lambda card, task: card.model.name if task.channels else "",
    ("Task", "NUM_DEVICES"): lambda _, task: int(bool(task.channels)),
    ("Task", "COMPLETE"): lambda card, task: card.is_done(task),
    ("Read", "CHANNELS_TO_READ"): _names,
    ("Read", "NUM_CHANS"): lambda _, task: len(task.channels),
    ("Read", "AVAIL_SAMP_PER_CHAN"): available,
    ("Read", "DEFAULT_NUMBER_OF_SAMPLES_TO_READ"): default_count,
    ("Read", "DIGITAL_LINES_BYTES_PER_CHAN"): lambda _, task: _most_lines(task),
    ("Read", "RAW_DATA_WIDTH"): lambda _, task: _width(task),
    ("Read", "TOTAL_SAMP_PER_CHAN_ACQUIRED"): lambda card, task: card.passed(task),
    ("Write", "TOTAL_SAMP_PER_CHAN_GENERATED"): lambda card, task: card.passed(task),
    ("Read", "CURR_READ_POS"): _position,
    ("Read", "OVERLOADED_CHANS_EXIST"): lambda _, _task: False,
    ("Write", "NUM_CHANS"): lambda _, task: len(task.channels),
    ("Write", "DIGITAL_LINES_BYTES_PER_CHAN"): lambda _, task: _most_lines(task),
    ("Write", "RAW_DATA_WIDTH"): lambda _, task: _width(task),
    ("Write", "CURR_WRITE_POS"): _written,
    ("Trig", "START_TRIG_TERM"): lambda card, task: task.began(card.model),
}
"""What a client may ask and cannot set."""


def of_task(scope: str, number: int) -> OfTask | None:
    """How a property of the task is found that a client cannot set; None if this is none."""
    return _OF_TASK.get((scope, name_of(scope, number)))
