"""What the card tells of itself and of its physical channels (NI 6363 specifications, X Series user manual).

A property that is not listed here is refused by its name.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from nidaqmx.constants import (
    AcquisitionType,
    BusType,
    ProductCategory,
    TerminalConfiguration,
    UsageTypeAI,
    UsageTypeAO,
    UsageTypeCI,
    UsageTypeCO,
)
from nidaqmx.error_codes import DAQmxErrors

from simulated_instruments.nidaq.device.attributes import name_of, unknown
from simulated_instruments.nidaq.device.data_sheet import (
    Model,
    analogue_inputs,
    analogue_outputs,
    counters,
    digital_lines,
)
from simulated_instruments.nidaq.device.refusals import Refusal
from simulated_instruments.nidaq.device.terminals import full, others, simulated

Sheet = Mapping[str, Callable[[Model], Any]]

_RANGES_V: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_X_SERIES_TRIGGERS: Final = {"PAUSE": 0b10, "REFERENCE": 0b100, "START": 0b1000, "ARM_START": 0b100000}
"""Bits of the properties *_TRIG_USAGE."""


def _listed(names: Any) -> Callable[[Model], str]:
    return lambda model: ", ".join(f"{model.name}/{name}" for name in names(model))


def _lines(model: Model) -> list[str]:
    return [f"port{port}/line{line}" for port, width in enumerate(model.port_widths) for line in range(width)]


def _ports(model: Model) -> list[str]:
    return [f"port{port}" for port in range(len(model.port_widths))]


def _counters(model: Model) -> list[str]:
    return [f"ctr{k}" for k in range(model.counters)]


def _triggers(*kinds: str) -> Callable[[Model], int]:
    return lambda _: sum(_X_SERIES_TRIGGERS[kind] for kind in kinds)


def _numbers(*members: Any) -> Callable[[Model], list[int]]:
    return lambda _: [int(member.value) for member in members]


def _said(value: Any) -> Callable[[Model], Any]:
    return lambda _: value


_MODES: Final = _numbers(AcquisitionType.FINITE, AcquisitionType.CONTINUOUS, AcquisitionType.HW_TIMED_SINGLE_POINT)
_CI_TYPES: Final = _numbers(
    UsageTypeCI.COUNT_EDGES,
    UsageTypeCI.FREQUENCY,
    UsageTypeCI.PERIOD,
    UsageTypeCI.PULSE_WIDTH_DIGITAL,
    UsageTypeCI.PULSE_WIDTH_DIGITAL_SEMI_PERIOD,
    UsageTypeCI.PULSE_WIDTH_DIGITAL_TWO_EDGE_SEPARATION,
    UsageTypeCI.POSITION_ANGULAR_ENCODER,
    UsageTypeCI.POSITION_LINEAR_ENCODER,
    UsageTypeCI.PULSE_FREQ,
    UsageTypeCI.PULSE_TIME,
    UsageTypeCI.PULSE_TICKS,
)
_CO_TYPES: Final = _numbers(UsageTypeCO.PULSE_FREQUENCY, UsageTypeCO.PULSE_TIME, UsageTypeCO.PULSE_TICKS)
_AI_TYPES: Final = _numbers(UsageTypeAI.VOLTAGE)
_AO_TYPES: Final = _numbers(UsageTypeAO.VOLTAGE)

DEVICE: Final[Sheet] = {
    "PRODUCT_TYPE": lambda model: model.product_type,
    "PRODUCT_CATEGORY": lambda _: int(ProductCategory.X_SERIES_DAQ.value),
    "SERIAL_NUM": lambda model: model.serial,
    "IS_SIMULATED": _said(True),  # who asks is told the truth
    "BUS_TYPE": lambda _: int(BusType.PCIE.value),
    "NUM_DMA_CHANS": _said(8),
    "TERMINALS": lambda model: ", ".join(full(model, name) for name in (*simulated(model), *others(model))),
    "AI_PHYSICAL_CHANS": _listed(lambda model: [f"ai{k}" for k in range(model.analogue_inputs)]),
    "AO_PHYSICAL_CHANS": _listed(lambda model: [f"ao{k}" for k in range(model.analogue_outputs)]),
    "DI_LINES": _listed(_lines),
    "DO_LINES": _listed(_lines),
    "DI_PORTS": _listed(_ports),
    "DO_PORTS": _listed(_ports),
    "CI_PHYSICAL_CHANS": _listed(_counters),
    "CO_PHYSICAL_CHANS": _listed(lambda model: [*_counters(model), "freqout"]),
    "AI_MAX_SINGLE_CHAN_RATE": lambda model: model.ai_max_hz,
    "AI_MAX_MULTI_CHAN_RATE": lambda model: model.ai_total_hz,
    "AI_MIN_RATE": lambda model: model.slowest_hz,
    "AO_MAX_RATE": lambda model: model.ao_max_hz[0],
    "AO_MIN_RATE": lambda model: model.slowest_hz,
    "DI_MAX_RATE": lambda model: model.do_max_hz,
    "DO_MAX_RATE": lambda model: model.do_max_hz,
    "CI_MAX_TIMEBASE": lambda model: model.timebase_hz,
    "CO_MAX_TIMEBASE": lambda model: model.timebase_hz,
    "CI_MAX_SIZE": _said(32),
    "CO_MAX_SIZE": _said(32),
    "AI_VOLTAGE_RNGS": lambda _: [bound for v in _RANGES_V for bound in (-v, v)],
    "AO_VOLTAGE_RNGS": lambda _: [bound for v in (5.0, 10.0) for bound in (-v, v)],
    "ANLG_TRIG_SUPPORTED": _said(True),
    "DIG_TRIG_SUPPORTED": _said(True),
    "TIME_TRIG_SUPPORTED": _said(False),
    "TEDS_HWTEDS_SUPPORTED": _said(False),
    "AI_SIMULTANEOUS_SAMPLING_SUPPORTED": _said(False),
    "AO_SAMP_CLK_SUPPORTED": _said(True),
    "CI_SAMP_CLK_SUPPORTED": _said(True),
    "CO_SAMP_CLK_SUPPORTED": _said(True),
    "AI_SAMP_MODES": _MODES,
    "AO_SAMP_MODES": _MODES,
    "CI_SAMP_MODES": _MODES,
    "CO_SAMP_MODES": _MODES,
    "AI_SUPPORTED_MEAS_TYPES": _AI_TYPES,
    "AO_SUPPORTED_OUTPUT_TYPES": _AO_TYPES,
    "CI_SUPPORTED_MEAS_TYPES": _CI_TYPES,
    "CO_SUPPORTED_OUTPUT_TYPES": _CO_TYPES,
    "AI_TRIG_USAGE": _triggers("START", "REFERENCE", "PAUSE"),
    "AO_TRIG_USAGE": _triggers("START", "PAUSE"),
    "DI_TRIG_USAGE": _triggers("START", "REFERENCE", "PAUSE"),
    "DO_TRIG_USAGE": _triggers("START", "PAUSE"),
    "CI_TRIG_USAGE": _triggers("ARM_START", "PAUSE"),
    "CO_TRIG_USAGE": _triggers("START", "ARM_START", "PAUSE"),
}
_CONFIGURATIONS: Final = {
    TerminalConfiguration.RSE: 0b1,
    TerminalConfiguration.NRSE: 0b10,
    TerminalConfiguration.DIFF: 0b100,
}


def terminal_configurations(model: Model, number: int) -> list[TerminalConfiguration]:
    """Of an analogue input: the upper half of each 16 is the other end of a differential pair."""
    paired = number % 16 < 8 and number < model.analogue_inputs
    return [TerminalConfiguration.RSE, TerminalConfiguration.NRSE, *([TerminalConfiguration.DIFF] if paired else [])]


def of_device(model: Model, number: int) -> Any:
    """A property of the card. Raises Refusal for one that is not known."""
    name = name_of("Device", number)
    if name not in DEVICE:
        raise unknown("Device", number)
    return DEVICE[name](model)


def of_physical(model: Model, channel: str, number: int) -> Any:
    """A property of a physical channel. Raises Refusal for one that is not known."""
    name = name_of("PhysicalChan", number)
    told = _physical(model, channel)
    if name not in told:
        raise unknown("PhysicalChan", number)
    return told[name](model)


def _physical(model: Model, channel: str) -> Sheet:
    kind = channel.rpartition("/")[2].rstrip("0123456789").lower()
    if kind == "ai":
        (number,) = analogue_inputs(model, channel)
        wired = sum(_CONFIGURATIONS[one] for one in terminal_configurations(model, number))
        return {"PHYSICAL_CHAN_AI_TERM_CFGS": _said(wired), "PHYSICAL_CHAN_AI_SUPPORTED_MEAS_TYPES": _AI_TYPES}
    if kind == "ao":
        _ = analogue_outputs(model, channel)
        return {
            "PHYSICAL_CHAN_AO_TERM_CFGS": _said(_CONFIGURATIONS[TerminalConfiguration.RSE]),
            "PHYSICAL_CHAN_AO_SUPPORTED_OUTPUT_TYPES": _AO_TYPES,
        }
    if kind == "ctr":
        _ = counters(model, channel)
        return {
            "PHYSICAL_CHAN_CI_SUPPORTED_MEAS_TYPES": _CI_TYPES,
            "PHYSICAL_CHAN_CO_SUPPORTED_OUTPUT_TYPES": _CO_TYPES,
        }
    if kind in ("port", "line"):
        return _digital(model, channel)
    raise Refusal(
        DAQmxErrors.PHYSICAL_CHAN_DOES_NOT_EXIST,
        "Physical channel specified does not exist on this device.",
        Device=model.name,
        Physical_Channel_Name=channel,
    )


def _digital(model: Model, channel: str) -> Sheet:
    (named,) = digital_lines(model, channel)
    clocked = named.port == 0
    modes = _numbers(AcquisitionType.FINITE, AcquisitionType.CONTINUOUS) if clocked else _said([])
    width = model.port_widths[named.port]
    return {
        "PHYSICAL_CHAN_DI_PORT_WIDTH": _said(width),
        "PHYSICAL_CHAN_DO_PORT_WIDTH": _said(width),
        "PHYSICAL_CHAN_DI_SAMP_CLK_SUPPORTED": _said(clocked),
        "PHYSICAL_CHAN_DO_SAMP_CLK_SUPPORTED": _said(clocked),
        "PHYSICAL_CHAN_DI_CHANGE_DETECT_SUPPORTED": _said(True),
        "PHYSICAL_CHAN_DI_SAMP_MODES": modes,
        "PHYSICAL_CHAN_DO_SAMP_MODES": modes,
    }
