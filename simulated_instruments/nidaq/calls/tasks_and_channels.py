"""The calls that make tasks and channels, and that time, trigger, start and stop them."""

from typing import Any, Final

from nidaqmx._stubs import nidaqmx_pb2 as pb
from nidaqmx.constants import (
    AcquisitionType,
    CountDirection,
    Edge,
    FrequencyUnits,
    Level,
    LineGrouping,
    TaskMode,
    TerminalConfiguration,
    TimeUnits,
    TriggerType,
    VoltageUnits,
)
from nidaqmx.error_codes import DAQmxErrors
from session_pb2 import Session

from simulated_instruments.nidaq.calls.properties import Call
from simulated_instruments.nidaq.card import Card
from simulated_instruments.nidaq.device.attributes import Attr
from simulated_instruments.nidaq.device.channels import TICK_S, Analogue, Channel, Edges, Gauge, Lines, Pulses, Voltage
from simulated_instruments.nidaq.device.data_sheet import (
    Named,
    analogue_inputs,
    analogue_outputs,
    counters,
    digital_lines,
)
from simulated_instruments.nidaq.device.refusals import Refusal, bad_value, not_simulated
from simulated_instruments.nidaq.device.specifications import terminal_configurations
from simulated_instruments.nidaq.device.terminals import TIMEBASES_HZ, terminal
from simulated_instruments.nidaq.device.timing import Timing
from simulated_instruments.nidaq.device.verifying import check_bounds

_MOST_TICKS: Final = 2**32 - 1
_FEWEST_TICKS: Final = 2


def _create(card: Card, request: pb.CreateTaskRequest) -> Any:
    task, is_new = card.create(request.session_name, request.initialization_behavior)
    return pb.CreateTaskResponse(task=Session(name=task.name), new_session_initialized=is_new)


def _clear(card: Card, request: pb.ClearTaskRequest) -> Any:
    card.clear(card.task(request.task.name))
    return pb.ClearTaskResponse()


def _chosen(request: Any, field: str) -> int:
    """A value that may come as enumeration or raw."""
    return int(getattr(request, field) or getattr(request, f"{field}_raw"))


def _add(card: Card, request: Any, given: str, made: list[tuple[str, Channel]]) -> list[str]:
    """Add channels, named as NI names them: by the name that is given, numbered if there are several."""
    names = [given if len(made) == 1 else f"{given}{k}" for k in range(len(made))]
    with card.changing(request.task.name) as task:
        called = names if given else [f"{card.model.name}/{physical}" for physical, _ in made]
        for name, (_, channel) in zip(called, made, strict=True):
            task.add(name, channel)
    return called


def _only(request: Any, field: str, allowed: Any, what: str) -> None:
    if _chosen(request, field) not in (0, allowed.value):
        raise not_simulated(what, f"Use {allowed}")


# ---- digital -----------------------------------------------------------------------------------------------------


def _digital(card: Card, request: Any, output: bool) -> None:
    parts = digital_lines(card.model, request.lines)
    if output and any(part.port for part in parts):
        raise not_simulated(
            f"{request.lines}: outputs of port1 and port2, which share the PFI terminals", "Use lines of port0"
        )
    if _chosen(request, "line_grouping") == LineGrouping.CHAN_FOR_ALL_LINES.value:
        made = _together(parts, output)
    else:
        made = _apart(parts, output)
    _add(card, request, request.name_to_assign_to_lines, made)


def _together(parts: tuple[Named, ...], output: bool) -> list[tuple[str, Channel]]:
    if len({part.port for part in parts}) > 1:
        raise not_simulated("A channel over lines of several ports", "Use one channel for each port")
    lines = tuple(line for part in parts for line in part.lines)
    first = f"port{parts[0].port}" + ("" if parts[0].whole else f"/line{lines[0]}")
    alone = len(parts) == 1 and (parts[0].whole or len(lines) == 1)
    return [(first if alone else f"{first}...", Lines(parts[0].port, lines, output))]


def _apart(parts: tuple[Named, ...], output: bool) -> list[tuple[str, Channel]]:
    if any(part.whole for part in parts):
        raise Refusal(
            DAQmxErrors.INVALID_LINE_GROUPING,
            "Ports cannot be separated into channels of one line. Name the lines, or group all of them in one channel.",
        )
    lines = [(part.port, line) for part in parts for line in part.lines]
    return [(f"port{port}/line{line}", Lines(port, (line,), output)) for port, line in lines]


def _outputs(card: Card, request: pb.CreateDOChanRequest) -> Any:
    _digital(card, request, output=True)
    return pb.CreateDOChanResponse()


def _inputs(card: Card, request: pb.CreateDIChanRequest) -> Any:
    _digital(card, request, output=False)
    return pb.CreateDIChanResponse()


# ---- analogue ----------------------------------------------------------------------------------------------------


def _check_range(card: Card, request: Any, kind: str) -> None:
    most = card.model.analogue_max_v
    for name, volts in (("Min", request.min_val), ("Max", request.max_val)):
        if not abs(volts) <= most:
            raise bad_value(f"{kind}.{name}", volts, Maximum_Value=most, Minimum_Value=-most)
    check_bounds(request.min_val, request.max_val)
    _only(request, "units", VoltageUnits.VOLTS, "A custom scale")


