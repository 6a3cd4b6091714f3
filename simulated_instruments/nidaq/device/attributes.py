"""The properties of a task that a client may set and read, by DAQmx's attribute numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Literal

from nidaqmx._stubs import nidaqmx_pb2 as pb
from nidaqmx.constants import Edge, Level, RegenerationMode, TriggerType
from nidaqmx.error_codes import DAQmxErrors

from simulated_instruments.nidaq.device.refusals import Refusal, bad_value

Value = bool | int | float | str
Scope = Literal["Chan", "Trig", "Buffer", "Read", "Write", "Timing", "Task", "Device", "PhysicalChan", "SystemInfo"]


class Attr(IntEnum):
    """Numbers as in nidaqmx.h."""

    COUNT_EDGES_TERMINAL = 6343
    COUNT_EDGES_ACTIVE_EDGE = 1687
    FREQ_TERMINAL = 6306
    FREQ_STARTING_EDGE = 1945
    PERIOD_TERMINAL = 6308
    PERIOD_STARTING_EDGE = 2130
    PULSE_TERMINAL = 6369
    PAUSE_TYPE = 4966
    PAUSE_SOURCE = 4985
    PAUSE_WHEN = 4992
    START_TYPE = 5011
    START_SOURCE = 5127
    START_EDGE = 5124
    ARM_TYPE = 5140
    ARM_SOURCE = 5143
    ARM_EDGE = 5141
    INPUT_BUFFER_SIZE = 6252
    OUTPUT_BUFFER_SIZE = 6253
    REGENERATION = 5203
    READ_AUTO_START = 6182
    READ_ALL_AVAILABLE = 4629


TERMINALS: Final = frozenset(
    {
        Attr.COUNT_EDGES_TERMINAL,
        Attr.FREQ_TERMINAL,
        Attr.PERIOD_TERMINAL,
        Attr.PULSE_TERMINAL,
        Attr.PAUSE_SOURCE,
        Attr.START_SOURCE,
        Attr.ARM_SOURCE,
    }
)
"""Those that are terminals: the driver tells them as `/Dev1/PFI4`, however they were set."""


@dataclass(frozen=True)
class Attribute:
    """One property."""

    name: str
    scope: Scope
    default: Value
    """Its value on a new task; its type is that of the property."""
    allowed: frozenset[int] | None = None
    """Enumeration values that the property takes; None for any."""


def _values(*members: IntEnum | Edge | Level | RegenerationMode | TriggerType) -> frozenset[int]:
    return frozenset(int(m.value) for m in members)


def _edge(name: str, scope: Scope) -> Attribute:
    return Attribute(name, scope, Edge.RISING.value, _values(Edge.RISING, Edge.FALLING))


ATTRIBUTES: Final[dict[Attr, Attribute]] = {
    Attr.COUNT_EDGES_TERMINAL: Attribute("CI.CountEdges.Term", "Chan", ""),
    Attr.COUNT_EDGES_ACTIVE_EDGE: _edge("CI.CountEdges.ActiveEdge", "Chan"),
    Attr.FREQ_TERMINAL: Attribute("CI.Freq.Term", "Chan", ""),
    Attr.FREQ_STARTING_EDGE: _edge("CI.Freq.StartingEdge", "Chan"),
    Attr.PERIOD_TERMINAL: Attribute("CI.Period.Term", "Chan", ""),
    Attr.PERIOD_STARTING_EDGE: _edge("CI.Period.StartingEdge", "Chan"),
    Attr.PULSE_TERMINAL: Attribute("CO.Pulse.Term", "Chan", ""),
    Attr.PAUSE_TYPE: Attribute(
        "PauseTrig.Type", "Trig", TriggerType.NONE.value, _values(TriggerType.NONE, TriggerType.DIGITAL_LEVEL)
    ),
    Attr.PAUSE_SOURCE: Attribute("DigLvl.PauseTrig.Src", "Trig", ""),
    Attr.PAUSE_WHEN: Attribute("DigLvl.PauseTrig.When", "Trig", Level.HIGH.value, _values(Level.HIGH, Level.LOW)),
    Attr.START_TYPE: Attribute(
        "StartTrig.Type", "Trig", TriggerType.NONE.value, _values(TriggerType.NONE, TriggerType.DIGITAL_EDGE)
    ),
    Attr.START_SOURCE: Attribute("DigEdge.StartTrig.Src", "Trig", ""),
    Attr.START_EDGE: _edge("DigEdge.StartTrig.Edge", "Trig"),
    Attr.ARM_TYPE: Attribute(
        "ArmStartTrig.Type", "Trig", TriggerType.NONE.value, _values(TriggerType.NONE, TriggerType.DIGITAL_EDGE)
    ),
    Attr.ARM_SOURCE: Attribute("DigEdge.ArmStartTrig.Src", "Trig", ""),
    Attr.ARM_EDGE: _edge("DigEdge.ArmStartTrig.Edge", "Trig"),
    Attr.INPUT_BUFFER_SIZE: Attribute("Buf.Input.BufSize", "Buffer", 0),
    Attr.OUTPUT_BUFFER_SIZE: Attribute("Buf.Output.BufSize", "Buffer", 0),
    Attr.REGENERATION: Attribute(
        "Write.RegenMode",
        "Write",
        RegenerationMode.ALLOW_REGENERATION.value,
        _values(RegenerationMode.ALLOW_REGENERATION, RegenerationMode.DONT_ALLOW_REGENERATION),
    ),
    Attr.READ_AUTO_START: Attribute("Read.AutoStart", "Read", True),
    Attr.READ_ALL_AVAILABLE: Attribute("Read.ReadAllAvailSamp", "Read", False),
}

_ENUMS: Final[dict[Scope, str]] = {
    "Chan": "Channel",
    "Trig": "Trigger",
    "Buffer": "Buffer",
    "Read": "Read",
    "Write": "Write",
    "Timing": "Timing",
    "Task": "Task",
    "Device": "Device",
    "PhysicalChan": "PhysicalChannel",
    "SystemInfo": "System",
}
_INTERNAL: Final = {("Read", 0x31E8): "DEFAULT_NUMBER_OF_SAMPLES_TO_READ"}
"""Asked for by nidaqmx, and in no enumeration."""


def _names(prefix: str) -> Mapping[int, str]:
    enums = [e for name, e in pb.DESCRIPTOR.enum_types_by_name.items() if _is_of(name, prefix)]
    return {v.number: v.name.split("_ATTRIBUTE_", 1)[-1] for e in enums for v in e.values if v.number}


def _is_of(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and name.endswith("Attribute") and not name.endswith("ResetAttribute")


NAMES: Final[dict[str, Mapping[int, str]]] = {scope: _names(prefix) for scope, prefix in _ENUMS.items()}
"""Name of every property that NI's service knows, by scope and number."""


