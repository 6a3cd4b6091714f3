"""The data sheet of the card, and the names of its channels and terminals."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nidaqmx.error_codes import DAQmxErrors

from simulated_instruments.nidaq.refusals import Refusal, not_served

COUNTER_INPUTS: Final = ("PFI8", "PFI3", "PFI0", "PFI5")
"""Where each counter looks for edges unless it is told."""
DIGITAL_START: Final = "do/StartTrigger"


@dataclass(frozen=True)
class Model:
    """What the card is."""

    name: str = "Dev1"
    product_type: str = "PCIe-6363"
    serial: int = 0x01D3A6B2
    do_max_hz: float = 10e6
    do_min_hz: float = 0.02328
    """Slowest rate that the 100 MHz timebase divides down to with 32 bits."""
    finite_max: int = 2**32 - 1
    """Samples of one finite generation."""
    port0_lines: int = 32
    analogue_outputs: int = 4
    analogue_max_v: float = 10.0
    counters: int = 4
    pfi: int = 16

    @property
    def terminals(self) -> tuple[str, ...]:
        """Terminals that carry a signal on this bench, without the device."""
        return (*(f"PFI{k}" for k in range(self.pfi)), DIGITAL_START)


def terminal(model: Model, text: str) -> str:
    """`/Dev1/PFI8` or `PFI8` -> `PFI8`."""
    name = _without_device(model, text) if text.startswith("/") else text
    for known in model.terminals:
        if known.lower() == name.lower():
            return known
    raise Refusal(
        DAQmxErrors.INVALID_ROUTING_SOURCE_TERMINAL_NAME_ROUTING,
        "Source terminal to be routed could not be found on the device. Make sure the terminal name is valid for the "
        "specified device.",
        Device=model.name,
        Source_Terminal=text,
    )


def counter(model: Model, text: str) -> int:
    """`Dev1/ctr0` -> 0."""
    return _numbered(model, text, "ctr", model.counters)[0]


def analogue_outputs(model: Model, text: str) -> tuple[str, ...]:
    """`Dev1/ao0:1` -> ("ao0", "ao1")."""
    return tuple(f"ao{k}" for k in _numbered(model, text, "ao", model.analogue_outputs))


def port0_mask(model: Model, text: str) -> int:
    """`Dev1/port0/line0:7` -> 0xFF; `Dev1/port0` -> all its lines."""
    mask = 0
    for part in text.split(","):
        name = _without_device(model, part.strip())
        port, _, lines = name.partition("/")
        if port.lower() in ("port1", "port2"):
            raise not_served(f"{part.strip()} (static only, shared with the PFI terminals)", "Use lines of port0")
        if port.lower() != "port0":
            raise _no_channel(model, part)
        wanted = _range(lines, "line") if lines else range(model.port0_lines)
        if wanted is None or max(wanted) >= model.port0_lines:
            raise _no_channel(model, part)
        mask |= sum(1 << k for k in wanted)
    return mask


def check_device(model: Model, name: str) -> None:
    """Refuse a device that is not in the computer."""
    if name.lower() != model.name.lower():
        raise Refusal(DAQmxErrors.INVALID_DEVICE_ID, "Device identifier is invalid.", Device_Specified=name)


def _without_device(model: Model, text: str) -> str:
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
        found = _range(_without_device(model, part), kind)
        if found is None:
            raise _no_channel(model, part)
        yield from found


def _range(text: str, kind: str) -> range | None:
    match = re.fullmatch(rf"{kind}(\d+)(?::(?:{kind})?(\d+))?", text, re.IGNORECASE)
    if match is None:
        return None
    first, last = int(match[1]), int(match[2] or match[1])
    return range(min(first, last), max(first, last) + 1)


def _no_channel(model: Model, text: str) -> Refusal:
    return Refusal(
        DAQmxErrors.PHYSICAL_CHAN_DOES_NOT_EXIST,
        "Physical channel specified does not exist on this device. Refer to the documentation for channels available.",
        Device=model.name,
        Physical_Channel_Name=text.strip(),
    )