def _voltage_out(card: Card, request: pb.CreateAOVoltageChanRequest) -> Any:
    _check_range(card, request, "AO")
    numbers = analogue_outputs(card.model, request.physical_channel)
    made = [(f"ao{k}", Analogue(k, max_v=request.max_val, min_v=request.min_val)) for k in numbers]
    _add(card, request, request.name_to_assign_to_channel, list(made))
    return pb.CreateAOVoltageChanResponse()


def _voltage_in(card: Card, request: pb.CreateAIVoltageChanRequest) -> Any:
    _check_range(card, request, "AI")
    made: list[tuple[str, Channel]] = []
    for k in analogue_inputs(card.model, request.physical_channel):
        wired_as = _wired(card, k, _chosen(request, "terminal_config"))
        made.append((f"ai{k}", Voltage(k, request.max_val, request.min_val, wired_as)))
    _add(card, request, request.name_to_assign_to_channel, made)
    return pb.CreateAIVoltageChanResponse()


def _wired(card: Card, number: int, asked: int) -> int:
    able = [int(one.value) for one in terminal_configurations(card.model, number)]
    if asked == int(TerminalConfiguration.DEFAULT.value):
        return able[-1] if len(able) == 3 else int(TerminalConfiguration.RSE.value)
    if asked not in able:
        raise bad_value("AI.TermCfg", asked, Channel=f"{card.model.name}/ai{number}", Possible_Values=able)
    return asked


# ---- counters ----------------------------------------------------------------------------------------------------


def _numbers(card: Card, request: Any) -> tuple[int, ...]:
    return counters(card.model, request.counter)


def _edges(card: Card, request: pb.CreateCICountEdgesChanRequest) -> Any:
    falling = _falls(_chosen(request, "edge"))
    if _chosen(request, "count_direction") != CountDirection.COUNT_UP.value:
        raise not_simulated("Counting down", "Use CountDirection.COUNT_UP")
    made = [(f"ctr{k}", Edges(k, request.initial_count)) for k in _numbers(card, request)]
    names = _add(card, request, request.name_to_assign_to_channel, list(made))
    _mark(card, request, names, Attr.COUNT_EDGES_ACTIVE_EDGE, falling)
    return pb.CreateCICountEdgesChanResponse()


def _mark(card: Card, request: Any, names: list[str], attr: Attr, falling: bool) -> None:
    with card.changing(request.task.name) as task:
        for name in names:
            task.put(name, attr, int((Edge.FALLING if falling else Edge.RISING).value))


def _frequency(card: Card, request: pb.CreateCIFreqChanRequest) -> Any:
    _only(request, "units", FrequencyUnits.HZ, "Frequency in ticks or with a scale")
    _gauge(card, request, "FREQ")
    return pb.CreateCIFreqChanResponse()


def _period(card: Card, request: pb.CreateCIPeriodChanRequest) -> Any:
    _only(request, "units", TimeUnits.SECONDS, "Periods in ticks or with a scale")
    _gauge(card, request, "PERIOD")
    return pb.CreateCIPeriodChanResponse()


def _gauge(card: Card, request: Any, measures: Any) -> None:
    falling = _falls(_chosen(request, "edge"))
    check_bounds(request.min_val, request.max_val)
    made = [(f"ctr{k}", Gauge(k, measures, request.min_val, request.max_val)) for k in _numbers(card, request)]
    names = _add(card, request, request.name_to_assign_to_channel, list(made))
    _mark(card, request, names, Attr.FREQ_STARTING_EDGE if measures == "FREQ" else Attr.PERIOD_STARTING_EDGE, falling)


def _pulses_by_frequency(card: Card, request: pb.CreateCOPulseChanFreqRequest) -> Any:
    if not request.freq > 0:
        raise bad_value("CO.Pulse.Freq", request.freq)
    if not 0 < request.duty_cycle < 1:
        raise bad_value("CO.Pulse.DutyCyc", request.duty_cycle, Maximum_Value=1.0, Minimum_Value=0.0)
    period = round(1.0 / (request.freq * TICK_S))
    high = round(period * request.duty_cycle)
    _pulses(card, request, "FREQ", (period - high, high, round(request.initial_delay / TICK_S)))
    return pb.CreateCOPulseChanFreqResponse()


def _pulses_by_time(card: Card, request: pb.CreateCOPulseChanTimeRequest) -> Any:
    times_s = (request.low_time, request.high_time, request.initial_delay)
    low, high, delay = (round(time_s / TICK_S) for time_s in times_s)
    _pulses(card, request, "TIME", (low, high, delay))
    return pb.CreateCOPulseChanTimeResponse()


def _pulses_by_ticks(card: Card, request: pb.CreateCOPulseChanTicksRequest) -> Any:
    source = terminal(card.model, request.source_terminal) if request.source_terminal else "100MHzTimebase"
    if source not in TIMEBASES_HZ:
        raise not_simulated(f"Pulses in ticks of {request.source_terminal}", "Use a timebase")
    each = round(1.0 / (TICK_S * TIMEBASES_HZ[source]))
    _pulses(card, request, "TICKS", (each * request.low_ticks, each * request.high_ticks, each * request.initial_delay))
    return pb.CreateCOPulseChanTicksResponse()


