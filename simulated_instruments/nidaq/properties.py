"""The calls that set, get and reset the properties of a task, made from the table of attributes."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from nidaqmx._stubs import nidaqmx_pb2 as pb
from nidaqmx.constants import ChannelType, UsageTypeCI

from simulated_instruments.nidaq.attributes import Scope, Value, attribute
from simulated_instruments.nidaq.card import Card
from simulated_instruments.nidaq.tasks import Analogue, Channel, Edges, Lines, Task

Call = Callable[[Card, Any], Any]
"""Request -> response: messages of NI's service."""

_SETTABLE: Final[dict[Scope, tuple[str, ...]]] = {
    "Chan": ("Bool", "Int32", "String", "UInt32"),
    "Trig": ("Bool", "Int32", "String"),
    "Buffer": ("UInt32",),
    "Read": ("Bool", "Int32"),
    "Write": ("Bool", "Int32"),
}
_READABLE: Final[dict[str, tuple[str, ...]]] = {
    "Chan": _SETTABLE["Chan"],
    "Trig": _SETTABLE["Trig"],
    "Buffer": _SETTABLE["Buffer"],
    "Read": ("Bool", "Int32", "String", "UInt32"),
    "Write": ("Bool", "Int32", "UInt32"),
    "Task": ("String", "UInt32"),
}
_TYPES: Final[dict[type[Channel], ChannelType]] = {
    Lines: ChannelType.DIGITAL_OUTPUT,
    Analogue: ChannelType.ANALOG_OUTPUT,
    Edges: ChannelType.COUNTER_INPUT,
}


def _line_count(task: Task) -> int:
    return task.first.mask.bit_count() if isinstance(task.first, Lines) else 0


_DERIVED: Final[dict[tuple[str, int], Callable[[Card, Task], Value]]] = {
    ("Task", 4726): lambda _, task: task.name,
    ("Task", 4723): lambda _, task: ", ".join(task.channels),
    ("Task", 8577): lambda _, task: len(task.channels),
    ("Chan", 6271): lambda _, task: int(_TYPES[type(task.first)].value),
    ("Chan", 6304): lambda _, _task: int(UsageTypeCI.COUNT_EDGES.value),
    ("Read", 6179): lambda _, task: ", ".join(task.channels),
    ("Read", 8571): lambda _, task: len(task.channels),
    ("Read", 4643): lambda card, task: card.available(task),
    ("Write", 8574): lambda _, task: len(task.channels),
    ("Write", 8575): lambda _, task: _line_count(task),
}
"""What a client may ask and cannot set: names and number of channels, their type, samples there to be read."""


def number(request: Any) -> int:
    """The attribute's number, given as an enumeration value or raw."""
    return int(request.attribute or request.attribute_raw)


def _calls() -> Iterator[tuple[str, Call]]:
    for scope, kinds in _SETTABLE.items():
        yield from ((f"Set{scope}Attribute{kind}", _setter(scope, kind)) for kind in kinds)
        yield f"Reset{scope}Attribute", _resetter(scope)
    for readable, kinds in _READABLE.items():
        yield from ((f"Get{readable}Attribute{kind}", _getter(readable, kind)) for kind in kinds)


def _setter(scope: Scope, kind: str) -> Call:
    response = getattr(pb, f"Set{scope}Attribute{kind}Response")

    def call(card: Card, request: Any) -> Any:
        value = (request.value or request.value_raw) if kind == "Int32" else request.value
        with card.changing(request.task.name) as task:
            task[attribute(number(request), scope)] = value
        return response()

    return call


def _getter(scope: str, kind: str) -> Call:
    response = getattr(pb, f"Get{scope}Attribute{kind}Response")

    def call(card: Card, request: Any) -> Any:
        task = card.task(request.task.name)
        derived = _DERIVED.get((scope, number(request)))
        value = derived(card, task) if derived else task[attribute(number(request), scope)]
        return response(value_raw=value) if kind == "Int32" else response(value=value)

    return call


def _resetter(scope: Scope) -> Call:
    response = getattr(pb, f"Reset{scope}AttributeResponse")

    def call(card: Card, request: Any) -> Any:
        with card.changing(request.task.name) as task:
            task.reset(attribute(number(request), scope))
        return response()

    return call


PROPERTY_CALLS: Final[dict[str, Call]] = dict(_calls())
