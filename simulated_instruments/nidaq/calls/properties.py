"""The calls that set, get and reset properties, made from the table of attributes."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from nidaqmx._stubs import nidaqmx_pb2 as pb

from simulated_instruments.nidaq.calls.derived import (
    of_channel,
    of_task,
    of_timing,
    reset_timing,
    set_bound,
    set_timing,
)
from simulated_instruments.nidaq.card import Card
from simulated_instruments.nidaq.device.attributes import (
    ATTRIBUTES,
    TERMINALS,
    Attr,
    Scope,
    Value,
    attribute,
    raw,
    unknown,
)
from simulated_instruments.nidaq.device.data_sheet import check_device
from simulated_instruments.nidaq.device.specifications import of_device, of_physical
from simulated_instruments.nidaq.device.tasks import Task
from simulated_instruments.nidaq.device.terminals import full, named

Call = Callable[[Card, Any], Any]
"""Request -> response: messages of NI's service."""

_TYPES: Final = ("Bool", "Double", "Int32", "String", "UInt32", "UInt64")
_OF_TASKS: Final[tuple[Scope, ...]] = ("Chan", "Trig", "Buffer", "Read", "Write", "Task")
_ARRAYS: Final = ("DoubleArray", "Int32Array", "UInt32Array")


def _calls() -> Iterator[tuple[str, Call]]:
    for scope in _OF_TASKS:
        yield from _of(scope, "Set", _setter)
        yield from _of(scope, "Get", _getter)
        if scope != "Task":
            yield f"Reset{scope}Attribute", _resetter(scope)
    for suffix in ("", "Ex"):
        yield from _of("Timing", "Set", _timing_setter, suffix)
        yield from _of("Timing", "Get", _timing_getter, suffix)
        yield f"ResetTimingAttribute{suffix}", _timing_resetter(f"ResetTimingAttribute{suffix}")
    for kind in (*_TYPES, *_ARRAYS):
        for name in (f"GetDeviceAttribute{kind}", f"GetPhysicalChanAttribute{kind}"):
            if hasattr(pb, f"{name}Response"):
                yield name, _told(name, kind)


def _of(scope: Scope, verb: str, made: Callable[..., Call], suffix: str = "") -> Iterator[tuple[str, Call]]:
    for kind in _TYPES:
        name = f"{verb}{scope}Attribute{suffix}{kind}"
        if hasattr(pb, f"{name}Response"):
            yield name, made(name, scope, kind)


def _given(request: Any, kind: str) -> Value:
    return (request.value or request.value_raw) if kind == "Int32" else request.value  # type: ignore[no-any-return]


def _answer(name: str, kind: str, value: Any) -> Any:
    response = getattr(pb, f"{name}Response")
    return response(value_raw=value) if kind.startswith("Int32") else response(value=value)


def _channels(task: Task, request: Any, scope: Scope) -> list[str]:
    """The channels that a property is set of; "" stands for the task."""
    return list(task.named(request.channel)) if scope == "Chan" else [""]


def _setter(name: str, scope: Scope, kind: str) -> Call:
    def call(card: Card, request: Any) -> Any:
        with card.changing(request.task.name) as task:
            value = _given(request, kind)
            bounded = scope == "Chan" and kind == "Double"
            if not (bounded and set_bound(card, task, request.channel, raw(request), float(value))):
                _put(task, attribute(raw(request), scope), value, _channels(task, request, scope))
        return getattr(pb, f"{name}Response")()

    return call


def _put(task: Task, attr: Attr, value: Value, channels: list[str]) -> None:
    for channel in channels:
        _check_has(task, channel, attr)
        task.put(channel, attr, value)


def _getter(name: str, scope: Scope, kind: str) -> Call:
    def call(card: Card, request: Any) -> Any:
        task = card.task(request.task.name)
        return _answer(name, kind, _value(card, task, scope, request))

    return call


def _value(card: Card, task: Task, scope: Scope, request: Any) -> Any:
    number = raw(request)
    derived = of_task(scope, number)
    if derived is not None:
        return derived(card, task)
    if number not in set(Attr) and scope == "Chan":
        return of_channel(card, task, request.channel, number)
    attr = attribute(number, scope)
    channel = _channels(task, request, scope)[0]
    _check_has(task, channel, attr)
    if attr in TERMINALS:
        return _terminal(card, task, channel, attr)
    return task.of(channel, attr)


def _check_has(task: Task, channel: str, attr: Attr) -> None:
    """A counter has the terminal and the edge of what it does, and no others."""
    if not channel:
        return
    own = task.terminal_of(channel)
    if own is None or _does(own) != _does(attr):
        raise unknown("Chan", attr)


def _does(attr: Attr) -> str:
    """`CI.CountEdges.Term` -> `CI.CountEdges`."""
    return ATTRIBUTES[attr].name.rpartition(".")[0]


def _terminal(card: Card, task: Task, channel: str, attr: Attr) -> str:
    given = str(task.of(channel, attr))
    return full(card.model, task.listens_at(card.model, channel)) if channel else named(card.model, given)


def _resetter(scope: Scope) -> Call:
    response = getattr(pb, f"Reset{scope}AttributeResponse")

    def call(card: Card, request: Any) -> Any:
        with card.changing(request.task.name) as task:
            attr = attribute(raw(request), scope)
            for channel in _channels(task, request, scope):
                _check_has(task, channel, attr)
                task.reset(channel, attr)
        return response()

    return call


def _timing_setter(name: str, _: Scope, kind: str) -> Call:
    def call(card: Card, request: Any) -> Any:
        with card.changing(request.task.name) as task:
            set_timing(task, raw(request), _given(request, kind))
        return getattr(pb, f"{name}Response")()

    return call


def _timing_getter(name: str, _: Scope, kind: str) -> Call:
    def call(card: Card, request: Any) -> Any:
        return _answer(name, kind, of_timing(card, card.task(request.task.name), raw(request)))

    return call


def _timing_resetter(name: str) -> Call:
    def call(card: Card, request: Any) -> Any:
        with card.changing(request.task.name) as task:
            reset_timing(task, raw(request))
        return getattr(pb, f"{name}Response")()

    return call


def _told(name: str, kind: str) -> Call:
    def call(card: Card, request: Any) -> Any:
        if hasattr(request, "device_name"):
            check_device(card.model, request.device_name)
            value = of_device(card.model, raw(request))
        else:
            value = of_physical(card.model, request.physical_channel, raw(request))
        return _answer(name, kind, value)

    return call


PROPERTY_CALLS: Final[dict[str, Call]] = dict(_calls())