def _pulses(card: Card, request: Any, said_in: Any, ticks: tuple[int, int, int]) -> None:
    low, high, delay = ticks
    for name, value in (("LowTicks", low), ("HighTicks", high)):
        if not _FEWEST_TICKS <= value <= _MOST_TICKS:
            raise bad_value(f"CO.Pulse.{name}", value, Maximum_Value=_MOST_TICKS, Minimum_Value=_FEWEST_TICKS)
    idle_high = _chosen(request, "idle_state") == Level.HIGH.value
    made = [(f"ctr{k}", Pulses(k, said_in, low, high, max(delay, 0), idle_high)) for k in _numbers(card, request)]
    _add(card, request, request.name_to_assign_to_channel, list(made))


# ---- timing and triggers -----------------------------------------------------------------------------------------


def _mode(request: Any) -> bool:
    mode = _chosen(request, "sample_mode")
    if mode not in (AcquisitionType.FINITE.value, AcquisitionType.CONTINUOUS.value):
        raise not_simulated("Hardware-timed single point", "Use FINITE or CONTINUOUS")
    return mode == int(AcquisitionType.FINITE.value)


def _sample_clock(card: Card, request: pb.CfgSampClkTimingRequest) -> Any:
    falling = _falls(_chosen(request, "active_edge"))
    timing = Timing("clock", request.rate, request.source, falling, _mode(request), request.samps_per_chan)
    with card.changing(request.task.name) as task:
        task.time_by(timing)
    return pb.CfgSampClkTimingResponse()


def _implicit(card: Card, request: pb.CfgImplicitTimingRequest) -> Any:
    with card.changing(request.task.name) as task:
        task.time_by(Timing("implicit", finite=_mode(request), per_channel=request.samps_per_chan))
    return pb.CfgImplicitTimingResponse()


def _start_trigger(card: Card, request: pb.CfgDigEdgeStartTrigRequest) -> Any:
    edge = Edge.FALLING if _falls(_chosen(request, "trigger_edge")) else Edge.RISING
    with card.changing(request.task.name) as task:
        task[Attr.START_TYPE] = int(TriggerType.DIGITAL_EDGE.value)
        task[Attr.START_SOURCE] = request.trigger_source
        task[Attr.START_EDGE] = int(edge.value)
    return pb.CfgDigEdgeStartTrigResponse()


def _no_start_trigger(card: Card, request: pb.DisableStartTrigRequest) -> Any:
    with card.changing(request.task.name) as task:
        task[Attr.START_TYPE] = int(TriggerType.NONE.value)
    return pb.DisableStartTrigResponse()


def _falls(edge: int) -> bool:
    if edge not in (Edge.RISING.value, Edge.FALLING.value):
        raise bad_value("edge", edge)
    return edge == int(Edge.FALLING.value)


# ---- states ------------------------------------------------------------------------------------------------------


def _start(card: Card, request: pb.StartTaskRequest) -> Any:
    card.start(card.task(request.task.name))
    return pb.StartTaskResponse()


def _stop(card: Card, request: pb.StopTaskRequest) -> Any:
    card.stop(card.task(request.task.name))
    return pb.StopTaskResponse()


def _control(card: Card, request: pb.TaskControlRequest) -> Any:
    action = _chosen(request, "action")
    if action not in {mode.value for mode in TaskMode}:
        raise bad_value("action", action)
    card.control(card.task(request.task.name), TaskMode(action))
    return pb.TaskControlResponse()


def _wait(card: Card, request: pb.WaitUntilTaskDoneRequest) -> Any:
    card.wait(card.task(request.task.name), request.time_to_wait)
    return pb.WaitUntilTaskDoneResponse()


def _is_done(card: Card, request: pb.IsTaskDoneRequest) -> Any:
    return pb.IsTaskDoneResponse(is_task_done=card.is_done(card.task(request.task.name)))


CHANNEL_CALLS: Final[dict[str, Call]] = {
    "CreateTask": _create,
    "ClearTask": _clear,
    "CreateDOChan": _outputs,
    "CreateDIChan": _inputs,
    "CreateAOVoltageChan": _voltage_out,
    "CreateAIVoltageChan": _voltage_in,
    "CreateCICountEdgesChan": _edges,
    "CreateCIFreqChan": _frequency,
    "CreateCIPeriodChan": _period,
    "CreateCOPulseChanFreq": _pulses_by_frequency,
    "CreateCOPulseChanTime": _pulses_by_time,
    "CreateCOPulseChanTicks": _pulses_by_ticks,
    "CfgSampClkTiming": _sample_clock,
    "CfgImplicitTiming": _implicit,
    "CfgDigEdgeStartTrig": _start_trigger,
    "DisableStartTrig": _no_start_trigger,
    "StartTask": _start,
    "StopTask": _stop,
    "TaskControl": _control,
    "WaitUntilTaskDone": _wait,
    "IsTaskDone": _is_done,
}
