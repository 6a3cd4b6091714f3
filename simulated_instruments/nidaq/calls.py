"""One gRPC call -> the card, as a table from the call's name to what answers it."""

from typing import Any, Final

import numpy as np
from nidaqmx._stubs import nidaqmx_pb2 as pb
from nidaqmx.constants import AcquisitionType, CountDirection, Edge, LineGrouping, TaskMode
from session_pb2 import Session

from simulated_instruments.nidaq.attributes import unknown
from simulated_instruments.nidaq.card import Card
from simulated_instruments.nidaq.model import analogue_outputs, check_device, counter, port0_mask
from simulated_instruments.nidaq.properties import PROPERTY_CALLS, Call, number
from simulated_instruments.nidaq.refusals import bad_value, not_served
from simulated_instruments.nidaq.tasks import Analogue, Channel, Edges, Lines, SampleClock

_VERSION: Final = {4722: 25, 6435: 5, 12066: 0}
"""Of the driver that the simulated server pretends to run: major, minor, update."""


# ---- the card itself -------------------------------------------------------------------------------------------


def _driver_version(_: Card, request: pb.GetSystemInfoAttributeUInt32Request) -> Any:
    if number(request) not in _VERSION:
        raise unknown("System", number(request))
    return pb.GetSystemInfoAttributeUInt32Response(value=_VERSION[number(request)])


def _device_names(card: Card, request: pb.GetSystemInfoAttributeStringRequest) -> Any:
    if number(request) != 6459:
        raise unknown("System", number(request))
    return pb.GetSystemInfoAttributeStringResponse(value=card.model.name)


def _device_text(card: Card, request: pb.GetDeviceAttributeStringRequest) -> Any:
    check_device(card.model, request.device_name)
    terminals = ", ".join(f"/{card.model.name}/{name}" for name in card.model.terminals)
    texts = {0x631: card.model.product_type, 0x2A40: terminals}
    if number(request) not in texts:
        raise unknown("Device", number(request))
    return pb.GetDeviceAttributeStringResponse(value=texts[number(request)])


def _device_serial(card: Card, request: pb.GetDeviceAttributeUInt32Request) -> Any:
    check_device(card.model, request.device_name)
    if number(request) != 0x632:
        raise unknown("Device", number(request))
    return pb.GetDeviceAttributeUInt32Response(value=card.model.serial)


def _device_rate(card: Card, request: pb.GetDeviceAttributeDoubleRequest) -> Any:
    check_device(card.model, request.device_name)
    if number(request) != 0x299A:
        raise unknown("Device", number(request))
    return pb.GetDeviceAttributeDoubleResponse(value=card.model.do_max_hz)


def _reset(card: Card, request: pb.ResetDeviceRequest) -> Any:
    check_device(card.model, request.device_name)
    card.reset()
    return pb.ResetDeviceResponse()


# ---- tasks and channels ----------------------------------------------------------------------------------------


def _create(card: Card, request: pb.CreateTaskRequest) -> Any:
    task = card.create(request.session_name)
    return pb.CreateTaskResponse(task=Session(name=task.name), new_session_initialized=True)


def _clear(card: Card, request: pb.ClearTaskRequest) -> Any:
    card.clear(card.task(request.task.name))
    return pb.ClearTaskResponse()


def _add(card: Card, task_name: str, name: str, channel: Channel) -> None:
    with card.changing(task_name) as task:
        task.add(name, channel)


def _lines(card: Card, request: pb.CreateDOChanRequest) -> Any:
    mask = port0_mask(card.model, request.lines)
    if (request.line_grouping or request.line_grouping_raw) != LineGrouping.CHAN_FOR_ALL_LINES.value:
        raise not_served("one channel per line", "Use LineGrouping.CHAN_FOR_ALL_LINES")
    _add(card, request.task.name, request.name_to_assign_to_lines or request.lines.replace(":", ".."), Lines(mask))
    return pb.CreateDOChanResponse()


def _voltage(card: Card, request: pb.CreateAOVoltageChanRequest) -> Any:
    most = card.model.analogue_max_v
    for name, volts in (("AO.Min", request.min_val), ("AO.Max", request.max_val)):
        if abs(volts) > most:
            raise bad_value(name, volts, Maximum_Value=most, Minimum_Value=-most)
    for output in analogue_outputs(card.model, request.physical_channel):
        channel = Analogue(output, max_v=request.max_val, min_v=request.min_val)
        _add(card, request.task.name, f"{card.model.name}/{output}", channel)
    return pb.CreateAOVoltageChanResponse()


def _edges(card: Card, request: pb.CreateCICountEdgesChanRequest) -> Any:
    channel = Edges(counter(card.model, request.counter), request.initial_count)
    _falls(request.edge or request.edge_raw)
    if (request.count_direction or request.count_direction_raw) != CountDirection.COUNT_UP.value:
        raise not_served("counting down", "Use CountDirection.COUNT_UP")
    _add(card, request.task.name, request.name_to_assign_to_channel or request.counter, channel)
    return pb.CreateCICountEdgesChanResponse()