def name_of(scope: str, number: int) -> str:
    """E.g. CI_COUNT_EDGES_TERM; empty for a number that NI's service does not know."""
    return _INTERNAL.get((scope, number), "") or NAMES[scope].get(number, "")


def attribute(number: int, scope: str) -> Attr:
    """The property of this number. Raises Refusal if the simulated card has none."""
    if number not in set(Attr) or ATTRIBUTES[Attr(number)].scope != scope:
        raise unknown(scope, number)
    return Attr(number)


def unknown(scope: str, number: int) -> Refusal:
    """A property that the simulated card does not have."""
    name = name_of(scope, number)
    simulated = f"{name} of {scope}: not simulated, or not for this task. " if name else ""
    return Refusal(
        DAQmxErrors.ATTR_NOT_SUPPORTED,
        f"{simulated}Specified property is not supported by the device or is not applicable to the task.",
        Property=f"{scope} attribute {number} ({number:#x})",
    )


def checked(attr: Attr, value: Value) -> Value:
    """A value as the property keeps it. Raises Refusal if the property cannot have it."""
    spec = ATTRIBUTES[attr]
    if spec.allowed is not None and value not in spec.allowed:
        raise bad_value(spec.name, value)
    return value


def raw(request: Any) -> int:
    """The attribute's number in a request, given as an enumeration value or raw."""
    return int(request.attribute or request.attribute_raw)
