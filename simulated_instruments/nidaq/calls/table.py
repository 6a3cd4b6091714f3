"""One gRPC call -> the card, as a table from the call's name to what answers it."""

from typing import Any, Final

import numpy as np
from nidaqmx._stubs import nidaqmx_pb2 as pb
from nidaqmx.error_codes import DAQmxErrors, DAQmxWarnings

from simulated_instruments.nidaq.calls.events import EVENT_CALLS
from simulated_instruments.nidaq.calls.properties import PROPERTY_CALLS, Call
from simulated_instruments.nidaq.calls.reading import read_counters, read_volts, read_words
from simulated_instruments.nidaq.calls.tasks_and_channels import CHANNEL_CALLS
from simulated_instruments.nidaq.calls.waveforms import WAVEFORM_CALLS
from simulated_instruments.nidaq.calls.writing import BY_SCAN, write_levels, write_volts, write_words
from simulated_instruments.nidaq.card import Card
from simulated_instruments.nidaq.device.attributes import name_of, raw, unknown
from simulated_instruments.nidaq.device.data_sheet import check_device
from simulated_instruments.nidaq.device.refusals import Refusal

_VERSION: Final = {4722: 25, 6435: 5, 12066: 0}
"""Of the driver that the simulated server pretends to run: major, minor, update."""
_SYSTEM: Final = {"GLOBAL_CHANS": "", "SCALES": "", "TASKS": ""}
"""Nothing is stored on this computer."""


# ---- the card itself -------------------------------------------------------------------------------------------


def _driver_version(_: Card, request: pb.GetSystemInfoAttributeUInt32Request) -> Any:
    if raw(request) not in _VERSION:
        raise unknown("SystemInfo", raw(request))
    return pb.GetSystemInfoAttributeUInt32Response(value=_VERSION[raw(request)])


def _system_names(card: Card, request: pb.GetSystemInfoAttributeStringRequest) -> Any:
    names = {**_SYSTEM, "DEV_NAMES": card.model.name}
    name = name_of("SystemInfo", raw(request))
    if name not in names:
        raise unknown("SystemInfo", raw(request))
    return pb.GetSystemInfoAttributeStringResponse(value=names[name])


def _error_string(_: Card, request: pb.GetErrorStringRequest) -> Any:
    """A sentence of the error's own name: NI's texts are NI's. Empty for a number that is none of the driver's."""
    code = int(request.error_code)
    known = {int(one.value): one.name for one in (*DAQmxErrors, *DAQmxWarnings)}
    words = known.get(code, "").replace("_", " ").capitalize()
    return pb.GetErrorStringResponse(error_string=f"{words}.\n\nStatus Code: {code}" if words else "")


def _reset(card: Card, request: pb.ResetDeviceRequest) -> Any:
    check_device(card.model, request.device_name)
    card.reset()
    return pb.ResetDeviceResponse()


def _self_test(card: Card, request: pb.SelfTestDeviceRequest) -> Any:
    check_device(card.model, request.device_name)
    return pb.SelfTestDeviceResponse()


# ---- writing ---------------------------------------------------------------------------------------------------


def _layout(request: Any) -> int:
    return int(request.data_layout or request.data_layout_raw)


def _words_written(card: Card, request: Any, values: Any) -> int:
    task = card.task(request.task.name)
    return write_words(card, task, values, _layout(request), request.auto_start)


def _write_u32(card: Card, request: pb.WriteDigitalU32Request) -> Any:
    words = np.fromiter(request.write_array, dtype=np.uint32, count=len(request.write_array))
    return pb.WriteDigitalU32Response(samps_per_chan_written=_words_written(card, request, words))


def _write_u16(card: Card, request: pb.WriteDigitalU16Request) -> Any:
    words = np.fromiter(request.write_array, dtype=np.uint32, count=len(request.write_array))
    return pb.WriteDigitalU16Response(samps_per_chan_written=_words_written(card, request, words))


def _write_u8(card: Card, request: pb.WriteDigitalU8Request) -> Any:
    words = np.frombuffer(request.write_array, dtype=np.uint8).astype(np.uint32)
    return pb.WriteDigitalU8Response(samps_per_chan_written=_words_written(card, request, words))


def _write_word(card: Card, request: pb.WriteDigitalScalarU32Request) -> Any:
    word = np.array([request.value], dtype=np.uint32)
    write_words(card, card.task(request.task.name), word, 0, request.auto_start)
    return pb.WriteDigitalScalarU32Response()


def _write_lines(card: Card, request: pb.WriteDigitalLinesRequest) -> Any:
    levels = np.frombuffer(request.write_array, dtype=np.uint8)
    written = write_levels(card, card.task(request.task.name), levels, _layout(request), request.auto_start)
    return pb.WriteDigitalLinesResponse(samps_per_chan_written=written)


def _write_volts(card: Card, request: pb.WriteAnalogF64Request) -> Any:
    volts = np.fromiter(request.write_array, dtype=np.float64, count=len(request.write_array))
    written = write_volts(card, card.task(request.task.name), volts, _layout(request), request.auto_start)
    return pb.WriteAnalogF64Response(samps_per_chan_written=written)


def _write_volt(card: Card, request: pb.WriteAnalogScalarF64Request) -> Any:
    write_volts(card, card.task(request.task.name), np.array([request.value]), 0, request.auto_start)
    return pb.WriteAnalogScalarF64Response()


# ---- reading ---------------------------------------------------------------------------------------------------


