"""The data sheet of the card, and the names of its channels."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nidaqmx.error_codes import DAQmxErrors

from simulated_instruments.nidaq.device.refusals import Refusal


@dataclass(frozen=True)
class Model:
    """What the card is (NI 6363 specifications, X Series user manual)."""

    name: str = "Dev1"
    product_type: str = "PCIe-6363"
    serial: int = 0x01D3A6B2
    timebase_hz: float = 100e6
    """All sample clocks are divided down from it."""
    do_max_hz: float = 10e6
    ao_max_hz: tuple[float, ...] = (100e6 / 35, 2e6, 100e6 / 65, 1.25e6)
    """With so many channels, from one."""
    ai_max_hz: float = 2e6
    ai_total_hz: float = 1e6
    """Of all channels together, if there are several."""
    slowest_hz: float = 0.02328
    """That the timebase divides down to with 32 bits."""
    finite_max: int = 2**32 - 1
    """Samples of one finite generation."""
    port_widths: tuple[int, ...] = (32, 8, 8)
    analogue_inputs: int = 32
    analogue_outputs: int = 4
    analogue_max_v: float = 10.0
    counters: int = 4
    pfi: int = 16


def counters(model: Model, text: str) -> tuple[int, ...]:
    """`Dev1/ctr0:1` -> (0, 1)."""
    return tuple(_numbered(model, text, "ctr", model.counters))


def analogue_outputs(model: Model, text: str) -> tuple[int, ...]:
    """`Dev1/ao0:1` -> (0, 1)."""
    return tuple(_numbered(model, text, "ao", model.analogue_outputs))


def analogue_inputs(model: Model, text: str) -> tuple[int, ...]:
    """`Dev1/ai0:3` -> (0, 1, 2, 3)."""
    return tuple(_numbered(model, text, "ai", model.analogue_inputs))


@dataclass(frozen=True)
class Named:
    """Lines of one port, as one part of a list names them."""

    port: int
    lines: tuple[int, ...]
    whole: bool
    """Named as a port."""


def digital_lines(model: Model, text: str) -> tuple[Named, ...]:
    """`Dev1/port0/line0:7` -> its lines; `Dev1/port0` -> all of them; also lists of these."""
    return tuple(_of_port(model, part) for part in text.split(","))


def _of_port(model: Model, part: str) -> Named:
    name = without_device(model, part.strip())
    port_name, _, line_names = name.partition("/")
    ports = _range(port_name, "port")
    if ports is None or len(ports) != 1 or ports[0] >= len(model.port_widths):
        raise _no_channel(model, part)
    width = model.port_widths[ports[0]]
    lines = _range(line_names, "line") if line_names else range(width)
    if lines is None or max(lines) >= width:
        raise _no_channel(model, part)
    return Named(ports[0], tuple(lines), not line_names)


def check_device(model: Model, name: str) -> None:
    """Refuse a device that is not in the computer."""
    if name.lower() != model.name.lower():
        raise Refusal(DAQmxErrors.INVALID_DEVICE_ID, "Device identifier is invalid.", Device_Specified=name)


def without_device(model: Model, text: str) -> str:
    """`/Dev1/ao0` -> `ao0`. Raises Refusal for another device."""
    device, _, rest = text.strip().lstrip("/").partition("/")
    check_device(model, device)
    return rest


def _numbered(model: Model, text: str, kind: str, limit: int) -> list[int]:
    numbers = list(_each(model, text, kind))
    if not numbers or max(numbers) >= limit:
        raise _no_channel(model, text)
    return numbers


def _each(model: Model, text: str, kind: str) -> Iterator[int]:
    for part in text.split(","):
        found = _range(without_device(model, part), kind)
        if found is None:
            raise _no_channel(model, part)
        yield from found


def _range(text: str, kind: str) -> range | None:
    match = re.fullmatch(rf"{kind}(\d+)(?::(?:{kind})?(\d+))?", text, re.IGNORECASE)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2] or match[1])
    return range(first, last + 1) if first <= last else range(first, last - 1, -1)


def _no_channel(model: Model, text: str) -> Refusal:
    return Refusal(
        DAQmxErrors.PHYSICAL_CHAN_DOES_NOT_EXIST,
        "Physical channel specified does not exist on this device. Refer to the documentation for channels available.",
        Device=model.name,
        Physical_Channel_Name=text.strip(),
    )
