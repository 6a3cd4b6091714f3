"""The properties of a task that a client may set and read, by DAQmx's attribute numbers."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

from nidaqmx.constants import Edge, Level, RegenerationMode, TriggerType
from nidaqmx.error_codes import DAQmxErrors

from simulated_instruments.nidaq.refusals import Refusal, bad_value

Value = bool | int | str
Scope = Literal["Chan", "Trig", "Buffer", "Read", "Write"]


class Attr(IntEnum):
    """Numbers as in nidaqmx.h."""

    COUNT_EDGES_TERMINAL = 6343
    COUNT_EDGES_ACTIVE_EDGE = 1687
    PAUSE_TYPE = 4966
    PAUSE_SOURCE = 4985
    PAUSE_WHEN = 4992
    ARM_TYPE = 5140
    ARM_SOURCE = 5143
    ARM_EDGE = 5141
    OUTPUT_BUFFER_SIZE = 6253
    REGENERATION = 5203
    READ_AUTO_START = 6182


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


ATTRIBUTES: Final[dict[Attr, Attribute]] = {
    Attr.COUNT_EDGES_TERMINAL: Attribute("CI.CountEdges.Term", "Chan", ""),
    Attr.COUNT_EDGES_ACTIVE_EDGE: Attribute(
        "CI.CountEdges.ActiveEdge", "Chan", Edge.RISING.value, _values(Edge.RISING, Edge.FALLING)
    ),
    Attr.PAUSE_TYPE: Attribute(
        "PauseTrig.Type", "Trig", TriggerType.NONE.value, _values(TriggerType.NONE, TriggerType.DIGITAL_LEVEL)
    ),
    Attr.PAUSE_SOURCE: Attribute("DigLvl.PauseTrig.Src", "Trig", ""),
    Attr.PAUSE_WHEN: Attribute("DigLvl.PauseTrig.When", "Trig", Level.HIGH.value, _values(Level.HIGH, Level.LOW)),
    Attr.ARM_TYPE: Attribute(
        "ArmStartTrig.Type", "Trig", TriggerType.NONE.value, _values(TriggerType.NONE, TriggerType.DIGITAL_EDGE)
    ),
    Attr.ARM_SOURCE: Attribute("DigEdge.ArmStartTrig.Src", "Trig", ""),
    Attr.ARM_EDGE: Attribute(
        "DigEdge.ArmStartTrig.Edge", "Trig", Edge.RISING.value, _values(Edge.RISING, Edge.FALLING)
    ),
    Attr.OUTPUT_BUFFER_SIZE: Attribute("Buf.Output.BufSize", "Buffer", 0),
    Attr.REGENERATION: Attribute(
        "Write.RegenMode",
        "Write",
        RegenerationMode.ALLOW_REGENERATION.value,
        _values(RegenerationMode.ALLOW_REGENERATION, RegenerationMode.DONT_ALLOW_REGENERATION),
    ),
    Attr.READ_AUTO_START: Attribute("Read.AutoStart", "Read", True),
}


def attribute(number: int, scope: str) -> Attr:
    """The property of this number. Raises Refusal if the simulated card has none."""
    if number not in set(Attr) or ATTRIBUTES[Attr(number)].scope != scope:
        raise unknown(scope, number)
    return Attr(number)


def unknown(scope: str, number: int) -> Refusal:
    """A property that the simulated card does not have."""
    return Refusal(
        DAQmxErrors.ATTR_NOT_SUPPORTED,
        "Specified property is not supported by the device or is not applicable to the task.",
        Property=f"{scope} attribute {number} ({number:#x})",
    )


def checked(attr: Attr, value: Value) -> Value:
    """A value as the property keeps it. Raises Refusal if the property cannot have it."""
    spec = ATTRIBUTES[attr]
    if spec.allowed is not None and value not in spec.allowed:
        raise bad_value(spec.name, value)
    return value