def _sample_clock(card: Card, request: pb.CfgSampClkTimingRequest) -> Any:
    mode = request.sample_mode or request.sample_mode_raw
    if mode not in (AcquisitionType.FINITE.value, AcquisitionType.CONTINUOUS.value):
        raise not_served(f"sample mode {mode}", "Use FINITE or CONTINUOUS")
    clock = SampleClock(
        request.rate,
        request.source,
        _falls(request.active_edge or request.active_edge_raw),
        request.samps_per_chan if mode == AcquisitionType.FINITE.value else None,
    )
    with card.changing(request.task.name) as task:
        task.time_by(clock)
    return pb.CfgSampClkTimingResponse()


def _falls(edge: int) -> bool:
    if edge not in (Edge.RISING.value, Edge.FALLING.value):
        raise bad_value("edge", edge)
    return edge == int(Edge.FALLING.value)


def _start(card: Card, request: pb.StartTaskRequest) -> Any:
    card.start(card.task(request.task.name))
    return pb.StartTaskResponse()


def _stop(card: Card, request: pb.StopTaskRequest) -> Any:
    card.stop(card.task(request.task.name))
    return pb.StopTaskResponse()


def _control(card: Card, request: pb.TaskControlRequest) -> Any:
    action = request.action or request.action_raw
    if action not in {mode.value for mode in TaskMode}:
        raise bad_value("action", action)
    card.control(card.task(request.task.name), TaskMode(action))
    return pb.TaskControlResponse()


def _wait(card: Card, request: pb.WaitUntilTaskDoneRequest) -> Any:
    card.wait(card.task(request.task.name), request.time_to_wait)
    return pb.WaitUntilTaskDoneResponse()


def _is_done(card: Card, request: pb.IsTaskDoneRequest) -> Any:
    return pb.IsTaskDoneResponse(is_task_done=card.is_done(card.task(request.task.name)))


# ---- data ------------------------------------------------------------------------------------------------------


def _write_words(card: Card, request: pb.WriteDigitalU32Request) -> Any:
    words = np.fromiter(request.write_array, dtype=np.uint32, count=len(request.write_array))
    written = card.write_digital(card.task(request.task.name), words, request.auto_start)
    return pb.WriteDigitalU32Response(samps_per_chan_written=written)


def _write_word(card: Card, request: pb.WriteDigitalScalarU32Request) -> Any:
    word = np.array([request.value], dtype=np.uint32)
    card.write_digital(card.task(request.task.name), word, request.auto_start)
    return pb.WriteDigitalScalarU32Response()


def _write_volts(card: Card, request: pb.WriteAnalogF64Request) -> Any:
    card.write_analogue(card.task(request.task.name), list(request.write_array), request.auto_start)
    return pb.WriteAnalogF64Response(samps_per_chan_written=1)


def _write_volt(card: Card, request: pb.WriteAnalogScalarF64Request) -> Any:
    card.write_analogue(card.task(request.task.name), [request.value], request.auto_start)
    return pb.WriteAnalogScalarF64Response()


def _read(card: Card, request: Any) -> list[int]:
    return card.read_counter(card.task(request.task.name), request.num_samps_per_chan, request.timeout)


def _read_words(card: Card, request: pb.ReadCounterU32ExRequest) -> Any:
    counts = _read(card, request)
    return pb.ReadCounterU32ExResponse(read_array=counts, samps_per_chan_read=len(counts))


def _read_doubles(card: Card, request: pb.ReadCounterF64ExRequest) -> Any:
    counts = _read(card, request)
    return pb.ReadCounterF64ExResponse(read_array=counts, samps_per_chan_read=len(counts))


def _read_word(card: Card, request: pb.ReadCounterScalarU32Request) -> Any:
    (count,) = card.read_counter(card.task(request.task.name), 1, request.timeout)
    return pb.ReadCounterScalarU32Response(value=count)


def _read_double(card: Card, request: pb.ReadCounterScalarF64Request) -> Any:
    (count,) = card.read_counter(card.task(request.task.name), 1, request.timeout)
    return pb.ReadCounterScalarF64Response(value=count)


CALLS: Final[dict[str, Call]] = {
    **PROPERTY_CALLS,
    "GetSystemInfoAttributeUInt32": _driver_version,
    "GetSystemInfoAttributeString": _device_names,
    "GetDeviceAttributeString": _device_text,
    "GetDeviceAttributeUInt32": _device_serial,
    "GetDeviceAttributeDouble": _device_rate,
    "ResetDevice": _reset,
    "CreateTask": _create,
    "ClearTask": _clear,
    "CreateDOChan": _lines,
    "CreateAOVoltageChan": _voltage,
    "CreateCICountEdgesChan": _edges,
    "CfgSampClkTiming": _sample_clock,
    "StartTask": _start,
    "StopTask": _stop,
    "TaskControl": _control,
    "WaitUntilTaskDone": _wait,
    "IsTaskDone": _is_done,
    "WriteDigitalU32": _write_words,
    "WriteDigitalScalarU32": _write_word,
    "WriteAnalogF64": _write_volts,
    "WriteAnalogScalarF64": _write_volt,
    "ReadCounterU32Ex": _read_words,
    "ReadCounterF64Ex": _read_doubles,
    "ReadCounterScalarU32": _read_word,
    "ReadCounterScalarF64": _read_double,
}
"""Every call that the simulated server answers; any other is refused by name."""