def _flat(rows: Any, request: Any) -> Any:
    """(channels, samples) in the order that the request wants."""
    table = np.asarray(rows)
    by_scan = int(getattr(request, "fill_mode", 0) or getattr(request, "fill_mode_raw", 0)) == BY_SCAN
    return (table.swapaxes(0, 1) if by_scan else table).ravel()


def _counts(card: Card, request: Any, count: int) -> list[list[float]]:
    return read_counters(card, card.task(request.task.name), count, request.timeout)


def _read_counters(name: str, whole: bool) -> Call:
    def call(card: Card, request: Any) -> Any:
        rows = _counts(card, request, request.num_samps_per_chan)
        values = _flat(rows, request).tolist()
        answer = [int(value) for value in values] if whole else values
        return getattr(pb, f"{name}Response")(read_array=answer, samps_per_chan_read=len(rows[0]))

    return call


def _read_word(card: Card, request: pb.ReadCounterScalarU32Request) -> Any:
    ((count,),) = _counts(card, request, 1)
    return pb.ReadCounterScalarU32Response(value=int(count))


def _read_double(card: Card, request: pb.ReadCounterScalarF64Request) -> Any:
    ((count,),) = _counts(card, request, 1)
    return pb.ReadCounterScalarF64Response(value=count)


def _words(card: Card, request: Any, count: int) -> list[Any]:
    return list(read_words(card, card.task(request.task.name), count, request.timeout))


def _read_digital(name: str, width: int) -> Call:
    def call(card: Card, request: Any) -> Any:
        rows = _words(card, request, request.num_samps_per_chan)
        values = _flat(rows, request)
        _check_width(values, width)
        answer = values.astype(np.uint8).tobytes() if width == 8 else values.tolist()
        return getattr(pb, f"{name}Response")(read_array=answer, samps_per_chan_read=len(rows[0]))

    return call


def _check_width(values: Any, width: int) -> None:
    if len(values) and int(values.max()) >> width:
        raise Refusal(
            DAQmxErrors.NUM_LINES_MISMATCH_IN_READ_OR_WRITE,
            "The lines of the channel do not fit into the data type of this read. Use a wider one.",
            Bits=width,
        )


def _read_scalar_word(card: Card, request: pb.ReadDigitalScalarU32Request) -> Any:
    return pb.ReadDigitalScalarU32Response(value=int(_words(card, request, 1)[0][0]))


def _read_lines(card: Card, request: pb.ReadDigitalLinesRequest) -> Any:
    task = card.task(request.task.name)
    rows = read_words(card, task, request.num_samps_per_chan, request.timeout)
    width = max(len(channel.lines) for channel in task.lines)
    levels = np.zeros((len(rows), len(rows[0]), width), dtype=np.uint8)
    for at, (row, channel) in enumerate(zip(rows, task.lines, strict=True)):
        for k, line in enumerate(channel.lines):
            levels[at, :, k] = row >> np.uint32(line) & np.uint32(1)
    return pb.ReadDigitalLinesResponse(
        read_array=_flat(levels, request).tobytes(), samps_per_chan_read=len(rows[0]), num_bytes_per_samp=width
    )


def _read_volts(card: Card, request: pb.ReadAnalogF64Request) -> Any:
    rows = read_volts(card, card.task(request.task.name), request.num_samps_per_chan, request.timeout)
    return pb.ReadAnalogF64Response(read_array=_flat(rows, request), samps_per_chan_read=len(rows[0]))


def _read_volt(card: Card, request: pb.ReadAnalogScalarF64Request) -> Any:
    rows = read_volts(card, card.task(request.task.name), 1, request.timeout)
    return pb.ReadAnalogScalarF64Response(value=float(rows[0][0]))


CALLS: Final[dict[str, Call]] = {
    **PROPERTY_CALLS,
    **CHANNEL_CALLS,
    **EVENT_CALLS,
    **WAVEFORM_CALLS,
    "GetSystemInfoAttributeUInt32": _driver_version,
    "GetSystemInfoAttributeString": _system_names,
    "GetErrorString": _error_string,
    "ResetDevice": _reset,
    "SelfTestDevice": _self_test,
    "WriteDigitalU32": _write_u32,
    "WriteDigitalU16": _write_u16,
    "WriteDigitalU8": _write_u8,
    "WriteDigitalScalarU32": _write_word,
    "WriteDigitalLines": _write_lines,
    "WriteAnalogF64": _write_volts,
    "WriteAnalogScalarF64": _write_volt,
    "ReadCounterU32": _read_counters("ReadCounterU32", whole=True),
    "ReadCounterU32Ex": _read_counters("ReadCounterU32Ex", whole=True),
    "ReadCounterF64": _read_counters("ReadCounterF64", whole=False),
    "ReadCounterF64Ex": _read_counters("ReadCounterF64Ex", whole=False),
    "ReadCounterScalarU32": _read_word,
    "ReadCounterScalarF64": _read_double,
    "ReadDigitalU8": _read_digital("ReadDigitalU8", 8),
    "ReadDigitalU16": _read_digital("ReadDigitalU16", 16),
    "ReadDigitalU32": _read_digital("ReadDigitalU32", 32),
    "ReadDigitalScalarU32": _read_scalar_word,
    "ReadDigitalLines": _read_lines,
    "ReadAnalogF64": _read_volts,
    "ReadAnalogScalarF64": _read_volt,
}
"""Every call that the simulated server answers; any other is refused by name."""
